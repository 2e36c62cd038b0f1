"""The formats that encave reads, and which of them claims what lies in a folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ..errors import EncaveError
from ..files.unicode_text import shortened
from .reader import Found, Listing, Reader

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "encave.converters"
BUILT_IN = (
    "evaluations",
    "dehb.reader",
    "smac.reader",
    "naslib",
    "nats_bench_results",
    "syne_tune.reader",
    "neps.reader",
    "carps",
    "deephyper",
    "bohb",
    "optuna.reader",
    "amltk",
    "ray_tune.reader",
    "ioh.reader",
    "deepcave.native",
    "deepcave.dataframe",
    "not_a_log",
    "csv_run",
    "table.reader",
)
"""Modules of `formats` with an object `READER`; a file is claimed by the first format that recognises it."""


_T = TypeVar("_T")


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
    return dict(_loaded(tuple(sys.path)))


@lru_cache(maxsize=1)
def _loaded(path: tuple[str, ...]) -> Mapping[str, Reader]:
    readers: dict[str, Reader] = {}
    for module in BUILT_IN:
        reader: Reader = import_module(f".formats.{module}", __package__).READER
        readers[reader.name] = reader
    for entry in _installed(path):
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
def _installed(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Entry points of the packages on `path`, for which the files of every package are read."""
    from importlib.metadata import entry_points

    return tuple(entry_points(group=ENTRY_POINTS))


def are_built_in() -> bool:
    """Whether all formats are encave's own."""
    return not _installed(tuple(sys.path))


def chosen(forced_format: str | None, mapping: Mapping[str, str] | None = None) -> list[Reader]:
    """All formats, or the one of this name; with a mapping every table is taken for a log.

    Raises:
        EncaveError: there is no format of this name.
    """
    readers = formats()
    if mapping is not None:
        from .formats.table.reader import TableReader

        reader = TableReader(mapping)
        readers[reader.name] = reader
    if forced_format is None:
        return list(readers.values())
    if forced_format not in readers:
        raise EncaveError(f"unknown format {forced_format!r}; encave reads {', '.join(readers)}")
    return [readers[forced_format]]


class FailedDetection(NamedTuple):
    """A file at which a format failed when it was to recognise its logs."""

    path: Path
    """The file; the folder, where it is not any one file alone."""
    format: str
    """Name of the format."""
    reason: str
    """What was raised."""
    unreadable: bool
    """Whether the system could not read the file."""


class Claims(NamedTuple):
    """The logs in a folder."""

    found: list[Candidate]
    """The logs, claimed by one format each."""
    failed: list[FailedDetection]
    """What no format claimed and at least one failed at."""


def claims(listing: Listing, readers: Sequence[Reader]) -> Claims:
    """The runs in a folder, whose logs are claimed by one format each; the files beside them can be of several logs."""
    found: list[Candidate] = []
    failed: dict[Path, FailedDetection] = {}
    claimed: set[Path] = set()
    for reader in readers:
        detected, failures = _detected(reader, listing)
        runs = [run for run in detected if claimed.isdisjoint(_own(run))]
        found += (Candidate(reader, run) for run in runs)
        claimed.update(*(run.files for run in runs))
        failed = {failure.path: failure for failure in failures} | failed
    return Claims(found, [failure for path, failure in failed.items() if path not in claimed])


def _own(run: Found) -> tuple[Path, ...]:
    """The file with the trials; all files where the log is a folder."""
    return (run.path,) if run.path in run.files else run.files


def _detected(reader: Reader, listing: Listing) -> tuple[list[Found], list[FailedDetection]]:
    """The runs of one format in a folder, without the files at which it fails."""

    def failure(names: tuple[str, ...]) -> Exception | None:
        try:
            list(reader.detect(Listing(listing.folder, names)))
        except Exception as error:  # noqa: BLE001 - one file must not stop the search, whatever a format's code does
            return error
        return None

    def told(path: Path, error: Exception) -> FailedDetection:
        return FailedDetection(path, reader.name, shortened(_told(reader, error)), isinstance(error, OSError))

    try:
        return list(reader.detect(listing)), []
    except Exception as error:  # noqa: BLE001 - as above
        bad = dict(culprits(listing.names, failure))
        failed = [told(listing.folder / name, one) for name, one in bad.items()]
        if not bad:
            return [], [told(listing.folder, error)]
    runs, more = _detected(reader, Listing(listing.folder, tuple(name for name in listing.names if name not in bad)))
    return runs, failed + more


def culprits(names: tuple[str, ...], failure: Callable[[tuple[str, ...]], _T | None]) -> list[tuple[str, _T]]:
    """The files that fail alone, of some that failed together, and why.

    Args:
        names: The files.
        failure: Why some of them fail; None if they do not.
    """
    if len(names) < 2:
        return [(name, why) for name in names if (why := failure((name,))) is not None]
    half = len(names) // 2
    failing = (part for part in (names[:half], names[half:]) if len(part) < 2 or failure(part) is not None)
    return [found for part in failing for found in culprits(part, failure)]


def _told(reader: Reader, error: Exception) -> str:
    if isinstance(error, EncaveError):
        return str(error)
    if isinstance(error, MemoryError):
        return "it does not fit into the memory that it may take; --memory raises the limit"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"the {reader.title} format failed to recognise it with {type(error).__name__}: {error}; please report this"
