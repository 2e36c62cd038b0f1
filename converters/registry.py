"""The formats that encave reads, and the search for their logs in a tree of folders."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from ..errors import EncaveError
from ..run import HEADER_FILE, TRIALS_FILE
from .reader import Found, Listing, Reader

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
    for entry in entry_points(group=ENTRY_POINTS):
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


def chosen(forced_format: str | None) -> list[Reader]:
    """All formats, or the one of this name.

    Raises:
        EncaveError: there is no format of this name.
    """
    readers = formats()
    if forced_format is None:
        return list(readers.values())
    if forced_format not in readers:
        raise EncaveError(f"unknown format {forced_format!r}; encave reads {', '.join(readers)}")
    return [readers[forced_format]]


def find(source: Path, readers: Sequence[Reader]) -> list[Candidate]:
    """Runs' logs at or below a file or folder, in the order of their paths.

    Hidden folders and folders that hold a converted run are left out; links are followed, each folder is visited once.

    Raises:
        EncaveError: the source does not exist or cannot be read.
    """
    if not source.exists():
        raise EncaveError(f"{source} does not exist")
    found: list[Candidate] = []
    try:
        for listing in _listings(source):
            claimed: set[Path] = set()
            for reader in readers:
                runs = [run for run in reader.detect(listing) if claimed.isdisjoint(run.files)]
                found += [Candidate(reader, run) for run in runs]
                claimed.update(*(run.files for run in runs))
    except OSError as error:
        raise EncaveError(f"cannot read {error.filename or source}: {error.strerror or error}") from error
    return sorted(found, key=lambda candidate: (candidate.found.path, candidate.found.key or ""))


def forced(source: Path, reader: Reader) -> list[Candidate]:
    """Runs of one format at or below a source; a file that the format does not recognise is taken for one all the same.

    Raises:
        EncaveError: as `find`.
    """
    found = find(source, [reader])
    return [Candidate(reader, Found(source, (source,), "told so"))] if not found and source.is_file() else found


def _listings(source: Path) -> Iterator[Listing]:
    if source.is_file():
        yield Listing(source.parent, (source.name,))
        return
    visited: set[str] = set()
    waiting = [(source, 0)]
    while waiting:
        folder, depth = waiting.pop()
        real = os.path.realpath(folder)
        if real in visited:
            continue
        visited.add(real)
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
        names = tuple(entry.name for entry in listed if entry.is_file())
        if HEADER_FILE in names and TRIALS_FILE in names:
            continue
        yield Listing(folder, names)
        if depth < MAX_DEPTH:
            waiting += [
                (Path(e.path), depth + 1) for e in reversed(listed) if e.is_dir() and not e.name.startswith(".")
            ]
