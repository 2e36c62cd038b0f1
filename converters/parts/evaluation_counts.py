"""How many evaluations a run had made when each trial ended, and how many of them its log kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...run import Note


@dataclass(frozen=True)
class EvaluationCounts:
    """Counts of evaluations as a `Run` has them."""

    column: list[int | None]
    """The trial column `evaluation`, from 1, shape (n,)."""
    metadata: dict[str, Any]
    """`evaluations` and `improvements_only`, as far as they are known."""
    notes: tuple[Note, ...]
    """What is to be said."""


def count_evaluations(counts: Sequence[int | None], rows: int, told: int | None = None) -> EvaluationCounts:
    """Counts of evaluations from those that a log has.

    Args:
        counts: How many evaluations had been made when each trial ended, shape (n,); None where that is unknown. Where
            they begin at 0, one is added.
        rows: Trials in the log, with those that cannot be read.
        told: How many evaluations the run made in all, if the log says so.
    """
    known = [count for count in counts if count is not None]
    notes: list[Note] = []
    if known and min(known) == 0:
        counts = [None if count is None else count + 1 for count in counts]
        notes.append(Note("derived", "the log counts evaluations from 0: one was added", len(known)))
    last = max((count for count in counts if count is not None), default=0)
    if told is not None and told < last:
        notes.append(Note("flagged", f"the log says that the run made {told} evaluations, but counts up to {last}"))
        told = None
    made = last if told is None else told
    metadata: dict[str, Any] = {} if told is None else {"evaluations": told}
    if made > rows:
        notes.append(Note("flagged", _improvements(made, rows, sure=told is not None)))
        metadata["improvements_only"] = True
    return EvaluationCounts(list(counts), metadata, tuple(notes))


def _improvements(made: int, rows: int, *, sure: bool) -> str:
    return (
        f"the run made {'' if sure else 'at least '}{made} evaluations, of which its logger kept {rows}: improvements, "
        "mostly. What needs all trials (importance, footprint, duplicates, correlation) is not told of it"
    )
