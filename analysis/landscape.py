"""The landscape that an optimizer saw: budgets against each other, diversity, and the optima of a complete table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from ..errors import EncaveError
from ..run import Run
from ..space_columns import CONFIG_ID
from .importance_space import rows_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_PAIRS = 3
"""Configurations at both budgets below which no correlation is given."""


@dataclass(frozen=True, eq=False)
class BudgetCorrelation:
    """Whether configurations rank alike at different budgets."""

    budgets: tuple[float, ...]
    """The b budgets, ascending."""
    spearman: Floats
    """Spearman's rank correlation of the costs, shape (b, b), ties by mean rank; NaN where it is not defined: fewer
    than `FEWEST_PAIRS` configurations at both budgets, or all of them equal at one."""
    configurations: Ints
    """Configurations with a result at both budgets, shape (b, b)."""


@dataclass(frozen=True)
class Exploration:
    """How varied the configurations of a run are."""

    trials: int
    """Number of trials."""
    distinct: int
    """Number of different configurations, by their values."""
    duplicates: float
    """Share of trials whose configuration had been evaluated before at the same budget, 0 … 1; NaN without trials."""
    hamming: float
    """Mean over pairs of different configurations of the share of hyperparameters with another value, 0 … 1; NaN with
    fewer than two. Inactive is a value of its own."""


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


def budget_correlation(run: Run, objective: str | None = None) -> BudgetCorrelation:
    """Spearman's correlation of the costs between each two budgets, over configurations with a result at both.

    Repeated evaluations of a configuration at a budget are averaged; failed trials are left out.

    Raises:
        EncaveError: no such objective, or the run has fewer than two budgets.
    """
    budgets = run.budgets
    if len(budgets) < 2:
        has = f"only the budget {budgets[0]:g}" if budgets else "no budgets"
        raise EncaveError(f"run {run.name} has {has}, so there is nothing to correlate")
    cost, at, rows = run.cost(objective), run.column("budget").astype(np.float64), rows_of(run)
    table = np.full((len(budgets), run.configurations.num_rows), np.nan)
    for number, budget in enumerate(budgets):
        here = (at == budget) & np.isfinite(cost)
        times = np.bincount(rows[here], minlength=table.shape[1])
        sums = np.bincount(rows[here], cost[here], table.shape[1])
        np.divide(sums, times, out=table[number], where=times > 0)
    spearman = np.full((len(budgets),) * 2, np.nan)
    both = np.zeros(spearman.shape, dtype=np.int64)
    for i in range(len(budgets)):
        for j in range(i, len(budgets)):
            shared = ~np.isnan(table[i]) & ~np.isnan(table[j])
            both[i, j] = both[j, i] = shared.sum()
            spearman[i, j] = spearman[j, i] = _spearman(table[i, shared], table[j, shared])
    return BudgetCorrelation(budgets, spearman, both)


def exploration(run: Run) -> Exploration:
    """Duplicate share and diversity of a run."""
    names = [name for name in run.configurations.column_names if name != CONFIG_ID]
    codes = np.stack([_codes(run.configurations[name].combine_chunks()) for name in names], axis=1)
    distinct = np.unique(codes, axis=0, return_inverse=True)[1].reshape(-1)[rows_of(run)]
    budget = np.nan_to_num(run.column("budget").astype(np.float64), nan=-np.inf)
    seen = np.unique(np.stack((distinct, np.unique(budget, return_inverse=True)[1]), axis=1), axis=0)
    tried = np.unique(codes[rows_of(run)], axis=0)
    duplicates = 1 - len(seen) / len(run) if len(run) else float("nan")
    return Exploration(len(run), len(tried), duplicates, mean_hamming(tried))


def _codes(column: pa.Array) -> Ints:
    """A number for each different value, null being one, shape (n,)."""
    plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    return plain.dictionary_encode(null_encoding="encode").indices.to_numpy().astype(np.int64)


def mean_hamming(codes: Ints) -> float:
    """Mean over pairs of rows of the share of columns in which they differ; NaN with fewer than two rows.

    Counted by value and column, in time linear in the n rows: of n (n - 1) ordered pairs c (c - 1) agree in a value
    that occurs c times.
    """
    n = len(codes)
    if n < 2:
        return float("nan")
    agree = [(counts * (counts - 1)).sum() for counts in (np.bincount(column) for column in codes.T)]
    return float(1 - np.sum(agree) / (codes.shape[1] * n * (n - 1)))


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


def _spearman(a: Floats, b: Floats) -> float:
    if len(a) < FEWEST_PAIRS or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: Floats) -> Floats:
    """Ranks, ties by the mean, in n log n: a run can have ten thousand configurations."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
