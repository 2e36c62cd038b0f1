"""One log to one run's folder: read, check the account, write."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from .. import __version__
from ..errors import EncaveError
from ..files.atomic import atomic_folder
from ..files.cycles import no_search_for_cycles
from ..files.unicode_text import shortened
from . import registry
from .account import Conversion, accounted, refused
from .reader import Found, Log, Options, ReadResult
from .registry import Candidate
from .run_folders import FILES, Earlier

if TYPE_CHECKING:
    from ..run import Note, Run
    from ..run.provenance import JSON

_BLOCK = 1 << 16

Ask: TypeAlias = Callable[[Any], Any]
"""Asks the process that gave the task."""
Answer: TypeAlias = "Run | EncaveError | None"
"""The run, why there is none, or None for a log that has not changed."""


@dataclass(frozen=True)
class Job:
    """A log to convert or to read."""

    log: Log
    """The log and its format."""
    options: Options
    """What the user says beyond the log."""
    earlier: Earlier | None = None
    """The earlier conversion of this log."""
    strict: bool = False
    """Whether to refuse it where anything must be assumed."""
    twin: bool = True
    """Whether DeepCAVE's files are written beside the run."""

    def candidate(self) -> Candidate:
        """The log with its format's reader.

        Raises:
            EncaveError: it was refused before it was read.
        """
        if self.log.refused is not None:
            raise EncaveError(self.log.refused)
        return Candidate(registry.formats()[self.log.format], self.log.found)


def convert_log(job: Job, ask: Ask) -> Conversion:
    """Convert one log, whatever it holds; what went wrong is in the account.

    Args:
        job: The log.
        ask: Source and proposed name of its run → its folder.
    """
    try:
        return _convert(job, ask)
    except Exception as error:  # noqa: BLE001 - one log must not stop the others, whatever its format's code does
        return refused(job.log.found.path, job.log.format, describe_error(job.log, error))


def read_log(job: Job, with_fingerprint: bool, known: str | None, _: Ask) -> Answer:
    """The run of one log, which knows what it was read from.

    Args:
        job: The log.
        with_fingerprint: Whether the run is to know the hash of what it was read from.
        known: That hash when it was last read; if it is still the same, the log is not read again.
    """
    found, name = job.log.found, job.log.format
    try:
        told = {"source": str(found.source), "source_format": name}
        candidate = job.candidate()
        if with_fingerprint:  # of before it was read, so that a log that changes meanwhile is read again
            told["fingerprint"] = fingerprint(found, name, job.options)
            if told["fingerprint"] == known:
                return None
        return described(read(candidate, job.options), found, told)
    except Exception as error:  # noqa: BLE001 - one log must not stop the others, whatever its format's code does
        return EncaveError(describe_error(job.log, error))


def describe_error(log: Log, error: Exception) -> str:
    """Why a log is refused, from what was raised when it was read: a line, however long the names in the log are."""
    return shortened(_described_error(log, error))


def _described_error(log: Log, error: Exception) -> str:
    path = log.found.path
    if isinstance(error, EncaveError | OSError):
        return _with_place(path, str(error))
    if isinstance(error, MemoryError):
        return f"{path} does not fit into the memory that it may take; --memory raises the limit"
    if isinstance(error, RecursionError):
        return f"{path} or a file beside it is nested too deeply to be a log"
    told = f"{type(error).__name__}: {error}"
    if isinstance(error, UnicodeEncodeError):
        return f"{path} or a file beside it holds text that is no Unicode: {error}"
    return f"the {registry.formats()[log.format].title} format failed on it with {told}; please report this"


def _with_place(log: Path, told: str) -> str:
    """What was told of a log, with its path unless that, or the path of a file beside it, is in it."""
    return told if str(log) in told or f"{log.parent}/" in told else f"{log}: {told}"


def _convert(job: Job, ask: Ask) -> Conversion:
    found, name = job.log.found, job.log.format
    candidate = job.candidate()
    source, before = found.source, _stamps(found)
    print_now = fingerprint(found, name, job.options) if job.earlier else None
    if print_now and (known := _unchanged(job, print_now)):
        return _strictly(known) if job.strict else known
    result = read(candidate, job.options)
    if job.strict and (reason := assumed(result.run)):
        return refused_as_assumed(found.path, name, described(result, found), reason)
    print_now = print_now or fingerprint(found, name, job.options)
    if _stamps(found) != before:
        print_now = "changed while it was read"  # so that it is converted again
    folder = ask((source, result.run.name))
    told = {"source": str(source), "source_format": name, "fingerprint": print_now}
    run = _write(described(result, found, told), folder, job.twin)
    return accounted(found.path, name, "converted", run, folder)


