"""results.pth of AutoDL-Projects: both formats of torch.save (made with torch 2.15), and files that lie."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave.converters.conversion import convert
from encave.converters.formats.nats_bench_results import READER
from encave.converters.reader import Listing, Options
from encave.errors import EncaveError
from encave.run.nasbench201_space import from_index, to_configurations

from ..reading import LOGS, notes, read_all, read_one

REAL = LOGS / "nats-bench"
FIRST = {"all_archs": [7, 7, 9], "all_total_times": [10.0, 25.0, 31.5]}


def save(folder: Path, content: Any) -> Path:
    """A zip as torch.save writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "results.pth", "w") as archive:
        archive.writestr("results/data.pkl", pickle.dumps(content, protocol=2))
        archive.writestr("results/version", "3\n")
    return folder / "results.pth"


def raw(path: Path) -> Any:
    with zipfile.ZipFile(path) as archive:
        return pickle.loads(archive.read("results/data.pkl"))


@pytest.mark.parametrize(("folder", "label"), [("R-EA-SS3", "RE"), ("RANDOM", "random search")])
def test_every_run_of_both_formats_of_torch(folder: str, label: str) -> None:
    tree = REAL / "search-tss" / "cifar10-T20000"
    content = raw(tree / "R-EA-SS3" / "results.pth")  # the other file holds the same in the old format
    results = read_all(tree / folder, "nats-bench")
    assert len(results) == 3
    for number, result in enumerate(results):
        run = result.run
        assert run.name == f"{label}-cifar10-run{number}"
        assert run.provenance.task == "cifar10"
        assert run.column("end").tolist() == content[number]["all_total_times"]
        assert run.column("start").tolist() == [0.0, *content[number]["all_total_times"][:-1]]
        logged = [run.configuration(config_id) for config_id in run.column("config_id").tolist()]
        assert logged == to_configurations(from_index(content[number]["all_archs"]))
        incumbent = run.incumbent()
        assert incumbent is not None
        assert incumbent.trial_id == content[number]["all_archs"].index(content[number]["all_archs"][-1])


def test_the_order_of_the_best_stands_for_values_that_are_not_there(tmp_path: Path) -> None:
    result = read_one(save(tmp_path, OrderedDict({0: FIRST})), "nats-bench")
    assert result.run.column("cost:improvements_to_come").tolist() == [1.0, 1.0, 0.0]
    assert "no objective values" in notes(result)
    assert result.run.provenance.extra["incumbent_only"]


def test_numpy_numbers_are_read(tmp_path: Path) -> None:
    entry = {"all_archs": [np.int64(7), np.int64(9)], "all_total_times": np.array([1.0, 2.0])}
    assert len(read_one(save(tmp_path, {0: entry}), "nats-bench").run) == 2


@pytest.mark.parametrize("wrong", [10**30, 1.5, "7"])
def test_an_index_that_is_no_integer_is_refused_with_the_reason(tmp_path: Path, wrong: Any) -> None:
    save(tmp_path, {0: {"all_archs": [1, wrong], "all_total_times": [1.0, 2.0]}})
    [result] = convert([tmp_path], tmp_path / "out")
    assert "is no list of numbers" in str(result.reason)


def test_a_run_whose_name_is_no_unicode_does_not_stop_the_others(tmp_path: Path) -> None:
    lists = {"all_archs": [1, 2], "all_total_times": [1.0, 2.0]}
    save(tmp_path, {"\ud800": lists, 1: lists})
    assert [result.status for result in convert([tmp_path], tmp_path / "out")] == ["converted"] * 2


def test_indices_of_the_size_space_are_kept_as_numbers(tmp_path: Path) -> None:
    path = save(tmp_path / "search-sss" / "cifar100-T20000" / "R-EA-SS3", {0: FIRST})
    result = read_one(path, "nats-bench")
    assert result.run.configuration(0) == {"architecture": 7}
    assert result.run.inferred_space
    assert "size search space" in notes(result)


def test_lists_of_unequal_length_are_counted(tmp_path: Path) -> None:
    result = read_one(save(tmp_path, {0: FIRST | {"all_archs": [7, 7]}}), "nats-bench")
    assert (result.read, len(result.run), result.dropped) == (3, 2, 1)


class Malicious:
    def __reduce__(self) -> Any:
        return print, ("executed",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({0: FIRST | {"extra": Malicious()}}, "does not allow"),
        ([1, 2], "no log of a search"),
        ({"state_dict": {}}, "no log of a search"),
        ({}, "no runs"),
        ({0: FIRST | {"all_total_times": [3.0, 2.0, 1.0]}}, "not ascending"),
        ({0: FIRST | {"all_total_times": [1.0, 2.0, float("nan")]}}, "not ascending"),
        ({0: FIRST | {"all_archs": ["a", "b", "c"]}}, "no list of numbers"),
        ({0: FIRST | {"all_archs": [-1, -1, 3]}}, "no index"),
        ({0: {"all_archs": [], "all_total_times": []}}, "or there are none"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: Any, reason: str
) -> None:
    with pytest.raises(EncaveError, match=reason):
        read_one(save(tmp_path, content), "nats-bench")
    assert "executed" not in capsys.readouterr().out


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "results.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("results/data.pkl", bytes(32 * 1024 * 1024))
    with pytest.raises(EncaveError, match="unpacks from"):
        read_one(tmp_path, "nats-bench")


@pytest.mark.parametrize("folder", ["R-EA-SS3", "RANDOM"])
@pytest.mark.parametrize("kept", [0, 3, 100, 900])
def test_a_truncated_file_is_refused(tmp_path: Path, folder: str, kept: int) -> None:
    data = (REAL / "search-tss" / "cifar10-T20000" / folder / "results.pth").read_bytes()
    (tmp_path / "results.pth").write_bytes(data[:kept])
    with pytest.raises(EncaveError, match=r"results\.pth"):
        read_one(tmp_path, "nats-bench")


def test_all_runs_of_a_file_are_converted(tmp_path: Path) -> None:
    conversions = convert([REAL], tmp_path / "out")
    assert [conversion.status for conversion in conversions] == ["converted"] * 6
    assert len({conversion.output for conversion in conversions}) == 6


def test_a_file_that_lost_a_run_after_it_was_found_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path, {0: FIRST, 1: FIRST})
    found = list(READER.detect(Listing(tmp_path, (path.name,))))
    assert [one.key for one in found] == ["0", "1"]
    save(tmp_path, {0: FIRST})
    with pytest.raises(EncaveError, match="has no run 1 any more"):
        READER.read(found[1], Options())
