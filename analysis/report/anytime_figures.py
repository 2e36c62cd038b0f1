"""Figures of anytime performance beside the main curves: ECDF of targets, hypervolume over time, attainment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..charts.curves import Styles, attainment_chart, curves_chart, ecdf_chart
from ..charts.figure import Figure
from ..charts.text import capital, fixed, plural, quantity
from ..comparison.anytime_summary import AnytimeSummary
from ..performance.pareto import REFERENCE, Pareto
from ..performance.random_search import ExpectedCurve
from ..performance.runtimes import Runtime
from ..performance.section_curves import SectionCurves
from .figures import curves_figure


def axis_figure(curves: SectionCurves, styles: Styles, expected: ExpectedCurve | None) -> Figure:
    """The curves of the first measure on another axis, and that of random search where it is known."""
    figure = curves_figure(curves, 0, styles, expected)
    return replace(figure, name=f"{figure.name} over {curves.axis.kind}")


def ecdf_figure(summary: AnytimeSummary, styles: Styles) -> Figure:
    """Share of (run, target) pairs hit by each moment."""
    one, targets = summary.comparison, summary.targets
    assert targets is not None, "an ECDF needs targets"
    title, axis, measure = one.section.title, one.axis, one.measures[0]
    hardest, easiest = targets.values[-1], targets.values[0]
    apart = targets.scale == "log" and hardest == 0  # what has no logarithm is one target more
    until = quantity(targets.values[-2] if apart else hardest, measure.unit)
    spaced = "in its logarithm" if targets.scale == "log" else "evenly"
    bands = ", with 95 % bands over runs" if any(own.runs > 1 for own in summary.runtimes) else ""
    caption = (
        f"{title}: share of pairs of run and target that were hit by each moment, of "
        f"{plural(len(targets.values), 'target')} in "
        f"{measure.name} from {quantity(easiest, measure.unit)} to {until}, spaced {spaced},"
        f"{f' and {quantity(hardest, measure.unit)}:' if apart else ''} "
        f"from the worst first incumbent to the best value{bands}."
    )
    origin = one.section.origin
    return Figure(
        name=f"{title} ECDF",
        caption=f"{caption} {capital(origin)}." if origin else caption,
        alt=f"Line chart of the share of targets hit over {axis.name}: {_ends(summary.runtimes)}.",
        chart=ecdf_chart(summary.runtimes, title, axis.label, origin, styles),
        kind="ecdf",
    )


def _ends(runtimes: Sequence[Runtime]) -> str:
    return "; ".join(
        f"{runtime.optimizer} from {fixed(runtime.share[0], 2)} to {fixed(runtime.share[-1], 2)}"
        if len(runtime.share)
        else f"{runtime.optimizer} none"
        for runtime in runtimes
    )


def hypervolume_figure(pareto: Pareto, styles: Styles) -> Figure:
    """Mean hypervolume over time."""
    title, axis = pareto.section.title, pareto.axis
    curves = [curve for curve in pareto.curves if len(curve.positions)]
    objectives = pareto.section.runs[0].objectives
    corners = "; ".join(
        f"{one.name} from {quantity(best, one.unit)} to {quantity(worst, one.unit)}"
        for one, best, worst in zip(objectives, pareto.ideal, pareto.nadir, strict=True)
    )
    ends = ", ".join(f"{curve.optimizer} {fixed(float(curve.centre[-1]), 3)}" for curve in curves)
    counted = plural(max((curve.runs for curve in curves), default=0), "run")
    return Figure(
        name=f"{title} hypervolume",
        caption=(
            f"{title}: mean hypervolume of all trials so far over {axis.name}, with its 95 % band over up to "
            f"{counted}; more is better. Objectives are scaled by the joint nondominated set of all runs ({corners}); "
            f"the value is the share of the box below {REFERENCE} in each of them."
            f"{f' {capital(pareto.section.modelled_words)}.' if pareto.section.modelled_words else ''}"
        ),
        alt=f"Line chart of mean hypervolume over {axis.name}. At the end: {ends or 'no line'}.",
        chart=curves_chart(curves, title, axis.label, pareto.section.origin, styles),
        kind="hypervolume",
    )


def attainment_figure(pareto: Pareto, styles: Styles) -> Figure:
    """Median attainment surfaces of two objectives."""
    title, (first, second) = pareto.section.title, pareto.section.runs[0].objectives
    ends = ", ".join(f"{label} {plural(len(surface), 'corner')}" for label, surface in pareto.surfaces.items())
    return Figure(
        name=f"{title} attainment",
        caption=(
            f"{title}: median attainment surfaces, the best {first.name} and {second.name} that at least half of the "
            f"runs of each optimizer attain together ({first.name} {first.direction}d, {second.name} "
            f"{second.direction}d)."
            f"{f' {capital(pareto.section.modelled_words)}.' if pareto.section.modelled_words else ''}"
        ),
        alt=f"Staircases of {second.name} over {first.name}: {ends}.",
        chart=attainment_chart(pareto, styles),
        kind="pareto",
    )
