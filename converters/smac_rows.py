"""The entries of SMAC's `runhistory.json` in all the forms its releases wrote, as columns."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..run import Note, Status

_FIELDS = (
    "config_id",
    "instance",
    "seed",
    "budget",
    "cost",
    "time",
    "status",
    "starttime",
    "endtime",
    "additional_info",
)
_DICT_FIELDS = (*_FIELDS[:6], "cpu_time", *_FIELDS[6:])
_KEY_FIELDS = ("config_id", "instance", "seed", "budget")
_NUMBERS = {0: Status.RUNNING, 1: Status.SUCCESS, 2: Status.CRASHED, 3: Status.TIMEOUT, 4: Status.MEMORY_OUT}  # SMAC 2
_NUMBERED = {number: (status, status.name) for number, status in _NUMBERS.items()}
_NAMES = {
    "SUCCESS": Status.SUCCESS,
    "DONOTADVANCE": Status.SUCCESS,  # a valid result of a run that shall get no higher budget
    "RUNNING": Status.RUNNING,
    "TIMEOUT": Status.TIMEOUT,
    "CAPPED": Status.TIMEOUT,
    "MEMOUT": Status.MEMORY_OUT,
    "MEMORYOUT": Status.MEMORY_OUT,
    "CRASHED": Status.CRASHED,
    "ABORT": Status.ABORTED,
    "STOP": Status.ABORTED,
}
_LONG_MAX = 2**63 - 1
_NESTED = 2  # [key, value]
_UNTIMED = 4  # fields of a value before 0.13: cost, time, status, additional
_BACKWARDS = "end before start: the end is unknown"
EPOCH = 1e9  # seconds; times beyond it are of the clock, not of the run
UNSET = 2147483647.0
"""Cost of a trial that has none: SMAC's largest integer."""


class Entry(NamedTuple):
    """One trial as SMAC logged it."""

    config_id: int
    """Number of its configuration, from 1."""
    instance: Any
    """Instance or null; text, possibly with JSON in it."""
    seed: int | None
    """Seed."""
    budget: float | None
    """Budget; null where there is none."""
    cost: list[float]
    """One value per objective; a sentinel or infinite where it failed."""
    time: float
    """Seconds of the target function as SMAC measured them or was told."""
    cpu_time: float | None
    """CPU seconds; 2.3 and later."""
    status: Status
    """How it ended."""
    logged_status: str
    """The status in SMAC's own words."""
    start: float | None
    """Seconds, mostly of the clock; 0.0 where nobody told."""
    end: float | None
    """As `start`."""
    info: dict[str, Any]
    """`additional_info`."""


def releases(data: Sequence[Any], *, origins: bool) -> str | None:
    """The releases of SMAC that write entries of this form; None where there are no entries.

    Args:
        data: The entries.
        origins: Whether the run history has `config_origins`.
    """
    first = next((item for item in data if isinstance(item, list | dict)), None)
    if first is None:
        return None
    if isinstance(first, dict) or len(first) == len(_DICT_FIELDS):
        return "2.3-2.4"
    if len(first) != _NESTED or not all(isinstance(part, list) for part in first):
        return "2.0-2.2"
    key, value = first
    if len(value) > _UNTIMED:
        return "0.13-1.4"
    if len(key) == len(_KEY_FIELDS):
        return "0.12"
    return "0.10" if origins else "0.x"


def entries(data: Sequence[Any]) -> tuple[list[Entry], list[Note]]:
    """The entries that can be understood, and a note on those that cannot."""
    parsed: list[Entry] = []
    dropped: Counter[str] = Counter()
    for item in data:
        try:
            parsed.append(_entry(_fields(item)))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            dropped[f"an entry is none of SMAC's ({type(error).__name__}: {error})"] += 1
    return parsed, [Note("dropped", reason, count) for reason, count in dropped.items()]


def _fields(item: Any) -> dict[str, Any]:
    if isinstance(item, dict):
        return item
    if len(item) == len(_FIELDS):
        return dict(zip(_FIELDS, item, strict=True))
    if len(item) == len(_DICT_FIELDS):
        return dict(zip(_DICT_FIELDS, item, strict=True))
    key, value = item
    fields: dict[str, Any] = dict(zip(_KEY_FIELDS, key))
    fields["budget"] = fields.get("budget") or None  # 0.0 where the optimizer knows no budgets
    fields["cost"], fields["time"], fields["status"], *more, fields["additional_info"] = value
    return fields | dict(zip(("starttime", "endtime"), more))


def _outcome(logged: Any) -> tuple[Status, str]:
    """Status, and SMAC's word for it: releases before 2.0 write that, later ones a number."""
    if isinstance(logged, str):
        logged = {"__enum__": logged}
    if not isinstance(logged, dict):
        return _NUMBERED[logged]
    word = str(logged["__enum__"]).rpartition(".")[2]
    return _NAMES[word], word


