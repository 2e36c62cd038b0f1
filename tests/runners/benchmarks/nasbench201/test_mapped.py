"""Imported tables mapped into memory, measured learning curves, and queries one at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave import EncaveError
from encave.run import nasbench201_space as space
from encave.runners.benchmarks.nasbench201.cache import import_benchmark, open_benchmark
from encave.runners.benchmarks.nasbench201.evaluation import Point
from encave.runners.benchmarks.nasbench201.mapped import create_curve
from encave.runners.benchmarks.nasbench201.measured_curves import MEAN, MeasuredCurves
from encave.runners.benchmarks.nasbench201.store import TABLE_FILE, Written, check_unchanged, store
from encave.runners.benchmarks.nasbench201.table import Benchmark, load_surrogate
from encave.runners.benchmarks.nasbench201.task import DATASETS

EVERY = np.arange(space.SIZE)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def curved(tmp_path: Path) -> Benchmark:
    """Two architectures with curves of two seeds on both schedules, one of them for part of the epochs only."""

    def write(folder: Path) -> Written:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {
            "arch_index": [4, 2],
            "c10valid_valid_acc_12_mean": [50.0, 40.0],
            "c10valid_valid_acc_200_mean": [90.0, 80.0],
            "c10valid_valid_acc_200_s777": [89.0, 80.0],
            "c10valid_valid_acc_200_s888": [91.0, None],
            "train_time_per_epoch_s_c10valid": [10.0, 8.0],
        }
        pq.write_table(pa.table(columns), folder / TABLE_FILE)
        for seed in (777, 888):
            values = create_curve(folder, "cifar10", 200, seed)
            values[4] = np.arange(200) / 4 + (seed == 888)
            if seed == 777:
                values[2, :50] = 25.0
        values = create_curve(folder, "cifar10", 12, 111)
        values[4] = np.arange(12)
        return Written(splits={"cifar10/200": "x-valid", "cifar10/12": "x-valid"})

    store("curved", tmp_path, "made up", write)
    return open_benchmark("curved")


def test_a_table_opened_from_the_cache_is_the_file(table_path: Path) -> None:
    import_benchmark(table_path, "real")
    mapped, read = open_benchmark("real"), open_benchmark(table_path)
    assert mapped.sha256 == read.sha256
    for dataset in DATASETS:
        for epochs, schedule, seed in ((200, 200, None), (200, 200, 888), (12, 12, None), (66, 200, None)):
            mine, theirs = (
                one.query(EVERY, dataset, epochs=epochs, schedule=schedule, seed=seed) for one in (mapped, read)
            )
            for name in ("valid_error", "test_error", "seconds", "modelled"):
                np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))


def test_curves_are_measured_at_every_epoch(curved: Benchmark) -> None:
    at = curved.query([4, 4, 4], "cifar10", epochs=[1, 100, 200])
    assert at.valid_error.tolist() == [99.5, 100 - 99 / 4 - 0.5, 10.0]
    assert not at.modelled.any()
    assert curved.query(4, "cifar10", epochs=100, seed=888).valid_error.tolist() == [100 - 99 / 4 - 1]
    assert curved.query(4, "cifar10", epochs=3, schedule=12).valid_error.tolist() == [98.0]
    assert curved.query(4, "cifar10", schedule=12, seed=111).valid_error.tolist() == [89.0]


def test_runs_say_what_their_early_epochs_are(curved: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    from encave.runners.studies.execute import RunSpec, identity
    from encave.runners.studies.limit import Limit

    monkeypatch.setattr(Benchmark, "optimum", lambda *_: {"valid_error_200": 10.0})
    spec = RunSpec("dehb", "cifar10", 0, Limit(evaluations=5))
    assert identity(spec, curved)["benchmark"]["early_epochs"] == "measured, x-valid"
    assert identity(spec, load_surrogate())["benchmark"]["early_epochs"] == "modelled"


@pytest.mark.parametrize(
    ("column", "told"),
    [("eval_time_per_10k_images_s", "measured"), ("modelled_eval_time_per_10k_images_s", "modelled"), ("", "modelled")],
)
def test_runs_say_whether_seconds_of_validations_are_modelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str, told: str
) -> None:
    """Of the Parquet file itself, and of the imported table that is mapped into memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from encave.runners.studies.execute import RunSpec, identity
    from encave.runners.studies.limit import Limit

    columns = {
        "arch_index": [4, 2],
        "c10valid_valid_acc_200_mean": [90.0, 80.0],
        "train_time_per_epoch_s_c10valid": [10.0, 8.0],
        **({column: [1.5, 1.0]} if column else {}),
    }
    pq.write_table(pa.table(columns), tmp_path / "table.parquet")
    monkeypatch.setattr(Benchmark, "optimum", lambda *_: {"valid_error_200": 10.0})
    spec = RunSpec("random", "cifar10", 0, Limit(evaluations=5))
    import_benchmark(tmp_path / "table.parquet", "own")
    for opened in (open_benchmark(str(tmp_path / "table.parquet")), open_benchmark("own")):
        assert identity(spec, opened)["benchmark"]["validation_seconds"] == told
        assert opened.task("cifar10").valid_seconds[4] > 0


