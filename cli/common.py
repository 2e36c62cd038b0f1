"""What several verbs share: paths, runs to read, JSON, exit statuses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from ..errors import EncaveError
from .show.plain import plain

if TYPE_CHECKING:
    import pyarrow as pa

    from ..analysis import Comparisons
    from ..analysis.report.settings import Settings
    from ..converters.limits import Limits
    from ..converters.reader import Steps
    from ..run import Run, RunHeader
    from ..store import RunFilter
    from ..workflows.prepared import Prepared

ANY_PATH = click.Path(path_type=Path)

_T = TypeVar("_T")
_ONLY = "encave.only"
_OBJECTIVE = "encave.objective"
LEFT_OUT = "encave.left_out"
"""Key of the context's `meta`: whether something was left out."""
_STRICT = "encave.strict"
AS_JSON = "encave.as_json"
"""Key of the context's `meta`: whether the command's output is to be JSON."""
_KEYS = {"optimizer": "optimizers", "dataset": "datasets", "seed": "seeds"}


class Command(click.RichCommand):
    """A verb that refuses an option given twice, of which one value would be dropped."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; before, each option that takes one value is counted."""
        ctx.meta[AS_JSON] = "--json" in args
        _, _, given = self.make_parser(ctx).parse_args(list(args))
        once = [
            one for one in given if isinstance(one, click.Option) and not (one.multiple or one.count or one.is_eager)
        ]
        if twice := next((one for one in once if once.count(one) > 1), None):
            message = f"{max(twice.opts, key=len)} is given twice and takes one value."
            raise click.UsageError(message, ctx)
        return super().parse_args(ctx, args)


class Group(click.RichGroup):
    """A group whose verbs are such commands."""

    command_class = Command


command = partial(click.command, cls=Command)
"""`click.command` of this kind."""


