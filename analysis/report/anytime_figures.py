"""Figures of anytime performance beside the main curves: ECDF of targets, hypervolume over time, attainment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...run.types import Floats
from ..charts.curves import MOST_BANDS, Styles, curve_lines, ecdf_chart
from ..charts.figure import Figure
from ..charts.line_chart import Line, LineChart
from ..charts.scales import Scale, vertical_scale
from ..charts.text import capital, fixed, plural, quantity
from ..comparison.anytime_summary import AnytimeSummary
from ..performance.pareto import HYPERVOLUME, REFERENCE, Pareto
from ..performance.random_search import ExpectedCurve
from ..performance.runtimes import Runtime
from ..performance.section_curves import SectionCurves
from .figures import curves_figure


def axis_figure(
    summary: AnytimeSummary, curves: SectionCurves, styles: Styles, expected: ExpectedCurve | None
) -> Figure:
    """The curves of the first measure on another axis, and that of random search where it is known."""
    figure = curves_figure(curves, 0, styles, expected)
    return replace(figure, name=f"{figure.name} over {curves.axis.kind}")


def ecdf_figure(summary: AnytimeSummary, styles: Styles) -> Figure:
    """Share of (run, target) pairs hit by each moment."""
    one, targets = summary.comparison, summary.targets
    assert targets is not None, "an ECDF needs targets"
    title, axis, measure = one.section.title, one.axis, one.measures[0]
    hardest, easiest = targets.values[-1], targets.values[0]
    spaced = "in its logarithm" if targets.scale == "log" else "evenly"
    caption = (
        f"{title}: share of pairs of run and target that were hit by each moment, of {len(targets.values)} targets in "
        f"{measure.name} from {quantity(easiest, measure.unit)} to {quantity(hardest, measure.unit)}, spaced {spaced}, "
        "from the worst first incumbent to the best value, with 95 % bands over runs."
    )
    origin = one.section.origin
    return Figure(
        name=f"{title} ECDF",
        caption=f"{caption} {capital(origin)}." if origin else caption,
        alt=f"Line chart of the share of targets hit over {axis.name}: {_ends(summary.runtimes)}.",
        chart=ecdf_chart(summary.runtimes, title, axis.label, origin, styles),
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
        ),
        alt=f"Line chart of mean hypervolume over {axis.name}. At the end: {ends or 'no line'}.",
        chart=LineChart(
            title=title,
            xlabel=capital(axis.label),
            ylabel=capital(HYPERVOLUME.label),
            footer=pareto.section.origin,
            lines=curve_lines(curves, styles),
            scale=vertical_scale(curves, MOST_BANDS),
        ),
    )


def attainment_figure(pareto: Pareto, styles: Styles) -> Figure:
    """Median attainment surfaces of two objectives."""
    title, (first, second) = pareto.section.title, pareto.section.runs[0].objectives
    signs = [-1.0 if one.direction == "maximize" else 1.0 for one in (first, second)]
    lines = [
        Line(label, styles[label], *_staircase(surface, signs), steps=False)
        for label, surface in pareto.surfaces.items()
        if len(surface)
    ]
    heights = np.concatenate([line.y for line in lines]) if lines else np.zeros(1)
    ends = ", ".join(f"{label} {plural(len(surface), 'corner')}" for label, surface in pareto.surfaces.items())
    units = [f"{one.name} [{one.unit}]" if one.unit else one.name for one in (first, second)]
    return Figure(
        name=f"{title} attainment",
        caption=(
            f"{title}: median attainment surfaces, the best {first.name} and {second.name} that at least half of the "
            f"runs of each optimizer attain together ({first.name} {first.direction}d, {second.name} "
            f"{second.direction}d)."
        ),
        alt=f"Staircases of {second.name} over {first.name}: {ends}.",
        chart=LineChart(
            title=title,
            xlabel=capital(units[0]),
            ylabel=capital(units[1]),
            footer=pareto.section.origin,
            lines=lines,
            scale=Scale("linear", float(heights.min()), float(heights.max())),
            log_x=False,
        ),
    )


def _staircase(surface: Floats, signs: Sequence[float]) -> tuple[Floats, Floats]:
    """Corners of the boundary of what is attained, from left to right."""
    costs = surface * signs
    costs = costs[np.argsort(costs[:, 0], kind="stable")]
    x, y = np.repeat(costs[:, 0], 2)[1:] * signs[0], np.repeat(costs[:, 1], 2)[:-1] * signs[1]
    return (x, y) if signs[0] > 0 else (x[::-1], y[::-1])
