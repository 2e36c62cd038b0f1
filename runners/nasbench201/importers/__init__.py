"""Importing NAS-Bench-201 from the files a person has, into the user's cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ....errors import EncaveError
from ..store import Imported, check_name
from . import nats_simple, parquet

Progress = Callable[[int, int], None]
"""Called with the number of files read and the number of files there are."""


def import_benchmark(path: Path, name: str | None = None, progress: Progress | None = None) -> Imported:
    """Import a table into the cache; a table of the same name is replaced.

    Args:
        path: the official folder `NATS-tss-v1_0-3ffb9-simple`, whole or in part, or a Parquet table (see `columns`).
        name: by which the table will be asked for; by default the name of the folder or file.
        progress: called after each file read.

    Raises:
        EncaveError: there is nothing to import, a file is damaged or malicious, or the cache cannot be written.
    """
    if not path.exists():
        raise EncaveError(f"there is no {path} to import")
    name = check_name(name if name is not None else path.resolve().name.removesuffix(".parquet"))
    if nats_simple.recognises(path):
        return nats_simple.import_folder(path, name, progress or _silent)
    if parquet.recognises(path):
        return parquet.import_file(path, name)
    raise EncaveError(
        f"{path} is nothing that encave imports; it imports the unpacked folder NATS-tss-v1_0-3ffb9-simple "
        "(files NNNNNN.pickle.pbz2) and Parquet tables"
    )


def _silent(done: int, total: int) -> None:
    del done, total
