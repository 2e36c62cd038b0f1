"""A run as rows of a store: its trials in the store's columns, and the row that has all else; and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import EncaveError
from ..files.parquet import read_own
from ..files.unicode_text import spelt_out
from ..run import CONFIG, Run, Status
from .layout import Partition

RUN_ID = "run_id"

RUN_SCHEMA = pa.schema(
    [
        (RUN_ID, pa.string()),
        ("name", pa.string()),
        ("version", pa.string()),  # of the optimizer
        ("seed", pa.int64()),
        ("trials", pa.int64()),
        ("configurations", pa.int64()),
        ("successes", pa.int64()),
        ("objective", pa.string()),  # the first
        ("direction", pa.string()),
        ("incumbent_cost", pa.float64()),  # value as logged of the best trial at the highest budget
        ("incumbent_budget", pa.float64()),
        ("seconds", pa.float64()),  # end of the last trial
        ("read", pa.int64()),  # trials in the log
        ("merged", pa.int64()),  # of them, that another one stands for
        ("dropped", pa.int64()),  # of them, that could not be kept
        ("source", pa.string()),
        ("source_format", pa.string()),
        ("fingerprint", pa.string()),  # of the files the run came from
        ("first", pa.int64()),  # row of the part's trials at which the run's begin
        ("header", pa.string()),  # all else of the run but the space, JSON
        ("space", pa.string()),  # ConfigSpace's JSON
        ("schema", pa.binary()),  # the run's own columns, Arrow IPC
    ]
)


_COUNTS = ("trials", "configurations", "read", "merged", "dropped", "first")
_REQUIRED = (RUN_ID, "name", *_COUNTS, "header", "space", "schema")


@contextmanager
def damage_told(path: Path) -> Generator[None]:
    """Whatever a damaged file of a store makes Arrow or JSON raise, as one error.

    Raises:
        EncaveError: the file is damaged.
    """
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError, pa.ArrowException) as error:
        raise EncaveError(f"cannot read {path}: {error}. Delete it and convert its logs again.") from error


def read_rows(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of a part's runs: the columns of `RUN_SCHEMA`, or some of them.

    Raises:
        EncaveError: the file is damaged.
    """
    wanted = RUN_SCHEMA if columns is None else pa.schema([RUN_SCHEMA.field(name) for name in columns])
    with damage_told(path):
        table = read_own(path, wanted.names).select(wanted.names)
        if not table.schema.equals(wanted):
            raise TypeError("its columns are of other types than those of a store")
        if lacking := [name for name in wanted.names if name in _REQUIRED and table[name].null_count]:
            raise ValueError(f"a run has no {lacking[0]}")
        if negative := [name for name in wanted.names if name in _COUNTS and pc.any(pc.less(table[name], 0)).as_py()]:
            raise ValueError(f"{negative[0]} of a run is negative")
    return table


def partition_of(run: Run) -> Partition:
    """Where a run belongs: the label that analysis gives its optimizer, and its task."""
    return Partition(run.label, run.task)


def run_id(source: str) -> str:
    """Identity of the run of a log: another conversion of the same log is the same run."""
    return hashlib.sha256(spelt_out(source).encode()).hexdigest()[:16]  # as a run has it


def identity(run: Run) -> str:
    """The run's id: that of its log, and of its names and seed where it has none."""
    named = (run.optimizer.name, run.name, run.task, run.seed)
    return run_id(run.provenance.source or json.dumps(named, default=str))


def run_row(run: Run, table: pa.Table, first: int) -> dict[str, Any]:
    """The row of a run, whose joined trials are `table` and begin at a row of their part."""
    header = run.header()
    space = header.pop("space")
    best, seed = run.incumbent(), run.seed
    objective = run.objectives[0]
    return {
        RUN_ID: identity(run),
        "name": run.name,
        "version": run.optimizer.version,
        "seed": seed if seed is not None and -(2**63) <= seed < 2**63 else None,
        "trials": len(run),
        "configurations": run.configurations.num_rows,
        "successes": run.status_counts().get(Status.SUCCESS.value, 0),
        "objective": objective.name,
        "direction": objective.direction,
        "incumbent_cost": best and best.value,
        "incumbent_budget": best and best.budget,
        "seconds": pc.max(run.trials["end"]).as_py(),
        **{"read": len(run), "merged": 0, "dropped": 0} | _account(run),
        "source": run.provenance.source,
        "source_format": run.provenance.source_format,
        "fingerprint": run.provenance.fingerprint,
        "first": first,
        "header": json.dumps(header, ensure_ascii=False, allow_nan=False),
        "space": json.dumps(space, ensure_ascii=False, allow_nan=False),
        "schema": table.schema.serialize().to_pybytes(),
    }


