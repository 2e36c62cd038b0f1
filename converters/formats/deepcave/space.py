"""Configurations that fill their space, as DeepCAVE needs them: each active hyperparameter has a value within bounds.

Logs of define-by-run optimizers, and tables, have hyperparameters that are missing without a condition. Where the log
shows the condition exactly, it is added to the space; elsewhere the default stands for what is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ....run import Note, Run
from ....run import configurations as space_columns

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from ConfigSpace.conditions import Condition
    from ConfigSpace.hyperparameters import Hyperparameter

_FEW = 2  # trials on each side of a threshold of an integer, without which it would be chance
Values = dict[str, Any]


@dataclass(frozen=True)
class Filled:
    """A space and configurations that fill it."""

    space: ConfigurationSpace
    """The run's, with the conditions that were inferred."""
    configurations: pa.Table
    """As `space_columns.build` makes it, in the given order; null only where a hyperparameter is inactive."""
    notes: tuple[Note, ...] = ()
    """What was inferred and assumed."""


def fill(run: Run, configurations: pa.Table, trials: NDArray[np.int64]) -> Filled:
    """Fill configurations.

    Args:
        run: The run.
        configurations: Rows of the run's table of configurations.
        trials: How many trials each of them has, shape (n,).
    """
    configurations = _within_bounds(run.space, configurations)
    lacking = [name for name in run.space.unconditional_hyperparameters if configurations[name].null_count]
    if not lacking and not run.space.conditions:
        return Filled(run.space, configurations)
    from ConfigSpace import ConfigurationSpace

    rows = [space_columns.decode(run.space, row) for row in configurations.to_pylist()]
    space = ConfigurationSpace.from_serialized_dict(deepcopy(run.space_json))
    found = _conditions(space, lacking, rows)
    space.add(list(found.values()))
    defaults: dict[str, int] = {}
    unused: dict[str, int] = {}
    for row, count in zip(rows, trials.tolist(), strict=True):
        _fill_row(space, row, count, defaults, unused)
    ids = configurations[space_columns.CONFIG_ID].to_pylist()
    cells = {name: [row.get(name, space_columns.ABSENT) for row in rows] for name in space}
    return Filled(space, space_columns.from_cells(space, ids, cells), tuple(_notes(found.values(), defaults, unused)))


def _notes(found: Iterable[Condition], defaults: Mapping[str, int], unused: Mapping[str, int]) -> Iterable[Note]:
    told = "; ".join(str(condition).replace(" | ", " if ", 1) for condition in found)
    if told:
        yield Note("assumed", f"DeepCAVE is told conditions that hold throughout, though the log names none: {told}")
    if defaults:
        text = "DeepCAVE is shown the default of a hyperparameter that has no value and no condition: "
        yield Note("assumed", text + _counts(defaults), max(defaults.values()))
    if unused:
        text = "DeepCAVE is not shown the value of a hyperparameter that its conditions make inactive: "
        yield Note("flagged", text + _counts(unused), max(unused.values()))


def _counts(trials: Mapping[str, int]) -> str:
    shown = [f"{name} ({count} trials)" for name, count in list(trials.items())[:10]]
    return ", ".join(shown) + ", …" * (len(trials) > len(shown))


def _within_bounds(space: ConfigurationSpace, table: pa.Table) -> pa.Table:
    """A run's values may lie outside by what a decimal number rounds, which ConfigSpace does not allow."""
    for name, hyperparameter in space.items():
        lower, upper = getattr(hyperparameter, "lower", None), getattr(hyperparameter, "upper", None)
        if lower is None or upper is None:
            continue
        column = table[name]
        limits = pc.min_max(column)
        low, high = limits["min"].as_py(), limits["max"].as_py()
        if low is None or (low >= lower and high <= upper):
            continue
        bounds = [pa.scalar(bound, column.type) for bound in (lower, upper)]
        kept = pc.min_element_wise(
            pc.max_element_wise(column, bounds[0], skip_nulls=False), bounds[1], skip_nulls=False
        )
        table = table.set_column(table.column_names.index(name), name, kept)
    return table


def _fill_row(
    space: ConfigurationSpace, row: Values, trials: int, defaults: dict[str, int], unused: dict[str, int]
) -> None:
    """Complete one configuration in place, parents before children, and count the trials that it concerns."""
    from ConfigSpace.types import NotSet

    values = dict.fromkeys(space, NotSet)
    for name, hyperparameter in space.items():  # ConfigSpace has parents first
        active = all(condition.satisfied_by_value(values) for condition in space.parent_conditions_of[name])
        if active and name not in row:
            row[name] = hyperparameter.default_value
            defaults[name] = defaults.get(name, 0) + trials
        elif not active and name in row:
            del row[name]
            unused[name] = unused.get(name, 0) + trials
        if name in row:
            values[name] = row[name]


def _conditions(space: ConfigurationSpace, lacking: Sequence[str], rows: Sequence[Values]) -> dict[str, Condition]:
    """A condition for each hyperparameter that is present if and only if another one has certain values."""
    begun = [row for row in rows if row]  # a trial that waits has no values at all
    resolved = [name for name in space.unconditional_hyperparameters if name not in lacking]
    found: dict[str, Condition] = {}
    open_ones = list(lacking)
    while True:
        for child in open_ones:
            parents = sorted(resolved, key=lambda name: space_columns.choices(space[name]) is None)
            condition = next(filter(None, (_condition(space, child, parent, begun) for parent in parents)), None)
            if condition is not None:
                found[child] = condition
                resolved.append(child)
                open_ones.remove(child)
                break
        else:
            return found


def _condition(space: ConfigurationSpace, child: str, parent: str, rows: Sequence[Values]) -> Condition | None:
    """The condition on one parent under which a hyperparameter is present, if that tells it from being absent."""
    beside = [(row.get(parent, space_columns.ABSENT), child in row) for row in rows]
    if any(value is space_columns.ABSENT and present for value, present in beside):
        return None
    present = [value for value, there in beside if there]
    absent = [value for value, there in beside if not there and value is not space_columns.ABSENT]
    if not present or not absent:
        return None
    choices = space_columns.choices(space[parent])
    if choices is None:
        return _threshold(space[child], space[parent], present, absent)
    keys = {json.dumps(value) for value in present}
    if keys & {json.dumps(value) for value in absent}:
        return None
    from ConfigSpace import EqualsCondition, InCondition

    values = [value for value in choices if json.dumps(value) in keys]
    if len(values) == 1:
        return EqualsCondition(space[child], space[parent], values[0])
    return InCondition(space[child], space[parent], values)


def _threshold(
    child: Hyperparameter[Any, Any], parent: Hyperparameter[Any, Any], present: list[Any], absent: list[Any]
) -> Condition | None:
    """A bound of an integer, such as a number of layers; that of a float would be chance."""
    if "Integer" not in type(parent).__name__ or min(len(present), len(absent)) < _FEW:
        return None
    from ConfigSpace import GreaterThanCondition, LessThanCondition

    if min(present) > max(absent):
        return GreaterThanCondition(child, parent, max(absent))
    return LessThanCondition(child, parent, min(absent)) if max(present) < min(absent) else None
