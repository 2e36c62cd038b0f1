"""A configuration space inferred from the values that a log has, for logs that say nothing of their space.

What is inferred is the smallest space that holds the values: a range is no wider than what was tried, choices are
those that occur, nothing is log-scaled, and there are no conditions. A run in such a space has `inferred_space=True`,
so that a hyperparameter may be missing from a configuration.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...run import Note
from .extras import json_or_text

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from ConfigSpace.hyperparameters import Hyperparameter

_LONG_MAX = 2**63 - 1
_PLACES = 1e-13  # ConfigSpace rounds the bounds of floats to so many places, also inwards
_NARROW = 1000 * _PLACES  # ranges up to this one lose too much by it
_FAULTS = {
    "empty": "{} has no value in any configuration and is left out of the space",
    "not finite": "hyperparameter {} has values that are no finite number; they are left out",
    "json": "hyperparameter {} has values of several types or lists; they are kept as JSON text",
}


@dataclass(frozen=True)
class Inferred:
    """A space and the configurations as values in it."""

    space: ConfigurationSpace
    """The smallest space that holds the values."""
    configurations: dict[int, dict[str, Any]]
    """config_id → hyperparameter → value; missing ones, and null where it is no choice, are left out."""
    notes: tuple[Note, ...]
    """That the space is inferred, and what could not be taken as it was."""


@dataclass(frozen=True)
class Column:
    """One hyperparameter's values."""

    hyperparameter: Hyperparameter[Any, Any] | None
    """The smallest domain that holds the values; None if there is no value."""
    values: list[Any]
    """The values given, in their order; None where there is none."""
    fault: str | None = None
    """`empty`, `not finite` or `json` where the values could not be taken as they were."""
    changed: int = 0
    """Number of values left out."""


def infer(configurations: Mapping[int, Mapping[str, Any]], *, name: str | None = None) -> Inferred:
    """Infer a space from configurations.

    Args:
        configurations: config_id → hyperparameter → value as JSON, NumPy or a table has it. Null means inactive, except
            for a hyperparameter that every configuration has, with texts or truth values beside null: it is a choice.
        name: Name of the space.
    """
    from ConfigSpace import ConfigurationSpace

    ids_of: defaultdict[str, list[int]] = defaultdict(list)
    values_of: defaultdict[str, list[Any]] = defaultdict(list)
    for config_id, configuration in configurations.items():
        for key, value in configuration.items():
            ids_of[key].append(config_id)
            values_of[key].append(value)
    hyperparameters: list[Hyperparameter[Any, Any]] = []
    kept: dict[int, dict[str, Any]] = {config_id: {} for config_id in configurations}
    notes = [Note("assumed", "the log has no configuration space; it is inferred from the values tried")]
    for key, values in values_of.items():
        chosen = len(values) == len(configurations) and _null_is_chosen(values)
        column = Column(_with_null(key, values), values) if chosen else infer_column(key, values)
        if chosen:
            text = f"null of {key}, which every configuration has, is taken for a choice"
            notes.append(Note("assumed", text, sum(value is None for value in values)))
        if column.fault:
            notes.append(Note("flagged", _FAULTS[column.fault].format(key), column.changed))
        if column.hyperparameter is not None:
            hyperparameters.append(column.hyperparameter)
        for config_id, value in zip(ids_of[key], column.values, strict=True):
            if value is not None or chosen:
                kept[config_id][key] = value
    space = ConfigurationSpace(name=name)
    space.add(hyperparameters)  # at once: each call sorts and checks the whole space
    return Inferred(space, kept, tuple(notes))


