"""Everything the report says of one section, computed once: trajectories, curves, final table and lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .anytime import Axis, Curve, Trajectory, aggregate, choose_axis, trajectory
from .ranking import FinalTable, Lead, final_table, lead
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

    @property
    def ordered(self) -> tuple[str, ...]:
        """Optimizers by rank."""
        return tuple(row.optimizer for row in self.table.rows)


def compare(section: Section) -> Comparison:
    """Compute a section.

    Raises:
        EncaveError: a run lacks a column that its metadata reports.
    """
    axis = choose_axis(section.runs)
    columns = {measure.column for measure in section.measures}
    trajectories = {
        group.optimizer: tuple(trajectory(run, axis, columns) for run in group.runs) for group in section.groups
    }
    measures = _resolved(section.measures, [one for members in trajectories.values() for one in members])
    table = final_table(trajectories, measures)
    curves = tuple(
        tuple(aggregate(row.optimizer, trajectories[row.optimizer], measure) for row in table.rows)
        for measure in measures
    )
    return Comparison(section, axis, measures, trajectories, curves, table, lead(table))


def _resolved(measures: Sequence[Measure], trajectories: Sequence[Trajectory]) -> tuple[Measure, ...]:
    """Measures with the best value that any incumbent had as the reference of `best seen`."""
    resolved: list[Measure] = []
    for measure in measures:
        if measure.regret == "best seen":
            seen = [value for one in trajectories for value in one.values[measure.column].tolist()]
            best = (max if measure.maximize else min)(seen, default=0.0)
            measure = replace(measure, reference=best)
        resolved.append(measure)
    return tuple(resolved)
