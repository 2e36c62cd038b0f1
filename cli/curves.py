"""`encave analyze curves`: performance over evaluations, time or budgets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from .common import command, leave_out, print_csv, print_json, say
from .options import objective_option, run_paths, settings_of, settings_option, wanted_objective, wanted_runs
from .runs import check_objective, run_sources, some

if TYPE_CHECKING:
    from ..analysis.performance.streaming import Reduced
    from ..analysis.report.settings import Settings
    from ..runners.cluster.dispatch import Ready

AXES = ("evaluations", "time", "trial-time", "epochs", "full-evaluations")
INTERVALS = ("t", "bootstrap")
_INTERVAL_HELP = "Student's and its like, which hold for few runs, or percentile bootstrap."
RULES = ("as-logged", "highest-so-far", "any-budget", "highest-only")
_SUMMARY: dict[str, Any] = {
    "axis": {"type": click.Choice(AXES), "help": "What to draw over.  [default: time, else evaluations]"},
    "rule": {"type": click.Choice(RULES), "help": f"What may be the incumbent.  [default: {RULES[0]}]"},
    "statistic": {"help": "mean, median, iqm, or a quantile: q0.9.  [default: mean]"},
    "interval": {"type": click.Choice(INTERVALS), "help": f"{_INTERVAL_HELP}  [default: {INTERVALS[0]}]"},
    "reference": {"type": float, "help": "Regret of the first measure is against this value."},
    "normalise": {"is_flag": True, "help": "Divide regret by random search's at its end; average over tasks."},
}


def summary_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options that say how numbers are summarised; None where they are not given, so that settings hold."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            command = click.option(f"--{name}", default=None, **_SUMMARY[name])(command)
        return command

    return add


@command()
@run_paths
@objective_option
@summary_options("axis")
@summary_options("rule", "statistic", "interval", "reference", "normalise")
@settings_option
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes that read runs.")
@click.option("--scheduler", default=None, help="Dask scheduler, tls://host:8786, whose workers read the runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV and nothing else.")
def curves(
    paths: tuple[Path, ...], file: Path | None, jobs: int, scheduler: str | None, as_json: bool, as_csv: bool,
    **flags: Any,
) -> None:  # fmt: skip
    """Show how good the incumbents are on the way, over all runs of an optimizer, with bands.

    Runs are read one at a time, so there may be more of them than fit into memory.
    """
    from ..analysis.performance.section_curves import curves_over_tasks
    from ..analysis.performance.streaming import gather
    from ..analysis.tables.curves import Curves
    from .show.curves import print_curves
    from .show.groups import tell_groups

    settings = settings_of(file, paths, **flags)
    summary = settings.summary
    sets, _ = gather(reduced_runs(paths, settings, jobs, scheduler), settings.axis, summary, tell_groups)
    over_tasks = curves_over_tasks(sets) if summary.normalise and len(sets) > 1 else ()
    found = Curves(tuple(sets), tuple(over_tasks))
    if as_json:
        print_json({"curves": found.records(), "normalised_by": found.normalised_by})
    elif as_csv:
        print_csv([found.table()])
    else:
        print_curves(sets, over_tasks)


def reduced_runs(paths: tuple[Path, ...], settings: Settings, jobs: int, scheduler: str | None) -> list[Reduced]:
    """The incumbents of all runs that are wanted, read here, on `jobs` processes or on a Dask cluster, with a bar."""
    from ..runners.cluster.places import Cluster
    from ..store import count_runs
    from ..workflows.cluster_curves import reduce_sources
    from .show.common import progress_bars

    sources = run_sources(paths, settings)
    with progress_bars() as progress:
        bar = progress.add_task("runs", total=count_runs(sources), detail="")

        def show(done: int) -> None:
            progress.update(bar, completed=done)

        def ready(cluster: Ready) -> None:
            progress.update(bar, detail=f"{cluster.workers} workers")
            if not cluster.workers:
                say(f"No worker is at {scheduler or 'the scheduler'}; waiting for one.", err=True)

        cluster = Cluster(jobs=jobs, scheduler=scheduler)
        found = reduce_sources(
            sources, settings.axis, settings.rule, cluster,
            wanted=wanted_runs(), objective=wanted_objective(), told=settings.told if settings.renames else None,
            on_progress=show, on_ready=ready, on_damaged=leave_out,
        )  # fmt: skip
    check_objective([one.header for one in found])
    shown = set(map(id, settings.shown([one.header for one in found])))
    return some([one for one in found if id(one.header) in shown], paths)
