"""What several verbs share: paths, runs to read, JSON, exit statuses."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from ..errors import EncaveError
from ..terminal.plain import plain

if TYPE_CHECKING:
    import pyarrow as pa

    from ..prepared import Prepared
    from ..run import Run
    from ..store import RunFilter

ANY_PATH = click.Path(path_type=Path)

_T = TypeVar("_T")
_ONLY = "encave.only"
_KEYS = {"optimizer": "optimizers", "dataset": "datasets", "seed": "seeds"}


class Command(click.RichCommand):
    """A verb that refuses an option given twice, of which one value would be dropped."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click's; before, each option that takes one value is counted."""
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


def run_paths(command: Callable[..., Any]) -> Callable[..., Any]:
    """The argument PATHS of logs, runs and run stores, and `--only`."""
    return click.argument("paths", nargs=-1, required=True, type=ANY_PATH)(only_option(command))


def wanted_runs() -> RunFilter:
    """What `--only` says.

    Raises:
        EncaveError: it says something else.
    """
    from ..runners.limit import parse_seeds
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


def run_sources(paths: tuple[Path, ...]) -> list[Path]:
    """Converted runs at or below the paths, and partitions of run stores; logs are converted into the user's cache."""
    return some(_sources(_prepared(paths), wanted_runs()), paths)


def _sources(prepared: Prepared, wanted: RunFilter) -> list[Path]:
    from ..store import RunStore

    return [*prepared.folders, *(each for store in prepared.stores for each in RunStore(store).partitions(wanted))]


def run_folders(paths: tuple[Path, ...]) -> list[Path]:
    """Folders of the converted runs at or below the paths; logs and runs of stores are written to the user's cache."""
    from ..prepared import extracted

    prepared = _prepared(paths)
    wanted = wanted_runs()
    folders = [folder for folder in prepared.folders if wanted.all or _is_wanted(folder, wanted)]
    folders += (folder for store in prepared.stores for folder in extracted(store, wanted))
    return some(folders, paths)


def _is_wanted(folder: Path, wanted: RunFilter) -> bool:
    """Whether a run is one that --only wants; a damaged one, too, so that whoever reads it tells."""
    from ..run import Run

    try:
        return wanted.of_run(Run.load(folder))
    except EncaveError:
        return True


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
    for done, source in enumerate(sources):
        on_step("reading runs", done, len(sources))
        found += read_runs(source, read)
    on_step("reading runs", len(sources), len(sources))
    if renamed:
        found = [run for run in found if wanted.of_run(run) or wanted.of_run(renamed(run))]
    return some(found, paths)


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
    from ..analysis.study_view import run_seed, view_runs
    from ..store import RunFilter, read_runs
    from ..terminal.common import format_ranges

    runs = [run for source in _sources(_prepared(paths), RunFilter()) for run in read_runs(source)]
    tasks = sorted({str(run.metadata["task"]) for run in runs if run.metadata.get("task") is not None})
    seeds = sorted({seed for run in runs if (seed := run_seed(run)) is not None})
    told = [("optimizer", view_runs(runs).optimizers), ("dataset", tasks)]
    listed = [f"{key}={', '.join(names[:_MOST_NAMES])}{', …' * (len(names) > _MOST_NAMES)}" for key, names in told]
    return "; ".join([*listed, f"seed={format_ranges(seeds)}"])


def _prepared(paths: tuple[Path, ...]) -> Prepared:
    from ..prepared import prepare
    from ..terminal.conversions import convert_with_progress

    prepared = prepare(paths, convert_with_progress)
    for log in prepared.refused:
        say(f"encave: {log.source} is left out: {log.reason}", err=True)
    return prepared


def exit_status(statuses: Sequence[str], *, strict: bool = False) -> int:
    """0 if nothing was refused, 1 if something was, 2 if everything was; with `strict` 1 also then."""
    refused = statuses.count("refused")
    return (2 if refused == len(statuses) and not strict else 1) if refused else 0


def left_out(done: Sequence[object], refused: Sequence[object]) -> int:
    """0 if something was analysed, 2 if nothing could be; runs with too few trials are told, and are no failure."""
    return 2 if refused and not done else 0


def print_json(content: dict[str, Any]) -> None:
    """Print JSON on standard output."""
    click.echo(json.dumps(content, indent=1, allow_nan=False))


def json_rows(tables: Sequence[pa.Table]) -> list[dict[str, Any]]:
    """The rows of tables for JSON; a number that is not finite, which JSON has not, is null."""
    rows = (row for table in tables for row in table.to_pylist())
    return [
        {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()}
        for row in rows
    ]


def print_csv(tables: Sequence[pa.Table]) -> None:
    """Print tables of equal columns as one CSV on standard output; nothing without tables."""
    if not tables:
        return
    import pyarrow as pa
    import pyarrow.csv

    from ..spreadsheets import guarded

    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(guarded(pa.concat_tables(tables)), sink)
    click.echo(sink.getvalue().to_pybytes(), nl=False)


def say(text: object, *, err: bool = False) -> None:
    """Print a line; what logs have in it cannot steer the terminal."""
    click.echo(plain(text), err=err)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
