"""Syne Tune: `results.csv.zip`, one row per report of a trial, and `metadata.json`.

A report is a trial at a budget: the value after so many epochs (or whatever the scheduler counts). Reports of one call
of the objective are one evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ....errors import EncaveError
from ....files.json_text import read_json
from ....files.zips import read_member
from ....run import COST, EXTRA, Note, Objective, Optimizer, Provenance, Run, Status
from ....run import sidecar as sidecars
from ....run.sidecar import Sidecar
from ....run.types import Floats
from ...parts.continued import Reports, reports
from ...parts.csv_table import CsvTable, numbers, read_csv, typed
from ...parts.fitting import fitted_run
from ...parts.names import study_name
from ...parts.searcher import Searcher, searcher
from ...parts.space import LogSpace, known_space, own_or_given
from ...reader import Found, Listing, Options, ReadResult
from .space import cast, read_space

RESULTS = "results.csv.zip"
METADATA = "metadata.json"
_CONFIG = "config_"
_OWN = "st_"
_TRIAL = "trial_id"
_TIME = "st_tuner_time"
_WORKER_TIME = "st_worker_time"
_ITERATION = "st_worker_iter"
_LABELS = {
    "REA": "RE",
    "RS": "random search",
    "FIFOScheduler (random)": "random search",
    "FIFOScheduler (bayesopt)": "BO",
    "HyperbandScheduler (random)": "ASHA",
    "HyperbandScheduler (bayesopt)": "MOBSTER",
    "HyperbandScheduler (kde)": "BOHB",
    "HyperbandScheduler (hypertune)": "HyperTune",
    "HyperbandScheduler (dyhpo)": "DyHPO",
    "FIFOScheduler (grid)": "grid search",
}
_TYPES = {"pasha": "PASHA", "rush_stopping": "RUSH", "rush_promotion": "RUSH", "dyhpo": "DyHPO"}
"""What HyperbandScheduler is where its type says so; other types stop or promote, and are no searches of their own."""


@dataclass(frozen=True)
class ExperimentLog:
    """What the two files hold."""

    path: Path
    """`results.csv.zip`."""
    metadata: Mapping[str, Any]
    """`metadata.json`."""
    table: CsvTable
    """The reports."""
    trials: NDArray[np.int64]
    """Syne Tune's trial of each report, shape (n,)."""

    def floats(self, name: str) -> Floats:
        """A column as floats, shape (n,), NaN where it is empty or no number."""
        return numbers(self.table.columns[name]).to_numpy(zero_copy_only=False).astype(np.float64)


