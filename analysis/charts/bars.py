"""Bars with whiskers, a row for each, in as many series as there are optimizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import drawing
from .drawing import plain
from .figure import Interactive
from .frame import FigureFrame, Legend, inner_legend
from .papers import Paper
from .style import LineStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_ROW, _BAR = 0.19, 0.09  # inches of a bar alone in its row, and of one of several
_GAP = 0.35  # of a row, between two rows of bars


@dataclass(frozen=True)
class BarChart:
    """Horizontal bars: a row for each label, and in it a bar for each series."""

    title: str
    """Above the axes, to the left."""
    xlabel: str
    """Name and unit of the values."""
    footer: str
    """Small, at the foot: where the values come from."""
    labels: Sequence[str]
    """Names of the n rows, from top to bottom."""
    values: Mapping[str, NDArray[np.float64]]
    """Series → its values, shape (n,); NaN where there is none."""
    spreads: Mapping[str, NDArray[np.float64]]
    """Series → half-length of its whiskers, shape (n,); NaN without one."""
    styles: Mapping[str, LineStyle]
    """The look of each series."""
    ylabel: str = ""
    """What the rows are; may be empty."""
    least: float = -np.inf
    """What no value can be below, where whiskers end."""
    legend: Legend | None = None
    """Where the legend stands; None: below the axes, and within axes of somebody's own."""
    height: float | None = None
    """Height of the figure in inches; None: by the number of its bars."""

    def draw(self, paper: Paper) -> Figure:
        """The figure, with a legend below where there are several series."""
        names = list(self.values)
        tall = max((_BAR if len(names) > 1 else _ROW) * (len(self.labels) * (len(names) + _GAP) + _GAP), 0.4)
        left = 0.14 + drawing.inches(min(max(map(len, self.labels), default=1), 30), paper.small)
        left += 0.2 * paper.scale if self.ylabel else 0.0
        below = names if len(names) > 1 and self.legend in (None, "outside") else ()
        frame = FigureFrame(paper, left, tall, self.title, self.footer, self.height, below)
        figure, axes = frame.start()
        axes.set_xlabel(plain(self.xlabel, paper), labelpad=2)
        self._draw_bars(axes, paper)
        frame.write_legend(figure, self._handles, 1.4)
        if self.legend == "inside":
            inner_legend(axes, self._handles, names, paper, self.legend)
        return figure

    @property
    def _handles(self) -> list[Line2D]:
        return [drawing.legend_line(self.styles[name]) for name in self.values]

    def draw_on(self, axes: Axes, paper: Paper) -> None:
        """Draw into axes of somebody's own, with a legend within them where there are several series."""
        axes.set_title(plain(self.title, paper))
        axes.set_xlabel(plain(self.xlabel, paper))
        self._draw_bars(axes, paper)
        if len(self.values) > 1:
            inner_legend(axes, self._handles, list(self.values), paper, self.legend)

    def in_order(self, order: Sequence[str]) -> BarChart:
        """The same with the series of these optimizers first, in this order."""
        place = {name: number for number, name in enumerate(order)}
        names = sorted(self.values, key=lambda name: place.get(name, len(place)))
        return replace(self, values={name: self.values[name] for name in names})

    def _draw_bars(self, axes: Axes, paper: Paper) -> None:
        count = len(self.values)
        axes.set_ylabel(plain(self.ylabel, paper))
        rows = np.arange(len(self.labels)) * (count + _GAP)
        for place, (name, values) in enumerate(self.values.items()):
            bars, spread = np.nan_to_num(values), np.nan_to_num(self.spreads[name])
            axes.barh(
                rows + place, bars, height=0.9, color=self.styles[name].colour,
                xerr=np.stack([self._below(bars, spread), spread]) if spread.any() else None,
                error_kw={"elinewidth": 0.6},
            )  # fmt: skip
        axes.set_yticks(rows + (count - 1) / 2, [plain(label, paper, 30) for label in self.labels])
        axes.set_ylim(len(rows) * (count + _GAP) - 0.5, -0.5 - _GAP)
        axes.grid(visible=False, axis="y")

    def _below(self, bars: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
        """Lengths of the whiskers to the left, shape (n,)."""
        return np.minimum(spread, np.maximum(bars - self.least, 0.0))

    def _whiskers(self, values: NDArray[np.float64], spread: NDArray[np.float64]) -> dict[str, object]:
        ends = {"array": spread.tolist(), "arrayminus": self._below(values, spread).tolist()}
        return {"type": "data", "symmetric": False, **ends, "thickness": 1}

    def interactive(self) -> Interactive | None:
        """The same bars for the page."""
        traces = [
            {
                "type": "bar", "orientation": "h", "name": name,
                "x": np.nan_to_num(values).tolist(), "y": list(self.labels),
                "marker": {"color": self.styles[name].page_colour},
                "error_x": self._whiskers(np.nan_to_num(values), np.nan_to_num(self.spreads[name])),
            }
            for name, values in self.values.items()
        ]  # fmt: skip
        layout = {"xaxis": {"title": {"text": self.xlabel}}, "yaxis": {"autorange": "reversed"}, "barmode": "group"}
        return Interactive(traces, layout, [(name, self.styles[name], (k,)) for k, name in enumerate(self.values)])
