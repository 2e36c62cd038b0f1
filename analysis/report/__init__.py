"""The report: from runs to one folder with a page, figures, tables, the numbers behind them and a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...files import atomic_folder
from ...run import Run
from ..comparison import Comparison, compare
from ..study_view import View, view_runs
from . import data, figures, html, latex, manifest, words
from .cautions import list_cautions
from .figures import DrawnFigure
from .style import LineStyle, line_styles
from .text import listing, plural, slug

PAGE = "report.html"


@dataclass(frozen=True)
class Report:
    """A report that was written."""

    folder: Path
    """Where it is."""
    page: Path
    """The page to open."""
    summary: tuple[str, ...]
    """Who is ahead, in words: one paragraph per section."""
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
    title = title or _title(view)
    styles = line_styles(view.optimizers)
    with atomic_folder(out) as folder:
        drawn = _write_figures(folder / "figures", comparisons, styles)
        tables = _write_tables(folder / "tables", comparisons)
        data.write_csv(folder / "data", comparisons)
        anchors = _unique([f"section {one.section.title}" for one in comparisons])
        pages = [html.section_page(*parts) for parts in zip(comparisons, drawn, anchors, strict=True)]
        (folder / PAGE).write_text(html.page(view, pages, styles, title, command), encoding="utf-8")
        manifest.write(folder, [run for section in view.sections for run in section.runs], title, command)
    return Report(
        folder=out,
        page=out / PAGE,
        summary=tuple(f"{one.section.title}: {' '.join(words.lead_sentences(one))}" for one in comparisons),
        warnings=(
            *view.remarks,
            *(f"{one.section.title}: {text}" for one in comparisons for text in list_cautions(one)),
        ),
        figures=tuple(out / "figures" / f"{figure.name}.pdf" for shown in drawn for figure in shown),
        tables=tuple(out / "tables" / f"{name}.tex" for name in tables),
    )


def _title(view: View) -> str:
    optimizers, tasks = view.optimizers, sorted({section.task for section in view.sections})
    who = listing(optimizers) if len(optimizers) <= 5 else plural(len(optimizers), "optimizer")
    return f"{who} on {listing(tasks) if len(tasks) <= 3 else plural(len(tasks), 'task')}"


def _write_figures(
    folder: Path, comparisons: Sequence[Comparison], styles: Mapping[str, LineStyle]
) -> list[list[DrawnFigure]]:
    folder.mkdir()
    names = iter(_unique([f"{one.section.title} {measure.name}" for one in comparisons for measure in one.measures]))
    return [
        [figures.draw(one, index, styles, folder / f"{next(names)}.pdf") for index in range(len(one.measures))]
        for one in comparisons
    ]


def _write_tables(folder: Path, comparisons: Sequence[Comparison]) -> list[str]:
    folder.mkdir()
    names = _unique([one.section.title for one in comparisons])
    for name, one in zip(names, comparisons, strict=True):
        (folder / f"{name}.tex").write_text(latex.table(one, name), encoding="utf-8")
    return names


def _unique(texts: Sequence[str]) -> list[str]:
    """A file name for each text, numbered where two would be equal."""
    names: list[str] = []
    for text in texts:
        name, number = slug(text), 2
        while name in names:
            name, number = f"{slug(text)}-{number}", number + 1
        names.append(name)
    return names
