"""Importing official files and Parquet tables into the cache."""

from __future__ import annotations

import bz2
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave import EncaveError
from encave.runners.benchmarks.nasbench201.cache import (
    import_benchmark,
    list_benchmarks,
    open_benchmark,
    show_benchmark,
)
from encave.runners.benchmarks.nasbench201.task import DATASETS


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def three(nats: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nats.write_folder(tmp_path_factory.mktemp("nats") / "three", (0, 11, 284))


@pytest.fixture
def folder(three: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three, tmp_path / "NATS-tss-v1_0-3ffb9-simple"))


def _nothing_left(cache: Path) -> bool:
    return not [path for path in cache.rglob("*") if path.is_file()]


def test_official_samples_agree_with_the_table(shared: Path, table_path: Path) -> None:
    samples = shared / "data" / "nb201" / "official_samples" / "NATS-tss-v1_0-3ffb9-simple"
    imported = import_benchmark(samples)
    assert (imported.architectures, imported.notes[0]) == (3, "3 of 15,625 architectures")
    assert "cifar100 and ImageNet16-120 are of validation and test set together" in imported.notes[1]
    files, table = open_benchmark("NATS-tss-v1_0-3ffb9-simple"), open_benchmark(table_path)
    for dataset in DATASETS:
        for schedule in (12, 200):
            mine, theirs = (
                one.query([0, 11, 284], dataset, epochs=schedule, schedule=schedule) for one in (files, table)
            )
            for field in ("valid_error", "test_error", "train_seconds"):
                assert getattr(mine, field) == pytest.approx(getattr(theirs, field), abs=1e-6), (
                    dataset,
                    schedule,
                    field,
                )
    for seed in (777, 888, 999):
        mine, theirs = (one.query([0, 11, 284], "cifar10", seed=seed).valid_error for one in (files, table))
        assert mine == pytest.approx(theirs, abs=1e-6)
    # nats_bench 1.8: simulate_train_eval(11, "cifar10", hp="12") costs 153.70 s
    assert files.query(11, "cifar10", epochs=12, schedule=12).seconds[0] == pytest.approx(153.70, abs=5e-3)


def test_size_space_is_refused(shared: Path, tmp_path: Path, cache: Path) -> None:
    samples = shared / "data" / "nb201" / "official_samples" / "NATS-sss-v1_0-50262-simple"
    with pytest.raises(EncaveError, match=r"meta\.pickle\.pbz2 is of NATS-Bench's size space"):
        import_benchmark(samples)
    shutil.copytree(samples, tmp_path / "sss", ignore=shutil.ignore_patterns("meta*"))
    with pytest.raises(EncaveError, match=r"000000\.pickle\.pbz2 is of NATS-Bench's size space"):
        import_benchmark(tmp_path / "sss")
    assert _nothing_left(cache)


def test_columns_of_the_official_files(folder: Path) -> None:
    calls: list[tuple[int, int]] = []
    import_benchmark(folder, "mine", lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]
    benchmark = open_benchmark("mine")
    # Made-up accuracies: 50 + position of the split + (seed % 100) / 10.
    at = {dataset: benchmark.query(11, dataset) for dataset in DATASETS}
    assert [100 - one.valid_error[0] for one in at.values()] == pytest.approx([50 + 8.25] * 3)
    assert [100 - one.test_error[0] for one in at.values()] == pytest.approx([58.25, 59.25, 59.25])
    short = {dataset: benchmark.query(11, dataset, epochs=12, schedule=12) for dataset in DATASETS}
    assert [100 - one.valid_error[0] for one in short.values()] == pytest.approx([50 + (1.1 + 7.7) / 2, 51.1, 51.1])
    assert [100 - one.test_error[0] for one in short.values()] == pytest.approx([51.1, 52.1, 52.1])
    assert benchmark.query(11, "cifar100", seed=888).valid_error[0] == pytest.approx(50 - 8.8)
    assert [one.train_seconds[0] for one in at.values()] == pytest.approx([1000, 2000, 6068])
    assert [one.seconds[0] - one.train_seconds[0] for one in at.values()] == pytest.approx([2.5, 0.5, 0.3])


