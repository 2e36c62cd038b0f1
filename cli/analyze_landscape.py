"""`encave analyze correlation`, `exploration`, `incumbents` and `landscape`: the space as it was seen and as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from .common import ANY_PATH, command, left_out, print_csv, print_json
from .options import objective_option, only_option, run_paths, settings_of, settings_option
from .runs import settled_runs

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
_CSV = click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")


@command()
@run_paths
@click.option("--objective", default=None, help="Objective to correlate; else the first.")
@settings_option
@_JSON
@_CSV
def correlation(paths: tuple[Path, ...], objective: str | None, file: Path | None, as_json: bool, as_csv: bool) -> None:
    """Say whether configurations rank alike at different budgets: Spearman's correlation in each run."""
    from ..analysis import correlation as correlations
    from .show.landscape import correlation_json, print_correlation

    found = correlations(settled_runs(paths, settings_of(file, paths)), objective=objective)
    if as_json:
        print_json(correlation_json(found.groups, found.refused))
    elif as_csv:
        print_csv([found.table()])
    else:
        print_correlation(found.groups, found.refused)
    sys.exit(left_out(found.groups, found.refused))


@command()
@run_paths
@objective_option
@settings_option
@_JSON
@_CSV
def exploration(paths: tuple[Path, ...], file: Path | None, as_json: bool, as_csv: bool) -> None:
    """Say how varied the configurations of each optimizer are: duplicates, diversity, share of the space."""
    from ..analysis import exploration as explored
    from .show.landscape import exploration_json, print_exploration

    found = explored(settled_runs(paths, settings_of(file, paths)))
    if as_json:
        print_json(exploration_json(found.groups, found.refused))
    elif as_csv:
        print_csv([found.table()])
    else:
        print_exploration(found.groups, found.refused)
    sys.exit(left_out(found.groups, found.refused))


@command()
@run_paths
@objective_option
@settings_option
@_JSON
@_CSV
def incumbents(paths: tuple[Path, ...], file: Path | None, as_json: bool, as_csv: bool) -> None:
    """Say what the incumbents are made of: how often each value of a hyperparameter is in them, over time."""
    from ..analysis import incumbents as counted
    from .show.landscape import incumbents_json, print_incumbents

    found = counted(settled_runs(paths, settings_of(file, paths)))
    if as_json:
        print_json(incumbents_json(found.found, found.refused))
    elif as_csv:
        print_csv([found.table()])
    else:
        print_incumbents(found.found, found.refused)
    sys.exit(left_out(found.found, found.refused))


@command()
@click.argument("paths", nargs=-1, type=ANY_PATH)
@only_option
@objective_option
@click.option("--benchmark", "table", default="surrogate", show_default=True, help="NAS-Bench-201 table.")
@click.option("--order", type=click.IntRange(1), default=6, show_default=True, help="Most hyperparameters together.")
@settings_option
@_JSON
def landscape(paths: tuple[Path, ...], table: str, order: int, file: Path | None, as_json: bool) -> None:
    """Show a complete table: exact fANOVA, local optima, basins, fitness and distance; and where runs at PATHS end."""
    from ..workflows.library import landscape as landscapes
    from .show.landscape import landscape_json, print_landscape

    runs = settled_runs(paths, settings_of(file, paths)) if paths else []
    found = landscapes(table, runs, order=order)
    if as_json:
        print_json(landscape_json(found.known, order, found.standings, found.refused))
    else:
        print_landscape(found.known, order, found.standings, found.refused)
    sys.exit(left_out(found.standings, found.refused))
