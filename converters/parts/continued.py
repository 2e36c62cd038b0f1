"""Trials that continue others: reports at rising budgets of one training, which cost the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...run import Note


@dataclass(frozen=True)
class Reports:
    """What follows from several reports of one training."""

    columns: dict[str, Any]
    """The trial columns `continues` and `evaluation`, shape (n,); empty where each is a call that continues none."""
    notes: tuple[Note, ...]
    """What is to be said."""


def reports(
    training: Sequence[int], budget: Sequence[float | None], ends: Sequence[float | None], begins: Sequence[bool]
) -> Reports:
    """What the reports of trainings are as trials with the numbers 0, 1, 2, ….

    A report continues the one before it of its training, in the log's order, where its budget is higher, or the same in
    one call. All reports of one call of the objective are one evaluation, which counts from the first of them on.

    Args:
        training: Which one each report is of, shape (n,).
        budget: Their budgets, shape (n,).
        ends: When they came in, shape (n,), to count evaluations; the log's order where any is unknown.
        begins: Whether each is known to be the first of a call, shape (n,); the first of a training is.
    """
    last: dict[int, int] = {}
    continues: list[int | None] = []
    first = np.array(begins, dtype=bool)
    for row, (own, level) in enumerate(zip(training, budget, strict=True)):
        before = last.get(own)
        first[row] |= before is None
        below = None if before is None else budget[before]
        goes_on = below is not None and level is not None and (below < level or (below == level and not first[row]))
        continues.append(before if goes_on else None)
        last[own] = row
    notes: list[Note] = []
    added = sum(row is not None for row in continues)
    further = int((~first).sum())
    if not added and not further:
        return Reports({}, ())
    if added:
        text = "reports at a higher budget continue the one before of their trial: they cost the difference"
        notes.append(Note("derived", text, added))
    if further:
        text = "further reports of one call of the objective are no further evaluations"
        notes.append(Note("derived", text, further))
    return Reports({"continues": continues, "evaluation": _counted(first, ends)}, tuple(notes))


def _counted(first: NDArray[np.bool_], ends: Sequence[float | None]) -> list[int]:
    """How many evaluations had begun to report when each report came in, shape (n,)."""
    stamps = np.array([np.nan if end is None else end for end in ends])
    order = np.arange(len(first)) if np.isnan(stamps).any() else np.argsort(stamps, kind="stable")
    counts = np.empty(len(first), dtype=np.int64)
    counts[order] = np.cumsum(first[order])
    return counts.tolist()
