"""Everything the report says of one section, computed once: trajectories, curves, final table and lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...run.incumbents import IncumbentRule
from ..grouping.measure import Measure
from ..grouping.sections import Section
from ..performance.anytime import Trajectory, trajectory
from ..performance.axis import Axis, AxisFacts, AxisKind, choose_axis
from ..performance.curves import Curve
from ..performance.pareto import Pareto, compare_fronts, led_by_fronts
from ..performance.section_curves import SectionCurves, Summary, section_curves
from ..statistics.intervals import Interval
from .rank_curves import RankCurve, RankTask, rank_curves
from .ranking import FinalTable, Lead, final_table, lead
from .significance import Significance, compare_runs


@dataclass(frozen=True, repr=False)
class Comparison:
    """The result of one section."""

    made: SectionCurves
    """The curves, their axis and measures, and the incumbents that all else is computed from."""
    table: FinalTable
    """Final performance."""
    lead: Lead | None
    """Who is ahead at the end; None with fewer than two optimizers."""
    significance: tuple[Significance, ...]
    """For each measure, the tests of the final values; empty with fewer than two optimizers."""
    rank_curves: tuple[RankCurve, ...]
    """Ranks over time by the first measure, in order of the table; empty with fewer than three optimizers."""
    pareto: Pareto | None = None
    """The fronts of several objectives by whose hypervolume the runs are compared; None where one objective decides."""

    def __repr__(self) -> str:
        return f"Comparison({self.section.title}: {', '.join(self.ordered)})"

    @property
    def interval(self) -> Interval:
        """Which intervals its numbers have."""
        return self.made.summary.interval

    @property
    def section(self) -> Section:
        """What was compared."""
        return self.made.section

    @property
    def axis(self) -> Axis:
        """What the curves are drawn over."""
        return self.made.axis

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The section's measures, with the best value seen filled in where regret is against it."""
        return self.made.measures

    @property
    def trajectories(self) -> Mapping[str, tuple[Trajectory, ...]]:
        """Optimizer → the incumbent of each of its runs."""
        return self.made.trajectories

    @property
    def curves(self) -> tuple[tuple[Curve, ...], ...]:
        """For each measure, one curve per optimizer, in order of the table."""
        return self.made.curves

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
    section: Section,
    rope: float | None = None,
    *,
    axis: AxisKind | None = None,
    summary: Summary | None = None,
    control: str | None = None,
) -> Comparison:
    """Compute a section.

    Args:
        section: What is compared.
        rope: Half-width of the region of practical equivalence, for the Bayesian test; without it there is none.
        axis: What incumbents are over; None: time if every run has times, else evaluations.
        summary: How curves are made, and which intervals numbers have; by default means of the incumbents at the
            highest budget so far. Of several objectives the hypervolume is compared, without regret.
        control: The optimizer that all others are tested against, besides all pairs; ignored where it did not run.

    Raises:
        EncaveError: a run lacks a column that its provenance reports, or the runs do not share the axis.
    """
    summary = summary or Summary()
    interval = summary.interval
    chosen = choose_axis([run.once(AxisFacts.of) for run in section.runs], axis)
    pareto = compare_fronts(section, chosen, interval) if led_by_fronts(section) else None
    made = on_axis(section, chosen, summary) if pareto is None else pareto.as_curves(summary)
    trajectories, measures = made.trajectories, made.measures
    table = final_table(trajectories, measures, interval)
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
    made = made.in_order(list(ranked))
    by_pairs = not significance or significance[0].choice.test != "mann-whitney"
    ahead = lead(table, interval, by_pairs=by_pairs)
    return Comparison(made, table, ahead, tuple(significance), over_time, pareto)


def on_axis(section: Section, axis: Axis, summary: Summary) -> SectionCurves:
    """Curves of the incumbents of a section."""
    return section_curves(section, axis, trajectories_of(section, axis, summary.rule), summary)


def trajectories_of(section: Section, axis: Axis, rule: IncumbentRule) -> dict[str, tuple[Trajectory, ...]]:
    """Optimizer → the incumbents of its runs; the full budget of `highest-only` is the highest of any of them."""
    columns = {measure.column for measure in section.measures}
    found: dict[str, tuple[Trajectory, ...]] = {}
    for group in section.groups:
        full = max((budget for run in group.runs for budget in run.once(AxisFacts.of).budgets), default=None)
        found[group.optimizer] = tuple(trajectory(run, axis, columns, rule, full) for run in group.runs)
    return found


def _finals(members: Sequence[Trajectory], measure: Measure) -> NDArray[np.float64]:
    sign = 1.0 if measure.lower_is_better else -1.0
    return sign * np.array([one.final(measure) for one in members])
