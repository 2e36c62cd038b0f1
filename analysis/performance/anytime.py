"""Anytime performance: the incumbent of each run as a step function.

The incumbent is a right-continuous step function of the axis: it changes when a trial ends. Nothing is interpolated
between events and nothing is put before the first one. It is chosen by the optimizer's own objective; what is reported
of it, such as a test error, takes no part in the choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ...run import COST, Run, RunHeader
from ...run.incumbents import IncumbentRule, follow
from ..grouping.measure import Measure
from ..grouping.objectives import FIRST_OBJECTIVE
from ..grouping.sections import R_co
from .axis import Axis


@dataclass(frozen=True)
class TrajectoryOf(Generic[R_co]):
    """The incumbent of one run."""

    run: R_co
    """The run."""
    seed: int | None
    """Its seed, if known."""
    positions: NDArray[np.float64]
    """Where the incumbent changed, ascending, shape (k,); empty if no trial may be it."""
    rows: NDArray[np.int64]
    """Row in the run's trials of each incumbent's latest evaluation, shape (k,)."""
    values: Mapping[str, NDArray[np.float64]]
    """Trial column → its value for each incumbent as logged, a mean where costs are means, shape (k,)."""
    horizon: float
    """How far the last incumbent holds: the run's declared limit, else where it ended."""
    last: float
    """Where it ended: the end of its last trial, or of all evaluations that it made; 0 without any."""
    late: int
    """Successful, not infeasible trials that ended after the declared limit and do not count."""
    unplaced: int
    """Successful, not infeasible trials without an end, which have no place on the axis and do not count."""
    averaged: bool
    """Whether costs are means over instances or seeds."""
    named: bool
    """Whether the incumbents are those that the optimizer's own log names."""

    def final(self, measure: Measure) -> float:
        """Reported value of the last incumbent; NaN if there is none."""
        return float(self.reported(measure)[-1]) if len(self.rows) else float("nan")

    def reported(self, measure: Measure) -> NDArray[np.float64]:
        """Reported value from each position on, shape (k,)."""
        return measure.report(self.values[measure.column])


Trajectory: TypeAlias = TrajectoryOf[Run]
"""With the run's trials."""
AnyTrajectory: TypeAlias = TrajectoryOf[RunHeader]
"""With or without the run's trials."""


def trajectory(
    run: Run,
    axis: Axis,
    columns: Iterable[str],
    rule: IncumbentRule = "as-logged",
    full: float | None = None,
) -> Trajectory:
    """The run's incumbent over `axis`, with its values in these trial columns.

    Args:
        run: The run.
        axis: What positions count.
        columns: Trial columns to report; `FIRST_OBJECTIVE` is that of the run's first objective.
        rule: Which trials may be the incumbent, see `run.incumbents`.
        full: The full budget for `highest-only`; by default the highest of the run's finished trials.

    Raises:
        EncaveError: the run has successful trials but not one of the columns.
    """
    position = axis.positions(run)
    able, placed = run.able(), ~np.isnan(position)
    counted = placed & in_time(run, axis, position)
    found = follow(run, position, counted, rule, full)
    limit = axis.limit(run)
    last = axis.end(run, position)
    return TrajectoryOf(
        run=run,
        seed=run.seed,
        positions=position[found.at],
        rows=found.latest,
        values={name: found.values(run, _column(run, name)) if able.any() else np.empty(0) for name in columns},
        horizon=last if limit is None else limit,
        last=last,
        late=int((able & placed & ~counted).sum()),
        unplaced=int((able & ~placed).sum()),
        averaged=found.averaged,
        named=found.named,
    )


def in_time(run: Run, axis: Axis, position: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each trial, at its position on `axis`, ended within the run's limits: that on this axis, and of its time.

    False where the position is NaN and there is a limit on the axis.
    """
    limit, seconds = axis.limit(run), run.provenance.limit.get("simulated_seconds")
    inside = np.ones(len(run), dtype=bool)
    if limit is not None:
        inside &= position <= limit
    if seconds is not None:
        inside &= ~(run.column("end").astype(np.float64) > seconds)
    return inside


def _column(run: Run, name: str) -> str:
    if name == FIRST_OBJECTIVE:
        name = COST + run.objectives[0].name
    if name not in run.trials.column_names:
        raise EncaveError(
            f"run {run.name}: its provenance reports {name}, but its trials have no such column. Convert again."
        )
    return name


def share_seeds(members: Sequence[Sequence[AnyTrajectory]]) -> bool:
    """Whether the runs of each task have the same known seeds, each once, in the same order.

    Not so of encave's runners, whose streams differ by task. A seed is then a cluster of runs, one on each task.
    """
    seeds = [tuple(one.seed for one in own) for own in members]
    first = seeds[0]
    own_starts = any(one.run.provenance.common_start is not None for own in members for one in own)
    return len(set(seeds)) == 1 and None not in first and len(set(first)) == len(first) and not own_starts


def step_values(
    positions: NDArray[np.float64], values: NDArray[np.float64], grid: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Value at each point of `grid`, shape (m,), of the right-continuous step function; NaN before its first step."""
    step = np.searchsorted(positions, grid, side="right") - 1
    return np.where(step >= 0, values[np.maximum(step, 0)], np.nan)
