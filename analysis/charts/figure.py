"""A figure and what it is drawn by: the same chart for paper and for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .papers import Paper
from .style import LineStyle

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True)
class Interactive:
    """A figure for plotly, in the page's colours: `var(--ink)` and the like are allowed wherever a colour is."""

    traces: Sequence[Mapping[str, Any]]
    """Plotly's traces."""
    layout: Mapping[str, Any]
    """Plotly's layout, without fonts and colours, which the page adds."""
    lines: Sequence[tuple[str, LineStyle, tuple[int, ...]]] = ()
    """What can be hidden: label, look, its traces."""
    axes: str = ""
    """Axes that can be switched between logarithmic and linear: `x`, `y`, `xy` or none."""
    zero: float | None = None
    """Where zero is drawn on a logarithmic vertical axis; None if nothing is zero."""


class Chart(Protocol):
    """A drawing: a frozen dataclass of arrays and text, so that it can be drawn in another process."""

    def draw(self, paper: Paper) -> Drawing:
        """The figure, at the paper's width, within `style.figure_settings(paper)`."""
        ...

    def interactive(self) -> Interactive | None:
        """The same for the page; None where there is nothing to hover over."""
        ...


@dataclass(frozen=True)
class Figure:
    """One figure."""

    name: str
    """What it is in words; its file's name is made of them."""
    caption: str
    """What it shows, by what rule, with what exceptions."""
    alt: str
    """The same for those who cannot see it: final values in words."""
    chart: Chart
    """The drawing."""
    kind: str = ""
    """What `encave plot` calls it; empty where it draws no such figure."""
