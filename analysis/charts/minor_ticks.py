"""Minor ticks of a logarithmic axis as one drawn thing.

Matplotlib's own are each a drawing of its own, which takes much of the time of a figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

_MARKERS: Mapping[tuple[str, str], Any] = {
    **{("x", "out"): 3, ("x", "in"): 2, ("x", "inout"): "|"},  # matplotlib's numbers of tickdown, tickup,
    **{("y", "out"): 0, ("y", "in"): 1, ("y", "inout"): "_"},  # tickleft and tickright
}


class MinorTicks(Artist):
    """Short lines on an axis, without labels, in the style of `xtick.minor` or `ytick.minor`.

    Args:
        axis: A `matplotlib.axis.Axis` of axes; its own minor ticks are taken away.
        values: From the ends of the axis to where the ticks are; those outside are left out.
    """

    def __init__(self, axis: Any, values: Callable[[float, float], Any]) -> None:
        super().__init__()
        self._axis, self._values, self._scale = axis, values, axis.get_scale()
        name = str(axis.axis_name)
        size, width = float(mpl.rcParams[f"{name}tick.minor.size"]), float(mpl.rcParams[f"{name}tick.minor.width"])
        self._marks = Line2D(
            [], [], linestyle="none", clip_on=False, color=str(mpl.rcParams[f"{name}tick.color"]), markersize=size,
            markeredgewidth=width, marker=_MARKERS[name, str(mpl.rcParams[f"{name}tick.direction"])],
        )  # fmt: skip
        self.set_zorder(2.01)  # as ticks are
        self.set_in_layout(False)
        axis.set_minor_locator(NullLocator())
        axis.axes.add_artist(self)

    def draw(self, renderer: Any) -> None:
        """Draw the ticks between the ends that the axis has now."""
        if not self.get_visible() or self._axis.get_scale() != self._scale:
            return
        low, high = sorted(self._axis.get_view_interval())
        at = np.asarray(self._values(low, high), dtype=np.float64)
        at = at[(at >= low) & (at <= high)]
        axes, beside = self._axis.axes, np.zeros(len(at))
        if self._axis.axis_name == "x":
            self._marks.set_data(at, beside)
            self._marks.set_transform(axes.get_xaxis_transform("tick1"))
        else:
            self._marks.set_data(beside, at)
            self._marks.set_transform(axes.get_yaxis_transform("tick1"))
        self._marks.set_figure(axes.figure)
        self._marks.draw(renderer)
