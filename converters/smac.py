"""SMAC: `runhistory.json` with `scenario.json` and `configspace.json` beside it.

Releases 2.0 to 2.4 and the nested entries of 0.x and 1.x. See docs/formats.md for the statuses and the times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from .names import study_name
from .reader import Found, Listing, Options, ReadResult
from .sidecar import Sidecar
from .smac_rows import Entry, entries, instance_text, releases, times
from .space import SPACE_FILE, LogSpace, known_space

SCENARIO_FILE = "scenario.json"
_NAME = re.compile(r"runhistory.*\.json", re.IGNORECASE)
_KEY = re.compile(rb'"(data|stats|configs|config_origins)"')
_HASH = re.compile(r"[0-9a-f]{32}")


class SmacReader:
    """Reader of SMAC's run histories."""

    name = "smac"
    title = "SMAC"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """`runhistory*.json` that is empty or has one of the run history's keys near its beginning."""
        for name in listing.names:
            if _NAME.fullmatch(name):
                head = listing.head(name)
                if not head.strip() or _KEY.search(head):
                    beside = [
                        listing.folder / other
                        for other in (SCENARIO_FILE, SPACE_FILE)
                        if (listing.folder / other).is_file()
                    ]
                    yield Found(
                        listing.folder / name, (listing.folder / name, *beside), "run history with data and configs"
                    )

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read a run history and what its scenario says of it."""
        history, whole = read_json(found.path)
        data, configurations = _contents(history, found.path)
        rows, notes = entries(data)
        rows, orphans = _with_configuration(rows, configurations)
        notes += orphans
        if not whole:
            notes.append(Note("flagged", f"{found.path.name} breaks off: what comes before the break was read"))
        if not rows:
            raise EncaveError(f"{found.path} has no trials" + "".join(f"; {note.text}" for note in notes))
        run, release = _run(rows, configurations, history, found.path, options, notes)
        return ReadResult(run, release or releases(history), len(data), dropped=len(data) - len(rows))


READER = SmacReader()


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


def _run(
    rows: list[Entry],
    configurations: dict[int, dict[str, Any]],
    history: Mapping[str, Any],
    path: Path,
    options: Options,
    notes: list[Note],
) -> tuple[Run, str | None]:
    sidecar = sidecars.find(path)
    scenario = _scenario(path, notes)
    configurations = {number: _active(values) for number, values in configurations.items()}
    found = known_space(path, options, sidecar)
    if found is None:
        inferred = infer(configurations)
        found, configurations = LogSpace(inferred.space, True, inferred.notes), inferred.configurations
    version = (scenario.get("_meta") or {}).get("version")
    objectives = sidecar.objectives if sidecar else _objectives(scenario, len(rows[0].cost))
    columns, told = _columns(rows, objectives, timed=sidecar is not None)
    origins = history.get("config_origins") or {}
    if any(origins.values()):
        columns[EXTRA + "origin"] = pa.array([_origin(origins, row.config_id) for row in rows], pa.string())
    if sidecar:
        told += _schedule(sidecar, columns)
    run = Run.from_columns(
        name=sidecar.run_name() if sidecar else _name(scenario, path),
        optimizer=sidecar.optimizer if sidecar else Optimizer("SMAC", version),
        space=found.space,
        objectives=objectives,
        trials=columns,
        configurations=configurations,
        budget_name=sidecar.budget_name if sidecar else None,
        inferred_space=found.inferred,
        metadata=sidecar.metadata() if sidecar else _metadata(scenario),
        notes=[*notes, *found.notes, *told],
    )
    return run, version


def _schedule(sidecar: Sidecar, columns: dict[str, Any]) -> list[Note]:
    """Fill the budget in where the optimizer knows none but the runner says what every evaluation was run with."""
    schedule = (sidecar.content.get("benchmark") or {}).get("schedule")
    if schedule is None or any(budget is not None for budget in columns["budget"]):
        return []
    columns["budget"] = [float(schedule)] * len(columns["budget"])
    return [Note("derived", f"SMAC knows no budgets here: all trials have the {schedule} of encave.json")]


def _scenario(path: Path, notes: list[Note]) -> dict[str, Any]:
    beside = path.parent / SCENARIO_FILE
    if not beside.is_file():
        return {}
    try:
        scenario, _ = read_json(beside)
    except EncaveError as error:
        notes.append(Note("flagged", f"the scenario cannot be read: {error}"))
        return {}
    return scenario if isinstance(scenario, dict) else {}


def _objectives(scenario: Mapping[str, Any], count: int) -> list[Objective]:
    names = scenario.get("objectives", "cost")
    names = [names] if isinstance(names, str) else [str(name) for name in names]
    return [Objective(name) for name in (names if len(names) == count else [f"cost_{i}" for i in range(count)])]


def _name(scenario: Mapping[str, Any], path: Path) -> str:
    name = str(scenario.get("name") or "")
    if not name or _HASH.fullmatch(name):
        name = study_name(path, "SMAC")
    elif "smac" not in name.lower():
        name = f"SMAC-{name}"
    seed = scenario.get("seed")
    return name if seed is None else f"{name}-seed{seed}"


def _metadata(scenario: Mapping[str, Any]) -> dict[str, Any]:
    facade = ((scenario.get("_meta") or {}).get("facade") or {}).get("name")
    kept = {"seed": scenario.get("seed"), "workers": scenario.get("n_workers"), "facade": facade}
    return {"group": "SMAC", **{key: value for key, value in kept.items() if value is not None}}


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
        "cpu_time": np.where(failed, np.nan, cpu),
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
    costs = np.full((len(rows), count), np.nan)
    for i, row in enumerate(rows):
        costs[i, : len(row.cost)] = row.cost[:count] if len(row.cost) == count else np.nan
    wrong = ~np.isfinite(costs).all(axis=1) & np.array([row.status is Status.SUCCESS for row in rows])
    statuses = [Status.CRASHED if bad else row.status for row, bad in zip(rows, wrong.tolist(), strict=True)]
    notes: list[Note] = []
    if wrong.any():
        notes.append(
            Note("flagged", "logged as success, but the cost is not finite: counted as crashed", int(wrong.sum()))
        )
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
