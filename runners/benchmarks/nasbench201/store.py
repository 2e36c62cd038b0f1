"""Imported tables in the user's cache: one folder per name.

`table.parquet` holds the values by column, `columns.npy` the same once more as arrays that are mapped into memory when
the table is opened, `curves/` the learning curves that the source has, and `header.json` where all of it came from.
The folder is `encave/nasbench201` in the user's cache (on Linux `$XDG_CACHE_HOME` or `~/.cache`).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ....errors import EncaveError
from ....files.atomic import atomic_folder
from .columns import read_table
from .mapped import ARRAYS_FILE, CURVES_FOLDER, write_tasks

SURROGATE = "surrogate"
"""Name of the benchmark that encave ships; no imported table can have it."""

TABLE_FILE = "table.parquet"
HEADER_FILE = "header.json"
_DAY = 86_400.0  # seconds; no import takes so long
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Imported:
    """A table in the cache."""

    name: str
    """By which a person asks for it."""

    path: Path
    """Its Parquet file."""

    source: str
    """Path that it was imported from."""

    source_format: str
    """Format that it was imported from."""

    architectures: int
    """How many of the 15,625 architectures it holds."""

    sha256: str
    """Of the Parquet file, if there are curves followed by their files; the date of the import is no part of it."""

    notes: tuple[str, ...]
    """What the import left out or assumed, one sentence each."""

    imported: str
    """When, ISO 8601, UTC."""

    rows: tuple[str, ...]
    """What the rows of `columns.npy` are (see `mapped`)."""

    splits: Mapping[str, str]
    """`dataset/schedule` → official name of the split that the learning curves are of."""

    stamps: Mapping[str, Sequence[int]]
    """File → its size in bytes and time of last change in nanoseconds."""

    @property
    def folder(self) -> Path:
        """The folder of the table."""
        return self.path.parent


@dataclass(frozen=True)
class Written:
    """What an importer says of the files that it wrote."""

    notes: Sequence[str] = ()
    """What it left out or assumed, one sentence each."""

    splits: Mapping[str, str] = field(default_factory=dict[str, str])
    """`dataset/schedule` → official name of the split that the learning curves are of."""


def cache_folder() -> Path:
    """The folder of all imported tables; it need not exist."""
    from platformdirs import user_cache_path

    return user_cache_path("encave", appauthor=False) / "nasbench201"


def check_name(name: str) -> str:
    """The name, if a table can have it.

    Raises:
        EncaveError: it is taken, or not one word of letters, digits, `.`, `_` and `-`.
    """
    if name == SURROGATE:
        raise EncaveError(f"the name {SURROGATE!r} belongs to the model that encave ships; choose another with --name")
    if not _NAME.fullmatch(name):
        raise EncaveError(f"{name!r} cannot be a benchmark's name: use letters, digits, '.', '_' and '-' (--name)")
    return name


def store(name: str, source: Path, source_format: str, write: Callable[[Path], Written]) -> Imported:
    """Put a table into the cache, in place of one of the same name; it appears whole or not at all.

    Args:
        name: see `check_name`.
        source: what it was imported from.
        source_format: format of `source`.
        write: writes `TABLE_FILE`, and curves if there are any, into the folder it is given.

    Raises:
        EncaveError: bad name, the table's values cannot be right, or the cache cannot be written.
    """
    folder = cache_folder() / check_name(name)
    sweep(folder.parent)
    with atomic_folder(folder) as temporary:
        written = write(temporary)
        table = read_table(temporary / TABLE_FILE, made_from=source)
        rows = write_tasks(temporary, table.tasks)
        header: dict[str, Any] = {
            "name": name,
            "source": str(source.resolve()),
            "source_format": source_format,
            "architectures": table.architectures,
            "sha256": content_hash(temporary),
            "notes": written.notes,
            "imported": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "rows": rows,
            "splits": written.splits,
            "stamps": _stamps(temporary),
        }
        (temporary / HEADER_FILE).write_text(json.dumps(header, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return _read_header(folder)


def sweep(cache: Path) -> None:
    """Remove what killed processes have left: unfinished folders in which nothing has appeared for a day."""
    for folder in cache.glob(".*"):
        with suppress(FileNotFoundError):  # another import may be sweeping, too
            if time.time() - folder.stat().st_mtime > _DAY:
                shutil.rmtree(folder, ignore_errors=True)


def find(name: str) -> Imported | None:
    """The imported table of this name, None if there is none.

    Raises:
        EncaveError: it is there, but its header cannot be read.
    """
    if not _NAME.fullmatch(name):
        return None
    folder = cache_folder() / name
    return _read_header(folder) if (folder / HEADER_FILE).is_file() else None


def stored_tables() -> list[Imported]:
    """All imported tables, by name.

    Raises:
        EncaveError: a header cannot be read.
    """
    return [_read_header(header.parent) for header in sorted(cache_folder().glob(f"[!.]*/{HEADER_FILE}"))]


def check_unchanged(table: Imported, *, thoroughly: bool = False) -> None:
    """Refuse a table whose files are not those that were imported.

    Files of the size and time that were noted are taken to be the same; of others the content is compared.

    Args:
        table: what to check.
        thoroughly: whether to compare the content in any case.

    Raises:
        EncaveError: the table has changed or cannot be read.
    """
    try:
        stamps = _stamps(table.folder)
        same = {name: list(stamp) for name, stamp in table.stamps.items()} == stamps
        if (thoroughly or not same) and content_hash(table.folder) != table.sha256:
            raise EncaveError(f"{table.folder} has changed since it was imported; import it again from {table.source}")
    except OSError as error:
        raise EncaveError(f"{table.folder} cannot be read ({error}); import it again from {table.source}") from error


def content_hash(folder: Path) -> str:
    """SHA-256 of the table in a folder, and of its curves if there are any, in the order of their names."""
    digest = hashlib.sha256()
    for path in (folder / TABLE_FILE, *sorted((folder / CURVES_FOLDER).glob("*.npy"))):
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _stamps(folder: Path) -> dict[str, list[int]]:
    paths = (folder / TABLE_FILE, folder / ARRAYS_FILE, *sorted((folder / CURVES_FOLDER).glob("*.npy")))
    return {
        str(path.relative_to(folder)): [status.st_size, status.st_mtime_ns]
        for path in paths
        for status in (path.stat(),)
    }


def _read_header(folder: Path) -> Imported:
    try:
        header = json.loads((folder / HEADER_FILE).read_text(encoding="utf-8"))
        header["notes"], header["rows"] = tuple(header["notes"]), tuple(header["rows"])
        return Imported(path=folder / TABLE_FILE, **header)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise EncaveError(
            f"the imported table in {folder} has a damaged header or is of an older encave ({error}). "
            "Delete the folder and import it again."
        ) from error
