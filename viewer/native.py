"""Reading a folder in DeepCAVE's run format without DeepCAVE, strictly and with errors that say where.

The folder holds `meta.json`, `configspace.json`, `configs.json`, `origins.json` and `history.jsonl`, one trial a line.
DeepCAVE 1.4 writes nine fields a line, `[config_id, budget, seed, costs, cpu_time, start, end, status, additional]`;
1.3 has no cpu_time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import EncaveError
from ..files.json_text import read_text

FILES = ("meta.json", "configspace.json", "configs.json", "origins.json", "history.jsonl")
_FIELDS = 9
_STATUSES = range(1, 10)
_CPU_TIME = 4  # position of the field that lines of 1.3 lack


@dataclass(frozen=True)
class NativeRun:
    """The content of a folder in DeepCAVE's format, apart from the configuration space."""

    meta: dict[str, Any]
    """Objectives, budgets and seeds, and whatever else DeepCAVE's overview shows."""
    configs: dict[int, dict[str, Any]]
    """Configuration id → hyperparameter → value."""
    origins: dict[int, str | None]
    """Configuration id → where the configuration came from."""
    history: list[list[Any]]
    """One list of nine fields per trial."""


def is_native(folder: Path) -> bool:
    """Whether all five files are there."""
    return all((folder / name).is_file() for name in FILES)


def _read_meta(folder: Path) -> dict[str, Any]:
    meta = _read_json(folder / "meta.json")
    for key in ("objectives", "budgets", "seeds"):
        if not isinstance(meta.get(key), list):
            raise EncaveError(f"{folder / 'meta.json'} has no list {key!r}. Convert the run again.")
    return meta


def read(folder: Path) -> NativeRun:
    """Read the five files.

    Raises:
        EncaveError: a file is missing or damaged, or a trial names a configuration that is not there.
    """
    meta = _read_meta(folder)
    configs = {int(key): value for key, value in _read_json(folder / "configs.json").items()}
    origins = {int(key): value for key, value in _read_json(folder / "origins.json").items()}
    history = list(_read_history(folder / "history.jsonl", configs, len(meta["objectives"])))
    return NativeRun(meta, configs, {key: origins.get(key) for key in configs}, history)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path))
    except (EncaveError, ValueError, RecursionError) as error:
        raise EncaveError(f"cannot read {path}: {error}. Convert the run again.") from error
    if not isinstance(content, dict):
        raise EncaveError(f"{path} is not a JSON object. Convert the run again.")
    return content


def _read_history(path: Path, configs: dict[int, dict[str, Any]], objectives: int) -> Iterator[list[Any]]:
    try:
        lines = read_text(path).splitlines()
    except EncaveError as error:
        raise EncaveError(f"cannot read {path}: {error}. Convert the run again.") from error
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise EncaveError(f"{path}, line {number}: {error}. Convert the run again.") from error
        if isinstance(row, list) and len(row) == _FIELDS - 1:
            row.insert(_CPU_TIME, 0.0)
        if not isinstance(row, list) or len(row) != _FIELDS:
            raise EncaveError(f"{path}, line {number}: not the eight or nine fields of a trial. Convert the run again.")
        if not isinstance(row[0], int) or row[0] not in configs:
            raise EncaveError(
                f"{path}, line {number}: configuration {row[0]} is not in configs.json. Convert the run again."
            )
        if not _is_trial(row, objectives):
            raise EncaveError(f"{path}, line {number}: {line[:80]} is no trial. Convert the run again.")
        yield row


def _is_trial(row: list[Any], objectives: int) -> bool:
    """Whether the nine fields have the types of a trial's, with a cost (or none) for each objective."""
    _, budget, _, costs, cpu_time, start, end, status, _ = row
    return (
        all(isinstance(number, (int, float)) for number in (budget, cpu_time, start, end))
        and isinstance(costs, list)
        and len(costs) == objectives
        and all(cost is None or isinstance(cost, (int, float)) for cost in costs)
        and status in _STATUSES
    )
