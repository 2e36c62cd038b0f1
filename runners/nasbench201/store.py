"""Imported tables in the user's cache: one folder per name with `table.parquet` and `header.json`.

The folder is `encave/nasbench201` in the user's cache (on Linux `$XDG_CACHE_HOME` or `~/.cache`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ...errors import EncaveError
from ...files import atomic_folder

SURROGATE = "surrogate"
"""Name of the benchmark that encave ships; no imported table can have it."""

TABLE_FILE = "table.parquet"
HEADER_FILE = "header.json"
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
    """Of the Parquet file; the date of the import is no part of it."""

    notes: tuple[str, ...]
    """What the import left out or assumed, one sentence each."""

    imported: str
    """When, ISO 8601, UTC."""


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


def store(
    name: str,
    source: Path,
    source_format: str,
    write: Callable[[Path], tuple[int, str]],
    notes: tuple[str, ...] = (),
) -> Imported:
    """Put a table into the cache, in place of one of the same name; it appears whole or not at all.

    Args:
        name: see `check_name`.
        source: what it was imported from.
        source_format: format of `source`.
        write: writes the Parquet file to the path it is given; returns the number of architectures and the hash.
        notes: what the import left out or assumed.

    Raises:
        EncaveError: bad name, or the cache cannot be written.
    """
    folder = cache_folder() / check_name(name)
    with atomic_folder(folder) as temporary:
        architectures, sha256 = write(temporary / TABLE_FILE)
        header: dict[str, Any] = {
            "name": name,
            "source": str(source.resolve()),
            "source_format": source_format,
            "architectures": architectures,
            "sha256": sha256,
            "notes": notes,
            "imported": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        (temporary / HEADER_FILE).write_text(json.dumps(header, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return _read_header(folder)


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


def _read_header(folder: Path) -> Imported:
    try:
        header = json.loads((folder / HEADER_FILE).read_text(encoding="utf-8"))
        header["notes"] = tuple(header["notes"])
        return Imported(path=folder / TABLE_FILE, **header)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise EncaveError(
            f"the imported table in {folder} has a damaged header ({error}). Delete the folder and import it again."
        ) from error
