"""Hyperparameters as columns of bins: how a run's configurations enter a forest or a table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import EncaveError
from ...run import Run
from ...run.configurations import CONFIG_ID, choices, holds_json
from ...run.types import Floats, Ints
from .conditions import Conditions, conditions_of

if TYPE_CHECKING:
    from ConfigSpace.hyperparameters import Hyperparameter


BINS = 32
"""Most bins of a numeric hyperparameter."""


@dataclass(frozen=True, eq=False)
class BinnedHyperparameter:
    """One hyperparameter cut into bins."""

    name: str
    """Its name."""
    nominal: bool
    """Whether the bins have no order."""
    weights: Floats
    """Probability of each bin under the space's uniform distribution, shape (bins,)."""
    values: tuple[Any, ...] | None
    """The value of each bin; None where a bin is an interval."""
    edges: Floats
    """Inner edges of intervals on the unit scale, shape (bins - 1,); empty where bins are values."""
    scale: tuple[float, float, bool]
    """Lower and upper bound and whether the scale is logarithmic, for intervals."""

    @property
    def bins(self) -> int:
        """Number of bins."""
        return self.weights.size

    @property
    def examples(self) -> tuple[Any, ...]:
        """A value in each bin: the value itself, or the middle of the interval."""
        if self.values is not None:
            return self.values
        ends = np.concatenate(([0.0], self.edges, [1.0]))
        middle, (lower, upper, logarithmic) = (ends[1:] + ends[:-1]) / 2, self.scale
        if logarithmic:
            return tuple((lower * (upper / lower) ** middle).tolist())
        return tuple((lower + middle * (upper - lower)).tolist())

    def code(self, value: Any) -> int:
        """Bin of a value.

        Raises:
            EncaveError: it is none of the values.
        """
        if self.values is None:
            middle = value + 0.5 if isinstance(value, int) else value
            unit = float(unit_values(np.array([middle], dtype=float), self.scale)[0])
            return int(np.searchsorted(self.edges, unit, side="right"))
        for number, known in enumerate(self.values):
            if known == value and type(known) is type(value):
                return number
        raise EncaveError(f"{self.name} = {value!r} is not one of {', '.join(map(repr, self.values))}")


