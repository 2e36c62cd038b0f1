r"""A band of the differences from a control that holds everywhere at once: at every point, of every optimizer.

Where Student's interval holds at one point, the largest of many deviations is larger. How much is seen from draws of
all deviations together, $\sum_i \epsilon_i (v_i(t) - \bar v(t)) / \sqrt{n (n - 1)}$ with normal multipliers of runs,
$\epsilon_i$ (a multiplier bootstrap over seeds; the sup-t band of J. Montiel Olea and M. Plagborg-Møller, Journal of
Applied Econometrics 34, 2019): the level of each point is that at which 96.5 % of the draws stay inside everywhere, and
its quantile is then Student's, for few runs. With 95 % of the draws bands hold in too few studies, since far out the
tails of means of few, skewed values are heavier than Student's (docs/analysis.md has the coverage).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .bootstrap import LEVEL
from .scaling import scaled
from .tests import Floats

DRAWS = 4_000
INSIDE = 0.965
"""Share of the draws that stay inside everywhere, for bands that hold in 95 % of studies."""


@dataclass(frozen=True)
class Band:
    """The differences of one optimizer from the control."""

    value: Floats
    """mean(optimizer) - mean(control) at each point, shape (m,)."""
    lower: Floats
    """Lower end, shape (m,)."""
    upper: Floats
    """Upper end, shape (m,)."""


def differences(others: Sequence[Floats], control: Floats, *, paired: bool, seed: int = 0) -> tuple[Band, ...]:
    """Bands of the differences of the means of several optimizers from that of a control.

    Args:
        others: Values of the runs of each at the same m points, shape (n, m), finite, n of at least 2.
        control: The same of the control.
        paired: Whether the rows of all are of the same seeds; deviations are then of the differences.
        seed: Of the multipliers.
    """
    [control, *others], power = scaled([control, *others])
    rng = np.random.default_rng(seed)
    if paired:
        common = rng.standard_normal((DRAWS, len(control)))
        parts = [[(own - control, common)] for own in others]
    else:
        theirs = rng.standard_normal((DRAWS, len(control)))
        parts = [[(own, rng.standard_normal((DRAWS, len(own)))), (-control, theirs)] for own in others]
    errors = [np.sqrt(sum(_variance(values) for values, _ in each)) for each in parts]
    largest = np.zeros(DRAWS)
    for each, error in zip(parts, errors, strict=True):
        drawn = sum(
            multipliers @ ((values - values.mean(axis=0)) / math.sqrt(len(values) * (len(values) - 1)))
            for values, multipliers in each
        )
        deviation = np.divide(np.abs(drawn), error, out=np.zeros_like(drawn), where=error > 0)
        largest = np.maximum(largest, deviation.max(axis=1))
    tail = _tail(float(np.quantile(largest, INSIDE)))
    bands = [_band([values for values, _ in each], error, tail) for each, error in zip(parts, errors, strict=True)]
    return tuple(Band(*(np.ldexp(one, power) for one in (band.value, band.lower, band.upper))) for band in bands)


def _variance(values: Floats) -> Floats:
    """Of the mean, shape (m,)."""
    return values.var(axis=0, ddof=1) / len(values)


def _tail(quantile: float) -> float:
    """Upper tail of the level of each point; never above that of a single one."""
    from scipy.special import ndtr

    return min(float(ndtr(-quantile)), (1 - LEVEL) / 2)


def _band(samples: Sequence[Floats], error: Floats, tail: float) -> Band:
    """Student's with the degrees of freedom of Welch and Satterthwaite."""
    from scipy.special import stdtrit

    spread = sum(_variance(one) ** 2 / (len(one) - 1) for one in samples)
    fewest = float(min(map(len, samples)) - 1)
    freedom = np.divide(error**4, spread, out=np.full_like(error, fewest), where=spread > 0)
    half = stdtrit(freedom, 1 - tail) * error
    value = np.sum([one.mean(axis=0) for one in samples], axis=0)
    return Band(value, value - half, value + half)
