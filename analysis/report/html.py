"""The page: one file without anything from outside, from a template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..comparison import Comparison
from ..study_view import View
from . import diagnostics, manifest, table, words
from .captions import table_caption
from .cautions import list_cautions
from .figures import DrawnFigure
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


def section_page(comparison: Comparison, figures: Sequence[DrawnFigure], anchor: str) -> SectionPage:
    """Gather what the page shows of one section; `anchor` is its id, unique in the page."""
    return SectionPage(
        comparison=comparison,
        anchor=anchor,
        lead=words.lead_sentences(comparison),
        warnings=list_cautions(comparison),
        figures=figures,
        table_caption=table_caption(comparison),
        rows=list(zip(comparison.table.rows, table.cells(comparison.table), strict=True)),
        runs=diagnostics.diagnose(comparison),
        notes=diagnostics.notes(comparison),
    )


def page(
    view: View, pages: Sequence[SectionPage], styles: Mapping[str, LineStyle], title: str, command: str | None
) -> str:
    """The whole page as text."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["capital"] = capital
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        title=title,
        facts=_facts(view),
        surrogate=words.surrogate_notice(view.sections),
        remarks=view.remarks,
        sections=pages,
        swatches={name: Markup(_swatch(look)) for name, look in styles.items()},
        svg={figure.name: Markup(figure.svg) for page in pages for figure in page.figures},
        methods=describe_methods([page.comparison for page in pages]),
        versions=manifest.versions(),
        benchmarks=_benchmarks(view),
        command=command,
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
