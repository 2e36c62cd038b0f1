"""`encave.json` is written and read by one schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace

from encave import EncaveError, Objective, Optimizer
from encave.run import sidecar

CONTENT: dict[str, Any] = {
    "optimizer": {"name": "RE", "version": "1", "settings": {"population": 50}},
    "space": ConfigurationSpace({"x": (0.0, 1.0)}).to_serialized_dict(),
    "objectives": [{"name": "error", "direction": "minimize", "lower": 0.0, "upper": None, "unit": "%"}],
    "task": "cifar10",
    "variant": "tuned",
    "seed": 3,
    "workers": 2,
    "limit": {"evaluations": 30},
    "benchmark": {"name": "NB", "source": "table", "schedule": 200},
    "trials": 30,
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    sidecar.write(tmp_path, CONTENT)
    assert sidecar.read(tmp_path / sidecar.NAME) == {"encave_log": 1, **CONTENT}
    found = sidecar.find(tmp_path / "smac" / "0" / "runhistory.json")
    assert found is not None and found.path == tmp_path / "encave.json"
    assert (found.optimizer, found.trials) == (Optimizer("RE", "1"), 30)
    assert found.objectives == [Objective("error", "minimize", 0.0, None, "%")]
    assert found.run_name() == "RE-cifar10-tuned-seed3"
    known = found.provenance()
    assert (known.group, known.task, known.seed, known.workers) == ("RE (tuned)", "cifar10", 3, 2)
    assert known.limit == {"evaluations": 30} and known.settings == {"population": 50}
    assert known.benchmark is not None and known.benchmark.schedule == 200


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"limit": 4}, "is damaged .*limit is 4"),
        ({"benchmark": {"schedule": "200"}}, "is damaged .*schedule"),
        ({"space": []}, "is damaged"),
        ({"encave_log": 2}, "is of format 2"),
        ({"objectives": None}, "is damaged"),
    ],
)
def test_a_damaged_one_is_refused_with_its_path(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    path = tmp_path / sidecar.NAME
    path.write_text(json.dumps({"encave_log": 1, **CONTENT, **changes}))
    with pytest.raises(EncaveError, match=reason) as told:
        sidecar.find(tmp_path / "history.parquet.gzip")
    assert str(path) in str(told.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '"a"', "[" * 100_000])
def test_what_is_no_object_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / sidecar.NAME).write_text(text)
    with pytest.raises(EncaveError, match=r"encave\.json is damaged"):
        sidecar.read(tmp_path / sidecar.NAME)


def test_it_lies_up_to_three_folders_above_the_log(tmp_path: Path) -> None:
    sidecar.write(tmp_path, CONTENT)
    assert (
        sidecar.locate(tmp_path / "log")
        == sidecar.locate(tmp_path / "a" / "b" / "c" / "log")
        == tmp_path / "encave.json"
    )
    assert sidecar.locate(tmp_path / "a" / "b" / "c" / "d" / "log") is None
    assert sidecar.find(tmp_path / "a" / "b" / "c" / "d" / "log") is None
    (tmp_path / "a" / "encave.json").mkdir(parents=True)  # no file
    assert sidecar.locate(tmp_path / "a" / "log") == tmp_path / "encave.json"


def test_words_of_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / sidecar.NAME
    again = "delete the run's folder and run this seed again, or remove the file"
    for content, told in (
        ({"encave_log": 1}, f"{path} lacks objectives, optimizer, space; {again}"),
        ({**CONTENT, "encave_log": 2}, f"{path} is of format 2; this encave reads format 1. Update encave."),
        ({"encave_log": 1, **CONTENT, "optimizer": {}}, f"{path} is damaged ('name' is missing); {again}"),
    ):
        path.write_text(json.dumps(content))
        with pytest.raises(EncaveError) as error:
            sidecar.find(tmp_path / "log")
        assert str(error.value) == told


@pytest.mark.parametrize(
    ("less", "name", "group"),
    [
        ({}, "RE-cifar10-tuned-seed3", "RE (tuned)"),
        ({"variant": None}, "RE-cifar10-seed3", "RE"),
        ({"variant": ""}, "RE-cifar10-seed3", "RE"),
        ({"task": None, "seed": 0}, "RE-tuned-seed0", "RE (tuned)"),
        ({"seed": None}, "RE-cifar10-tuned", "RE (tuned)"),
        ({"optimizer": {"name": "RE"}, "variant": None, "task": None, "seed": None}, "RE", "RE"),
    ],
)
def test_names_of_what_is_known(less: dict[str, Any], name: str, group: str) -> None:
    one = sidecar.Sidecar(Path("x"), {**CONTENT, **less})
    assert (one.run_name(), one.provenance().group) == (name, group)
    assert one.budget_name is None and sidecar.Sidecar(Path("x"), {"budget_name": "epochs"}).budget_name == "epochs"
    assert ("settings" in one.provenance().json()) == ("optimizer" not in less)
    assert one.space() == ConfigurationSpace({"x": (0.0, 1.0)})


def test_what_is_kept_of_it_is_told() -> None:
    more = {"common_start": True, "overhead_seconds": 1.5, "versions": {"encave": "1"}, "reporting": [], "odd": 5}
    known = sidecar.Sidecar(Path("x"), {**CONTENT, **more}).provenance()
    assert list(known.json()) == [
        *("group", "task", "seed", "common_start", "workers", "limit", "benchmark", "reporting", "overhead_seconds"),
        *("versions", "settings"),
    ]


def test_what_no_json_has_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        sidecar.write(tmp_path, {"seed": float("nan")})
    sidecar.write(tmp_path, {"task": "ö"})
    assert (tmp_path / sidecar.NAME).read_text(encoding="utf-8") == '{\n "encave_log": 1,\n "task": "ö"\n}\n'


def test_files_of_64_mib_are_the_longest(tmp_path: Path) -> None:
    with (tmp_path / sidecar.NAME).open("wb") as file:
        file.truncate((1 << 26) + 1)
    with pytest.raises(EncaveError) as error:
        sidecar.read(tmp_path / sidecar.NAME)
    assert "has 67,108,865 bytes; encave reads such files up to 64 MiB" in str(error.value)
