"""95 % confidence intervals over runs that hold what they promise also for few (docs/analysis.md has the coverage).

Of means Student's (of interquartile means Yuen's form of it), of quantiles order statistics, of the probability of
improvement Newcombe's score interval. The percentile bootstrap, which is too narrow for few runs, can be chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import numpy as np

from ...run.types import Floats
from . import bootstrap
from .bootstrap import LEVEL
from .order_statistics import MEAN, Statistic
from .scaling import scaled

Ends: TypeAlias = "tuple[Floats, Floats]"
Interval: TypeAlias = Literal["t", "bootstrap"]
"""`t`: as above. `bootstrap`: percentiles of resampled runs."""
INTERVALS: tuple[Interval, ...] = ("t", "bootstrap")

_TAIL = (1 - LEVEL) / 2
_WIDEST = 0.035  # tail of the first order statistic that still counts: five values span 93.75 % for a median
_Z = 1.959963984540054


def over_runs(values: Floats, statistic: Statistic = MEAN, kind: Interval = "t") -> Ends:
    """Interval of a statistic over runs, `values` of shape (n, m) with n of at least 2: both ends, each shape (m,).

    An end of a quantile is NaN where so few values have none, such as that of a median of fewer than five.
    """
    if kind == "bootstrap":
        return bootstrap.interval(statistic.resampled(values))
    share = statistic.share
    if share is not None:
        return _of_quantile(np.sort(values, axis=0), share)
    [values], power = scaled([values])
    lower, upper = _of_trimmed_mean(np.sort(values, axis=0), 0 if statistic == MEAN else len(values) // 4)
    return np.ldexp(lower, power), np.ldexp(upper, power)


def of_difference(a: Floats, b: Floats, *, paired: bool, kind: Interval = "t", pairs: int = 1) -> tuple[float, float]:
    """Interval of mean(a) - mean(b), shapes (n,) and (m,); NaN with fewer than two of either.

    Student's of the differences where runs are paired, else Welch's (Biometrika 34, 1947). Those of so many pairs hold
    all at once at 95 % (Bonferroni), so that the pair may have been picked by the same data.
    """
    level = 1 - (1 - LEVEL) / pairs
    if min(len(a), len(b)) < 2:
        return math.nan, math.nan
    if paired and kind == "t":
        lower, upper = of_sum([(a - b)[:, None]], level)
    elif paired:
        lower, upper = bootstrap.interval(bootstrap.resampled_means((a - b)[:, None]), level)
    elif kind == "t":
        lower, upper = of_sum([a[:, None], -b[:, None]], level)
    else:
        # the second sample's draw is shifted by one resample, so that equal sizes are not drawn in step
        drawn = bootstrap.resampled_means(a[:, None]) - np.roll(bootstrap.resampled_means(b[:, None]), 1, axis=1)
        lower, upper = bootstrap.interval(drawn, level)
    return float(lower[0]), float(upper[0])


def of_sum(samples: Sequence[Floats], level: float = LEVEL) -> Ends:
    """Interval of the sum of the means of independent samples, each of shape (n, m), by Welch and Satterthwaite."""
    samples, power = scaled(samples)
    parts = np.stack([one.var(axis=0, ddof=1) / len(one) for one in samples])
    freedom = np.array([len(one) - 1 for one in samples])[:, None]
    variance = parts.sum(axis=0)
    spread = (parts**2 / freedom).sum(axis=0)
    known = np.divide(variance**2, spread, out=np.ones_like(variance), where=spread > 0)
    half = _student(known, level) * np.sqrt(variance)
    centre = np.sum([one.mean(axis=0) for one in samples], axis=0)
    return np.ldexp(centre - half, power), np.ldexp(centre + half, power)


def of_mean_over_tasks(samples: Sequence[Floats], *, shared: bool) -> Ends:
    """Interval of the mean over tasks of the means over runs, each sample of shape (n, m).

    Args:
        samples: Values of the runs of each task, at least two each.
        shared: Whether the runs of all tasks have the same seeds in the same order: seeds are then clusters, of which
            each has one value, its mean over tasks.
    """
    if shared:
        return over_runs(np.mean(samples, axis=0))
    return of_sum([one / len(samples) for one in samples])


def of_draws(value: Floats, drawn: Floats, runs: int) -> Ends:
    """Interval of any statistic from its bootstrap draws: Student's, with the draws' standard deviation.

    That is too small by the square root of (n - 1) / n for a mean, which is put right.

    Args:
        value: The statistic, shape (m,).
        drawn: Its value in each resample, shape (m, RESAMPLES).
        runs: Fewest runs that were resampled, n, at least 2.
    """
    error = drawn.std(axis=1) * math.sqrt(runs / (runs - 1))
    half = _student(np.array([runs - 1.0])) * error
    return value - half, value + half


def of_probability(value: float, n: int, m: int) -> tuple[float, float]:
    r"""Interval of the probability of improvement of n runs over m, within 0 and 1, also where the estimate is 0 or 1.

    R. Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part 2",
    Statistics in Medicine 25, 2006, method 5: the values $\theta$ with $|\theta - \hat\theta| \le z \sqrt{V(\theta)}$,
    $V(\theta) = \frac{\theta (1 - \theta)}{n m} [1 + N \frac{1 - \theta}{2 - \theta} + N \frac{\theta}{1 + \theta}]$,
    $N = (n + m) / 2 - 1$. One half is inside where no rank test of so few runs can reject it.
    """
    more = (n + m) / 2 - 1

    def outside(theta: float) -> bool:
        inner = 1 + more * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return abs(theta - value) > _Z * math.sqrt(theta * (1 - theta) * inner / (n * m))

    lower, upper = _border(outside, value, 0.0), _border(outside, value, 1.0)
    if 2 / math.comb(n + m, n) > 1 - LEVEL:
        return min(lower, 0.5), max(upper, 0.5)
    return lower, upper


def _border(outside: Callable[[float], bool], inside: float, far: float) -> float:
    if inside == far:
        return far
    for _ in range(60):
        middle = (inside + far) / 2
        inside, far = (inside, middle) if outside(middle) else (middle, far)
    return inside


def _of_trimmed_mean(ordered: Floats, cut: int) -> Ends:
    """Student's interval of a mean without `cut` values at each end, with the winsorized variance (Yuen 1974)."""
    n = len(ordered)
    kept = n - 2 * cut
    with np.errstate(invalid="ignore"):  # infinite values: the ends are NaN
        clipped = np.clip(ordered, ordered[cut], ordered[n - 1 - cut])
        centre = ordered[cut : n - cut].mean(axis=0)
        error = np.sqrt(clipped.var(axis=0, ddof=1) * (n - 1) / (kept * (kept - 1)))
        half = _student(np.array([kept - 1.0])) * error
        return centre - half, centre + half


