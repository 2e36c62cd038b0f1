"""A history of DEHB as a run: its rows, and what the files beside it tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ....errors import EncaveError
from ....run import COST, EXTRA, Note, Objective, Optimizer, Provenance, Status
from ....run import sidecar as sidecars
from ....run.configurations import CONFIG_ID
from ....run.sidecar import Sidecar
from ....run.types import Floats
from ...parts.fitting import fitted_run
from ...parts.names import study_name
from ...parts.space import LogSpace, known_space
from ...reader import Options, ReadResult
from . import history
from .files import beside, evidence
from .history import History, distinct
from .log import Joined, join, last_error, unsaved
from .vectors import decode

_SINGLE = ("0.1.0", "0.1.1", "0.1.2")
_MANY = 10
_CLOCK = 0.005  # seconds
_OWN_INFO = ("start", "end", "worker")  # of encave's runners
_STATUSES = pa.array([Status.SUCCESS.value, Status.CRASHED.value])


def read(files: Iterable[Path], options: Options) -> ReadResult:
    """The run of one history, or of two of which the more complete one is read.

    Raises:
        EncaveError: none of them can be read.
    """
    histories, notes = _histories(files)
    path, log = max(histories.items(), key=lambda item: len(item[1].fitness))
    if len(histories) > 1:
        rows = " and ".join(f"{file.name} {len(content.fitness)}" for file, content in histories.items())
        notes.append(Note("flagged", f"rows: {rows}; {path.name} is the more complete and was read"))
    return _result(log, path, options, notes)


def _histories(paths: Iterable[Path]) -> tuple[dict[Path, History], list[Note]]:
    """The files that can be read, and a note for each that cannot while another one can."""
    histories: dict[Path, History] = {}
    reasons: list[str] = []
    for path in paths:
        try:
            histories[path] = history.read(path)
        except EncaveError as error:
            reasons.append(str(error))
    if not histories:
        raise EncaveError("; ".join(reasons))
    return histories, [Note("flagged", f"{reason}; the other file was read") for reason in reasons]


def _result(log: History, path: Path, options: Options, notes: list[Note]) -> ReadResult:
    sidecar = sidecars.find(path)
    files = beside(path, [file.name for file in path.parent.iterdir() if file.is_file()])
    joined = join(files.log, log) if files.log and not sidecar else None
    log, starts, told = _with_log(log, joined)
    found = known_space(path, options, sidecar, file=files.space) or _unit_space(log.vectors.shape[1])
    ids, first = np.unique(log.config_ids, return_index=True)
    configurations = decode(found.space, log.vectors[first], ids)
    if not log.ids_logged:
        log, configurations = _by_content(log, configurations)
    told += _troubles(files.log) if files.log else []
    seen = evidence(files, log, found.space, configurations, known=not found.inferred)
    objectives = _objectives(log, sidecar)
    columns, time_notes = _trials(log, objectives, starts, timed=sidecar is not None)
    run = fitted_run(
        name=sidecar.run_name() if sidecar else study_name(path, "DEHB"),
        optimizer=sidecar.optimizer if sidecar else Optimizer("DEHB", log.release if log.release in _SINGLE else None),
        space=found.space,
        objectives=objectives,
        trials=columns,
        configurations=configurations,
        budget_name=sidecar.budget_name if sidecar else "fidelity",
        inferred_space=found.inferred,
        provenance=Provenance.from_json(
            {**(seen.metadata or {}), **(sidecar.provenance().json() if sidecar else {"group": "DEHB"})}
        ),
        notes=[*notes, *log.notes, *told, *found.notes, *time_notes, *seen.notes, *_missing(log, sidecar, joined)],
    )
    return ReadResult(run, log.release, len(run) + log.dropped, dropped=log.dropped)


def _troubles(path: Path) -> list[Note]:
    """What DEHB's text log says of rows that are not in the history."""
    error, failures = last_error(path), unsaved(path)
    notes = [Note("flagged", f"DEHB ended with {error}; evaluations since it last saved are lost")] if error else []
    text = f"DEHB could not save its history {failures} times, as {path.name} says: rows are missing"
    return [*notes, Note("flagged", text)] if failures else notes


def _with_log(log: History, joined: Joined | None) -> tuple[History, Floats | None, list[Note]]:
    """The history with what the text log adds, the starts that it tells, and notes."""
    notes: list[Note] = []
    if joined is not None and joined.reason is not None:
        notes.append(Note("flagged", f"DEHB's text log is not joined to the history: {joined.reason}"))
    certain = joined is not None and joined.starts is not None
    if certain and joined is not None and not log.ids_logged:
        log = replace(log, release="0.0.1-0.0.7" if joined.config_ids is None else "0.1.0")
    if certain and joined is not None and joined.config_ids is not None and not log.ids_logged:
        log = distinct(replace(log, config_ids=joined.config_ids, ids_logged=True))
        notes.append(Note("derived", "the numbers of the configurations are from DEHB's text log"))
    elif not log.ids_logged:
        notes.append(Note("derived", "the log numbers no configurations: those with equal values are one"))
    return log, joined.starts if joined is not None else None, notes


