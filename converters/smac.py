"""SMAC: `runhistory.json`, with the scenario and the configuration space beside it.

Releases 2.0 to 2.4 and the nested entries of 0.x and 1.x. See docs/formats.md for the statuses and the times.
"""

from __future__ import annotations

import filecmp
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..errors import EncaveError
from ..run import COST, EXTRA, Note, Objective, Optimizer, Run, Status
from . import sidecar as sidecars
from .extras import extra_columns
from .inferred_space import infer
from .jsontext import read_json
from .reader import Found, Listing, Options, ReadResult
from .sidecar import Sidecar
from .smac_files import RUN_HISTORY, Beside, Scenario, beside, read_scenario
from .smac_rows import UNSET, Entry, entries, instance_text, releases, times
from .space import LogSpace, known_space

_KEY = re.compile(rb'"(data|stats|configs|config_origins)"')


class SmacReader:
    """Reader of SMAC's run histories."""

    name = "smac"
    title = "SMAC"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """`runhistory*.json` that is empty or has one of the run history's keys near its beginning."""
        for name in listing.names:
            if RUN_HISTORY.fullmatch(name):
                head = listing.head(name)
                if not head.strip() or _KEY.search(head):
                    path = listing.folder / name
                    files = beside(path, listing.names).files
                    yield Found(path, (path, *files), "run history with data and configs")

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read a run history and what the files beside it say of it."""
        history, whole = read_json(found.path)
        data, configurations = _contents(history, found.path)
        rows, notes = entries(data)
        rows, orphans = _with_configuration(rows, configurations)
        notes += orphans
        files = beside(found.path, _names(found))
        if not whole:
            notes.append(Note("flagged", f"{found.path.name} breaks off: what comes before the break was read"))
        if not rows and (data or not whole or files.space is None):
            raise EncaveError(f"{found.path} has no trials" + "".join(f"; {note.text}" for note in notes))
        if not rows:
            notes.append(Note("flagged", "SMAC ended before its first trial: the log has none"))
        notes += _copies(found.path)
        scenario = read_scenario(files, notes)
        log = _Log(rows, configurations, _mapping(history.get("config_origins")), scenario, files)
        run = _run(log, found.path, options, notes)
        release = scenario.version or releases(data, origins="config_origins" in history)
        return ReadResult(run, release, len(data), dropped=len(data) - len(rows))


READER = SmacReader()


@dataclass(frozen=True)
class _Log:
    rows: list[Entry]
    configurations: dict[int, dict[str, Any]]
    origins: Mapping[str, Any]
    scenario: Scenario
    files: Beside


def _names(found: Found) -> list[str]:
    """Names of the files beside the run history, also where it was named on its own."""
    return [path.name for path in found.path.parent.iterdir() if path.is_file()]


def _copies(path: Path) -> list[Note]:
    """A note on run histories beside this one that are the same file, as synchronised folders have them."""
    others = (other for other in path.parent.glob("*.json") if RUN_HISTORY.fullmatch(other.name) and other != path)
    same = [other.name for other in others if filecmp.cmp(path, other, shallow=False)]
    return [Note("flagged", f"{', '.join(sorted(same))} is the same log, byte for byte")] if same else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _contents(history: Any, path: Path) -> tuple[list[Any], dict[int, dict[str, Any]]]:
    try:
        data, configurations = history["data"], history.get("configs", {})
        if not isinstance(data, list):
            raise TypeError("data is no list")
        return data, {int(number): dict(values) for number, values in configurations.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EncaveError(f"{path} is no run history of SMAC ({type(error).__name__}: {error})") from error


def _with_configuration(rows: list[Entry], configurations: Mapping[int, Any]) -> tuple[list[Entry], list[Note]]:
    known = [row for row in rows if row.config_id in configurations]
    lost = len(rows) - len(known)
    return known, [Note("dropped", "the log lacks their configuration", lost)] if lost else []


def _run(log: _Log, path: Path, options: Options, notes: list[Note]) -> Run:
    sidecar = sidecars.find(path)
    configurations = {number: _active(values) for number, values in log.configurations.items()}
    found = _space(log, path, options, sidecar, notes)
    if found is None:
        inferred = infer(configurations)
        found, configurations = LogSpace(inferred.space, True, inferred.notes), inferred.configurations
    count = max((len(row.cost) for row in log.rows), default=1)
    objectives = sidecar.objectives if sidecar else log.scenario.objectives(count)
    columns, told = _columns(log.rows, objectives, timed=sidecar is not None)
    if any(log.origins.values()):
        columns[EXTRA + "origin"] = pa.array([_origin(log.origins, row.config_id) for row in log.rows], pa.string())
    if sidecar:
        told += _schedule(sidecar, columns)
    return Run.from_columns(
        name=sidecar.run_name() if sidecar else log.scenario.name(path, log.files.suffix),
        optimizer=sidecar.optimizer if sidecar else Optimizer("SMAC", log.scenario.version),
        space=found.space,
        objectives=objectives,
        trials=columns,
        configurations=configurations,
        budget_name=sidecar.budget_name if sidecar else None,
        inferred_space=found.inferred,
        metadata=sidecar.metadata() if sidecar else log.scenario.metadata(),
        notes=[*notes, *found.notes, *told],
    )


def _space(log: _Log, path: Path, options: Options, sidecar: Sidecar | None, notes: list[Note]) -> LogSpace | None:
    """The space; None where there is none or it cannot be read, which is noted: the log's values then tell of it."""
    try:
        return known_space(path, options, sidecar, file=log.files.space, logged=log.configurations.values())
    except EncaveError as error:
        if log.files.space is None or not log.configurations:
            raise
        notes.append(Note("flagged", f"the configuration space beside the log was not used: {error}"))
        return None


