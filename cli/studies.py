"""`encave run`, `encave status`, `encave reproduce`: studies on NAS-Bench-201."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import rich_click as click

from .common import ANY_PATH, command, print_json, say
from .options import several

_MOST_FAILURES = 20


@command()
@click.argument("study", type=ANY_PATH)
@click.option("--study", "file", type=ANY_PATH, default=None, help="A study.toml; else the one in STUDY, if any.")
@several("--optimizer", help="Names as in docs/optimizers.md (dehb, smac, re, tpe, …), or several.")
@several("--objectives", help="valid_error, and params_M, flops_M or latency_ms_<device>.")
@several("--dataset", help="cifar10 (the default), cifar100, ImageNet16-120, or several.")
@several("--seeds", help="Seeds and ranges: 0-4,7.")
@several(
    "--budget",
    help="Simulated time (20000s, 5h) or 300evals, or several; of one dataset cifar10=20000s.  [default: by schedule]",
)
@several("--workers", help="Simulated workers of each run, or several numbers.  [default: 1]")
@click.option(
    "--common-start/--own-starts",
    default=None,
    help="One random stream for all optimizers of a dataset and seed, which tests then pair.  [default: own starts]",
)
@click.option(
    "--schedule",
    type=click.Choice(["12", "200"]),
    default=None,
    help="Epochs of all optimizers; else 200 if one of them chooses budgets, and 12.",
)
@click.option("--min-budget", type=float, default=None, help="Least epochs of those that choose budgets.")
@click.option("--max-budget", type=float, default=None, help="Their most epochs.  [default: the schedule]")
@click.option(
    "--eta", type=int, default=None, help="One in so many of theirs goes on to the next budget.  [default: 3]"
)
@click.option("--reward", type=click.Choice(["mean", "seed"]), default=None, help="Of training seeds.  [default: mean]")
@click.option(
    "--resume-from-checkpoint/--train-anew",
    default=None,
    help="Whether a configuration that goes on pays for the new epochs only.  [default: train anew]",
)
@click.option("--benchmark", default=None, help="A Parquet table or the name of an imported one; else the surrogate.")
@click.option("--jobs", type=click.IntRange(1), default=None, help="Runs at a time, or SLURM jobs.  [default: 1]")
@click.option(
    "--scheduler",
    default=None,
    help="Dask scheduler whose workers do the runs, tls://host:8786; tcp:// is open to all.",
)
@click.option("--slurm/--no-slurm", default=None, help="Workers are SLURM jobs, as [slurm] in study.toml says.")
@click.option("--dashboard/--no-dashboard", default=None, help="Dask's page on what the workers do, on loopback.")
@click.option("--dry-run", is_flag=True, help="Print what would be run and what it costs; run and write nothing.")
def run(study: Path, file: Path | None, schedule: str | None, slurm: bool | None, dry_run: bool, **flags: Any) -> None:
    """Run what is missing of a study on NAS-Bench-201, on a simulated clock.

    A study.toml has a key for each option, and STUDY keeps the one that was run: `encave run STUDY` goes on with it.
    """
    from ..runners.studies.fairness import remarks
    from ..runners.studies.file import STUDY_FILE, declare
    from ..runners.studies.objective import Objectives
    from ..runners.studies.plan import plan_study
    from .show.studies import print_plan, run_with_progress

    file = file or (study / STUDY_FILE if (study / STUDY_FILE).is_file() else None)
    chosen = {"schedule": int(schedule) if schedule else None, "slurm": slurm}
    declaration = declare(file, {**flags, **chosen})
    specs = declaration.specs()
    for remark in remarks(specs, Objectives()):
        say(f"encave: {remark}", err=True)
    if dry_run:
        print_plan(plan_study(study, specs, declaration.cluster().jobs))
        return
    result = run_with_progress(study, specs, declaration.cluster(), keep=declaration)
    counts = f"{len(result.done)} run, {len(result.skipped)} finished before, {len(result.failed)} failed"
    say(f"{counts}: {study}")
    for failure in result.failed[:_MOST_FAILURES]:
        say(f"encave: {failure.spec}: {failure.reason}", err=True)
    if len(result.failed) > _MOST_FAILURES:
        say(f"encave: {len(result.failed) - _MOST_FAILURES} more failed: encave status {study}", err=True)
    sys.exit(1 if result.failed else 0)


@command()
@click.argument("study", type=ANY_PATH)
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def status(study: Path, as_json: bool) -> None:
    """Say which runs of a study are done, in flight or unfinished."""
    from ..runners.studies.status import study_status
    from .show.studies import print_status

    found = study_status(study)
    if as_json:
        print_json(found.to_json())
    else:
        print_status(found)


@command()
@click.argument("name", type=click.Choice(["nats-bench", "nas-bench-201", "dehb", "dehb-paper"]))
@click.option("--benchmark", default=None, help="A Parquet table or the name of an imported one; else the only one.")
@click.option("--runs", type=click.IntRange(1), default=None, help="Runs of each optimizer, instead of the usual.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option(
    "--reward",
    type=click.Choice(["seed", "mean"]),
    default="seed",
    show_default=True,
    help="Reward of a search by time: one training seed at random, as published, or the mean over seeds.",
)
def reproduce(name: str, benchmark: str | None, runs: int | None, jobs: int, reward: str) -> None:
    """Run published searches again on the real table; exit status 1 where a mean is off."""
    from .show.studies import print_reproduction, reproduce_with_progress

    result = reproduce_with_progress(name, benchmark, runs=runs, jobs=jobs, one_seed=reward == "seed")
    print_reproduction(result)
    sys.exit(1 if result.off else 0)
