"""What a report is made of: chapters of blocks (prose, notices, figures, tables), whatever computed them.

A chapter says what stands there and not how it looks: `html` makes the page of it, `paper` and `latex` the LaTeX,
`gallery` the files of its figures, `data` those of its numbers. Text is plain; `[@key]` in prose cites an entry of
`references.bib`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ..charts.figure import Figure
from ..charts.style import LineStyle
from ..comparison.overall import Overall
from ..comparison.section import Comparison
from ..comparison.training_noise import TrainingNoise
from ..grouping.sections import View
from ..importance.groups import Truth
from ..performance.random_search import RandomSearch
from .settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class ReportInput:
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
    noise: TrainingNoise | None = None
    """Gives what entries of a table scatter by, where it is known."""


@dataclass(frozen=True)
class TextCell:
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
    cells: Sequence[TextCell]
    """The others."""
    optimizer: str | None = None
    """Whose line and marker stand before the head."""


@dataclass(frozen=True)
class ReportTable:
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


Block: TypeAlias = "Prose | Notice | Points | Figures | ReportTable | Details"


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

    appendix: bool = False
    """Whether the document has it behind all others, with its lists."""

    def figures(self) -> list[Figure]:
        """All its figures."""
        return [figure for block in walk(self.blocks) if isinstance(block, Figures) for figure in block.figures]

    def tables(self) -> list[ReportTable]:
        """All its tables that are for a paper."""
        return [block for block in walk(self.blocks) if isinstance(block, ReportTable) and block.for_paper]


def walk(blocks: Sequence[Block]) -> Iterator[Block]:
    """All blocks, also those that can be folded away."""
    for block in blocks:
        yield block
        if isinstance(block, Details):
            yield from walk(block.blocks)
