"""A study of Optuna in memory: what its storages have in common."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import numpy as np

from ....run import Note, Status
from ...parts.clock import HOUR, back_an_hour, forward_an_hour
from ...parts.times import iso_text
from .domains import Domain

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
class OptunaTrial:
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
class OptunaStudy:
    """A study as Optuna has it."""

    name: str
    """Its name, unique in a storage."""
    directions: list[str]
    """MINIMIZE, MAXIMIZE or NOT_SET per objective."""
    trials: list[OptunaTrial] = field(default_factory=list)
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
    """Seconds since 1970 of a date as text or object; what has no time zone counts as UTC.

    None for None, NaN for what is no date, so that the trial is kept and only its time is unknown.
    """
    if value is None:
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(iso_text(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    except (ValueError, TypeError, AttributeError, OverflowError):
        return math.nan


def all_seconds(values: Sequence[Any]) -> list[float | None] | None:
    """The same for many dates of the form that Optuna stores, shape (n,); None if one of them has another form."""
    texts = [value for value in values if value is not None]
    try:
        if not all(map(_STORED.fullmatch, texts)):
            return None
        stamps = np.array(texts, dtype="datetime64[us]").astype(np.int64) / 1e6
    except (ValueError, TypeError):  # TypeError: one is no text
        return None
    found = iter(stamps.tolist())
    return [None if value is None else next(found) for value in values]


def settle_times(study: OptunaStudy) -> None:
    """Leave out times that are no dates, and put right those after a clock went back an hour; both are noted.

    Optuna writes local times without their zone, so when summer time ends an hour comes twice. Its numbers tell the
    order: a trial that starts half an hour to an hour before the ones of lower numbers, as do all after it, starts in
    the second of them. Enqueued trials, which start in any order, tell nothing.
    """
    unknown = 0
    for trial in study.trials:
        start, end = trial.start, trial.end
        if start != start or end != end:  # NaN
            trial.start, trial.end = (None if stamp != stamp else stamp for stamp in (start, end))
            unknown += 1
    if unknown:
        study.notes.append(Note("flagged", "a time is no date: it is left out", unknown))
    later = _after_change(study.trials)
    changed = 0
    for trial in study.trials if later else ():
        before = (trial.start, trial.end)
        if id(trial) in later:
            trial.start = None if trial.start is None else trial.start + HOUR
            trial.end = None if trial.end is None else trial.end + HOUR
        elif trial.start is not None and trial.end is not None and -HOUR <= trial.end - trial.start < 0:
            trial.end += HOUR
        changed += before != (trial.start, trial.end)
    if changed:
        text = (
            "the clock went back an hour, as summer time ends: later times are an hour later, as Optuna's numbers say"
        )
        study.notes.append(Note("flagged", text, changed))
    else:
        study.notes += forward_an_hour([trial.start for trial in study.trials], [trial.end for trial in study.trials])


def _after_change(trials: Sequence[OptunaTrial]) -> set[int]:
    """Identities of the trials from the one on whose start goes back by up to an hour and stays behind."""
    told = [trial for trial in trials if trial.start is not None and "fixed_params" not in trial.system]
    place = back_an_hour([trial.start for trial in told if trial.start is not None])
    if place is not None:
        return {id(trial) for trial in trials if trial.number >= told[place].number}
    return set()
