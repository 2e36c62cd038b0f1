"""Percentile bootstrap of means over runs, as one matrix product (Efron 1979; Efron & Tibshirani 1993, chapter 13)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
LEVEL = 0.95
_SEED = 0


@lru_cache(maxsize=64)
def weights(n: int, shift: int = 0) -> NDArray[np.float64]:
    """How often each of `n` runs is drawn in each resample, divided by `n`, shape (RESAMPLES, n); always the same draw.

    Groups of equal size share the draw, so that differences between optimizers of equal seeds are resampled in
    pairs. Another `shift` gives the same resamples in another order, for groups that are independent.
    """
    if shift:
        drawn = np.roll(weights(n), shift, axis=0)
        drawn.flags.writeable = False
        return drawn
    counts = np.random.default_rng(_SEED).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    drawn = counts / n
    drawn.flags.writeable = False
    return drawn


def resampled_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over runs in each resample: `values` of shape (n, m) give shape (m, RESAMPLES)."""
    return values.T @ weights(len(values)).T


def interval(means: NDArray[np.float64], level: float = LEVEL) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval at a level of resampled means, shape (m, RESAMPLES): lower and upper end, each shape (m,).

    Percentiles are interpolated linearly between order statistics (numpy's default, Hyndman & Fan type 7).
    """
    ordered = np.sort(means, axis=1)  # faster than numpy's selection of four order statistics
    tail = (1 - level) / 2
    return _percentile(ordered, tail), _percentile(ordered, 1 - tail)


def _percentile(ordered: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    position = share * (ordered.shape[1] - 1)
    below = int(position)
    above = min(below + 1, ordered.shape[1] - 1)
    low, high = ordered[:, below], ordered[:, above]
    step = np.subtract(high, low, out=np.zeros_like(low), where=low != high)  # two infinite ones are equal
    return low + (position - below) * step


def mean_interval(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of the mean over runs, `values` of shape (n, m); n must be at least 2."""
    return interval(resampled_means(values))
