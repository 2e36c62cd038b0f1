"""What a report is made of: chapters of blocks (prose, notices, figures, tables), whatever computed them.

A chapter says what stands there and not how it looks: `html` makes the page of it, `paper` and `latex` the LaTeX,
`gallery` the files of its figures, `data` those of its numbers. Text is plain; `[@key]` in prose cites an entry of
`references.bib`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ..comparison import Comparison
from ..importance_groups import Truth
from ..overall import Overall
from ..random_search import RandomSearch
from ..study_view import View
from .papers import Paper
from .settings import Settings
from .style import LineStyle

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True)
class Study:
    """What chapters are written from."""

    view: View
    """What was compared."""
    comparisons: tuple[Comparison, ...]
    """The result of each task."""
    overall: Overall | None
    """The result over tasks."""
    not_overall: str | None
    """Why there is none, where one could be expected."""
    styles: Mapping[str, LineStyle]
    """Look of each optimizer, the same in every figure."""
    settings: Settings
    """What `report.toml` and the command line say."""
    truth: Truth | None = None
    """Gives the complete table that a run searched, where it is known."""
    random_search: RandomSearch | None = None
    """Gives the expected curve of random search, where it is known."""


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


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    """`0.32 ± 0.30`, or `–` where there is no value."""
    best: bool = False
    """Whether it is the best of its column, as printed."""
    close: bool = False
    """Whether it is not best but, by a test, not significantly worse than that."""


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    head: str
    """Its first cell."""
    cells: Sequence[Cell]
    """The others."""
    optimizer: str | None = None
    """Whose line and marker stand before the head."""


@dataclass(frozen=True)
class Table:
    """A table."""

    name: str
    """What it is in words; its file's name is made of them."""
    caption: str
    """What it shows."""
    heads: Sequence[str]
    """Titles of the columns, the first too."""
    rows: Sequence[Row]
    """Its lines."""
    text: frozenset[int] = frozenset()
    """Columns of words, counted from 0, which are aligned to the left as the first is."""
    for_paper: bool = True
    """Whether it is written as LaTeX too."""
    origin: str = ""
    """Where the values come from."""


@dataclass(frozen=True)
class Prose:
    """Paragraphs."""

    paragraphs: Sequence[str]
    """The text of each."""


@dataclass(frozen=True)
class Notice:
    """What to know before believing what follows."""

    sentences: Sequence[str]
    """One for each."""


@dataclass(frozen=True)
class Points:
    """A list under a small heading."""

    heading: str
    """The heading."""
    items: Sequence[tuple[str, str, str]]
    """What stands out, the text, and where it applies."""


@dataclass(frozen=True)
class Figures:
    """Figures beside each other where there is room."""

    figures: Sequence[Figure]
    """The figures."""


@dataclass(frozen=True)
class Details:
    """Blocks that can be folded away."""

    heading: str
    """What is seen when they are."""
    blocks: Sequence[Block]
    """The blocks."""
    open: bool = False
    """Whether they are shown at first."""


Block: TypeAlias = "Prose | Notice | Points | Figures | Table | Details"


@dataclass(frozen=True)
class Chapter:
    """One heading of the page and, with its figures and tables, of the paper."""

    title: str
    """The heading."""
    blocks: Sequence[Block]
    """What stands under it."""
    summary: Sequence[str] = ()
    """Sentences for the summary at the top of the page."""
    warnings: Sequence[str] = ()
    """What to know before believing the report; also printed by the command."""
    methods: Sequence[str] = ()
    """Paragraphs for the methods section; the same paragraph of several chapters stands there once."""
    data: Mapping[str, pa.Table] = field(default_factory=dict[str, Any])
    """The numbers behind its figures and tables: file name without ending → table; equal names are put together."""

    def figures(self) -> list[Figure]:
        """All its figures."""
        return [figure for block in walk(self.blocks) if isinstance(block, Figures) for figure in block.figures]

    def tables(self) -> list[Table]:
        """All its tables that are for a paper."""
        return [block for block in walk(self.blocks) if isinstance(block, Table) and block.for_paper]


def walk(blocks: Sequence[Block]) -> Iterator[Block]:
    """All blocks, also those that can be folded away."""
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from walk(block.blocks)
