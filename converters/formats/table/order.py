"""The order of a home-made table's rows: that of the trials where a column tells it."""

from __future__ import annotations

from collections.abc import Sequence

from ....run import Note
from .mapping import Mapped
from .rows import TableRows

ORDERED = ("trial_id", "evaluation", "end", "start")
"""Roles that tell the order of trials, the first that is mapped."""
_FEWEST = 5
"""Rows that are sorted by chance too seldom to be passed over."""


def in_order(everything: TableRows, chosen: Sequence[int], mapped: Mapped) -> tuple[list[int], list[Note]]:
    """The chosen rows by the first of trial_id, evaluation, end and start that is mapped, else as they are.

    Rows without a value of it go last. Without any such column a table that is sorted by its objective is flagged.
    """
    rows = TableRows(everything.table, chosen, everything.path)
    role = next((role for role in ORDERED if role in mapped.roles), None)
    if role is None:
        return list(chosen), _sorted_by_value(rows, mapped)
    column = mapped.roles[role]
    counted = role in ("trial_id", "evaluation")
    if not counted and everything.table.later:  # told by the order of the rows
        return list(chosen), []
    values = rows.integers(column) if counted else rows.seconds(column, 1.0)
    order = sorted(range(len(rows)), key=lambda row: (values[row] is None, values[row] or 0))
    moved = sum(place != row for place, row in enumerate(order))
    notes = [Note("derived", f"rows are put in the order of {column}", moved)] if moved else []
    return [chosen[row] for row in order], notes


def _sorted_by_value(rows: TableRows, mapped: Mapped) -> list[Note]:
    column = next(iter(mapped.objectives))
    values = [value for value in rows.numbers(column) if value is not None]
    if len(values) < _FEWEST or len(set(values)) == 1 or values not in (sorted(values), sorted(values, reverse=True)):
        return []
    told = "say the order with trial_id=, evaluation=, start= or end=, or curves begin with the best"
    return [Note("flagged", f"rows look sorted by value ({column}): {told}", len(rows))]
