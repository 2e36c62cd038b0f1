"""`encave analyze`: single measures of runs, as tables or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from .common import ANY_PATH, load_runs, print_csv, print_json
from .curves import curves

if TYPE_CHECKING:
    from ..analysis.comparison import Comparison
    from ..analysis.overall import Overall


@click.group()
def analyze() -> None:
    """What runs say of their problem, as tables or as JSON."""


analyze.add_command(curves)


@analyze.command()
@click.argument("paths", nargs=-1, required=True, type=ANY_PATH)
@click.option("--objective", default=None, help="Objective to explain; else the first.")
@click.option("--budget", type=float, default=None, help="Trials at this budget; else the highest of each run.")
@click.option("--order", type=click.IntRange(1), default=2, show_default=True, help="Most hyperparameters together.")
@click.option("--benchmark", "table", default=None, help="NAS-Bench-201 table to show the exact shares of.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def importance(
    paths: tuple[Path, ...], objective: str | None, budget: float | None, order: int, table: str | None, as_json: bool
) -> None:
    """Say which hyperparameters matter: the functional ANOVA of a forest on the trials of each run."""
    from ..analysis.importance_groups import group_importance
    from ..terminal.analyze import importance_json, nasbench201_truth, print_importance

    truth = None
    if table:
        from ..runners.nasbench201.table import open_benchmark

        truth = nasbench201_truth(open_benchmark(table))
    found = group_importance(load_runs(paths), objective=objective, budget=budget, order=order, truth=truth)
    if as_json:
        print_json(importance_json(*found))
    else:
        print_importance(*found)
    sys.exit(_left_out(*found))


@analyze.command()
@click.argument("paths", nargs=-1, required=True, type=ANY_PATH)
@click.option("--objective", default=None, help="Objective to correlate; else the first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def correlation(paths: tuple[Path, ...], objective: str | None, as_json: bool) -> None:
    """Say whether configurations rank alike at different budgets: Spearman's correlation in each run."""
    from ..analysis.importance_groups import group_correlation
    from ..terminal.analyze import correlation_json, print_correlation

    found = group_correlation(load_runs(paths), objective=objective)
    if as_json:
        print_json(correlation_json(*found))
    else:
        print_correlation(*found)
    sys.exit(_left_out(*found))


@analyze.command()
@click.argument("paths", nargs=-1, required=True, type=ANY_PATH)
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the ranks over time as CSV and nothing else.")
def ranks(paths: tuple[Path, ...], as_json: bool, as_csv: bool) -> None:
    """Rank the optimizers at the end and over time, on each task and over all."""
    from ..analysis.report import data
    from ..analysis.report.chapters.all_tasks import TITLE
    from ..terminal.comparison import print_ranks

    comparisons, overall, why_not = _compare(paths)
    curves = [
        data.rank_rows(one.section.title, one.axis.label, one.rank_curves) for one in comparisons if one.rank_curves
    ]
    if overall and overall.curves:
        curves.append(data.rank_rows(TITLE, "share of the task's time", overall.curves))
    if as_json:
        final = [row for one in comparisons for row in data.final_rows(one).to_pylist()]
        over_tasks = None if overall is None else dict(zip(overall.optimizers, overall.significance.ranks, strict=True))
        over_time = [row for table in curves for row in table.to_pylist()]
        print_json({"final": final, "over_tasks": over_tasks, "not_over_tasks": why_not, "over_time": over_time})
    elif as_csv:
        print_csv(curves)
    else:
        print_ranks(comparisons, overall)
    _say_why_not(why_not)


@analyze.command()
@click.argument("paths", nargs=-1, required=True, type=ANY_PATH)
@click.option(
    "--rope",
    type=click.FloatRange(0),
    default=None,
    help="Differences up to this, in the measure's unit, are practically equal: adds the Bayesian signed-rank test.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")
def tests(paths: tuple[Path, ...], rope: float | None, as_json: bool, as_csv: bool) -> None:
    """Test final values, each pair of optimizers, by the test that the design carries, with effect sizes."""
    from ..analysis.report import data
    from ..analysis.report.chapters.all_tasks import TITLE
    from ..analysis.report.tests import describe
    from ..terminal.comparison import print_tests

    comparisons, overall, why_not = _compare(paths, rope)
    made = [(c.section.title, m.name, s) for c in comparisons for m, s in zip(c.measures, c.significance, strict=False)]
    if overall:
        made.append((TITLE, overall.measure, overall.significance))
    pairs = [data.test_rows(*one) for one in made]
    if as_json:
        rows = [row for table in pairs for row in table.to_pylist()]
        print_json({"pairs": rows, "tests": [describe(test) for *_, test in made], "not_over_tasks": why_not})
    elif as_csv:
        print_csv(pairs)
    else:
        print_tests(comparisons, overall)
    _say_why_not(why_not)


def _compare(paths: tuple[Path, ...], rope: float | None = None) -> tuple[list[Comparison], Overall | None, str | None]:
    from ..analysis.comparison import compare
    from ..analysis.overall import compare_tasks
    from ..analysis.study_view import view_runs

    view = view_runs(load_runs(paths))
    for remark in view.remarks:
        click.echo(remark, err=True)
    comparisons = [compare(section, rope) for section in view.sections]
    return comparisons, *compare_tasks(comparisons, rope)


def _say_why_not(why_not: str | None) -> None:
    if why_not:
        click.echo(why_not, err=True)


def _left_out(done: Sequence[object], refused: Sequence[object]) -> int:
    return (1 if done else 2) if refused else 0
