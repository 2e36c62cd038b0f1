"""Bars with whiskers, a row for each, in as many series as there are optimizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import drawing
from .drawing import plain
from .figure import Interactive
from .papers import Paper
from .style import LineStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.19  # inches of a bar
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

    def draw(self, paper: Paper) -> Figure:
        """The figure, with a legend below where there are several series."""
        from matplotlib.figure import Figure

        names = list(self.values)
        legend = drawing.legend_height(names, paper) if len(names) > 1 else 0.0
        tall = max(_ROW * len(self.labels) * (len(names) + _GAP), 0.4)
        bottom, top, foot = 0.42 * paper.scale, 0.22 * paper.scale, 0.14
        left = 0.14 + drawing.inches(min(max(map(len, self.labels), default=1), 30), paper.small)
        height = bottom + top + foot + legend + tall
        figure = Figure(figsize=(paper.width, height), facecolor="none")
        wide = paper.width - left - 0.19
        axes = figure.add_axes(
            (left / paper.width, (foot + legend + bottom) / height, wide / paper.width, tall / height)
        )
        axes.set_facecolor("none")
        axes.set_title(plain(self.title, paper, int(wide / drawing.inches(1, paper.size))), loc="left", pad=4)
        axes.set_xlabel(plain(self.xlabel, paper), labelpad=2)
        self._draw_bars(axes, paper)
        if legend:
            handles = [drawing.legend_line(self.styles[name]) for name in names]
            drawing.write_legend(figure, handles, names, paper, foot + legend)
        drawing.write_footer(figure, self.footer, paper)
        return figure

    def draw_on(self, axes: Axes, paper: Paper) -> None:
        """Draw into axes of somebody's own, with a legend within them where there are several series."""
        axes.set_title(plain(self.title, paper))
        axes.set_xlabel(plain(self.xlabel, paper))
        self._draw_bars(axes, paper)
        if len(self.values) > 1:
            axes.legend([drawing.legend_line(self.styles[name]) for name in self.values], list(self.values))

    def _draw_bars(self, axes: Axes, paper: Paper) -> None:
        count = len(self.values)
        rows = np.arange(len(self.labels)) * (count + _GAP)
        for place, (name, values) in enumerate(self.values.items()):
            spread = self.spreads[name]
            axes.barh(
                rows + place, np.nan_to_num(values), height=0.9, color=self.styles[name].colour,
                xerr=None if np.isnan(spread).all() else np.nan_to_num(spread), error_kw={"elinewidth": 0.6},
            )  # fmt: skip
        axes.set_yticks(rows + (count - 1) / 2, [plain(label, paper, 30) for label in self.labels])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")

    def interactive(self) -> Interactive | None:
        """The same bars for the page."""
        traces = [
            {
                "type": "bar", "orientation": "h", "name": name,
                "x": np.nan_to_num(values).tolist(), "y": list(self.labels),
                "marker": {"color": self.styles[name].page_colour},
                "error_x": {"type": "data", "array": np.nan_to_num(self.spreads[name]).tolist(), "thickness": 1},
            }
            for name, values in self.values.items()
        ]  # fmt: skip
        layout = {"xaxis": {"title": {"text": self.xlabel}}, "yaxis": {"autorange": "reversed"}, "barmode": "group"}
        return Interactive(traces, layout, [(name, self.styles[name], (k,)) for k, name in enumerate(self.values)])
