"""An entry of SMAC's `runhistory.json` in all the forms its releases wrote."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ....run import Status
from ...parts.numbers import integer, real

FIELDS = (
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
DICT_FIELDS = (*FIELDS[:6], "cpu_time", *FIELDS[6:])
_KEY_FIELDS = ("config_id", "instance", "seed", "budget")
_NUMBERS = {0: Status.RUNNING, 1: Status.SUCCESS, 2: Status.CRASHED, 3: Status.TIMEOUT, 4: Status.MEMORY_OUT}  # SMAC 2
NUMBERED = {number: (status, status.name) for number, status in _NUMBERS.items()}
STATUSES = {
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
_WORDS = {word: (status, word) for word, status in STATUSES.items()}
_NESTED = 2  # [key, value]
_UNTIMED = 4  # fields of a value before 0.13: cost, time, status, additional
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
    if isinstance(first, dict) or len(first) == len(DICT_FIELDS):
        return "2.3-2.4"
    if len(first) != _NESTED or not all(isinstance(part, list) for part in first):
        return "2.0-2.2"
    key, value = first
    if len(value) > _UNTIMED:
        return "0.13-1.4"
    if len(key) == len(_KEY_FIELDS):
        return "0.12"
    return "0.10" if origins else "0.x"


def _fields(item: Any) -> dict[str, Any]:
    if isinstance(item, dict):
        return item
    if isinstance(item, list) and len(item) == len(FIELDS):
        return dict(zip(FIELDS, item, strict=True))
    if isinstance(item, list) and len(item) == len(DICT_FIELDS):
        return dict(zip(DICT_FIELDS, item, strict=True))
    if not isinstance(item, list) or len(item) != _NESTED:
        raise ValueError("neither an object nor a list of its fields")
    key, value = item
    fields: dict[str, Any] = dict(zip(_KEY_FIELDS, key))
    fields["budget"] = fields.get("budget") or None  # 0.0 where the optimizer knows no budgets
    fields["cost"], fields["time"], fields["status"], *more, fields["additional_info"] = value
    return fields | dict(zip(("starttime", "endtime"), more))


def _outcome(logged: Any) -> tuple[Status, str]:
    """Status, and SMAC's word for it: releases before 2.0 write that, later ones a number."""
    if isinstance(logged, str):
        logged = {"__enum__": logged}
    known: Mapping[Any, tuple[Status, str]] = NUMBERED
    if isinstance(logged, dict):
        known, logged = _WORDS, str(logged["__enum__"]).rpartition(".")[2]
    if logged not in known or isinstance(logged, float):
        raise ValueError(f"the status {logged!r:.40} is unknown")
    return known[logged]


def entry(item: Any) -> Entry:
    """One entry of any form.

    Raises:
        KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError: it is none of SMAC's.
    """
    fields = _fields(item)
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
    number = integer(value)
    if number is None:
        raise ValueError(f"{value!r:.40} is no integer of 64 bits")
    return number


def _finite(value: Any) -> float:
    number = real(value)
    if not math.isfinite(number):
        raise ValueError(f"the budget is {number}")
    return number


def _real(value: Any) -> float:
    """A number that may be NaN or infinite; null is NaN, as strict JSON has it."""
    return value if type(value) is float else math.nan if value is None else real(value)


def instance_text(instance: Any) -> str | None:
    """An instance as text; anything but text as JSON."""
    return instance if instance is None or isinstance(instance, str) else json.dumps(instance)
