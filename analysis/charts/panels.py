"""Small multiples in one frame, so that many panels are drawn as fast as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import EncaveError
from . import drawing, style
from .drawing import plain
from .papers import Paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_LEAST = 0.2  # inches of a panel's height


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
    given: float | None = None
    """Height of the figure, where it is given: panels are then as high as there is room for."""

    @property
    def width(self) -> float:
        """Width of a panel."""
        return (self.paper.width - 0.1 - self.gap * (self.columns - 1)) / self.columns

    @property
    def tall(self) -> float:
        """Height of a panel.

        Raises:
            EncaveError: the height that is given has no room for the panels.
        """
        if self.given is None:
            return self.ratio * self.width
        around = self.bottom + self.top + self.rows * self.head
        tall = (self.given - around) / self.rows
        if tall < _LEAST:
            least = around + _LEAST * self.rows
            raise EncaveError(f"a figure {self.given:.3g} in high has no room for its panels; it needs {least:.2f} in")
        return tall

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

        figure = Figure(figsize=(self.paper.width, self.height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, self.paper.width), ylim=(0, self.height))
        axes.set_axis_off()
        if title:
            most = int((self.paper.width - 0.1) / drawing.inches(1, self.paper.size + 0.5))
            shown = plain(title, self.paper, most)
            axes.text(0.05, self.height - 0.05, shown, va="top", fontsize=self.paper.size + 0.5)
        drawing.write_footer(figure, footer, self.paper)
        return figure, axes

    def frame(self, axes: Axes, row: int, column: int) -> None:
        """A thin line around a panel."""
        from matplotlib.patches import Rectangle

        corner = self.corner(row, column)
        axes.add_artist(Rectangle(corner, self.width, self.tall, fill=False, edgecolor=style.GRID, linewidth=0.6))

    def text(self, axes: Axes, at: tuple[float, float], text: str, width: float, **look: Any) -> None:
        """Small text that loses its middle where it is wider than `width`."""
        most = max(3, int(width / drawing.inches(1, self.paper.small)))
        axes.text(*at, plain(text, self.paper, most), fontsize=self.paper.small, **look)
