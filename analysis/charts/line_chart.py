"""Lines over an axis, with bands: step functions of time, or values at points. One description, drawn twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ..performance.anytime import step_values
from . import drawing, style
from .drawing import plain
from .figure import Interactive
from .frame import FigureFrame, Legend, inner_legend
from .papers import Paper
from .scales import Scale
from .style import LineStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKS = 6
_DIGITS = 6  # of the numbers in the page; the files of data have all


@dataclass(frozen=True)
class Line:
    """A line, best first in a sequence of them."""

    label: str
    """Its entry in the legend."""
    look: LineStyle
    """Colour, dashes, marker."""
    x: NDArray[np.float64]
    """Where it changes, ascending, shape (m,); with steps also where it ends, shape (m + 1,)."""
    y: NDArray[np.float64]
    """Its value from each to the next, or at each, shape (m,)."""
    band: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None = None
    """Where the band changes, its lower and its upper end, each shape (b,); None without one."""
    steps: bool = True
    """Whether it is a right-continuous step function; else its points are joined."""
    optimizer: str | None = None
    """Whose line it is; None for one that is no optimizer's."""


@dataclass(frozen=True)
class LineChart:
    """Lines in a frame."""

    title: str
    """Above the axes, to the left."""
    xlabel: str
    """Name and unit of the horizontal axis."""
    ylabel: str
    """Of the vertical one."""
    footer: str
    """Small, at the foot: where the values come from."""
    lines: Sequence[Line]
    """The lines, the best first."""
    scale: Scale
    """Of the vertical axis."""
    log_x: bool = True
    """Whether the horizontal axis is logarithmic, where it can be."""
    legend: Legend | None = None
    """Where the legend stands; None: below the axes, and within axes of somebody's own."""
    height: float | None = None
    """Height of the figure in inches; None: by its width."""

    def draw(self, paper: Paper) -> Figure:
        """The figure, with a legend below."""
        labels = [line.label for line in self.lines]
        below = labels if self.legend in (None, "outside") else ()
        frame = FigureFrame(
            paper, 0.56 * paper.scale, min(0.515 * paper.width, 2.3), self.title, self.footer, self.height, below
        )
        figure, axes = frame.start()
        tall = axes.get_position().height * figure.get_figheight()
        axes.set_xlabel(plain(self.xlabel, paper), labelpad=2)
        axes.set_ylabel(plain(self.ylabel, paper, int(1.35 * tall / drawing.inches(1, paper.size))), labelpad=2)
        if self.lines:
            self._draw_lines(axes)
            handles = [drawing.legend_line(line.look) for line in self.lines]
            frame.write_legend(figure, handles, 3.2)
            if self.legend == "inside":
                inner_legend(axes, handles, labels, paper, self.legend, handlelength=3.2, labelspacing=0.25)
        else:
            axes.set(xticks=[], yticks=[])
            note = "no curve: see the notes of this section"
            axes.text(0.5, 0.5, note, transform=axes.transAxes, ha="center", color=style.MUTED)
        return figure

    def draw_on(self, axes: Axes, paper: Paper) -> None:
        """Draw into axes of somebody's own, with names of the axes and a legend within them."""
        axes.set_title(plain(self.title, paper))
        axes.set_xlabel(plain(self.xlabel, paper))
        axes.set_ylabel(plain(self.ylabel, paper))
        if self.lines:
            self._draw_lines(axes)
            handles = [drawing.legend_line(line.look) for line in self.lines]
            inner_legend(axes, handles, [line.label for line in self.lines], paper, self.legend)

    def in_order(self, order: Sequence[str]) -> LineChart:
        """The same with the lines of these optimizers first, in this order."""
        place = {name: number for number, name in enumerate(order)}
        return replace(self, lines=sorted(self.lines, key=lambda line: place.get(line.optimizer or "", len(place))))

    def scaled(self, log: bool) -> LineChart:
        """The same with a vertical axis that is logarithmic or linear; one with zero stays as it is if logarithmic.

        Raises:
            EncaveError: no value is above zero.
        """
        scale = self.scale
        if not self.can_be(log=log):
            raise EncaveError("no value is above zero, so there is no logarithmic axis for them")
        if not log:
            return replace(self, scale=Scale("linear", scale.low, scale.high, limits=self._linear_limits))
        return self if scale.kind != "linear" else replace(self, scale=Scale("log", scale.low, scale.high))

    def can_be(self, *, log: bool) -> bool:
        """Whether the vertical axis can be logarithmic, or linear."""
        above = self.scale.low > 0 and any((line.y > 0).any() for line in self.lines)
        return not log or above or self.scale.kind != "linear"

    @property
    def _linear_limits(self) -> tuple[float, float] | None:
        return self.scale.limits if self.scale.kind == "linear" else None

    def _draw_lines(self, axes: Axes) -> None:
        for number, line in enumerate(self.lines):
            _draw_line(axes, self._cut(line), number, len(self.lines), self._log_x)
        low, high = self._ends
        if self._log_x:
            axes.set_xscale("log")
            axes.set_xlim(low, high * (high / low) ** 0.008)  # so much more that a step at the very end is seen
            drawing.log_ticks(axes.xaxis, high / low)
        drawing.scale_values(axes, self.scale)

    def _cut(self, line: Line) -> Line:
        """The line with its band cut where a logarithmic axis ends."""
        if line.band is None or self.scale.kind != "log" or self.scale.limits is None:
            return line
        at, lower, upper = line.band
        return replace(line, band=(at, *(np.clip(end, *self.scale.limits) for end in (lower, upper))))

    @property
    def _ends(self) -> tuple[float, float]:
        """The smallest position above zero and the largest."""
        x = np.concatenate([line.x for line in self.lines])
        return float(x[x > 0].min(initial=np.inf)), float(x.max())

    @property
    def _log_x(self) -> bool:
        low, high = self._ends
        return self.log_x and low < high

    def interactive(self) -> Interactive | None:
        """Lines with bands; hidden and shown with what belongs to them."""
        if not self.lines:
            return None
        traces: list[dict[str, Any]] = []
        parts: list[tuple[str, LineStyle, tuple[int, ...]]] = []
        for line in self.lines:
            own = [*_band_traces(self._cut(line)), _line_trace(line)]
            parts.append((line.label, line.look, tuple(range(len(traces), len(traces) + len(own)))))
            traces += own
        logarithmic = self.scale.kind != "linear"
        y: dict[str, Any] = {"title": {"text": self.ylabel}, "type": "log" if logarithmic else "linear"}
        if self.scale.limits and not logarithmic:
            y["range"] = list(self.scale.limits)
        layout = {
            "xaxis": {"title": {"text": self.xlabel}, "type": "log" if self._log_x else "linear"},
            "yaxis": y,
        }
        able = ("x" if self._log_x else "") + ("y" if logarithmic else "")
        zero = self.scale.threshold / 2 if self.scale.kind == "log with zero" else None
        return Interactive(traces, layout, parts, able, zero)


