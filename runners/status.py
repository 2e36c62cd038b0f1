"""What a study's folder holds: runs that are done, in flight, damaged or missing, from the folder alone.

A run's folder appears whole, by renaming (`files.atomic_folder`), so one that has its `encave.json` is done. Until then
the run writes to a hidden folder beside it, `.seed-<n>.<something>`. A process that is killed leaves that folder
behind; the age of its last change is what tells it apart from a run in flight.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import EncaveError
from .sidecar import SIDECAR_FILE

_FINAL = re.compile(r"seed-(\d+)")
_TEMPORARY = re.compile(r"\.seed-(\d+)\.(?!old\.).+")


@dataclass(frozen=True)
class InFlight:
    """A run whose hidden folder is there."""

    seed: int
    """Its seed."""

    idle_seconds: float
    """Real seconds since the latest change in the folder."""


@dataclass(frozen=True)
class CellStatus:
    """The runs of one optimizer on one dataset."""

    optimizer: str
    """Name of the optimizer's folder."""

    dataset: str
    """Name of the dataset's folder."""

    done: tuple[int, ...]
    """Seeds of the finished runs, ascending."""

    running: tuple[InFlight, ...]
    """Runs that have begun and not finished, by seed."""

    damaged: tuple[int, ...]
    """Seeds of the folders that have no `encave.json`; delete them and run the study again."""

    missing: tuple[int, ...]
    """Seeds that another optimizer or dataset of the study has and of which nothing is here."""

    @property
    def unfinished(self) -> int:
        """Number of runs that are damaged or missing."""
        return len(self.damaged) + len(self.missing)

    def to_json(self) -> dict[str, Any]:
        """Counts and seeds."""
        return {
            "optimizer": self.optimizer,
            "dataset": self.dataset,
            "done": len(self.done),
            "running": len(self.running),
            "unfinished": self.unfinished,
            "running_seeds": [{"seed": one.seed, "idle_seconds": round(one.idle_seconds, 1)} for one in self.running],
            "damaged_seeds": list(self.damaged),
            "missing_seeds": list(self.missing),
        }


@dataclass(frozen=True)
class StudyStatus:
    """All of a study."""

    folder: Path
    """The study."""

    cells: tuple[CellStatus, ...]
    """One per optimizer and dataset, by name."""

    @property
    def complete(self) -> bool:
        """Whether nothing is running, damaged or missing."""
        return not any(cell.running or cell.unfinished for cell in self.cells)

    def to_json(self) -> dict[str, Any]:
        """Totals and cells."""
        return {
            "study": str(self.folder),
            "complete": self.complete,
            "done": sum(len(cell.done) for cell in self.cells),
            "running": sum(len(cell.running) for cell in self.cells),
            "unfinished": sum(cell.unfinished for cell in self.cells),
            "cells": [cell.to_json() for cell in self.cells],
        }


def study_status(folder: Path) -> StudyStatus:
    """Look into a study; reads names only, so it takes about as long as listing the folders.

    Raises:
        EncaveError: there is no such folder, it cannot be read, or it holds no run of a study.
    """
    try:
        cells = [cell for path in _folders(folder) for home in _folders(path) if (cell := _cell(home)) is not None]
    except OSError as error:
        raise EncaveError(f"cannot read the study {folder}: {error.strerror or error}") from error
    if not cells:
        raise EncaveError(
            f"{folder} is no study: no folder OPTIMIZER/DATASET/seed-N is in it. Give the one `encave run` was given"
        )
    wanted = {seed for cell in cells for seed in _begun(cell)}
    return StudyStatus(folder, tuple(replace(cell, missing=tuple(sorted(wanted - _begun(cell)))) for cell in cells))


def _cell(home: Path) -> CellStatus | None:
    """What is in a folder OPTIMIZER/DATASET; None if no run ever was."""
    done: set[int] = set()
    damaged: set[int] = set()
    temporary: dict[int, float] = {}
    for path in home.iterdir():
        if match := _FINAL.fullmatch(path.name):
            (done if (path / SIDECAR_FILE).is_file() else damaged).add(int(match[1]))
        elif match := _TEMPORARY.fullmatch(path.name):
            seed = int(match[1])
            temporary[seed] = max(temporary.get(seed, 0.0), _last_change(path))
    running = [
        InFlight(seed, max(0.0, time.time() - changed))
        for seed, changed in sorted(temporary.items())
        if changed and seed not in done
    ]
    if not (done or damaged or running):
        return None
    found = damaged - {one.seed for one in running}
    return CellStatus(home.parent.name, home.name, tuple(sorted(done)), tuple(running), tuple(sorted(found)), ())


def _begun(cell: CellStatus) -> set[int]:
    return {*cell.done, *cell.damaged, *(one.seed for one in cell.running)}


def _folders(path: Path) -> Iterator[Path]:
    """The folders in a folder that are not hidden, by name."""
    return (each for each in sorted(path.iterdir()) if each.is_dir() and not each.name.startswith("."))


def _last_change(path: Path) -> float:
    """Time of the latest change in a folder, seconds since the epoch; 0 if it has just become a finished run."""
    latest = 0.0
    for each in (path, *path.rglob("*")):
        try:
            latest = max(latest, each.stat().st_mtime)
        except FileNotFoundError:
            continue
    return latest
