"""The critical-difference diagram (Demšar 2006, figure 1): average ranks, and bars over those that do not differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..significance import Significance
from . import captions, style
from .drawing import WIDTH, DrawnFigure, save, write_footer
from .style import INK, MUTED, LineStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.155  # inches between two labels
_BAR = 0.075  # inches between two bars
_LETTER = 0.0615  # inches of a typical letter
_LONGEST = 28  # letters of a name; the rest is cut off
_COLUMN = (12, 9)  # letters of the longest name and optimizers, up to which one column is wide enough
_PAGE = 6.9  # inches: both columns


def draw_critical_difference(
    significance: Significance, title: str, footer: str, blocks: str, styles: Mapping[str, LineStyle], pdf: Path
) -> DrawnFigure:
    """Draw the diagram; write the PDF to `pdf`, whose stem is the figure's name.

    Args:
        significance: A test over blocks with at least three optimizers.
        title: What was compared.
        footer: Where the values come from.
        blocks: What the blocks are: `task` or `seed`.
        styles: The look of each optimizer.
        pdf: The file.
    """
    import matplotlib as mpl

    with mpl.rc_context(style.figure_settings()):
        svg = save(_figure(significance, title, footer, styles), pdf)
    caption = captions.critical_difference_caption(significance, title, blocks, footer)
    return DrawnFigure(pdf.stem, caption, captions.critical_difference_alt(significance), svg)


def bar_levels(bars: Sequence[tuple[float, float]], gap: float) -> list[int]:
    """The lowest level for each bar, given by its ends, at which it keeps `gap` to all others; the widest first."""
    levels: dict[int, list[tuple[float, float]]] = {}
    placed: dict[int, int] = {}
    for index in sorted(range(len(bars)), key=lambda i: (bars[i][0] - bars[i][1], bars[i][0], i)):
        low, high = bars[index]
        level = next(
            n
            for n in range(len(bars))
            if all(high + gap < start or end + gap < low for start, end in levels.get(n, []))
        )
        levels.setdefault(level, []).append((low, high))
        placed[index] = level
    return [placed[index] for index in range(len(bars))]


def _figure(significance: Significance, title: str, footer: str, styles: Mapping[str, LineStyle]) -> Figure:
    from matplotlib.figure import Figure

    rank = dict(zip(significance.optimizers, significance.ranks, strict=True))
    bars = [(rank[group[0]], rank[group[-1]]) for group in significance.groups]
    low, high = math.floor(min(rank.values())), max(math.ceil(max(rank.values())), math.floor(min(rank.values())) + 1)
    longest = min(max(map(len, rank)), _LONGEST)
    full = WIDTH if longest <= _COLUMN[0] and len(rank) <= _COLUMN[1] else _PAGE
    margin = 0.16 + _LETTER * (longest + len(" (1.00)"))
    width = full - 2 * margin
    unit = (high - low) / width  # ranks per inch
    levels = bar_levels(bars, 0.12 * unit)
    rows = -(-len(rank) // 2)
    upper = 0.46 + (0.17 if significance.critical_difference else 0.0)  # title, CD, ticks
    below = 0.1 + _BAR * (max(levels, default=-1) + 1)
    height = upper + below + _ROW * rows + 0.2
    figure = Figure(figsize=(full, height), facecolor="none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(low - margin * unit, high + margin * unit), ylim=(upper - height, upper))
    axes.axis("off")
    axes.text(low - margin * unit + 0.08 * unit, upper - 0.06, title, fontsize=8, va="top", color=INK)
    _draw_axis(axes, low, high, unit)
    if significance.critical_difference:
        _draw_cd(axes, low, significance.critical_difference)
    for (start, end), level, group in zip(bars, levels, significance.groups, strict=True):
        y = -0.1 - _BAR * level
        axes.plot([start - 0.03 * unit, end + 0.03 * unit], [y, y], color=INK, linewidth=2.4, solid_capstyle="butt")
        inner = [rank[name] for name in group]
        axes.plot(inner, [y] * len(inner), linestyle="", marker="o", markersize=3.6, color=INK, markeredgewidth=0)
    _draw_labels(axes, significance, styles, below, (low - 0.05 * unit, high + 0.05 * unit))
    write_footer(figure, footer)
    return figure


def _draw_axis(axes: Axes, low: int, high: int, unit: float) -> None:
    axes.plot([low, high], [0, 0], color=INK, linewidth=0.8, solid_capstyle="projecting")
    step = math.ceil(0.2 * unit)  # ranks between labels that are a fifth of an inch apart
    for tick in range(low, high + 1):
        labelled = (tick - low) % step == 0
        axes.plot([tick, tick], [0, 0.05 if labelled else 0.03], color=INK, linewidth=0.6)
        if labelled:
            axes.text(tick, 0.07, str(tick), ha="center", va="bottom", fontsize=7, color=INK)
    axes.text(high + 0.1 * unit, 0.07, "average rank", ha="left", va="bottom", fontsize=5, color=MUTED)


def _draw_cd(axes: Axes, low: int, difference: float) -> None:
    y = 0.25
    axes.plot([low, low + difference], [y, y], color=INK, linewidth=0.8, marker="|", markersize=4)
    axes.text(low + difference / 2, y + 0.03, f"CD = {difference:.2f}", ha="center", va="bottom", fontsize=6, color=INK)


def _draw_labels(
    axes: Axes,
    significance: Significance,
    styles: Mapping[str, LineStyle],
    below: float,
    edges: tuple[float, float],
) -> None:
    """Names at the sides: the better half to the left, each joined to its rank on the axis."""
    count = len(significance.optimizers)
    half = -(-count // 2)
    for place, (name, rank) in enumerate(zip(significance.optimizers, significance.ranks, strict=True)):
        left = place < half
        row = place if left else count - 1 - place
        y = -below - _ROW * (row + 0.5)
        edge = edges[0] if left else edges[1]
        axes.plot([rank, rank, edge], [0, y, y], color=INK, linewidth=0.6, zorder=1)
        look = styles[name]
        axes.plot([rank], [0], marker=look.marker, color=look.colour, markersize=4.2, markeredgewidth=0, zorder=4)
        axes.plot([edge], [y], marker=look.marker, color=look.colour, markersize=4.2, markeredgewidth=0, zorder=4)
        name = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        text = f"{name} ({rank:.2f})" if left else f"({rank:.2f}) {name}"
        axes.annotate(
            text, (edge, y), xytext=(-5 if left else 5, 0), textcoords="offset points",
            ha="right" if left else "left", va="center_baseline", fontsize=7, color=INK,
        )  # fmt: skip
