"""`encave run`, `encave status`, `encave reproduce`: studies on NAS-Bench-201."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import rich_click as click

from .common import ANY_PATH, print_json, split


@click.command()
@click.argument("study", type=ANY_PATH)
@click.option("--optimizer", "optimizers", required=True, help="dehb, smac, smac-mf, re, random, or several.")
@click.option("--dataset", "datasets", default="cifar10", show_default=True, help="cifar10, cifar100, ImageNet16-120.")
@click.option("--seeds", default="0", show_default=True, help="Seeds and ranges: 0-4,7.")
@click.option("--budget", default="20000s", show_default=True, help="Simulated time (20000s, 5h) or 300evals.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Simulated workers of each run.")
@click.option("--epochs", type=click.Choice(["12", "200"]), default=None, help="Schedule of all but dehb, smac-mf.")
@click.option("--benchmark", default=None, help="A Parquet table or the name of an imported one; else the surrogate.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Runs at the same time.")
def run(
    study: Path,
    optimizers: str,
    datasets: str,
    seeds: str,
    budget: str,
    workers: int,
    epochs: str | None,
    benchmark: str | None,
    jobs: int,
) -> None:
    """Run what is missing of a study on NAS-Bench-201, on a simulated clock."""
    from ..runners.study import RunSpec, parse_limit, parse_seeds
    from ..terminal.studies import run_with_progress

    limit, schedule = parse_limit(budget), int(epochs) if epochs else None
    specs = [
        RunSpec(optimizer, dataset, seed, limit, workers, schedule, benchmark)
        for dataset, optimizer, seed in product(split(datasets), split(optimizers), parse_seeds(seeds))
    ]
    result = run_with_progress(study, specs, jobs=jobs)
    counts = f"{len(result.done)} run, {len(result.skipped)} finished before, {len(result.failed)} failed"
    click.echo(f"{counts}: {study}")
    for failure in result.failed:
        click.echo(f"encave: {failure.spec}: {failure.reason}", err=True)
    sys.exit(1 if result.failed else 0)


@click.command()
@click.argument("study", type=ANY_PATH)
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def status(study: Path, as_json: bool) -> None:
    """Say which runs of a study are done, in flight or unfinished."""
    from ..runners.status import study_status
    from ..terminal.studies import print_status

    found = study_status(study)
    if as_json:
        print_json(found.to_json())
    else:
        print_status(found)


@click.command()
@click.argument("name", type=click.Choice(["nats-bench", "nas-bench-201", "dehb"]))
@click.option("--benchmark", default=None, help="A Parquet table or the name of an imported one; else the only one.")
@click.option("--runs", type=click.IntRange(1), default=None, help="Runs of each optimizer, instead of the usual.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
def reproduce(name: str, benchmark: str | None, runs: int | None, jobs: int) -> None:
    """Run published searches again on the real table; exit status 1 where a mean is off."""
    from ..terminal.studies import print_reproduction, reproduce_with_progress

    result = reproduce_with_progress(name, benchmark, runs=runs, jobs=jobs)
    print_reproduction(result)
    sys.exit(1 if result.off else 0)
