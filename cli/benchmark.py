"""`encave benchmark`: the NAS-Bench-201 tables."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from .common import ANY_PATH


@click.group()
def benchmark() -> None:
    """NAS-Bench-201 tables: the embedded surrogate and what you imported."""


@benchmark.command(name="import")
@click.argument("path", type=ANY_PATH)
@click.option("--name", default=None, help="Name to import it under.")
@click.option("--add-to", default=None, help="Imported table that the latencies of HW-NAS-Bench are added to.")
def import_(path: Path, name: str | None, add_to: str | None) -> None:
    """Import a table into the user's cache: official files, those of other tools, Parquet (docs/benchmark-data.md)."""
    from ..terminal.benchmarks import import_with_progress, print_imported

    print_imported(import_with_progress(path, name, add_to))


@benchmark.command(name="list")
def list_() -> None:
    """List the surrogate and the imported tables."""
    from ..runners.nasbench201.cache import list_benchmarks
    from ..terminal.benchmarks import print_benchmarks

    print_benchmarks(list_benchmarks())


@benchmark.command()
@click.argument("name", default="surrogate")
def show(name: str) -> None:
    """Show what a table holds: optima, counts, seeds, times. NAME is a name of the list or a Parquet file."""
    from ..runners.nasbench201.cache import show_benchmark
    from ..terminal.benchmarks import print_benchmark

    print_benchmark(show_benchmark(name))


@benchmark.command()
@click.option("--benchmark", "table", required=True, help="A Parquet table or the name of an imported one.")
def quality(table: str) -> None:
    """Print how well the embedded surrogate fits a table."""
    from ..runners.nasbench201.cache import open_benchmark
    from ..runners.nasbench201.surrogate import quality as measure
    from ..terminal.benchmarks import print_quality

    print_quality(measure(open_benchmark(table).tasks))
