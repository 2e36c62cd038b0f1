"""Importer of a Parquet table in the schema of `columns`: checked, then copied byte by byte."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from .....errors import EncaveError
from .....run.nasbench201_space import SIZE
from ..columns import read_table
from ..plausibility import columns_of, oddities
from ..store import TABLE_FILE, Imported, Written, store
from ..task import DATASETS

FORMAT = "Parquet table"


def recognises(path: Path) -> bool:
    """Whether the file begins as Parquet does."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def import_file(path: Path, name: str, progress: Callable[[int, int], None]) -> Imported:
    """Copy the table into the cache, so that its hash stays that of the file.

    Raises:
        EncaveError: it is no such table, its values cannot be right, or the cache cannot be written.
    """
    table = read_table(path)
    notes = [f"no results for {dataset}" for dataset in DATASETS if dataset not in table.tasks]
    if table.architectures < SIZE:
        notes.append(f"{table.architectures:,} of {SIZE:,} architectures")
    notes += oddities(columns_of(path), ())

    def write(target: Path) -> Written:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != table.sha256:
            raise EncaveError(f"{path} changed while it was imported; import it again")
        (target / TABLE_FILE).write_bytes(content)
        return Written(notes)

    imported = store(name, path, FORMAT, write)
    progress(1, 1)
    return imported
