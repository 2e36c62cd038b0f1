"""Anytime performance of one section beyond its main curves: other axes, runtimes to targets, several objectives."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..performance.axis import Axis, AxisFacts, available_axes
from ..performance.measures import Hits
from ..performance.pareto import Pareto, compare_fronts
from ..performance.runtimes import Runtime, Targets, runtimes, spaced_targets
from ..performance.section_curves import SectionCurves
from ..performance.section_runtimes import SectionRuntimes
from .anytime_tests import AnytimeTests, Differences, anytime_tests, differences_over_time
from .section import Comparison, on_axis


@dataclass(frozen=True)
class AnytimeSummary:
    """The result of one section."""

    comparison: Comparison
    """The comparison, on its main axis."""
    other_axes: tuple[SectionCurves, ...]
    """Curves of the first measure on the other axes that say something else, in order of the final table."""
    targets: Targets | None
    """Targets in the first measure; None without any incumbent."""
    runtimes: tuple[Runtime, ...]
    """Runtimes to them on the main axis, in order of the final table."""
    tests: AnytimeTests
    """Tests of areas and of values at several budgets."""
    differences: Differences | None
    """Bands of the differences from the control over time; None where they cannot be had."""
    pareto: Pareto | None
    """Hypervolume and attainment; None with one objective."""

    @property
    def section_runtimes(self) -> SectionRuntimes:
        """The running times with what they are of; there must be targets."""
        assert self.targets is not None, "without an incumbent there are no targets"
        return SectionRuntimes(self.comparison.made, self.comparison.measures[0], self.targets, self.runtimes)


def summarise(comparison: Comparison, hits: Hits = "held", control: str | None = None) -> AnytimeSummary:
    """Compute what a report says of anytime performance beside the main curves."""
    section, measure = comparison.section, comparison.measures[0]
    members = {label: comparison.trajectories[label] for label in comparison.ordered}
    targets = spaced_targets([one for own in members.values() for one in own], measure, hits=hits)
    made = runtimes(members, measure, targets, comparison.interval, hits) if targets else ()
    return AnytimeSummary(
        comparison=comparison,
        other_axes=tuple(_on_axis(comparison, axis) for axis in other_axes(comparison)),
        targets=targets,
        runtimes=made,
        tests=anytime_tests(comparison, made, control),
        differences=differences_over_time(comparison, control),
        pareto=comparison.pareto or compare_fronts(section, comparison.axis, comparison.interval),
    )


def other_axes(comparison: Comparison) -> list[Axis]:
    """Axes to draw beside the main one: evaluations, time without overhead, and budgets spent where they differ.

    Budgets in their own unit come before full evaluations, which are the same on another scale.
    """
    facts = [run.once(AxisFacts.of) for run in comparison.section.runs]
    axes = {axis.kind: axis for axis in available_axes(facts)}
    axes.pop(comparison.axis.kind, None)
    axes.pop("time", None)
    if "epochs" in axes:
        axes.pop("full-evaluations", None)
    if len({fact.budgets for fact in facts}) == 1 and len(facts[0].budgets) < 2:  # as evaluations
        axes.pop("epochs", None)
        axes.pop("full-evaluations", None)
    return list(axes.values())


def _on_axis(comparison: Comparison, axis: Axis) -> SectionCurves:
    summary = comparison.made.summary
    fronts = compare_fronts(comparison.section, axis, summary.interval) if comparison.pareto else None
    section = replace(comparison.section, measures=comparison.section.measures[:1])
    made = on_axis(section, axis, summary) if fronts is None else fronts.as_curves(summary)
    return made.in_order(comparison.ordered)
