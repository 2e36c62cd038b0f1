"""Figures of anytime performance, drawn from `Comparison`s: vector PDF for the paper, SVG for the page."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..anytime import Curve, step_values
from ..comparison import Comparison
from ..study_view import Measure
from . import captions, style, words
from .scales import Scale, vertical_scale
from .style import LineStyle
from .text import capital

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

WIDTH = 3.4
"""Width in inches: one column of a two-column page."""
MOST_BANDS = 8
"""With more optimizers than this only the best so many carry a band, or nothing could be seen."""
_LEGEND_ROW = 0.145
_MARKS = 6


@dataclass(frozen=True)
class DrawnFigure:
    """One figure, in both forms."""

    name: str
    """File name without ending."""
    caption: str
    """What it shows, by what rule, with what exceptions."""
    alt: str
    """The same for those who cannot see it: final values in words."""
    svg: str
    """An `<svg>` element whose colours follow the page."""


def draw(comparison: Comparison, index: int, styles: Mapping[str, LineStyle], pdf: Path) -> DrawnFigure:
    """Draw the curves of one measure; write the PDF to `pdf`, whose stem is the figure's name."""
    import matplotlib as mpl

    curves = [curve for curve in comparison.curves[index] if len(curve.positions)]
    with mpl.rc_context(style.figure_settings()):
        figure = _figure(comparison, comparison.measures[index], curves, styles)
        figure.savefig(pdf, metadata={"CreationDate": None, "Creator": "encave", "Producer": None})
        svg = _svg(figure, pdf.stem)
    caption = captions.curve_caption(comparison, index, MOST_BANDS)
    return DrawnFigure(pdf.stem, caption, captions.curve_alt(comparison, index), svg)


