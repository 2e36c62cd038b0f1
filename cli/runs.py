"""The runs that a verb works on, of any source, as its options want them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import EncaveError
from ..files.arrow import hide_pandas
from .common import cores, is_own_process, leave_out, mark_left_out, say
from .options import (
    reading_limits,
    reading_mapping,
    reading_steps,
    tell_unmapped,
    wanted_objective,
    wanted_runs,
    wants_strict,
)

if TYPE_CHECKING:
    from ..analysis import Comparisons
    from ..analysis.report.settings import Settings
    from ..converters import Conversion
    from ..run import Run, RunHeader
    from ..store import RunFilter
    from ..workflows.prepared import Prepared

_T = TypeVar("_T")


def run_sources(paths: tuple[Path, ...], settings: Settings) -> list[Path]:
    """Converted runs at or below the paths, and partitions of run stores; logs are converted into the user's cache."""
    from ..store import RunFilter

    return some(_sources(_prepared(paths), RunFilter() if settings.renames else wanted_runs()), paths)


def settled_runs(paths: tuple[Path, ...], settings: Settings) -> list[Run]:
    """The runs at or below the paths that the settings want, as they call them; who is a seed of whom is said."""
    from ..analysis.grouping.sections import view_runs
    from .show.groups import tell_groups

    runs = settings.applied(load_runs(paths, renamed=settings.told if settings.renames else None))
    tell_groups(view_runs(runs))
    return runs


def _sources(prepared: Prepared, wanted: RunFilter) -> list[Path]:
    from ..store import RunStore

    found = list(prepared.folders)
    damaged: list[EncaveError] = []
    for store in prepared.stores:
        try:
            found += RunStore(store).partitions(wanted)
        except EncaveError as error:
            damaged.append(error)
    if damaged and not found:
        raise damaged[0]
    for error in damaged:
        leave_out(str(error))
    return found


def run_folders(paths: tuple[Path, ...]) -> list[Path]:
    """Folders of the converted runs at or below the paths.

    Logs and runs of stores are written to the user's cache, with DeepCAVE's files.
    """
    from ..workflows.prepared import extracted

    prepared = _prepared(paths, twins=True)
    wanted = wanted_runs()
    folders = [folder for folder in prepared.folders if _is_wanted(folder, wanted)]
    folders += (folder for store in prepared.stores for folder in extracted(store, wanted))
    return some(folders, paths)


def found_later(paths: tuple[Path, ...]) -> list[Path]:
    """As `run_folders`, once more and without a word: what can be read by now."""
    from ..converters.engine import Engine
    from ..workflows.prepared import extracted, prepare

    with Engine(1, reading_limits()) as engine:
        prepared = prepare(paths, engine, steps=reading_steps(), mapping=reading_mapping(), twins=True)
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


def _has_space(run: Run) -> bool:
    """Whether its space can be made from its JSON."""
    from ..run.spaces import is_sound

    try:
        _ = is_sound(run.space_json) or run.space
    except EncaveError as error:
        leave_out(str(error))
        return False
    return True


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


def compared(runs: Sequence[Run], settings: Settings) -> Comparisons:
    """The comparison of runs as the settings want it."""
    from ..analysis import compare

    return compare(
        runs, axis=settings.axis, statistic=settings.statistic, interval=settings.interval, rule=settings.rule,
        reference=settings.reference, normalise=settings.normalise, rope=settings.rope, control=settings.control,
    )  # fmt: skip


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


def _prepared(paths: tuple[Path, ...], *, twins: bool = False) -> Prepared:
    from ..converters.engine import Engine
    from ..workflows.prepared import prepare
    from .show.conversions import counted, print_passed_over

    if is_own_process():
        hide_pandas()
    read: list[tuple[Path, str]] = []
    with Engine(cores(), reading_limits()) as engine, counted("logs") as count:

        def tell(conversion: Conversion, total: int) -> None:
            read.append((conversion.source, conversion.format))
            count(conversion, total)

        prepared = prepare(paths, engine, tell, reading_steps(), reading_mapping(), twins=twins)
    tell_unmapped(read)
    print_passed_over(prepared.passed_over, err=True)
    if wants_strict() and prepared.passed_over:
        mark_left_out()
    for log in prepared.refused:
        leave_out(f"{log.source}: {log.reason}")
    return prepared
