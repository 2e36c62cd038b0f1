"""Many logs to many run folders: search, read, write atomically, account for every trial."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .. import __version__
from ..errors import EncaveError
from ..files import atomic_folder
from ..run import HEADER_FILE, Note, Run
from . import deepcave, deepcave_twin, names, registry, sidecar
from .reader import Found, Options, ReadResult
from .registry import Candidate

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Conversion:
    """What became of one log. Counts are of trials."""

    source: Path
    """The log."""
    format: str
    """Format as in `--from`."""
    release: str | None
    """Release of the optimizer that wrote it, as far as the log tells."""
    status: Literal["converted", "refused", "unchanged"]
    """unchanged: an earlier conversion of the same files is there."""
    reason: str | None
    """Why it was refused."""
    read: int = 0
    """Trials in the log."""
    written: int = 0
    """Trials in the run."""
    merged: int = 0
    """Trials that another one stands for."""
    dropped: int = 0
    """Trials that could not be kept."""
    configurations: int = 0
    """Configurations of the run."""
    budgets: tuple[float, ...] = ()
    """Budgets, ascending."""
    statuses: Mapping[str, int] | None = None
    """Status → number of trials."""
    incumbent: Mapping[str, Any] | None = None
    """`cost` and `configuration` of the best trial at the highest budget, by the first objective; None without one."""
    notes: tuple[Note, ...] = ()
    """What was merged, dropped, derived, assumed or flagged."""
    output: Path | None = None
    """The run's folder."""

    def to_json(self) -> dict[str, Any]:
        """The object that `encave convert --json` prints for this log."""
        return asdict(self) | {
            "source": str(self.source),
            "budgets": list(self.budgets),
            "statuses": dict(self.statuses or {}),
            "notes": [asdict(note) for note in self.notes],
            "output": None if self.output is None else str(self.output),
        }


def convert(
    sources: Sequence[Path],
    out: Path,
    *,
    forced_format: str | None = None,
    space: ConfigurationSpace | None = None,
    on_progress: Callable[[Conversion, int], None] | None = None,
) -> list[Conversion]:
    """Find all logs at or below `sources` and convert each to a folder in `out`.

    A folder `out/<run name>` holds the lossless run and DeepCAVE's files and appears whole or not at all. A log that
    was converted before and has not changed is left as it is.

    Args:
        sources: Files and folders.
        out: Folder of the converted runs; made if missing.
        forced_format: Name of the one format to look for; None: all.
        space: Configuration space for logs without one.
        on_progress: Called after each log with what became of it and the number of all logs.

    Raises:
        EncaveError: a source does not exist, nothing was found, the format is unknown, or `out` cannot be written.
    """
    candidates = search(sources, forced_format)
    options = Options(space)
    output = _Output(out)
    results: list[Conversion] = []
    for candidate in candidates:
        results.append(_convert(candidate, options, output))
        if on_progress is not None:
            on_progress(results[-1], len(candidates))
    deepcave_twin.align(output.folders())
    return results


def search(sources: Sequence[Path], forced_format: str | None = None) -> list[Candidate]:
    """The logs at or below `sources`, each once.

    Raises:
        EncaveError: a source does not exist, or there is no log in any of them.
    """
    readers = registry.chosen(forced_format)
    if forced_format is None:
        found = [candidate for source in sources for candidate in registry.find(source, readers)]
    else:
        found = [candidate for source in sources for candidate in registry.forced(source, readers[0])]
    distinct = {(candidate.found.path.resolve(), candidate.found.key): candidate for candidate in found}
    if not distinct:
        where = ", ".join(str(source) for source in sources)
        known = ", ".join(reader.title for reader in readers)
        raise EncaveError(f"no log found in {where}; encave knows the logs of: {known}")
    return list(distinct.values())


