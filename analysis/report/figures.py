"""Figures of anytime performance and of ranks over time, from computed results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..charts.critical_difference import CriticalDifference
from ..charts.curves import MOST_BANDS, RANK_LABEL, Styles, curves_chart, ranks_chart
from ..charts.figure import Figure
from ..charts.style import LineStyle
from ..comparison.rank_curves import RankCurve
from ..comparison.significance import Significance
from ..performance.random_search import ExpectedCurve
from ..performance.section_curves import SectionCurves
from . import captions, random_search_line


def curves_figure(
    comparison: SectionCurves, index: int, styles: Styles, expected: ExpectedCurve | None = None
) -> Figure:
    """The curves of one measure, and that of random search where it is known."""
    curves = [curve for curve in comparison.curves[index] if len(curve.positions)]
    measure, title = comparison.measures[index], comparison.section.title
    reference = [random_search_line.line(expected, measure)] if expected else []
    caption = captions.curve_caption(comparison, index, MOST_BANDS)
    return Figure(
        name=f"{title} {measure.name}",
        caption=f"{caption} {random_search_line.caption(expected)}" if expected else caption,
        alt=captions.curve_alt(comparison, index),
        chart=curves_chart(curves, title, comparison.axis.label, comparison.section.origin, styles, reference),
        kind="curves",
    )


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
    chart = ranks_chart(curves, title, xlabel, footer, styles, ylabel)
    return Figure(f"{title} ranks", caption, captions.rank_alt(curves), chart, "ranks")


def critical_difference_figure(
    significance: Significance, name: str, title: str, footer: str, blocks: str, styles: Mapping[str, LineStyle]
) -> Figure:
    """The diagram of a test over blocks with at least three optimizers.

    Args:
        significance: The test.
        name: The figure's name in words.
        title: What was compared.
        footer: Where the values come from.
        blocks: What the blocks are: `task` or `seed`.
        styles: The look of each optimizer.
    """
    caption = captions.critical_difference_caption(significance, title, blocks, footer)
    diagram = CriticalDifference(significance, title, footer, styles)
    return Figure(name, caption, captions.critical_difference_alt(significance), diagram, "cd")