class SyneTuneReader:
    """Reader of Syne Tune's experiments."""

    name = "syne-tune"
    title = "Syne Tune"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """`metadata.json` with Syne Tune's keys and `results.csv.zip`; one of them alone is claimed to be refused."""
        ours = METADATA in listing.names and b'"st_tuner_creation_timestamp"' in listing.head(METADATA, 1 << 20)
        files = [name for name in (RESULTS, METADATA) if name in listing.names and (ours or name == RESULTS)]
        if files:
            paths = tuple(listing.folder / name for name in files)
            evidence = "metadata.json with st_tuner_creation_timestamp" if ours else f"named {RESULTS}"
            yield Found(paths[0], paths, evidence)

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read each report as one trial."""
        log, bad = _load(found.path)
        sidecar = sidecars.find(found.path)
        if sidecar and not {objective.name for objective in sidecar.objectives} <= log.table.columns.keys():
            raise EncaveError(f"{found.path} lacks objectives of {sidecar.path}: they are not of one run")
        space = own_or_given(
            lambda: (
                known_space(found.path, Options(), sidecar)
                or read_space(log.metadata["config_space"], str(found.path.with_name(METADATA)))
            ),
            options,
        )
        assert space is not None  # the metadata has one, or it is refused
        budget, budget_name, notes = _budget(log)
        run = _run(log, space, budget, budget_name, [*log.table.notes, *bad, *space.notes, *notes], sidecar)
        dropped = log.table.dropped + sum(note.count for note in bad)
        return ReadResult(run, log.metadata.get("syne_tune_version"), len(run) + dropped, dropped=dropped)


READER = SyneTuneReader()


def _load(path: Path) -> tuple[ExperimentLog, list[Note]]:
    """The log, and what was dropped beyond rows that are no rows."""
    folder = path.parent
    for name in (METADATA, RESULTS):
        if not (folder / name).is_file():
            raise EncaveError(f"{folder} has no {name}, which Syne Tune writes beside {path.name}; both are needed")
    metadata, whole = read_json(folder / METADATA)
    if not isinstance(metadata, dict) or not {"config_space", "metric_names"} <= metadata.keys():
        raise EncaveError(f"{folder / METADATA} is no metadata of Syne Tune: config_space or metric_names is missing")
    table = read_csv(read_member(folder / RESULTS, ".csv"), f"{path.name}/results.csv")
    missing = {_TRIAL, *_metric_names(metadata)} - table.columns.keys()
    if missing:
        raise EncaveError(f"{folder / RESULTS} has no column {', '.join(sorted(missing))}")
    trials = numbers(table.columns[_TRIAL]).to_numpy(zero_copy_only=False)
    usable = np.isfinite(trials) & (trials == np.floor(trials)) & (np.abs(trials) < 2**53)
    notes = [] if whole else [Note("flagged", f"{METADATA} breaks off: what comes before the break was read")]
    if not usable.all():
        notes.append(Note("dropped", f"{path.name}: {_TRIAL} is no whole number", int((~usable).sum())))
        columns = {name: column.filter(pa.array(usable)) for name, column in table.columns.items()}
        table = CsvTable(columns, int(usable.sum()), table.dropped, table.notes)
    if not table.rows:
        raise EncaveError(f"{folder / RESULTS} has no reports")
    return ExperimentLog(folder / RESULTS, metadata, table, trials[usable].astype(np.int64)), notes


def _metric_names(metadata: Mapping[str, Any]) -> list[str]:
    names = metadata["metric_names"]
    return [str(name) for name in names] if isinstance(names, list) else [str(names)]


def _objectives(metadata: Mapping[str, Any]) -> list[Objective]:
    names, modes = _metric_names(metadata), metadata.get("metric_mode", "min")
    modes = modes if isinstance(modes, list) else [modes] * len(names)
    known = dict(zip(names, modes))
    return [Objective(name, "maximize" if known.get(name) == "max" else "minimize") for name in names]


def _budget(log: ExperimentLog) -> tuple[Floats | None, str | None, list[Note]]:
    """Budget of each report, its name, and what was assumed; None where every trial reports once."""
    settings = log.metadata.get("scheduler_kwargs")
    settings = settings if isinstance(settings, dict) else {}
    for key in ("time_attr", "resource_attr"):
        name = str(settings.get(key))
        if name in log.table.columns:
            return log.floats(name), name, []
    if len(np.unique(log.trials)) == len(log.trials):
        return None, None, []
    for name in _others(log):
        if _counts_up(log.floats(name), log.trials):
            text = f"the scheduler names no resource: {name}, which grows with every report, is taken as the budget"
            return log.floats(name), name, [Note("assumed", text)]
    if _ITERATION in log.table.columns:
        text = "the scheduler names no resource: the number of a report in its trial is the budget"
        return log.floats(_ITERATION) + 1, "reports", [Note("assumed", text)]
    return None, None, [Note("flagged", "trials report several times, but the log has no resource to tell why")]


def _others(log: ExperimentLog) -> list[str]:
    """Columns that are neither Syne Tune's, the configuration's nor metrics."""
    metrics = {_TRIAL, *_metric_names(log.metadata)}
    return [name for name in log.table.columns if not name.startswith((_OWN, _CONFIG)) and name not in metrics]


def _counts_up(values: Floats, trials: NDArray[np.int64]) -> bool:
    """Whether values are whole and positive, and grow from each row of a trial to its next."""
    if not (np.isfinite(values).all() and (values == np.floor(values)).all() and (values > 0).all()):
        return False
    order = np.argsort(trials, kind="stable")
    same = np.diff(trials[order]) == 0
    return bool((np.diff(values[order])[same] > 0).all())


def _run(
    log: ExperimentLog,
    space: LogSpace,
    budget: Floats | None,
    budget_name: str | None,
    notes: list[Note],
    sidecar: Sidecar | None,
) -> Run:
    objectives = sidecar.objectives if sidecar else _objectives(log.metadata)
    costs = {objective.name: log.floats(objective.name) for objective in objectives}
    failed = ~np.isfinite(np.array(list(costs.values()))).all(axis=0)
    starts, ends, time_notes = _times(log)
    columns: dict[str, Any] = {
        "config_id": log.trials,
        "status": np.where(failed, Status.CRASHED.value, Status.SUCCESS.value).tolist(),
        "start": starts,
        "end": ends,
    }
    if budget is not None:
        columns["budget"] = np.where(np.isfinite(budget), budget, np.nan)
    told = _reports(log, budget, ends)
    columns |= told.columns
    for name, values in costs.items():
        columns[COST + name] = np.where(failed, np.nan, values)
        if failed.any():
            columns[f"{EXTRA}raw_{name}"] = pa.array(log.table.columns[name])
    for name in log.table.columns:
        if name not in (_TRIAL, budget_name, _TIME, *costs) and not name.startswith(_CONFIG):
            columns[EXTRA + name] = typed(log.table.columns[name])
    if sidecar and EXTRA + "worker" in columns:
        columns["worker"] = columns.pop(EXTRA + "worker").cast(pa.string())
    searched = _searched(log)
    return fitted_run(
        name=sidecar.run_name() if sidecar else study_name(log.path, searched.label),
        optimizer=sidecar.optimizer if sidecar else Optimizer(searched.label),
        space=space.space,
        objectives=objectives,
        trials=columns,
        configurations=_configurations(log, space),
        budget_name=budget_name,
        provenance=sidecar.provenance()
        if sidecar
        else Provenance.from_json(_metadata(log.metadata) | searched.metadata),
        notes=[*notes, *time_notes, *told.notes, *_oddities(log, failed), *([] if sidecar else searched.notes)],
    )


def _reports(log: ExperimentLog, budget: Floats | None, ends: Sequence[float | None]) -> Reports:
    """Which reports continue others; where the worker counts from 0 again, the trial was resumed in another call."""
    count = len(log.trials)
    known = [None] * count if budget is None else [level if np.isfinite(level) else None for level in budget.tolist()]
    if _ITERATION not in log.table.columns:
        return reports(log.trials.tolist(), known, ends, [False] * count)
    return reports(log.trials.tolist(), known, ends, (log.floats(_ITERATION) == 0).tolist())


def _configurations(log: ExperimentLog, space: LogSpace) -> dict[int, dict[str, Any]]:
    ids, first = np.unique(log.trials, return_index=True)
    columns: dict[str, list[Any]] = {}
    for name, hyperparameter in space.space.items():
        column = log.table.columns.get(_CONFIG + name)
        if column is None:
            raise EncaveError(f"{log.path} has no column {_CONFIG}{name} for the hyperparameter {name}")
        columns[name] = cast(column.take(pa.array(first)), hyperparameter)
    rows = zip(*columns.values(), strict=True) if columns else ([] for _ in ids)
    return {
        int(config_id): {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        for config_id, row in zip(ids, rows, strict=True)
    }


def _times(log: ExperimentLog) -> tuple[Sequence[float | None], Sequence[float | None], list[Note]]:
    """Starts and ends: the tuner's clock when it got the report, and the worker's clock for how long it took."""
    if _TIME not in log.table.columns:
        nothing = [None] * log.table.rows
        return nothing, nothing, [Note("flagged", f"the log has no times ({_TIME})")]
    ends = log.floats(_TIME)
    wrong = ~np.isfinite(ends) | (ends < 0)
    clock = log.floats(_WORKER_TIME) if _WORKER_TIME in log.table.columns else ends
    order = np.argsort(log.trials, kind="stable")
    grown = np.diff(clock[order], prepend=0.0)
    first = np.diff(log.trials[order], prepend=log.trials[order][:1] - 1) != 0
    grown = np.where(first | (grown <= 0), clock[order], grown)  # a trial that is resumed has a new clock
    seconds = np.empty_like(grown)
    seconds[order] = grown
    starts = np.clip(ends - np.where(np.isfinite(seconds), np.maximum(seconds, 0.0), 0.0), 0.0, None)
    text = "a report ends when the tuner gets it, and lasted as long as the worker's clock went on since the last"
    notes = [Note("derived", text, len(ends))]
    if wrong.any():
        notes.append(Note("flagged", f"{_TIME} is missing, negative or not finite; no times", int(wrong.sum())))
    told = [[None if bad else value for value, bad in zip(side.tolist(), wrong)] for side in (starts, ends)]
    return told[0], told[1], notes


def _oddities(log: ExperimentLog, failed: NDArray[np.bool_]) -> list[Note]:
    notes: list[Note] = []
    silent = int(log.trials.max()) + 1 - len(np.unique(log.trials)) if log.trials.min() >= 0 else 0
    if silent > 0:
        text = f"{silent} trials up to number {log.trials.max()} have no report: they crashed or were stopped before it"
        notes.append(Note("flagged", text))
    if failed.any():
        notes.append(Note("flagged", "a metric is missing or not finite: counted as crashed", int(failed.sum())))
    return notes


def _searched(log: ExperimentLog) -> Searcher:
    """The scheduler; of those that take any searcher, with the searcher."""
    scheduler, settings = log.metadata.get("scheduler_name"), log.metadata.get("scheduler_kwargs")
    if not scheduler:
        return searcher("Syne Tune", log.path, own=False)
    told = settings.get("searcher") if isinstance(settings, dict) else None
    named = f"{scheduler} ({told})" if isinstance(told, str) and told else str(scheduler)
    kind = settings.get("type") if isinstance(settings, dict) else None
    if scheduler == "HyperbandScheduler" and isinstance(kind, str):
        named = _TYPES.get(kind, named)
    return searcher("Syne Tune", log.path, _LABELS.get(named, named), own=False)


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    settings = metadata.get("scheduler_kwargs")
    settings = settings if isinstance(settings, dict) else {}
    seed = settings.get("random_seed", metadata.get("seed"))
    told: dict[str, Any] = {"library": "Syne Tune", "backend": metadata.get("backend")}
    told |= {"seed": seed} if isinstance(seed, int) else {}
    told |= {"task": metadata["benchmark"]} if isinstance(metadata.get("benchmark"), str) else {}
    return told | ({"workers": metadata["n_workers"]} if isinstance(metadata.get("n_workers"), int) else {})
