"""Figures of anytime performance and of ranks over time, from computed results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..comparison import Comparison
from ..curves import Curve
from ..random_search import ExpectedCurve
from ..rank_curves import RankCurve
from . import captions, random_search_line, words
from .contents import Figure
from .line_chart import Line, LineChart
from .scales import Scale, vertical_scale
from .style import LineStyle
from .text import capital, plural

MOST_BANDS = 8
"""With more optimizers than this only the best so many carry a band, or nothing could be seen."""
RANK_LABEL = "Average rank (1 is best)"

Styles = Mapping[str, LineStyle]


def curves_figure(comparison: Comparison, index: int, styles: Styles, expected: ExpectedCurve | None = None) -> Figure:
    """The curves of one measure, and that of random search where it is known."""
    curves = [curve for curve in comparison.curves[index] if len(curve.positions)]
    measure, title = comparison.measures[index], comparison.section.title
    reference = [random_search_line.line(expected, measure)] if expected else []
    caption = captions.curve_caption(comparison, index, MOST_BANDS)
    return Figure(
        name=f"{title} {measure.name}",
        caption=f"{caption} {random_search_line.caption(expected)}" if expected else caption,
        alt=captions.curve_alt(comparison, index),
        chart=LineChart(
            title=title,
            xlabel=capital(comparison.axis.label),
            ylabel=capital(measure.label),
            footer=words.origin(comparison.section),
            lines=[*curve_lines(curves, styles), *reference],
            scale=vertical_scale(curves, MOST_BANDS),
        ),
    )


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


def ranks_figure(
    curves: Sequence[RankCurve],
    title: str,
    xlabel: str,
    footer: str,
    caption: str,
    styles: Styles,
    ylabel: str = RANK_LABEL,
) -> Figure:
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
        )
        for number, curve in enumerate(curves)
    ]
    worst = len(curves)
    scale = Scale("linear", 1.0, worst, limits=(0.9, worst + 0.1))
    chart = LineChart(title, xlabel, ylabel, footer, lines, scale)
    return Figure(f"{title} ranks", caption, captions.rank_alt(curves), chart)
