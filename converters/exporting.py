"""Logs and converted runs to the other formats that encave writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import store
from ..errors import EncaveError
from ..files.atomic import atomic_file, sweep
from ..files.unicode_text import spelt_out
from ..run import Run
from .account import Conversion, accounted, refused
from .engine import Engine, ReadingTask
from .limits import Limits
from .one_log import Job, assumed, read_log, refused_as_assumed
from .outputs import output
from .reader import Found, Options, Steps
from .reading_server import Ended
from .survey import Survey, load_each, survey

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

MARKER = ".encave-export.json"
STORE = "store"
_CONVERTED = "run"


@dataclass(frozen=True)
class Exported:
    """What an export wrote."""

    title: str
    """Name of the format for people."""
    conversions: tuple[Conversion, ...]
    """What became of each log and run."""
    limits: tuple[str, ...]
    """What the format cannot hold, one sentence each."""
    lost: tuple[str, ...]
    """What it could not hold of these runs, one sentence each."""


def export(
    sources: Sequence[Path],
    out: Path,
    to: str,
    *,
    forced_format: str | None = None,
    space: ConfigurationSpace | None = None,
    mapping: Mapping[str, str] | None = None,
    steps: Steps = "last",
    strict: bool = False,
    jobs: int = 1,
    limits: Limits | None = None,
    on_progress: Callable[[Conversion, int], None] | None = None,
) -> Exported:
    """Write the logs and the converted runs at or below `sources` in a format of `outputs()`.

    Args:
        sources: Files and folders.
        out: Folder to write to: new, empty, or of an earlier export to the same format.
        to: Name of the format.
        forced_format: Name of the one format to look for; None: all.
        space: Configuration space for logs without one.
        mapping: What the columns of a table are.
        steps: What values that trials report on their way are, see `Options`.
        strict: Whether to refuse logs of which anything must be assumed.
        jobs: Processes that read logs; the result is the same.
        limits: Of each process.
        on_progress: Called after each log and run with what became of it and the number of all.

    Raises:
        EncaveError: the format is unknown, a source does not exist, nothing was found, `out` holds other files or
            cannot be written.
    """
    with Engine(jobs, limits) as engine:
        found = survey(sources, engine, forced_format, mapping=mapping, skip=out)
        return export_found(
            found, out, to, engine, Options(space, mapping, steps), strict=strict, on_progress=on_progress
        )


def export_found(
    found: Survey,
    out: Path,
    to: str,
    engine: Engine,
    options: Options,
    *,
    strict: bool = False,
    on_progress: Callable[[Conversion, int], None] | None = None,
) -> Exported:
    """Write what a survey found in a format of `outputs()`; arguments and errors as in `export`."""
    form = output(to)
    wanted = Wanted(found, out, engine, options, strict, on_progress)
    if to == STORE:
        return Exported(form.title, tuple(_into_store(wanted)), form.limits, ())
    _check_free(out, to)
    told: list[Conversion] = []
    runs: list[Run] = []
    for conversion, run in _read(wanted):
        told.append(conversion)
        runs += [run] if run is not None else []
    lost: list[str] = []
    if runs:
        with atomic_file(out / MARKER) as marker:
            marker.write_text(json.dumps({"format": to}), encoding="utf-8")
        lost = form.write(runs, out)
    return Exported(form.title, tuple(told), form.limits, tuple(lost))


@dataclass(frozen=True)
class Wanted:
    """What is to be read, as in `export_found`."""

    found: Survey
    out: Path
    engine: Engine
    options: Options
    strict: bool = False
    on_progress: Callable[[Conversion, int], None] | None = None


def _into_store(wanted: Wanted) -> Iterator[Conversion]:
    """Add runs to a store as they are read; a log that has not changed since it was added is not read."""
    with store.opened(wanted.out) as writer:
        for conversion, run in _read(wanted, lambda found: writer.known(store.run_id(str(found.source)))):
            if run is not None:
                writer.add(run)
            yield conversion


def _check_free(out: Path, to: str) -> None:
    """Runs replace those of the same name, so the folder must not hold anything else."""
    sweep(out)
    try:
        if not out.exists() or not any(out.iterdir()):
            return
        earlier = json.loads((out / MARKER).read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        earlier = None
    if earlier != to:
        raise EncaveError(f"{out} holds other files; choose a new folder for --to {to}")


def _read(
    wanted: Wanted, known: Callable[[Found], Mapping[str, Any] | None] | None = None
) -> Iterator[tuple[Conversion, Run | None]]:
    """What becomes of each log and run, as `read_all` has it; progress is told on the way."""
    for conversion, run in read_all(wanted, known):
        if wanted.on_progress is not None:
            wanted.on_progress(conversion, len(wanted.found.logs) + len(wanted.found.folders))
        yield conversion, run


def read_all(
    wanted: Wanted, known: Callable[[Found], Mapping[str, Any] | None] | None = None
) -> Iterator[tuple[Conversion, Run | None]]:
    """What becomes of each log and run, and the run if it is to be written.

    Runs that were converted from one of the logs are left out.

    Args:
        wanted: What and how to read.
        known: Of a log that was written before the fingerprint and the counts; with it, runs know their fingerprint.
    """
    logs = wanted.found.logs
    before = [known and known(log.found) for log in logs]
    tasks = (
        ReadingTask(read_log, (Job(log, wanted.options), known is not None, has["fingerprint"] if has else None))
        for log, has in zip(logs, before, strict=True)
    )
    sources: set[str] = set()
    for log, has, answer in zip(logs, before, wanted.engine.ordered(tasks), strict=True):
        name, path = log.format, log.found.path
        if isinstance(answer, Run) or (has is not None and answer is None):
            sources.add(spelt_out(str(log.found.source)))
        if isinstance(answer, Run):
            yield _judged(path, name, answer, wanted)
        elif has is None or answer is not None:
            yield refused(path, name, answer.reason if isinstance(answer, Ended) else str(answer)), None
        else:
            counts = {key: has[key] for key in ("read", "merged", "dropped", "configurations")}
            told = Conversion(path, name, None, "unchanged", None, **counts, written=has["trials"], output=wanted.out)
            yield told, None
    for folder, run in load_each(wanted.found.folders):
        if isinstance(run, EncaveError):
            yield refused(folder, _CONVERTED, str(run)), None
        elif run.provenance.source not in sources:
            yield _judged(folder, _CONVERTED, run, wanted)


def _judged(source: Path, name: str, run: Run, wanted: Wanted) -> tuple[Conversion, Run | None]:
    if wanted.strict and (reason := assumed(run)):
        return refused_as_assumed(source, name, run, reason), None
    return accounted(source, name, "converted", run, wanted.out), run
