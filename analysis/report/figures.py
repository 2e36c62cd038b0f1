"""Figures of anytime performance and of ranks over time, drawn from computed results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..comparison import Comparison
from ..curves import Curve
from ..rank_curves import RankCurve
from . import captions, style, words
from .drawing import DrawnFigure, Frame, StepLine, line_figure, save, scale_values
from .scales import vertical_scale
from .style import LineStyle
from .text import capital

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_BANDS = 8
"""With more optimizers than this only the best so many carry a band, or nothing could be seen."""

Styles = Mapping[str, LineStyle]


def draw_curves(comparison: Comparison, index: int, styles: Styles, pdf: Path) -> DrawnFigure:
    """Draw the curves of one measure; write the PDF to `pdf`, whose stem is the figure's name."""
    import matplotlib as mpl

    curves = [curve for curve in comparison.curves[index] if len(curve.positions)]
    frame = Frame(
        comparison.section.title,
        capital(comparison.axis.label),
        capital(comparison.measures[index].label),
        words.origin(comparison.section),
    )
    scale = vertical_scale(curves, MOST_BANDS)
    with mpl.rc_context(style.figure_settings()):
        figure = line_figure(frame, _curve_lines(curves, styles), lambda axes: scale_values(axes, scale))
        svg = save(figure, pdf)
    caption = captions.curve_caption(comparison, index, MOST_BANDS)
    return DrawnFigure(pdf.stem, caption, captions.curve_alt(comparison, index), svg)


def _curve_lines(curves: Sequence[Curve], styles: Styles) -> list[StepLine]:
    lines: list[StepLine] = []
    for number, (curve, label) in enumerate(zip(curves, _legend_labels(curves), strict=True)):
        banded = len(curve.band) and number < MOST_BANDS
        lines.append(
            StepLine(
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
    of = [f" of {curve.runs + curve.without_incumbent}" if curve.without_incumbent else "" for curve in curves]
    return [f"{curve.optimizer} ({curve.runs}{more} runs)" for curve, more in zip(curves, of, strict=True)]


def draw_ranks(curves: Sequence[RankCurve], frame: Frame, caption: str, styles: Styles, pdf: Path) -> DrawnFigure:
    """Draw ranks over time; write the PDF to `pdf`, whose stem is the figure's name."""
    import matplotlib as mpl

    lines = [
        StepLine(
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
    with mpl.rc_context(style.figure_settings()):
        figure = line_figure(frame, lines, partial(_scale_ranks, len(curves)))
        svg = save(figure, pdf)
    return DrawnFigure(pdf.stem, caption, captions.rank_alt(curves), svg)


def _scale_ranks(worst: int, axes: Axes) -> None:
    axes.set_ylim(0.9, worst + 0.1)
