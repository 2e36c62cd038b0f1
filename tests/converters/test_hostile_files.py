"""Files made to hurt: a clear refusal within seconds, in bounded memory; and damaged logs through the conversion."""

from __future__ import annotations

import json
import pickle
import random
import shutil
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encave.converters import Conversion, convert, registry
from encave.converters.formats import bohb
from encave.converters.walk import Walk
from encave.errors import EncaveError
from encave.files import parquet
from encave.files.json_text import read_text
from encave.files.parquet import read_table

from .conftest import random_lines, write_sidecar, write_trials
from .reading import LOGS

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import fuzz_readers
import logs as generated

TEN_GB = 10 << 30


def sparse(path: Path, head: bytes) -> None:
    """A file of 10 GB in one line that takes no room on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(TEN_GB)


def only(folder: Path) -> Conversion:
    with tempfile.TemporaryDirectory() as out:
        start = time.process_time()
        [conversion] = convert([folder], Path(out))
        assert time.process_time() - start < 20
        return conversion


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("runhistory.json", b'{"stats": {}, "data": ['),
        ("experiment_state-1.json", b'{"trial_data": ['),
        ("history.parquet.gzip", b"PAR1"),
        ("results.csv", b"objective,p:a,m:timestamp_submit,job_id\n"),
        ("results.pth", b"\x80\x02\x8a\nl\xfc"),
        ("optuna.db", b"SQLite format 3\0"),
        ("my.csv", b"config:a,cost:b,status\n"),
    ],
)
def test_ten_gigabytes_in_a_line(tmp_path: Path, name: str, head: bytes) -> None:
    sparse(tmp_path / name, head)
    conversion = only(tmp_path)
    assert conversion.status == "refused"
    assert name in str(conversion.reason)


@pytest.mark.parametrize("name", ["encave.json", "scenario.json", "configspace.json"])
def test_ten_gigabytes_beside_a_log(tmp_path: Path, name: str) -> None:
    entry = [1, None, 0, None, 1.0, 1.0, 1, 0.0, 1.0, {}]
    (tmp_path / "runhistory.json").write_text(json.dumps({"data": [entry], "configs": {"1": {"a": 1.0}}}))
    (tmp_path / name).touch()
    conversion = only(tmp_path)
    assert name in str(conversion.reason) + " ".join(note.text for note in conversion.notes) or name != "encave.json"
    with (tmp_path / name).open("wb") as file:
        file.truncate(TEN_GB)
    with pytest.raises(EncaveError, match="10,737,418,240 bytes"):
        read_text(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("runhistory.json", '{"data":' + "[" * 100_000),
        ("experiment_state-1.json", "[" * 100_000),
        ("encave.json", "[" * 100_000),
        ("configspace.json", '{"hyperparameters": ' + "[" * 100_000),
    ],
)
def test_deep_nesting(tmp_path: Path, name: str, text: str) -> None:
    if not name.startswith(("runhistory", "experiment")):
        write_trials(tmp_path, random_lines(3))
    (tmp_path / name).write_text(text)
    conversion = only(tmp_path)
    assert conversion.status == "refused" and name in str(conversion.reason)


def test_parquet_that_unpacks_to_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "LIMIT", 1 << 25)
    pq.write_table(pa.table({"a": np.zeros(5_000_000)}), tmp_path / "long.parquet")
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1000, np.int32)), pa.array(["x" * (1 << 20)]))
    pq.write_table(pa.table({"config:a": text}), tmp_path / "wide.parquet")
    pq.write_table(pa.table({"config:a": text}), tmp_path / "plain.parquet", store_schema=False)
    for name in ("long", "wide", "plain"):
        with pytest.raises(EncaveError, match=f"{name}.parquet unpacks to"):
            read_table(tmp_path / f"{name}.parquet")


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.struct({"a": pa.string()}), pa.large_string()])
def test_parquet_of_nested_and_large_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: pa.DataType) -> None:
    monkeypatch.setattr(parquet, "LIMIT", 1 << 25)
    text = "x" * (1 << 20)
    value: Any = [text] if pa.types.is_list(kind) else {"a": text} if pa.types.is_struct(kind) else text
    pq.write_table(pa.table({"a": pa.array([value] * 200, kind)}), tmp_path / "n.parquet")
    assert (tmp_path / "n.parquet").stat().st_size < 1 << 20
    with pytest.raises(EncaveError, match=r"n\.parquet unpacks to"):
        read_table(tmp_path / "n.parquet")


def test_parquet_within_bounds_is_read_as_it_is(tmp_path: Path) -> None:
    columns: dict[str, Any] = {"a": ["x", None, "y"], "b": [1.5, None, 2.5], "c": [[1], [], [2, 3]]}
    table = pa.table(columns | {"d": pa.array(["x", "x", None]).dictionary_encode()})
    pq.write_table(table, tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").equals(table)
    assert read_table(tmp_path / "t.parquet", ["a"]).equals(table.select(["a"]))


class Malicious:
    """A pickle that would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["history.pkl", "study.pkl"])
def test_malicious_pickle(tmp_path: Path, name: str) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / name).write_bytes(pickle.dumps([Malicious(tmp_path / "harm")]))
    try:
        assert only(tmp_path / "log").status == "refused"
    except EncaveError as error:
        assert "no log found" in str(error)
    assert not (tmp_path / "harm").exists()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of one small log each."""
    root = tmp_path_factory.mktemp("samples")
    for name, write in generated.LOGS.items():
        write(root / name, 6)
    write_trials(root / "re", random_lines(4))
    write_sidecar(root / "re", optimizer="RE")
    write_trials(root / "without-space", random_lines(4))
    shutil.copytree(LOGS, root / "logs")
    return sorted({path.parent for path in root.rglob("*") if path.is_file()})


@settings(max_examples=60, derandomize=True)  # benchmarks/fuzz_readers.py looks for new faults
@given(seed=st.integers(0, 2**32), place=st.floats(0, 1, exclude_max=True))
def test_damaged_logs(samples: list[Path], seed: int, place: float) -> None:
    folder, rng = samples[int(place * len(samples))], random.Random(seed)
    with tempfile.TemporaryDirectory() as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        copy = Path(shutil.copytree(folder, Path(temporary) / "log"))
        damaged = rng.choice([file for file in sorted(copy.rglob("*")) if file.is_file()])
        damaged.write_bytes(fuzz_readers.damage(damaged.read_bytes(), rng))
        assert fuzz_readers.problem(copy, list(registry.formats().values())) is None


def test_a_folder_of_many_files_is_looked_through_in_linear_time(tmp_path: Path) -> None:
    for number in range(20_000):
        (tmp_path / f"results_{number}.json").touch()
    start = time.process_time()
    [listing] = Walk(tmp_path).listings(None)
    assert len(listing.names) == 20_000
    assert not list(bohb.READER.detect(listing))
    assert time.process_time() - start < 3


@pytest.mark.parametrize("header", [",".join(f"c{i}" for i in range(10_000)), "config:" + "a" * 10**6, "a,a\r,a"])
def test_a_reason_is_a_line_of_bounded_length(tmp_path: Path, header: str) -> None:
    write_trials(tmp_path / "good", random_lines(3))
    (tmp_path / "t.csv").write_text(f'{header},"b\nb",b\n1,2,3\n')
    (tmp_path / "t.map.json").write_text('{"objective": "cost", "hyperparameters": ["b"]}')
    good, bad = convert([tmp_path], tmp_path / "out")
    assert (good.status, bad.status) == ("converted", "refused")
    assert "t.csv" in str(bad.reason) and len(str(bad.reason)) < 2100 and "\n" not in str(bad.reason)
