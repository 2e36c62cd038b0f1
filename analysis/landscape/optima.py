"""The optima of a complete table: local optima, basins, fitness and distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...errors import EncaveError
from ...run.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class Landscape:
    """Local optima of a complete table under changes of one hyperparameter."""

    optima: Ints
    """Points that no neighbour is lower than, as flat indices, best first, shape (k,)."""
    values: Floats
    """Cost of each, shape (k,)."""
    basins: Ints
    """Points from which steepest descent ends in each, shape (k,); they sum to the size of the table."""
    plateaus: int
    """Number of the optima that have a neighbour of equal cost."""
    fitness_distance: float
    """Correlation of cost and distance to the nearest global optimum over all points; NaN for a constant table."""


def landscape(table: ArrayLike) -> Landscape:
    """Local optima, their basins and the fitness-distance correlation of a complete table (less is better).

    Neighbours differ in the value of one axis. Steepest descent goes to the lowest neighbour, the first of equals in
    the order of axes and values, until none is lower; a point of a plateau from which nothing is lower is an optimum of
    its own. Distance is the number of axes that differ (Jones and Forrest, "Fitness distance correlation as a measure
    of problem difficulty", ICGA 1995).

    Raises:
        EncaveError: a value is missing or infinite.
    """
    values = np.asarray(table, dtype=np.float64)
    if not np.isfinite(values).all():
        raise EncaveError(f"the table is not complete: {int((~np.isfinite(values)).sum())} values are missing")
    flat = values.reshape(-1)
    ends = _descend(_steepest(values))
    optima, basins = np.unique(ends, return_counts=True)
    order = np.lexsort((optima, flat[optima]))
    optima, basins = optima[order], basins[order]
    distance = _distance_to_best(values).reshape(-1)
    correlation = float(np.corrcoef(flat, distance)[0, 1]) if np.ptp(flat) > 0 else float("nan")
    return Landscape(optima, flat[optima], basins, int((_ties(values).reshape(-1)[optima] > 0).sum()), correlation)


@dataclass(frozen=True)
class Standing:
    """Where the final incumbents of r runs stand in a complete table."""

    runs: int
    """Number of runs."""
    optimal: int
    """Runs that end in a global optimum."""
    locally_optimal: int
    """Runs that end in a local optimum, global ones included."""
    distance: float
    """Mean number of hyperparameters that differ from the nearest global optimum."""
    gap: float
    """Mean cost above the optimum, in the unit of the table."""


def standing(table: ArrayLike, points: Ints) -> Standing:
    """Where points of a complete table stand.

    Args:
        table: Cost at every point of the grid, d axes.
        points: Bins of each run's incumbent, shape (r, d).
    """
    values = np.asarray(table, dtype=np.float64)
    found = landscape(values)
    flat = np.ravel_multi_index(tuple(points.T), values.shape)
    gaps = values.reshape(-1)[flat] - found.values[0]
    distance = _distance_to_best(values).reshape(-1)[flat]
    local = int(np.isin(flat, found.optima).sum())
    return Standing(len(points), int((gaps == 0).sum()), local, float(distance.mean()), float(gaps.mean()))


def _steepest(values: Floats) -> Ints:
    """Flat index of the lowest neighbour of each point, or of itself where none is lower, shape (points,)."""
    numbers = np.arange(values.size).reshape(values.shape)
    lowest, target = values.copy(), numbers.copy()
    for axis in range(values.ndim):
        at = np.argmin(values, axis=axis, keepdims=True)
        line = np.take_along_axis(values, at, axis=axis)
        better = line < lowest
        target = np.where(better, np.take_along_axis(numbers, at, axis=axis), target)
        lowest = np.where(better, line, lowest)
    return target.reshape(-1)


def _descend(target: Ints) -> Ints:
    """Where each point ends, by doubling the steps until nothing moves."""
    while not np.array_equal(further := target[target], target):
        target = further
    return target


def _ties(values: Floats) -> Ints:
    """Number of neighbours of equal cost of each point, shape of the table."""
    ties = np.zeros(values.shape, dtype=np.int64)
    for axis, size in enumerate(values.shape):
        for step in range(1, size):
            ties += values == np.roll(values, step, axis=axis)
    return ties


def _distance_to_best(values: Floats) -> Ints:
    """Number of axes in which each point differs from the nearest global optimum, shape of the table."""
    grid = np.indices(values.shape)
    distance = np.full(values.shape, values.ndim)
    for best in np.argwhere(values == values.min()):
        np.minimum(distance, sum(grid[axis] != at for axis, at in enumerate(best)), out=distance)
    return distance
