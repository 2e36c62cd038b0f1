"""Times of SMAC's trials as seconds from the run's start, by what its releases and their users logged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....run import Note, Status
from .columns import Entries

EPOCH = 1e9  # seconds; times beyond it are of the clock, not of the run
_BACKWARDS = "end before start: the end is unknown"


def times(rows: Entries, *, relative: bool) -> tuple[NDArray[np.float64], NDArray[np.float64], list[Note]]:
    """Start and end of each trial in seconds from the run's start, shape (n,), NaN where unknown, and notes.

    Args:
        rows: The entries.
        relative: Whether the logged times already count from the run's start, as with encave's own runners.
    """
    starts, ends = (np.where(np.isfinite(stamps), stamps, np.nan) for stamps in (rows.start, rows.end))
    notes: list[Note] = []
    running = rows.are(Status.RUNNING)
    if not relative and len(rows):
        if not (np.nan_to_num(starts) > 0).any() and not (np.nan_to_num(ends) > 0).any():
            return _accumulated(rows, running)
        if (starts > EPOCH).any():
            unset = ~(starts > EPOCH)
            starts, ends = np.where(unset, np.nan, starts), np.where(unset, np.nan, ends)
            base = np.nanmin(starts)
            starts, ends = starts - base, ends - base
            notes.append(Note("derived", "times are relative to the start of the first trial"))
    early = starts < 0
    backwards = ~running & ~early & (ends < starts)
    for wrong, text in ((early, "start before the run: the times are unknown"), (backwards, _BACKWARDS)):
        if wrong.any():
            notes.append(Note("flagged", text, int(wrong.sum())))
    starts = np.where(early, np.nan, starts)
    ends = np.where(running | early | backwards, np.nan, ends)
    unknown = int((np.isnan(starts) & ~running).sum())
    if unknown:
        notes.append(Note("flagged", "trials without times", unknown))
    return starts, ends, notes


def _accumulated(
    rows: Entries, running: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[Note]]:
    seconds = rows.time
    unusable = ~running & ~(np.isfinite(seconds) & (seconds >= 0))
    ended = ~running
    if ended.any() and (unusable[ended] | (seconds[ended] == 0)).all():
        unknown = np.full(len(rows), np.nan)
        return unknown, unknown, [Note("flagged", "the log has no times, and no running times either", len(rows))]
    seconds = np.where(running | unusable, 0.0, seconds)
    ends = np.cumsum(seconds)
    starts = np.concatenate([[0.0], ends[:-1]])[: len(ends)]
    text = "the log has no start and end times: a trial's end is the accumulated running time"
    notes = [] if running.all() else [Note("derived", text, int((~running).sum()))]
    if unusable.any():
        notes.append(Note("flagged", "time is negative or not finite: taken as 0", int(unusable.sum())))
    return np.where(running, np.nan, starts), np.where(running, np.nan, ends), notes
