"""Summaries over runs as weights of their order statistics: mean, median, quantiles, interquartile mean.

A bootstrap resample of n values takes the i-th smallest c_i times, with c multinomial. So a summary of the resample is
again a weighted sum of the n order statistics, with weights that depend on c alone, and the resampled summaries at all
points of a curve are one matrix product of the sorted values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...errors import EncaveError
from ...run.types import Floats
from . import bootstrap


@dataclass(frozen=True)
class Statistic:
    """A summary over runs."""

    name: str
    """`mean`, `median`, `iqm` (interquartile mean) or `q` and a share between 0 and 1, such as `q0.9`."""

    def __post_init__(self) -> None:
        if self.name not in _TITLES and not 0 <= self._share <= 1:
            raise EncaveError(f"no statistic {self.name!r}: choose mean, median, iqm, or a quantile such as q0.9")

    @property
    def title(self) -> str:
        """Its name in a sentence."""
        return _TITLES.get(self.name) or f"{self._share:g} quantile"

    @property
    def share(self) -> float | None:
        """Of a quantile, which one; None for means."""
        return None if self.name in ("mean", "iqm") else self._share

    @property
    def _share(self) -> float:
        if self.name == "median":
            return 0.5
        try:
            return float(self.name.removeprefix("q")) if self.name.startswith("q") else np.nan
        except ValueError:
            return np.nan

    def weights(self, n: int) -> Floats:
        """Weight of each of n order statistics, ascending, shape (n,), sum 1.

        The interquartile mean leaves out a quarter of the values, rounded down, at each end (rliable; Agarwal et al.,
        NeurIPS 2021, section 4.3); quantiles are linear between order statistics (Hyndman and Fan 1996, type 7).
        """
        weights = np.zeros(n)
        if self.name == "mean":
            weights[:] = 1 / n
        elif self.name == "iqm":
            weights[n // 4 : n - n // 4] = 1 / (n - 2 * (n // 4))
        else:
            place = self._share * (n - 1)
            below = int(place)
            weights[below] = 1 - (place - below)
            if below + 1 < n:
                weights[below + 1] = place - below
        return weights

    def of(self, values: Floats) -> Floats:
        """The statistic over the first axis of `values`, shape (n, m): shape (m,); NaN is worse than infinity."""
        if self.name == "mean":
            return values.mean(axis=0)
        return _weighted(np.sort(values, axis=0), self.weights(len(values))[None])[:, 0]

    def resampled(self, values: Floats, shift: int = 0) -> Floats:
        """The statistic of each bootstrap resample of the runs: `values` of shape (n, m) give shape (m, RESAMPLES).

        Where a resample of runs would have other weights than one of ranks, which is so between points, each point has
        the right distribution by itself.
        """
        if self.name == "mean":
            return values.T @ bootstrap.weights(len(values), shift).T
        return _weighted(np.sort(values, axis=0), _resampled_weights(self, len(values), shift))


_TITLES = {"mean": "mean", "median": "median", "iqm": "interquartile mean"}
MEAN = Statistic("mean")


@lru_cache(maxsize=64)
def _resampled_weights(statistic: Statistic, n: int, shift: int) -> Floats:
    """Weights of the n order statistics in each resample, shape (RESAMPLES, n)."""
    counts = np.rint(bootstrap.weights(n, shift) * n).astype(np.int64)
    before = np.concatenate(([0.0], np.cumsum(statistic.weights(n))))
    taken = np.concatenate((np.zeros((len(counts), 1), dtype=np.int64), np.cumsum(counts, axis=1)), axis=1)
    weights = np.diff(before[taken], axis=1)
    weights.flags.writeable = False
    return weights


def _weighted(ordered: Floats, weights: Floats) -> Floats:
    """Weighted sums of the order statistics, shape (m, b); infinite where an infinite one has a weight."""
    finite = np.isfinite(ordered)
    if finite.all():
        return ordered.T @ weights.T
    sums = np.where(finite, ordered, 0.0).T @ weights.T
    beyond = ((~finite).astype(float).T @ (weights > 0).astype(float).T) > 0
    return np.where(beyond, np.inf, sums)
