"""What a person sees in the terminal: progress on standard error, tables on standard output."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from .converters.conversion import Conversion
    from .runners.nasbench201.cache import BenchmarkEntry, BenchmarkSummary
    from .runners.nasbench201.store import Imported
    from .runners.nasbench201.surrogate import Quality
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
    from .converters.conversion import convert

    with _progress() as progress:
        bar = progress.add_task("logs", total=None, detail="")

        def show(now: Conversion, logs: int) -> None:
            progress.update(bar, total=logs, advance=1, detail=now.source.name)

        return convert(sources, out, on_progress=show, **options)


def print_conversions(conversions: Sequence[Conversion], out: Path) -> None:
    """A row per run: what it is, what was read, and what became of it; below, the notes and the reasons."""
    table = Table("run", "format", "read", "written", "merged", "dropped", "configs", "budgets", "incumbent")
    for found in conversions:
        name = found.output.name if found.output else str(found.source)
        if found.status == "refused":
            table.add_row(name, found.format or "?", *(["–"] * 6), "refused", style="red")
            continue
        counts = (found.read, found.written, found.merged, found.dropped, found.configurations)
        best = "–" if found.incumbent is None else f"{found.incumbent['cost']:.6g}"
        label = " ".join(part for part in (found.format, found.release) if part)
        table.add_row(name, label, *(f"{n:,}" for n in counts), str(len(found.budgets)), best)
    _print(table)
    console = Console()
    for text, count in _told(conversions).items():
        console.print(f"[dim]note[/] {text}" + (f" [dim]({count} runs)[/]" if count > 1 else ""), highlight=False)
    refused = [found for found in conversions if found.status == "refused"]
    for found in refused:
        Console(stderr=True).print(f"[red]refused[/] {found.source}: {found.reason}", highlight=False, soft_wrap=True)
    console.print(f"{len(conversions) - len(refused)} runs in {out}", highlight=False)


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
