"""Shares over time as stacked areas, a panel for each optimizer and hyperparameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...run.types import Floats
from . import drawing
from .frame import Legend, outer
from .panels import Panels
from .papers import Paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


# The light scheme of P. Tol, "Colour schemes" (SRON technical note 09-002, 2021), made for areas; grey is the last.
COLOURS = ("#77AADD", "#EE8866", "#EEDD88", "#FFAABB", "#99DDFF", "#44BB99", "#BBCC33", "#AAAA00")
REST = "#DDDDDD"


@dataclass(frozen=True)
class Stack:
    """The areas of one panel."""

    x: Floats
    """Where shares change, ascending, and where they end, shape (m + 1,)."""
    shares: Mapping[str, Floats]
    """Value → its share from each position to the next, shape (m,); they sum to 1."""


@dataclass(frozen=True)
class AreaGrid:
    """Panels in rows and columns."""

    title: str
    """Above all."""
    xlabel: str
    """Below all: what goes from left to right in each panel."""
    footer: str
    """Small, at the foot."""
    heads: Sequence[str]
    """What each column is."""
    rows: Sequence[tuple[str, Sequence[Stack]]]
    """What each row is, and its panels."""
    colours: Mapping[str, str]
    """Value → its colour, in the order in which they are stacked."""
    ends: tuple[float, float]
    """Left and right end of every panel, above zero; the axis is logarithmic."""
    legend_inside: ClassVar[bool] = False
    """Panels have no room for one."""
    legend: Legend | None = None
    """`none`: no legend; else it stands below the panels."""
    height: float | None = None
    """Height of the figure in inches; None: by the number of panels."""

    def draw(self, paper: Paper) -> Figure:
        """The figure, with a legend below."""
        from matplotlib.patches import Patch

        line = drawing.row_height(paper)
        shown = outer(self.legend, list(self.colours))
        legend = drawing.legend_height(shown, paper) if shown else 0.0
        ratio = min(0.8, 0.42 * len(self.heads) / paper.width)
        top = 0.22 * paper.scale if self.title else 0.05
        places = Panels(
            paper, len(self.heads), len(self.rows), ratio=ratio, head=1.35 * line, top=top + line,
            bottom=0.14 + legend + 1.7 * line, gap=0.06, given=self.height,
        )  # fmt: skip
        figure, axes = places.start(self.title, self.footer)
        for column, head in enumerate(self.heads):
            x = places.corner(0, column)[0] + places.width / 2
            at = (x, places.height - places.top + 0.02)
            places.text(axes, at, head, places.width, ha="center", va="bottom")
        for row, (name, _) in enumerate(self.rows):
            x, y = places.corner(row, 0)
            places.text(axes, (x, y + places.tall + 0.02), name, paper.width - 0.1, va="bottom", weight="bold")
        self._draw_areas(axes, places)
        foot = (paper.width / 2, places.bottom - 0.03)
        places.text(axes, foot, self.xlabel, paper.width - 0.1, ha="center", va="top")
        handles = [Patch(facecolor=colour, linewidth=0) for colour in self.colours.values()]
        if shown:
            drawing.write_legend(figure, handles, shown, paper, 0.14 + legend)
        return figure

    def in_order(self, order: Sequence[str]) -> AreaGrid:
        """The same with the rows of these optimizers first, in this order."""
        place = {name: number for number, name in enumerate(order)}
        return replace(self, rows=sorted(self.rows, key=lambda row: place.get(row[0], len(place))))

    def _draw_areas(self, axes: Axes, places: Panels) -> None:
        """All panels at once, a path for each value: from the top value down, each to the foot, under the next."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        corners: dict[str, list[Floats]] = {value: [] for value in self.colours}
        for row, (_, stacks) in enumerate(self.rows):
            for column, stack in enumerate(stacks):
                for value, area in self._areas(stack):
                    corners[value].append(area * (places.width, places.tall) + places.corner(row, column))
        for value, areas in reversed(corners.items()):
            if areas:
                path = Path.make_compound_path(*map(Path, areas))
                axes.add_artist(PathPatch(path, facecolor=self.colours[value], linewidth=0))  # its ends are known
        for row, column in product(range(places.rows), range(places.columns)):
            places.frame(axes, row, column)

    def _areas(self, stack: Stack) -> Iterator[tuple[str, Floats]]:
        """Each value's corners within a panel, both coordinates in 0 … 1, from the foot to what it reaches to."""
        low, high = np.log(self.ends)
        x = (np.log(np.maximum(stack.x, self.ends[0])) - low) / (high - low)
        top = np.zeros(len(x) - 1)
        for value in self.colours:
            share = stack.shares.get(value)
            if share is None or not share.any():
                continue
            top = top + share
            kept = np.append(True, np.diff(top) != 0)
            steps = np.repeat(np.append(x[:-1][kept], x[-1]), 2)
            yield value, np.column_stack((steps, np.concatenate(([0.0], np.repeat(top[kept], 2), [0.0]))))

    def interactive(self) -> None:
        """None: the drawing stands in the page."""
