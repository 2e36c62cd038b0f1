"""Times of logs that count either from the run's start or from 1970."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import numpy as np

from ...run import Note
from .times import Times, since_start

HOUR = 3600.0
"""Seconds by which a clock goes back when summer time ends."""
_CHANGES = (14, 31)  # the Sunday in March up to which summer time begins, in North America and in Europe
_WEEK = 7 * 24 * HOUR
_ABSOLUTE = 1e8  # seconds; no run takes three years, so later stamps count from 1970
_YEAR_10000 = 253_402_300_800.0  # seconds since 1970; Python's calendar ends there


def from_start(starts: Sequence[float | None], ends: Sequence[float | None]) -> tuple[Times, list[Note]]:
    """Starts and ends as seconds from the run's start, and what was derived or flagged.

    Times from 0 to three years are left as they are; others count from the earliest one.

    Args:
        starts: Seconds, shape (n,); None where there is none.
        ends: Likewise.
    """
    earliest = min((value for values in (starts, ends) for value in values if value is not None), default=0.0)
    relative = 0.0 <= earliest < _ABSOLUTE
    times = since_start(starts, ends, [0.0] if relative else [])
    shifted = [] if relative else [Note("derived", f"times count from the earliest one of the log, {earliest!r}")]
    return times, [*times.notes, *shifted]


def back_an_hour(starts: Sequence[float]) -> int | None:
    """Place of the first trial after a local clock went back an hour, as summer time ends; None if it did not.

    It is the first that starts half an hour to an hour before one with a lower number, as do all after it.

    Args:
        starts: Seconds by a clock without a zone, in the order in which the trials started, shape (n,).
    """
    stamps = np.array(starts, dtype=np.float64)
    latest = np.maximum.accumulate(stamps) if len(stamps) else stamps
    back = latest[:-1] - stamps[1:]
    for place in np.flatnonzero(back > HOUR / 2).tolist():
        if (stamps[place + 1 :] + HOUR >= latest[place]).all():
            return place + 1
    return None


def forward_an_hour(*stamps: Sequence[float | None]) -> list[Note]:
    """That the clock may have gone forward an hour between local times, as summer time begins.

    Told of runs of up to a week with times before and after the hour from 2 to 3 of such a Sunday in March, and none in
    it. Nothing is moved, since the clock of a server may have no summer time.

    Args:
        stamps: Seconds by a clock without a zone; None where there is none.
    """
    known = np.array([stamp for some in stamps for stamp in some if stamp is not None], dtype=np.float64)
    if not len(known) or not _ABSOLUTE <= known.min() <= known.max() < _YEAR_10000:
        return []
    if known.max() - known.min() > _WEEK:
        return []
    year = datetime.fromtimestamp(float(known.min()), timezone.utc).year
    for latest in _CHANGES:
        day = datetime(year, 3, latest, tzinfo=timezone.utc)
        day -= timedelta(days=(day.weekday() + 1) % 7)
        since = known - day.timestamp() - 2 * HOUR
        if (since < 0).any() and (since >= HOUR).any() and not ((since >= 0) & (since < HOUR)).any():
            text = f"on {day:%Y-%m-%d} clocks go forward an hour where summer time begins: if the log's did, what ran "
            return [Note("flagged", f"{text}then seems an hour longer and later times are; times with a zone tell")]
    return []
