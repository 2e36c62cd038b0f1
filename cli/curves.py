"""`encave analyze curves`: performance over evaluations, time or budgets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from .common import (
    check_objective,
    command,
    leave_out,
    objective_option,
    print_csv,
    print_json,
    run_paths,
    run_sources,
    say,
    some,
    wanted_objective,
    wanted_runs,
)  # fmt: skip

if TYPE_CHECKING:
    from ..analysis.performance.streaming import Reduced
    from ..runners.cluster.dispatch import Ready

AXES = ("evaluations", "time", "trial-time", "epochs", "full-evaluations")
INTERVALS = ("t", "bootstrap")
INTERVAL_HELP = "Student's and its like, which hold for few runs, or percentile bootstrap."
RULES = ("as-logged", "highest-so-far", "any-budget", "highest-only")


@command()
@run_paths
@objective_option
@click.option("--axis", type=click.Choice(AXES), default=None, help="What to draw over; else time, or evaluations.")
@click.option(
    "--rule", type=click.Choice(RULES), default=RULES[0], show_default=True, help="What may be the incumbent."
)
@click.option("--statistic", default="mean", show_default=True, help="mean, median, iqm, or a quantile: q0.9.")
@click.option("--interval", type=click.Choice(INTERVALS), default=INTERVALS[0], show_default=True, help=INTERVAL_HELP)
@click.option("--reference", type=float, default=None, help="Regret of the first measure is against this value.")
@click.option("--normalise", is_flag=True, help="Divide regret by random search's at its end; average over tasks.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes that read runs.")
@click.option("--scheduler", default=None, help="Dask scheduler, tls://host:8786, whose workers read the runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")
def curves(
    paths: tuple[Path, ...], axis: Any, statistic: str, jobs: int, scheduler: str | None, as_json: bool, as_csv: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Show how good the incumbents are on the way, over all runs of an optimizer, with bands.

    Runs are read one at a time, so there may be more of them than fit into memory.
    """
    from ..analysis.performance.section_curves import Summary, curves_over_tasks
    from ..analysis.performance.streaming import gather
    from ..analysis.statistics.order_statistics import Statistic
    from ..analysis.tables.curves import Curves
    from .show.curves import print_curves
    from .show.groups import tell_groups

    summary = Summary(statistic=Statistic(statistic), **options)
    reduced = some(reduced_runs(run_sources(paths), axis, summary.rule, jobs, scheduler), paths)
    sets, _ = gather(reduced, axis, summary, tell_groups)
    over_tasks = curves_over_tasks(sets) if summary.normalise and len(sets) > 1 else ()
    found = Curves(tuple(sets), tuple(over_tasks))
    if as_json:
        print_json({"curves": found.records(), "normalised_by": found.normalised_by})
    elif as_csv:
        print_csv([found.table()])
    else:
        print_curves(sets, over_tasks)


def reduced_runs(sources: list[Path], axis: Any, rule: Any, jobs: int, scheduler: str | None) -> list[Reduced]:
    """The incumbents of all runs, read here, on `jobs` processes or on a Dask cluster, with a bar."""
    from ..runners.cluster.places import Cluster
    from ..store import count_runs
    from ..workflows.cluster_curves import reduce_sources
    from .show.common import progress_bars

    with progress_bars() as progress:
        bar = progress.add_task("runs", total=count_runs(sources), detail="")

        def show(done: int) -> None:
            progress.update(bar, completed=done)

        def ready(cluster: Ready) -> None:
            progress.update(bar, detail=f"{cluster.workers} workers")
            if not cluster.workers:
                say(f"No worker is at {scheduler or 'the scheduler'}; waiting for one.", err=True)

        cluster = Cluster(jobs=jobs, scheduler=scheduler)
        reduced = reduce_sources(
            sources, axis, rule, cluster,
            wanted=wanted_runs(), objective=wanted_objective(), on_progress=show, on_ready=ready, on_damaged=leave_out,
        )  # fmt: skip
    check_objective([one.header for one in reduced])
    return reduced
