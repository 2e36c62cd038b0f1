"""Statuses and objective values that agree: a success has all values, finite ones, and only a success has any."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...run import COST, EXTRA, Note, Status
from .words import listed


@dataclass(frozen=True)
class Outcomes:
    """How trials ended."""

    statuses: list[Status]
    """Shape (n,)."""
    columns: dict[str, list[float | None]]
    """`cost:<objective>`, and `extra:raw_<objective>` where a trial without success had a value."""
    notes: tuple[Note, ...]
    """What was derived."""


def outcomes(statuses: Sequence[Status], costs: Mapping[str, Sequence[float | None]]) -> Outcomes:
    """Make statuses and objective values agree: a success without a finite value of every objective is a crash.

    Args:
        statuses: Status of each trial as logged, shape (n,).
        costs: Objective → values as logged, shape (n,).
    """
    finite = {name: [v is not None and math.isfinite(v) for v in values] for name, values in costs.items()}
    measured = [all(flags[row] for flags in finite.values()) for row in range(len(statuses))]
    agreed = [
        Status.CRASHED if status is Status.SUCCESS and not whole else status
        for status, whole in zip(statuses, measured, strict=True)
    ]
    changed = sum(old is not new for old, new in zip(statuses, agreed, strict=True))
    lacking = "of every objective" if len(costs) > 1 else "of the objective"
    text = f"a success without a finite value {lacking} is taken for crashed"
    columns: dict[str, list[float | None]] = {}
    for name, values in costs.items():
        kept = [ok and status is Status.SUCCESS for ok, status in zip(finite[name], agreed, strict=True)]
        columns[COST + name] = [value if keep else None for value, keep in zip(values, kept, strict=True)]
        raw = [None if keep else value for value, keep in zip(values, kept, strict=True)]
        if any(value is not None for value in raw):
            columns[f"{EXTRA}raw_{name}"] = raw
    return Outcomes(agreed, columns, (Note("derived", text, changed),) if changed else ())


def unknown_words(words: Iterable[object], known: Container[object], taken_for: str) -> list[Note]:
    """That statuses are words which the format is not known to have, if so.

    Args:
        words: How trials ended, in the log's words.
        known: Those that the format has.
        taken_for: What trials with others are taken for.
    """
    odd = [word for word in words if word not in known]
    if not odd:
        return []
    shown = list(dict.fromkeys(f"{word!r:.40}" for word in odd))
    text = f"what the log says of how a trial ended is unknown ({listed(shown)}): {taken_for}"
    return [Note("assumed", text, len(odd))]
