"""The command line: every verb joins parts that live elsewhere and prints what they return.

Standard output carries results, standard error the talk. Exit status: 0 done, 1 partly (something was refused or
failed), 2 usage or input, 130 interrupted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from . import __version__
from .errors import EncaveError

if TYPE_CHECKING:
    from .converters import Conversion
    from .run import Run

_ANY_PATH = click.Path(path_type=Path)


class _Verbs(click.RichGroup):
    """A group that turns what went wrong into one line and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EncaveError as error:
            if ctx.find_root().params["debug"]:
                raise
            click.echo(f"encave: {error}", err=True)
            ctx.exit(error.exit_status)
        except KeyboardInterrupt:
            click.echo("encave: interrupted", err=True)
            ctx.exit(130)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="encave")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """From the logs of any black-box optimizer to DeepCAVE and to the comparison section of a paper.

    Start with `encave demo`.
    """


@cli.command()
@click.option("--out", type=_ANY_PATH, default=Path("encave-demo"), show_default=True, help="Folder to write to.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Runs at the same time.")
def demo(out: Path, jobs: int) -> None:
    """Run DEHB, SMAC, RE and random search, convert, and report: all of encave once, on the embedded surrogate."""
    from .demo import run_demo

    result = run_demo(out, jobs=jobs)
    click.echo(f"Report:   {result.page}")
    click.echo(f"DeepCAVE: encave open {result.runs}")


@cli.command()
@click.argument("study", type=_ANY_PATH)
@click.option("--optimizer", "optimizers", required=True, help="dehb, smac, smac-mf, re, random, or several.")
@click.option("--dataset", "datasets", default="cifar10", show_default=True, help="cifar10, cifar100, ImageNet16-120.")
@click.option("--seeds", default="0", show_default=True, help="Seeds and ranges: 0-4,7.")
@click.option("--budget", default="20000s", show_default=True, help="Simulated time (20000s, 5h) or 300evals.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Simulated workers of each run.")
@click.option("--epochs", type=click.Choice(["12", "200"]), default=None, help="Schedule of all but dehb, smac-mf.")
@click.option("--benchmark", default=None, help="A Parquet table or the name of an imported one; else the surrogate.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Runs at the same time.")
def run(
    study: Path,
    optimizers: str,
    datasets: str,
    seeds: str,
    budget: str,
    workers: int,
    epochs: str | None,
    benchmark: str | None,
    jobs: int,
) -> None:
    """Run what is missing of a study on NAS-Bench-201, on a simulated clock."""
    from .runners.study import RunSpec, parse_limit, parse_seeds
    from .terminal import run_with_progress

    limit, schedule = parse_limit(budget), int(epochs) if epochs else None
    specs = [
        RunSpec(optimizer, dataset, seed, limit, workers, schedule, benchmark)
        for dataset, optimizer, seed in product(_split(datasets), _split(optimizers), parse_seeds(seeds))
    ]
    result = run_with_progress(study, specs, jobs=jobs)
    counts = f"{len(result.done)} run, {len(result.skipped)} finished before, {len(result.failed)} failed"
    click.echo(f"{counts}: {study}")
    for failure in result.failed:
        click.echo(f"encave: {failure.spec}: {failure.reason}", err=True)
    sys.exit(1 if result.failed else 0)


@cli.command()
@click.argument("study", type=_ANY_PATH)
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def status(study: Path, as_json: bool) -> None:
    """Say which runs of a study are done, in flight or unfinished."""
    from .runners.status import study_status
    from .terminal import print_status

    found = study_status(study)
    if as_json:
        _print_json(found.to_json())
    else:
        print_status(found)


