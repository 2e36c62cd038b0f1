"""What a person sees in the terminal: progress on standard error, tables on standard output."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from .converters.account import Conversion
    from .converters.exporting import Exported
    from .converters.inspection import Inspection
    from .runners.nasbench201.cache import BenchmarkEntry, BenchmarkSummary
    from .runners.nasbench201.store import Imported
    from .runners.nasbench201.surrogate import Quality
    from .runners.reproduce import Reproduction
    from .runners.status import StudyStatus
    from .runners.study import RunProgress, RunSpec, StudyResult


def run_with_progress(study: Path, specs: Sequence[RunSpec], *, jobs: int) -> StudyResult:
    """`run_study` with a bar for the study and one for each run in flight."""
    from .runners.study import run_study

    with _progress() as progress:
        whole = progress.add_task("runs", total=len(specs), detail="")
        bars: dict[RunSpec, TaskID] = {}

        def show(now: RunProgress) -> None:
            if now.state == "running":
                if now.spec not in bars:
                    bars[now.spec] = progress.add_task(str(now.spec), total=1.0, detail="")
                done = f"{now.evaluations} evaluations, {now.seconds:,.0f} s"
                progress.update(bars[now.spec], completed=now.fraction, detail=done)
                return
            if now.spec in bars:
                progress.remove_task(bars.pop(now.spec))
            progress.advance(whole)
            if progress.disable and now.state != "skipped":  # a log file gets a line for each run
                progress.console.print(f"{now.spec}: {now.state}", highlight=False)

        return run_study(study, specs, jobs=jobs, on_progress=show)


@contextmanager
def step(title: str) -> Generator[None, None, None]:
    """Say on standard error what is being done, with a spinner while it is."""
    console = Console(stderr=True)
    with console.status(title):
        yield
    console.print(f"[green]✓[/] {title}", highlight=False)


def convert_with_progress(sources: Sequence[Path], out: Path, **options: Any) -> list[Conversion]:
    """`converters.convert` with a bar that counts the logs."""
    from .converters import convert

    with _progress() as progress:
        bar = progress.add_task("logs", total=None, detail="")

        def show(now: Conversion, logs: int) -> None:
            progress.update(bar, total=logs, advance=1, detail=now.source.name)

        return convert(sources, out, on_progress=show, **options)


def print_conversions(conversions: Sequence[Conversion], out: Path) -> None:
    """A row per run: what it is, what was read, and what became of it; below, the notes and the reasons."""
    table = Table("run", "format", "read", "written", "merged", "dropped", "configs", "budgets", "incumbent")
    for found in conversions:
        name = found.output.name if found.output and found.output != out else str(found.source)
        if found.status == "refused":
            table.add_row(escape(name), found.format, *(["–"] * 6), "refused", style="red")
            continue
        counts = (found.read, found.written, found.merged, found.dropped, found.configurations)
        best = "–" if found.incumbent is None else f"{found.incumbent['cost']:.6g}"
        label = " ".join(part for part in (found.format, found.release) if part)
        table.add_row(escape(name), label, *(f"{n:,}" for n in counts), str(len(found.budgets)), best)
    _print(table)
    console = Console()
    for text, count in _told(conversions).items():
        many = f" [dim]({count} runs)[/]" if count > 1 else ""
        console.print(f"[dim]note[/] {escape(text)}{many}", highlight=False, soft_wrap=True)
    refused = [found for found in conversions if found.status == "refused"]
    for found in refused:
        told = f"[red]refused[/] {escape(str(found.source))}: {escape(found.reason or '')}"
        Console(stderr=True).print(told, highlight=False, soft_wrap=True)
    console.print(f"{len(conversions) - len(refused)} runs in {escape(str(out))}", highlight=False)


def print_exported(exported: Exported, out: Path) -> None:
    """The table of `print_conversions`, and what the format cannot hold."""
    print_conversions(exported.conversions, out)
    for limit in exported.limits:
        Console().print(f"[dim]{exported.title} in general:[/] {escape(limit)}", highlight=False, soft_wrap=True)
    for line in exported.lost:
        Console().print(f"[yellow]not held[/] {escape(line)}", highlight=False, soft_wrap=True)


def print_inspections(inspections: Sequence[Inspection]) -> None:
    """A few lines per run: what it is, what it holds, and what is odd about it."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=10_000)
    for found in inspections:
        label = " ".join(part for part in (found.format, found.release) if part)
        console.print(f"[bold]{escape(found.name or str(found.source))}[/]  {escape(label)}", highlight=False)
        for line in found.lines():
            console.print(f"  {escape(line)}", highlight=False, soft_wrap=True)


def _told(conversions: Iterable[Conversion]) -> dict[str, int]:
    """Text of each note → number of runs that have it."""
    told: dict[str, int] = {}
    for found in conversions:
        for note in found.notes:
            told[note.text] = told.get(note.text, 0) + 1
    return told


def import_with_progress(path: Path, name: str | None) -> Imported:
    """`import_benchmark` with a bar: the official folder has 15,625 files."""
    from .runners.nasbench201.cache import import_benchmark

    with _progress() as progress:
        bar = progress.add_task("architectures", total=None, detail="")
        return import_benchmark(path, name, lambda done, total: progress.update(bar, completed=done, total=total))


def print_imported(imported: Imported) -> None:
    """What an import of a benchmark table left in the cache."""
    console = Console()
    console.print(f"imported {imported.architectures:,} of 15,625 architectures as [bold]{imported.name}[/]")
    console.print(f"  {imported.path}", highlight=False, soft_wrap=True)
    for note in imported.notes:
        console.print(f"[dim]note[/] {note}", highlight=False)