def test_what_the_curves_lack_is_modelled_and_says_so(curved: Benchmark) -> None:
    curves: Any = curved.task("cifar10").curves[200]
    assert np.isnan(curves.by_seed[777][2, 50:]).all()
    at = curved.query([2, 2], "cifar10", epochs=[50, 51])
    assert at.modelled.tolist() == [False, True]
    with pytest.raises(EncaveError, match="holds nothing for architecture 2 on cifar10, 12 epochs"):
        curved.query(2, "cifar10", epochs=3, schedule=12)
    with pytest.raises(EncaveError, match="architecture 2 was not trained with seed 888 on cifar10; it has 777"):
        curved.query([4, 2], "cifar10", seed=888)
    with pytest.raises(EncaveError, match="architecture 4 was not trained with seed 5 on cifar10; it has 111"):
        curved.query(4, "cifar10", schedule=12, seed=5)


def test_a_mean_over_seeds_has_no_seed() -> None:
    curves = MeasuredCurves("x-valid", {MEAN: np.full((space.SIZE, 200), 30.0, dtype=np.float32)})
    where = np.array([3]), np.array([7])
    assert curves.accuracy(*where, None).tolist() == [30.0]
    assert np.isnan(curves.accuracy(*where, 777)).all()


@pytest.mark.parametrize("dataset", DATASETS)
def test_one_at_a_time_is_all_at_once(dataset: str) -> None:
    benchmark = load_surrogate()
    for epochs, schedule, seed in ((None, 200, None), (None, 12, None), (30, 200, 7), (None, 200, 3)):
        found = benchmark.query(EVERY, dataset, epochs=epochs, schedule=schedule, seed=seed)
        for index in (0, 77, 15_624):
            text = space.to_string(space.from_index(index))[0]
            expected = [getattr(found, name)[index] for name in Point._fields]
            for architecture in (index, text, np.int64(index), f" {text} "):
                at = benchmark.at(architecture, dataset, epochs=epochs, schedule=schedule, seed=seed)
                np.testing.assert_array_equal(at, expected)


@pytest.mark.parametrize("architecture", [-1, 15_625, "|none~0|", 1.5, None])
def test_one_that_is_none(architecture: Any) -> None:
    with pytest.raises(EncaveError):
        load_surrogate().at(architecture, "cifar10")


def test_one_that_the_table_lacks(curved: Benchmark) -> None:
    assert curved.at(4, "cifar10").valid_error == 10.0
    with pytest.raises(EncaveError, match="holds nothing for architecture 3"):
        curved.at(3, "cifar10")


def test_a_change_of_a_curve_is_noticed(curved: Benchmark, tmp_path: Path) -> None:
    from encave.runners.benchmarks.nasbench201.store import find

    table = find("curved")
    assert table is not None
    path = table.folder / "curves" / "cifar10_200_777.npy"
    os.utime(path, ns=(1, 1))
    check_unchanged(table)  # the content is the same
    np.load(path, mmap_mode="r+")[9, 9] = 1.0
    with pytest.raises(EncaveError, match="has changed since it was imported"):
        open_benchmark("curved")
    path.unlink()
    with pytest.raises(EncaveError, match="has changed since it was imported"):
        open_benchmark("curved")
    (table.folder / TABLE_FILE).unlink()
    with pytest.raises(EncaveError, match=r"cannot be read .*import it again"):
        open_benchmark("curved")


def test_a_full_disk_ends_an_import_with_a_line(tmp_path: Path) -> None:
    """In a process of its own, since a mapped page without room ends it."""
    full, place = tmp_path / "full", "encave.runners.benchmarks.nasbench201"
    full.mkdir()
    code = f"""
from pathlib import Path
from encave.files.atomic import atomic_folder
from {place}.mapped import create_curve, write_tasks
from {place}.table import load_surrogate
tasks = dict(load_surrogate().tasks)
for write in (lambda at: create_curve(at, "cifar10", 200, 777), lambda at: write_tasks(at, tasks)):
    try:
        with atomic_folder(Path({str(full / "table")!r})) as at:
            write(at)
    except Exception as error:
        print(type(error).__name__, error)
"""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", full], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip(f"needs root to mount a file system of 1 MB: {mounted.stderr.decode().strip()}")
    try:
        done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        told = f"EncaveError cannot write {full}/table: No space left on device. Make room, then run it again."
        assert done.stdout.splitlines() == [told, told]
        assert not list(full.iterdir())
    finally:
        subprocess.run(["umount", full], check=True)
