"""How much the average ranks over tasks depend on which tasks there are: tasks resampled, and left out one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..statistics import bootstrap
from ..statistics.tests import Floats

FEWEST = 3
"""Tasks below which nothing is resampled."""


@dataclass(frozen=True)
class RankRobustness:
    """One optimizer."""

    optimizer: str
    """Label."""
    rank: float
    """Average rank of medians over the tasks."""
    lower: float
    """Lower end of the 95 % percentile interval of it, tasks resampled."""
    upper: float
    """Upper end."""
    first: float
    """Share of resamples in which its average rank is the best; ties share."""
    best_without: int
    """Of how many tasks any one can be left out with its average rank still the best, ties included."""


def rank_robustness(labels: Sequence[str], task_ranks: Sequence[Sequence[float]]) -> tuple[RankRobustness, ...]:
    """Resample tasks; empty with fewer than `FEWEST` of them.

    Args:
        labels: The k optimizers.
        task_ranks: The rank of each on each of m tasks, shape (k, m).
    """
    ranks = np.array(task_ranks, dtype=float)
    tasks = ranks.shape[1]
    if tasks < FEWEST:
        return ()
    drawn = bootstrap.resampled_means(ranks.T)
    lower, upper = bootstrap.interval(drawn)
    first = _leading(drawn)
    first = (first / first.sum(axis=0)).mean(axis=1)
    without = (ranks.sum(axis=1, keepdims=True) - ranks) / (tasks - 1)
    best = _leading(without).sum(axis=1)
    return tuple(
        RankRobustness(
            *(label, float(ranks[k].mean()), float(lower[k]), float(upper[k])), float(first[k]), int(best[k])
        )
        for k, label in enumerate(labels)
    )


def _leading(means: Floats) -> Floats:
    """1 where a row has the least of its column, shape as given; sums of other weights may differ by rounding."""
    return (means <= means.min(axis=0) + 1e-9).astype(float)