def print_benchmarks(entries: Sequence[BenchmarkEntry]) -> None:
    """A row per benchmark table."""
    table = Table("name", "source", "architectures", "sha256")
    for entry in entries:
        table.add_row(entry.name, entry.source_format, f"{entry.architectures:,}", entry.sha256[:12])
    _print(table)


def print_benchmark(summary: BenchmarkSummary) -> None:
    """Optima, counts, seeds and times of one benchmark table, a row per dataset."""
    console = Console()
    entry = summary.entry
    console.print(f"[bold]{entry.name}[/] ({summary.source}), {entry.architectures:,} of 15,625 architectures")
    console.print(f"sha256 {entry.sha256}", highlight=False)
    table = Table(
        "dataset", "best valid error 200", "best test error 200", "seeds", "seed noise", "query 12 / 200 epochs"
    )
    for dataset in summary.datasets:
        best = [
            "–" if found is None else f"{found.error:.4f} % (#{found.architecture})"
            for found in (dataset.best_valid, dataset.best_test)
        ]
        seeds = ", ".join(f"{seed}: {count:,}" for seed, count in dataset.seeds.items()) or "drawn"
        seconds = " / ".join(f"{dataset.seconds[schedule]:,.0f} s" for schedule in sorted(dataset.seconds))
        table.add_row(dataset.dataset, *best, seeds, f"{dataset.noise:.2f}", seconds)
    _print(table)
    for note in entry.notes:
        console.print(f"[dim]note[/] {note}", highlight=False)


def print_quality(rows: Sequence[Quality]) -> None:
    """How well the surrogate fits a table, a row per dataset and quantity."""
    table = Table("dataset", "quantity", "R²", "Kendall τ", "true rank of its best", "max error", "fitted values")
    for row in rows:
        numbers = (f"{row.r2:.4f}", f"{row.tau:.4f}", str(row.rank_of_best), f"{row.max_error:.2f}")
        table.add_row(row.dataset, row.quantity, *numbers, f"{row.fitted_values:,}")
    _print(table)


def reproduce_with_progress(name: str, benchmark: str | None, *, runs: int | None, jobs: int) -> Reproduction:
    """`reproduce` with a bar that counts the runs."""
    from .runners.reproduce import reproduce

    with _progress() as progress:
        bar = progress.add_task("runs", total=None, detail="")

        def show(done: int, wanted: int) -> None:
            progress.update(bar, completed=done, total=wanted)

        return reproduce(name, benchmark, runs=runs, jobs=jobs, on_progress=show)


def print_reproduction(result: Reproduction) -> None:
    """Published and measured side by side, a row per figure; below, how it was done and what to know."""
    console = Console()
    published = result.publication
    console.print(f"[bold]{escape(published.source)}[/]", highlight=False, soft_wrap=True)
    console.print(f"{escape(published.protocol)}", highlight=False, soft_wrap=True)
    table = Table("optimizer", "dataset", "%", "published", "runs", "measured", "runs", "difference", "bar", "")
    for figure in result.figures:
        was = figure.published
        verdict = {True: "[green]within[/]", False: "[red]off[/]", None: ""}[figure.within]
        table.add_row(
            *(was.optimizer, was.dataset, was.quantity, f"{was.mean:.2f} ± {was.std:.2f}", str(published.runs)),
            *(f"{figure.mean:.2f} ± {figure.std:.2f}", str(figure.runs), f"{figure.difference:+.3f}"),
            *("–" if was.bar is None else f"{was.bar:.2f}", verdict),
        )
    _print(table)
    for note in result.notes:
        console.print(f"[dim]note[/] {escape(note)}", highlight=False, soft_wrap=True)
    console.print(f"table sha256 {result.sha256}", highlight=False, soft_wrap=True)
    judged = sum(figure.within is not None for figure in result.figures)
    console.print(f"{judged - len(result.off)} of {judged} means are within their bar", highlight=False)


def print_status(status: StudyStatus) -> None:
    """A row per optimizer and dataset; below, the runs in flight and the seeds that are damaged or missing."""
    console = Console()
    table = Table("optimizer", "dataset", "done", "running", "unfinished")
    for cell in status.cells:
        counts = (len(cell.done), len(cell.running), cell.unfinished)
        table.add_row(escape(cell.optimizer), escape(cell.dataset), *(f"{count:,}" for count in counts))
    _print(table)
    for cell in status.cells:
        where = escape(f"{cell.optimizer} on {cell.dataset}")
        for run in cell.running:
            since = f"{run.idle_seconds:,.0f} s ago"
            console.print(f"running: {where}, seed {run.seed}, last change {since}", highlight=False, soft_wrap=True)
        for what, seeds in (("damaged", cell.damaged), ("missing", cell.missing)):
            if seeds:
                console.print(f"{what}: {where}, seeds {format_ranges(seeds)}", highlight=False, soft_wrap=True)


def format_ranges(numbers: Sequence[int]) -> str:
    """Ascending whole numbers as `0-4,7`."""
    starts = [place for place, one in enumerate(numbers) if not place or one != numbers[place - 1] + 1]
    spans = [numbers[start:end] for start, end in pairwise([*starts, len(numbers)])]
    return ",".join(f"{span[0]}-{span[-1]}" if len(span) > 1 else str(span[0]) for span in spans)


def _print(table: Table) -> None:
    """Print a table at its full width where the output is no terminal, so that nothing is cut in a file or a pipe."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(table)


def _progress() -> Progress:
    """Bars on standard error; nothing where it is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
