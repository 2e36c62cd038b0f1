"""Parquet tables that were opened by path, kept in the user's cache as arrays that are mapped into memory.

A folder per state of a file: its name is a hash of the file's path, size and times of change and of encave's release,
so that what it holds never changes, and a file that has changed has another one. All are in
`encave/nasbench201-opened` of the user's cache, the last `KEPT` of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from .... import __version__
from ....errors import EncaveError
from ....files.atomic import atomic_folder
from .columns import TableFile, read_table
from .mapped import open_tasks, write_tasks
from .store import HEADER_FILE, cache_folder, sweep

KEPT = 8
"""Tables that are kept, of four megabytes each; the one that was not opened for longest goes first."""

_SETTLED = 2_000_000_000  # nanoseconds; a change that follows sooner might leave the times as they are


def open_file(path: Path) -> TableFile:
    """As `read_table`, but in a millisecond if the file has not changed since it was read last.

    Raises:
        EncaveError: as `read_table`.
    """
    try:
        stamp = _stamp(path)
    except OSError:
        return read_table(path)  # which says what is wrong
    name = hashlib.sha256(json.dumps([__version__, str(path.resolve()), *stamp]).encode()).hexdigest()[:32]
    folder = _folder() / name
    found = _kept(folder)
    if found is None:
        found = read_table(path)
        with suppress(OSError, EncaveError):  # a cache that cannot be written: the next opening reads the file again
            if _stamp(path) == stamp and max(stamp[1:]) < time.time_ns() - _SETTLED:
                _keep(folder, found)
    return found


def opened_tables() -> dict[str, TableFile]:
    """Hash → table, of those that were opened by path and are still kept."""
    folders = sorted(_folder().glob("[!.]*")) if _folder().is_dir() else []
    return {found.sha256: found for found in map(_kept, folders) if found is not None}


def _folder() -> Path:
    return cache_folder().with_name("nasbench201-opened")


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _kept(folder: Path) -> TableFile | None:
    try:
        header = json.loads((folder / HEADER_FILE).read_text(encoding="utf-8"))
        found = TableFile(open_tasks(folder, header["rows"], {}), header["sha256"], header["architectures"])
    except (OSError, ValueError, TypeError, KeyError, EncaveError):  # none, damaged, or just removed by another process
        return None
    with suppress(OSError):  # someone else's folder: it counts as not opened
        os.utime(folder)
    return found


def _keep(folder: Path, table: TableFile) -> None:
    with atomic_folder(folder) as temporary:
        rows = write_tasks(temporary, table.tasks)
        header = {"rows": rows, "sha256": table.sha256, "architectures": table.architectures}
        (temporary / HEADER_FILE).write_text(json.dumps(header), encoding="utf-8")
    sweep(folder.parent)
    kept = sorted(folder.parent.glob("[!.]*"), key=lambda one: one.stat().st_mtime)
    for old in kept[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