def _schedule(sidecar: Sidecar, columns: dict[str, Any]) -> list[Note]:
    """Fill the budget in where the optimizer knows none but the runner says what every evaluation was run with."""
    schedule = (sidecar.content.get("benchmark") or {}).get("schedule")
    if schedule is None or any(budget is not None for budget in columns["budget"]):
        return []
    columns["budget"] = [float(schedule)] * len(columns["budget"])
    return [Note("derived", f"SMAC knows no budgets here: all trials have the {schedule} of encave.json")]


def _origin(origins: Mapping[str, Any], number: int) -> str | None:
    origin = origins.get(str(number))
    return None if origin is None else str(origin)


def _active(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Without the nulls, which stand for inactive hyperparameters."""
    return {name: value for name, value in configuration.items() if value is not None}


def _columns(
    rows: Sequence[Entry], objectives: Sequence[Objective], *, timed: bool
) -> tuple[dict[str, Any], list[Note]]:
    """Columns of the trials, and notes on what was derived or set right."""
    starts, ends, notes = times(rows, relative=timed)
    statuses, costs, more = _costs(rows, len(objectives))
    failed = np.array([status is not Status.SUCCESS for status in statuses], dtype=bool)
    cpu = np.array([np.nan if row.cpu_time is None else row.cpu_time for row in rows], dtype=np.float64)
    raw = failed & np.array([status is not Status.RUNNING for status in statuses], dtype=bool)
    if (raw & ~np.isnan(cpu)).any():
        text = "CPU time of trials that did not succeed is that of the whole process: left out"
        more.append(Note("flagged", text, int((raw & ~np.isnan(cpu)).sum())))
    columns: dict[str, Any] = {
        "config_id": [row.config_id for row in rows],
        "budget": [row.budget for row in rows],
        "seed": [row.seed for row in rows],
        "instance": [instance_text(row.instance) for row in rows],
        "status": statuses,
        "start": pa.array(starts, mask=np.isnan(starts)),
        "end": pa.array(ends, mask=np.isnan(ends)),
        "cpu_time": np.where(failed | ~np.isfinite(cpu), np.nan, cpu),
    }
    for objective, values in zip(objectives, costs.T, strict=True):
        columns[COST + objective.name] = np.where(failed, np.nan, values)
        if raw.any():
            columns[EXTRA + f"raw_{objective.name}"] = pa.array(values, mask=~raw)
    columns[EXTRA + "time"] = pa.array([row.time for row in rows], pa.float64())
    columns |= dict(_info(rows, columns, timed=timed))
    return columns, [*notes, *more]


def _costs(rows: Sequence[Entry], count: int) -> tuple[list[Status], NDArray[np.float64], list[Note]]:
    """Statuses, costs of shape (n, objectives), and notes; a success without finite costs is a crash."""
    none = [np.nan] * count
    costs = np.array([row.cost if len(row.cost) == count else none for row in rows], dtype=np.float64)
    costs = costs.reshape(len(rows), count)
    succeeded = np.array([row.status is Status.SUCCESS for row in rows], dtype=bool)
    unset = succeeded & (costs == UNSET).any(axis=1)
    wrong = succeeded & ~np.isfinite(costs).all(axis=1) | unset
    statuses = [Status.CRASHED if bad else row.status for row, bad in zip(rows, wrong.tolist(), strict=True)]
    reasons = {"is not finite": wrong & ~unset, f"is {UNSET:.0f}, which stands for none": unset}
    notes = [
        Note("flagged", f"logged as success, but the cost {reason}: counted as crashed", int(which.sum()))
        for reason, which in reasons.items()
        if which.any()
    ]
    renamed = {row.logged_status for row in rows} & {"CAPPED", "DONOTADVANCE", "STOP"}
    for name in sorted(renamed):
        number = sum(row.logged_status == name for row in rows)
        told = next(row.status for row in rows if row.logged_status == name).value
        notes.append(Note("assumed", f"SMAC's status {name} is {told} here", number))
    failed = sum(status not in (Status.SUCCESS, Status.RUNNING) for status in statuses)
    if failed:
        notes.append(Note("flagged", "failed: no cost; what SMAC used instead is kept as raw value", failed))
    return statuses, costs, notes


def _info(rows: Sequence[Entry], taken: Mapping[str, Any], *, timed: bool) -> Iterator[tuple[str, pa.Array]]:
    """Columns of `additional_info`; of encave's own runners the worker goes into its own column."""
    for name, column in extra_columns([row.info for row in rows]).items():
        if timed and name == EXTRA + "worker":
            yield (
                "worker",
                column.cast(pa.int64()).cast(pa.string())
                if pa.types.is_floating(column.type)
                else column.cast(pa.string()),
            )
        else:
            yield (name if name not in taken else f"{EXTRA}info.{name.removeprefix(EXTRA)}"), column
