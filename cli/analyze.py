"""`encave analyze`: single measures of runs, as tables or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from . import analyze_importance, analyze_landscape
from .common import Group, print_csv, print_json, say
from .curves import curves
from .options import objective_option, run_paths, settings_of, settings_option
from .runs import compared, settled_runs  # fmt: skip
from .runtimes import runtimes

if TYPE_CHECKING:
    from ..analysis import Comparisons
    from ..analysis.report.settings import Settings


@click.group(cls=Group)
def analyze() -> None:
    """What runs say of their problem, as tables or as JSON."""


for _verb in (
    *(curves, runtimes, analyze_importance.importance, analyze_landscape.correlation, analyze_landscape.exploration),
    *(analyze_landscape.incumbents, analyze_landscape.landscape),
):
    analyze.add_command(_verb)


@analyze.command()
@run_paths
@objective_option
@settings_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the final table as CSV and nothing else.")
@click.option("--over-time", is_flag=True, help="With --csv: ranks over time instead, which need three optimizers.")
def ranks(paths: tuple[Path, ...], file: Path | None, as_json: bool, as_csv: bool, over_time: bool) -> None:
    """Rank the optimizers at the end and over time, on each task and over all."""
    from .show.comparison import print_ranks

    if over_time and not as_csv:
        raise click.UsageError("--over-time goes with --csv; without it ranks over time are told beside the others")
    found, why_not = _compare(paths, settings_of(file, paths))
    final, curves, overall = found.final(), found.ranks(), found.overall
    if as_json:
        over_tasks = None if overall is None else dict(zip(overall.optimizers, overall.significance.ranks, strict=True))
        told = {"final": final.records(), "over_tasks": over_tasks, "not_over_tasks": why_not}
        print_json({**told, "over_time": curves.records()})
    elif as_csv:
        print_csv([(curves if over_time else final).table()])
    else:
        print_ranks(found.each, overall)
    _say_why_not(why_not)


@analyze.command()
@run_paths
@objective_option
@click.option(
    "--rope",
    type=click.FloatRange(0),
    default=None,
    help="Differences up to this, in the measure's unit, are practically equal: adds the Bayesian signed-rank test.",
)
@click.option("--control", default=None, help="Compares every other optimizer with this one, besides all pairs.")
@settings_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")
def tests(
    paths: tuple[Path, ...], rope: float | None, control: str | None, file: Path | None, as_json: bool, as_csv: bool
) -> None:
    """Test final values, each pair of optimizers, by the test that the design carries, with effect sizes."""
    from ..analysis.report.tests import describe
    from .show.comparison import print_tests

    found, why_not = _compare(paths, settings_of(file, paths, rope=rope, control=control))
    made = found.tests()
    if as_json:
        told = {"pairs": made.records(), "friedman": made.friedman().records(), "omnibus": made.omnibus().records()}
        told |= {"control": made.controls().records()}
        print_json({**told, "tests": [describe(test) for *_, test in made.made], "not_over_tasks": why_not})
    elif as_csv:
        print_csv([made.table()])
    else:
        print_tests(found.each, found.overall)
    _say_why_not(why_not)


def _compare(paths: tuple[Path, ...], settings: Settings) -> tuple[Comparisons, str | None]:
    """The comparison, and why nothing is averaged over tasks."""
    found = compared(settled_runs(paths, settings), settings)
    return found, found.not_overall


def _say_why_not(why_not: str | None) -> None:
    if why_not:
        say(why_not, err=True)