def test_what_was_not_imported_is_reported(folder: Path) -> None:
    import_benchmark(folder)
    with pytest.raises(EncaveError, match="nothing for architecture 5 on cifar10"):
        open_benchmark(folder.name).query(5, "cifar10")
    with pytest.raises(EncaveError, match="no results of seed 999 on cifar10; seeds in it: 777, 888"):
        open_benchmark(folder.name).query(11, "cifar10", seed=999)


def test_a_folder_without_meta_and_with_short_names(nats: Any, tmp_path: Path) -> None:
    folder = nats.write_folder(tmp_path / "part", (284,), meta=False)
    (folder / "000284.pickle.pbz2").rename(folder / "284.pickle.pbz2")
    imported = import_benchmark(folder)
    assert imported.architectures == 1
    assert imported.notes[0].startswith("no meta.pickle.pbz2")


def test_an_architecture_without_the_long_schedule(nats: Any, tmp_path: Path) -> None:
    folder = nats.write_folder(tmp_path / "part", (0, 3))
    content = nats.architecture(3)
    del content["200"]
    nats.write(folder / "000003.pickle.pbz2", content)
    import_benchmark(folder)
    benchmark = open_benchmark("part")
    assert benchmark.query(3, "cifar10", epochs=12, schedule=12).valid_error == pytest.approx(45.6)
    with pytest.raises(EncaveError, match="nothing for architecture 3 on cifar10, 200 epochs"):
        benchmark.query(3, "cifar10")


class _Malicious:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("exit 1",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_Malicious(), "calls (posix|nt).system, which encave does not allow"),
        (bytes(80 * 2**20), "more than 64 MiB"),
        (b"\x80\x04N", "damaged or incomplete"),
        (b"no pickle", "not a pickle|damaged"),
        ([1, 2], "does not hold architecture 5 .*but nothing"),
        (7, "does not hold architecture 5 .*but nothing"),
        ({"12": {"arch_index": 5}}, "does not hold the results .*arch_str"),
        ({"90": {}}, "size space"),
        ({}, "does not hold architecture 5 of the topology space, but nothing"),
    ],
    ids=["malicious", "bomb", "truncated pickle", "text", "list", "number", "lacks keys", "size space", "empty"],
)
def test_bad_files_are_one_clear_error(nats: Any, folder: Path, cache: Path, content: Any, message: str) -> None:
    nats.write(folder / "000005.pickle.pbz2", content)
    with pytest.raises(EncaveError, match=message) as error:
        import_benchmark(folder)
    assert "000005.pickle.pbz2" in str(error.value)
    assert _nothing_left(cache)


