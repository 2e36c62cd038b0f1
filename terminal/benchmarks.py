"""What a person sees of benchmark tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from .common import Console, print_table, progress_bars

if TYPE_CHECKING:
    from ..runners.nasbench201.cache import BenchmarkEntry, BenchmarkSummary
    from ..runners.nasbench201.store import Imported
    from ..runners.nasbench201.surrogate import Quality
    from ..runners.nasbench201.verify import Verification


def import_with_progress(path: Path, name: str | None, add_to: str | None) -> Imported:
    """`import_benchmark` with a bar: the official files take minutes."""
    from ..runners.nasbench201.cache import import_benchmark

    with progress_bars() as progress:
        bar = progress.add_task("architectures", total=None, detail="")

        def show(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total)

        return import_benchmark(path, name, show, add_to=add_to)


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
    print_table(table)


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
    print_table(table)
    for note in entry.notes:
        console.print(f"[dim]note[/] {note}", highlight=False)


def print_quality(rows: Sequence[Quality]) -> None:
    """How well the surrogate fits a table, a row per dataset and quantity."""
    table = Table("dataset", "quantity", "R²", "Kendall τ", "true rank of its best", "max error", "fitted values")
    for row in rows:
        numbers = (f"{row.r2:.4f}", f"{row.tau:.4f}", str(row.rank_of_best), f"{row.max_error:.2f}")
        table.add_row(row.dataset, row.quantity, *numbers, f"{row.fitted_values:,}")
    print_table(table)


def print_verification(found: Verification) -> None:
    """Which archive a table is of, and a row for everything that was looked at."""
    console = Console()
    console.print(f"archive: [bold]{found.archive}[/]", highlight=False)
    table = Table("checked", "expected", "found", "")
    for check in found.checks:
        verdict = {True: "[green]right[/]", False: "[red]off[/]", None: "not in this table"}[check.passed]
        table.add_row(check.what, check.expected, check.found, verdict)
    print_table(table)
    judged = sum(check.passed is not None for check in found.checks)
    console.print(f"{judged - len(found.off)} of {judged} are right", highlight=False)
