"""What every result can do: its table in all forms, and its chart on paper and on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import EncaveError
from ...run.tabular import Tabular
from ..charts.display import Display, display
from ..charts.line_chart import LineChart
from ..charts.papers import Paper
from ..charts.scales import Scale
from ..charts.style import INK, MUTED

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.axes import Axes
    from plotly.graph_objects import Figure as PlotlyFigure

    from ..charts.figure import Chart

_T = TypeVar("_T")


class Result(Tabular):
    """A computed result. Two of them are equal only if they are one."""

    def chart(self) -> Chart:
        """Its drawing, from the same numbers as `table()`.

        Raises:
            EncaveError: there is none, or it holds several tasks of which one is to be chosen.
        """
        raise EncaveError(f"{type(self).__name__} has no chart; it has a table: .table(), .to_pandas(), .to_latex()")

    def plot(
        self, ax: Axes | None = None, *, log: bool | None = None, paper: Paper | None = None, **line_kw: object
    ) -> Display:
        """Draw the chart.

        Args:
            ax: Matplotlib's axes to draw into; None: a new figure.
            log: Whether the vertical axis is logarithmic; None: where the numbers span a factor of three.
            paper: Sizes and font of a new figure, see `encave.paper`; None: a column of a paper with two.
            line_kw: Properties of matplotlib's `Line2D` for the lines of all optimizers, e.g. `linewidth=2`.

        Raises:
            EncaveError: as `chart`, or a logarithmic axis is wanted of values of which none is above zero.
        """
        chart = self.chart()
        if log is not None:
            chart = _scaled(chart, log)
        return display(chart, ax, paper=paper, **line_kw)

    def plotly(self) -> PlotlyFigure:
        """The chart as an interactive figure of plotly.

        Raises:
            EncaveError: as `chart`, or there is nothing to hover over.
        """
        from plotly.graph_objects import Figure as PlotlyFigure

        shown = self.chart().interactive()
        if shown is None:
            raise EncaveError(f"the chart of {type(self).__name__} is not interactive; use plot()")
        return PlotlyFigure(data=_plain([dict(trace) for trace in shown.traces]), layout=_plain(dict(shown.layout)))


def one_of(things: Sequence[_T], names: Sequence[str]) -> _T:
    """The only one of some tasks' results, to be drawn.

    Raises:
        EncaveError: there are several, or none.
    """
    if len(things) == 1:
        return things[0]
    if not things:
        raise EncaveError("there is nothing to draw")
    raise EncaveError(f"a chart shows one task; choose one with task=: {', '.join(names)}")


def table_of(columns: Mapping[str, str], records: Iterable[Sequence[Any]]) -> pa.Table:
    """A table from rows.

    Args:
        columns: Column → the name of its Arrow type, in order.
        records: A value for each column; NaN becomes null.
    """
    import pyarrow as pa

    values = list(zip(*records, strict=True)) or [()] * len(columns)
    arrays = [pa.array(own, kind, from_pandas=True) for own, kind in zip(values, columns.values(), strict=True)]
    return pa.table(arrays, names=list(columns))


def _scaled(chart: Chart, log: bool) -> Chart:
    if not isinstance(chart, LineChart):
        raise EncaveError(f"log= is of charts of lines, which {type(chart).__name__} is not")
    scale = chart.scale
    if not log:
        return replace(chart, scale=Scale("linear", scale.low, scale.high, limits=scale.limits))
    if scale.kind != "linear":
        return chart
    if not scale.low > 0 or not any((line.y > 0).any() for line in chart.lines):
        raise EncaveError("no value is above zero, so there is no logarithmic axis for them")
    return replace(chart, scale=Scale("log", scale.low, scale.high))


_PAGE = {"var(--ink)": INK, "var(--muted)": MUTED}


def _plain(part: Any) -> Any:
    """The page's colours, which follow light and dark, as fixed ones."""
    if isinstance(part, dict):
        return {key: _plain(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_plain(value) for value in part]
    return _PAGE.get(part, part) if isinstance(part, str) else part
