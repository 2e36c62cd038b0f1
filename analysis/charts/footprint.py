"""Where each optimizer looked, a panel for each in the same plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..landscape.footprint import Footprint, Track
from . import drawing
from .frame import Legend, outer
from .panels import Panels
from .papers import Paper
from .style import INK, MUTED, LineStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 8
"""Most optimizers of a figure."""
_LEGEND = ("first half", "last half", "incumbents")


@dataclass(frozen=True)
class FootprintChart:
    """Panels in rows of up to four."""

    title: str
    """Above all."""
    footer: str
    """Small, at the foot."""
    found: Footprint
    """What is drawn."""
    styles: Mapping[str, LineStyle]
    """Look of each optimizer."""
    legend_inside: ClassVar[bool] = False
    """Panels have no room for one."""
    legend: Legend | None = None
    """`none`: no legend; else it stands below the panels."""
    height: float | None = None
    """Height of the figure in inches; None: by the number of panels."""

    @classmethod
    def of(cls, found: Footprint, title: str, footer: str, styles: Mapping[str, LineStyle]) -> FootprintChart:
        """The chart of a task, with as many of its optimizers as there is room for."""
        shown = found.tracks[:MOST_PANELS]
        looks = {track.optimizer: styles[track.optimizer] for track in shown}
        return cls(f"{title}: footprint", footer, Footprint(shown, found.shares, found.outline), looks)

    def draw(self, paper: Paper) -> Figure:
        """The figure, with a legend below."""
        line = drawing.row_height(paper)
        columns = min(4, max(2, len(self.found.tracks)))
        shown = outer(self.legend, _LEGEND)
        legend = drawing.legend_height(shown, paper) if shown else 0.0
        places = Panels(
            paper, columns, -(-len(self.found.tracks) // columns), ratio=1.0, head=1.35 * line,
            top=0.22 * paper.scale if self.title else 0.05, bottom=0.14 + legend + 1.7 * line, given=self.height,
        )  # fmt: skip
        figure, axes = places.start(self.title, self.footer)
        for number, track in enumerate(self.found.tracks):
            self._draw_track(axes, places, divmod(number, columns), track)
        axes.text(paper.width / 2, places.bottom - 0.03, self._axes(), ha="center", va="top", fontsize=paper.small)
        if shown:
            drawing.write_legend(figure, [_dot(0.35), _dot(1.0), _cross()], shown, paper, 0.14 + legend)
        return figure

    def in_order(self, order: Sequence[str]) -> FootprintChart:
        """The same with the panels of these optimizers first, in this order."""
        place = {name: number for number, name in enumerate(order)}
        tracks = sorted(self.found.tracks, key=lambda track: place.get(track.optimizer, len(place)))
        return replace(self, found=replace(self.found, tracks=tuple(tracks)))

    def _axes(self) -> str:
        first, second = (f"{100 * share:.0f} %" for share in self.found.shares)
        return f"Principal coordinates, {first} (horizontal) and {second} of the variance"

    def _draw_track(self, axes: Axes, places: Panels, at: tuple[int, int], track: Track) -> None:
        colour = self.styles[track.optimizer].colour
        left, below = places.corner(*at)
        places.text(axes, (left, below + places.tall + 0.02), track.optimizer, places.width, va="bottom")
        outline = self._placed(self.found.outline, places, at)
        axes.fill(*outline.T, facecolor="none", edgecolor=MUTED, linewidth=0.5)
        for late, opacity in ((False, 0.35), (True, 1.0)):
            points = self._placed(track.points[track.late == late], places, at)
            look: dict[str, Any] = {"marker": "o", "markersize": 2.2, "markeredgewidth": 0, "alpha": opacity}
            axes.plot(*points.T, linestyle="", color=colour, **look)
        ends = self._placed(np.unique(track.incumbents, axis=0), places, at)
        axes.plot(*ends.T, linestyle="", marker="x", markersize=4.5, markeredgewidth=1.1, color=INK)
        places.frame(axes, *at)

    def _placed(self, points: NDArray[np.float64], places: Panels, at: tuple[int, int]) -> NDArray[np.float64]:
        """Points of the plane in inches, in the middle of a panel, on one scale for both coordinates."""
        low, high = self.found.outline.min(axis=0), self.found.outline.max(axis=0)
        room = np.array([places.width, places.tall])
        unit = float((0.88 * room / np.maximum(high - low, 1e-9)).min())
        return np.array(places.corner(*at)) + room / 2 + unit * (points - (low + high) / 2)

    def interactive(self) -> None:
        """None: the drawing stands in the page."""


def _dot(opacity: float) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="", marker="o", markersize=3, markeredgewidth=0, color=INK, alpha=opacity)


def _cross() -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="", marker="x", markersize=4.5, markeredgewidth=1.1, color=INK)
