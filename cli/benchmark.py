"""`encave benchmark`: the NAS-Bench-201 tables."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from .common import ANY_PATH, Group, print_json

DATASETS = ("cifar10", "cifar100", "ImageNet16-120")


@click.group(cls=Group)
def benchmark() -> None:
    """NAS-Bench-201 tables: the embedded surrogate and what you imported."""


@benchmark.command(name="import")
@click.argument("path", type=ANY_PATH)
@click.option("--name", default=None, help="Name to import it under.")
@click.option("--add-to", default=None, help="Imported table that the latencies of HW-NAS-Bench are added to.")
def import_(path: Path, name: str | None, add_to: str | None) -> None:
    """Import a table into the user's cache: official files, those of other tools, Parquet (docs/benchmark-data.md)."""
    from .show.benchmarks import import_with_progress, print_imported

    print_imported(import_with_progress(path, name, add_to))


@benchmark.command(name="list")
def list_() -> None:
    """List the surrogate and the imported tables."""
    from ..runners.benchmarks.nasbench201.cache import list_benchmarks
    from .show.benchmarks import print_benchmarks

    print_benchmarks(list_benchmarks())


@benchmark.command()
@click.argument("name", default="surrogate")
def show(name: str) -> None:
    """Show what a table holds: optima, counts, seeds, times. NAME is a name of the list or a Parquet file."""
    from ..runners.benchmarks.nasbench201.cache import show_benchmark
    from .show.benchmarks import print_benchmark

    print_benchmark(show_benchmark(name))


@benchmark.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def verify(name: str, as_json: bool) -> None:
    """Check optima, counts and published values of a table, and say which archive it is; exit status 1 if one is off.

    NAME is a name of the list or a Parquet file.
    """
    from dataclasses import asdict

    from ..runners.benchmarks.nasbench201.verify import verify as check
    from .show.benchmarks import print_verification

    found = check(name)
    if as_json:
        print_json(asdict(found))
    else:
        print_verification(found)
    sys.exit(1 if found.off else 0)


@benchmark.command(name="random-curve")
@click.argument("name", default="surrogate")
@click.option("--dataset", type=click.Choice(DATASETS), default="cifar10", show_default=True, help="Dataset.")
@click.option(
    "--epochs", type=click.Choice(["12", "200"]), default="12", show_default=True, help="Schedule searched with."
)
@click.option(
    "--report",
    type=click.Choice(["valid_error_200", "test_error_200"]),
    default="valid_error_200",
    show_default=True,
    help="What is reported of the incumbent.",
)
@click.option("--evaluations", type=click.IntRange(1), default=200, show_default=True, help="Up to so many.")
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), default=None, help="By simulated time instead, up to so many."
)
@click.option("--csv", "csv_path", type=ANY_PATH, default=None, help="Write every point to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def random_curve(
    name: str, dataset: str, epochs: str, report: str, evaluations: int, seconds: float | None,
    csv_path: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Print the expected anytime curve of random search on a table, in closed form.

    By number of evaluations it is exact, and the seconds are those that so many take on average; by simulated time it
    is corrected by simulation and has a standard error (docs/reproduction.md).
    """
    from ..runners.benchmarks.nasbench201.random_reference import random_reference
    from ..runners.benchmarks.nasbench201.table import open_benchmark
    from .show.random_curve import curve_rows, print_curve, time_grid, time_rows, write_csv

    reference = random_reference(open_benchmark(name), dataset, schedule=int(epochs), report=report)
    if seconds is None:
        rows = curve_rows(reference.after(range(1, evaluations + 1)))
    else:
        rows = time_rows(reference.by(time_grid(seconds)))
    if csv_path is not None:
        write_csv(csv_path, rows)
    if as_json:
        print_json({"dataset": dataset, "report": report, "schedule": int(epochs), "curve": rows})
    else:
        print_curve(rows, f"{report} of random search on {dataset}, %")


@benchmark.command()
@click.option("--benchmark", "table", required=True, help="A Parquet table or the name of an imported one.")
def quality(table: str) -> None:
    """Print how well the embedded surrogate fits a table."""
    from ..runners.benchmarks.nasbench201.cache import open_benchmark
    from ..runners.benchmarks.nasbench201.surrogate import quality as measure
    from .show.benchmarks import print_quality

    print_quality(measure(open_benchmark(table).tasks))
