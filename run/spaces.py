"""A configuration space from the object that ConfigSpace writes, after a look at what making it would cost.

ConfigSpace takes time that grows with the square of an ordinal's values and of conditions, and doubles with each
hyperparameter that depends on the one before: a chain of twenty, in a file of a few kB, would take hours.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from .checks import is_list, is_object

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

_CONDITIONS = 1_000
_PARENTS = 200  # in one condition
_PATHS = 10_000  # by which one hyperparameter leads to another, or skips those between
_VALUES = 10_000  # of ordinals, as if all were one
_FORMAT = 0.4  # of ConfigSpace's objects
_SPACE = {"name", "hyperparameters", "conditions", "forbiddens", "python_module_version", "format_version"}
_RANGE = {"type", "name", "lower", "upper", "default_value", "log", "meta"}
_FIELDS = {
    **dict.fromkeys(("uniform_float", "uniform_int"), _RANGE),
    "categorical": {"type", "name", "choices", "weights", "default_value", "meta"},
    "constant": {"type", "name", "value", "meta"},
}
_LARGE, _APART = 2**31, 1e-8  # ConfigSpace rounds
_SHARED: WeakValueDictionary[str, ConfigurationSpace] = WeakValueDictionary()


def made_space(content: Any) -> ConfigurationSpace:
    """The space that an object stands for, which is left as it is.

    Raises:
        ValueError: making it would take very long.
        Exception: of many kinds, from ConfigSpace: it stands for none.
    """
    from ConfigSpace import ConfigurationSpace

    if is_object(content):
        _check_values(content)
        check_conditions([list(_parents(one)) for one in _objects(content.get("conditions"))])
    return ConfigurationSpace.from_serialized_dict(copy.deepcopy(content))


def shared_space(content: Mapping[str, Any]) -> ConfigurationSpace:
    """As `made_space`; of equal objects the same space, as long as something holds it.

    Raises:
        Exception: as of `made_space`.
    """
    text = json.dumps(content, sort_keys=True)
    space = _SHARED.get(text)
    if space is None:
        space = _SHARED[text] = made_space(content)
    return space


def is_sound(content: Mapping[str, Any]) -> bool:
    """Whether `made_space` makes a space for certain, found out without ConfigSpace, which takes long to load.

    It is of ranges, choices and constants as ConfigSpace writes them, of which none depends on another. False where
    only ConfigSpace can tell.
    """
    if set(content) != _SPACE or content["format_version"] != _FORMAT or not isinstance(content["name"], str | None):
        return False
    if not content["conditions"] == content["forbiddens"] == [] or not is_list(content["hyperparameters"]):
        return False
    described = content["hyperparameters"]
    sound = all(is_object(one) and _is_sound(one) for one in described)
    return sound and len({one["name"] for one in described}) == len(described)


def _is_sound(one: Mapping[str, Any]) -> bool:
    kind = str(one.get("type"))
    if set(one) != _FIELDS.get(kind) or one["meta"] is not None or not (_is_text(one["name"]) and one["name"]):
        return False
    if kind == "constant":
        return _is_text(one["value"]) or _is_small(one["value"])
    default = one["default_value"]
    if kind == "categorical":
        choices: Sequence[Any] = one["choices"] if is_list(one["choices"]) else ()
        distinct = {choice for choice in choices if _is_text(choice)}
        return len(distinct) == len(choices) and _is_text(default) and default in distinct and one["weights"] is None
    low, high = one["lower"], one["upper"]
    if not all(map(_is_small, (low, high, default))) or not isinstance(one["log"], bool):
        return False
    whole = all(isinstance(bound, int) for bound in (low, high, default)) or kind == "uniform_float"
    apart = high - low >= (1 if kind == "uniform_int" else _APART * max(1, abs(low), abs(high)))
    return whole and apart and low <= default <= high and (low >= 1 / _LARGE or not one["log"])


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_small(value: Any) -> bool:
    """Whether it is a number that no arithmetic of ConfigSpace takes beyond what numbers can be."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_LARGE <= value <= _LARGE


def _check_values(content: Mapping[str, Any]) -> None:
    told = [one.get("sequence") for one in _objects(content.get("hyperparameters"))]
    counts = [len(values) for values in told if is_list(values)]
    if sum(count**2 for count in counts) > _VALUES**2:
        raise ValueError(f"ordinals of {max(counts):,} values, more than {_VALUES:,} together")


def check_conditions(edges: Sequence[Sequence[tuple[str, str]]]) -> None:
    """Make sure that conditions can be added to a space.

    Args:
        edges: Of each condition the parent and the child of its parts.

    Raises:
        ValueError: it would take very long.
    """
    if (most := max(map(len, edges), default=0)) > _PARENTS:
        raise ValueError(f"a condition of {most:,} parts, more than {_PARENTS}")
    if (count := sum(map(len, edges))) > _CONDITIONS:
        raise ValueError(f"{count:,} conditions, more than {_CONDITIONS:,}")
    children: dict[str, set[str]] = {}
    for parent, child in (edge for each in edges for edge in each):
        children.setdefault(parent, set()).add(child)
    if (paths := _paths(children)) > _PATHS:
        raise ValueError(f"hyperparameters depend on each other by {paths:,} paths, more than {_PATHS:,}")


def _paths(children: Mapping[str, set[str]]) -> int:
    """Paths from those that depend on none, each of which may skip what lies between; 0 where some go in a circle."""
    missing = {name: len(below) for name, below in children.items()}
    parents: dict[str, list[str]] = {}
    for parent, below in children.items():
        for child in below:
            parents.setdefault(child, []).append(parent)
    ready = [child for child in parents if child not in children]
    reached: dict[str, set[str]] = {}
    paths: dict[str, int] = {}
    while ready:
        name = ready.pop()
        below = children.get(name, set[str]())
        reached[name] = below.union(*(reached[child] for child in below))
        paths[name] = 1 + sum(paths[child] for child in reached[name])
        for parent in parents.get(name, ()):
            missing[parent] -= 1
            if not missing[parent]:
                ready.append(parent)
    return sum(count for name, count in paths.items() if name not in parents)


def _parents(condition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Parent and child of each part of a condition."""
    pending = [condition]
    while pending:
        one = pending.pop()
        pending += _objects(one.get("conditions"))
        if "parent" in one:
            yield str(one["parent"]), str(one.get("child"))


def _objects(told: Any) -> list[Mapping[str, Any]]:
    return [one for one in told if is_object(one)] if is_list(told) else []
