"""NePS' configurations: what the names of hyperparameters tell of the space, and which of them is the fidelity.

From about release 0.14 on a hyperparameter is called `SAMPLING__Resolvable.lr::float__0.0001_1.0_True` (lower, upper,
log scale) and a fidelity `ENVIRONMENT__epochs`; the choices of a categorical are numbers. Before, names are plain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ....run import Note
from ...parts.inferred_space import infer
from ...parts.space import LogSpace, own_or_given
from ...reader import Options

if TYPE_CHECKING:
    from ConfigSpace.hyperparameters import Hyperparameter

_ENVIRONMENT = "ENVIRONMENT__"
_SAMPLED = re.compile(
    r"SAMPLING__(?:Resolvable\.)?(?P<name>.+)::(?P<kind>float|integer|categorical)__(?P<domain>[^:]+)"
)

Configuration = dict[str, Any]


def fidelity_of(configurations: Sequence[Configuration], rungs: Sequence[tuple[str, int] | None]) -> str | None:
    """Key of the hyperparameter that is the fidelity; None if there is none.

    Args:
        configurations: Of all trials, shape (n,).
        rungs: Base and rung of each trial's id, as in `3_1`, shape (n,); None where the id has none.
    """
    keys = dict.fromkeys(key for configuration in configurations for key in configuration)
    environment = [key for key in keys if key.startswith(_ENVIRONMENT)]
    if environment:
        return environment[0]
    ladder = [(rung, configuration) for rung, configuration in zip(rungs, configurations, strict=True) if rung]
    levels = {rung for (_, rung), _ in ladder}
    if len(levels) < 2:
        return None
    return next((key for key in keys if _climbs(key, ladder, levels)), None)


def _climbs(key: str, ladder: Sequence[tuple[tuple[str, int], Configuration]], levels: set[int]) -> bool:
    """Whether a hyperparameter has one number per rung, the higher the rung the greater."""
    values: dict[int, set[Any]] = {level: set() for level in levels}
    for (_, rung), configuration in ladder:
        value = configuration.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        values[rung].add(value)
    if any(len(seen) != 1 for seen in values.values()):
        return False
    ascending = [values[rung].pop() for rung in sorted(values)]
    return all(low < high for low, high in pairwise(ascending))


def plain_name(key: str) -> str:
    """`epochs` for `ENVIRONMENT__epochs`."""
    return key.removeprefix(_ENVIRONMENT)


def space_of(
    configurations: Mapping[int, Configuration], options: Options
) -> tuple[LogSpace, dict[int, Configuration]]:
    """The space and the configurations in it, with short names where the log's names tell the domains."""
    told = {key: _SAMPLED.fullmatch(key) for configuration in configurations.values() for key in configuration}
    short = {key: match["name"] if match else plain_name(key) for key, match in told.items()}
    if len(set(short.values())) < len(short):
        short = {key: key for key in short}
    named = {i: {short[key]: value for key, value in config.items()} for i, config in configurations.items()}
    space = _told(told, short)
    partial = any(len(configuration) < len(short) for configuration in named.values())
    own = None if space is None else LogSpace(space, partial, _notes(told, partial))
    found = own_or_given(lambda: own, options, partial=True)
    if found is not None:
        return found, named
    inferred = infer(named)
    return LogSpace(inferred.space, True, inferred.notes), inferred.configurations


def _told(keys: Mapping[str, re.Match[str] | None], short: Mapping[str, str]) -> Any:
    """The space that the names tell; None if one of them does not."""
    from ConfigSpace import ConfigurationSpace

    space = ConfigurationSpace()
    try:
        space.add([_hyperparameter(short[key], match) for key, match in keys.items() if match])
    except (ValueError, TypeError, ArithmeticError):  # no numbers, or a domain that ConfigSpace does not allow
        return None
    return space if len(space) == len(keys) and len(space) else None


def _hyperparameter(name: str, match: re.Match[str]) -> Hyperparameter[Any, Any]:
    from ConfigSpace.hyperparameters import (
        CategoricalHyperparameter,
        Constant,
        UniformFloatHyperparameter,
        UniformIntegerHyperparameter,
    )

    if match["kind"] == "categorical":
        count = int(match["domain"])
        return CategoricalHyperparameter(name, list(range(min(count, 10_000)))) if count > 1 else Constant(name, 0)
    lower, upper, log = match["domain"].split("_")[:3]
    if match["kind"] == "float":
        return UniformFloatHyperparameter(name, float(lower), float(upper), log=log == "True")
    return UniformIntegerHyperparameter(name, int(lower), int(upper), log=log == "True")


def _notes(keys: Mapping[str, re.Match[str] | None], partial: bool) -> tuple[Note, ...]:
    notes: list[Note] = [Note("derived", "the space is read from NePS' names of hyperparameters")]
    if any(match and match["kind"] == "categorical" for match in keys.values()):
        text = "choices are numbers: NePS keeps what they stand for in pipeline_space.pkl, which is not read"
        notes.append(Note("flagged", text))
    if partial:
        text = "not every configuration has every hyperparameter; the conditions, in pipeline_space.pkl, are not read"
        notes.append(Note("flagged", text))
    return tuple(notes)
