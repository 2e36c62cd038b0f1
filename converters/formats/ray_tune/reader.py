"""Ray Tune's experiment folders: `experiment_state-*.json` and a folder per trial, without unpickling anything.

A trial of the run is a trial of Ray: its last result counts, as in Ray's `get_best_result`. The results before it are
in `extra:intermediate_values`; with `--steps budget` each result is a trial.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ....errors import EncaveError
from ....run import COST, Note, Objective, Optimizer, Provenance, Run, Status
from ...parts.continued import Reports, reports
from ...parts.extras import extra_columns
from ...parts.fitting import fitted_run
from ...parts.inferred_space import infer
from ...parts.names import study_name
from ...parts.numbers import finite
from ...parts.outcomes import unknown_words
from ...parts.searcher import searcher
from ...parts.space import LogSpace, known_space
from ...parts.times import Times, since_start
from ...reader import Found, Listing, Options, ReadResult
from .state import (
    ERROR,
    ITERATION,
    PARAMS,
    PICKLED_TEXT,
    PROGRESS,
    RESULT,
    RayTrial,
    State,
    fill,
    read_state,
    results,
    trial_folders,
)

_STATE = re.compile(r"experiment_state.*\.json")
_STATUSES = {"TERMINATED": Status.SUCCESS, "ERROR": Status.CRASHED, "RUNNING": Status.RUNNING, "PAUSED": Status.RUNNING}
_PENDING = "PENDING"
_LAST = (ITERATION, "timestamp", "time_total_s")  # of the last result, for a failure after it


class RayTuneReader:
    """Reader of Ray Tune's experiment folders."""

    name = "ray-tune"
    title = "Ray Tune"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """A folder with an experiment's state, or with folders that hold `params.json` and `result.json`."""
        states = [name for name in listing.names if _STATE.fullmatch(name)]
        folders = trial_folders(listing.folder)
        if not states:
            folders = [folder for folder in folders if _is_trial(folder)]
            if not folders:
                return
        names = (PARAMS, RESULT, PROGRESS, ERROR)
        inside = [folder / name for folder in folders for name in names if (folder / name).is_file()]
        path = listing.folder / max(states) if states else folders[0] / RESULT
        evidence = f"{path.name} of Ray Tune and {len(folders)} folders of trials"
        yield Found(path, (*(listing.folder / name for name in states), *inside), evidence)

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read every trial of the state and every folder of a trial."""
        stated = _STATE.fullmatch(found.path.name) is not None
        experiment = found.path.parent if stated else found.path.parent.parent
        state, notes = _state(found.path) if stated else (State(), [_no_state()])
        trials = _with_folders(state, experiment)
        if not trials:
            raise EncaveError(f"{found.path} has no trials")
        metric, chosen = _metric(state, trials)
        for trial in trials:
            fill(trial, metric, keep=options.steps == "budget")
        if options.steps == "budget":
            trials = [report for trial in trials for report in _reports(trial)]
        run = _run(trials, metric, experiment / found.path.name, options, [*notes, *chosen])
        return ReadResult(run, None, len(run) + state.unreadable, dropped=state.unreadable)


READER = RayTuneReader()


def _is_trial(folder: Path) -> bool:
    if not ((folder / PARAMS).is_file() and (folder / RESULT).is_file()):
        return False
    with (folder / RESULT).open("rb") as file:
        return ITERATION.encode() in file.read(65536)


def _reports(trial: RayTrial) -> Iterator[RayTrial]:
    """A trial for each result; one that failed or goes on has a trial without a value after them."""
    if not trial.reports:
        yield trial
        return
    over = trial.status in ("TERMINATED", None) and not trial.error
    for place, result in enumerate(trial.reports):
        final = over and place == len(trial.reports) - 1
        own = replace(trial, last=result, status="TERMINATED", series={}, reports=[])
        yield own if final else replace(own, reported=None, error=None)
    if not over:
        last = {key: trial.last[key] for key in _LAST if key in trial.last} if trial.error else {}
        yield replace(trial, last=last, series={}, reports=[])


def _no_state() -> Note:
    text = "the folder has no experiment state: a trial with results and without error.txt counts as finished"
    return Note("assumed", text)


def _state(path: Path) -> tuple[State, list[Note]]:
    state = read_state(path)
    notes = [] if state.whole else [Note("flagged", f"{path.name} breaks off; what comes before was read")]
    if state.unreadable:
        notes.append(Note("dropped", f"trials in {path.name} that cannot be read", state.unreadable))
    return state, notes


def _with_folders(state: State, experiment: Path) -> list[RayTrial]:
    """The state's trials, and those that have only a folder."""
    trials = list(state.trials)
    free = set(trial_folders(experiment)) - {trial.folder for trial in trials}
    for trial in trials if free else ():
        named = [folder for folder in free if trial.folder is None and trial.key in folder.name]
        if len(named) == 1:
            trial.folder = named[0]
            free.discard(named[0])
    return trials + [RayTrial(folder.name, folder=folder) for folder in sorted(free)]


