"""A study of Optuna in memory: what its storages have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import numpy as np

from ..run import Note, Status
from .optuna_domains import Domain

STATES = {
    "COMPLETE": Status.SUCCESS,
    "PRUNED": Status.ABORTED,
    "FAIL": Status.CRASHED,
    "RUNNING": Status.RUNNING,
    "WAITING": Status.NOT_EVALUATED,
}
"""Optuna's states."""
_STORED = re.compile(r"[1-9][0-9]{3}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?")
STATE_NAMES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
"""Names of the states by their number."""


@dataclass
class Trial:
    """A trial as Optuna has it."""

    number: int
    """Its number in the study."""
    state: str
    """One of `STATE_NAMES`."""
    values: dict[int, float] = field(default_factory=dict)
    """Objective → value; may be infinite."""
    start: float | None = None
    """Seconds since 1970."""
    end: float | None = None
    """Seconds since 1970."""
    user: dict[str, Any] = field(default_factory=dict)
    """User attributes."""
    system: dict[str, Any] = field(default_factory=dict)
    """System attributes."""
    steps: dict[int, float | None] = field(default_factory=dict)
    """Step → intermediate value."""
    worker: str | None = None
    """Which worker ran it, where the storage tells."""


@dataclass(frozen=True)
class Tried:
    """What was tried of a parameter, in the order of the trials."""

    rows: list[int]
    """Positions of the trials that have it, ascending, shape (n,)."""
    values: list[Any]
    """Its values there, shape (n,)."""
    domains: list[Domain]
    """Its distinct distributions there."""


def by_parameter(trials: Iterable[Mapping[str, tuple[Any, Domain]]]) -> dict[str, Tried]:
    """Parameter → what was tried of it.

    Args:
        trials: Per trial, parameter → value and distribution.
    """
    rows: dict[str, list[tuple[int, Any, Domain]]] = {}
    for row, params in enumerate(trials):
        for name, (value, domain) in params.items():
            rows.setdefault(name, []).append((row, value, domain))
    return {
        name: Tried(
            rows=[row for row, _, _ in told],
            values=[value for _, value, _ in told],
            domains=list(dict.fromkeys({id(domain): domain for _, _, domain in told}.values())),
        )
        for name, told in rows.items()
    }


@dataclass
class Study:
    """A study as Optuna has it."""

    name: str
    """Its name, unique in a storage."""
    directions: list[str]
    """MINIMIZE, MAXIMIZE or NOT_SET per objective."""
    trials: list[Trial] = field(default_factory=list)
    """In the order of their numbers."""
    parameters: dict[str, Tried] = field(default_factory=dict)
    """Parameter → what was tried of it, in the order in which the trials have them."""
    user: dict[str, Any] = field(default_factory=dict)
    """User attributes."""
    system: dict[str, Any] = field(default_factory=dict)
    """System attributes."""
    release: str | None = None
    """Release of Optuna."""
    sampler: str | None = None
    """Name of the sampler's class, where the log tells."""
    notes: list[Note] = field(default_factory=list)
    """What was found in reading."""
    dropped: int = 0
    """Trials that could not be read."""


def seconds(value: Any) -> float | None:
    """Seconds since 1970 of a date as text or object; what has no time zone counts as UTC; None for None.

    Raises:
        ValueError: it is no date.
        TypeError: likewise.
    """
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def all_seconds(values: Sequence[Any]) -> list[float | None] | None:
    """The same for many dates of the form that Optuna stores, shape (n,); None if one of them has another form."""
    texts = [value for value in values if value is not None]
    if not all(isinstance(text, str) and _STORED.fullmatch(text) for text in texts):
        return None
    try:
        stamps = np.array(texts, dtype="datetime64[us]").astype(np.int64) / 1e6
    except ValueError:
        return None
    found = iter(stamps.tolist())
    return [None if value is None else next(found) for value in values]
