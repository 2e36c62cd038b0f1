"""Charts of anytime performance and of ranks over time, from computed curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..comparison.profiles import Profile
from ..comparison.rank_curves import RankCurve
from ..performance.curves import Curve, Floats
from ..performance.pareto import Pareto
from ..performance.runtimes import Runtime
from .line_chart import Line, LineChart
from .scales import Scale, vertical_scale
from .style import LineStyle
from .text import capital, plural

MOST_BANDS = 8
"""With more optimizers than this only the best so many carry a band, or nothing could be seen."""
RANK_LABEL = "Average rank (1 is best)"

Styles = Mapping[str, LineStyle]


def curves_chart(
    curves: Sequence[Curve], title: str, xlabel: str, footer: str, styles: Styles, reference: Sequence[Line] = ()
) -> LineChart:
    """Curves of one measure, best first, with their bands.

    Args:
        curves: One for each optimizer; those without events are left out.
        title: Above the axes.
        xlabel: Name and unit of the horizontal axis.
        footer: Where the values come from.
        styles: The look of each optimizer.
        reference: Lines that are no optimizer's, such as the expected curve of random search.
    """
    drawn = [curve for curve in curves if len(curve.positions)]
    ylabel = capital(curves[0].measure.label) if curves else ""
    lines = [*curve_lines(drawn, styles), *reference]
    return LineChart(title, capital(xlabel), ylabel, footer, lines, vertical_scale(drawn, MOST_BANDS))


def curve_lines(curves: Sequence[Curve], styles: Styles) -> list[Line]:
    """A line with its band for each curve, best first."""
    lines: list[Line] = []
    for number, (curve, label) in enumerate(zip(curves, _legend_labels(curves), strict=True)):
        banded = len(curve.band) and number < MOST_BANDS
        lines.append(
            Line(
                label=label,
                look=styles[curve.optimizer],
                x=np.append(curve.positions, curve.stop),
                y=curve.centre,
                band=(curve.positions[curve.band], curve.lower, curve.upper) if banded else None,
                optimizer=curve.optimizer,
            )
        )
    return lines


def _legend_labels(curves: Sequence[Curve]) -> list[str]:
    """The optimizers, with their numbers of runs where those differ."""
    if len({curve.runs for curve in curves}) < 2 and not any(curve.without_incumbent for curve in curves):
        return [curve.optimizer for curve in curves]
    of = [f"{curve.runs} of " if curve.without_incumbent else "" for curve in curves]
    return [
        f"{curve.optimizer} ({some}{plural(curve.runs + curve.without_incumbent, 'run')})"
        for curve, some in zip(curves, of, strict=True)
    ]


def ranks_chart(
    curves: Sequence[RankCurve], title: str, xlabel: str, footer: str, styles: Styles, ylabel: str = RANK_LABEL
) -> LineChart:
    """Ranks over time."""
    lines = [
        Line(
            label=curve.optimizer,
            look=styles[curve.optimizer],
            x=np.append(curve.positions, curve.positions[-1]),  # the step at the very end is drawn too
            y=curve.mean,
            band=(curve.positions, curve.lower, curve.upper)
            if number < MOST_BANDS and not np.isnan(curve.lower).any()
            else None,
            optimizer=curve.optimizer,
        )
        for number, curve in enumerate(curves)
    ]
    worst = len(curves)
    scale = Scale("linear", 1.0, worst, limits=(0.9, worst + 0.1))
    return LineChart(title, xlabel, ylabel, footer, lines, scale)


def ecdf_chart(runtimes: Sequence[Runtime], title: str, xlabel: str, footer: str, styles: Styles) -> LineChart:
    """Share of (run, target) pairs hit by each moment, from best to worst as the runtimes are given."""
    end = max((spent for runtime in runtimes for spent in runtime.spent.tolist()), default=0.0)
    lines = [
        _ecdf_line(runtime, end, number < MOST_BANDS, styles)
        for number, runtime in enumerate(runtimes)
        if len(runtime.positions)
    ]
    scale = Scale("linear", 0.0, 1.0, limits=(0.0, 1.0))
    return LineChart(title, capital(xlabel), "Share of run–target pairs hit", footer, lines, scale)


def _ecdf_line(runtime: Runtime, end: float, banded: bool, styles: Styles) -> Line:
    band = (runtime.positions[runtime.band], runtime.lower, runtime.upper) if banded and len(runtime.band) else None
    return Line(
        label=runtime.optimizer,
        look=styles[runtime.optimizer],
        x=np.append(runtime.positions, max(end, runtime.positions[-1])),
        y=runtime.share,
        band=band,
        optimizer=runtime.optimizer,
    )


def attainment_chart(pareto: Pareto, styles: Styles) -> LineChart:
    """Median attainment surfaces of two objectives."""
    title, (first, second) = pareto.section.title, pareto.section.runs[0].objectives
    signs = [-1.0 if one.direction == "maximize" else 1.0 for one in (first, second)]
    lines = [
        Line(label, styles[label], *_staircase(surface, signs), steps=False, optimizer=label)
        for label, surface in pareto.surfaces.items()
        if len(surface)
    ]
    heights = np.concatenate([line.y for line in lines]) if lines else np.zeros(1)
    units = [f"{one.name} [{one.unit}]" if one.unit else one.name for one in (first, second)]
    scale = Scale("linear", float(heights.min()), float(heights.max()))
    return LineChart(title, capital(units[0]), capital(units[1]), pareto.section.origin, lines, scale, log_x=False)


def _staircase(surface: Floats, signs: Sequence[float]) -> tuple[Floats, Floats]:
    """Corners of the boundary of what is attained, from left to right."""
    costs = surface * signs
    costs = costs[np.argsort(costs[:, 0], kind="stable")]
    x, y = np.repeat(costs[:, 0], 2)[1:] * signs[0], np.repeat(costs[:, 1], 2)[:-1] * signs[1]
    return (x, y) if signs[0] > 0 else (x[::-1], y[::-1])


def profiles_chart(found: Sequence[Profile], title: str, footer: str, styles: Styles) -> LineChart:
    """Share of runs that end with at most so much normalised regret."""
    lines = [
        Line(
            label=one.optimizer,
            look=styles[one.optimizer],
            x=np.append(one.regrets, one.regrets[-1]),
            y=one.share,
            band=(one.regrets, one.lower, one.upper) if number < MOST_BANDS and not np.isnan(one.lower).any() else None,
            optimizer=one.optimizer,
        )
        for number, one in enumerate(found)
    ]
    scale = Scale("linear", 0.0, 1.0, limits=(0.0, 1.02))
    return LineChart(title, "Normalised regret", "Share of runs at or below", footer, lines, scale, log_x=False)
