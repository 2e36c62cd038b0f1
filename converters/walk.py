"""The folders at or below a source and the files in them that may be read, each once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..run import HEADER_FILE, TRIALS_FILE
from ..store import STORE_FILE
from .passed_over import Unread
from .reader import Listing

MAX_DEPTH = 24
"""Folders below a source that are searched."""
_SYSTEM = ("/proc/", "/sys/")


@dataclass
class Walk:
    """The folders at or below a source; links are followed, each folder is visited once."""

    source: Path
    """A file or a folder."""
    runs: list[Path] = field(default_factory=list[Path])
    """Converted runs that were met, into which it does not go; likewise the next."""
    stores: list[Path] = field(default_factory=list[Path])
    """Run stores."""
    barred: list[Path] = field(default_factory=list[Path])
    """What this user may not read."""
    passed: list[Unread] = field(default_factory=list[Unread])
    """What could not be looked into for other reasons."""

    def listings(self, skip: Path | None) -> Iterator[Listing]:
        """Files of the folders, without hidden folders, converted runs and stores.

        Raises:
            EncaveError: the source does not exist, or is neither a file nor a folder.
        """
        if self.source.is_file():
            yield from self._readable(self.source.parent, [self.source.name])
            return
        visited = {os.path.realpath(skip)} - {os.path.realpath(self.source)} if skip is not None else set[str]()
        around = {str(parent) for parent in Path(os.path.realpath(self.source)).parents}
        waiting = [(self.source, 0)]
        while waiting:
            folder, depth = waiting.pop()
            real = os.path.realpath(folder)
            if depth and (real in around or _within_system(real)):
                told = "which its source lies in" if real in around else "that the system makes"
                self.passed.append(Unread(folder, f"leads to a folder {told}"))
                continue
            if real in visited:
                if skip is not None and real == os.path.realpath(skip):
                    self._tell_of_out(folder)
                continue
            visited.add(real)
            if depth > MAX_DEPTH:
                self.passed.append(Unread(folder, f"more than {MAX_DEPTH} folders below its source"))
            elif os.path.lexists(folder) and not os.access(folder, os.R_OK | os.X_OK):
                self.barred.append(folder)
            else:
                names, below = self._entries(folder)
                if HEADER_FILE in names and TRIALS_FILE in names:
                    self.runs.append(folder)
                elif STORE_FILE in names:
                    self.stores.append(folder)
                else:
                    # what is empty, or holds runs alone, cannot be a log; the source itself is asked about
                    if names or not all(map(_is_run, below)) or not (below or depth):
                        yield from self._readable(folder, names)
                    waiting += [(each, depth + 1) for each in reversed(below)]

    def _entries(self, folder: Path) -> tuple[list[str], list[Path]]:
        """Names of a folder's files, and its folders that are not hidden."""
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.passed.append(Unread(folder, error.strerror or str(error)))
            return [], []
        system = {entry.name for entry in listed if entry.is_symlink() and _is_of_the_system(entry.path)}
        self.passed += (Unread(folder / name, "leads to what the system makes, no file") for name in sorted(system))
        listed = [entry for entry in listed if entry.name not in system]
        files = {entry.name: None for entry in listed if self._is(entry.is_file, entry)}
        below = [entry for entry in listed if entry.name not in files and self._is(entry.is_dir, entry)]
        other = {entry.name for entry in listed} - files.keys() - {entry.name for entry in below}
        self.passed += (Unread(folder / name, "neither a file nor a folder") for name in sorted(other))
        return list(files), [Path(entry.path) for entry in below if not entry.name.startswith(".")]

    def _tell_of_out(self, folder: Path) -> None:
        """The folder that is written to holds runs, or what encave marked as its own; other files may be a log."""
        with suppress(OSError):
            names = [entry.name for entry in os.scandir(folder) if entry.is_file()]
            if names and STORE_FILE not in names and not any(name.startswith(".encave") for name in names):
                told = "folder that is written to, which holds files and is not searched"
                self.passed.append(Unread(folder, told, "choose another --out"))

    @staticmethod
    def _is(kind: Callable[[], bool], entry: os.DirEntry[str]) -> bool:
        """Whether an entry is of a kind; a link to itself is of none."""
        try:
            return kind()
        except OSError:
            return False

    def _readable(self, folder: Path, names: Sequence[str]) -> Iterator[Listing]:
        barred = {name for name in names if not os.access(folder / name, os.R_OK)}
        gone = {name for name in barred if not os.path.lexists(folder / name)}
        self.barred += (folder / name for name in names if name in barred and name not in gone)
        self.passed += (Unread(folder / name, "vanished during the search") for name in sorted(gone))
        kept = tuple(name for name in names if name not in barred)
        if kept or not names:  # some formats are known by a folder that holds folders only
            yield Listing(folder, kept)


def _is_run(folder: Path) -> bool:
    return (folder / HEADER_FILE).is_file() and (folder / TRIALS_FILE).is_file()


def _is_of_the_system(path: str) -> bool:
    """Whether a link leads to where reading may wait for ever or act, though the system calls it a plain file."""
    try:
        return _within_system(os.path.realpath(path))
    except OSError:  # what the system makes may be closed to this user
        return True


def _within_system(real: str) -> bool:
    return f"{real}/".startswith(_SYSTEM)