def _of_quantile(ordered: Floats, share: float) -> Ends:
    lower = _bound(ordered, share)
    upper = -_bound(-ordered[::-1], 1 - share)
    return lower, upper


def _bound(ordered: Floats, share: float) -> Floats:
    """Lower bound of a quantile between two order statistics, so that its tail is the one wanted.

    J. Nyblom, "Note on interpolated order statistics", Statistics & Probability Letters 14, 1992; for a median that is
    T. Hettmansperger and S. Sheather 1986.
    """
    from scipy.special import bdtr

    n = len(ordered)
    tails = bdtr(np.arange(n), n, share)  # P(the r-th value is above the quantile), for r = 1 … n
    r = int(np.searchsorted(tails, _TAIL, side="right"))
    if r == 0:
        return ordered[0] if tails[0] <= _WIDEST else np.full(ordered.shape[1], np.nan)
    if r == n:
        return ordered[-1]
    below, above = tails[r - 1], tails[r]
    step = 0.0
    if below < _TAIL:
        step = 1 / (1 + r * (1 - share) * (above - _TAIL) / ((n - r) * share * (_TAIL - below)))
    low, high = ordered[r - 1], ordered[r]
    finite = np.isfinite(low) & (step > 0)
    return np.where(finite, low + step * np.subtract(high, low, out=np.zeros_like(low), where=finite), low)


def _student(freedom: Floats, level: float = LEVEL) -> Floats:
    from scipy.special import stdtrit

    return stdtrit(freedom, (1 + level) / 2)
