"""NePS: one folder per trial, `configs/config_<id>/` (0.13 on) or `results/config_<id>/` (to 0.12), with YAML and JSON.

An id such as `3_1` or `3_rung_1` is the configuration 3 on the second rung of a multi-fidelity optimizer.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....errors import EncaveError, in_words
from ....files.json_text import read_text
from ....files.yaml import read_mapping, read_value
from ....run import COST, Note, Objective, Optimizer, Provenance, Run, Status
from ...parts.extras import extra_columns
from ...parts.fitting import fitted_run
from ...parts.names import study_name
from ...parts.numbers import finite
from ...parts.outcomes import unknown_words
from ...parts.times import since_start
from ...reader import Found, Listing, Options, ReadResult
from .space import fidelity_of, plain_name, space_of

_FOLDERS = {"configs": "0.13 or later", "results": "0.12 or earlier"}
_TRIAL = "config_"
_FILES = ("config.yaml", "metadata.json", "metadata.yaml", "report.yaml", "result.yaml", "error.yaml")
_INFO = ("optimizer_info.yaml", ".optimizer_info.yaml")
_ID = re.compile(r"(?P<base>\d+)_(?:rung_)?(?P<rung>\d+)")
_STATES = {
    "success": Status.SUCCESS,
    "external": Status.SUCCESS,
    "evaluating": Status.RUNNING,
    "in_progress": Status.RUNNING,
    "pending": Status.NOT_EVALUATED,
    "submitted": Status.NOT_EVALUATED,
}
_FAILED = ("crashed", "failed", "corrupted", "unknown")
_LABELS = {"regularized_evolution": "RE", "random_search": "random search"}
_KEPT = ("previous_trial_id", "sampling_worker_id", "evaluation_duration")


@dataclass(frozen=True)
class NepsTrial:
    """The files of one trial."""

    id: str
    """NePS' id."""
    config: dict[str, Any]
    """`config.yaml`."""
    metadata: dict[str, Any]
    """`metadata.json` or `metadata.yaml`; empty if there is none."""
    report: dict[str, Any] | None
    """`report.yaml`, `result.yaml` or `error.yaml`; None if the trial has not ended."""

    def state(self) -> str:
        """State as NePS has it."""
        if "state" in self.metadata:
            return str(self.metadata["state"])
        if self.report is None:
            return "pending"
        return "failed" if "err" in self.report and self.objective() is None else "success"

    def objective(self) -> Any:
        """A number, a list of them, or None."""
        report = self.report or {}
        return report.get("objective_to_minimize", report.get("loss"))

    def values(self) -> list[float]:
        """Objective values; empty unless all are finite numbers."""
        given = self.objective()
        values = [finite(value) for value in (given if isinstance(given, list) else [given])]
        return [] if None in values else [value for value in values if value is not None]


