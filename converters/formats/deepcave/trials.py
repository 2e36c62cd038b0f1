"""What DeepCAVE's two forms of a log share: statuses, stand-ins for "none", the objective `Time`, and times."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ....run import EXTRA, Note, Objective, Status
from ...parts.clock import from_start
from ...parts.extras import extra_columns
from ...parts.outcomes import outcomes
from ...parts.times import Times

STATUSES = {
    "SUCCESS": Status.SUCCESS,
    "TIMEOUT": Status.TIMEOUT,
    "MEMORYOUT": Status.MEMORY_OUT,
    "CRASHED": Status.CRASHED,
    "ABORTED": Status.ABORTED,
    "NOT_EVALUATED": Status.NOT_EVALUATED,
    "FAILED": Status.CRASHED,
    "PRUNED": Status.ABORTED,
    "UNKNOWN": Status.NOT_EVALUATED,
}
"""DeepCAVE's name of a status → status; its numbers are the positions from 1."""

_AMBIGUOUS = frozenset({"FAILED", "PRUNED", "UNKNOWN"})
_TIME = "Time"  # what DeepCAVE's converters add to the objectives
_SCHEMA = ("worker", "instance")


@dataclass(frozen=True)
class LoggedColumns:
    """Columns of a log as DeepCAVE has them, shape (n,) each."""

    budget: Sequence[float | None]
    """-1, 0 and infinity can mean that there is none."""
    seed: Sequence[int | None]
    """-1 means that there is none."""
    status: Sequence[str]
    """Keys of `STATUSES`."""
    start: Sequence[float | None]
    """Seconds."""
    end: Sequence[float | None]
    """Seconds."""
    costs: Mapping[str, Sequence[float | None]]
    """Objective → values."""
    additional: Sequence[Mapping[str, Any]]
    """Other fields per trial."""


@dataclass(frozen=True)
class Cleaned:
    """Columns of a run's trials."""

    columns: dict[str, Any]
    """As `Run.from_columns` takes them, without `config_id`."""
    objectives: list[Objective]
    """The objectives, without a `Time` that only repeats the times."""
    notes: list[Note] = field(default_factory=list)
    """What was derived or flagged."""


def clean(logged: LoggedColumns, objectives: Sequence[Objective]) -> Cleaned:
    """Turn the columns of a DeepCAVE log into those of a run."""
    times, notes = from_start(logged.start, logged.end)
    kept = [o for o in objectives if not (o.name == _TIME and len(objectives) > 1 and _repeats(logged, times))]
    if len(kept) < len(objectives):
        notes.append(Note("derived", "the objective Time is left out: it is end minus start in every trial"))
    ended = outcomes([STATUSES[name] for name in logged.status], {o.name: logged.costs[o.name] for o in kept})
    columns: dict[str, Any] = {
        "budget": _budgets(logged.budget, notes),
        "seed": [None if seed is None or seed < 0 else seed for seed in logged.seed],
        "status": ended.statuses,
        "start": times.start,
        "end": times.end,
        **ended.columns,
    }
    if any(name in _AMBIGUOUS for name in logged.status):
        columns[EXTRA + "deepcave_status"] = list(logged.status)
    return Cleaned(columns | _additional(logged.additional), kept, [*notes, *ended.notes])


def _repeats(logged: LoggedColumns, times: Times) -> bool:
    rows = zip(logged.costs[_TIME], times.start, times.end, logged.status, strict=True)
    return all(
        cost == end - start if start is not None and end is not None and status == "SUCCESS" else cost is None
        for cost, start, end, status in rows
    )


def _budgets(budgets: Sequence[float | None], notes: list[Note]) -> list[float | None]:
    usable = [None if value is None or value < 0 or not math.isfinite(value) else float(value) for value in budgets]
    if any(usable):
        lost = sum(value is None for value in usable)
        if lost:
            notes.append(Note("derived", "a budget of -1, infinity or nothing stands for no budget", lost))
        return usable
    if any(value is not None for value in budgets):
        notes.append(Note("derived", "budgets of 0, -1 or infinity stand for no budget", len(usable)))
    return [None] * len(usable)


def _additional(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Other fields as extra columns, also those written with the prefix; three are columns of their own."""
    extras = extra_columns(rows)
    columns: dict[str, Any] = {}
    ids = [row.get("trial_id") for row in rows]
    if ids and all(type(value) is int for value in ids) and len(set(ids)) == len(ids):
        columns["trial_id"] = ids
        del extras[EXTRA + "trial_id"]
    for name in _SCHEMA:
        if extras.pop(EXTRA + name, None) is not None:
            columns[name] = [None if row.get(name) is None else str(row[name]) for row in rows]
    return columns | {name.replace(EXTRA + EXTRA, EXTRA, 1): values for name, values in extras.items()}
