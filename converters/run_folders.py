"""The folder of the converted runs: which names are taken, and by which log."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import EncaveError
from ..files.atomic import sweep
from ..files.json_text import read_text
from ..files.unicode_text import spelt_out
from ..run import HEADER_FILE, TRIALS_FILE
from ..run.folders import LARGEST_HEADER
from .formats.deepcave import files as deepcave
from .parts import names

_LEFT_BEHIND = re.compile(r"\..+\.\w{8}")  # temporary folders of an encave that did not lock them
RUN_FILES = (HEADER_FILE, TRIALS_FILE)
"""What a run is read from."""
FILES = (*RUN_FILES, *deepcave.FILES)
"""What a conversion writes into a run's folder; anything else there is the user's."""


@dataclass(frozen=True)
class Earlier:
    """An earlier conversion of a log."""

    folder: Path
    """The run's folder."""
    fingerprint: str | None
    """Of the files and options that it came from; None where the folder lacks a file and must be written again."""


class RunFolders:
    """The runs in a folder, and the names of those to come.

    Args:
        folder: The folder.
        needed: Files that a run has to have, else it is written again.
    """

    def __init__(self, folder: Path, needed: Sequence[str] = FILES) -> None:
        self.folder = folder
        entries = sorted(folder.iterdir())
        self._taken: set[str] = set()
        self._earlier: dict[str, Earlier] = {}
        self._written: dict[Path, None] = {}
        for entry in entries:
            header = _header(entry / HEADER_FILE)
            if header is not None or not _is_wreck(entry):
                self._taken.add(entry.name.lower())
            metadata = _metadata(header)
            if metadata.get("source") and metadata.get("fingerprint"):
                complete = all((entry / name).is_file() for name in needed)
                self._earlier[str(metadata["source"])] = Earlier(
                    entry, str(metadata["fingerprint"]) if complete else None
                )
                if complete and not entry.is_symlink():  # what a link leads to is not written to
                    self._written[entry] = None

    def folders(self) -> list[Path]:
        """Folders of all converted runs."""
        return list(self._written)

    def earlier(self, source: Path) -> Earlier | None:
        """The earlier conversion of a log."""
        return self._earlier.get(spelt_out(str(source)))  # as runs have names that are no Unicode

    def place(self, source: Path, name: str) -> Path:
        """The folder for a log: that of its earlier conversion, or a new one whose name is free."""
        known = self.earlier(source)
        if known is not None:
            return known.folder
        chosen = names.unique(name, source, self._taken)
        self._taken.add(chosen.lower())
        return self.folder / chosen

    def add(self, folder: Path) -> None:
        """Take note of a run that was written."""
        self._written[folder] = None


def _make(folder: Path) -> None:
    """Make the folder if it is missing, and try whether it can be read and written.

    Raises:
        EncaveError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryDirectory(prefix=".encave-", dir=folder).cleanup()
        next(folder.iterdir(), None)
    except OSError as error:
        raise EncaveError(f"cannot write {folder}: {error.strerror}. Choose a folder you may write to.") from error


@contextmanager
def opened(folder: Path, needed: Sequence[str] = FILES) -> Generator[RunFolders]:
    """The folder for one conversion at a time, without what a killed one left behind; arguments as of `RunFolders`.

    Raises:
        EncaveError: it cannot be written, or another conversion is writing to it.
    """
    _make(folder)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EncaveError(f"another conversion is writing to {folder}: wait, or choose another folder") from error
        except OSError:
            yield RunFolders(folder, needed)  # a file system without locks: nothing is removed, since it may be in use
            return
        sweep(folder)
        _remove_left_behind(folder)
        try:
            yield RunFolders(folder, needed)  # as it is now that nobody else writes
        finally:
            _remove_left_behind(folder)  # by a process that was ended while it wrote
    finally:
        os.close(handle)


def _remove_left_behind(folder: Path) -> None:
    """Remove the temporary folders of runs that a killed conversion left; nothing that holds other files."""
    for entry in folder.iterdir():
        if not (_LEFT_BEHIND.fullmatch(entry.name) and entry.is_dir() and not entry.is_symlink()):
            continue
        held = [path.name for path in entry.iterdir()]
        ours = [
            n in FILES or re.fullmatch(r"\.(run\.json|trials\.(parquet|csv))\.\w{8}(\.encave)?", n) is not None
            for n in held
        ]
        if all(ours):
            shutil.rmtree(entry, ignore_errors=True)


def _is_wreck(folder: Path) -> bool:
    """Whether a folder whose header cannot be read holds files of a conversion only: the name is free again."""
    try:
        held = {path.name for path in folder.iterdir()} if folder.is_dir() and not folder.is_symlink() else set[str]()
    except OSError:
        return False
    return HEADER_FILE in held and held <= set(FILES)


def _metadata(header: Mapping[str, Any] | None) -> Mapping[str, Any]:
    # not as a `Provenance`: a damaged run of ours is still one, and is converted again in its place
    metadata = (header or {}).get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _header(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        header = json.loads(read_text(path, LARGEST_HEADER))
    except (EncaveError, ValueError, RecursionError):
        return None  # no header of ours
    return header if isinstance(header, dict) else None