def _entry(fields: dict[str, Any]) -> Entry:
    outcome, word = _outcome(fields["status"])
    get, cost, info = fields.get, fields["cost"], fields.get("additional_info")
    seed, budget, cpu_time, start, end = get("seed"), get("budget"), get("cpu_time"), get("starttime"), get("endtime")
    return Entry(
        config_id=_integer(fields["config_id"]),
        instance=fields["instance"],
        seed=None if seed is None else _integer(seed),
        budget=None if budget is None else _finite(budget),
        cost=[_real(value) for value in cost] if isinstance(cost, list) else [_real(cost)],
        time=_real(fields["time"]),
        cpu_time=None if cpu_time is None else _real(cpu_time),
        status=outcome,
        logged_status=word,
        start=None if start is None else _real(start),
        end=None if end is None else _real(end),
        info=info if isinstance(info, dict) else {} if not info else {"additional_info": info},
    )


def _integer(value: Any) -> int:
    if type(value) is int and -_LONG_MAX <= value <= _LONG_MAX:
        return value
    number = int(value)
    if number != value or isinstance(value, bool) or abs(number) > _LONG_MAX:
        raise ValueError(f"{value!r:.40} is no integer of 64 bits")
    return number


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"the budget is {number}")
    return number


def _real(value: Any) -> float:
    """A number that may be NaN or infinite; null is NaN, as strict JSON has it."""
    return math.nan if value is None else float(value)


def times(rows: Sequence[Entry], *, relative: bool) -> tuple[NDArray[np.float64], NDArray[np.float64], list[Note]]:
    """Start and end of each trial in seconds from the run's start, shape (n,), NaN where unknown, and notes.

    Args:
        rows: The entries.
        relative: Whether the logged times already count from the run's start, as with encave's own runners.
    """
    starts, ends = (np.array([np.nan if v is None else v for v in values], dtype=np.float64) for values in _pairs(rows))
    starts, ends = np.where(np.isfinite(starts), starts, np.nan), np.where(np.isfinite(ends), ends, np.nan)
    notes: list[Note] = []
    running = np.array([row.status is Status.RUNNING for row in rows], dtype=bool)
    if not relative and len(rows):
        if not (np.nan_to_num(starts) > 0).any() and not (np.nan_to_num(ends) > 0).any():
            return _accumulated(rows, running)
        if (starts > EPOCH).any():
            unset = ~(starts > EPOCH)
            starts, ends = np.where(unset, np.nan, starts), np.where(unset, np.nan, ends)
            base = np.nanmin(starts)
            starts, ends = starts - base, ends - base
            notes.append(Note("derived", "times are relative to the start of the first trial"))
    early = starts < 0
    backwards = ~running & ~early & (ends < starts)
    for wrong, text in ((early, "start before the run: the times are unknown"), (backwards, _BACKWARDS)):
        if wrong.any():
            notes.append(Note("flagged", text, int(wrong.sum())))
    starts = np.where(early, np.nan, starts)
    ends = np.where(running | early | backwards, np.nan, ends)
    unknown = int((np.isnan(starts) & ~running).sum())
    if unknown:
        notes.append(Note("flagged", "trials without times", unknown))
    return starts, ends, notes


def _pairs(rows: Sequence[Entry]) -> tuple[list[float | None], list[float | None]]:
    return [row.start for row in rows], [row.end for row in rows]


def _accumulated(
    rows: Sequence[Entry], running: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[Note]]:
    seconds = np.array([row.time for row in rows], dtype=np.float64)
    unusable = ~running & ~(np.isfinite(seconds) & (seconds >= 0))
    ended = ~running
    if ended.any() and (unusable[ended] | (seconds[ended] == 0)).all():
        unknown = np.full(len(rows), np.nan)
        return unknown, unknown, [Note("flagged", "the log has no times, and no running times either", len(rows))]
    seconds = np.where(running | unusable, 0.0, seconds)
    ends = np.cumsum(seconds)
    starts = np.concatenate([[0.0], ends[:-1]])[: len(ends)]
    text = "the log has no start and end times: a trial's end is the accumulated running time"
    notes = [] if running.all() else [Note("derived", text, int((~running).sum()))]
    if unusable.any():
        notes.append(Note("flagged", "time is negative or not finite: taken as 0", int(unusable.sum())))
    return np.where(running, np.nan, starts), np.where(running, np.nan, ends), notes


def instance_text(instance: Any) -> str | None:
    """An instance as text; anything but text as JSON."""
    return instance if instance is None or isinstance(instance, str) else json.dumps(instance)
