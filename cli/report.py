"""`encave report`: the comparison of runs as a folder for a paper."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import rich_click as click

from .common import ANY_PATH, command, cores, say
from .curves import summary_options
from .options import objective_option, run_paths, settings_of, settings_option
from .runs import load_runs


@command()
@run_paths
@objective_option
@click.option("--out", required=True, type=ANY_PATH, help="Folder of the report.")
@click.option("--title", default=None, help="Title of the page.")
@click.option("--venue", default=None, help="Paper to draw for: neurips, icml, iclr, automl, tmlr, jmlr.")
@summary_options("axis", "statistic", "interval", "rule", "reference", "normalise")
@click.option("--control", default=None, help="Compares every other optimizer with this one, besides all pairs.")
@click.option(
    "--family",
    type=click.Choice(["task", "report"]),
    default=None,
    help="Tests of pairs that are corrected together: those of a task, or of all tasks.  [default: task]",
)
@click.option(
    "--benchmark",
    default=None,
    help="The table of runs that name none: a Parquet file or the name of an imported one.",
)
@settings_option
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes that draw.  [default: one per core]")
def report(
    paths: tuple[Path, ...], out: Path, benchmark: str | None, file: Path | None, jobs: int | None, **flags: Any
) -> None:  # fmt: skip
    """Compare runs: a page, figures, tables and LaTeX that compiles, and the data behind them."""
    from ..analysis.grouping.sections import view_runs
    from ..analysis.report import write_report
    from ..runners.benchmarks.nasbench201.table import open_benchmark
    from ..workflows.known_tables import random_search_of, training_noise_of, truth_of, with_table
    from .show.common import steps
    from .show.groups import tell_groups

    settings = settings_of(file, paths, **flags)
    command = "encave " + " ".join(sys.argv[1:])
    with steps() as on_step:
        runs = load_runs(paths, on_step, settings.told if settings.renames else None)
        table = open_benchmark(benchmark) if benchmark else None
        if table is not None:
            runs = with_table(runs, table, lambda run: settings.told(run).task)
    tell_groups(view_runs(settings.applied(runs)))
    with steps() as on_step:
        written = write_report(
            runs, out, command=command, settings=settings, truth=truth_of(runs, table),
            random_search=random_search_of(runs, table), noise=training_noise_of(runs, table),
            jobs=jobs or cores(), on_step=on_step,
        )  # fmt: skip
    say(f"Report: {written.page}")
