"""A chart that was drawn: its figure, its axes and its lines, for whoever wants to go on with them.

In the manner of scikit-learn's displays; no global state of matplotlib is touched, so nothing has to be closed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ...errors import EncaveError
from ...files.atomic import atomic_file
from .figure import Chart
from .papers import Paper
from .papers import paper as paper_of
from .style import figure_settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


@runtime_checkable
class OnAxes(Protocol):
    """A chart that can be drawn into axes that are there already."""

    def draw_on(self, axes: Axes, paper: Paper) -> None:
        """Draw into `axes`, with their names and a legend; lines that stand for an optimizer carry its label."""
        ...


@dataclass(frozen=True, eq=False)
class Display:
    """A chart that was drawn."""

    figure_: Figure
    """Matplotlib's figure."""
    ax_: Axes
    """Its axes; the first where there are several."""
    line_: tuple[Line2D, ...]
    """The line of each optimizer, best first; empty where the chart has none."""

    def save(self, path: Path | str) -> Path:
        """Write the figure, in the format that the path's ending names, whole or not at all.

        Raises:
            EncaveError: the file cannot be written, or the ending names no format.
        """
        path = Path(path)
        kinds = sorted(self.figure_.canvas.get_supported_filetypes())
        if path.suffix[1:].lower() not in kinds:
            raise EncaveError(
                f"{path}: no figure of the kind {path.suffix or 'without ending'!r}; name a {', '.join(kinds)}"
            )
        with atomic_file(path) as temporary:
            self.figure_.savefig(temporary, format=path.suffix[1:].lower(), bbox_inches="tight", dpi=200)
        return path

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.figure_.savefig(buffer, format="png", bbox_inches="tight", dpi=150, facecolor="white")
        return buffer.getvalue()


def display(chart: Chart, ax: Axes | None = None, *, paper: Paper | None = None, **line_kw: object) -> Display:
    """Draw a chart into axes, or into a figure of its own.

    Args:
        chart: The chart.
        ax: Matplotlib's axes; None: a new figure at the paper's width.
        paper: Sizes and font of a new figure; None: a paper of two columns.
        line_kw: Properties of matplotlib's `Line2D` for the line of every optimizer, e.g. `linewidth=2`.

    Raises:
        EncaveError: the chart needs a figure of its own.
    """
    from matplotlib import rc_context
    from matplotlib.figure import SubFigure

    paper = paper or paper_of(None)
    if ax is None:
        with rc_context(figure_settings(paper)):
            figure = chart.draw(paper)
        ax = figure.axes[0]
    elif isinstance(chart, OnAxes):
        chart.draw_on(ax, paper)
    else:
        raise EncaveError(f"{type(chart).__name__} is drawn into a figure of its own; leave out ax=")
    lines = tuple(line for line in ax.get_lines() if not str(line.get_label()).startswith("_"))
    for line in lines if line_kw else ():
        line.set(**line_kw)
    figure = ax.figure
    while isinstance(figure, SubFigure):
        figure = figure.figure
    assert figure is not None, "axes are in a figure"
    return Display(figure, ax, lines)
