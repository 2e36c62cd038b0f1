"""Anytime performance: the incumbent of each run as a step function, and its mean and band over the runs of a group.

Incumbent rule: the successful trial with the lowest cost at the highest budget seen so far. A trial at a higher budget
replaces an incumbent chosen at a lower one whatever its cost; at equal budgets only a strictly lower cost does, so the
earliest of equals stays. The incumbent is a right-continuous step function of the axis: it changes when a trial ends.
Nothing is interpolated between events and nothing is put before the first one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import EncaveError
from ..run import Run, Status
from . import bootstrap
from .study_view import Measure, run_seed

BAND_POINTS = 100
"""Most points at which a band is computed; the mean is exact at every event."""


@dataclass(frozen=True)
class Axis:
    """What performance is drawn over."""

    kind: Literal["time", "evaluations"]
    """`time`: seconds from the run's start; `evaluations`: finished trials, failed ones included."""
    name: str
    """Name shown to people, e.g. `simulated time`."""
    unit: str | None
    """`s`, or None for evaluations."""

    @property
    def label(self) -> str:
        """Name with its unit."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name

    def positions(self, run: Run) -> NDArray[np.float64]:
        """Where each trial ended, shape (n,); NaN where that is unknown."""
        ends = run.column("end").astype(np.float64)
        if self.kind == "time":
            return ends
        status = run.column("status")
        finished = np.flatnonzero((status != Status.RUNNING.value) & (status != Status.NOT_EVALUATED.value))
        # a log without all times is taken to be in order of completion
        timed = not np.isnan(ends[finished]).any()
        order = finished[np.argsort(ends[finished], kind="stable")] if timed else finished
        counts = np.full(len(run), np.nan)
        counts[order] = np.arange(1, len(order) + 1)
        return counts

    def limit(self, run: Run) -> float | None:
        """The run's own declared limit on this axis, if it has one."""
        limits: Mapping[str, Any] = run.metadata.get("limit") or {}
        value = limits.get("simulated_seconds" if self.kind == "time" else "evaluations")
        return None if value is None else float(value)


@dataclass(frozen=True)
class Trajectory:
    """The incumbent of one run."""

    run: Run
    """The run."""
    seed: int | None
    """Its seed, if known."""
    positions: NDArray[np.float64]
    """Where the incumbent changed, ascending, shape (k,); empty if no trial succeeded."""
    rows: NDArray[np.int64]
    """Row in the run's trials of each incumbent, shape (k,)."""
    values: Mapping[str, NDArray[np.float64]]
    """Trial column → its value for each incumbent as logged, shape (k,)."""
    horizon: float
    """How far the last incumbent holds: the run's declared limit, else the end of its last trial."""
    late: int
    """Successful trials that ended after the declared limit and do not count."""
    unplaced: int
    """Successful trials without an end, which have no place on the axis and do not count."""

    def final(self, measure: Measure) -> float:
        """Reported value of the last incumbent; NaN if there is none."""
        return float(measure.report(self.values[measure.column][-1:])[0]) if len(self.rows) else float("nan")


@dataclass(frozen=True)
class Curve:
    """Mean over the runs of a group, exact at every event, with a band."""

    optimizer: str
    """Label of the group."""
    measure: Measure
    """What is reported."""
    positions: NDArray[np.float64]
    """Events of all runs from where each has an incumbent to where the first run ends, ascending, shape (m,)."""
    mean: NDArray[np.float64]
    """Mean from each event to the next, shape (m,)."""
    band: NDArray[np.int64]
    """Which events carry a band, ascending, shape (b,); empty with one run."""
    lower: NDArray[np.float64]
    """Lower end of the 95 % bootstrap interval of the mean, shape (b,)."""
    upper: NDArray[np.float64]
    """Upper end, shape (b,)."""
    stop: float
    """Where the curve ends: the smallest horizon of the runs."""
    runs: int
    """Runs in the mean."""
    without_incumbent: int
    """Runs of the group without any successful trial, which are not in the mean."""


def choose_axis(runs: Sequence[Run]) -> Axis:
    """Time if every run knows when successful trials ended, else evaluations; simulated if all have a benchmark."""
    for run in runs:
        if not run.trials["end"].null_count:
            continue
        succeeded = ~np.isnan(run.cost())
        if succeeded.any() and np.isnan(run.column("end").astype(np.float64)[succeeded]).all():
            return Axis("evaluations", "evaluations", None)
    simulated = all(run.metadata.get("benchmark") for run in runs)
    return Axis("time", "simulated time" if simulated else "time since the start of the run", "s")


