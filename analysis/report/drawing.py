"""What all figures share: the frame with its legend, lines with bands, ticks, and both files of a figure."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..anytime import step_values
from . import style
from .scales import Scale
from .style import LineStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

WIDTH = 3.4
"""Width in inches: one column of a two-column page."""
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


@dataclass(frozen=True)
class StepLine:
    """A step function to draw, best first in a sequence of them."""

    label: str
    """Its entry in the legend."""
    look: LineStyle
    """Colour, dashes, marker."""
    x: NDArray[np.float64]
    """Where it changes, and where it ends, ascending, shape (m + 1,)."""
    y: NDArray[np.float64]
    """Its value from each to the next, shape (m,)."""
    band: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None
    """Where the band changes, its lower and its upper end, each shape (b,); None without one."""


@dataclass(frozen=True)
class Frame:
    """What stands around the lines."""

    title: str
    """Above the axes, to the left."""
    xlabel: str
    """Name and unit of the horizontal axis."""
    ylabel: str
    """Of the vertical one."""
    footer: str
    """Small, at the foot: where the values come from."""


def line_figure(frame: Frame, lines: Sequence[StepLine], scale_y: Callable[[Axes], None]) -> Figure:
    """A figure of step lines over a logarithmic axis; `scale_y` is called with the axes to set the vertical one."""
    from matplotlib.figure import Figure

    columns = 2 if max((len(line.label) for line in lines), default=0) <= 26 else 1
    legend = _LEGEND_ROW * -(-len(lines) // columns)
    bottom, top, footer = 0.42, 0.22, 0.14  # inches: below the axes, above them, below the legend
    height = bottom + top + footer + legend + 1.75
    figure = Figure(figsize=(WIDTH, height), facecolor="none")
    axes = figure.add_axes((0.165, (footer + legend + bottom) / height, 0.78, 1.75 / height))
    axes.set_facecolor("none")
    axes.set_title(frame.title, loc="left", pad=4)
    axes.set_xlabel(frame.xlabel, labelpad=2)
    axes.set_ylabel(frame.ylabel, labelpad=2)
    for number, line in enumerate(lines):
        _draw_line(axes, line, number, len(lines))
    if lines:
        _scale_x(axes, lines)
        scale_y(axes)
        figure.legend(
            [_legend_line(line.look) for line in lines], [line.label for line in lines], loc="upper center",
            bbox_to_anchor=(0.52, (footer + legend) / height), ncols=columns, handlelength=3.2, columnspacing=1.4,
            labelspacing=0.25, borderpad=0, borderaxespad=0,
        )  # fmt: skip
    else:
        axes.set(xticks=[], yticks=[])
        note = "no curve: see the notes of this section"
        axes.text(0.5, 0.5, note, transform=axes.transAxes, ha="center", color=style.MUTED)
    write_footer(figure, frame.footer)
    return figure


def write_footer(figure: Figure, text: str) -> None:
    """A small line at the foot of a figure."""
    y = 0.035 / figure.get_figheight()
    figure.text(0.99, y, text, ha="right", va="bottom", fontsize=5, color=style.MUTED)


def _legend_line(look: LineStyle) -> Line2D:
    from matplotlib.lines import Line2D

    line = Line2D([], [], color=look.colour, marker=look.marker, markersize=3.2, markeredgewidth=0)
    if look.dashes:
        line.set_dashes(look.dashes)
    return line


def _draw_line(axes: Axes, line: StepLine, number: int, of: int) -> None:
    colour: dict[str, Any] = {"color": line.look.colour}
    order = 3 + (of - number) / of  # the best on top
    pattern: dict[str, Any] = {"dashes": line.look.dashes} if line.look.dashes else {}
    axes.plot(line.x, np.append(line.y, line.y[-1]), drawstyle="steps-post", zorder=order, **colour, **pattern)
    if line.band:
        at, lower, upper = line.band
        at, lower, upper = np.append(at, line.x[-1]), np.append(lower, lower[-1]), np.append(upper, upper[-1])
        axes.fill_between(at, lower, upper, step="post", alpha=0.16, linewidth=0, zorder=2, **colour)
    marks = _mark_positions(line.x, number, of)
    axes.plot(
        marks, step_values(line.x[:-1], line.y, marks), linestyle="", marker=line.look.marker, markersize=3.2,
        markeredgewidth=0, zorder=order, **colour,
    )  # fmt: skip


def _mark_positions(x: NDArray[np.float64], number: int, of: int) -> NDArray[np.float64]:
    """Evenly spaced in log x, shifted from curve to curve so that markers do not cover each other."""
    low, high = x[x > 0][0] if (x > 0).any() else 1.0, max(x[-1], 1e-300)
    steps = (np.arange(_MARKS) + (number + 0.5) / of) / _MARKS
    return np.clip(low * (high / low) ** steps, x[0], x[-1])


def _scale_x(axes: Axes, lines: Sequence[StepLine]) -> None:
    x = np.concatenate([line.x for line in lines])
    low, high = x[x > 0].min(initial=np.inf), x.max()
    if low < high:
        axes.set_xscale("log")
        axes.set_xlim(low, high * (high / low) ** 0.008)  # so much more that a step at the very end is seen
        log_ticks(axes.xaxis, high / low)


def scale_values(axes: Axes, scale: Scale) -> None:
    """Give the vertical axis this scale."""
    if scale.kind == "log":
        axes.set_yscale("log")
        log_ticks(axes.yaxis, scale.high / scale.low)
    elif scale.kind == "log with zero":
        axes.set_yscale("symlog", linthresh=scale.threshold, linscale=0.4)
        axes.set_ylim(0, scale.high * 1.3)
        _symlog_ticks(axes, scale)


def log_ticks(axis: Any, ratio: float) -> None:
    """Ticks of a logarithmic axis whose ends have this ratio."""
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


def save(figure: Figure, pdf: Path) -> str:
    """Write the figure to `pdf` and return it as an `<svg>` element whose ids begin with the file's stem."""
    figure.savefig(pdf, metadata={"CreationDate": None, "Creator": "encave", "Producer": None})
    return _svg(figure, pdf.stem)


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
