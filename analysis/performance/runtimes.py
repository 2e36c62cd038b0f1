"""Runtimes to targets over the runs of each optimizer: expected running time, ECDF, area over the curve.

Positions are on whatever axis the trajectories are; a run that does not hit a target has spent its horizon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...run.types import Floats
from ..grouping.measure import Measure
from ..statistics import bootstrap
from ..statistics.effects import Estimate
from ..statistics.intervals import Interval, over_runs
from .anytime import AnyTrajectory
from .curves import thinned
from .measures import Hits, area_over_curve, held, hitting_times, target_ecdf

TARGETS = 51
"""Targets of the ECDF, as many as COCO has."""


@dataclass(frozen=True)
class Targets:
    """What is to be hit, in the reported measure."""

    values: Floats
    """From easy to hard, shape (k,)."""
    scale: Literal["linear", "log"]
    """How they are spaced, and how the area is taken."""
    bounds: tuple[float, float]
    """The hardest and the easiest target above zero, or of all: what the area is between; with the sign that makes less
    better."""


@dataclass(frozen=True)
class Runtime:
    """How soon the runs of one optimizer hit the targets."""

    optimizer: str
    """Label."""
    runs: int
    """Runs, those without an incumbent among them, which hit nothing."""
    times: Floats
    """When each run hit each target, infinite where it did not, shape (runs, k)."""
    spent: Floats
    """Where each run ended, shape (runs,)."""
    areas: Floats
    """Normalised area over the curve of each run, shape (runs,); NaN where there is none."""
    area: Estimate
    """Mean over runs of the normalised area over the curve, with its 95 % interval."""
    positions: Floats
    """Where the ECDF rises, ascending, shape (m,)."""
    share: Floats
    """Share of (run, target) pairs that were hit, from each position to the next, shape (m,)."""
    band: NDArray[np.int64]
    """Which positions carry a band, shape (b,); empty with one run."""
    lower: Floats
    """Lower end of the 95 % interval over runs, shape (b,)."""
    upper: Floats
    """Upper end."""

    def expected(self, target: int) -> Estimate:
        """Expected running time to a target, by its index, with its 95 % bootstrap interval over runs.

        Infinite if no run hit it, and the upper end is if more than a fortieth of the resamples hit it nowhere.
        """
        return expected_running_time(self.times[:, target], self.spent)

    def hits(self, target: int) -> int:
        """Runs that hit a target."""
        return int(np.isfinite(self.times[:, target]).sum())


def spaced_targets(
    trajectories: Sequence[AnyTrajectory], measure: Measure, count: int = TARGETS, hits: Hits = "held"
) -> Targets | None:
    """Targets from the worst first incumbent to the best value of any run; None where there is no incumbent.

    Values count that a run held to its end from somewhere on, or with first passages all that it had on the way.

    For a regret they are evenly spaced in its logarithm down to the smallest regret above zero, and zero is one more if
    a run reached it. For other measures they are evenly spaced. Equal ones count once.
    """
    sign = 1.0 if measure.lower_is_better else -1.0
    each = [sign * one.reported(measure) for one in trajectories if len(one.rows)]
    firsts = np.array([values[0] for values in each])
    seen = np.concatenate([*(each if hits == "first" else map(held, each)), np.empty(0)])
    seen, firsts = seen[np.isfinite(seen)], firsts[np.isfinite(firsts)]
    if not len(firsts) or not len(seen):
        return None
    easy, best = float(firsts.max()), float(seen.min())
    above = seen[(seen > 0) & (seen <= easy)]
    if measure.regret is None or best < 0 or not len(above):
        return Targets(sign * _different(np.linspace(easy, best, count)), "linear", (best, easy))
    hard = float(above.min())
    values = np.geomspace(easy, hard, count)
    values[0], values[-1] = easy, hard
    return Targets(_different(np.append(values, 0.0) if best == 0 else values), "log", (hard, easy))


def _different(values: Floats) -> Floats:
    return np.array(list(dict.fromkeys(values.tolist())))


def runtimes(
    trajectories: Mapping[str, Sequence[AnyTrajectory]],
    measure: Measure,
    targets: Targets,
    interval: Interval = "t",
    hits: Hits = "held",
) -> tuple[Runtime, ...]:
    """Runtimes of every optimizer; the area is up to where the first of all runs with an incumbent ends."""
    able = [one for members in trajectories.values() for one in members if len(one.rows)]
    stop = min((one.horizon for one in able), default=0.0)
    return tuple(
        _runtime(label, members, measure, targets, stop, interval, hits) for label, members in trajectories.items()
    )


def expected_running_time(times: Floats, spent: Floats) -> Estimate:
    r"""Expected running time of restarts until success, with its 95 % bootstrap interval over runs.

    $ERT = \frac{1}{\#hit} \left( \sum_{hit} t_k + \sum_{not\ hit} T_k \right)$ (Auger and Hansen, "Performance
    evaluation of an advanced local search evolutionary algorithm", CEC 2005; COCO's aRT, IOHprofiler's ERT); infinite
    if no run hit the target.

    Args:
        times: Time to the target of each run, infinite where it was not hit, shape (n,).
        spent: What each run had spent when it ended, shape (n,).
    """
    hit = np.isfinite(times)
    cost = np.where(hit, times, spent)
    weights = bootstrap.weights(len(times))
    drawn = _ratio(weights @ cost, weights @ hit.astype(float))
    value = float(_ratio(np.array([cost.sum()]), np.array([float(hit.sum())]))[0])
    if len(times) < 2:
        return Estimate(value, np.nan, np.nan)
    lower, upper = bootstrap.interval(drawn[None])
    return Estimate(value, float(lower[0]), float(upper[0]))


def _ratio(cost: Floats, hits: Floats) -> Floats:
    return np.divide(cost, hits, out=np.full(len(cost), np.inf), where=hits > 0)


def _runtime(
    label: str,
    members: Sequence[AnyTrajectory],
    measure: Measure,
    targets: Targets,
    stop: float,
    interval: Interval,
    hits: Hits,
) -> Runtime:
    times = hitting_times(members, measure, targets.values.tolist(), hits)
    positions = np.unique(times[np.isfinite(times)])
    band = thinned(positions) if len(members) > 1 and len(positions) else np.empty(0, dtype=np.int64)
    each = np.array([target_ecdf(own, positions[band]) for own in times])
    lower, upper = over_runs(each, kind=interval) if len(band) else (np.empty(0), np.empty(0))
    lower, upper = np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)
    areas = np.array([_area(one, measure, targets, stop) for one in members])
    return Runtime(
        optimizer=label,
        runs=len(members),
        times=times,
        spent=np.array([one.horizon for one in members]),
        areas=areas,
        area=_mean(areas, interval),
        positions=positions,
        share=target_ecdf(times, positions),
        band=band,
        lower=lower,
        upper=upper,
    )


def _area(one: AnyTrajectory, measure: Measure, targets: Targets, stop: float) -> float:
    low, high = targets.bounds
    if stop <= 0 or low == high:
        return float("nan")
    values = one.reported(measure) * (1.0 if measure.lower_is_better else -1.0)
    return area_over_curve(one.positions, values, stop, targets.bounds, scale=targets.scale)


def _mean(own: Floats, interval: Interval) -> Estimate:
    if len(own) < 2 or np.isnan(own).any():
        return Estimate(float(own.mean()), np.nan, np.nan)
    lower, upper = over_runs(own[:, None], kind=interval)
    return Estimate(float(own.mean()), max(float(lower[0]), 0.0), min(float(upper[0]), 1.0))
