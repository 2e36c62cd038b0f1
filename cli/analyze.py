"""`encave analyze`: single measures of runs, as tables or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from . import analyze_importance, analyze_landscape
from .common import Group, json_rows, load_runs, print_csv, print_json, run_paths, say
from .curves import curves
from .runtimes import runtimes

if TYPE_CHECKING:
    from ..analysis.comparison import Comparison
    from ..analysis.overall import Overall


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
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the final table as CSV and nothing else.")
@click.option("--over-time", is_flag=True, help="With --csv: ranks over time instead, which need three optimizers.")
def ranks(paths: tuple[Path, ...], as_json: bool, as_csv: bool, over_time: bool) -> None:
    """Rank the optimizers at the end and over time, on each task and over all."""
    from ..analysis.report import data
    from ..analysis.report.chapters.all_tasks import TITLE
    from ..terminal.comparison import print_ranks

    if over_time and not as_csv:
        raise click.UsageError("--over-time goes with --csv; without it ranks over time are told beside the others")
    comparisons, overall, why_not = _compare(paths)
    final = [data.final_rows(one) for one in comparisons]
    curves = [
        data.rank_rows(one.section.title, one.axis.label, one.rank_curves) for one in comparisons if one.rank_curves
    ]
    if overall and overall.curves:
        curves.append(data.rank_rows(TITLE, "share of the task's time", overall.curves))
    if as_json:
        over_tasks = None if overall is None else dict(zip(overall.optimizers, overall.significance.ranks, strict=True))
        told = {"final": json_rows(final), "over_tasks": over_tasks, "not_over_tasks": why_not}
        print_json({**told, "over_time": json_rows(curves)})
    elif as_csv:
        print_csv(curves if over_time else final)
    else:
        print_ranks(comparisons, overall)
    _say_why_not(why_not)


@analyze.command()
@run_paths
@click.option(
    "--rope",
    type=click.FloatRange(0),
    default=None,
    help="Differences up to this, in the measure's unit, are practically equal: adds the Bayesian signed-rank test.",
)
@click.option("--control", default=None, help="Compares every other optimizer with this one, besides all pairs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")
def tests(paths: tuple[Path, ...], rope: float | None, control: str | None, as_json: bool, as_csv: bool) -> None:
    """Test final values, each pair of optimizers, by the test that the design carries, with effect sizes."""
    from ..analysis.report import data
    from ..analysis.report.chapters.all_tasks import TITLE
    from ..analysis.report.tests import describe
    from ..terminal.comparison import print_tests

    comparisons, overall, why_not = _compare(paths, rope, control)
    made = [(c.section.title, m.name, s) for c in comparisons for m, s in zip(c.measures, c.significance, strict=False)]
    if overall:
        made.append((TITLE, overall.measure, overall.significance))
    pairs = [data.test_rows(*one) for one in made]
    if as_json:
        friedman = [data.friedman_rows(*one) for one in made]
        told = {"pairs": json_rows(pairs), "friedman": json_rows(friedman)}
        told |= {"omnibus": json_rows([data.omnibus_rows(*one) for one in made])}
        told |= {"control": json_rows([data.control_rows(*one) for one in made])}
        print_json({**told, "tests": [describe(test) for *_, test in made], "not_over_tasks": why_not})
    elif as_csv:
        print_csv(pairs)
    else:
        print_tests(comparisons, overall)
    _say_why_not(why_not)


def _compare(
    paths: tuple[Path, ...], rope: float | None = None, control: str | None = None
) -> tuple[list[Comparison], Overall | None, str | None]:
    from ..analysis.comparison import compare
    from ..analysis.overall import compare_tasks
    from ..analysis.study_view import check_control, view_runs

    view = view_runs(load_runs(paths))
    for remark in view.remarks:
        say(remark, err=True)
    check_control(view, control)
    comparisons = [compare(section, rope, control=control) for section in view.sections]
    return comparisons, *compare_tasks(comparisons, rope, control=control)


def _say_why_not(why_not: str | None) -> None:
    if why_not:
        say(why_not, err=True)
