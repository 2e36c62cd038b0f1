"""How large a difference is: effect sizes between samples of runs, each with an interval.

Everywhere less is better and NaN (a run without a result) is worse than any number and ties with NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...run.types import Floats
from . import bootstrap, intervals
from .contraction import contract
from .intervals import Interval
from .tests import differences, filled


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    """The estimate."""
    lower: float
    """Lower end of the interval; NaN where there is none, as with fewer than two runs."""
    upper: float
    """Upper end."""

    def turned(self) -> Estimate:
        """The probability of the opposite."""
        return Estimate(1 - self.value, 1 - self.upper, 1 - self.lower)


class WinTieLoss(NamedTuple):
    """Counts of comparisons."""

    wins: int
    """The first is better."""
    ties: int
    """Equal."""
    losses: int
    """The second is better."""


def beats(a: Floats, b: Floats) -> Floats:
    """1 where a run of `a` (n,) is better than one of `b` (m,), 0.5 where they are equal, shape (n, m)."""
    ours, theirs = filled(a)[:, None], filled(b)
    return (ours < theirs) + 0.5 * (ours == theirs)


def a12(a: Floats, b: Floats) -> float:
    """Probability that a run of `a` is better than one of `b`, ties counted half.

    The stochastic superiority of Vargha and Delaney, Journal of Educational and Behavioral Statistics 25, 2000,
    equation 1; the Mann-Whitney U of `a` divided by n m.
    """
    return float(beats(a, b).mean())


def magnitude(a12_value: float) -> str:
    """`negligible`, `small`, `medium` or `large`: the bounds 0.56, 0.64, 0.71 of Vargha and Delaney (2000)."""
    distance = abs(a12_value - 0.5) + 1e-12  # 0.56 itself counts as small
    names = ((0.21, "large"), (0.14, "medium"), (0.06, "small"))
    return next((name for bound, name in names if distance >= bound), "negligible")


def magnitudes(estimate: Estimate, *, differ: bool = False) -> str:
    """What the interval of a probability of improvement says of its size: `small to large`, `large`, or `unclear`.

    It is unclear where the interval has one half in it, unless a test says that the two `differ`; empty where there is
    no interval.
    """
    if np.isnan(estimate.lower):
        return ""
    if estimate.lower <= 0.5 <= estimate.upper and not differ:
        return "unclear"
    near, far = sorted((estimate.lower, estimate.upper), key=lambda end: abs(end - 0.5))
    names = dict.fromkeys((magnitude(near), magnitude(far)))
    return " to ".join(names)


def probability_of_improvement(
    a: Sequence[Floats], b: Sequence[Floats], interval: Interval = "t", *, shared: bool = False
) -> Estimate:
    r"""Probability that `a` is better than `b` on a task drawn at random: the mean over tasks of A12.

    (Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS 2021, section 4.3;
    on one task it is A12 itself.) The interval is Newcombe's (`intervals.of_probability`), over tasks put together by
    the distances $d_j$ of each task's ends from its estimate, $\frac1m \sqrt{\sum_{jk} r_{jk} d_j d_k}$ (G. Zou and
    A. Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 27, 2008), where
    $r_{jk}$ is 0 between tasks whose runs have nothing in common, else the correlation when seeds are resampled as
    clusters. `bootstrap` is the stratified percentile bootstrap, or that of clusters.

    Args:
        a: Values of the runs on each task.
        b: The same of the other optimizer, tasks in the same order.
        interval: Which interval.
        shared: Whether the runs of all tasks have the same seeds in the same order.
    """
    tables = [beats(ours, theirs) for ours, theirs in zip(a, b, strict=True)]
    each = np.array([table.mean() for table in tables])
    value = float(each.mean())
    if min(min(table.shape) for table in tables) < 2:
        return Estimate(value, float("nan"), float("nan"))
    if interval == "bootstrap":
        lower, upper = bootstrap.interval(_resampled(tables, shared=shared).mean(axis=0)[None])
        return Estimate(value, float(lower[0]), float(upper[0]))
    ends = np.array([intervals.of_probability(one, *table.shape) for one, table in zip(each, tables, strict=True)])
    related = _correlation(_resampled(tables, shared=shared)) if shared else np.eye(len(tables))
    below, above = (np.sqrt(gap @ related @ gap) / len(tables) for gap in np.abs(ends.T - each))
    return Estimate(value, float(value - below), float(value + above))


def _correlation(drawn: Floats) -> Floats:
    """Correlation of the rows of `drawn`, shape (tasks, resamples), at least 0; 1 where a row does not vary."""
    varies = drawn.std(axis=1) > 0
    related = np.ones((len(drawn), len(drawn)))
    if varies.sum() > 1:
        related[np.ix_(varies, varies)] = np.maximum(np.corrcoef(drawn[varies]), 0.0)
    return related


def _resampled(tables: Sequence[Floats], *, shared: bool) -> Floats:
    """Means of tables of `beats` in each resample, shape (tasks, resamples)."""
    return np.array([_resampled_one(table, 0 if shared else 2 * task) for task, table in enumerate(tables)])


def _resampled_one(table: Floats, shift: int) -> Floats:
    n, m = table.shape
    # of shifted draws, or samples of equal size would be resampled in step
    ours, theirs = bootstrap.weights(n, shift), bootstrap.weights(m, shift + 1)
    return contract("bj,bj->b", ours @ table, theirs)


def mean_gain(a: Floats, b: Floats, interval: Interval = "t") -> Estimate:
    """By how much the mean of `a` is better, `mean(b - a)` over pairs, shape (n,), with an interval over pairs.

    Pairs with a missing or infinite value are left out.
    """
    kept = np.isfinite(a) & np.isfinite(b)
    gain = b[kept] - a[kept]
    if len(gain) < 2:
        return Estimate(float(gain.mean()) if len(gain) else float("nan"), float("nan"), float("nan"))
    return Estimate(float(gain.mean()), *intervals.of_difference(b[kept], a[kept], paired=True, kind=interval))


def win_tie_loss(a: Floats, b: Floats) -> WinTieLoss:
    """How often the paired value of `a` is better, equal and worse."""
    gap = differences(a, b)
    return WinTieLoss(int((gap < 0).sum()), int((gap == 0).sum()), int((gap > 0).sum()))


@dataclass(frozen=True)
class Posterior:
    """Bayesian signed-rank test: probabilities that a new block favours one method or the other, or neither."""

    better: NDArray[np.float64]
    """P(first is better by more than the rope is the most probable of the three), shape (pairs,)."""
    equivalent: NDArray[np.float64]
    """P(a difference within the rope is), shape (pairs,)."""
    worse: NDArray[np.float64]
    """P(second is better is), shape (pairs,)."""


def bayesian_signed_rank(
    gaps: Floats, rope: float, *, samples: int = 2000, prior: float = 0.5, seed: int = 0
) -> Posterior:
    r"""Bayesian signed-rank test with a region of practical equivalence.

    For each pair of methods with differences $z_1 \dots z_n$ and the prior's pseudo-difference $z_0 = 0$:
    $(w_0, \dots, w_n) \sim Dirichlet(s, 1, \dots, 1)$,
    $\theta_{better} = \sum_{ij} w_i w_j [z_i + z_j < -2r]$, likewise above $2r$ and between; the result is how often
    each $\theta$ is the largest of the three (Benavoli, Corani, Demšar, Zaffalon, "Time for a change", JMLR 18, 2017,
    with s = 0.5). All pairs share one draw of the weights.

    Args:
        gaps: `differences(first, second)` over blocks for each pair, shape (n, pairs); finite.
        rope: Half-width r of the region, in the units of the differences.
        samples: Draws from the posterior; the Monte Carlo error of a probability is at most 0.5 / sqrt(samples).
        prior: Strength s of the prior.
        seed: Of the draw.
    """
    n, pairs = gaps.shape
    weights = np.random.default_rng(seed).dirichlet(np.concatenate(([prior], np.ones(n))), size=samples).T
    thetas = np.empty((3, pairs, samples))
    for pair in range(pairs):
        own = np.append(0.0, gaps[:, pair])
        order = np.argsort(own, kind="stable")
        own, drawn = own[order], weights[order]
        # in sorted order the partners j of i in a region are the first or the last few, so their weights are a sum
        upto = np.concatenate((np.zeros((1, samples)), drawn.cumsum(axis=0)))
        below = upto[np.searchsorted(own, -2 * rope - own, side="left")]
        above = upto[-1] - upto[np.searchsorted(own, 2 * rope - own, side="right")]
        thetas[0, pair] = contract("is,is->s", drawn, below)
        thetas[2, pair] = contract("is,is->s", drawn, above)
    thetas[1] = 1 - thetas[0] - thetas[2]
    shares = (thetas == thetas.max(axis=0)).astype(float)
    shares /= shares.sum(axis=0)  # equally likely ones share the draw
    better, equivalent, worse = shares.mean(axis=2)
    return Posterior(better, equivalent, worse)
