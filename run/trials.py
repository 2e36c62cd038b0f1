"""Trials as an Arrow table: its schema, building it from columns, and what must hold of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import EncaveError
from .arrays import exact_array


class Status(str, Enum):
    """How a trial ended."""

    SUCCESS = "success"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    MEMORY_OUT = "memory-out"
    ABORTED = "aborted"
    RUNNING = "running"
    NOT_EVALUATED = "not-evaluated"


_STATUS_TYPE = pa.dictionary(pa.int32(), pa.string())

TRIAL_SCHEMA = pa.schema(
    [
        ("trial_id", pa.int64()),
        ("config_id", pa.int64()),
        ("budget", pa.float64()),  # null: the optimizer knows no budgets
        ("seed", pa.int64()),
        ("instance", pa.string()),
        ("worker", pa.string()),
        ("status", _STATUS_TYPE),
        ("start", pa.float64()),  # seconds from the run's start
        ("end", pa.float64()),
        ("cpu_time", pa.float64()),  # seconds
    ]
)
OPTIONAL_SCHEMA = pa.schema(
    [
        ("evaluation", pa.int64()),  # how many evaluations the run had made when the trial ended, from 1
        ("continues", pa.int64()),  # trial whose training it goes on with, mostly at a higher budget
        ("feasible", pa.bool_()),  # whether all constraints of the task hold; null: none is known
        ("penalty", pa.float64()),  # what a failed trial counts with where evaluations are averaged, as logged
        (
            "incumbent",
            pa.int64(),
        ),  # configuration that the log names the incumbent when the trial ended
    ]
)
"""Columns that a run has where any of its trials has a value in them; one that it lacks is null throughout."""
_TIMES = ("start", "end")
COST = "cost:"
EXTRA = "extra:"


@dataclass(frozen=True)
class Objective:
    """What a trial measured."""

    name: str
    """Name, unique within a run."""
    direction: Literal["minimize", "maximize"] = "minimize"
    """Whether less or more is better; values are kept as they were logged."""
    lower: float | None = None
    """Lower bound, if the task has one."""
    upper: float | None = None
    """Upper bound, if the task has one."""
    unit: str | None = None
    """Unit, e.g. `%` or `s`."""


def build(columns: Mapping[str, Any]) -> pa.Table:
    """Table of trials from columns, shape (n,) each; what `TRIAL_SCHEMA` has and `columns` does not becomes null.

    A column of `OPTIONAL_SCHEMA` without any value is left out.

    Raises:
        EncaveError: a column is unknown, has values of a wrong type, or another length than the rest.
    """
    length = max((len(values) for values in columns.values()), default=0)
    arrays: dict[str, pa.Array] = {}
    for field in TRIAL_SCHEMA:
        if field.name in columns:
            arrays[field.name] = _array(field.name, columns[field.name], field.type)
        elif field.name == "trial_id":
            arrays[field.name] = pa.array(np.arange(length))
        else:
            arrays[field.name] = pa.nulls(length, field.type)
    for field in OPTIONAL_SCHEMA:
        if field.name in columns:
            values = _array(field.name, columns[field.name], field.type)
            if values.null_count < len(values):
                arrays[field.name] = values
    for name, values in columns.items():
        if name.startswith(COST):
            arrays[name] = _array(name, values, pa.float64())
        elif name.startswith(EXTRA):
            arrays[name] = values if isinstance(values, pa.Array) else pa.array(values)
        elif name not in (*TRIAL_SCHEMA.names, *OPTIONAL_SCHEMA.names):
            raise EncaveError(f"unknown trial column {name!r}; other fields of a log are named {EXTRA}<name>")
    try:
        return pa.table(arrays)
    except pa.ArrowInvalid as error:
        raise EncaveError(f"trial columns differ in length: {error}") from None


def _array(name: str, values: Any, kind: pa.DataType) -> pa.Array:
    if hasattr(values, "to_numpy") and not isinstance(values, (pa.Array, pa.ChunkedArray)):
        values = values.to_numpy()  # a pandas Series
    # numpy has no null, so NaN stands for it, except in times, where it is a fault of the log that check() reports
    absent = isinstance(values, np.ndarray) and name not in _TIMES
    try:
        return exact_array(values, kind, nan_is_null=absent)
    except EncaveError as error:
        raise EncaveError(f"trial column {name} does not hold {kind}: {error}") from None


def ordered(trials: pa.Table, objectives: Sequence[Objective]) -> pa.Table:
    """Columns in one order, so that equal runs have equal tables."""
    costs = [COST + objective.name for objective in objectives]
    extras = [name for name in trials.column_names if name.startswith(EXTRA)]
    optional = [name for name in OPTIONAL_SCHEMA.names if name in trials.column_names]
    wanted = [*TRIAL_SCHEMA.names, *optional, *costs, *extras]
    if sorted(wanted) != sorted(trials.column_names):
        wrong = sorted(set(wanted) ^ set(trials.column_names))
        raise EncaveError(f"the trials' columns do not match the model: {', '.join(wrong)} missing or unknown")
    return trials.select(wanted).replace_schema_metadata()


def check_objectives(objectives: Sequence[Objective]) -> None:
    """Check that there is an objective and that no two share a name.

    Raises:
        EncaveError: otherwise.
    """
    names = [objective.name for objective in objectives]
    if not names or len(set(names)) != len(names):
        raise EncaveError(f"a run needs at least one objective, with different names; got {names}")


def check(trials: pa.Table, objectives: Sequence[Objective], config_ids: pa.ChunkedArray) -> None:
    """Check everything that holds of the trials of a `Run`: ids, status, times, and objective values where they belong.

    Raises:
        EncaveError: something does not hold; the message names the first such trial.
    """
    check_types(trials)
    _refuse(trials, pc.invert(pc.is_in(trials["config_id"], value_set=config_ids)), "its configuration is not known")
    check_values(trials, objectives)


def check_types(trials: pa.Table) -> None:
    """Check the columns' types, and that each trial has a number of its own and a configuration.

    Raises:
        EncaveError: otherwise.
    """
    for field in (*TRIAL_SCHEMA, *OPTIONAL_SCHEMA):
        if field.name in trials.column_names and trials[field.name].type != field.type:
            raise EncaveError(f"trial column {field.name} is {trials[field.name].type}, not {field.type}")
    for name in trials.column_names:
        if name.startswith(COST) and trials[name].type != pa.float64():
            raise EncaveError(f"trial column {name} is {trials[name].type}, not {pa.float64()}")
    ids = trials["trial_id"]
    if ids.null_count or (not _ascend(ids) and pc.count_distinct(ids).as_py() != len(ids)):
        raise EncaveError("trial ids are not unique")
    if trials["config_id"].null_count:
        _refuse(trials, pc.is_null(trials["config_id"]), "it has no configuration")


def _ascend(ids: pa.ChunkedArray) -> bool:
    numbers = ids.to_numpy()
    return bool((numbers[1:] > numbers[:-1]).all())


def check_values(trials: pa.Table, objectives: Sequence[Objective]) -> None:
    """Check statuses, times, and that successful trials and no others have objective values.

    Raises:
        EncaveError: something does not hold; the message names the first such trial.
    """
    status = trials["status"]
    if "continues" in trials.column_names:
        _refuse(trials, pc.equal(trials["continues"], trials["trial_id"]), "it continues itself")
    known = pa.array([status.value for status in Status])
    _refuse(trials, pc.invert(_is_one_of(status, known)), "unknown status")
    for name in ("budget", *_TIMES, "cpu_time"):
        _refuse(trials, pc.invert(pc.is_finite(trials[name])), f"{name} is not a finite number")
    _refuse(trials, pc.less(trials["start"], 0.0), "it starts before the run does")
    _refuse(trials, pc.less(trials["end"], trials["start"]), "it ends before it starts")
    if "evaluation" in trials.column_names:
        _refuse(trials, pc.less(trials["evaluation"], 1), "its evaluation is not positive; the first one is 1")
    succeeded = _is_one_of(status, known.filter(pc.equal(known, Status.SUCCESS.value)))
    if "penalty" in trials.column_names:
        penalty = trials["penalty"]
        _refuse(trials, pc.invert(pc.is_finite(penalty)), "its penalty is not a finite number")
        _refuse(trials, pc.and_(pc.is_valid(penalty), succeeded), "it succeeded but has a penalty")
    lacking = succeeded
    for objective in objectives:
        cost = trials[COST + objective.name]
        name = objective.name
        _refuse(trials, pc.invert(pc.is_finite(cost)), f"{name} is not a finite number; a failed trial has null")
        _refuse(trials, pc.and_(pc.is_valid(cost), pc.invert(succeeded)), f"it did not succeed but has a {name}")
        lacking = pc.and_(lacking, pc.is_null(cost))
    _refuse(trials, lacking, "it succeeded but has no objective value")


def _is_one_of(status: pa.ChunkedArray, wanted: pa.Array) -> pa.ChunkedArray:
    """Whether each is one of some texts, by the few texts of its dictionary."""
    chunks = [pc.is_in(chunk.dictionary, value_set=wanted).take(chunk.indices) for chunk in status.chunks]
    return pc.fill_null(pa.chunked_array(chunks, pa.bool_()), False)


def _refuse(trials: pa.Table, wrong: pa.ChunkedArray, reason: str) -> None:
    row = pc.index(wrong, True).as_py()
    if row >= 0:
        trial = trials.slice(row, 1).to_pylist()[0]
        where = f"trial {trial['trial_id']} (row {row}, configuration {trial['config_id']})"
        times = f", start {trial['start']}, end {trial['end']}, status {trial['status']}"
        raise EncaveError(f"{where}: {reason}{times}")