def _metric(state: State, trials: Sequence[RayTrial]) -> tuple[str, list[Note]]:
    """What was optimised: as the state says, else the likeliest number in the results.

    Raises:
        EncaveError: no trial has a result with a number that is not Ray's own.
    """
    from ...parts.metrics import RAY_OWN, likely

    if state.metric:
        return state.metric, []
    counts: dict[str, int] = {}
    for trial in trials:
        first = trial.last or (next(results(trial.folder), {}) if trial.folder else {})
        for key, value in first.items():
            if isinstance(value, int | float) and not isinstance(value, bool) and not RAY_OWN.fullmatch(key):
                counts[key] = counts.get(key, 0) + 1
    if not counts:
        raise EncaveError("no trial of this Ray Tune experiment has a result: nothing to convert")
    metric = likely(counts) or max(counts, key=lambda name: counts[name])
    others = f" (the results also have {', '.join(sorted(set(counts) - {metric}))})" if len(counts) > 1 else ""
    return metric, [Note("assumed", f"the log does not say what was optimised; {metric} is taken{others}")]


def _run(trials: Sequence[RayTrial], metric: str, path: Path, options: Options, notes: list[Note]) -> Run:
    from ...parts.metrics import more_is_better

    more = more_is_better(metric)
    better = "more" if more else "less"
    notes.append(Note("assumed", f"Ray Tune's mode is only in a pickle: {better} {metric} is taken as better"))
    ids, configurations = _configurations(trials)
    found = known_space(path, options, None)
    if found is None:
        inferred = infer(configurations)
        configurations = inferred.configurations
        found = LogSpace(inferred.space, True, inferred.notes)
    columns, times, told = _columns(trials, metric, by_step=options.steps == "budget")
    searched = searcher("Ray Tune", path)
    pickled = sum(PICKLED_TEXT in trial.config.values() for trial in trials)
    if pickled:
        notes.append(Note("flagged", "configurations hold pickled objects, which are not loaded", pickled))
    return fitted_run(
        name=study_name(path, "Ray-Tune"),
        optimizer=Optimizer("Ray Tune"),
        space=found.space,
        objectives=[Objective(metric, "maximize" if more else "minimize")],
        trials={"config_id": ids, **columns},
        configurations=configurations,
        budget_name=ITERATION,
        inferred_space=found.inferred,
        provenance=Provenance.from_json({"started_at": times.origin, **searched.metadata}),
        notes=[*notes, *found.notes, *times.notes, *told, *searched.notes],
    )


def _configurations(trials: Sequence[RayTrial]) -> tuple[list[int], dict[int, dict[str, Any]]]:
    numbers: dict[str, int] = {}
    ids = [numbers.setdefault(json.dumps(t.config, sort_keys=True, default=str), len(numbers)) for t in trials]
    return ids, {number: trial.config for number, trial in zip(ids, trials, strict=True)}