def _draw_line(axes: Axes, line: Line, number: int, of: int, log_x: bool) -> None:
    colour: dict[str, Any] = {"color": line.look.colour}
    order = 3 + (of - number) / of  # the best on top
    pattern: dict[str, Any] = {"dashes": line.look.dashes} if line.look.dashes else {}
    stepped: dict[str, Any] = {"drawstyle": "steps-post"} if line.steps else {}
    axes.plot(line.x, _held(line, line.y), zorder=order, label=line.label, **colour, **pattern, **stepped)
    if line.band:
        at, lower, upper = line.band
        if line.steps:
            at, lower, upper = np.append(at, line.x[-1]), np.append(lower, lower[-1]), np.append(upper, upper[-1])
        axes.fill_between(
            at, lower, upper, step="post" if line.steps else None, alpha=0.16, linewidth=0, zorder=2, **colour
        )
    own = not line.steps and len(line.x) <= 2 * _MARKS  # few points of their own, joined
    marks = line.x if own else _mark_positions(line.x, number, of, log_x)
    at_marks = step_values(line.x[:-1], line.y, marks) if line.steps else np.interp(marks, line.x, line.y)
    axes.plot(
        marks, at_marks, linestyle="", marker=line.look.marker, markersize=3.2, markeredgewidth=0, zorder=order,
        **colour,
    )  # fmt: skip


def _held(line: Line, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values with the last one once more, for where a step function ends."""
    return np.append(values, values[-1]) if line.steps else values


def _mark_positions(x: NDArray[np.float64], number: int, of: int, log_x: bool) -> NDArray[np.float64]:
    """Evenly spaced along the axis, shifted from line to line so that markers do not cover each other."""
    steps = (np.arange(_MARKS) + (number + 0.5) / of) / _MARKS
    if not log_x:
        return x[0] + (x[-1] - x[0]) * steps
    low, high = x[x > 0][0] if (x > 0).any() else 1.0, max(x[-1], 1e-300)
    return np.clip(low * (high / low) ** steps, x[0], x[-1])


def _line_trace(line: Line) -> dict[str, Any]:
    return {
        "x": _rounded(line.x),
        "y": _rounded(_held(line, line.y)),
        "name": line.label,
        "mode": "lines",
        "line": {
            "color": line.look.page_colour,
            "width": 2,
            "shape": "hv" if line.steps else "linear",
            "dash": ",".join(f"{1.6 * length:.3g}px" for length in line.look.dashes) or "solid",
        },
    }


def _band_traces(line: Line) -> list[dict[str, Any]]:
    """The lower end, unseen, and the upper end filled down to it; none without a band."""
    if not line.band:
        return []
    at, lower, upper = line.band
    x = _rounded(np.append(at, line.x[-1]) if line.steps else at)
    common = {"x": x, "mode": "lines", "hoverinfo": "skip", "name": f"{line.label}, 95 % interval"}
    shape = {"width": 0, "shape": "hv" if line.steps else "linear", "color": line.look.page_colour}
    return [
        {**common, "y": _rounded(_held(line, lower)), "line": shape},
        {**common, "y": _rounded(_held(line, upper)), "line": shape, "fill": "tonexty", "opacity": 0.16},
    ]


def _rounded(values: NDArray[np.float64]) -> list[float | None]:
    return [float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None for value in values.tolist()]