def test_truncated_and_swapped_files(folder: Path, cache: Path) -> None:
    whole = (folder / "000011.pickle.pbz2").read_bytes()
    (folder / "000012.pickle.pbz2").write_bytes(whole)
    with pytest.raises(EncaveError, match=r"000012.*does not hold architecture 12 .*11"):
        import_benchmark(folder)
    (folder / "000012.pickle.pbz2").unlink()
    for damaged in (whole[: len(whole) // 2], b"", b"text", bz2.compress(b"")):
        (folder / "000011.pickle.pbz2").write_bytes(damaged)
        with pytest.raises(EncaveError, match=r"000011\.pickle\.pbz2"):
            import_benchmark(folder)
    assert _nothing_left(cache)


def test_a_wrong_listing_is_refused(nats: Any, folder: Path) -> None:
    nats.write(folder / "meta.pickle.pbz2", {"meta_archs": ["a", "b"]})
    with pytest.raises(EncaveError, match="does not list the 15,625"):
        import_benchmark(folder)
    nats.write(folder / "meta.pickle.pbz2", {"meta_archs": ["8:8:8:8:8"]})
    with pytest.raises(EncaveError, match="size space"):
        import_benchmark(folder)
    nats.write(folder / "meta.pickle.pbz2", [])
    with pytest.raises(EncaveError, match="no 'meta_archs'"):
        import_benchmark(folder)


def test_an_accuracy_that_cannot_be(nats: Any, folder: Path, cache: Path) -> None:
    content = nats.architecture(5)
    content["200"]["all_results"]["cifar10", 777]["eval_acc1es"]["ori-test@199"] = 300.0
    nats.write(folder / "000005.pickle.pbz2", content)
    with pytest.raises(EncaveError, match="c10_test_acc_200_mean of architecture 5"):
        import_benchmark(folder)
    assert _nothing_left(cache)


def test_a_parquet_table_keeps_its_hash(table_path: Path) -> None:
    imported = import_benchmark(table_path)
    assert (imported.name, imported.architectures, imported.notes) == ("nb201", 15_625, ())
    assert open_benchmark("nb201").sha256 == open_benchmark(table_path).sha256 == imported.sha256
    summary = show_benchmark("nb201")
    first = summary.datasets[0]
    assert (summary.source, summary.entry.architectures, first.dataset) == ("table", 15_625, "cifar10")
    assert first.best_valid is not None and first.best_valid.architecture == 6111
    assert first.best_valid.error == pytest.approx(8.3933, abs=1e-4)
    assert first.seeds == {777: 15_625, 888: 15_625, 999: 8_169}
    assert first.seconds[12] == pytest.approx(112.27, abs=0.01)


def test_list_and_replace(folder: Path) -> None:
    assert [entry.name for entry in list_benchmarks()] == ["surrogate"]
    first = import_benchmark(folder, "zoo")
    import_benchmark(folder, "ant")
    assert [entry.name for entry in list_benchmarks()] == ["surrogate", "ant", "zoo"]
    (folder / "000284.pickle.pbz2").unlink()
    second = import_benchmark(folder, "zoo")
    assert (first.architectures, second.architectures, len(list_benchmarks())) == (3, 2, 3)
    assert first.sha256 != second.sha256
    assert import_benchmark(folder, "ant").sha256 == second.sha256


KILLED = """
import os, signal, sys
from pathlib import Path
from encave.runners.benchmarks.nasbench201 import cache
def kill(done, total):
    if done == 2:
        os.kill(os.getpid(), signal.SIGKILL)
cache.import_benchmark(Path(sys.argv[1]), "mine", kill)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_import_is_as_none_and_is_swept_after_a_day(folder: Path, cache: Path) -> None:
    old = import_benchmark(folder, "mine")
    (folder / "000284.pickle.pbz2").unlink()
    environment = os.environ | {"XDG_CACHE_HOME": str(cache)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False, env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert open_benchmark("mine").sha256 == old.sha256
    (left,) = old.folder.parent.glob(".mine.*")
    assert import_benchmark(folder, "mine").architectures == 2
    assert left.is_dir()  # it might be of an import that goes on
    os.utime(left, (0, 0))
    import_benchmark(folder, "other")
    assert not left.exists()


def test_show_every_kind(folder: Path) -> None:
    assert show_benchmark().source == "surrogate"
    imported = import_benchmark(folder, "mine")
    for spec in ("mine", imported.path):
        summary = show_benchmark(spec)
        assert summary.entry.architectures == 3
        assert summary.datasets[2].architectures == {"valid 12": 3, "test 12": 3, "valid 200": 3, "test 200": 3}
        assert np.isfinite(summary.datasets[0].noise)


@pytest.mark.parametrize("name", ["surrogate", "a/b", "..", "", "two words", "-x"])
def test_names_that_cannot_be(folder: Path, cache: Path, name: str) -> None:
    with pytest.raises(EncaveError, match="name"):
        import_benchmark(folder, name)
    assert _nothing_left(cache)


def test_what_is_nothing_to_import(nats: Any, tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match="there is no"):
        import_benchmark(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("hello")
    for path in (tmp_path / "empty", tmp_path / "text.txt"):
        with pytest.raises(EncaveError, match="nothing that encave imports"):
            import_benchmark(path)
    nats.write_folder(tmp_path / "only-meta", ())
    with pytest.raises(EncaveError, match="holds no architectures"):
        import_benchmark(tmp_path / "only-meta")


def test_a_damaged_cache_is_reported(nats: Any, folder: Path) -> None:
    imported = import_benchmark(folder, "mine")
    other = import_benchmark(nats.write_folder(folder.parent / "other", (1,)))
    shutil.copy(other.path, imported.path)
    with pytest.raises(EncaveError, match="has changed since it was imported"):
        open_benchmark("mine")
    (imported.path.parent / "header.json").write_text("{")
    with pytest.raises(EncaveError, match="damaged header"):
        list_benchmarks()
