"""What Ray Tune leaves of a trial: its part of the experiment's state, and its folder. Nothing is unpickled.

The experiment's state is JSON that holds JSON texts: `{"trial_data": [[state, metadata], …]}`, in older releases
`{"checkpoints": [state, …]}`, where a state was an object at first. Objects that are no JSON are in it as hexadecimal
pickles; they are left alone.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ....errors import EncaveError
from ....files.json_text import read_json
from ...parts.json_lines import numbered_lines
from ...parts.numbers import finite

PARAMS, RESULT, PROGRESS, ERROR = "params.json", "result.json", "progress.csv", "error.txt"
ITERATION = "training_iteration"
_PICKLED = "CLOUDPICKLE_FALLBACK"
PICKLED_TEXT = "(pickled object)"
"""What stands for a value that Ray pickled."""


@dataclass
class RayTrial:
    """One trial."""

    key: str
    """Ray's trial id, or the folder's name."""
    status: str | None = None
    """Ray's status; None if the experiment's state does not have the trial."""
    config: dict[str, Any] = field(default_factory=dict)
    """Flat: nested keys are joined by `/`."""
    folder: Path | None = None
    """Its folder, if there is one."""
    start: float | None = None
    """Seconds since 1970."""
    reported: float | None = None
    """When the state's last result came in, seconds since 1970."""
    last: dict[str, Any] = field(default_factory=dict)
    """The last result, flat, without the configuration."""
    series: dict[int, float] = field(default_factory=dict)
    """Iteration → value of the objective."""
    reports: list[dict[str, Any]] = field(default_factory=list)
    """All results with an iteration, as `last`, in their order; empty unless they are wanted."""
    error: str | None = None
    """Text of `error.txt`."""
    unreadable: int = 0
    """Lines of `result.json` that cannot be read."""


@dataclass(frozen=True)
class State:
    """An experiment's state."""

    trials: tuple[RayTrial, ...] = ()
    """Its trials, in its order."""
    metric: str | None = None
    """What was optimised, where it says so."""
    whole: bool = True
    """Whether the file was whole."""
    unreadable: int = 0
    """Trials that could not be read."""


def read_state(path: Path) -> State:
    """Read `experiment_state-*.json`.

    Raises:
        EncaveError: it cannot be read or is no such file.
    """
    content, whole = read_json(path)
    entries = content.get("trial_data", content.get("checkpoints")) if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise EncaveError(f"{path} is no experiment state of Ray Tune: it has neither trial_data nor checkpoints")
    folders = {folder.name: folder for folder in trial_folders(path.parent)}
    trials: list[RayTrial] = []
    unreadable = 0
    for entry in entries:
        try:
            trials.append(_trial(entry, folders))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            unreadable += 1
    try:
        metric = _object(content.get("runner_data")).get("_metric")
    except (ValueError, RecursionError):
        metric = None
    return State(tuple(trials), metric if isinstance(metric, str) else None, whole, unreadable)


def _object(value: Any) -> dict[str, Any]:
    """A JSON object, which may be a JSON text itself."""
    content = json.loads(value) if isinstance(value, str) else value
    return content if isinstance(content, dict) else {}


def _trial(entry: Any, folders: Mapping[str, Path]) -> RayTrial:
    state, metadata = (_object(entry[0]), _object(entry[1])) if isinstance(entry, list) else (_object(entry), {})
    trial = RayTrial(str(state["trial_id"]), str(state["status"]), flat(state.get("config") or {}))
    for place in ("relative_logdir", "_relative_logdir", "logdir", "_logdir"):
        trial.folder = trial.folder or folders.get(Path(str(state.get(place) or "")).name)
    start = metadata.get("start_time", state.get("start_time"))
    trial.start, trial.reported = finite(start), finite(metadata.get("last_result_time"))
    last = metadata.get("last_result") or state.get("last_result") or state.get("_last_result") or {}
    trial.last = _without_config(flat(_object(last)))
    return trial


def flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys joined by `/`, as Ray names them; pickled objects as a text that says so."""
    cells: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict) and item.get("_type") == _PICKLED:
            cells[f"{prefix}{key}"] = PICKLED_TEXT
        elif isinstance(item, dict) and item:
            cells |= flat(item, f"{prefix}{key}/")
        else:
            cells[f"{prefix}{key}"] = item
    return cells


def _without_config(result: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "config" and not key.startswith("config/")}


def trial_folders(experiment: Path) -> list[Path]:
    """Folders of trials in an experiment's folder, sorted."""
    folders = (entry for entry in experiment.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    return sorted(folder for folder in folders if any((folder / name).is_file() for name in (PARAMS, RESULT)))


def fill(trial: RayTrial, metric: str, *, keep: bool = False) -> None:
    """Add what the trial's folder has: configuration, results, error.

    Args:
        trial: The trial.
        metric: What was optimised.
        keep: Whether to keep all results.

    Raises:
        EncaveError: a file cannot be read at all.
    """
    if trial.folder is None:
        return
    params, error = trial.folder / PARAMS, trial.folder / ERROR
    if params.is_file() and params.stat().st_size:
        content, _ = read_json(params)
        trial.config = flat(content) if isinstance(content, dict) else trial.config
    if error.is_file():
        with error.open(encoding="utf-8", errors="replace") as file:
            trial.error = file.read(4000)
    for result in results(trial.folder, trial):
        trial.last = result
        value, iteration = result.get(metric), result.get(ITERATION)
        measured = value if isinstance(value, float) else finite(value)
        if measured is not None and type(iteration) is int:
            trial.series[iteration] = measured
        if keep and isinstance(iteration, int):
            trial.reports.append(result)


def results(folder: Path, counted: RayTrial | None = None) -> Iterator[dict[str, Any]]:
    """Results of a trial in their order, flat, without the configuration; unreadable lines are counted in `counted`.

    Raises:
        EncaveError: the file cannot be read.
    """
    if not (folder / RESULT).is_file():
        yield from _progress(folder / PROGRESS)
        return
    for _, line in numbered_lines(folder / RESULT):
        try:
            result = flat(json.loads(line))
        except (ValueError, AttributeError, RecursionError):
            if counted is not None:
                counted.unreadable += 1
            continue
        if counted is not None and not counted.config:  # no params.json, no experiment state
            counted.config = {k.removeprefix("config/"): v for k, v in result.items() if k.startswith("config/")}
        yield _without_config(result)


def _progress(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            cells = {key: _cell(text) for key, text in row.items() if key and isinstance(text, str) and text}
            yield _without_config(cells)


def _cell(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"True": True, "False": False}.get(text, text)
