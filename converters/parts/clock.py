"""Times of logs that count either from the run's start or from 1970."""

from __future__ import annotations

from collections.abc import Sequence

from ...run import Note
from .times import Times, since_start

_ABSOLUTE = 1e8  # seconds; no run takes three years, so later stamps count from 1970


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
