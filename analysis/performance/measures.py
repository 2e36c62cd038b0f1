"""Summary measures of anytime performance of one run, as COCO and IOHprofiler define them.

All take step functions as `positions` (ascending, where the value changes) and `values`, less is better; before the
first position there is no value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ...run.types import Floats
from ..grouping.measure import Measure
from .anytime import AnyTrajectory


def target_ecdf(times: ArrayLike, grid: ArrayLike) -> Floats:
    """Share of (run, target) pairs that were hit by each point of `grid`, shape (m,).

    The empirical cumulative distribution of runtimes aggregated over targets (IOHprofiler; Wang et al., "IOHanalyzer",
    ACM TELO 2, 2022). COCO's is the same without its simulated restarts.

    Args:
        times: Times to targets, infinite where not hit, any shape.
        grid: Points, shape (m,).
    """
    ordered = np.sort(np.ravel(np.asarray(times, dtype=float)))
    return np.searchsorted(ordered, np.asarray(grid, dtype=float), side="right") / len(ordered)


def area_over_curve(
    positions: Floats,
    values: Floats,
    horizon: float,
    bounds: tuple[float, float],
    *,
    scale: Literal["linear", "log"] = "linear",
) -> float:
    r"""Normalised area over the convergence curve from 0 to `horizon`, from 0 (never below the upper bound) to 1.

    $AOCC = \frac1T \int_0^T 1 - \frac{\min(\max(y(t), l), u) - l}{u - l}\,dt$ with y, l and u in base-10 logarithms on
    the log scale: IOHprofiler's AOCC with the sum over evaluations as an integral, so that time can be the axis (van
    Stein and Bäck, "LLaMEA", IEEE TEVC 2025). It is the area under the ECDF of infinitely many targets between the
    bounds (López-Ibáñez, Vermetten, Dreo and Doerr, IEEE TEVC 2025). Before the first value the integrand is 0.

    Args:
        positions: Where the value changes, ascending, shape (k,).
        values: The value from each position on, shape (k,).
        horizon: T; later changes do not count.
        bounds: Lower and upper bound l, u.
        scale: Whether values and bounds are taken in logarithms; bounds are then positive.
    """
    inside = positions < horizon
    lower, upper = bounds
    clipped = np.clip(values[inside], lower, upper)
    if scale == "log":
        lower, upper, clipped = math.log10(lower), math.log10(upper), np.log10(clipped)
    lasted = np.diff(np.append(positions[inside], horizon))
    return float((lasted * (upper - clipped)).sum() / (upper - lower) / horizon)


Hits: TypeAlias = Literal["held", "first"]
"""`held`: a target is hit once the run stays at or below it to its end. `first`: at the first passage."""


def held(values: Floats) -> Floats:
    """The worst value from each step to the last, shape (k,) as `values`: below it the run stays from there on."""
    return np.maximum.accumulate(values[::-1])[::-1]


def hitting_times(
    runs: Sequence[AnyTrajectory], measure: Measure, targets: Sequence[float], hits: Hits = "held"
) -> Floats:
    """When the incumbent of each run hit each target, shape (runs, targets); infinite if never.

    The first passage is the runtime of COCO (Hansen et al., "COCO: a platform for comparing continuous optimizers in a
    black-box setting", Optimization Methods and Software 36, 2021) and the first hitting time of IOHprofiler. Both are
    the same where what is reported never rises, as it does not if it is what the optimizer minimises on one budget.

    Targets are in the reported measure; for one where more is better they are reached from below.
    """
    sign = 1.0 if measure.lower_is_better else -1.0
    wanted = sign * np.asarray(targets, dtype=float)
    times = np.full((len(runs), len(wanted)), np.inf)
    for row, run in enumerate(runs):
        values = np.nan_to_num(sign * run.reported(measure), nan=np.inf)
        best = np.minimum.accumulate(values) if hits == "first" else held(values)
        place = np.searchsorted(-best, -wanted)
        times[row] = np.append(run.positions, np.inf)[place]
    return times
