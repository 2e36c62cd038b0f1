"""Local times of a table without their zone: when summer time ends, an hour comes twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from itertools import pairwise

from ....run import Note
from ...parts.clock import HOUR, back_an_hour, forward_an_hour
from ...parts.times import iso_text
from .mapping import Mapped
from .rows import TableRows

_SUNDAY, _UNTIL = 6, 3  # the day, and the hour at which clocks go back at the latest


def after_change(rows: TableRows, mapped: Mapped) -> tuple[frozenset[int], list[Note]]:
    """Numbers of the rows that come after the clock went back an hour, none if it did not, and how it was changed.

    The order of the trials is that of `trial_id`; without one, that of the rows where only this one goes back.

    Args:
        rows: The rows of one run, as they stand in the file.
        mapped: What their columns are.
    """
    column = mapped.roles.get("start") or mapped.roles.get("end")
    if column is None or not all(map(_is_local, rows.raw(column))):
        return frozenset(), []
    stamps = rows.seconds(column, 1.0)
    ends = rows.seconds(mapped.roles["end"], 1.0) if "end" in mapped.roles else []
    numbers = rows.integers(mapped.roles["trial_id"]) if "trial_id" in mapped.roles else [None] * len(rows)
    order = sorted((row for row in range(len(rows)) if stamps[row] is not None), key=lambda row: numbers[row] or 0)
    told = [stamp for row in order if (stamp := stamps[row]) is not None]
    place = back_an_hour(told)
    if place is None or not _may_change(max(told[:place])) or ("trial_id" not in mapped.roles and _descents(told) > 1):
        return frozenset(), forward_an_hour(stamps, ends)
    later = [rows.rows[row] for row in order[place:]]
    text = "the clock went back an hour, as summer time ends: later times are an hour later, as the order of rows says"
    return frozenset(later), [Note("flagged", text, len(later))]


def over_the_change(start: float | None, end: float | None) -> float | None:
    """The end of a trial that started before the clock went back and ended after it."""
    over = start is not None and end is not None and -HOUR <= end - start < 0
    return end + HOUR if over and end is not None else end


def _may_change(stamp: float) -> bool:
    """Whether this is in the hours in which clocks are changed: those after midnight on a Sunday."""
    moment = datetime.fromtimestamp(stamp, timezone.utc)  # as the local time was read
    return moment.weekday() == _SUNDAY and moment.hour < _UNTIL


def _descents(stamps: Sequence[float]) -> int:
    return sum(second < first for first, second in pairwise(stamps))


def _is_local(value: object) -> bool:
    """Whether a time names no zone; one that is missing says nothing."""
    if isinstance(value, str) and value.strip():
        try:
            value = datetime.fromisoformat(iso_text(value))
        except ValueError:
            return False
    return value is None or value == "" or (isinstance(value, datetime) and value.tzinfo is None)
