"""Exact functional analysis of variance of a complete table.

Every function on a finite grid is the sum of one component for each subset of its axes, the components orthogonal, so
its variance is the sum of theirs (Hoeffding 1948; Sobol 1993; for hyperparameters Hutter, Hoos and Leyton-Brown, "An
efficient approach for assessing hyperparameter importance", ICML 2014, section 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from ...errors import EncaveError
from ...run.types import Floats

Subset = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Variance of a table by subset of its d axes."""

    mean: float
    """Mean of the table."""
    parts: Floats
    """Variance of each component, shape (2,) * d: index 1 on the axes of the subset, else 0; 0 for the empty set."""

    @property
    def variance(self) -> float:
        """Variance of the table: the sum of the parts."""
        return float(self.parts.sum())

    @property
    def axes(self) -> int:
        """Number of axes."""
        return self.parts.ndim

    def part(self, subset: Iterable[int]) -> float:
        """Variance of the component of these axes."""
        chosen = set(subset)
        return float(self.parts[tuple(int(axis in chosen) for axis in range(self.axes))])

    def share(self, subset: Iterable[int]) -> float:
        """Fraction of the variance that is the component's; 0 where the table is constant."""
        variance = self.variance
        return self.part(subset) / variance if variance > 0 else 0.0

    def shares(self, subsets: Sequence[Subset] | None = None) -> Floats:
        """Fractions of the variance, shape (m,), of the given subsets (default: `subsets_of` all orders)."""
        wanted = subsets_of(self.axes) if subsets is None else subsets
        return np.array([self.share(subset) for subset in wanted])

    def total_share(self, axis: int) -> float:
        """Fraction of the variance in which the axis takes part, alone or with others (Homma and Saltelli 1996)."""
        variance = self.variance
        return float(np.take(self.parts, 1, axis=axis).sum() / variance) if variance > 0 else 0.0


def subsets_of(axes: int, order: int | None = None) -> tuple[Subset, ...]:
    """Non-empty subsets of `axes` axes up to a size (default: all), by size, then lexicographically."""
    return tuple(s for size in range(1, (order or axes) + 1) for s in combinations(range(axes), size))


def decompose(table: ArrayLike, weights: Sequence[ArrayLike] | None = None) -> Decomposition:
    """Variance of every component of a complete table, all 2^d in one pass.

    On each axis the table is expressed in an orthonormal basis whose first vector is constant. A coefficient that is
    not the first on the axes U and the first on all others belongs to the component of U, and its square is its
    variance. Equal to inclusion and exclusion over the variances of marginal means, without cancellation.

    Args:
        table: Value at each grid point, d axes.
        weights: Probability of each value of an axis, one array per axis; uniform by default.

    Raises:
        EncaveError: a value is missing or infinite, or the weights of an axis are not probabilities.
    """
    values = np.asarray(table, dtype=np.float64)
    if not np.isfinite(values).all():
        missing = int((~np.isfinite(values)).sum())
        raise EncaveError(f"the table is not complete: {missing} of {values.size} values are missing or infinite")
    mean, parts = _decompose_batch(values[None], _probabilities(values.shape, weights))
    return Decomposition(float(mean[0]), parts[0])


def decompose_batch(tables: Floats, weights: Sequence[ArrayLike] | None = None) -> Floats:
    """`Decomposition.parts` of t tables of one grid: shape (t, …) to (t, 2, …, 2).

    Raises:
        EncaveError: the weights of an axis are not probabilities.
    """
    return _decompose_batch(tables, _probabilities(tables.shape[1:], weights))[1]


def _probabilities(shape: Sequence[int], weights: Sequence[ArrayLike] | None) -> list[Floats]:
    if weights is None:
        return [np.full(size, 1.0 / size) for size in shape]
    given = [np.asarray(axis, dtype=np.float64) for axis in weights]
    if [axis.size for axis in given] != list(shape):
        raise EncaveError(f"weights for {[axis.size for axis in given]} values do not fit a table of shape {shape}")
    for number, axis in enumerate(given):
        if not (axis > 0).all() or abs(axis.sum() - 1) > 1e-9:
            raise EncaveError(f"the weights of axis {number} are not positive numbers that sum to 1")
    return given


def _decompose_batch(tables: Floats, weights: Sequence[Floats]) -> tuple[Floats, Floats]:
    mean = tables.reshape(len(tables), -1)
    for axis in weights:
        mean = axis @ mean.reshape(len(tables), axis.size, -1)
    # centred first, so that a large mean does not cost digits of a small variance
    coefficients = tables - mean.reshape(-1, *[1] * len(weights))
    for number, axis in enumerate(weights, start=1):
        rotated = np.tensordot(coefficients, np.sqrt(axis)[:, None] * _basis(axis), axes=(number, 0))
        coefficients = np.moveaxis(rotated, -1, number)
    parts = coefficients**2
    for number in range(1, parts.ndim):
        constant, rest = np.split(parts, [1], axis=number)
        parts = np.concatenate((constant, rest.sum(axis=number, keepdims=True)), axis=number)
    parts[(slice(None), *[0] * len(weights))] = 0.0
    parts[np.ptp(tables.reshape(len(tables), -1), axis=1) == 0] = 0.0  # what is left of a constant is rounding
    return mean.reshape(-1), parts


def _basis(weights: Floats) -> Floats:
    """Orthonormal columns, the first √weights: by QR of a matrix that begins with it."""
    start = np.eye(weights.size)
    start[:, 0] = np.sqrt(weights)
    return np.linalg.qr(start)[0]
