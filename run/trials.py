"""Trials as an Arrow table: its schema, building it from columns, and what must hold of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import EncaveError, check_choice, check_type
from .arrays import exact_array, plain_numbers
from .checks import NUMBER, TEXT, check_fields, shown
from .types import Bools, Floats


class Status(str, Enum):
    """How a trial ended.

    Example:
        >>> encave.Status.SUCCESS.value, len(encave.Status)
        ('success', 7)
    """

    SUCCESS = "success"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    MEMORY_OUT = "memory-out"
    ABORTED = "aborted"
    RUNNING = "running"
    NOT_EVALUATED = "not-evaluated"


UNFINISHED = frozenset({Status.RUNNING.value, Status.NOT_EVALUATED.value})
"""Statuses of trials that have not ended."""

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
_TYPES = {field.name: field.type for field in (*TRIAL_SCHEMA, *OPTIONAL_SCHEMA)}
_STATUSES = frozenset(status.value for status in Status)
_TIMES = ("start", "end")
_OBJECTIVE = {"name": (str,), "direction": (str,), "lower": NUMBER, "upper": NUMBER, "unit": TEXT}
COST = "cost:"
EXTRA = "extra:"


@dataclass(frozen=True)
class Objective:
    """What a trial measured.

    Example:
        >>> encave.Objective("accuracy", "maximize", upper=1.0)
        Objective(name='accuracy', direction='maximize', lower=None, upper=1.0, unit=None)

    Raises:
        EncaveError: the direction is another word.
    """

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

    def __post_init__(self) -> None:
        check_fields(f"objective {shown(self.name)}: ", vars(self), _OBJECTIVE)
        check_choice("direction", self.direction, ("minimize", "maximize"))


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
    if wanted != (given := trials.column_names):
        if sorted(wanted) != sorted(given):
            wrong = sorted(set(wanted) ^ set(given))
            raise EncaveError(f"the trials' columns do not match the model: {', '.join(wrong)} missing or unknown")
        trials = trials.select(wanted)
    return trials.replace_schema_metadata()


def check_objectives(objectives: Sequence[Objective]) -> None:
    """Check that there is an objective and that no two share a name.

    Raises:
        EncaveError: otherwise.
    """
    usual = 'a list like [encave.Objective("loss")]'
    check_type("what is given as objectives", objectives, Sequence, usual)
    for objective in objectives:
        check_type("one of the objectives", objective, Objective, 'like encave.Objective("loss")')
    names = [objective.name for objective in objectives]
    if not names or len(set(names)) != len(names):
        raise EncaveError(f"a run needs at least one objective, with different names; got {names}")


def check(trials: pa.Table, objectives: Sequence[Objective], config_ids: pa.ChunkedArray) -> None:
    """Check everything that holds of the trials of a `Run`: ids, status, times, and objective values where they belong.

    Raises:
        EncaveError: something does not hold; the message names the first such trial.
    """
    check_types(trials)
    known = pc.is_in(trials["config_id"], value_set=config_ids).to_numpy()
    _refuse(trials, ~known, "its configuration is not known")
    check_values(trials, objectives)


def check_types(trials: pa.Table) -> None:
    """Check the columns' types, and that each trial has a number of its own and a configuration.

    Raises:
        EncaveError: otherwise.
    """
    for name, kind in zip(trials.schema.names, trials.schema.types, strict=True):
        wanted = pa.float64() if name.startswith(COST) else _TYPES.get(name, kind)
        if kind != wanted:
            raise EncaveError(f"trial column {name} is {kind}, not {wanted}")
    ids = trials["trial_id"]
    if ids.null_count or (not _ascend(ids) and pc.count_distinct(ids).as_py() != len(ids)):
        raise EncaveError("trial ids are not unique")
    if trials["config_id"].null_count:
        _refuse(trials, pc.is_null(trials["config_id"]).to_numpy(), "it has no configuration")


def _ascend(ids: pa.ChunkedArray) -> bool:
    numbers = plain_numbers(ids)
    return bool((numbers[1:] > numbers[:-1]).all())


def check_values(trials: pa.Table, objectives: Sequence[Objective]) -> None:
    """Check statuses, times, and that successful trials and no others have objective values.

    Raises:
        EncaveError: something does not hold; the message names the first such trial.
    """
    # in numpy, where null is NaN: of the small tables of most runs, a call of Arrow's costs more than all of its work
    if "continues" in trials.column_names:
        itself = pc.equal(trials["continues"], trials["trial_id"])
        _refuse(trials, pc.fill_null(itself, False).to_numpy(), "it continues itself")
    _refuse(trials, ~is_one_of(trials["status"], _STATUSES), "unknown status")
    _, start, end, _ = (
        _finite(trials, name, f"{name} is not a finite number") for name in ("budget", *_TIMES, "cpu_time")
    )
    _refuse(trials, start < 0.0, "it starts before the run does")
    _refuse(trials, end < start, "it ends before it starts")
    if "evaluation" in trials.column_names:
        evaluation = trials["evaluation"].to_numpy()
        _refuse(trials, evaluation < 1, "its evaluation is not positive; the first one is 1")
    succeeded = is_one_of(trials["status"], {Status.SUCCESS.value})
    if "penalty" in trials.column_names:
        penalty = _finite(trials, "penalty", "its penalty is not a finite number")
        _refuse(trials, ~np.isnan(penalty) & succeeded, "it succeeded but has a penalty")
    lacking = succeeded
    for name in (objective.name for objective in objectives):
        cost = _finite(trials, COST + name, f"{name} is not a finite number; a failed trial has null")
        absent = np.isnan(cost)
        _refuse(trials, ~(absent | succeeded), f"it did not succeed but has a {name}")
        lacking = lacking & absent
    _refuse(trials, lacking, "it succeeded but has no objective value")


def is_one_of(status: pa.ChunkedArray, wanted: Collection[str]) -> Bools:
    """Whether each status is one of some, shape (n,), by the few texts of their dictionary; null is none."""
    flags = [np.empty(0, bool)]
    coded = status if pa.types.is_dictionary(status.type) else status.dictionary_encode()
    for chunk in coded.chunks:
        texts = [*chunk.dictionary.to_pylist(), None]  # the last one stands for null
        at = chunk.indices.fill_null(len(texts) - 1) if chunk.indices.null_count else chunk.indices
        flags.append(np.array([text in wanted for text in texts])[plain_numbers(at)])
    return np.concatenate(flags)


def _finite(trials: pa.Table, name: str, reason: str) -> Floats:
    """The numbers of a column, shape (n,), NaN where it has none.

    Raises:
        EncaveError: one of them is not finite.
    """
    column = trials[name]
    numbers = plain_numbers(column)
    if np.count_nonzero(np.isfinite(numbers)) + column.null_count < len(column):
        _refuse(trials, pc.fill_null(pc.invert(pc.is_finite(column)), False).to_numpy(), reason)
    return numbers


def _refuse(trials: pa.Table, wrong: Bools, reason: str) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        trial = trials.slice(row, 1).to_pylist()[0]
        where = f"trial {trial['trial_id']} (row {row}, configuration {trial['config_id']})"
        times = f", start {trial['start']}, end {trial['end']}, status {trial['status']}"
        raise EncaveError(f"{where}: {reason}{times}")
