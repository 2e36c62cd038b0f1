"""The critical-difference diagram (Demšar 2006, figure 1): average ranks, and bars over those that do not differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import EncaveError
from ..comparison.significance import Significance
from .drawing import inches, own_labels, plain, write_footer
from .figure import Interactive
from .papers import Paper
from .style import INK, MUTED, LineStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

_ROW = 0.155  # inches between two labels of 7 pt
_BAR = 0.075  # inches between two bars
_LONGEST = 28  # letters of a name; a longer one is shortened
_MOST_IN_COLUMN = 9  # optimizers of which a diagram may fit into one column


@dataclass(frozen=True)
class _Size:
    """Sizes of the diagram: inches, but for ranks."""

    width: float
    height: float
    margin: float
    low: int
    """Rank at the left end of the axis."""
    high: int
    """Rank at its right end."""
    unit: float
    """Ranks per inch."""
    row: float
    upper: float
    """From the axis to the top."""
    below: float
    """From the axis to the first name."""
    bars: Sequence[tuple[float, float]]
    """Ends of each bar, in ranks."""
    levels: Sequence[int]
    """Level of each bar."""
    names: Mapping[str, str]
    """Optimizer → its name as drawn."""


@dataclass(frozen=True)
class CriticalDifference:
    """The diagram."""

    significance: Significance
    """The test."""
    title: str
    """What was compared."""
    footer: str
    """Where the values come from."""
    styles: Mapping[str, LineStyle]
    """The look of each optimizer."""
    height: float | None = None
    """Height of the figure in inches, which the names share; None: by their number."""

    def interactive(self) -> Interactive | None:
        """Nothing to hover over: every number stands beside its name."""
        return None

    def draw(self, paper: Paper) -> Drawing:
        """The diagram: over one column if its names fit, else over the whole text."""
        from matplotlib.figure import Figure as Drawing

        size = self._size(paper)
        figure = Drawing(figsize=(size.width, size.height))
        axes = figure.add_axes((0, 0, 1, 1))
        self._draw(axes, paper, size)
        write_footer(figure, self.footer, paper)
        return figure

    def draw_on(self, axes: Axes, paper: Paper) -> None:
        """Draw into axes of somebody's own, at their size."""
        self._draw(axes, paper, self._size(paper))

    def _size(self, paper: Paper) -> _Size:
        significance, small = self.significance, paper.small
        rank = significance.ranks
        names = dict(zip(significance.optimizers, own_labels(significance.optimizers, paper, _LONGEST), strict=True))
        margin = 0.16 + inches(max(map(len, names.values())) + len(" (1.00)"), small)
        fits = len(names) <= _MOST_IN_COLUMN and paper.width - 2 * margin >= 0.4 * paper.width
        width = paper.width if fits else paper.text_width
        low = math.floor(min(rank))
        high = max(math.ceil(max(rank)), low + 1)
        unit = (high - low) / (width - 2 * margin)
        places = dict(zip(significance.optimizers, rank, strict=True))
        bars = [(places[group[0]], places[group[-1]]) for group in significance.groups]
        levels = bar_levels(bars, 0.12 * unit)
        row = _ROW * small / 7
        upper = 0.24 * paper.scale + (0.17 if significance.critical_difference else 0.0)  # CD, ticks
        upper += 0.22 * paper.scale if self.title else 0.06
        below = 0.1 + _BAR * (max(levels, default=-1) + 1)
        foot, rows = 0.2 if self.footer else 0.08, -(-len(names) // 2)
        if self.height is not None:
            least = upper + below + foot + 0.6 * row * rows
            if self.height < least:
                room = f"{self.height:.3g} in of height; it needs {least:.2f} in"
                raise EncaveError(f"a diagram of {len(names)} optimizers does not fit {room}")
            row = (self.height - upper - below - foot) / rows
        height = upper + below + row * rows + foot
        return _Size(width, height, margin, low, high, unit, row, upper, below, bars, levels, names)

    def _draw(self, axes: Axes, paper: Paper, size: _Size) -> None:
        significance, small = self.significance, paper.small
        rank = dict(zip(significance.optimizers, significance.ranks, strict=True))
        low, high, unit, upper = size.low, size.high, size.unit, size.upper
        axes.set(xlim=(low - size.margin * unit, high + size.margin * unit), ylim=(upper - size.height, upper))
        axes.axis("off")
        if self.title:
            title = plain(self.title, paper, int(size.width / inches(1, paper.size)))
            axes.text(low - size.margin * unit + 0.08 * unit, upper - 0.06, title, fontsize=paper.size + 0.5, va="top")
        _draw_axis(axes, low, high, unit, small)
        if significance.critical_difference:
            _draw_cd(axes, low, significance.critical_difference, small - 1)
        for (start, end), level, group in zip(size.bars, size.levels, significance.groups, strict=True):
            y = -0.1 - _BAR * level
            axes.plot([start - 0.03 * unit, end + 0.03 * unit], [y, y], color=INK, linewidth=2.4, solid_capstyle="butt")
            inner = [rank[name] for name in group]
            axes.plot(inner, [y] * len(inner), linestyle="", marker="o", markersize=3.6, color=INK, markeredgewidth=0)
        edges = (low - 0.05 * unit, high + 0.05 * unit)
        _draw_labels(axes, significance, self.styles, size.names, (size.below, size.row, small), edges)


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


def _draw_axis(axes: Axes, low: int, high: int, unit: float, size: float) -> None:
    axes.plot([low, high], [0, 0], color=INK, linewidth=0.8, solid_capstyle="projecting")
    step = math.ceil(0.2 * unit)  # ranks between labels that are a fifth of an inch apart
    for tick in range(low, high + 1):
        labelled = (tick - low) % step == 0
        axes.plot([tick, tick], [0, 0.05 if labelled else 0.03], color=INK, linewidth=0.6)
        if labelled:
            axes.text(tick, 0.07, str(tick), ha="center", va="bottom", fontsize=size)
    axes.text(high + 0.1 * unit, 0.07, "average rank", ha="left", va="bottom", fontsize=5, color=MUTED)


def _draw_cd(axes: Axes, low: int, difference: float, size: float) -> None:
    y = 0.25
    axes.plot([low, low + difference], [y, y], color=INK, linewidth=0.8, marker="|", markersize=4)
    axes.text(low + difference / 2, y + 0.03, f"CD = {difference:.2f}", ha="center", va="bottom", fontsize=size)


def _draw_labels(
    axes: Axes,
    significance: Significance,
    styles: Mapping[str, LineStyle],
    names: Mapping[str, str],
    rows: tuple[float, float, float],
    edges: tuple[float, float],
) -> None:
    """Names at the sides: the better half to the left, each joined to its rank on the axis."""
    below, height, size = rows
    count = len(significance.optimizers)
    half = -(-count // 2)
    for place, (name, rank) in enumerate(zip(significance.optimizers, significance.ranks, strict=True)):
        left = place < half
        row = place if left else count - 1 - place
        y = -below - height * (row + 0.5)
        edge = edges[0] if left else edges[1]
        axes.plot([rank, rank, edge], [0, y, y], color=INK, linewidth=0.6, zorder=1)
        look = styles[name]
        ends = {"marker": look.marker, "color": look.colour, "markersize": 4.2, "markeredgewidth": 0, "zorder": 4}
        axes.plot([rank, edge], [0, y], linestyle="", **ends)  # type: ignore[arg-type]
        text = f"{names[name]} ({rank:.2f})" if left else f"({rank:.2f}) {names[name]}"
        axes.annotate(
            text, (edge, y), xytext=(-5 if left else 5, 0), textcoords="offset points",
            ha="right" if left else "left", va="center_baseline", fontsize=size,
        )  # fmt: skip
