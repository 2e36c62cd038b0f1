"""The report: from runs to one folder with a page, figures, tables, the numbers behind them and a manifest.

How it is made, and where something is added:

1. `write_report` computes a `contents.ReportInput`: the comparison of each task and over tasks, the look of each
   optimizer.
2. Each function in `chapters.CHAPTERS` writes chapters from it. A chapter (`contents.Chapter`) is a title and blocks
   (`Prose`, `Notice`, `Figures`, `ReportTable`, `Details`, …), with sentences for the summary, warnings, paragraphs for
   the methods section and the numbers behind it as Arrow tables. **A new part of the report is a new module in
   `chapters` with a function `write(study) -> list[Chapter]`, named in `CHAPTERS`;** nothing else has to know of it:
   page, LaTeX, files of figures, data and references all follow from the chapter.
3. A `contents.Figure` holds a `Chart`: a frozen dataclass with `draw(paper)` for matplotlib and `interactive()` for
   plotly. `line_chart.LineChart` does both for anything made of lines with bands; another kind of figure is a chart of
   its own (see `critical_difference`). Text goes through `drawing.plain`, colours come from `study.styles`. PDF, PGF
   and SVG files and the figure in the page are made from it (`figure_files`).
4. A `contents.ReportTable` becomes a table of the page and, unless `for_paper` is false, one in LaTeX.
5. `[@key]` in prose and methods cites an entry of `references.bib`; what is not cited is not listed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...files.atomic import atomic_folder
from ...run import Run
from ..charts.look import check_optimizers
from ..charts.papers import Paper, paper
from ..charts.text import listing, plural, unique_slugs
from ..comparison.families import counted_together
from ..comparison.overall import compare_tasks
from ..comparison.section import compare
from ..comparison.training_noise import TrainingNoise
from ..grouping.sections import View, check_control, view_runs
from ..importance.groups import Truth
from ..performance.random_search import RandomSearch
from . import cautions, data, html, latex, manifest
from .chapters import write_chapters
from .contents import Chapter, ReportInput
from .document import BIBLIOGRAPHY, NAME, Document
from .gallery import Gallery
from .methods import describe_methods
from .settings import Settings

PAGE = "report.html"
_FIGURES = 4  # of a task, at least


@dataclass(frozen=True, repr=False)
class Report:
    """A report that was written.

    Example:
        >>> sorted(vars(encave.report(runs[:1], folder / "report")))[:3]
        ['figures', 'folder', 'page']
    """

    folder: Path
    """Where it is."""
    page: Path
    """The page to open."""
    summary: tuple[str, ...]
    """Who is ahead, in words: a paragraph per chapter that has one."""
    warnings: tuple[str, ...]
    """What to know before believing it."""
    figures: tuple[Path, ...]
    """The PDF figures."""
    tables: tuple[Path, ...]
    """The LaTeX tables."""

    def __repr__(self) -> str:
        return f"Report({self.page}: {len(self.figures)} figures, {len(self.tables)} tables, see .summary)"


def write_report(
    runs: Sequence[Run],
    out: Path | str,
    *,
    title: str | None = None,
    command: str | None = None,
    settings: Settings | None = None,
    truth: Truth | None = None,
    random_search: RandomSearch | None = None,
    noise: TrainingNoise | None = None,
    jobs: int = 1,
    on_step: Callable[[str, int, int | None], None] = lambda step, done, total: None,
) -> Report:
    """Compare runs and write the report into the folder `out`, whole or not at all.

    An earlier report there is replaced. The same runs, title, settings, command and versions give the same bytes.

    Args:
        runs: In any order; they are grouped by task and optimizer from their provenance.
        out: The folder; it need not exist.
        title: Heading of the page; by default that of the settings, else the optimizers and tasks.
        command: The command line to show and to keep in the manifest.
        settings: What to show, as read from `report.toml`.
        truth: Gives the complete table that a run searched, or None: exact importances stand beside the estimates.
        random_search: Gives the expected curve of random search on a task, or None: a reference line in the figures.
        noise: Gives what entries of a table scatter by since they are means of few trainings, or None.
        jobs: Processes that draw. More than one start Python anew, so the calling script must be importable.
        on_step: Called with what is being done, how many of its things are done, and how many there are, if counted.

    Raises:
        EncaveError: no runs, a run lacks what its provenance reports, or `out` is no earlier report or not writable.
    """
    out = Path(out)
    settings = settings or Settings()
    venue = paper(settings.venue)
    place = out.resolve()  # a link is followed, not replaced
    manifest.check_replaceable(place)
    on_step("computing", 0, None)
    view = _view(runs, settings)
    title = title or settings.title or _title(view)
    with atomic_folder(place) as folder:
        with Gallery(folder / "figures", venue, settings.figures, jobs) as gallery:
            gallery.expect(_FIGURES * len(view.sections))
            study = replace(_study(view, settings, truth, random_search), noise=noise)
            chapters: list[Chapter] = []
            for chapter in write_chapters(study, lambda done, of: on_step("computing", done, of)):
                chapters.append(chapter)
                gallery.add(chapter)
            tables = _write_tables(folder / "tables", chapters, venue)  # while figures are drawn
            numbers = data.write(folder / "data", chapters)
            methods = describe_methods(study, chapters)
            notices = cautions.notices(study.view.sections)
            inputs = manifest.inputs([run for section in study.view.sections for run in section.runs])
            drawn = gallery.drawn(lambda done, of: on_step("drawing figures", done, of))
        on_step("writing", 0, None)
        document = Document(title, chapters, drawn, tables, notices, methods, venue, study.view.kept_apart)
        (folder / NAME).write_text(document.tex(), encoding="utf-8")
        (folder / BIBLIOGRAPHY).write_text(document.bib(), encoding="utf-8")
        paper_files = [NAME, BIBLIOGRAPHY, *(f"{name}.tex" for name in tables.values())]
        content = html.Content(study, chapters, drawn, methods, title, command, numbers, paper_files)
        (folder / PAGE).write_text(html.page(content), encoding="utf-8")
        manifest.write(folder, inputs, title, command)
    return Report(
        folder=out,
        page=out / PAGE,
        summary=_summary(chapters),
        warnings=_warnings(study, chapters),
        figures=tuple(out / "figures" / f"{figure.name}.pdf" for figure in drawn.values()),
        tables=tuple(out / f"{name}.tex" for name in tables.values()),
    )


def _view(runs: Sequence[Run], settings: Settings) -> View:
    shown = settings.applied(runs)
    view = view_runs(sorted(shown, key=lambda run: (run.name, str(run.provenance.source))))
    check_control(view, settings.control)
    check_optimizers(settings.figures.every, view.optimizers)
    return view


def _study(view: View, settings: Settings, truth: Truth | None, random_search: RandomSearch | None) -> ReportInput:
    comparisons = tuple(
        compare(section, settings.rope, axis=settings.axis, summary=settings.summary, control=settings.control)
        for section in view.sections
    )
    if settings.family == "report":
        comparisons = counted_together(comparisons)
    overall, why_not = compare_tasks(comparisons, settings.rope, settings.interval, settings.control)
    styles = settings.look("", view.optimizers).styles(view.optimizers)
    return ReportInput(
        view, comparisons, overall, why_not, styles, settings, truth, random_search if settings.random_search else None
    )


def _summary(chapters: Sequence[Chapter]) -> tuple[str, ...]:
    return tuple(f"{chapter.title}: {' '.join(chapter.summary)}" for chapter in chapters if chapter.summary)


def _warnings(study: ReportInput, chapters: Sequence[Chapter]) -> tuple[str, ...]:
    why_not = [study.not_overall] if study.not_overall else []
    return (*study.view.remarks, *why_not, *(text for chapter in chapters for text in chapter.warnings))


def _title(view: View) -> str:
    optimizers, tasks = view.optimizers, sorted({section.task for section in view.sections})
    who = listing(optimizers) if len(optimizers) <= 5 else plural(len(optimizers), "optimizer")
    return f"{who} on {listing(tasks) if len(tasks) <= 3 else plural(len(tasks), 'task')}"


def _write_tables(folder: Path, chapters: Sequence[Chapter], paper: Paper) -> dict[int, str]:
    """`id` of each table → its file within the report, without ending."""
    folder.mkdir()
    tables = [table for chapter in chapters for table in chapter.tables()]
    names = unique_slugs(table.name for table in tables)
    for name, table in zip(names, tables, strict=True):
        (folder / f"{name}.tex").write_text(latex.table(table, name, paper), encoding="utf-8")
    return {id(table): f"tables/{name}" for name, table in zip(names, tables, strict=True)}
