"""`encave report`: the comparison of runs as a folder for a paper."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import rich_click as click

from .common import ANY_PATH, command, cores, load_runs, run_paths, say, settings_of, settings_option
from .curves import INTERVAL_HELP, INTERVALS


@command()
@run_paths
@click.option("--out", required=True, type=ANY_PATH, help="Folder of the report.")
@click.option("--title", default=None, help="Title of the page.")
@click.option("--venue", default=None, help="Paper to draw for: neurips, icml, iclr, automl, tmlr, jmlr.")
@click.option("--interval", type=click.Choice(INTERVALS), default=None, help=f"{INTERVAL_HELP}  [default: t]")
@click.option("--control", default=None, help="Compares every other optimizer with this one, besides all pairs.")
@settings_option
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes that draw.  [default: one per core]")
def report(
    paths: tuple[Path, ...], out: Path, title: str | None, venue: str | None, interval: Any, control: str | None,
    file: Path | None, jobs: int | None,
) -> None:  # fmt: skip
    """Compare runs: a page, figures, tables and LaTeX that compiles, and the data behind them."""
    from ..analysis.report import write_report
    from ..workflows.known_tables import random_search_of, truth_of
    from .show.common import steps

    settings = settings_of(file, paths, title=title, venue=venue, interval=interval, control=control)
    command = "encave " + " ".join(sys.argv[1:])
    with steps() as on_step:
        runs = load_runs(paths, on_step, settings.told if settings.renames else None)
        written = write_report(
            runs, out, command=command, settings=settings, truth=truth_of(runs),
            random_search=random_search_of(runs), jobs=jobs or cores(), on_step=on_step,
        )  # fmt: skip
    say(f"Report: {written.page}")
