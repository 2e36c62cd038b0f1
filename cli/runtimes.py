"""`encave analyze runtimes`: when targets were hit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from .common import command, print_csv, print_json, say
from .curves import reduced_runs, summary_options
from .options import objective_option, run_paths, settings_of, settings_option, several


@command()
@run_paths
@objective_option
@several("--target", help="A value to hit, or several; else 51 spaced.")
@click.option("--measure", default=None, help="What targets are of, by its name; else the first, often a regret.")
@summary_options("axis", "rule", "reference")
@settings_option
@click.option(
    "--first-passage",
    is_flag=True,
    default=None,
    help="A target is hit when first reached, held or not.",
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes that read runs.")
@click.option("--scheduler", default=None, help="Dask scheduler, tls://host:8786, whose workers read the runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the time of every run, and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")
def runtimes(
    paths: tuple[Path, ...], target: str | None, measure: str | None, file: Path | None, first_passage: bool | None,
    jobs: int, scheduler: str | None, as_json: bool, as_csv: bool, **flags: Any,
) -> None:  # fmt: skip
    """Say how long runs took to hit targets: expected running times, runs that hit, area over the curve."""
    from ..analysis.performance.section_runtimes import section_runtimes
    from ..analysis.performance.streaming import gather
    from ..analysis.tables.runtimes import RunningTimes
    from .show.groups import tell_groups
    from .show.runtimes import print_runtimes

    targets = numbers(target)
    settings = settings_of(file, paths, hits="first" if first_passage else None, **flags)
    sets, _ = gather(reduced_runs(paths, settings, jobs, scheduler), settings.axis, settings.summary, tell_groups)
    each = [section_runtimes(one, measure, targets, settings.hits) for one in sets]
    found = [one for one in each if one is not None]
    for one, curves in zip(each, sets, strict=True):
        if one is None:
            say(f"{curves.section.title}: no run has an incumbent, so there is no target.", err=True)
    result = RunningTimes(tuple(found))
    if as_json:
        areas, runs = result.areas().records(), result.runs().records()
        print_json({"runtimes": result.records(), "areas": areas, "runs": runs})
    elif as_csv:
        print_csv([result.table()])
    else:
        print_runtimes(found)


def numbers(target: str | None) -> tuple[float, ...]:
    """The values of `--target`."""
    try:
        return tuple(float(part) for part in target.split(",")) if target else ()
    except ValueError as error:
        raise click.BadParameter(f"{target} is not one or more numbers with commas", param_hint="--target") from error
