"""Minor ticks of a logarithmic axis, drawn as one thing."""

import pickle

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from encave.analysis.charts.minor_ticks import MinorTicks

SUBS = tuple(range(2, 10))


def _pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).copy()


def _axes(scale: str = "log") -> tuple[Figure, Axes]:
    figure = Figure(figsize=(3, 2), dpi=200)
    axes = figure.subplots()
    axes.set(xscale=scale, yscale=scale, xlim=(1.5, 3e4), ylim=(0.02, 40))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=12))
        axis.set_major_formatter(NullFormatter())
    return figure, axes


@pytest.mark.parametrize("direction", ["in", "out", "inout"])
def test_they_look_as_those_of_matplotlib(direction: str) -> None:
    with mpl.rc_context({"xtick.direction": direction, "ytick.direction": direction, "xtick.minor.size": 3.0}):
        ours, axes = _axes()
        for axis in (axes.xaxis, axes.yaxis):
            MinorTicks(axis, LogLocator(subs=SUBS, numticks=12).tick_values)
        theirs, axes = _axes()
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_minor_locator(LogLocator(subs=SUBS, numticks=12))
            axis.set_minor_formatter(NullFormatter())
        assert (_pixels(ours) == _pixels(theirs)).all()
        theirs.axes[0].minorticks_off()
        assert (_pixels(ours) != _pixels(theirs)).any()


def test_they_follow_the_ends_of_the_axis_and_go_with_its_scale() -> None:
    figure, axes = _axes()
    MinorTicks(axes.xaxis, LogLocator(subs=SUBS, numticks=12).tick_values)
    plain, bare = _axes()
    bare.minorticks_off()
    for one in (axes, bare):
        one.yaxis.set_minor_locator(NullLocator())
        one.set_xlim(10, 90)
    assert (_pixels(figure) != _pixels(plain)).any()
    for one in (axes, bare):
        one.set_xscale("linear")
        one.minorticks_off()
    assert (_pixels(figure) == _pixels(plain)).all()


def test_a_figure_with_them_can_be_kept() -> None:
    figure, axes = _axes()
    MinorTicks(axes.xaxis, LogLocator(subs=SUBS, numticks=12).tick_values)
    assert (_pixels(pickle.loads(pickle.dumps(figure))) == _pixels(figure)).all()
