"""A figure with one pair of axes in it: margins in inches that grow with the text, a title, a legend, a footer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from ...errors import EncaveError
from . import drawing
from .drawing import plain
from .papers import Paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Legend: TypeAlias = Literal["inside", "outside", "none"]
"""Where a legend stands: within the axes, below them, or nowhere."""
LEGENDS: tuple[Legend, ...] = get_args(Legend)

_LEAST = 0.3  # inches of the axes, either way
_LONGEST = 28  # letters of a label within the axes
_RIGHT = 0.19


@dataclass(frozen=True)
class FigureFrame:
    """Sizes of such a figure, in inches."""

    paper: Paper
    """What it is made for."""
    left: float
    """From the figure's left edge to the axes."""
    tall: float
    """Height of the axes, where the figure's is not given."""
    title: str
    """Above the axes; may be empty."""
    footer: str
    """At the foot; may be empty."""
    height: float | None = None
    """Height of the figure; None: what it needs."""
    labels: Sequence[str] = ()
    """What stands in the legend below the axes; nothing if there is none."""

    @property
    def top(self) -> float:
        """Above the axes."""
        return 0.22 * self.paper.scale if self.title else 0.08

    @property
    def foot(self) -> float:
        """Below the legend."""
        return 0.14 if self.footer else 0.04

    @property
    def legend(self) -> float:
        """Of the legend."""
        return drawing.legend_height(self.labels, self.paper) if self.labels else 0.0

    @property
    def below(self) -> float:
        """Below the axes."""
        return self.foot + self.legend + 0.42 * self.paper.scale

    @property
    def wide(self) -> float:
        """Width of the axes."""
        return _enough(self.paper.width, self.left + _RIGHT, "wide")

    def start(self) -> tuple[Figure, Axes]:
        """The figure with its axes, title and footer.

        Raises:
            EncaveError: the figure is too small for its axes.
        """
        from matplotlib.figure import Figure

        around = self.top + self.below
        tall = self.tall if self.height is None else _enough(self.height, around, "high")
        width, height, wide = self.paper.width, around + tall, self.wide
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((self.left / width, self.below / height, wide / width, tall / height))
        if self.title:
            axes.set_title(
                plain(self.title, self.paper, int(wide / drawing.inches(1, self.paper.size))), loc="left", pad=4
            )
        drawing.write_footer(figure, self.footer, self.paper)
        return figure, axes

    def write_legend(self, figure: Figure, handles: Sequence[Any], handle: float) -> None:
        """The legend below the axes, where there is one."""
        if self.labels:
            drawing.write_legend(figure, handles, self.labels, self.paper, self.foot + self.legend, handle)


def inner_legend(
    axes: Axes, handles: Sequence[Any], labels: Sequence[str], paper: Paper, legend: Legend | None, **look: Any
) -> None:
    """A legend of axes that stand in a figure of somebody's own, or of a legend that is wanted inside."""
    if legend == "none" or not labels:
        return
    place: dict[str, Any] = {"loc": "best"}
    if legend == "outside":
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.2), "ncols": min(4, len(labels))}
    axes.legend(list(handles), drawing.own_labels(labels, paper, _LONGEST), **place, **look)


def outer(legend: Legend | None, labels: Sequence[str]) -> Sequence[str]:
    """What stands in the legend of panels, which is below them or nowhere."""
    return () if legend == "none" else labels


def _enough(size: float, around: float, how: str) -> float:
    left = size - around
    if left < _LEAST:
        raise EncaveError(f"a figure {size:.3g} in {how} has no room for its axes; it needs {around + _LEAST:.2f} in")
    return left