def infer_column(name: str, values: Sequence[Any]) -> Column:
    """Smallest domain that holds `values`, shape (n,), and the values in it; None stands for no value.

    Floats and integers become ranges, text, truth values and scalars of several types become choices, a single value a
    constant; lists and objects become JSON text.
    """
    plain = [value.item() if isinstance(value, np.generic) or _is_scalar(value) else value for value in values]
    finite = [None if isinstance(value, float) and not math.isfinite(value) else value for value in plain]
    lost = sum(value is None for value in finite) - sum(value is None for value in plain)
    kinds = _types(finite)
    if not kinds:
        return Column(None, finite, "not finite" if lost else "empty", lost)
    if kinds == {int, float}:
        finite = [None if value is None else float(value) for value in finite] if _fit_floats(finite) else finite
        kinds = _types(finite)
    if kinds <= {int, float} and len(kinds) == 1 and _fit_long(finite):
        return Column(_number(name, finite), finite, "not finite" if lost else None, lost)
    if kinds <= {str, bool, int, float} and _distinct(finite) and _fit_long(finite) and _fit_numpy(finite):
        return Column(choice(name, finite), finite, "not finite" if lost else None, lost)
    texts = [None if value is None else json_or_text(value) for value in finite]
    return Column(choice(name, texts), texts, "json", lost)


def _types(values: Iterable[Any]) -> set[type[Any]]:
    """Of the values that are not None."""
    return {type(value) for value in values if value is not None}


def _is_scalar(value: Any) -> bool:
    """Whether it is one of NumPy's arrays that hold one value and have no axis."""
    return isinstance(value, np.ndarray) and value.ndim == 0


def choice(name: str, values: Iterable[Any]) -> Hyperparameter[Any, Any]:
    """Categorical over the distinct `values` in ascending order, without None; constant if there is one only."""
    from ConfigSpace.hyperparameters import CategoricalHyperparameter, Constant

    distinct = {value for value in values if value is not None}
    ordered = sorted(distinct, key=lambda value: (type(value).__name__, value))
    return Constant(name, ordered[0]) if len(ordered) == 1 else CategoricalHyperparameter(name, ordered)


def _null_is_chosen(values: Sequence[Any]) -> bool:
    """Whether null stands among texts and truth values, so that it is one of the choices."""
    kinds: set[type[Any]] = {type(value) for value in values}
    return type(None) in kinds and kinds <= {str, bool, type(None)} and len(kinds) > 1 and _fit_numpy(values)


def _with_null(name: str, values: Sequence[Any]) -> Hyperparameter[Any, Any]:
    from ConfigSpace.hyperparameters import CategoricalHyperparameter

    ordered = sorted({value for value in values if value is not None}, key=lambda value: (type(value).__name__, value))
    return CategoricalHyperparameter(name, [*ordered, None])


def _number(name: str, values: Iterable[Any]) -> Hyperparameter[Any, Any]:
    from ConfigSpace.hyperparameters import UniformFloatHyperparameter, UniformIntegerHyperparameter

    present = [value for value in values if value is not None]
    lower, upper = min(present), max(present)
    if lower != upper and math.isfinite(float(upper) - float(lower)) and upper - lower <= _LONG_MAX:
        try:
            if isinstance(lower, int):
                return UniformIntegerHyperparameter(name, lower, upper)
            if upper - lower > _NARROW:
                made = UniformFloatHyperparameter(name, lower, upper)
                within = made.lower <= lower and upper <= made.upper
                return made if within else UniformFloatHyperparameter(name, lower - _PLACES, upper + _PLACES)
        except (ValueError, ArithmeticError):  # a range too narrow to be divided, or up to the last integer of 64 bits
            pass
    return choice(name, present)


def _fit_long(values: Iterable[Any]) -> bool:
    return all(abs(value) <= _LONG_MAX for value in values if isinstance(value, int))


def _fit_numpy(values: Iterable[Any]) -> bool:
    """Whether no text ends with a zero character, which numpy, and so ConfigSpace, takes off."""
    return not any(value.endswith("\0") for value in values if isinstance(value, str))


def _fit_floats(values: Iterable[Any]) -> bool:
    """Whether every integer has an equal float."""
    return all(abs(value) <= 2**53 for value in values if isinstance(value, int))


def _distinct(values: Sequence[Any]) -> bool:
    """Whether values of different types are never equal, as 1 and true are."""
    present: set[tuple[type[Any], Any]] = {(type(value), value) for value in values if value is not None}
    return len({value for _, value in present}) == len(present)