@dataclass(frozen=True, eq=False)
class Encoded:
    """All configurations of a run as bins."""

    axes: tuple[BinnedHyperparameter, ...]
    """The d hyperparameters in the order of the space."""
    codes: Ints
    """Bin of each hyperparameter of each configuration, shape (configurations, d), in the order of the run's table."""
    imputed: int
    """Number of inactive or missing values that were replaced by the default."""
    default: Ints
    """Bin of each hyperparameter's default, shape (d,)."""
    conditions: Conditions
    """Which hyperparameters are active."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the hyperparameters."""
        return tuple(axis.name for axis in self.axes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Bins of each hyperparameter."""
        return tuple(axis.bins for axis in self.axes)

    @property
    def weights(self) -> tuple[Floats, ...]:
        """Probabilities of the bins of each hyperparameter."""
        return tuple(axis.weights for axis in self.axes)

    @property
    def nominal(self) -> tuple[bool, ...]:
        """Whether each hyperparameter is without order."""
        return tuple(axis.nominal for axis in self.axes)

    @property
    def finite(self) -> bool:
        """Whether every bin is one value, so that the grid of bins is the space."""
        return all(axis.values is not None for axis in self.axes)


def encode(run: Run) -> Encoded:
    """Cut every hyperparameter of the run's space into bins.

    A choice, an ordinal value and each value of an integer with at most `BINS` of them is a bin of its own. Other
    numbers get up to `BINS` intervals between the values that occur, on the scale of the hyperparameter (logarithmic if
    it is). Inactive hyperparameters take their default, as in Hutter, Hoos and Leyton-Brown's implementation.

    Raises:
        EncaveError: the run has no hyperparameters.
    """
    if not run.space:
        raise EncaveError(f"run {run.name}: its log tells of no hyperparameters")
    axes: list[BinnedHyperparameter] = []
    columns: list[Ints] = []
    imputed = 0
    default: list[int] = []
    for name, hyperparameter in run.space.items():
        column = run.configurations[name].combine_chunks()
        axis, codes = _discrete(name, hyperparameter, column) or _intervals(name, hyperparameter, column)
        standard: Any = getattr(hyperparameter, "default_value", None)
        default.append(axis.code(standard.item() if isinstance(standard, np.generic) else standard))
        if column.null_count:
            imputed += column.null_count
            codes = np.where(np.asarray(column.is_null()), default[-1], codes)
        axes.append(axis)
        columns.append(codes)
    bins = np.array(default, dtype=np.int64)
    conditions = conditions_of(run.space, [axis.examples for axis in axes], bins)
    return Encoded(tuple(axes), np.stack(columns, axis=1), imputed, bins, conditions)


def rows_of(run: Run) -> Ints:
    """Row in the table of configurations of each trial, shape (n,)."""
    ids: Ints = run.configurations[CONFIG_ID].to_numpy()
    tried: Ints = run.trials["config_id"].to_numpy()
    return np.searchsorted(ids, tried)


def _discrete(
    name: str, hyperparameter: Hyperparameter[Any, Any], column: pa.Array
) -> tuple[BinnedHyperparameter, Ints] | None:
    values, scale = choices(hyperparameter), (0.0, 1.0, False)
    weights = None
    if values is None:
        lower, upper = getattr(hyperparameter, "lower", None), getattr(hyperparameter, "upper", None)
        if not pa.types.is_integer(column.type) or lower is None or upper is None or upper - lower >= BINS:
            return None
        values = tuple(range(int(lower), int(upper) + 1))
        scale = _scale(hyperparameter, column)
        weights = np.diff(unit_values(np.arange(values[0], values[-1] + 2, dtype=np.float64), scale))
    known = [json.dumps(value) for value in values] if holds_json(hyperparameter) else list(values)
    plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    codes = pc.fill_null(pc.index_in(plain, value_set=pa.array(known, plain.type), skip_nulls=True), 0).to_numpy()
    if weights is None:
        weights = np.full(len(values), 1 / len(values))
    nominal = hasattr(hyperparameter, "choices")
    return BinnedHyperparameter(name, nominal, weights / weights.sum(), values, np.empty(0), scale), codes.astype(
        np.int64
    )


def _intervals(
    name: str, hyperparameter: Hyperparameter[Any, Any], column: pa.Array
) -> tuple[BinnedHyperparameter, Ints]:
    scale = _scale(hyperparameter, column)
    shift = 0.5 if pa.types.is_integer(column.type) else 0.0
    unit = unit_values(column.cast(pa.float64(), safe=False).fill_null(scale[0]).to_numpy() + shift, scale)
    there = np.unique(unit[~np.asarray(column.is_null())])
    edges = (there[1:] + there[:-1]) / 2
    if edges.size >= BINS:
        edges = edges[np.linspace(0, edges.size - 1, BINS - 1).round().astype(int)]
    edges = edges[(edges > 0) & (edges < 1)]
    weights = np.diff(np.concatenate(([0.0], edges, [1.0])))
    return BinnedHyperparameter(name, False, weights, None, edges, scale), np.searchsorted(edges, unit, side="right")


def _scale(hyperparameter: Hyperparameter[Any, Any], column: pa.Array) -> tuple[float, float, bool]:
    """Bounds of the unit scale; those of the values where the space has none.

    An integer i is the interval [i, i + 1), as in ConfigSpace's own sampling on a logarithmic scale.
    """
    lower, upper = getattr(hyperparameter, "lower", None), getattr(hyperparameter, "upper", None)
    seen = pc.min_max(column).as_py()
    low, high = (
        float(bound) if bound is not None and np.isfinite(bound) else float(seen[end] or 0)
        for bound, end in ((lower, "min"), (upper, "max"))
    )
    if pa.types.is_integer(column.type):
        high += 1
    return low, high, bool(getattr(hyperparameter, "log", False)) and low > 0


def unit_values(values: Floats, scale: tuple[float, float, bool]) -> Floats:
    """Values between lower and upper bound as 0 … 1, if the third says so in the logarithm; others at the ends."""
    lower, upper, logarithmic = scale
    if upper <= lower:
        return np.zeros_like(values)
    if logarithmic:
        values, lower, upper = np.log(np.maximum(values, lower)), float(np.log(lower)), float(np.log(upper))
    return np.clip((values - lower) / (upper - lower), 0.0, 1.0)