def several(name: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option that takes several values, given several times or with commas: one text with commas, or None."""

    def joined(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> str | None:
        return ",".join(given) or None

    return click.option(name, multiple=True, callback=joined, **options)


def only_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--only`, which the functions below heed."""

    def keep(context: click.Context, _: click.Parameter, given: tuple[str, ...]) -> None:
        context.meta[_ONLY] = given

    help_text = "Runs of optimizer=NAMES, dataset=NAMES or seed=0-4,7 only; may be repeated."
    return click.option("--only", multiple=True, callback=keep, expose_value=False, help=help_text)(command)


def objective_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--objective`, which the functions below heed."""

    def keep(context: click.Context, _: click.Parameter, given: str | None) -> None:
        context.meta[_OBJECTIVE] = given

    help_text = "Objective that runs of several are compared by; else the first of each."
    return click.option("--objective", default=None, callback=keep, expose_value=False, help=help_text)(command)


def wanted_objective() -> str | None:
    """What `--objective` says."""
    context = click.get_current_context(silent=True)
    return context.meta.get(_OBJECTIVE) if context else None


def check_objective(runs: Sequence[RunHeader]) -> None:
    """Say which of the runs are not compared by what `--objective` says.

    Raises:
        EncaveError: none is.
    """
    wanted = wanted_objective()
    if wanted is None or not runs:
        return
    others = [run for run in runs if wanted not in [one.name for one in run.objectives]]
    names = ", ".join(sorted({one.name for run in others for one in run.objectives}))
    if len(others) == len(runs):
        raise EncaveError(f"no run has an objective {wanted!r}; there are {names}")
    if others:
        say(f"encave: {len(others)} of {len(runs)} runs have no objective {wanted!r} but {names}", err=True)


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--memory` and `--timeout`, for `reading_limits`, and `--steps`, for `reading_steps`."""

    def keep(context: click.Context, option: click.Parameter, given: float | str | None) -> None:
        context.meta[f"encave.{option.name}"] = given

    for flag, unit in (("--timeout", "Seconds that reading one log may take.  [default: 900]"),
                       ("--memory", "GiB of memory for a process that reads logs.  [default: 12]")):  # fmt: skip
        kind = click.FloatRange(0, min_open=True)
        command = click.option(flag, type=kind, default=None, callback=keep, expose_value=False, help=unit)(command)
    steps = "Values that Optuna's and Ray Tune's trials report: the last one counts, or each at its step as the budget."
    choice = click.Choice(["last", "budget"])
    return click.option(
        "--steps", type=choice, default="last", show_default=True, callback=keep, expose_value=False, help=steps
    )(command)


def reading_steps() -> Steps:
    """What `--steps` says."""
    context = click.get_current_context(silent=True)
    return context.meta.get("encave.steps", "last") if context else "last"


def reading_limits() -> Limits:
    """What `--memory` and `--timeout` say."""
    from ..converters.limits import Limits

    context = click.get_current_context(silent=True)
    given = (
        {name: context.meta.get(f"encave.{key}") for name, key in (("memory", "memory"), ("seconds", "timeout"))}
        if context
        else {}
    )
    return Limits(**{name: value for name, value in given.items() if value is not None})


def strict_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--strict`, which `_prepared` heeds."""

    def keep(context: click.Context, _: click.Parameter, given: bool) -> None:
        context.meta[_STRICT] = given

    help_text = "End with status 1 where something was passed over."
    return click.option("--strict", is_flag=True, callback=keep, expose_value=False, help=help_text)(command)


def run_paths(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument PATHS of logs, runs and run stores, `--only`, `--memory`, `--timeout` and `--strict`."""
    options = only_option(strict_option(limit_options(command)))
    return click.argument("paths", nargs=-1, required=True, type=ANY_PATH)(options)


def wanted_runs() -> RunFilter:
    """What `--only` says.

    Raises:
        EncaveError: it says something else.
    """
    from ..runners.studies.limit import parse_seeds
    from ..store import RunFilter

    found: dict[str, frozenset[Any]] = {}
    context = click.get_current_context(silent=True)
    for text in context.meta.get(_ONLY, ()) if context else ():
        key, _, values = text.partition("=")
        if key not in _KEYS or not values:
            raise EncaveError(f"--only {text} is not KEY=VALUES with one of the keys {', '.join(_KEYS)}")
        given = parse_seeds(values) if key == "seed" else (part.strip() for part in values.split(","))
        found[_KEYS[key]] = found.get(_KEYS[key], frozenset()) | frozenset(given)
    return RunFilter(**found)


def run_sources(paths: tuple[Path, ...], settings: Settings) -> list[Path]:
    """Converted runs at or below the paths, and partitions of run stores; logs are converted into the user's cache."""
    from ..store import RunFilter

    return some(_sources(_prepared(paths), RunFilter() if settings.renames else wanted_runs()), paths)


def settings_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--settings`, for `settings_of`."""
    text = "A report.toml; else the one in a path, if any."
    return click.option("--settings", "file", type=ANY_PATH, default=None, help=text)(command)


def settings_of(file: Path | None, paths: tuple[Path, ...], **flags: Any) -> Settings:
    """What `--settings`, or a report.toml in a path, says, and over it the options that are not None."""
    from dataclasses import replace

    from ..analysis.report.settings import NAME, Settings, read_settings

    file = file or next((path / NAME for path in paths if (path / NAME).is_file()), None)
    if file:
        say(f"Settings: {file}", err=True)
    told = {name: value for name, value in flags.items() if value is not None}
    return replace(read_settings(file) if file else Settings(), **told)


def settled_runs(paths: tuple[Path, ...], settings: Settings) -> list[Run]:
    """The runs at or below the paths that the settings want, as they call them; who is a seed of whom is said."""
    from ..analysis.grouping.sections import view_runs
    from .show.groups import tell_groups

    runs = settings.applied(load_runs(paths, renamed=settings.told if settings.renames else None))
    tell_groups(view_runs(runs))
    return runs


def _sources(prepared: Prepared, wanted: RunFilter) -> list[Path]:
    from ..store import RunStore

    return [*prepared.folders, *(each for store in prepared.stores for each in RunStore(store).partitions(wanted))]


def run_folders(paths: tuple[Path, ...]) -> list[Path]:
    """Folders of the converted runs at or below the paths; logs and runs of stores are written to the user's cache."""
    from ..workflows.prepared import extracted

    prepared = _prepared(paths)
    wanted = wanted_runs()
    folders = [folder for folder in prepared.folders if _is_wanted(folder, wanted)]
    folders += (folder for store in prepared.stores for folder in extracted(store, wanted))
    return some(folders, paths)


def found_later(paths: tuple[Path, ...]) -> list[Path]:
    """As `run_folders`, once more and without a word: what can be read by now."""
    from ..converters.engine import Engine
    from ..workflows.prepared import extracted, prepare

    with Engine(1, reading_limits()) as engine:
        prepared = prepare(paths, engine, steps=reading_steps())
    wanted = wanted_runs()
    folders = [folder for folder in prepared.folders if _is_wanted(folder, wanted)]
    return [*folders, *(folder for store in prepared.stores for folder in extracted(store, wanted))]


def _is_wanted(folder: Path, wanted: RunFilter) -> bool:
    """Whether a run is whole and one that --only wants."""
    from ..run import Run

    try:
        return wanted.of_run(Run.load(folder))
    except EncaveError as error:
        leave_out(str(error))
        return False


def load_runs(
    paths: tuple[Path, ...],
    on_step: Callable[[str, int, int | None], None] = lambda step, done, total: None,
    renamed: Callable[[Run], Run] | None = None,
) -> list[Run]:
    """The runs at or below the paths, loaded.

    Args:
        paths: Where they are.
        on_step: Told how many folders and partitions of stores are read.
        renamed: A run with the names that a report's settings give it, which `--only` knows beside its own.
    """
    from ..store import RunFilter, read_runs

    wanted = wanted_runs()
    read = RunFilter() if renamed else wanted
    sources = _sources(_prepared(paths), read)
    found: list[Run] = []
    damaged: list[EncaveError] = []
    for done, source in enumerate(sources):
        on_step("reading runs", done, len(sources))
        found += read_runs(source, read, on_damaged=damaged.append)
    on_step("reading runs", len(sources), len(sources))
    found = [_led(run) for run in found if _has_space(run)]
    for error in damaged:
        leave_out(str(error))
    if damaged and not found:
        raise EncaveError("no run is left: convert the logs again")
    if renamed:
        found = [run for run in found if wanted.of_run(run) or wanted.of_run(renamed(run))]
    found = some(found, paths)
    check_objective(found)
    return found


def _led(run: Run) -> Run:
    """The run with the objective first that `--objective` says, if it has it."""
    wanted = wanted_objective()
    return run.led_by(wanted) if wanted is not None and wanted in [one.name for one in run.objectives] else run


def compared(runs: Sequence[Run], settings: Settings) -> Comparisons:
    """The comparison of runs as the settings want it."""
    from ..analysis import compare

    return compare(
        runs, axis=settings.axis, statistic=settings.statistic, interval=settings.interval, rule=settings.rule,
        reference=settings.reference, normalise=settings.normalise, rope=settings.rope, control=settings.control,
    )  # fmt: skip


def _has_space(run: Run) -> bool:
    """Whether its space can be made from its JSON."""
    try:
        _ = run.space
    except EncaveError as error:
        leave_out(str(error))
        return False
    return True


def leave_out(why: str) -> None:
    """Say that something is left out; the command's exit status is then 1 although it is done."""
    say(f"encave: left out: {why}", err=True)
    if context := click.get_current_context(silent=True):
        context.meta[LEFT_OUT] = True


def some(wanted: list[_T], paths: tuple[Path, ...]) -> list[_T]:
    """What is wanted of the runs at or below the paths.

    Raises:
        EncaveError: it is nothing; the message lists what there is.
    """
    if not wanted:
        raise EncaveError(f"none of the runs is one that --only wants; there are {_there(paths)}")
    return wanted


_MOST_NAMES = 20


def _there(paths: tuple[Path, ...]) -> str:
    """The optimizers, tasks and seeds of the runs at or below the paths."""
    from ..store import RunFilter, read_runs
    from .show.common import format_ranges

    runs = [
        run
        for source in _sources(_prepared(paths), RunFilter())
        for run in read_runs(source, on_damaged=lambda _: None)
    ]
    tasks = sorted({run.task for run in runs if run.task is not None})
    seeds = sorted({run.seed for run in runs if run.seed is not None})
    told = [("optimizer", sorted({run.label for run in runs})), ("dataset", tasks)]
    listed = [f"{key}={', '.join(names[:_MOST_NAMES])}{', …' * (len(names) > _MOST_NAMES)}" for key, names in told]
    return "; ".join([*listed, f"seed={format_ranges(seeds)}"])


def _prepared(paths: tuple[Path, ...]) -> Prepared:
    from ..converters.engine import Engine
    from ..workflows.prepared import prepare
    from .show.conversions import counted, print_passed_over

    with Engine(cores(), reading_limits()) as engine, counted("logs") as count:
        prepared = prepare(paths, engine, count, reading_steps())
    print_passed_over(prepared.passed_over, err=True)
    context = click.get_current_context(silent=True)
    if context and context.meta.get(_STRICT) and prepared.passed_over:
        context.meta[LEFT_OUT] = True
    for log in prepared.refused:
        leave_out(f"{log.source}: {log.reason}")
    return prepared


def exit_status(statuses: Sequence[str], passed_over: Sequence[object], *, strict: bool = False) -> int:
    """0 if nothing was refused, 1 if something was, 2 if everything was.

    With `strict` it is 1 also then, and where something was passed over.
    """
    refused = statuses.count("refused")
    if strict:
        return 1 if refused or passed_over else 0
    return (2 if refused == len(statuses) else 1) if refused else 0


def left_out(done: Sequence[object], refused: Sequence[object]) -> int:
    """0 if something was analysed, 1 if a log or a run was left out besides, 2 if nothing could be analysed.

    Runs with too few trials for one statistic are told, and are no failure.
    """
    context = click.get_current_context(silent=True)
    if refused and not done:
        return 2
    return 1 if context and context.meta.get(LEFT_OUT) else 0


def print_json(content: dict[str, Any]) -> None:
    """Print JSON on standard output."""
    click.echo(json.dumps(content, indent=1, allow_nan=False))


def print_csv(tables: Sequence[pa.Table]) -> None:
    """Print tables of equal columns as one CSV on standard output; nothing without tables."""
    if not tables:
        return
    import pyarrow as pa
    import pyarrow.csv

    from ..files.spreadsheets import guarded

    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(guarded(pa.concat_tables(tables)), sink)
    click.echo(sink.getvalue().to_pybytes(), nl=False)


def say(text: object, *, err: bool = False) -> None:
    """Print a line; what logs have in it cannot steer the terminal."""
    click.echo(plain(text), err=err)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