def incumbent_steps(cost: NDArray[np.float64], budget: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which trials became the incumbent, ascending.

    Args:
        cost: Minimised cost of the successful trials in order of completion, shape (n,), without NaN.
        budget: Their budgets, shape (n,); all equal where the optimizer knows none.
    """
    if not len(cost):
        return np.empty(0, dtype=np.int64)
    highest = np.maximum.accumulate(budget)
    starts = np.flatnonzero(np.concatenate(([True], highest[1:] != highest[:-1])))
    found: list[NDArray[np.int64]] = []
    for start, stop in zip(starts, [*starts[1:], len(cost)], strict=True):
        eligible = np.where(budget[start:stop] == highest[start], cost[start:stop], np.inf)
        best_before = np.concatenate(([np.inf], np.minimum.accumulate(eligible)[:-1]))
        steps = np.flatnonzero(eligible < best_before)
        # a cost of inf is a success without any merit, but the first at a budget still becomes the incumbent
        found.append(start + (steps if len(steps) and steps[0] == 0 else np.concatenate(([0], steps))))
    return np.concatenate(found)


def trajectory(run: Run, axis: Axis, columns: Iterable[str]) -> Trajectory:
    """The run's incumbent over `axis`, with its values in these trial columns.

    Raises:
        EncaveError: the run has successful trials but not one of the columns.
    """
    cost = run.cost()
    position = axis.positions(run)
    limit = axis.limit(run)
    succeeded = ~np.isnan(cost)
    placed = succeeded & ~np.isnan(position)
    counted = placed if limit is None else placed & (position <= limit)
    rows = np.flatnonzero(counted)
    rows = rows[np.argsort(position[rows], kind="stable")]
    # no budget in the log ranks below any budget, as in Run.incumbent
    budget = np.nan_to_num(run.column("budget").astype(np.float64), nan=-np.inf)
    rows = rows[incumbent_steps(cost[rows], budget[rows])]
    return Trajectory(
        run=run,
        seed=run_seed(run),
        positions=position[rows],
        rows=rows,
        values={name: _values(run, name, rows) for name in columns},
        horizon=limit if limit is not None else _last(position),
        late=int(placed.sum() - counted.sum()),
        unplaced=int(succeeded.sum() - placed.sum()),
    )


def _last(position: NDArray[np.float64]) -> float:
    known = position[~np.isnan(position)]
    return float(known.max()) if len(known) else 0.0


def _values(run: Run, column: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    if not len(rows):
        return np.empty(0)
    if column not in run.trials.column_names:
        raise EncaveError(
            f"run {run.name}: its metadata reports {column}, but its trials have no such column. Convert again."
        )
    return run.column(column)[rows].astype(np.float64)


def step_values(
    positions: NDArray[np.float64], values: NDArray[np.float64], grid: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Value at each point of `grid`, shape (m,), of the right-continuous step function; NaN before its first step."""
    step = np.searchsorted(positions, grid, side="right") - 1
    return np.where(step >= 0, values[np.maximum(step, 0)], np.nan)


def aggregate(optimizer: str, trajectories: Sequence[Trajectory], measure: Measure) -> Curve:
    """Mean and band of a measure over the runs of one group.

    The curve begins where every run with a success has an incumbent and ends where the first of them ends. Where the
    reported value of a run's incumbent is missing, the mean is NaN.
    """
    used = [one for one in trajectories if len(one.rows)]
    stop = min((one.horizon for one in used), default=0.0)
    grid = _events(used, stop)
    values = np.empty((len(used), len(grid)))
    for row, one in enumerate(used):
        values[row] = step_values(one.positions, measure.report(one.values[measure.column]), grid)
    band = _thinned(grid) if len(used) > 1 else np.empty(0, dtype=np.int64)
    lower, upper = bootstrap.mean_interval(values[:, band]) if len(band) else (np.empty(0), np.empty(0))
    mean = values.mean(axis=0) if used else np.empty(0)
    return Curve(optimizer, measure, grid, mean, band, lower, upper, stop, len(used), len(trajectories) - len(used))


def _events(used: Sequence[Trajectory], stop: float) -> NDArray[np.float64]:
    if not used:
        return np.empty(0)
    start = max(one.positions[0] for one in used)
    events = np.unique(np.concatenate([one.positions for one in used]))
    return events[(events >= start) & (events <= stop)]


def _thinned(grid: NDArray[np.float64]) -> NDArray[np.int64]:
    """At most `BAND_POINTS` indices into `grid`, evenly spaced in its logarithm, the first and the last among them."""
    if len(grid) <= BAND_POINTS:
        return np.arange(len(grid))
    first = max(grid[0], np.finfo(float).tiny) if grid[0] > 0 else grid[1]
    wanted = np.geomspace(first, grid[-1], BAND_POINTS - 1)
    inner = np.clip(np.searchsorted(grid, wanted), 0, len(grid) - 1)
    return np.unique(np.concatenate(([0], inner, [len(grid) - 1])))
