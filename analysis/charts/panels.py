"""Small multiples in one frame, so that many panels are drawn as fast as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import drawing, style
from .drawing import plain
from .papers import Paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Panels:
    """Where panels stand: all lengths in inches, from the lower left of the figure."""

    paper: Paper
    """What is drawn for."""
    columns: int
    """Panels beside each other."""
    rows: int
    """Panels above each other."""
    ratio: float
    """Height of a panel relative to its width."""
    head: float
    """Height above each panel for its heading."""
    top: float
    """Height above all of them, for the title."""
    bottom: float
    """Height below all of them: axis label, legend, footer."""
    gap: float = 0.08
    """Between panels."""

    @property
    def width(self) -> float:
        """Width of a panel."""
        return (self.paper.width - 0.1 - self.gap * (self.columns - 1)) / self.columns

    @property
    def tall(self) -> float:
        """Height of a panel."""
        return self.ratio * self.width

    @property
    def height(self) -> float:
        """Height of the figure."""
        return self.bottom + self.rows * (self.tall + self.head) + self.top

    def corner(self, row: int, column: int) -> tuple[float, float]:
        """Lower left of a panel, rows from above."""
        below = (self.rows - 1 - row) * (self.tall + self.head)
        return 0.05 + column * (self.width + self.gap), self.bottom + below

    def start(self, title: str, footer: str) -> tuple[Figure, Axes]:
        """The figure, and axes over all of it whose unit is an inch."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(self.paper.width, self.height), facecolor="none")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, self.paper.width), ylim=(0, self.height))
        axes.set_axis_off()
        most = int((self.paper.width - 0.1) / drawing.inches(1, self.paper.size + 0.5))
        axes.text(0.05, self.height - 0.05, plain(title, self.paper, most), va="top", fontsize=self.paper.size + 0.5)
        drawing.write_footer(figure, footer, self.paper)
        return figure, axes

    def frame(self, axes: Axes, row: int, column: int) -> None:
        """A thin line around a panel."""
        from matplotlib.patches import Rectangle

        corner = self.corner(row, column)
        axes.add_patch(Rectangle(corner, self.width, self.tall, fill=False, edgecolor=style.GRID, linewidth=0.6))

    def text(self, axes: Axes, at: tuple[float, float], text: str, width: float, **look: Any) -> None:
        """Small text that loses its middle where it is wider than `width`."""
        most = max(3, int(width / drawing.inches(1, self.paper.small)))
        axes.text(*at, plain(text, self.paper, most), fontsize=self.paper.small, **look)
