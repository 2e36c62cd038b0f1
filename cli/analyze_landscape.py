"""`encave analyze correlation`, `exploration`, `incumbents` and `landscape`: the space as it was seen and as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from .common import (
    ANY_PATH,
    command,
    compared_runs,
    left_out,
    objective_option,
    only_option,
    print_csv,
    print_json,
    run_paths,
)  # fmt: skip

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
_CSV = click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")


@command()
@run_paths
@click.option("--objective", default=None, help="Objective to correlate; else the first.")
@_JSON
@_CSV
def correlation(paths: tuple[Path, ...], objective: str | None, as_json: bool, as_csv: bool) -> None:
    """Say whether configurations rank alike at different budgets: Spearman's correlation in each run."""
    from ..analysis.landscape.budget_correlation import group_correlation
    from ..analysis.tables.landscape import Correlations
    from .show.landscape import correlation_json, print_correlation

    found = group_correlation(compared_runs(paths), objective=objective)
    if as_json:
        print_json(correlation_json(*found))
    elif as_csv:
        print_csv([Correlations(found[0]).table()])
    else:
        print_correlation(*found)
    sys.exit(left_out(*found))


@command()
@run_paths
@objective_option
@_JSON
@_CSV
def exploration(paths: tuple[Path, ...], as_json: bool, as_csv: bool) -> None:
    """Say how varied the configurations of each optimizer are: duplicates, diversity, share of the space."""
    from ..analysis.landscape.exploration import group_exploration
    from ..analysis.tables.landscape import Explorations
    from .show.landscape import exploration_json, print_exploration

    found = group_exploration(compared_runs(paths))
    if as_json:
        print_json(exploration_json(*found))
    elif as_csv:
        print_csv([Explorations(found[0]).table()])
    else:
        print_exploration(*found)
    sys.exit(left_out(*found))


@command()
@run_paths
@objective_option
@_JSON
@_CSV
def incumbents(paths: tuple[Path, ...], as_json: bool, as_csv: bool) -> None:
    """Say what the incumbents are made of: how often each value of a hyperparameter is in them, over time."""
    from ..analysis.landscape.incumbent_values import group_incumbent_values
    from ..analysis.tables.landscape import Incumbents
    from .show.landscape import incumbents_json, print_incumbents

    found = group_incumbent_values(compared_runs(paths))
    if as_json:
        print_json(incumbents_json(*found))
    elif as_csv:
        print_csv([Incumbents(found[0]).table()])
    else:
        print_incumbents(*found)
    sys.exit(left_out(*found))


@command()
@click.argument("paths", nargs=-1, type=ANY_PATH)
@only_option
@objective_option
@click.option("--benchmark", "table", default="surrogate", show_default=True, help="NAS-Bench-201 table.")
@click.option("--order", type=click.IntRange(1), default=6, show_default=True, help="Most hyperparameters together.")
@_JSON
def landscape(paths: tuple[Path, ...], table: str, order: int, as_json: bool) -> None:
    """Show a complete table: exact fANOVA, local optima, basins, fitness and distance; and where runs at PATHS end."""
    from ..analysis.landscape.groups import group_standing
    from ..runners.benchmarks.nasbench201.table import open_benchmark
    from ..workflows.known_tables import known_tables, nasbench201_truth
    from .show.landscape import landscape_json, print_landscape

    benchmark = open_benchmark(table)
    standings = group_standing(compared_runs(paths), nasbench201_truth(benchmark)) if paths else ((), ())
    known = known_tables(benchmark)
    if as_json:
        print_json(landscape_json(known, order, *standings))
    else:
        print_landscape(known, order, *standings)
    sys.exit(left_out(*standings))
