"""What every result can do: its table in all forms, and its chart on paper and on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from ...errors import EncaveError, check_choice
from ...run.tabular import Tabular
from ..charts.display import Display

if TYPE_CHECKING:
    import pyarrow as pa
    from plotly.graph_objects import Figure as PlotlyFigure

    from ..charts.figure import Chart
    from ..charts.look import Look
    from ..importance.groups import Refused

_T = TypeVar("_T")
_P = ParamSpec("_P")


def _as_of_display(
    how: Callable[Concatenate[Display, _P], Display],
) -> Callable[Concatenate[Result, _P], Display]:
    """The method of a result that draws it as a display does, with the same keywords."""

    @wraps(how)
    def plot(self: Result, /, *args: _P.args, **kwargs: _P.kwargs) -> Display:
        return how(Display(self), *args, **kwargs)

    plot.__doc__ = """Draw the chart; all keywords are those of `Display.plot`.

        Raises:
            EncaveError: as `chart` and `Display.plot`.

        Example:
            >>> shown = c.curves("mlp").plot(title="", width="3.25in", legend="inside")
            >>> [line.get_label() for line in shown.line_]
            ['DEHB', 'SMAC', 'Random']
        """
    return plot


class Result(Tabular):
    """A computed result. Two of them are equal only if they are one."""

    def __repr__(self) -> str:
        """Its size and columns, and how many runs or tasks could not be analysed, which `refused` names."""
        refused: Sequence[object] = getattr(self, "refused", ())
        return f"{super().__repr__()[:-1]}; {len(refused)} refused, see .refused)" if refused else super().__repr__()

    def chart(self, look: Look | None = None) -> Chart:
        """Its drawing, from the same numbers as `table()`.

        Args:
            look: Gives the optimizers their colours; None: by name.

        Raises:
            EncaveError: there is none, or it holds several tasks of which one is to be chosen.

        Example:
            >>> type(c.curves("mlp").chart()).__name__
            'LineChart'
        """
        raise EncaveError(f"{type(self).__name__} has no chart; it has a table: .table(), .to_pandas(), .to_latex()")

    plot = _as_of_display(Display.plot)

    def plotly(self) -> PlotlyFigure:
        """The chart as an interactive figure of plotly.

        Raises:
            EncaveError: as `chart`, or there is nothing to hover over.

        Example:
            >>> len(c.curves("mlp").plotly().data)
            9
        """
        return Display(self).plotly()


def check_task(task: str | None, tasks: Iterable[str], refused: Sequence[Refused] = ()) -> None:
    """Make sure that there is a task, and anything at all.

    Raises:
        EncaveError: there is none of this name, or nothing, since all runs were refused.
    """
    known = list(dict.fromkeys(tasks))
    if not known and refused:
        raise EncaveError(f"there is nothing to draw: {refused[0].run}: {refused[0].reason}")
    if task is not None:
        check_choice("task", task, known)


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
