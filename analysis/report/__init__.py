"""The report: from runs to one folder with a page, figures, tables, the numbers behind them and a manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...files import atomic_folder
from ...run import Run
from ..comparison import Comparison, compare
from ..overall import Overall, compare_tasks
from ..study_view import View, view_runs
from . import data, html, latex, manifest, tests, words
from .cautions import list_cautions
from .drawing import DrawnFigure
from .gallery import draw_all
from .style import line_styles
from .text import listing, plural, unique_slugs

PAGE = "report.html"


@dataclass(frozen=True)
class Report:
    """A report that was written."""

    folder: Path
    """Where it is."""
    page: Path
    """The page to open."""
    summary: tuple[str, ...]
    """Who is ahead, in words: over tasks if there are several that compare, then one paragraph per section."""
    warnings: tuple[str, ...]
    """What to know before believing it."""
    figures: tuple[Path, ...]
    """The PDF figures."""
    tables: tuple[Path, ...]
    """The LaTeX tables."""


def write_report(
    runs: Sequence[Run], out: Path | str, *, title: str | None = None, command: str | None = None
) -> Report:
    """Compare runs and write the report into the folder `out`, whole or not at all.

    An earlier report there is replaced. The same runs, title, command and versions give the same bytes.

    Args:
        runs: In any order; they are grouped by task and optimizer from their metadata.
        out: The folder; it need not exist.
        title: Heading of the page; by default the optimizers and tasks.
        command: The command line to show and to keep in the manifest.

    Raises:
        EncaveError: no runs, a run lacks what its metadata reports, or `out` is no earlier report or not writable.
    """
    out = Path(out)
    manifest.check_replaceable(out)
    view = view_runs(sorted(runs, key=lambda run: (run.name, str(run.metadata.get("source")))))
    comparisons = [compare(section) for section in view.sections]
    overall, why_not = compare_tasks(comparisons)
    title = title or _title(view)
    styles = line_styles(view.optimizers)
    with atomic_folder(out) as folder:
        drawn = draw_all(folder / "figures", comparisons, overall, styles)
        tables = _write_tables(folder / "tables", comparisons, overall)
        data.write_csv(folder / "data", comparisons, overall)
        pages = _pages(comparisons, drawn)
        over_tasks = html.overall_page(overall, drawn[-1]) if overall else None
        content = html.Content(view, pages, over_tasks, why_not, styles, title, command)
        (folder / PAGE).write_text(html.page(content), encoding="utf-8")
        manifest.write(folder, [run for section in view.sections for run in section.runs], title, command)
    return Report(
        folder=out,
        page=out / PAGE,
        summary=_summary(comparisons, overall),
        warnings=(*view.remarks, *([why_not] if why_not else []), *_cautions(comparisons)),
        figures=tuple(out / "figures" / f"{figure.name}.pdf" for shown in drawn for figure in shown),
        tables=tuple(out / "tables" / f"{name}.tex" for name in tables),
    )


def _pages(comparisons: Sequence[Comparison], drawn: Sequence[Sequence[DrawnFigure]]) -> list[html.SectionPage]:
    anchors = unique_slugs([f"section {one.section.title}" for one in comparisons])
    return [html.section_page(*parts) for parts in zip(comparisons, drawn, anchors, strict=False)]


def _summary(comparisons: Sequence[Comparison], overall: Overall | None) -> tuple[str, ...]:
    over_tasks = [tests.overall_sentences(overall.significance, overall.measure)] if overall else []
    each = [[f"{one.section.title}:", *words.lead_sentences(one)] for one in comparisons]
    return tuple(" ".join(sentences) for sentences in (*over_tasks, *each))


def _cautions(comparisons: Sequence[Comparison]) -> list[str]:
    return [f"{one.section.title}: {text}" for one in comparisons for text in list_cautions(one)]


def _title(view: View) -> str:
    optimizers, tasks = view.optimizers, sorted({section.task for section in view.sections})
    who = listing(optimizers) if len(optimizers) <= 5 else plural(len(optimizers), "optimizer")
    return f"{who} on {listing(tasks) if len(tasks) <= 3 else plural(len(tasks), 'task')}"


def _write_tables(folder: Path, comparisons: Sequence[Comparison], overall: Overall | None) -> list[str]:
    folder.mkdir()
    names = unique_slugs([*(one.section.title for one in comparisons), *(["all tasks"] if overall else [])])
    for name, one in zip(names, comparisons, strict=False):
        (folder / f"{name}.tex").write_text(latex.table(one, name), encoding="utf-8")
    if overall:
        (folder / f"{names[-1]}.tex").write_text(latex.overall_table(overall, names[-1]), encoding="utf-8")
    return names
