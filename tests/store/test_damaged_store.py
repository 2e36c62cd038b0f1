"""A store with a damaged file: the reason, and the other stores and logs come through."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from encave.errors import EncaveError
from encave.run import Run
from encave.store import opened, read_runs
from encave.store.layout import PARTITION, REPLACES

from .test_store import run


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with opened(tmp_path / "store") as writer:
        for seed in range(2):
            writer.add(run(seed))
    return tmp_path / "store"


def part(store: Path, kind: str) -> Path:
    [path] = (store / kind).rglob("part-*.parquet")
    return path


def column(name: str, values: list[Any], kind: pa.DataType | None = None) -> Callable[[pa.Table], pa.Table]:
    def replaced(table: pa.Table) -> pa.Table:
        repeated = (values * table.num_rows)[: table.num_rows]
        return table.set_column(table.column_names.index(name), name, pa.array(repeated, kind or table[name].type))

    return replaced


def without(name: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.drop_columns([name])


def metadata(key: bytes, value: bytes) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.replace_schema_metadata({**(table.schema.metadata or {}), key: value})


WHOLE = {
    **{f"replaces {value!r}": metadata(REPLACES, value) for value in (b"5", b"[", b"[null]", b"{}x", b"[" * 10**5)},
    **{f"without {name}": without(name) for name in ("merged", "schema", "trials")},
    **{f"no {name}": column(name, [None]) for name in ("name", "first", "trials", "header")},
    **{f"negative {name}": column(name, [-1]) for name in ("first", "trials")},
    "text": column("trials", ["x"], pa.string()),
}
"""What is wrong with all runs of a part."""
ROWS = {
    **{f"header {text[:5]}": column("header", [text]) for text in ("5", "{", "null", "{}", "[" * 10**5)},
    **{f"space {text[:5]}": column("space", [text]) for text in ("5", "{", "null", '{"hyperparameters": [5]}')},
    **{f"schema {data!r}": column("schema", [data]) for data in (b"", b"\xff" * 40)},
    "beyond": column("first", [10**9]),
    "many": column("trials", [10**9]),
}
"""What is wrong with each."""


@pytest.mark.parametrize("damage", [*WHOLE.values(), *ROWS.values()], ids=[*WHOLE, *ROWS])
def test_damaged_runs_are_told_and_stop_nothing(store: Path, damage: Callable[[pa.Table], pa.Table]) -> None:
    path = part(store, "runs")
    pq.write_table(damage(pq.read_table(path, partitioning=None)), path)
    told: list[EncaveError] = []
    assert list(read_runs(store, on_damaged=told.append)) == []
    assert told and all("part-" in str(one) for one in told)
    with pytest.raises(EncaveError, match="part-"):
        list(read_runs(store))


@pytest.mark.parametrize("damage", WHOLE.values(), ids=WHOLE)
def test_a_damaged_store_is_not_added_to(store: Path, damage: Callable[[pa.Table], pa.Table]) -> None:
    path = part(store, "runs")
    pq.write_table(damage(pq.read_table(path, partitioning=None)), path)
    before = path.read_bytes()
    with pytest.raises(EncaveError, match="part-"), opened(store) as writer:
        writer.add(run(0))
    assert path.read_bytes() == before


@pytest.mark.parametrize("value", [b"5", b"[]", b"[1, 2]", b'["a"]', b"{"])
def test_a_partition_whose_label_is_damaged(tmp_path: Path, value: bytes) -> None:
    with opened(tmp_path) as writer:
        writer.add(run(0, "x" * 300))
    path = part(tmp_path, "runs")
    pq.write_table(metadata(PARTITION, value)(pq.read_table(path, partitioning=None)), path)
    told: list[EncaveError] = []
    assert list(read_runs(tmp_path, on_damaged=told.append)) == []
    assert "partition is damaged" in str(told[0])


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 100])
def test_trials_that_are_damaged_or_gone(store: Path, content: bytes) -> None:
    part(store, "trials").write_bytes(content)
    with pytest.raises(EncaveError, match="cannot read"), opened(store) as writer:
        writer.add(run(0))
    part(store, "trials").unlink()
    told: list[EncaveError] = []
    assert list(read_runs(store, on_damaged=told.append)) == [] and "cannot read" in str(told[0])


def test_parts_with_a_column_of_two_types(store: Path) -> None:
    with opened(store) as writer:
        writer.add(run(7, "DEHB"))
    path = next((store / "trials").rglob("optimizer=DEHB/**/part-*.parquet"))
    pq.write_table(column("budget", ["x"], pa.string())(pq.read_table(path, partitioning=None)), path)
    with pytest.raises(EncaveError, match="column budget is"), opened(store) as writer:
        writer.add(run(0))


def test_the_undamaged_is_as_it_was(store: Path) -> None:
    runs: list[Run] = list(read_runs(store))
    assert runs == [run(0), run(1)]
    assert json.loads((store / "encave-store.json").read_text()) == {"encave_store": 1}