def _by_content(log: History, configurations: pa.Table) -> tuple[History, pa.Table]:
    """With one number for configurations of equal values, since several vectors decode to one."""
    columns = (configurations[name].combine_chunks() for name in configurations.column_names if name != CONFIG_ID)
    plain = (column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column for column in columns)
    codes = [column.dictionary_encode(null_encoding="encode").indices.to_numpy() for column in plain]
    _, first, inverse = np.unique(np.stack(codes, axis=1), axis=0, return_index=True, return_inverse=True)
    ids = configurations[CONFIG_ID].to_numpy()
    representatives = ids[first][inverse.reshape(-1)]
    log = replace(log, config_ids=representatives[np.searchsorted(ids, log.config_ids)])
    return log, configurations.take(pa.array(np.sort(first)))


def _objectives(log: History, sidecar: Sidecar | None) -> list[Objective]:
    count = log.fitness.shape[1]
    if sidecar is not None and len(sidecar.objectives) == count:
        return sidecar.objectives
    return [Objective("fitness")] if count == 1 else [Objective(f"fitness_{number}") for number in range(count)]


def _trials(
    log: History, objectives: Sequence[Objective], logged: Floats | None, *, timed: bool
) -> tuple[dict[str, Any], list[Note]]:
    """Columns of the trials, and notes on what was derived."""
    failed = ~np.isfinite(log.fitness).all(axis=1)
    starts, ends, notes = _times(log, logged, timed=timed)
    columns: dict[str, Any] = {
        "config_id": log.config_ids,
        "budget": log.fidelity,
        "status": pa.DictionaryArray.from_arrays(pa.array(failed).cast(pa.int32()), _STATUSES),
        "start": starts,
        "end": ends,
    }
    for objective, fitness in zip(objectives, log.fitness.T, strict=True):
        columns[COST + objective.name] = np.where(failed, np.nan, fitness)
        if failed.any():
            columns[EXTRA + f"raw_{objective.name}"] = pa.array(fitness, mask=~failed)
    columns[EXTRA + "cost"] = pa.array(log.cost)
    if failed.any():
        text = "fitness is NaN or infinite: counted as crashed, kept as raw value"
        notes.append(Note("flagged", text, int(failed.sum())))
    if len(log.fitness) >= _MANY and (log.fitness == log.fitness[0]).all():
        text = f"all evaluations have the fitness {log.fitness[0].tolist()}: it may be what stands for a failure"
        notes.append(Note("flagged", text, len(log.fitness)))
    if logged is not None and starts is not logged:
        columns[EXTRA + "logged_start"] = pa.array(logged)
    if timed and "worker" in log.info:
        columns["worker"] = log.info["worker"].cast(pa.float64()).cast(pa.int64(), safe=False).cast(pa.string())
    for name, column in log.info.items():
        if not (timed and name in _OWN_INFO):
            columns.setdefault(EXTRA + name if EXTRA + name not in columns else f"{EXTRA}info.{name}", column)
    return columns, notes


def _times(log: History, logged: Floats | None, *, timed: bool) -> tuple[Any, Any, list[Note]]:
    """Start and end of each trial in seconds, and notes."""
    if timed and {"start", "end"} <= log.info.keys():
        return log.info["start"].cast(pa.float64()), log.info["end"].cast(pa.float64()), []
    usable = np.isfinite(log.cost) & (log.cost >= 0)
    costs = np.where(usable, log.cost, 0.0)
    notes: list[Note] = []
    if not usable.all():
        notes.append(Note("flagged", "cost is negative or not finite: taken as 0 for the times", int((~usable).sum())))
    if logged is not None and (costs[:-1] <= np.diff(logged) + _CLOCK).all():
        text = "starts are those of DEHB's text log; a trial's end is its start and its cost, which fits in between"
        return logged, logged + costs, [*notes, Note("derived", text, len(costs))]
    if logged is not None:
        text = "the costs do not fit between the starts in DEHB's text log: they are no seconds of the clock"
        notes.append(Note("flagged", text + "; those starts are kept as extra column", len(costs)))
    ends = np.cumsum(costs)
    text = "DEHB stores no times: a trial's end is the accumulated cost, as with one worker"
    return np.concatenate([[0.0], ends[:-1]]), ends, [*notes, Note("derived", text, len(ends))]


def _missing(log: History, sidecar: Sidecar | None, joined: Joined | None) -> Iterator[Note]:
    """A note on trials that were run but never saved."""
    rows = len(log.fitness)
    run = sidecar.trials if sidecar is not None else joined.begun if joined is not None else None
    if run is not None and rows + log.dropped < run:
        text = f"DEHB's history has {rows + log.dropped} of the {run} trials that were run"
        yield Note("flagged", f"{text}: its save frequency lost the rest", run - rows - log.dropped)


def _unit_space(dimensions: int) -> LogSpace:
    from ConfigSpace import ConfigurationSpace, UniformFloatHyperparameter

    width = len(str(dimensions - 1))
    space = ConfigurationSpace()
    space.add([UniformFloatHyperparameter(f"x{i:0{width}d}", 0.0, 1.0) for i in range(dimensions)])
    text = "the log has no configuration space: the hyperparameters are DEHB's unit vector; give it with --configspace"
    return LogSpace(space, True, (Note("assumed", text),))