def _columns(trials: Sequence[RayTrial], metric: str, *, by_step: bool) -> tuple[dict[str, Any], Times, list[Note]]:
    costs = [finite(trial.last.get(metric)) for trial in trials]
    statuses = [_status(trial, cost) for trial, cost in zip(trials, costs, strict=True)]
    starts, ends = [_start(trial) for trial in trials], [_end(trial) for trial in trials]
    iterations = [trial.last.get(ITERATION) for trial in trials]
    known = [iteration for iteration in iterations if isinstance(iteration, int)]
    words = (trial.status for trial in trials)
    notes = unknown_words(words, {*_STATUSES, _PENDING, None}, "running, without a result not evaluated")
    further: dict[str, Any] = {}
    if by_step:
        told = _continued(trials, iterations, ends)
        further = told.columns
        notes += told.notes
        for row, before in enumerate(further.get("continues", ())):
            starts[row] = starts[row] if before is None else ends[before]
    elif max(known, default=1) > 1:
        notes.append(Note("derived", "a trial's cost and budget are those of its last result", len(known)))
    else:
        iterations = [None] * len(trials)
    times = since_start(starts, ends)
    lost = sum(trial.status == "TERMINATED" and s is Status.CRASHED for trial, s in zip(trials, statuses, strict=True))
    if lost:
        notes.append(Note("flagged", f"terminated trials without a finite {metric} count as crashed", lost))
    unreadable = sum(trial.unreadable for trial in trials)
    if unreadable:
        notes.append(Note("flagged", f"lines of {RESULT} that cannot be read", unreadable))
    extras = [_extras(trial, metric, status) for trial, status in zip(trials, statuses, strict=True)]
    succeeded = [status is Status.SUCCESS for status in statuses]
    return (
        {
            "budget": [finite(iteration) for iteration in iterations],
            **further,
            "worker": [str(trial.last["node_ip"]) if trial.last.get("node_ip") else None for trial in trials],
            "status": statuses,
            "start": times.start,
            "end": times.end,
            COST + metric: [cost if ok else None for cost, ok in zip(costs, succeeded, strict=True)],
            **extra_columns(extras),
        },
        times,
        notes,
    )


def _continued(trials: Sequence[RayTrial], iterations: Sequence[Any], ends: Sequence[float | None]) -> Reports:
    """Which results continue others; a trial that was restored is another call."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(trial.key for trial in trials))}
    restored = [trial.last.get("iterations_since_restore") == 1 for trial in trials]
    told = reports([numbers[trial.key] for trial in trials], list(map(finite, iterations)), ends, restored)
    text = "Ray Tune's iterations are read as budgets, as --steps budget says: each result is a trial"
    return replace(told, notes=(Note("derived", text, len(trials)), *told.notes))


def _status(trial: RayTrial, cost: float | None) -> Status:
    if trial.status is None:
        known = Status.CRASHED if trial.error else Status.SUCCESS if trial.last else Status.NOT_EVALUATED
    else:
        pending = Status.RUNNING if trial.last else Status.NOT_EVALUATED
        known = _STATUSES.get(trial.status, pending)
    return Status.CRASHED if known is Status.SUCCESS and cost is None else known


def _start(trial: RayTrial) -> float | None:
    """When it started: as the state says, else its last report less the time that it took."""
    end, duration = finite(trial.last.get("timestamp")), finite(trial.last.get("time_total_s"))
    if trial.start is not None or end is None or duration is None:
        return trial.start
    return end - duration


def _end(trial: RayTrial) -> float | None:
    """When its last result came in, to the fraction of a second: `timestamp` has whole seconds, cut off."""
    end, duration = finite(trial.last.get("timestamp")), finite(trial.last.get("time_total_s"))
    if end is None or trial.start is None:
        return end
    if trial.reported is not None and trial.reported >= end:  # earlier: the state is older than the folder
        return trial.reported
    return end if duration is None else min(max(end, trial.start + duration), end + 1.0)


def _extras(trial: RayTrial, metric: str, status: Status) -> dict[str, Any]:
    extras = {key: value for key, value in trial.last.items() if key != metric}
    extras |= {"ray_trial_id": trial.key, "ray_status": trial.status, "error": trial.error}
    if len(trial.series) > 1:
        extras["intermediate_values"] = json.dumps(trial.series)
    if status is not Status.SUCCESS and trial.last.get(metric) is not None:
        extras[f"raw_{metric}"] = trial.last[metric]
    return extras