@cli.command()
@click.argument("name", type=click.Choice(["nats-bench", "nas-bench-201", "dehb"]))
@click.option("--benchmark", default=None, help="A Parquet table or the name of an imported one; else the only one.")
@click.option("--runs", type=click.IntRange(1), default=None, help="Runs of each optimizer, instead of the usual.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
def reproduce(name: str, benchmark: str | None, runs: int | None, jobs: int) -> None:
    """Run published searches again on the real table; exit status 1 where a mean is off."""
    from .terminal import print_reproduction, reproduce_with_progress

    result = reproduce_with_progress(name, benchmark, runs=runs, jobs=jobs)
    print_reproduction(result)
    sys.exit(1 if result.off else 0)


@cli.command()
@click.argument("sources", nargs=-1, required=True, type=_ANY_PATH)
@click.option("--out", required=True, type=_ANY_PATH, help="Folder to write the runs to, one folder each.")
@click.option("--from", "forced", default=None, help="Format of the logs, instead of what their content says.")
@click.option("--to", default="deepcave", show_default=True, help="run, deepcave, deepcave13, csv or ioh.")
@click.option("--deepcave", type=click.Choice(["1.3", "1.4"]), default="1.4", help="Release of DeepCAVE to write for.")
@click.option("--configspace", default=None, help="ConfigSpace JSON file or nasbench201, for logs without a space.")
@click.option("--map", "mapping", multiple=True, help="What a column of a table is: objective=loss; may be repeated.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Logs at the same time.")
@click.option("--strict", is_flag=True, help="Refuse logs of which anything must be assumed.")
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON and nothing else.")
def convert(
    sources: tuple[Path, ...],
    out: Path,
    forced: str | None,
    to: str,
    deepcave: str,
    configspace: str | None,
    mapping: tuple[str, ...],
    jobs: int,
    strict: bool,
    as_json: bool,
) -> None:
    """Find the logs at or below SOURCES and write each as a lossless Run and in DeepCAVE's format."""
    from .terminal import convert_with_progress, print_conversions

    options = {**_log_options(forced, configspace, mapping), "strict": strict}
    form = "deepcave13" if deepcave == "1.3" and to == "deepcave" else to
    if form != "deepcave":
        conversions = _export(sources, out, form, options, as_json=as_json)
    else:
        conversions = convert_with_progress(sources, out, jobs=jobs, **options)
        if as_json:
            _print_json({"runs": [conversion.to_json() for conversion in conversions]})
        else:
            print_conversions(conversions, out)
    sys.exit(_exit_status([conversion.status for conversion in conversions], strict=strict))


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=_ANY_PATH)
@click.option("--from", "forced", default=None, help="Format of the logs, instead of what their content says.")
@click.option("--configspace", default=None, help="ConfigSpace JSON file or nasbench201, for logs without a space.")
@click.option("--map", "mapping", multiple=True, help="What a column of a table is: objective=loss; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def inspect(
    paths: tuple[Path, ...], forced: str | None, configspace: str | None, mapping: tuple[str, ...], as_json: bool
) -> None:
    """Say what the logs and the converted runs at or below PATHS hold and what is odd about them; write nothing."""
    from .converters.inspection import inspect_logs
    from .terminal import print_inspections

    found = inspect_logs(paths, **_log_options(forced, configspace, mapping))
    if as_json:
        _print_json({"runs": [inspection.to_json() for inspection in found]})
    else:
        print_inspections(found)
    sys.exit(_exit_status([inspection.status for inspection in found]))


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=_ANY_PATH)
@click.option("--out", required=True, type=_ANY_PATH, help="Folder of the report.")
@click.option("--title", default=None, help="Title of the page.")
def report(paths: tuple[Path, ...], out: Path, title: str | None) -> None:
    """Compare converted runs: an HTML page, PDF figures, a LaTeX table and the data behind them."""
    from .analysis.report import write_report

    command = "encave " + " ".join(sys.argv[1:])
    written = write_report(_load(paths), out, title=title, command=command)
    click.echo(f"Report: {written.page}")


@cli.group()
def analyze() -> None:
    """What runs say of their problem, as tables or as JSON."""


@analyze.command()
@click.argument("paths", nargs=-1, required=True, type=_ANY_PATH)
@click.option("--objective", default=None, help="Objective to explain; else the first.")
@click.option("--budget", type=float, default=None, help="Trials at this budget; else the highest of each run.")
@click.option("--order", type=click.IntRange(1), default=2, show_default=True, help="Most hyperparameters together.")
@click.option("--benchmark", "table", default=None, help="NAS-Bench-201 table to show the exact shares of.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def importance(
    paths: tuple[Path, ...], objective: str | None, budget: float | None, order: int, table: str | None, as_json: bool
) -> None:
    """Say which hyperparameters matter: the functional ANOVA of a forest on the trials of each run."""
    from .analysis.importance_groups import group_importance
    from .terminal_analyze import importance_json, nasbench201_truth, print_importance

    truth = None
    if table:
        from .runners.nasbench201.table import open_benchmark

        truth = nasbench201_truth(open_benchmark(table))
    found = group_importance(_load(paths), objective=objective, budget=budget, order=order, truth=truth)
    if as_json:
        _print_json(importance_json(*found))
    else:
        print_importance(*found)
    sys.exit(_left_out(*found))


