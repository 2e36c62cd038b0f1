"""Configurations of several runs as points between which distances make sense."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import EncaveError
from ...run import Run
from ...run.configurations import choices, holds_json
from ...run.types import Floats, Ints
from ..importance.space import unit_values


@dataclass(frozen=True)
class _Values:
    """A hyperparameter whose values have no order."""

    name: str
    values: tuple[str, ...]

    def of(self, column: pa.Array) -> Floats:
        """A column for each value, shape (n, values); all zero where it is inactive."""
        codes = pc.fill_null(pc.index_in(column.cast(pa.string()), pa.array(self.values)), -1).to_numpy()
        return (codes[:, None] == np.arange(len(self.values))) / np.sqrt(2)


@dataclass(frozen=True)
class _Number:
    """A hyperparameter whose values have an order: a number, or the rank of an ordinal value."""

    name: str
    scale: tuple[float, float, bool]
    ranked: tuple[str, ...] = ()

    def of(self, column: pa.Array) -> Floats:
        """The value as 0 … 1, shape (n, 1); the middle where it is inactive."""
        plain = pc.index_in(column.cast(pa.string()), pa.array(self.ranked)) if self.ranked else column
        low, high, _ = self.scale
        numbers = plain.cast(pa.float64(), safe=False).fill_null((low + high) / 2)  # a huge integer may round
        return unit_values(numbers.to_numpy(), self.scale)[:, None]


@dataclass(frozen=True)
class Features:
    """How configurations become points."""

    parts: tuple[_Values | _Number, ...]
    """One for each hyperparameter."""

    def of(self, run: Run, rows: Ints) -> Floats:
        """Points of some configurations, by their rows in the run's table, shape (n, f)."""
        found: list[Floats] = []
        for part in self.parts:
            column = run.configurations[part.name].combine_chunks().take(pa.array(rows))
            found += [part.of(column), np.asarray(column.is_null())[:, None] / np.sqrt(2)]
        return np.concatenate(found, axis=1)


def shared_features(runs: Sequence[Run]) -> Features:
    r"""How the configurations of these runs become points.

    The squared distance of two points is the number of nominal hyperparameters in which they differ plus
    $\sum (u_i - v_i)^2$ over the others, scaled to 0 … 1 by the widest bounds of the runs (logarithmic ones in their
    logarithm, ordinal values by rank). Inactive choices differ from others by one, inactive numbers by one half and the
    square of the other's distance from the middle.

    Raises:
        EncaveError: there are no runs, they have no hyperparameters, or these differ in name or kind.
    """
    if not runs:
        raise EncaveError("no run has a trial")
    spaces = [dict(run.space.items()) for run in runs]
    if any(set(space) != set(spaces[0]) for space in spaces):
        raise EncaveError("the runs have different hyperparameters")
    if not spaces[0]:
        raise EncaveError("the logs tell of no hyperparameters")
    return Features(tuple(_part(name, [space[name] for space in spaces], runs) for name in spaces[0]))


def _part(name: str, kinds: Sequence[Any], runs: Sequence[Run]) -> _Values | _Number:
    known = [choices(one) for one in kinds]
    columns = [run.configurations[name] for run in runs]
    if all(values is None for values in known):
        return _Number(name, _bounds(kinds, columns))
    if any(values is None for values in known):
        raise EncaveError(f"{name} is a choice in some runs and a number in others")
    spelled = [_spelled(one, values or ()) for one, values in zip(kinds, known, strict=True)]
    if all(one == spelled[0] and hasattr(kind, "sequence") for one, kind in zip(spelled, kinds, strict=True)):
        return _Number(name, (0.0, float(max(1, len(spelled[0]) - 1)), False), spelled[0])
    return _Values(name, tuple(dict.fromkeys(value for one in spelled for value in one)))


def _spelled(kind: Any, values: Sequence[Any]) -> tuple[str, ...]:
    """Values as they stand in the column, as text."""
    if holds_json(kind):
        return tuple(json.dumps(value) for value in values)
    return tuple(pa.array(list(values)).cast(pa.string()).to_pylist())


def _bounds(kinds: Sequence[Any], columns: Sequence[pa.ChunkedArray]) -> tuple[float, float, bool]:
    """The widest bounds, those of the values where a space has none, and whether all are logarithmic."""
    ends: list[tuple[float, float]] = []
    for kind, column in zip(kinds, columns, strict=True):
        seen = pc.min_max(column).as_py()
        given = [getattr(kind, end, None) for end in ("lower", "upper")]
        low, high = (
            float(bound) if bound is not None and np.isfinite(bound) else float(seen[end] or 0)
            for bound, end in zip(given, ("min", "max"), strict=True)
        )
        ends.append((low, high))
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    return low, high, low > 0 and all(getattr(kind, "log", False) for kind in kinds)
