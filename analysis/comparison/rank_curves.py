"""Ranks over time: how the optimizers rank at each moment, on one task and over all, with bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...run.types import Floats
from ..grouping.measure import Measure
from ..performance.anytime import Trajectory, step_values
from ..statistics import bootstrap
from ..statistics.contraction import contract
from ..statistics.intervals import Interval, of_draws
from ..statistics.tests import filled

POINTS = 120
"""Points of a rank curve. Each rank is exact at its point; a change of rank between two shows at the next one."""


@dataclass(frozen=True)
class RankCurve:
    """The average rank of one optimizer over time."""

    optimizer: str
    """Label."""
    positions: NDArray[np.float64]
    """Points, ascending, shape (m,)."""
    mean: NDArray[np.float64]
    """Average rank at each point, shape (m,); 1 is best."""
    lower: NDArray[np.float64]
    """Lower end of its 95 % interval over runs, shape (m,); NaN with one run."""
    upper: NDArray[np.float64]
    """Upper end."""


@dataclass(frozen=True)
class RankTask:
    """What the ranks of one task are computed from."""

    trajectories: Mapping[str, Sequence[Trajectory]]
    """Optimizer → its runs, by seed."""
    measure: Measure
    """What is ranked."""
    paired: bool
    """Whether ranks are taken within each seed."""

    @property
    def start(self) -> float:
        """First position at which any run has an incumbent."""
        return min((one.positions[0] for one in self._members if len(one.positions)), default=0.0)

    @property
    def stop(self) -> float:
        """Where the first run with an incumbent ends."""
        return min((one.horizon for one in self._members if len(one.positions)), default=0.0)

    @property
    def _members(self) -> list[Trajectory]:
        return [one for members in self.trajectories.values() for one in members]


def rank_curves(task: RankTask, interval: Interval = "t") -> tuple[RankCurve, ...]:
    """Average ranks on one task; empty where no run has an incumbent before the first one ends.

    At each point every run has the rank of its incumbent's value; a run without an incumbent ranks last, ties share
    the mean rank. Paired: within each seed, averaged over seeds, and seeds are resampled. Otherwise the expected rank
    when one run of each is drawn, and the runs of each optimizer are resampled.
    """
    if not task.start < task.stop:
        return ()
    grid = np.geomspace(max(task.start, task.stop * 1e-9), task.stop, POINTS)
    grid[0], grid[-1] = task.start, task.stop
    return _curves([task], grid, *_task_ranks(task, grid, 0), interval)


def overall_rank_curves(
    tasks: Sequence[RankTask], interval: Interval = "t", *, shared: bool = False
) -> tuple[RankCurve, ...]:
    """Average ranks over tasks, each with the weight of one, over the share of each task's time.

    The share is of where the first run of the task ends (its limit). Runs are resampled within each task, so bands show
    the uncertainty from seeds on these tasks, not what other tasks would give.

    Args:
        tasks: All with the same optimizers.
        interval: Which band.
        shared: Whether the runs of all tasks have the same seeds in the same order, which are then resampled together.
    """
    start = min(task.start / task.stop if task.stop > 0 else 1.0 for task in tasks)
    if not 0 <= start < 1:
        return ()
    shares = np.geomspace(max(start, 1e-9), 1.0, POINTS)
    mean, drawn = _task_ranks(tasks[0], shares * tasks[0].stop, 0)
    for number, task in enumerate(tasks[1:], start=1):  # one at a time: all resamples of many tasks are large
        own, resampled = _task_ranks(task, shares * task.stop, 0 if shared else number)
        mean += own
        drawn += resampled
    mean /= len(tasks)
    drawn /= len(tasks)
    return _curves(tasks, shares, mean, drawn, interval)


def _curves(
    tasks: Sequence[RankTask], grid: Floats, mean: Floats, drawn: Floats, interval: Interval
) -> tuple[RankCurve, ...]:
    curves: list[RankCurve] = []
    fewest = min(len(members) for task in tasks for members in task.trajectories.values())
    for name, own, resampled in zip(tasks[0].trajectories, mean, drawn, strict=True):
        if interval == "bootstrap" or fewest < 2:
            lower, upper = bootstrap.interval(resampled)
        else:
            ends = of_draws(own, resampled, fewest)
            lower, upper = (np.clip(end, 1.0, len(mean)) for end in ends)
        curves.append(RankCurve(name, grid, own, lower, upper))
    return tuple(curves)


def _task_ranks(task: RankTask, grid: Floats, shift: int) -> tuple[Floats, Floats]:
    """Average ranks (k, m) at the grid's points and their resamples (k, m, RESAMPLES)."""
    sign = 1.0 if task.measure.lower_is_better else -1.0
    values = [
        filled(np.stack([_at(one, task.measure, sign, grid) for one in members]))
        for members in task.trajectories.values()
    ]
    return _paired(values, shift) if task.paired else _unpaired(values, shift)


def _at(one: Trajectory, measure: Measure, sign: float, grid: Floats) -> Floats:
    if not len(one.positions):
        return np.full(len(grid), np.inf)
    return step_values(one.positions, sign * measure.report(one.values[measure.column]), grid)


def _paired(values: Sequence[Floats], shift: int) -> tuple[Floats, Floats]:
    within = np.ones((len(values), *values[0].shape))
    for i, own in enumerate(values):
        for j, other in enumerate(values[:i]):
            beaten = (other < own) + 0.5 * (other == own)
            within[i] += beaten
            within[j] += 1 - beaten
    mean = within.mean(axis=1)
    n = within.shape[1]
    if n < 2:
        return mean, np.full((*mean.shape, bootstrap.RESAMPLES), np.nan)
    return mean, np.swapaxes(within, 1, 2) @ bootstrap.weights(n, shift).T


def _unpaired(values: Sequence[Floats], shift: int) -> tuple[Floats, Floats]:
    k, m = len(values), values[0].shape[1]
    mean, drawn = np.ones((k, m)), np.ones((k, m, bootstrap.RESAMPLES))
    weights = [bootstrap.weights(len(own), shift * k + number).T for number, own in enumerate(values)]
    for i, own in enumerate(values):
        for j, other in enumerate(values[:i]):
            for point in range(m):
                beaten = (other[:, point] < own[:, point, None]) + 0.5 * (other[:, point] == own[:, point, None])
                share, resampled = beaten.mean(), contract("ib,ib->b", weights[i], beaten @ weights[j])
                mean[i, point] += share
                mean[j, point] += 1 - share
                drawn[i, point] += resampled
                drawn[j, point] += 1 - resampled
    single = [len(own) < 2 for own in values]
    if any(single):
        drawn[:] = np.nan  # the rank of every optimizer depends on the one without a spread
    return mean, drawn
