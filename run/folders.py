"""The folders of runs: what the files in them are called, and where they are."""

from __future__ import annotations

from pathlib import Path

from ..errors import EncaveError
from ..files.atomic import walk_folders

TRIALS_FILE = "trials.parquet"
HEADER_FILE = "run.json"
LARGEST_HEADER = 1 << 26
"""Bytes of that file at most."""


def find_runs(path: Path) -> list[Path]:
    """Folders at or below `path` that hold a converted run, sorted; hidden folders are passed over.

    Links to folders are followed; a run to which several paths lead is found once.

    Raises:
        EncaveError: `path` is not a folder.
    """
    if not path.is_dir():
        raise EncaveError(f"{path} is not a folder")
    found: list[Path] = []
    for folder, subfolders, files in walk_folders(path):
        if HEADER_FILE in files and TRIALS_FILE in files:
            found.append(folder)
            subfolders.clear()
    return sorted(found)