@analyze.command()
@click.argument("paths", nargs=-1, required=True, type=_ANY_PATH)
@click.option("--objective", default=None, help="Objective to correlate; else the first.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
def correlation(paths: tuple[Path, ...], objective: str | None, as_json: bool) -> None:
    """Say whether configurations rank alike at different budgets: Spearman's correlation in each run."""
    from .analysis.importance_groups import group_correlation
    from .terminal_analyze import correlation_json, print_correlation

    found = group_correlation(_load(paths), objective=objective)
    if as_json:
        _print_json(correlation_json(*found))
    else:
        print_correlation(*found)
    sys.exit(_left_out(*found))


@cli.command(name="open")
@click.argument("paths", nargs=-1, required=True, type=_ANY_PATH)
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port of the page; else a free one.")
@click.option("--redis", "redis_url", default=None, help="URL of a Redis that runs; else an own one on loopback.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in the browser.")
def open_(paths: tuple[Path, ...], port: int | None, redis_url: str | None, browser: bool) -> None:
    """Open converted runs in DeepCAVE; Ctrl-C ends it."""
    from .viewer import open_runs

    open_runs(
        _folders(paths),
        port=port,
        redis_url=redis_url,
        browser=browser,
        on_ready=_say_ready,
        on_note=lambda note: click.echo(note, err=True),
    )


@cli.group()
def benchmark() -> None:
    """NAS-Bench-201 tables: the embedded surrogate and what you imported."""


@benchmark.command(name="import")
@click.argument("path", type=_ANY_PATH)
@click.option("--name", default=None, help="Name to import it under.")
def import_(path: Path, name: str | None) -> None:
    """Import a NATS-tss-v1_0-3ffb9-simple folder or a Parquet table into the user's cache."""
    from .terminal import import_with_progress, print_imported

    print_imported(import_with_progress(path, name))


@benchmark.command(name="list")
def list_() -> None:
    """List the surrogate and the imported tables."""
    from .runners.nasbench201.cache import list_benchmarks
    from .terminal import print_benchmarks

    print_benchmarks(list_benchmarks())


@benchmark.command()
@click.argument("name", default="surrogate")
def show(name: str) -> None:
    """Show what a table holds: optima, counts, seeds, times. NAME is a name of the list or a Parquet file."""
    from .runners.nasbench201.cache import show_benchmark
    from .terminal import print_benchmark

    print_benchmark(show_benchmark(name))


@benchmark.command()
@click.option("--benchmark", "table", required=True, help="A Parquet table or the name of an imported one.")
def quality(table: str) -> None:
    """Print how well the embedded surrogate fits a table."""
    from .runners.nasbench201.cache import open_benchmark
    from .runners.nasbench201.surrogate import quality as measure
    from .terminal import print_quality

    print_quality(measure(open_benchmark(table).tasks))


def _log_options(forced: str | None, configspace: str | None, mapping: tuple[str, ...]) -> dict[str, Any]:
    from .converters.space import given_space

    pairs = [pair.partition("=") for pair in mapping]
    for key, sign, column in pairs:
        if not (key and sign and column):
            raise EncaveError(f"--map {key}{sign}{column} is not KEY=COLUMN, e.g. --map objective=loss")
    return {
        "forced_format": forced,
        "space": given_space(configspace) if configspace else None,
        "mapping": {key.strip(): column.strip() for key, _, column in pairs} or None,
    }


def _export(
    sources: tuple[Path, ...], out: Path, form: str, options: dict[str, Any], *, as_json: bool
) -> Sequence[Conversion]:
    from .converters.exporting import export
    from .terminal import print_exported

    exported = export(sources, out, form, **options)
    if as_json:
        runs = [conversion.to_json() for conversion in exported.conversions]
        _print_json({"runs": runs, "cannot_hold": list(exported.limits), "not_held": list(exported.lost)})
    else:
        print_exported(exported, out)
    return exported.conversions


def _exit_status(statuses: Sequence[str], *, strict: bool = False) -> int:
    refused = statuses.count("refused")
    return (2 if refused == len(statuses) and not strict else 1) if refused else 0


def _left_out(done: Sequence[object], refused: Sequence[object]) -> int:
    return (1 if done else 2) if refused else 0


def _print_json(content: dict[str, Any]) -> None:
    click.echo(json.dumps(content, indent=1, allow_nan=False))


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _folders(paths: tuple[Path, ...]) -> list[Path]:
    """Converted runs at or below the paths; the logs among them are converted into the user's cache."""
    from .prepared import prepare
    from .terminal import convert_with_progress

    prepared = prepare(paths, convert_with_progress)
    for log in prepared.refused:
        click.echo(f"encave: {log.source} is left out: {log.reason}", err=True)
    return list(prepared.folders)


def _load(paths: tuple[Path, ...]) -> list[Run]:
    from .run import Run

    return [Run.load(folder) for folder in _folders(paths)]


def _say_ready(url: str) -> None:
    click.echo(url)
    click.echo("DeepCAVE is open; Ctrl-C ends it.", err=True)


def main() -> None:
    """Entry point of the command `encave`."""
    cli(prog_name="encave")
