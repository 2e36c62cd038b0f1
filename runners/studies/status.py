"""What a study's folder holds: runs that are done, in flight, failed, damaged or missing, from the folder alone.

What is wanted is in the folder's `study.toml`; without one it is the seeds that another optimizer or dataset has.
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

from ...errors import EncaveError
from ...run import sidecar
from ...store import RunStore, store_of
from .file import declared
from .folder import FAILURE

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
class Failed:
    """A run that failed and has not been run again."""

    seed: int
    """Its seed."""

    reason: str
    """One line."""

    log: Path
    """What is known beyond the reason."""


@dataclass(frozen=True)
class CellStatus:
    """The runs of one optimizer on one dataset, in one variant."""

    optimizer: str
    """Name of the optimizer's folder."""

    dataset: str
    """Name of the dataset's folder."""

    variant: str
    """Name of the variant's folder; empty where there is one variant only."""

    done: tuple[int, ...]
    """Seeds of the finished runs, ascending."""

    running: tuple[InFlight, ...]
    """Runs that have begun and not finished, by seed."""

    damaged: tuple[int, ...]
    """Seeds of the folders that have no `encave.json`; delete them and run the study again."""

    failed: tuple[Failed, ...]
    """Runs that failed, by seed; the same command runs them again."""

    missing: tuple[int, ...]
    """Seeds that are wanted and of which nothing is here."""

    @property
    def unfinished(self) -> int:
        """Number of runs that failed, are damaged or are missing."""
        return len(self.failed) + len(self.damaged) + len(self.missing)

    @property
    def begun(self) -> set[int]:
        """Seeds of which something is here."""
        told = (one.seed for one in (*self.running, *self.failed))
        return {*self.done, *self.damaged, *told}

    def to_json(self) -> dict[str, Any]:
        """Counts and seeds."""
        return {
            "optimizer": self.optimizer,
            "dataset": self.dataset,
            **({"variant": self.variant} if self.variant else {}),
            "done": len(self.done),
            "running": len(self.running),
            "unfinished": self.unfinished,
            "running_seeds": [{"seed": one.seed, "idle_seconds": round(one.idle_seconds, 1)} for one in self.running],
            "failed_seeds": [{"seed": one.seed, "reason": one.reason, "log": str(one.log)} for one in self.failed],
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

    A run store, or a folder within it, is a study whose runs are all done.

    Raises:
        EncaveError: there is no such folder, it cannot be read, or it holds no run of a study and declares none.
    """
    if store_of(folder) is not None:
        return StudyStatus(folder, _stored(folder))
    try:
        homes = [home for path in _folders(folder) for one in _folders(path) for home in (one, *_folders(one))]
        cells = [cell for home in homes if (cell := _cell(folder, home)) is not None]
    except OSError as error:
        raise EncaveError(f"cannot read the study {folder}: {error.strerror or error}") from error
    wanted = _wanted(folder)
    if not cells and not wanted:
        raise EncaveError(
            f"{folder} is no study: no folder OPTIMIZER/DATASET/seed-N and no study.toml is in it. Give the one "
            "`encave run` was given"
        )
    by_key = {(cell.optimizer, cell.dataset, cell.variant): cell for cell in cells}
    for key in wanted:
        by_key.setdefault(key, CellStatus(*key, done=(), running=(), damaged=(), failed=(), missing=()))
    others = {seed for cell in cells for seed in cell.begun}
    return StudyStatus(
        folder,
        tuple(
            replace(cell, missing=tuple(sorted(wanted.get(key, set() if wanted else others) - cell.begun)))
            for key, cell in sorted(by_key.items())
        ),
    )


def _stored(store: Path) -> tuple[CellStatus, ...]:
    """The runs of a run store; what is missing of it, it does not know."""
    seeds: dict[tuple[str, str], list[int]] = {}
    rows = RunStore(store).runs(columns=["seed"])
    for optimizer, dataset, seed in zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True):
        seeds.setdefault((optimizer, dataset or "-"), []).append(-1 if seed is None else seed)
    return tuple(
        CellStatus(*key, variant="", done=tuple(sorted(found)), running=(), damaged=(), failed=(), missing=())
        for key, found in sorted(seeds.items())
    )


def _wanted(folder: Path) -> dict[tuple[str, str, str], set[int]]:
    """Optimizer, dataset and variant → seeds that `study.toml` declares; empty without one."""
    declaration = declared(folder)
    wanted: dict[tuple[str, str, str], set[int]] = {}
    for spec in declaration.specs() if declaration else ():
        wanted.setdefault((spec.adapter, spec.dataset, spec.variant), set()).add(spec.seed)
    return wanted


def _cell(study: Path, home: Path) -> CellStatus | None:
    """What is in a folder OPTIMIZER/DATASET or OPTIMIZER/DATASET/VARIANT; None if no run ever was."""
    done: set[int] = set()
    damaged: set[int] = set()
    failures: dict[int, Path] = {}
    temporary: dict[int, float] = {}
    for path in home.iterdir():
        if match := _FINAL.fullmatch(path.name):
            (done if (path / sidecar.NAME).is_file() else damaged).add(int(match[1]))
        elif match := FAILURE.fullmatch(path.name):
            failures[int(match[1])] = path
        elif match := _TEMPORARY.fullmatch(path.name):
            seed = int(match[1])
            temporary[seed] = max(temporary.get(seed, 0.0), _last_change(path))
    running = [
        InFlight(seed, max(0.0, time.time() - changed))
        for seed, changed in sorted(temporary.items())
        if changed and seed not in done
    ]
    active = {one.seed for one in running}
    failed = [
        Failed(seed, _first_line(path), path)
        for seed, path in sorted(failures.items())
        if seed not in done | damaged | active
    ]
    if not (done or damaged or running or failed):
        return None
    optimizer, dataset, *variant = home.relative_to(study).parts
    return CellStatus(
        *(optimizer, dataset, "".join(variant)),
        done=tuple(sorted(done)),
        running=tuple(running),
        damaged=tuple(sorted(damaged - active)),
        failed=tuple(failed),
        missing=(),
    )


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().strip()


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
