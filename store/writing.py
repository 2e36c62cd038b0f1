"""Adding runs to a store: whole parts, each there at once; a run that comes again takes the place of its old self."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import EncaveError
from ..files.atomic import SUFFIX, atomic_file, check_within, sweep
from ..files.parquet import read_own, schema_of
from ..run import Run
from .columns import RUN_ID, RUN_SCHEMA, StoreColumns, damage_told, identity, partition_of, read_rows, run_row
from .layout import (
    FORMAT_VERSION,
    PARTITION,
    REPLACES,
    STORE_FILE,
    Part,
    Partition,
    check_store,
    current_parts,
    files_of,
)

PART_TRIALS = 1 << 18
"""Trials in memory before parts are written; about as many are in a part."""

_LEFT_BEHIND = re.compile(rf"\.{re.escape(STORE_FILE)}\.\w{{8}}(\.encave)?")  # of a writer that was killed
_GROUP = 1 << 16  # rows of a row group: what is read at least


_KEPT = ("fingerprint", "trials", "configurations", "read", "merged", "dropped")


class _Known(NamedTuple):
    """A run that is in the store."""

    part: Part
    values: tuple[Any, ...]
    """Of the columns in `_KEPT`."""


@dataclass
class _Pending:
    """The runs of a partition that are not written yet."""

    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    tables: list[pa.Table] = field(default_factory=list[pa.Table])
    """Joined trials of each run."""


class StoreWriter:
    """Adds runs to a store; `opened` makes one."""

    def __init__(self, store: Path) -> None:
        self._store = store
        for partitions in ("", "optimizer=*", "optimizer=*/dataset=*"):
            for kind in ("runs", "trials"):
                check_within(store, (store / kind).glob(partitions) if partitions else [store / kind])
        parts = current_parts(store)
        self._remove_all_but(parts)
        self._number = max((part.number for part in parts), default=0)
        self._columns, self._stale = _columns_of(store, parts)
        self._index: dict[str, _Known] = {}
        for part in parts:
            self._take_note(part, read_rows(part.runs(store), [RUN_ID, *_KEPT]))
        self._pending: dict[Partition, _Pending] = {}
        self._ids: set[str] = set()
        self._trials = 0

    def known(self, run_id: str) -> dict[str, Any] | None:
        """Of the stored run of this id the fingerprint and the counts: columns of `RUN_SCHEMA`; None without it."""
        found = self._index.get(run_id)
        return None if found is None else dict(zip(_KEPT, found.values, strict=True))

    def add(self, run: Run) -> None:
        """Add a run, or put it in the place of the one with its id."""
        if identity(run) in self._ids:
            self.flush()
        table = run.joined()
        pending = self._pending.setdefault(partition_of(run), _Pending())
        first = sum(each.num_rows for each in pending.tables)
        pending.rows.append(run_row(run, table, first))
        pending.tables.append(table)
        self._ids.add(pending.rows[-1][RUN_ID])
        self._trials += len(run)
        if self._trials >= PART_TRIALS:
            self.flush()

    def flush(self) -> None:
        """Write what has been added as one part per partition."""
        for pending in self._pending.values():
            for table in pending.tables:
                before = self._columns.schema
                self._columns.take_in(table.schema)
                if self._columns.schema != before and self._number:
                    self._stale.update(one.part for one in self._index.values())
        superseded = {self._index[run].part for run in self._ids if run in self._index}
        for partition, pending in self._pending.items():
            own = [part for part in _by_number(superseded) if part.partition == partition]
            self._write(partition, pending, own)
            superseded.difference_update(own)
        for part in _by_number(superseded):  # the label or the task of its runs is another one now
            self._write(part.partition, _Pending(), [part])
        self._pending.clear()
        self._ids.clear()
        self._trials = 0

    def finish(self) -> None:
        """Write what is left, and give older parts the columns that have come since."""
        self.flush()
        for part in _by_number(self._stale):
            self._write(part.partition, _Pending(), [part])

    def _write(self, partition: Partition, pending: _Pending, old: list[Part]) -> None:
        """Write a part of new runs and of those of older parts, in whose place it comes."""
        trials = [
            self._columns.align(table, row[RUN_ID]) for row, table in zip(pending.rows, pending.tables, strict=True)
        ]
        runs = [pa.Table.from_pylist(pending.rows, RUN_SCHEMA)]
        count = sum(table.num_rows for table in trials)
        for part in old:
            rows, kept = self._kept(part, count)
            runs.append(rows)
            trials.append(kept)
            count += kept.num_rows
        self._number += 1
        part = Part(partition, self._number)
        table = pa.concat_tables(runs)
        if table.num_rows:
            _write_table(pa.concat_tables(trials), part.trials(self._store), row_group_size=_GROUP)
            told = {
                REPLACES: json.dumps([each.number for each in old]).encode(),
                PARTITION: json.dumps([partition.optimizer, partition.dataset]).encode(),
            }
            try:
                _write_table(table.replace_schema_metadata(told), part.runs(self._store))
            except BaseException:
                if not part.runs(self._store).exists():  # trials without runs are of no use
                    part.trials(self._store).unlink(missing_ok=True)
                raise
        for each in old:
            each.runs(self._store).unlink()
            each.trials(self._store).unlink()
        self._stale.difference_update(old)
        self._take_note(part, table)

    def _kept(self, part: Part, first: int) -> tuple[pa.Table, pa.Table]:
        """The runs of an older part that stay, and their trials in the present columns, to begin at a row."""
        rows = read_rows(part.runs(self._store))
        path = part.trials(self._store)
        with damage_told(path):
            trials = self._columns.widen(read_own(path))
        staying = [row for row in rows.to_pylist() if row[RUN_ID] not in self._ids]
        tables = [trials.slice(row["first"], row["trials"]) for row in staying]
        for row, table in zip(staying, tables, strict=True):
            row["first"] = first
            first += table.num_rows
        return pa.Table.from_pylist(staying, RUN_SCHEMA), pa.concat_tables([trials.slice(0, 0), *tables])

    def _take_note(self, part: Part, rows: pa.Table) -> None:
        columns = (rows[name].to_pylist() for name in _KEPT)
        for run, values in zip(rows[RUN_ID].to_pylist(), zip(*columns, strict=True), strict=True):
            self._index[run] = _Known(part, values)

    def _remove_all_but(self, parts: Iterable[Part]) -> None:
        """Remove what a writer that was killed left: parts without runs, parts replaced, and temporary files."""
        known = set(parts)
        for kind in ("runs", "trials"):
            for part, path in list(files_of(self._store, kind)):
                if part not in known:
                    path.unlink()
            for path in (self._store / kind).glob("optimizer=*/dataset=*/.part-*"):
                path.unlink()
        sweep(self._store)
        for path in self._store.iterdir():
            if _LEFT_BEHIND.fullmatch(path.name) and path.suffix != SUFFIX:
                path.unlink()


@contextmanager
def opened(store: Path) -> Generator[StoreWriter]:
    """A writer of a store, which is made if the folder is new or empty; what was added is written at the end.

    Raises:
        EncaveError: the folder holds something else, cannot be written, or somebody else is writing to the store.
    """
    _make(store)
    handle = os.open(store / STORE_FILE, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise EncaveError(f"another process is writing to {store}, or it has no locks: {error}") from error
        writer = StoreWriter(store)
        yield writer
        writer.finish()
    finally:
        os.close(handle)


def _make(store: Path) -> None:
    try:
        store.mkdir(parents=True, exist_ok=True)
        if (store / STORE_FILE).exists():
            check_store(store)
            return
        sweep(store)
        if any(not _LEFT_BEHIND.fullmatch(entry.name) for entry in store.iterdir()):
            raise EncaveError(f"{store} holds other files; choose a new folder for the store")
    except OSError as error:
        raise EncaveError(f"cannot write {store}: {error.strerror}. Choose a folder you may write to.") from error
    with atomic_file(store / STORE_FILE) as path:
        path.write_text(json.dumps({"encave_store": FORMAT_VERSION}) + "\n", encoding="utf-8")


def _columns_of(store: Path, parts: list[Part]) -> tuple[StoreColumns, set[Part]]:
    """The columns of a store, and the parts that lack some, since a writer was killed before it had widened them."""
    schemas: dict[Part, pa.Schema] = {}
    types: dict[str, pa.DataType] = {RUN_ID: pa.string()}
    for part in _by_number(parts):
        with damage_told(part.trials(store)):
            schemas[part] = schema_of(part.trials(store))
            for each in schemas[part]:
                if types.setdefault(each.name, each.type) != each.type:
                    raise TypeError(f"column {each.name} is {each.type}, not {types[each.name]} as in other parts")
    return StoreColumns(pa.schema(list(types.items()))), {p for p in parts if schemas[p].names != list(types)}


def _by_number(parts: Iterable[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: part.number)


def _write_table(table: pa.Table, path: Path, **options: Any) -> None:
    with atomic_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", **options)