def read(candidate: Candidate, options: Options) -> ReadResult:
    """Read a log.

    Raises:
        EncaveError: it cannot be read, or its format miscounts its trials.
    """
    from .parts.checkpoints import as_paid
    from .parts.fitting import left_out

    with no_search_for_cycles():
        result = candidate.reader.read(candidate.found, options)
    result = replace(result, run=as_paid(result.run))
    if unfit := left_out(result.run):
        dropped = result.dropped + unfit
        result = replace(result, dropped=dropped, read=max(result.read, len(result.run) + result.merged + dropped))
    if result.read != len(result.run) + result.merged + result.dropped:
        told = f"{result.read} read, {len(result.run)} written, {result.merged} merged, {result.dropped} dropped"
        where = candidate.found.path
        raise EncaveError(f"the {candidate.reader.title} format does not account for every trial of {where}: {told}")
    return result


def assumed(run: Run) -> str | None:
    """Why `--strict` refuses a run: what its notes say was assumed; None if nothing was."""
    texts = [note.text for note in run.notes if note.kind == "assumed"]
    return f"refused by --strict, since something is assumed: {'; '.join(texts)}" if texts else None


def described(result: ReadResult, found: Found, read_from: Mapping[str, str] = MappingProxyType({})) -> Run:
    """The run with what its log and names say of it: release, counts, and a task and a seed that it lacks.

    Args:
        result: What was read.
        found: The log.
        read_from: Fields of the provenance that say which log it is.
    """
    from .parts.constant_values import told_by_values
    from .parts.seed_names import named_seed

    counts = {"read": result.read, "written": len(result.run), "merged": result.merged, "dropped": result.dropped}
    run, known = result.run, result.run.provenance
    told: dict[str, Any] = {"source_release": result.release, "encave": __version__, "accounting": counts}
    values = told_by_values(run)
    if values.task is not None:
        told |= {"task": values.task}
    if values.seed is not None:
        told |= {"seed": values.seed, "seed_from": values.seed_from}
    if values.notes:
        run = run.replace(notes=(*run.notes, *values.notes))
    one_of_several = found.key is not None and known.study is None  # whose file's name is that of all
    own = values.seed if run.seed is None else run.seed
    seed = None if one_of_several else named_seed(found.path, known.study, repetitions=own is None)
    if seed is not None and own is None:
        told |= {"seed": seed.seed, "seed_from": seed.where}
        run = run.replace(notes=(*run.notes, seed.note()))
    elif seed is not None and seed.seed != own:
        run = run.replace(notes=(*run.notes, seed.against(own)))
    if negative := _negative(run):
        run = run.replace(notes=(*run.notes, *negative))
    names = [name for name in run.configurations.column_names if run.configurations[name].null_count]
    more: dict[str, JSON] = {"absent": names} if names else {}
    if values.apart is not None:
        more["told_apart"] = values.apart
    if found.key is not None:
        more["part"] = found.key  # which run of its file
    return run.replace(provenance=known.replace(**told, **read_from, extra={**known.extra, **more}))


def _negative(run: Run) -> list[Note]:
    """That budgets are negative, if so."""
    from ..run import Note

    count = int((run.column("budget") < 0).sum())
    text = "budgets are negative, so that sums of them and the highest of them may mean nothing"
    return [Note("flagged", text, count)] if count else []


def _unchanged(job: Job, print_now: str) -> Conversion | None:
    """The earlier conversion, if it is of the same files and can still be read."""
    from ..run import Run

    if job.earlier is None or job.earlier.fingerprint != print_now:
        return None
    try:
        run = Run.load(job.earlier.folder)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, converting the log again heals it
        return None
    return accounted(job.log.found.path, job.log.format, "unchanged", run, job.earlier.folder)


def _strictly(known: Conversion) -> Conversion:
    from ..run import Run

    reason = assumed(Run.load(known.output)) if known.output else None
    return known if reason is None else replace(known, status="refused", reason=reason)


def refused_as_assumed(path: Path, name: str, run: Run, reason: str) -> Conversion:
    """The account of a run that `--strict` refuses."""
    return replace(
        accounted(path, name, "converted", run, path), status="refused", reason=reason, written=0, output=None
    )


def _write(run: Run, folder: Path, twin: bool) -> Run:
    """Write a run's folder; it appears whole or not at all."""
    from .formats.deepcave import output as deepcave

    run = run.replace(name=folder.name)
    shown, notes = deepcave.prepare(run)
    run = run.replace(notes=(*run.notes, *notes))
    with atomic_folder(folder, ours=FILES) as temporary:
        if twin:
            deepcave.write(run, shown, temporary)
        run.save(temporary)
    return run


def fingerprint(found: Found, name: str, options: Options) -> str:
    """Hash of everything that the conversion depends on."""
    from ..run import sidecar

    space = options.space and options.space.to_serialized_dict()
    told = [__version__, name, space, dict(options.mapping or {}), options.steps]
    digest = hashlib.sha256(json.dumps(told).encode())
    beside = sidecar.locate(found.path)
    for path in (*found.files, *([beside] if beside else [])):
        digest.update(os.fsencode(path.name))
        for block in _blocks(path):
            digest.update(block)
    return digest.hexdigest()


def _stamps(found: Found) -> list[tuple[int, int]]:
    """Size and time of the last change of each file."""
    return [(told.st_size, told.st_mtime_ns) for told in (path.stat() for path in found.files)]


def _blocks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
