"""Tables opened by path and kept, mapped into memory, in the user's cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from encave.runners.benchmarks.nasbench201 import opened
from encave.runners.benchmarks.nasbench201.columns import read_table
from encave.runners.benchmarks.nasbench201.table import open_benchmark
from encave.runners.benchmarks.nasbench201.verify import verify


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of opened tables; files that have just been written count as settled."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(opened, "_SETTLED", 0)
    return tmp_path / "cache" / "encave" / "nasbench201-opened"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read, not mapped."""
    paths: list[Path] = []

    def reading(path: Path) -> opened.TableFile:
        paths.append(path)
        return read_table(path)

    monkeypatch.setattr(opened, "read_table", reading)
    return paths


def _write(path: Path, accuracy: float = 90.0) -> Path:
    columns = {"arch_index": [4], "c10valid_valid_acc_200_mean": [accuracy], "train_time_per_epoch_s_c10valid": [10.0]}
    pq.write_table(pa.table(columns), path)
    return path


def _error(path: Path) -> float:
    return open_benchmark(path).at(4, "cifar10").valid_error


def test_a_file_is_read_once(table_path: Path, read: list[Path]) -> None:
    first, second = open_benchmark(table_path), open_benchmark(os.path.relpath(table_path))
    assert read == [table_path]
    assert first.sha256 == second.sha256 == read_table(table_path).sha256
    for dataset, task in first.tasks.items():
        ours, theirs = (one.query(np.arange(15_625), dataset, seed=888) for one in (first, second))
        np.testing.assert_array_equal(ours.valid_error, theirs.valid_error)
        np.testing.assert_array_equal(ours.seconds, theirs.seconds)
        assert set(second.task(dataset).seed_deviation_200) == set(task.seed_deviation_200)


def test_a_change_is_noticed(tmp_path: Path, read: list[Path]) -> None:
    path = _write(tmp_path / "table.parquet")
    before = path.stat()
    assert [_error(path), _error(path)] == [10.0, 10.0]
    _write(path, accuracy=80.0)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # the time of the change of its status stays
    assert path.stat().st_size == before.st_size
    assert [_error(path), _error(path)] == [20.0, 20.0]
    assert len(read) == 2


def test_a_file_that_has_just_changed_is_not_kept(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "_SETTLED", 3_600_000_000_000)
    _error(_write(tmp_path / "table.parquet"))
    assert not cache.exists()


@pytest.mark.parametrize("name", ["header.json", "columns.npy"])
@pytest.mark.parametrize("content", [b"", b"{}", None])
def test_a_damaged_entry_is_made_anew(
    tmp_path: Path, cache: Path, read: list[Path], name: str, content: bytes | None
) -> None:
    path = _write(tmp_path / "table.parquet")
    _error(path)
    (entry,) = cache.iterdir()
    (entry / name).unlink()
    if content is not None:
        (entry / name).write_bytes(content)
    assert [_error(path), _error(path)] == [10.0, 10.0]
    assert len(read) == 2


def test_a_cache_that_cannot_be_written(tmp_path: Path, read: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    path = _write(tmp_path / "table.parquet")
    assert [_error(path), _error(path)] == [10.0, 10.0]
    assert len(read) == 2


def test_the_last_are_kept(tmp_path: Path, cache: Path, read: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "KEPT", 2)
    one, two, three = (_write(tmp_path / f"{name}.parquet") for name in ("one", "two", "three"))
    for path in (one, two, one, three, one, two):
        _error(path)
    assert read == [one, two, three, two]
    assert len(list(cache.iterdir())) == 2


def test_many_at_once(tmp_path: Path, cache: Path) -> None:
    """Processes that open, keep and remove the same tables all the time."""
    paths = [_write(tmp_path / f"{place}.parquet", accuracy=float(place)) for place in range(4)]
    program = (
        "import sys; from encave.runners.benchmarks.nasbench201 import opened, table\n"
        "opened.KEPT, opened._SETTLED = 2, 0\n"
        "for path in sys.argv[1:] * 10: print(table.open_benchmark(path).at(4, 'cifar10').valid_error)"
    )
    command = [sys.executable, "-c", program, *map(str, paths)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for process in started:
        assert process.communicate()[0].split() == ["100.0", "99.0", "98.0", "97.0"] * 10
        assert process.returncode == 0
    assert len(list(cache.iterdir())) <= 3  # one more where two kept theirs at the same moment


def test_verify_reads_the_file(tmp_path: Path, cache: Path) -> None:
    path = _write(tmp_path / "table.parquet")
    _error(path)
    (entry,) = cache.iterdir()
    np.load(entry / "columns.npy", mmap_mode="r+")[:] = 1.0
    assert _error(path) == 99.0  # whoever writes into the cache is believed
    assert any(check.what.endswith("architectures") for check in verify(path).checks)
    assert not any(check.found.startswith("1.0000") for check in verify(path).checks)
