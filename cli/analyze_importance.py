"""`encave analyze importance`: which hyperparameters matter, by four methods, over time and against the truth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ..errors import EncaveError
from .common import command, left_out, print_csv, print_json
from .options import run_paths, settings_of, settings_option
from .runs import settled_runs

if TYPE_CHECKING:
    from ..analysis.importance.groups import Truth
    from ..analysis.tables.importance import Importances
    from ..run import Run

METHODS = ("fanova", "lpi", "ablation", "shapley")
GAMES = ("ablation", "tunability", "sensitivity", "variance")


@command()
@run_paths
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="fanova",
    show_default=True,
    help="Variance over the space, variance around the incumbent, path from default to incumbent, Shapley values.",
)
@click.option("--game", type=click.Choice(GAMES), default="ablation", show_default=True, help="Of the Shapley values.")
@click.option("--objective", default=None, help="Objective to explain, or `all`; else the first.")
@click.option("--budget", default=None, help="Trials at this budget, or `all`; else the highest of each run.")
@click.option("--order", type=click.IntRange(1), default=2, show_default=True, help="Most hyperparameters together.")
@click.option("--over-time", is_flag=True, help="From the first 16, 32, 64, … trials of each run, and from all.")
@click.option("--bias", is_flag=True, help="Error against the exact shares by optimizer and number of trials.")
@click.option("--benchmark", "table", default=None, help="NAS-Bench-201 table of the exact shares, if not the runs'.")
@settings_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")
def importance(
    paths: tuple[Path, ...], method: Any, game: Any, objective: str | None, budget: str | None, order: int,
    over_time: bool, bias: bool, table: str | None, file: Path | None, as_json: bool, as_csv: bool,
) -> None:  # fmt: skip
    """Say which hyperparameters matter, from a forest on the trials of each run, beside the truth where it is known."""
    from ..analysis.importance.groups import POWERS
    from ..analysis.tables.importance import importance as importances
    from .show.importance import importance_json, print_importance, print_over_time

    if bias and method != "fanova":
        raise click.UsageError("--bias is of the shares of fANOVA")
    runs = settled_runs(paths, settings_of(file, paths))
    truth = truth_for(runs, table)
    if bias and truth is None:
        raise EncaveError("--bias needs the table that the runs searched; name it with --benchmark")
    first = POWERS if over_time or bias else ()
    found = importances(
        runs, objective=objective, budget=budget_of(budget), method=method, order=order, game=game, first=first,
        truth=truth,
    )  # fmt: skip
    groups, refused = found.groups, found.refused
    if bias:
        _print_bias(found, as_json=as_json, as_csv=as_csv)
    elif as_json:
        print_json(importance_json(groups, refused))
    elif as_csv:
        print_csv([found.table()])
    else:
        (print_over_time if over_time else print_importance)(groups, refused)
    sys.exit(left_out(groups, refused))


def truth_for(runs: list[Run], table: str | None) -> Truth | None:
    """The complete tables of the benchmark of this name, else of the runs' own benchmarks that are at hand."""
    from ..workflows.known_tables import nasbench201_truth, truth_of

    if table is None:
        return truth_of(runs)
    from ..runners.benchmarks.nasbench201.table import open_benchmark

    return nasbench201_truth(open_benchmark(table))


def budget_of(text: str | None) -> float | str | None:
    """What `--budget` says."""
    if text is None or text == "all":
        return text
    try:
        return float(text)
    except ValueError:
        raise click.UsageError(f"--budget takes a number or `all`, not {text}") from None


def _print_bias(estimates: Importances, *, as_json: bool, as_csv: bool) -> None:
    from .show.analyze import print_refused
    from .show.importance import bias_json, print_bias

    try:
        bias = estimates.bias()
    except EncaveError:
        print_refused(estimates.refused)
        raise
    if as_json:
        print_json(bias_json(bias.found, estimates.refused))
    elif as_csv:
        print_csv([bias.table()])
    else:
        print_bias(bias.found, estimates.refused)
