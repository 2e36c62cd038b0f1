"""A chart that was drawn: its figure, its axes and its lines, for whoever wants to go on with them.

In the manner of scikit-learn's displays; no global state of matplotlib is touched, so nothing has to be closed.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ...errors import EncaveError, check_type
from ...files.atomic import atomic_file
from . import writing
from .figure import Chart
from .frame import Legend
from .interactive import plotly_figure
from .look import ColourOfOne, Look, hexadecimal, kind_of
from .papers import Paper
from .papers import paper as paper_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from plotly.graph_objects import Figure as PlotlyFigure
    from typing_extensions import Self

FORMATS = (*writing.WRITERS, "html")
"""Endings of the files that a figure can be saved as."""


class Charted(Protocol):
    """What has a chart."""

    def chart(self, look: Look | None = None) -> Chart:
        """Its drawing."""
        ...


@runtime_checkable
class OnAxes(Protocol):
    """A chart that can be drawn into axes that are there already."""

    def draw_on(self, axes: Axes, paper: Paper) -> None:
        """Draw into `axes`, with their names and a legend; lines that stand for an optimizer carry its label."""
        ...


class Display:
    """What can be drawn, and after `plot` is: in the manner of scikit-learn's displays.

    Args:
        source: A result, e.g. `encave.compare(runs).curves("cifar10")`.

    Attributes:
        figure_: Matplotlib's figure.
        ax_: Its axes; the first where there are several.
        line_: The line of each optimizer, best first or in the order that was asked for; empty where there is none.

    Example:
        >>> shown = encave.Display(c.curves("mlp")).plot(width=3.25)
        >>> float(shown.figure_.get_figwidth())
        3.25
    """

    figure_: Figure
    ax_: Axes
    line_: tuple[Line2D, ...]

    def __init__(self, source: Charted) -> None:
        if not hasattr(source, "chart"):
            told = f"a display draws a result, such as encave.compare(runs).curves(), not {type(source).__name__}"
            kind = type(self).__name__ if hasattr(self, "from_runs") else "CurvesDisplay"
            raise EncaveError(f"{told}; {kind}.from_runs(runs) goes there from runs")
        self._source = source
        self._chart: Chart | None = None
        self._settings: Mapping[str, Any] = {}
        self._own = True

    def plot(
        self,
        ax: Axes | None = None,
        *,
        title: str | None = None,
        xlabel: str | None = None,
        ylabel: str | None = None,
        log: bool | None = None,
        legend: Legend | None = None,
        width: str | float | None = None,
        height: str | float | None = None,
        font: str | None = None,
        order: Sequence[str] = (),
        colours: Mapping[str, ColourOfOne] | None = None,
        style: Path | str | None = None,
        footer: bool | None = None,
        paper: Paper | str | None = None,
        **line_kw: object,
    ) -> Self:
        """Draw into axes, or into a figure of its own.

        Args:
            ax: Matplotlib's axes to draw into; None: a new figure.
            title: Above the axes; empty for none.
            xlabel: Name and unit of the horizontal axis.
            ylabel: Of the vertical one.
            log: Whether the vertical axis is logarithmic; None: where the numbers span a factor of three.
            legend: `inside`, `outside` (below the axes) or `none`; None: outside, and inside axes of yours.
            width: Of a new figure: `column` or `text` of the paper, or a length such as `3.25in`; a number: inches.
            height: Of a new figure, a length; None: what it needs.
            font: Of a new figure, the name of one on this machine.
            order: Optimizers in the order of their colours and of the legend; others follow by name.
            colours: Optimizer → its colour: `#rrggbb`, or whatever else is a colour to matplotlib, as `tab:blue`.
            style: Of a new figure, a style sheet of matplotlib: a file, or the name of one that comes with it.
            footer: Whether where the values come from stands at the foot of a new figure; None: it does.
            paper: Sizes and font of a new figure: `encave.paper(…)`, or the name of its venue; None: a column of a
                paper with two.
            line_kw: Properties of matplotlib's `Line2D` for the lines of all optimizers, e.g. `linewidth=2`.

        Returns:
            Itself, with `figure_`, `ax_` and `line_`.

        Raises:
            EncaveError: a value is none that there is, the chart has no such thing, or it holds several tasks of which
                one is to be chosen.

        Example:
            >>> from matplotlib.figure import Figure
            >>> axes = Figure(figsize=(7, 3)).subplots(1, 2)
            >>> shown = encave.Display(c.curves("mlp")).plot(axes[0], colours={"SMAC": "#D55E00"}, linewidth=2)
            >>> shown.ax_ is axes[0], len(shown.line_)
            (True, 3)
        """
        _check_words(line_kw)
        check_type("what is given as colours", colours or {}, Mapping, 'like {"DEHB": "#0072B2"}')
        of_each = {name: hexadecimal(colour, name) for name, colour in (colours or {}).items()}
        look = Look(title, xlabel, ylabel, log, legend, width, height, font, order, of_each, style, footer)
        return self.draw(look, ax, paper=paper_of(paper) if isinstance(paper, str) else paper, line_kw=line_kw)

    def _plotted(self, ax: Axes | None, plot_kw: Mapping[str, object]) -> Self:
        """As `plot`, with keywords that were handed on."""
        plot: Callable[..., Self] = self.plot
        return plot(ax, **plot_kw)

    def draw(
        self,
        look: Look,
        ax: Axes | None = None,
        *,
        usual: Look | None = None,
        paper: Paper | None = None,
        line_kw: Mapping[str, object] | None = None,
    ) -> Self:
        """As `plot`, by a look.

        Args:
            look: What is wanted.
            ax: As for `plot`.
            usual: What holds besides, as far as the chart has such a thing.
            paper: As for `plot`.
            line_kw: As for `plot`.

        Raises:
            EncaveError: as `plot`.

        Example:
            >>> from encave.analysis.charts.look import Look
            >>> encave.Display(c.curves("mlp")).draw(Look(xlabel="Trials")).ax_.get_xlabel()
            'Trials'
        """
        from matplotlib import rc_context
        from matplotlib.figure import SubFigure

        usual = usual or Look()
        if ax is not None:
            _check_axes(ax)
        whole = look.over(usual)
        chart = look.dress(usual.fit(self._source.chart(whole)))
        look = whole
        paper = look.paper(paper or paper_of(None))
        self._chart, self._own, self._settings = chart, ax is None, look.settings(paper) if ax is None else {}
        if ax is None:
            with rc_context(dict(self._settings)):
                figure = chart.draw(paper)
            ax = figure.axes[0]
        elif look.own_figure:
            raise EncaveError(f"{', '.join(look.own_figure)}: of a figure of its own, so leave out ax=")
        elif isinstance(chart, OnAxes):
            chart.draw_on(ax, paper)
        else:
            raise EncaveError(f"{kind_of(chart)} is drawn into a figure of its own; leave out ax=")
        lines = tuple(line for line in ax.get_lines() if not str(line.get_label()).startswith("_"))
        for line in lines if line_kw else ():
            line.set(**(line_kw or {}))
        figure = ax.figure
        while isinstance(figure, SubFigure):
            figure = figure.figure
        assert figure is not None, "axes are in a figure"
        self.figure_, self.ax_, self.line_ = figure, ax, lines
        return self

    def plotly(self) -> PlotlyFigure:
        """The same as an interactive figure of plotly, with the words and colours of the last `plot`.

        Raises:
            EncaveError: there is nothing to hover over.

        Example:
            >>> encave.Display(c.curves("mlp")).plotly().layout.title.text
            'mlp'
        """
        chart = self._chart or self._source.chart()
        return plotly_figure(chart)

    def save(self, path: Path | str) -> Path:
        """Write the figure, in the format that the path's ending names, whole or not at all.

        Args:
            path: A file that ends with `.pdf`, `.png`, `.svg`, `.pgf` (for LaTeX), or `.html`: the interactive twin.

        Returns:
            The path.

        Raises:
            EncaveError: the file cannot be written, the ending names no format, or there is no interactive twin.

        Example:
            >>> encave.Display(c.curves("mlp")).save(folder / "curves.pgf").name
            'curves.pgf'
        """
        path = Path(path)
        check_format(path)
        content = self._content(path.suffix[1:].lower())
        with atomic_file(path) as temporary:
            temporary.write_bytes(content)
        return path

    def _content(self, kind: str) -> bytes:
        if not hasattr(self, "figure_"):
            self.plot()
        if kind == "html":
            return self.plotly().to_html(include_plotlyjs=True, full_html=True).encode()
        from matplotlib import rc_context

        # a figure of ours is as wide as it is said to be; one of somebody else's shows all that is in it
        cut: dict[str, Any] = {} if self._own else {"bbox_inches": "tight"}
        with rc_context(dict(self._settings)):
            return writing.WRITERS[kind](self.figure_, **cut)

    def _repr_png_(self) -> bytes:
        if not hasattr(self, "figure_"):
            self.plot()
        buffer = io.BytesIO()
        self.figure_.savefig(buffer, format="png", bbox_inches="tight", dpi=150, facecolor="white")
        return buffer.getvalue()


_ELSEWHERE = {
    "figsize": "width= and height= are its size in inches",
    "colors": "colours= are those of optimizers",
    "palette": "colours= are those of optimizers",
    "task": "a result has the task: c.curves(task=…).plot()",
    "measure": "a result has the measure: c.curves(measure=…).plot()",
    "statistic": "a comparison has it: encave.compare(runs, statistic=…)",
    "axis": "a comparison has it: encave.compare(runs, axis=…)",
}
"""What others call a keyword → where it is."""


def _check_words(line_kw: Mapping[str, object]) -> None:
    """Make sure that lines can have these properties, before anything is drawn.

    Raises:
        EncaveError: they cannot.
    """
    if not line_kw:
        return
    from matplotlib.lines import Line2D

    for name, value in line_kw.items():
        if not hasattr(Line2D, f"set_{name}"):
            own = [one.removeprefix("set_") for one in dir(Line2D) if one.startswith("set_")]
            near = get_close_matches(name, [*signature(Display.plot).parameters, *own], 1)
            hint = _ELSEWHERE.get(name) or (f"do you mean {near[0]}?" if near else "see help(encave.Display.plot)")
            raise EncaveError(f"no keyword of plot and no property of lines is called {name!r}; {hint}")
        try:
            Line2D([], []).set(**{name: value})
        except (TypeError, ValueError, AttributeError) as error:
            raise EncaveError(f"{name} = {value!r} is nothing for lines: {error}") from error


def _check_axes(ax: object) -> None:
    """Make sure that there are axes, and not several or another thing of matplotlib.

    Raises:
        EncaveError: it is something else.
    """
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        told = "; choose one of them, as in axes[0]" if hasattr(ax, "__getitem__") else ""
        raise EncaveError(f"ax is the Axes of matplotlib to draw into, not {type(ax).__name__}{told}")


def check_format(path: Path) -> None:
    """Make sure that a figure can be saved there by the path's ending.

    Raises:
        EncaveError: its ending names no format.
    """
    if path.suffix[1:].lower() not in FORMATS:
        told = repr(path.suffix) if path.suffix else "without ending"
        raise EncaveError(f"{path}: no figure of the kind {told}; there are {', '.join(FORMATS)}")
