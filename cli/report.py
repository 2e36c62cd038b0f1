"""`encave report`: the comparison of runs as a folder for a paper."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import rich_click as click

from .common import ANY_PATH, command, cores, load_runs, run_paths, say, settings_of, settings_option
from .curves import summary_options


@command()
@run_paths
@click.option("--out", required=True, type=ANY_PATH, help="Folder of the report.")
@click.option("--title", default=None, help="Title of the page.")
@click.option("--venue", default=None, help="Paper to draw for: neurips, icml, iclr, automl, tmlr, jmlr.")
@summary_options("axis", "statistic", "interval", "rule", "reference", "normalise")
@click.option("--control", default=None, help="Compares every other optimizer with this one, besides all pairs.")
@settings_option
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes that draw.  [default: one per core]")
def report(
    paths: tuple[Path, ...], out: Path, file: Path | None, jobs: int | None, **flags: Any
) -> None:  # fmt: skip
    """Compare runs: a page, figures, tables and LaTeX that compiles, and the data behind them."""
    from ..analysis.report import write_report
    from ..workflows.known_tables import random_search_of, truth_of
    from .show.common import steps

    settings = settings_of(file, paths, **flags)
    command = "encave " + " ".join(sys.argv[1:])
    with steps() as on_step:
        runs = load_runs(paths, on_step, settings.told if settings.renames else None)
        written = write_report(
            runs, out, command=command, settings=settings, truth=truth_of(runs),
            random_search=random_search_of(runs), jobs=jobs or cores(), on_step=on_step,
        )  # fmt: skip
    say(f"Report: {written.page}")
