"""Everything the report says of one section, computed once: trajectories, curves, final table and lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .anytime import Trajectory, trajectory
from .axis import Axis, AxisFacts, choose_axis
from .curves import Curve, aggregate
from .intervals import Interval
from .rank_curves import RankCurve, RankTask, rank_curves
from .ranking import FinalTable, Lead, final_table, lead
from .section_curves import resolved
from .significance import Significance, compare_runs
from .study_view import Measure, Section


@dataclass(frozen=True)
class Comparison:
    """The result of one section."""

    section: Section
    """What was compared."""
    axis: Axis
    """What the curves are drawn over."""
    measures: tuple[Measure, ...]
    """The section's measures, with the best value seen filled in where regret is against it."""
    trajectories: Mapping[str, tuple[Trajectory, ...]]
    """Optimizer → the incumbent of each of its runs."""
    curves: tuple[tuple[Curve, ...], ...]
    """For each measure, one curve per optimizer, in order of the table."""
    table: FinalTable
    """Final performance."""
    lead: Lead | None
    """Who is ahead at the end; None with fewer than two optimizers."""
    significance: tuple[Significance, ...]
    """For each measure, the tests of the final values; empty with fewer than two optimizers."""
    rank_curves: tuple[RankCurve, ...]
    """Ranks over time by the first measure, in order of the table; empty with fewer than three optimizers."""
    interval: Interval = "t"
    """Which intervals its numbers have."""

    @property
    def ordered(self) -> tuple[str, ...]:
        """Optimizers by rank."""
        return tuple(row.optimizer for row in self.table.rows)

    @property
    def rank_task(self) -> RankTask:
        """What ranks over time are computed from."""
        return RankTask(self.trajectories, self.measures[0], self.table.paired)

    def finals(self, optimizer: str, index: int) -> NDArray[np.float64]:
        """Final value of one measure of each run, by seed, shape (n,); less is better, NaN for a failed run."""
        return _finals(self.trajectories[optimizer], self.measures[index])


def compare(
    section: Section, rope: float | None = None, interval: Interval = "t", control: str | None = None
) -> Comparison:
    """Compute a section.

    Args:
        section: What is compared.
        rope: Half-width of the region of practical equivalence, for the Bayesian test; without it there is none.
        interval: Which intervals numbers have.
        control: The optimizer that all others are tested against, besides all pairs; ignored where it did not run.

    Raises:
        EncaveError: a run lacks a column that its metadata reports.
    """
    axis = choose_axis([AxisFacts.of(run) for run in section.runs])
    columns = {measure.column for measure in section.measures}
    trajectories = {
        group.optimizer: tuple(trajectory(run, axis, columns) for run in group.runs) for group in section.groups
    }
    measures = resolved(section.measures, trajectories)
    table = final_table(trajectories, measures, interval)
    curves = tuple(
        tuple(aggregate(row.optimizer, trajectories[row.optimizer], measure, interval=interval) for row in table.rows)
        for measure in measures
    )
    several = len(table.rows) > 1
    significance = [
        compare_runs(
            {label: _finals(members, measure) for label, members in trajectories.items()},
            table.paired,
            rope,
            interval,
            control,
        )
        for measure in (measures if several else ())
    ]
    # of two optimizers the rank is a mirror image of the share of runs in which one is ahead, which the tests give
    ranked = {row.optimizer: trajectories[row.optimizer] for row in table.rows}
    over_time = rank_curves(RankTask(ranked, measures[0], table.paired), interval) if len(ranked) > 2 else ()
    return Comparison(
        section,
        axis,
        measures,
        trajectories,
        curves,
        table,
        lead(table, interval),
        tuple(significance),
        over_time,
        interval,
    )


def _finals(members: Sequence[Trajectory], measure: Measure) -> NDArray[np.float64]:
    sign = 1.0 if measure.lower_is_better else -1.0
    return sign * np.array([one.final(measure) for one in members])