class StoreColumns:
    """The columns of all trial files of a store; grows with the runs that come.

    A column is named as in the run. Where the store has a column of that name and another type, the type is appended:
    `extra:info<string>`.

    Args:
        schema: The columns so far; empty for a new store.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._types: dict[str, pa.DataType] = {field.name: field.type for field in schema}

    @property
    def schema(self) -> pa.Schema:
        """All columns."""
        return pa.schema(list(self._types.items()))

    def take_in(self, schema: pa.Schema) -> None:
        """Make room for a run's columns."""
        for name, kind in stored_names(schema, self._types).values():
            self._types.setdefault(name, kind)

    def align(self, table: pa.Table, run: str) -> pa.Table:
        """A run's joined trials in the store's columns, with the run's id."""
        names = stored_names(table.schema, self._types)
        arrays = {name: table[own].cast(kind) for own, (name, kind) in names.items()}
        arrays[RUN_ID] = pa.repeat(run, table.num_rows)
        empty = {name: pa.nulls(table.num_rows, kind) for name, kind in self._types.items() if name not in arrays}
        return pa.table({**arrays, **empty}).select(list(self._types))

    def widen(self, table: pa.Table) -> pa.Table:
        """An older part's trials in the store's columns."""
        for name, kind in self._types.items():
            if name not in table.column_names:
                table = table.append_column(name, pa.nulls(table.num_rows, kind))
        return table.select(list(self._types))


def stored_names(schema: pa.Schema, known: Mapping[str, pa.DataType]) -> dict[str, tuple[str, pa.DataType]]:
    """A run's column → name and type of the store's column for it; columns without any value are not stored."""
    found: dict[str, tuple[str, pa.DataType]] = {}
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not pa.types.is_null(kind):
            fits = known.get(field.name, kind) == kind
            found[field.name] = (field.name if fits else f"{field.name}<{kind}>", kind)
    return found


def restore(row: Mapping[str, Any], stored: pa.Table, *, configurations: bool = True) -> Run:
    """The run of a row, from its rows of trials in the store's columns; equal to the one that was stored.

    Args:
        row: The run's row.
        stored: Its trials; may lack the columns of configurations if those are not wanted.
        configurations: As for `Run.load`.

    Raises:
        EncaveError: it is damaged.
    """
    try:
        return _restored(row, stored, configurations)
    except (TypeError, ValueError, LookupError, OSError, RecursionError, ArithmeticError, pa.ArrowException) as error:
        raise EncaveError(f"its header cannot be read ({type(error).__name__}: {error})") from error


def _restored(row: Mapping[str, Any], stored: pa.Table, configurations: bool) -> Run:
    schema = _schema(row["schema"])
    header = json.loads(row["header"]) | {"space": _space(row["space"])}
    names = stored_names(schema, {field.name: field.type for field in stored.schema})
    columns: list[pa.ChunkedArray | pa.Array] = []
    for field in schema:
        if pa.types.is_null(field.type) or (field.name.startswith(CONFIG) and not configurations):
            columns.append(pa.nulls(stored.num_rows, field.type))
        else:
            name = names[field.name][0]
            if name not in stored.column_names:
                raise EncaveError(f"the store has no column {name}")
            column = stored[name]
            columns.append(_encoded(column, field.type) if pa.types.is_dictionary(field.type) else column)
    return Run.from_joined(header, pa.table(columns, schema=schema), configurations=configurations)


def _encoded(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return column.combine_chunks().dictionary_encode().cast(kind)


@lru_cache(maxsize=64)
def _schema(serialized: bytes) -> pa.Schema:
    return pa.ipc.read_schema(pa.py_buffer(serialized))


@lru_cache(maxsize=64)
def _space(text: str) -> dict[str, Any]:
    return json.loads(text)


def _account(run: Run) -> dict[str, int]:
    told = run.provenance.accounting
    return {key: told[key] for key in ("read", "merged", "dropped") if key in told}