class _Output:
    """The folder of the converted runs: which names are taken, and by which log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryDirectory(prefix=".encave-", dir=folder).cleanup()
            entries = sorted(folder.iterdir())
        except OSError as error:
            raise EncaveError(f"cannot write {folder}: {error.strerror}. Choose a folder you may write to.") from error
        self.taken = {entry.name.lower() for entry in entries}
        self.earlier: dict[str, tuple[Path, str]] = {}
        for entry in entries:
            metadata = _metadata(entry / HEADER_FILE)
            if metadata:
                self.earlier[str(metadata.get("source"))] = (entry, str(metadata.get("fingerprint")))

    def folders(self) -> list[Path]:
        """Folders of all converted runs."""
        return [folder for folder, _ in self.earlier.values()]

    def place(self, source: Path, name: str) -> Path:
        """The folder for a log: that of its earlier conversion, or a new one whose name is free."""
        if str(source) in self.earlier:
            return self.earlier[str(source)][0]
        chosen = names.unique(name, source, self.taken)
        self.taken.add(chosen.lower())
        return self.folder / chosen


def _metadata(header: Path) -> Mapping[str, Any]:
    if not header.is_file():
        return {}
    try:
        return json.loads(header.read_text(encoding="utf-8"))["metadata"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # no header of ours: the name stays taken, the folder is left alone


def _convert(candidate: Candidate, options: Options, output: _Output) -> Conversion:
    found, reader = candidate.found, candidate.reader
    try:
        source = found.source
        fingerprint = _fingerprint(found, reader.name, options)
        earlier = output.earlier.get(str(source))
        if earlier and earlier[1] == fingerprint:
            return _unchanged(found, reader.name, earlier[0])
        result = reader.read(found, options)
        if result.read != len(result.run) + result.merged + result.dropped:
            told = f"{result.read} read, {len(result.run)} written, {result.merged} merged, {result.dropped} dropped"
            raise EncaveError(f"the {reader.title} format does not account for every trial of {found.path}: {told}")
        folder = output.place(source, result.run.name)
        run = _write(result, folder, {"source": str(source), "source_format": reader.name, "fingerprint": fingerprint})
        output.earlier[str(source)] = (folder, fingerprint)
    except (EncaveError, OSError) as error:
        return Conversion(found.path, reader.name, None, "refused", str(error))
    except Exception as error:  # noqa: BLE001 - one log must not stop the others, whatever its format's code does
        told = f"the {reader.title} format failed on it with {type(error).__name__}: {error}; please report this"
        return Conversion(found.path, reader.name, None, "refused", told)
    return _conversion(found, reader.name, "converted", run, folder)


def _write(result: ReadResult, folder: Path, provenance: Mapping[str, Any]) -> Run:
    """Write a run's folder; it appears whole or not at all."""
    counts = {"read": result.read, "written": len(result.run), "merged": result.merged, "dropped": result.dropped}
    run = result.run.replace(name=folder.name)
    shown, notes = deepcave.prepare(run)
    metadata = (
        dict(run.metadata)
        | dict(provenance)
        | {"source_release": result.release, "encave": __version__, "accounting": counts}
    )
    run = run.replace(notes=(*run.notes, *notes), metadata=metadata)
    with atomic_folder(folder) as temporary:
        deepcave.write(run, shown, temporary)
        run.save(temporary)
    return run


def _unchanged(found: Found, name: str, folder: Path) -> Conversion:
    return _conversion(found, name, "unchanged", Run.load(folder), folder)


def _conversion(
    found: Found, name: str, status: Literal["converted", "unchanged"], run: Run, folder: Path
) -> Conversion:
    best = run.incumbent()
    return Conversion(
        source=found.path,
        format=name,
        release=run.metadata["source_release"],
        status=status,
        reason=None,
        **run.metadata["accounting"],
        configurations=run.configurations.num_rows,
        budgets=run.budgets,
        statuses=run.status_counts(),
        incumbent=best and {"cost": best.value, "configuration": run.configuration(best.config_id)},
        notes=run.notes,
        output=folder,
    )


def _fingerprint(found: Found, name: str, options: Options) -> str:
    """Hash of everything that the conversion depends on."""
    space = options.space and options.space.to_serialized_dict()
    digest = hashlib.sha256(json.dumps([__version__, name, space, dict(options.mapping or {})]).encode())
    beside = sidecar.locate(found.path)
    for path in (*found.files, *([beside] if beside else [])):
        digest.update(path.name.encode())
        for block in _blocks(path):
            digest.update(block)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
