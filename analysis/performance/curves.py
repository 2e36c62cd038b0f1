"""A measure over the runs of a group, exact at every event, with a band."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...run.types import Floats, Ints
from ..grouping.measure import Measure
from ..statistics.intervals import Interval, over_runs
from ..statistics.order_statistics import MEAN, Statistic
from .anytime import AnyTrajectory

BAND_POINTS = 100
"""Most points at which a band is computed; the curve is exact at every event."""
_BLOCK = 1 << 22  # values (runs by events) that are held at a time


@dataclass(frozen=True)
class Curve:
    """A statistic over the runs of a group, exact at every event, with a band."""

    optimizer: str
    """Label of the group."""
    measure: Measure
    """What is reported."""
    statistic: Statistic
    """What is taken over the runs."""
    positions: Floats
    """Events of all runs from where the statistic is defined to where the first run ends, ascending, shape (m,)."""
    centre: Floats
    """The statistic from each event to the next, shape (m,)."""
    band: Ints
    """Which events carry a band, ascending, shape (b,); empty with one run."""
    lower: Floats
    """Lower end of the 95 % interval of the statistic, shape (b,)."""
    upper: Floats
    """Upper end, shape (b,)."""
    stop: float
    """Where the curve ends: the smallest horizon of the runs with an incumbent."""
    runs: int
    """Runs with an incumbent."""
    without_incumbent: int
    """Runs without any, which are left out of a mean and count as infinitely bad in other statistics."""
    cut: int
    """Runs that go on after the curve's end; what they did then is not in it."""
    held: int
    """Runs whose last trial ended before the curve does; their last incumbent holds up to their limit."""


def aggregate(
    optimizer: str,
    trajectories: Sequence[AnyTrajectory],
    measure: Measure,
    statistic: Statistic = MEAN,
    interval: Interval = "t",
) -> Curve:
    """Statistic and band of a measure over the runs of one group.

    A mean begins where every run with a success has an incumbent. In other statistics a run that has none yet counts as
    infinitely bad, and they begin where they are finite. Every curve ends where the first run with an incumbent ends.
    Where the reported value of a run's incumbent is missing, the curve has a gap (NaN).

    Args:
        optimizer: Label of the group.
        trajectories: Its runs, on one axis.
        measure: What to report.
        statistic: What to take over the runs.
        interval: What the band is, see `intervals`.
    """
    able = [one for one in trajectories if len(one.rows)]
    used = those_used(trajectories, statistic)
    stop = min((one.horizon for one in able), default=0.0)
    grid = _events(able, stop, from_all=statistic == MEAN)
    sign = 1.0 if measure.lower_is_better else -1.0
    centre = np.empty(len(grid))
    for part, values in _blocks(used, measure, grid):
        centre[part] = _statistic(statistic, sign * values)
    start = next(iter(np.flatnonzero(~np.isposinf(centre))), len(grid))
    grid, centre = grid[start:], sign * centre[start:]
    band = thinned(grid) if len(used) > 1 else np.empty(0, dtype=np.int64)
    lower, upper = _band(statistic, interval, used, measure, grid[band])
    return Curve(
        *(optimizer, measure, statistic, grid, centre, band, lower, upper, stop),
        runs=len(able),
        without_incumbent=len(trajectories) - len(able),
        cut=sum(one.horizon > stop for one in able),
        held=sum(one.last < stop for one in able),
    )


def those_used(trajectories: Sequence[AnyTrajectory], statistic: Statistic) -> list[AnyTrajectory]:
    """The runs that a statistic is over: all, but of a mean those with an incumbent."""
    return [one for one in trajectories if len(one.rows) or statistic != MEAN]


def _events(able: Sequence[AnyTrajectory], stop: float, *, from_all: bool) -> Floats:
    if not able:
        return np.empty(0)
    start = (max if from_all else min)(one.positions[0] for one in able)
    events = np.unique(np.concatenate([one.positions for one in able]))
    return events[(events >= start) & (events <= stop)]


def values_at(used: Sequence[AnyTrajectory], measure: Measure, grid: Floats) -> Floats:
    """Reported value of each run at the points of `grid`, ascending, shape (n, m); ±inf, the worst, before any."""
    return np.concatenate([np.empty((len(used), 0)), *(part for _, part in _blocks(used, measure, grid))], axis=1)


def _blocks(used: Sequence[AnyTrajectory], measure: Measure, grid: Floats) -> Iterator[tuple[slice, Floats]]:
    """Values of the runs at the points of `grid`, shape (n, b), block by block; ±inf, the worst, before any."""
    if not len(grid):
        return
    width = max(_BLOCK // len(used), 1)
    sizes = np.array([len(one.positions) for one in used])
    offsets = np.cumsum(sizes) - sizes
    owner = np.repeat(np.arange(len(used)), sizes)
    flat = np.concatenate([*(one.reported(measure) for one in used), [0.0]])
    column = np.searchsorted(grid, np.concatenate([one.positions for one in used]))
    worst = np.inf if measure.lower_is_better else -np.inf
    for start in range(0, len(grid), width):
        part = slice(start, min(start + width, len(grid)))
        inside = (column >= part.start) & (column < part.stop)
        step = np.zeros((len(used), part.stop - part.start), dtype=np.int64)
        np.add.at(step, (owner[inside], column[inside] - start), 1)
        step[:, 0] += np.bincount(owner[column < start], minlength=len(used)) - 1
        np.cumsum(step, axis=1, out=step)
        yield part, np.where(step >= 0, flat[offsets[:, None] + np.maximum(step, 0)], worst)


def _statistic(statistic: Statistic, values: Floats) -> Floats:
    found = statistic.of(values)
    found[np.isnan(values).any(axis=0)] = np.nan
    return found


def _band(
    statistic: Statistic, interval: Interval, used: Sequence[AnyTrajectory], measure: Measure, points: Floats
) -> tuple[Floats, Floats]:
    if not len(points):
        return np.empty(0), np.empty(0)
    sign = 1.0 if measure.lower_is_better else -1.0
    values = sign * values_at(used, measure, points)
    lower, upper = (end.copy() for end in over_runs(values, statistic, interval))
    for end in (lower, upper):
        end[np.isnan(values).any(axis=0)] = np.nan
    ends = (lower, upper) if sign > 0 else (-upper, -lower)
    return measure.cut(*ends, sign * values)


def thinned(grid: Floats) -> Ints:
    """At most `BAND_POINTS` indices into `grid`, evenly spaced in its logarithm, the first and the last among them."""
    if len(grid) <= BAND_POINTS:
        return np.arange(len(grid))
    first = max(grid[0], np.finfo(float).tiny) if grid[0] > 0 else grid[1]
    wanted = np.geomspace(float(first), float(grid[-1]), BAND_POINTS - 1)
    inner = np.clip(np.searchsorted(grid, wanted), 0, len(grid) - 1)
    return np.unique(np.concatenate(([0], inner, [len(grid) - 1])))
