"""Incumbents of one run and of a group of runs, on arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def incumbents(costs: NDArray[np.float64], maximize: bool = False) -> NDArray[np.int64]:
    """Positions at which a value is strictly better than all before it.

    Args:
        costs: Values in the order of time, shape (n,); NaN never counts.
        maximize: Whether more is better.
    """
    minimised = np.where(np.isnan(costs), np.inf, -costs if maximize else costs)
    before = np.minimum.accumulate(np.concatenate(([np.inf], minimised)))[:-1]
    return np.flatnonzero(minimised < before)


def mean_of_steps(
    times: Sequence[Sequence[float]], costs: Sequence[Sequence[float]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation (of the population) of several step functions, at every time one of them changes.

    Each function holds its last value, so nothing is known before it happened. The mean begins where the last function
    begins; functions without any step are left out.

    Args:
        times: Ascending times of the changes of each function.
        costs: The values from these times on.

    Returns:
        Times, means and standard deviations, shape (m,) each.
    """
    steps = [
        (np.asarray(t, dtype=float), np.asarray(c, dtype=float)) for t, c in zip(times, costs, strict=True) if len(t)
    ]
    if not steps:
        return np.empty(0), np.empty(0), np.empty(0)
    grid = np.unique(np.concatenate([t for t, _ in steps]))
    grid = grid[grid >= max(t[0] for t, _ in steps)]
    values = np.stack([c[np.searchsorted(t, grid, side="right") - 1] for t, c in steps])
    return grid, values.mean(axis=0), values.std(axis=0)
