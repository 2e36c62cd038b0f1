"""The page: one file without anything from outside, from a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..comparison import Comparison
from ..overall import Overall
from ..significance import Significance
from ..study_view import View
from . import diagnostics, manifest, table, tests, words
from .captions import overall_caption, pairs_caption, table_caption
from .cautions import list_cautions
from .drawing import DrawnFigure
from .methods import describe_methods
from .style import INK, LineStyle
from .text import capital, plural

_TEMPLATE = Path(__file__).with_name("page.html.jinja")
_MARKER_SHAPES = {
    "o": '<circle cx="15" cy="5" r="3"/>',
    "s": '<path d="M12.3 2.3h5.4v5.4h-5.4z"/>',
    "D": '<path d="M15 1.4 18.6 5 15 8.6 11.4 5z"/>',
    "^": '<path d="M15 1.6 18.4 7.8H11.6z"/>',
    "v": '<path d="M15 8.4 18.4 2.2H11.6z"/>',
    "P": '<path d="M14 2h2v2h2v2h-2v2h-2V6h-2V4h2z"/>',
    "*": '<path d="m15 1 1 2.8h3l-2.4 1.8.9 2.9L15 6.7l-2.5 1.8.9-2.9L11 3.8h3z"/>',
    "X": '<path d="m13.2 2 1.8 1.8L16.8 2 18 3.2 16.2 5 18 6.8 16.8 8 15 6.2 13.2 8 12 6.8 13.8 5 12 3.2z"/>',
}


@dataclass(frozen=True)
class TestsPage:
    """The tests of a section as the template shows them."""

    caption: str
    """Caption of the table of pairs: which test and why."""
    pairs: list[tests.PairRow]
    """Its rows."""
    tested: bool
    """Whether a test was made."""

    @property
    def heading(self) -> str:
        """How many pairs differ."""
        different, of = sum(pair.different for pair in self.pairs), plural(len(self.pairs), "pair")
        if not self.tested:
            return f"Effect sizes of {of}; no test was made"
        return f"Tests: {different} of {of} {'differs' if different == 1 else 'differ'} significantly"

    @property
    def sized(self) -> bool:
        """Whether pairs have an effect size in words."""
        return any(pair.size for pair in self.pairs)


@dataclass(frozen=True)
class SectionPage:
    """What the template shows of one section."""

    comparison: Comparison
    """The result."""
    anchor: str
    """Its id in the page."""
    lead: list[str]
    """Sentences of the summary."""
    warnings: list[str]
    """What to know first."""
    figures: Sequence[DrawnFigure]
    """Its figures."""
    table_caption: str
    """Caption of its table."""
    rows: list[tuple[Any, list[table.Cell]]]
    """Rows of the final table with their cells."""
    runs: list[diagnostics.RunDiagnosis]
    """Lines of the table of runs."""
    notes: list[diagnostics.CountedNote]
    """Notes of the conversions."""
    tests: TestsPage | None
    """Tests by the first measure; None with one optimizer."""


@dataclass(frozen=True)
class OverallPage:
    """What the template shows of the result over tasks."""

    overall: Overall
    """The result."""
    sentences: list[str]
    """Summary."""
    figures: Sequence[DrawnFigure]
    """Its figures."""
    table_caption: str
    """Caption of its table."""
    heads: list[str]
    """Titles of its columns of ranks, one per task."""
    rows: list[tuple[str, list[table.Cell]]]
    """Its rows."""
    tests: TestsPage
    """Tests with tasks as blocks."""


@dataclass(frozen=True)
class Content:
    """Everything on the page."""

    view: View
    """What was compared."""
    sections: Sequence[SectionPage]
    """One per task."""
    overall: OverallPage | None
    """The result over tasks."""
    not_overall: str | None
    """Why there is none, where one could be expected."""
    styles: Mapping[str, LineStyle]
    """Look of each optimizer."""
    title: str
    """Heading."""
    command: str | None
    """Command line to show."""


def section_page(comparison: Comparison, figures: Sequence[DrawnFigure], anchor: str) -> SectionPage:
    """Gather what the page shows of one section; `anchor` is its id, unique in the page."""
    return SectionPage(
        comparison=comparison,
        anchor=anchor,
        lead=words.lead_sentences(comparison),
        warnings=list_cautions(comparison),
        figures=figures,
        table_caption=table_caption(comparison),
        rows=list(zip(comparison.table.rows, table.cells(comparison.table, comparison.significance), strict=True)),
        runs=diagnostics.diagnose(comparison),
        notes=diagnostics.notes(comparison),
        tests=_tests_page(comparison.significance[0]) if comparison.significance else None,
    )


def overall_page(overall: Overall, figures: Sequence[DrawnFigure]) -> OverallPage:
    """Gather what the page shows of the result over tasks."""
    return OverallPage(
        overall=overall,
        sentences=tests.overall_sentences(overall.significance, overall.measure),
        figures=figures,
        table_caption=overall_caption(overall),
        heads=table.task_heads(overall),
        rows=list(zip(overall.optimizers, table.overall_cells(overall), strict=True)),
        tests=_tests_page(overall.significance),
    )


def _tests_page(significance: Significance) -> TestsPage:
    return TestsPage(pairs_caption(significance), tests.pair_rows(significance), significance.tested)


def page(content: Content) -> str:
    """The whole page as text."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["capital"] = capital
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    view, pages = content.view, content.sections
    figures = [*(content.overall.figures if content.overall else ()), *(one for page in pages for one in page.figures)]
    return template.render(
        title=content.title,
        facts=_facts(view),
        surrogate=words.surrogate_notice(view.sections),
        remarks=[*view.remarks, *([content.not_overall] if content.not_overall else [])],
        sections=pages,
        overall=content.overall,
        swatches={name: Markup(_swatch(look)) for name, look in content.styles.items()},
        svg={figure.name: Markup(figure.svg) for figure in figures},
        methods=describe_methods([page.comparison for page in pages]),
        versions=manifest.versions(),
        benchmarks=_benchmarks(view),
        command=content.command,
        ranked=any(page.comparison.rank_curves for page in pages)
        or bool(content.overall and content.overall.overall.curves),
    )


def _facts(view: View) -> list[str]:
    runs = [run for section in view.sections for run in section.runs]
    tasks = len({section.task for section in view.sections})
    trials = sum(len(run) for run in runs)
    counted = ((len(view.optimizers), "optimizer"), (tasks, "task"), (len(runs), "run"), (trials, "trial"))
    return [plural(count, noun) for count, noun in counted]


def _benchmarks(view: View) -> list[tuple[str, str]]:
    """Benchmark and hash, each once."""
    used = {
        (words.origin(section), str(section.benchmark.get("sha256") or "no hash given"))
        for section in view.sections
        if section.benchmark
    }
    return sorted(used)


def _swatch(look: LineStyle) -> str:
    """The optimizer's line and marker, as in the figures."""
    colour = "var(--ink)" if look.colour == INK else look.colour
    dashes = f' stroke-dasharray="{" ".join(f"{1.6 * length:.3g}" for length in look.dashes)}"' if look.dashes else ""
    line = f'<path d="M0 5h30" stroke="{colour}" stroke-width="1.6"{dashes}/>'
    marker = f'<g fill="{colour}">{_MARKER_SHAPES[look.marker]}</g>'
    return f'<svg class="swatch" viewBox="0 0 30 10" aria-hidden="true" focusable="false">{line}{marker}</svg>'