class NepsReader:
    """Reader of NePS' trial folders."""

    name = "neps"
    title = "NePS"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """A folder `configs` or `results` with folders `config_<id>` that hold a `config.yaml`."""
        if listing.folder.absolute().name not in _FOLDERS:
            return
        folders = [path for path in _trial_folders(listing.folder) if (path / _FILES[0]).is_file()]
        if folders:
            files = [path / name for path in folders for name in _FILES if (path / name).is_file()]
            above = listing.folder.absolute().parent
            files += [above / name for name in _INFO if (above / name).is_file()]
            yield Found(
                listing.folder.absolute(), tuple(files), f"{len(folders)} folders {_TRIAL}<id> with {_FILES[0]}"
            )

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read each folder as one trial."""
        folders = _trial_folders(found.path)
        trials: list[NepsTrial] = []
        faults: list[str] = []
        for folder in folders:
            try:
                trials.append(_trial(folder))
            except EncaveError as error:
                faults.append(str(error))
        if not trials:
            raise EncaveError(f"{found.path} has no trial that can be read{': ' + faults[0] if faults else ''}")
        trials.sort(key=lambda trial: finite(trial.metadata.get("time_end")) or math.inf)
        notes = [Note("dropped", f"trials that cannot be read, e.g. {faults[0]}", len(faults))] if faults else []
        run = _run(trials, found.path, options, notes)
        return ReadResult(run, _FOLDERS.get(found.path.name), len(folders), dropped=len(faults))


READER = NepsReader()


def _trial_folders(folder: Path) -> list[Path]:
    """Folders of trials in the order of their ids."""
    folders = [path for path in folder.iterdir() if path.name.startswith(_TRIAL) and path.is_dir()]
    return sorted(
        folders, key=lambda path: [(int(part), "") if part.isdecimal() else (0, part) for part in path.name.split("_")]
    )


def _trial(folder: Path) -> NepsTrial:
    metadata: dict[str, Any] = {}
    if (folder / "metadata.json").is_file():
        try:
            metadata = dict(json.loads(read_text(folder / "metadata.json")))
        except (ValueError, TypeError, RecursionError) as error:
            raise EncaveError(f"{folder / 'metadata.json'} is damaged: {in_words(error)}") from error
    elif (folder / "metadata.yaml").is_file():
        metadata = read_mapping(folder / "metadata.yaml")
    reports = [folder / name for name in _FILES[3:] if (folder / name).is_file()]
    report = _report(reports[0]) if reports else None
    return NepsTrial(folder.name.removeprefix(_TRIAL), read_mapping(folder / _FILES[0]), metadata, report)


def _report(path: Path) -> dict[str, Any]:
    """What a trial returned. To 0.11 a lone number is its loss and a lone text, mostly `error`, says that it failed."""
    content = read_value(path)
    if isinstance(content, str):
        return {"err": content}
    return {"loss": content} if finite(content) is not None else read_mapping(path)


def _run(trials: list[NepsTrial], path: Path, options: Options, notes: list[Note]) -> Run:
    config_ids, configurations, budgets, fidelity = _configurations(trials)
    if fidelity is None and any(_ID.fullmatch(trial.id) for trial in trials):
        notes = [*notes, Note("flagged", "ids tell of rungs, but no hyperparameter grows with them: no budgets")]
    space, configurations = space_of(configurations, options)
    starts, ends, time_notes = _times(trials)
    objectives, costs, statuses, cost_notes = _outcomes(trials)
    label, settings, unread = _optimizer(path)
    continues, told = _continues(trials, config_ids, budgets)
    columns: dict[str, Any] = {
        "config_id": config_ids,
        "budget": budgets,
        "continues": continues,
        "worker": [_text(trial.metadata.get("evaluating_worker_id")) for trial in trials],
        "status": statuses,
        "start": starts,
        "end": ends,
    }
    return fitted_run(
        name=study_name(path, label),
        optimizer=Optimizer(label),
        space=space.space,
        objectives=objectives,
        trials=columns | costs | extra_columns([_extras(trial) for trial in trials]),
        configurations=configurations,
        budget_name=None if fidelity is None else plain_name(fidelity),
        inferred_space=space.inferred,
        provenance=Provenance(group=label, library="NePS", settings=settings),
        notes=[*notes, *space.notes, *time_notes, *told, *cost_notes, *unread],
    )


def _configurations(
    trials: list[NepsTrial],
) -> tuple[list[int], dict[int, dict[str, Any]], list[float | None], str | None]:
    """config_id of each trial, config_id → configuration without fidelity, budget of each trial, and the fidelity."""
    rungs = [(match["base"], int(match["rung"])) if (match := _ID.fullmatch(trial.id)) else None for trial in trials]
    fidelity = fidelity_of([trial.config for trial in trials], rungs)
    rest = [{key: value for key, value in trial.config.items() if key != fidelity} for trial in trials]
    keys = [json.dumps(config, sort_keys=True, default=str) for config in rest]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    configurations = {numbers[key]: config for key, config in zip(keys, rest, strict=True)}
    budgets = [finite(trial.config.get(fidelity)) if fidelity is not None else None for trial in trials]
    return [numbers[key] for key in keys], configurations, budgets, fidelity


def _continues(
    trials: list[NepsTrial], config_ids: list[int], budgets: list[float | None]
) -> tuple[list[int | None], list[Note]]:
    """The trial that each one continues: the one that NePS names, else the highest rung below of its id."""
    named = {trial.id: row for row, trial in enumerate(trials)}
    rungs: dict[str, list[int]] = {}
    for row, trial in enumerate(trials):
        if match := _ID.fullmatch(trial.id):
            rungs.setdefault(match["base"], []).append(row)
    found: list[int | None] = []
    for row, trial in enumerate(trials):
        match = _ID.fullmatch(trial.id)
        told = named.get(str(trial.metadata.get("previous_trial_id")))
        below = [told] if told is not None else rungs[match["base"]] if match else []
        levels = {other: budgets[other] for other in below if config_ids[other] == config_ids[row]}
        lower = [(level, other) for other, level in levels.items() if level is not None and level < (budgets[row] or 0)]
        found.append(max(lower)[1] if lower else None)
    count = sum(before is not None for before in found)
    text = "trials on a higher rung continue those of their configuration on the rung before: they cost the difference"
    return found, [Note("derived", text, count)] if count else []


def _outcomes(trials: list[NepsTrial]) -> tuple[list[Objective], dict[str, list[float | None]], list[str], list[Note]]:
    """Objectives, their values by column, the status of each trial, and notes."""
    old = any("loss" in (trial.report or {}) for trial in trials)
    sizes = [len(trial.values()) for trial in trials if trial.values()]
    size = max(sizes, default=1)
    name = "loss" if old else "objective_to_minimize"
    names = [name] if size == 1 else [f"{name}_{i}" for i in range(size)]
    statuses: list[str] = []
    rows: list[list[float | None]] = []
    odd = 0
    for trial in trials:
        status = _STATES.get(trial.state(), Status.CRASHED)
        values = trial.values() if status is Status.SUCCESS else []
        if status is Status.SUCCESS and len(values) != size:
            status, values, odd = Status.CRASHED, [], odd + 1
        statuses.append(status.value)
        rows.append(list(values) if values else [None] * size)
    costs = {COST + name: [row[i] for row in rows] for i, name in enumerate(names)}
    notes = unknown_words((trial.state() for trial in trials), {*_STATES, *_FAILED}, "crashed")
    text = "successful trials without a finite objective (or with too few) are counted as crashed"
    notes += [Note("flagged", text, odd)] if odd else []
    return [Objective(name) for name in names], costs, statuses, notes


def _times(trials: list[NepsTrial]) -> tuple[list[float | None], list[float | None], list[Note]]:
    sampled = [finite(trial.metadata.get("time_sampled")) for trial in trials]
    started = [finite(trial.metadata.get("time_started")) for trial in trials]
    ended = [finite(trial.metadata.get("time_end")) for trial in trials]
    times = since_start([s if t is None else t for s, t in zip(sampled, started, strict=True)], ended, sampled)
    notes = list(times.notes)
    derived = sum(t is None and s is not None for s, t in zip(sampled, started, strict=True))
    if derived:
        notes.append(Note("derived", "the log has no start of these trials; it is when they were sampled", derived))
    return times.start, times.end, notes


def _extras(trial: NepsTrial) -> dict[str, Any]:
    """Everything that the model has no column for."""
    report = trial.report or {}
    further = report.get("extra") or report.get("info_dict") or {}
    extras: dict[str, Any] = {"neps_id": trial.id, "state": trial.state()}
    extras |= {key: trial.metadata[key] for key in _KEPT if trial.metadata.get(key) is not None}
    extras |= {key: report[key] for key in ("cost", "err", "learning_curve") if report.get(key) is not None}
    if trial.objective() is not None and _STATES.get(trial.state()) is not Status.SUCCESS:
        extras["raw_objective"] = trial.objective()
    if isinstance(further, dict):
        named = {str(key): value for key, value in further.items()}  # YAML knows keys that are numbers
        extras |= {key if key not in extras else f"info.{key}": value for key, value in named.items()}
    return {key: _json_safe(value) for key, value in extras.items()}


def _json_safe(value: Any) -> Any:
    """The value; a number that JSON or a column has no place for as text."""
    if isinstance(value, int | float) and not isinstance(value, bool) and not abs(value) < 2**63:
        return str(value)
    return value


def _optimizer(path: Path) -> tuple[str, dict[str, Any], list[Note]]:
    """Label and settings of the optimizer, and a note where they cannot be read."""
    for name in _INFO:
        info = path.parent / name
        if info.is_file():
            try:
                told = read_mapping(info)
            except EncaveError as error:
                return "NePS", {}, [Note("flagged", f"left out: {error}")]
            label = str(told.get("name") or told.get("searcher_alg") or told.get("searcher_name") or "NePS")
            label = label.removeprefix("neps_")
            settings = told.get("info") or told.get("searcher_args") or {}
            return _LABELS.get(label, label), settings if isinstance(settings, dict) else {}, []
    return "NePS", {}, []


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
