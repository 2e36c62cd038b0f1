"""`encave analyze`: single measures of runs, as tables or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import rich_click as click

from .common import ANY_PATH, load_runs, print_json


@click.group()
def analyze() -> None:
    """What runs say of their problem, as tables or as JSON."""


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


def _left_out(done: Sequence[object], refused: Sequence[object]) -> int:
    return (1 if done else 2) if refused else 0
