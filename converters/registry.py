"""The formats that encave reads, and the search for their logs in a tree of folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from ..errors import EncaveError
from ..run import HEADER_FILE, TRIALS_FILE
from ..store import STORE_FILE
from .reader import Found, Listing, Options, Reader, ReadResult
from .table import TableReader

ENTRY_POINTS = "encave.converters"
BUILT_IN = (
    "evaluations",
    "dehb",
    "smac",
    "naslib",
    "nats_bench_results",
    "syne_tune",
    "neps",
    "deephyper",
    "bohb",
    "optuna",
    "amltk",
    "ray_tune",
    "ioh",
    "deepcave_native",
    "deepcave_dataframe",
    "not_a_log",
    "csv_output",
    "table",
)
"""Modules of this package with an object `READER`; a file is claimed by the first format that recognises it."""

MAX_DEPTH = 24
"""Folders below a source that are searched."""


@dataclass(frozen=True)
class Candidate:
    """A run's log and the format that recognised it."""

    reader: Reader
    """The format."""
    found: Found
    """The log."""


def formats() -> dict[str, Reader]:
    """Name → format: the built-in ones, then those of installed packages.

    Raises:
        EncaveError: an installed package's format cannot be loaded or takes a name that is in use.
    """
    readers: dict[str, Reader] = {}
    for module in BUILT_IN:
        reader: Reader = import_module(f".{module}", __package__).READER
        readers[reader.name] = reader
    for entry in _installed(entry_points, tuple(sys.path)):
        try:
            reader = entry.load()
            name = reader.name
        except Exception as error:  # whatever a stranger's module raises must name that module
            raise EncaveError(
                f"the format {entry.name} ({entry.value}) cannot be loaded: {error}. Uninstall or repair it."
            ) from error
        if name in readers:
            raise EncaveError(
                f"the format {entry.name} ({entry.value}) has the name {name!r}, which is taken. Uninstall it."
            )
        readers[name] = reader
    return readers


@lru_cache(maxsize=1)
def _installed(look_up: Callable[..., Iterable[EntryPoint]], path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Entry points of the packages on `path`, for which the files of every package are read."""
    return tuple(look_up(group=ENTRY_POINTS))


def chosen(forced_format: str | None, mapping: Mapping[str, str] | None = None) -> list[Reader]:
    """All formats, or the one of this name; with a mapping every table is taken for a log.

    Raises:
        EncaveError: there is no format of this name.
    """
    readers = formats()
    if mapping is not None:
        reader = TableReader(mapping)
        readers[reader.name] = reader
    if forced_format is None:
        return list(readers.values())
    if forced_format not in readers:
        raise EncaveError(f"unknown format {forced_format!r}; encave reads {', '.join(readers)}")
    return [readers[forced_format]]


class UnreadableReader:
    """Stands for the format of what this user may not read, so that it is refused and not passed over."""

    name = "unreadable"
    title = "Unreadable"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """Files that may not be read."""
        for name in listing.names:
            if not os.access(listing.folder / name, os.R_OK):
                yield Found(listing.folder / name, (listing.folder / name,), "no permission")

    def read(self, found: Found, options: Options) -> ReadResult:
        """Refuse it.

        Raises:
            EncaveError: always.
        """
        raise EncaveError(f"{found.path} may not be read by this user")


UNREADABLE = UnreadableReader()


def by_name() -> dict[str, Reader]:
    """Name → format of whatever `find` gives with all formats.

    Raises:
        EncaveError: as `formats`.
    """
    return {**formats(), UNREADABLE.name: UNREADABLE}


def find(source: Path, readers: Sequence[Reader], *, skip: Path | None = None) -> list[Candidate]:
    """Runs' logs at or below a file or folder, in the order of their paths.

    Hidden folders, converted runs and run stores are left out; links are followed, each folder is visited once.
    Only plain files are looked at, never pipes or devices.

    Args:
        source: The file or folder.
        readers: Formats to look for.
        skip: A folder that is not searched where it lies below `source`.

    Raises:
        EncaveError: the source does not exist or cannot be read.
    """
    try:
        if not source.exists():
            raise EncaveError(f"{source} does not exist")
        if not (source.is_file() or source.is_dir()):
            raise EncaveError(f"{source} is neither a file nor a folder")
        found = [candidate for listing in _listings(source, skip) for candidate in _claims(listing, readers)]
    except OSError as error:
        raise EncaveError(f"cannot read {error.filename or source}: {error.strerror or error}") from error
    return sorted(found, key=lambda candidate: (candidate.found.path, candidate.found.key or ""))


def _claims(listing: Listing, readers: Sequence[Reader]) -> Iterator[Candidate]:
    """The runs in a folder, whose logs are claimed by one format each; the files beside them can be of several logs."""
    claimed: set[Path] = set()
    barred = list(UNREADABLE.detect(listing))
    if barred:
        yield from (Candidate(UNREADABLE, run) for run in barred)
        closed = {run.path.name for run in barred}
        listing = Listing(listing.folder, tuple(name for name in listing.names if name not in closed))
    for reader in readers:
        runs = [run for run in reader.detect(listing) if claimed.isdisjoint(_own(run))]
        yield from (Candidate(reader, run) for run in runs)
        claimed.update(*(run.files for run in runs))


def _own(run: Found) -> tuple[Path, ...]:
    """The file with the trials; all files where the log is a folder."""
    return (run.path,) if run.path in run.files else run.files


def forced(source: Path, reader: Reader, *, skip: Path | None = None) -> list[Candidate]:
    """Runs of one format at or below a source; a file that the format does not recognise is taken for one all the same.

    Raises:
        EncaveError: as `find`.
    """
    found = find(source, [reader], skip=skip)
    return [Candidate(reader, Found(source, (source,), "told so"))] if not found and source.is_file() else found


def _listings(source: Path, skip: Path | None) -> Iterator[Listing]:
    if source.is_file():
        yield Listing(source.parent, (source.name,))
        return
    visited = {os.path.realpath(skip)} - {os.path.realpath(source)} if skip is not None else set[str]()
    waiting = [(source, 0)]
    while waiting:
        folder, depth = waiting.pop()
        real = os.path.realpath(folder)
        if real in visited:
            continue
        visited.add(real)
        if not os.access(folder, os.R_OK | os.X_OK):
            yield Listing(folder.parent, (folder.name,))  # refused as what may not be read
            continue
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        names = tuple(entry.name for entry in listed if _is(entry.is_file))
        if (HEADER_FILE in names and TRIALS_FILE in names) or STORE_FILE in names:
            continue
        yield Listing(folder, names)
        if depth < MAX_DEPTH:
            waiting += [
                (Path(e.path), depth + 1) for e in reversed(listed) if not e.name.startswith(".") and _is(e.is_dir)
            ]


def _is(kind: Callable[[], bool]) -> bool:
    """Whether an entry is of a kind; a link to itself is of none."""
    try:
        return kind()
    except OSError:
        return False
