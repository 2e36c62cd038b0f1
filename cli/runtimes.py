"""`encave analyze runtimes`: when targets were hit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from .common import command, objective_option, print_csv, print_json, run_paths, run_sources, say, several, some
from .curves import AXES, RULES, reduced_runs


@command()
@run_paths
@objective_option
@several("--target", help="A value to hit, or several; else 51 spaced.")
@click.option("--measure", default=None, help="What targets are of, by its name; else the first, often a regret.")
@click.option("--axis", type=click.Choice(AXES), default=None, help="What runtimes count; else time, or evaluations.")
@click.option("--rule", type=click.Choice(RULES), default=RULES[0], show_default=True, help="Incumbents.")
@click.option("--first-passage", is_flag=True, help="A target is hit when it is first reached, held to the end or not.")
@click.option("--reference", type=float, default=None, help="Regret of the first measure is against this value.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes that read runs.")
@click.option("--scheduler", default=None, help="Dask scheduler, tls://host:8786, whose workers read the runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the time of every run, and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")
def runtimes(
    paths: tuple[Path, ...], target: str | None, measure: str | None, axis: Any, rule: Any, first_passage: bool,
    reference: float | None, jobs: int, scheduler: str | None, as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    """Say how long runs took to hit targets: expected running times, runs that hit, area over the curve."""
    from ..analysis.performance.section_curves import Summary
    from ..analysis.performance.section_runtimes import section_runtimes
    from ..analysis.performance.streaming import gather
    from ..analysis.tables.curves import RunningTimes
    from .show.groups import tell_groups
    from .show.runtimes import print_runtimes

    targets = _numbers(target)
    reduced = some(reduced_runs(run_sources(paths), axis, rule, jobs, scheduler), paths)
    sets, _ = gather(reduced, axis, Summary(rule=rule, reference=reference), tell_groups)
    each = [section_runtimes(one, measure, targets, "first" if first_passage else "held") for one in sets]
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


def _numbers(target: str | None) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in target.split(",")) if target else ()
    except ValueError as error:
        raise click.BadParameter(f"{target} is not one or more numbers with commas", param_hint="--target") from error