def _figure(
    comparison: Comparison, measure: Measure, curves: Sequence[Curve], styles: Mapping[str, LineStyle]
) -> Figure:
    from matplotlib.figure import Figure

    labels = _legend_labels(curves)
    columns = 2 if max(map(len, labels), default=0) <= 26 else 1
    legend = _LEGEND_ROW * -(-len(curves) // columns)
    bottom, top, footer = 0.42, 0.22, 0.14  # inches: below the axes, above them, below the legend
    height = bottom + top + footer + legend + 1.75
    figure = Figure(figsize=(WIDTH, height), facecolor="none")
    axes = figure.add_axes((0.165, (footer + legend + bottom) / height, 0.82, 1.75 / height))
    axes.set_facecolor("none")
    axes.set_title(comparison.section.title, loc="left", pad=4)
    axes.set_xlabel(capital(comparison.axis.label), labelpad=2)
    axes.set_ylabel(capital(measure.label), labelpad=2)
    for number, curve in enumerate(curves):
        _draw_curve(axes, curve, styles[curve.optimizer], number, len(curves))
    if curves:
        _scale_axes(axes, curves)
        handles = [_legend_line(styles[curve.optimizer]) for curve in curves]
        figure.legend(
            handles, labels, loc="upper center", bbox_to_anchor=(0.53, (footer + legend) / height), ncols=columns,
            handlelength=3.2, columnspacing=1.4, labelspacing=0.25, borderpad=0, borderaxespad=0,
        )  # fmt: skip
    else:
        axes.set(xticks=[], yticks=[])
        axes.text(
            0.5,
            0.5,
            "no curve: see the notes of this section",
            transform=axes.transAxes,
            ha="center",
            color=style.MUTED,
        )
    figure.text(
        0.99, 0.035 / height, words.origin(comparison.section), ha="right", va="bottom", fontsize=5, color=style.MUTED
    )
    return figure


def _legend_labels(curves: Sequence[Curve]) -> list[str]:
    """The optimizers, with their numbers of runs where those differ."""
    if len({curve.runs for curve in curves}) < 2 and not any(curve.without_incumbent for curve in curves):
        return [curve.optimizer for curve in curves]
    of = [f" of {curve.runs + curve.without_incumbent}" if curve.without_incumbent else "" for curve in curves]
    return [f"{curve.optimizer} ({curve.runs}{more} runs)" for curve, more in zip(curves, of, strict=True)]


def _legend_line(look: LineStyle) -> Line2D:
    from matplotlib.lines import Line2D

    line = Line2D([], [], color=look.colour, marker=look.marker, markersize=3.2, markeredgewidth=0)
    if look.dashes:
        line.set_dashes(look.dashes)
    return line


def _draw_curve(axes: Axes, curve: Curve, look: LineStyle, number: int, of: int) -> None:
    colour: dict[str, Any] = {"color": look.colour}
    x, y = np.append(curve.positions, curve.stop), np.append(curve.mean, curve.mean[-1])
    order = 3 + (of - number) / of  # the best on top
    pattern: dict[str, Any] = {"dashes": look.dashes} if look.dashes else {}
    axes.plot(x, y, drawstyle="steps-post", zorder=order, **colour, **pattern)
    if len(curve.band) and number < MOST_BANDS:
        at = np.append(curve.positions[curve.band], curve.stop)
        lower, upper = np.append(curve.lower, curve.lower[-1]), np.append(curve.upper, curve.upper[-1])
        axes.fill_between(at, lower, upper, step="post", alpha=0.16, linewidth=0, zorder=2, **colour)
    marks = _mark_positions(x, number, of)
    axes.plot(
        marks, step_values(curve.positions, curve.mean, marks), linestyle="", marker=look.marker, markersize=3.2,
        markeredgewidth=0, zorder=order, **colour,
    )  # fmt: skip


def _mark_positions(x: NDArray[np.float64], number: int, of: int) -> NDArray[np.float64]:
    """Evenly spaced in log x, shifted from curve to curve so that markers do not cover each other."""
    low, high = x[x > 0][0] if (x > 0).any() else 1.0, max(x[-1], 1e-300)
    steps = (np.arange(_MARKS) + (number + 0.5) / of) / _MARKS
    return np.clip(low * (high / low) ** steps, x[0], x[-1])


def _scale_axes(axes: Axes, curves: Sequence[Curve]) -> None:
    x = np.concatenate([np.append(curve.positions, curve.stop) for curve in curves])
    low, high = x[x > 0].min(initial=np.inf), x.max()
    if low < high:
        axes.set_xscale("log")
        axes.set_xlim(low, high * (high / low) ** 0.008)  # so much more that a step at the very end is seen
        _log_ticks(axes.xaxis, high / low)
    scale = vertical_scale(curves, MOST_BANDS)
    if scale.kind == "log":
        axes.set_yscale("log")
        _log_ticks(axes.yaxis, scale.high / scale.low)
    elif scale.kind == "log with zero":
        axes.set_yscale("symlog", linthresh=scale.threshold, linscale=0.4)
        axes.set_ylim(0, scale.high * 1.3)
        _symlog_ticks(axes, scale)


def _log_ticks(axis: Any, ratio: float) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    # the fewer decades, the more labels between the powers of ten
    labelled = (1, 2, 3, 5, 7) if ratio < 12 else (1, 2, 5) if ratio < 50 else (1,)
    axis.set_major_locator(LogLocator(subs=labelled, numticks=12))
    axis.set_major_formatter(FuncFormatter(_tick))
    axis.set_minor_locator(LogLocator(subs=tuple(range(2, 10)), numticks=12))
    axis.set_minor_formatter(NullFormatter())


def _symlog_ticks(axes: Axes, scale: Scale) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

    powers = 10.0 ** np.arange(np.round(np.log10(scale.threshold)), np.ceil(np.log10(scale.high * 1.3)))
    axes.yaxis.set_major_locator(FixedLocator([0.0, *powers]))
    axes.yaxis.set_minor_locator(FixedLocator([k * power for power in powers for k in range(2, 10)]))
    axes.yaxis.set_major_formatter(FuncFormatter(_tick))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _tick(value: float, _position: int | None = None) -> str:
    if value and not 1e-4 <= abs(value) < 1e6:
        exponent = int(np.floor(np.log10(abs(value)) + 1e-9))
        factor = value / 10.0**exponent
        return f"$10^{{{exponent}}}$" if abs(factor - 1) < 1e-6 else f"${factor:g}\\cdot10^{{{exponent}}}$"
    return f"{value:,.10g}"


def _svg(figure: Figure, name: str) -> str:
    """The figure as an `<svg>` element: colours of text and grid follow the page, ids carry the figure's name."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for colour, variable in ((style.INK, "--ink"), (style.MUTED, "--muted"), (style.GRID, "--grid")):
        text = text.replace(colour, f"var({variable})")
    text = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(
        r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true" focusable="false">', text, count=1
    )
    return re.sub(r"\n\s*", "\n", text.replace("xlink:href", "href"))
