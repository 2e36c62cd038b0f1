"""Times of trials as seconds from the run's start."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...run import Note

_ISO = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[Tt ]?(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?"
    r"\s*(?:([+-])(\d\d):?(\d\d)?|(?P<utc>[Zz]|UTC|GMT))?"
)
_SPAN = re.compile(
    r"(?:(?P<days>-?\d+) days?,? \+?)?(?P<hours>\d+):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d(?:\.\d+)?)"
    r"|P(?:(?P<iso_days>\d+)D)?T(?:(?P<iso_hours>\d+)H)?(?:(?P<iso_minutes>\d+)M)?(?:(?P<iso_seconds>\d+(?:\.\d+)?)S)?"
)
_COUNTS = {"days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}
_YEAR = 365.25 * 24 * 3600  # seconds
_LONGEST = 20 * _YEAR  # no run is as long


@dataclass(frozen=True)
class Times:
    """Starts and ends of trials, shape (n,) each."""

    start: list[float | None]
    """Seconds from the run's start; None where the log has none."""
    end: list[float | None]
    """Likewise; None also where the log has an end before the start."""
    origin: float | None
    """The run's start as the log has it, mostly seconds since 1970; None if it has no time at all."""
    notes: tuple[Note, ...] = ()
    """What the log has wrong."""

    def since(self, stamps: Iterable[float | None]) -> list[float | None]:
        """Other time stamps of the log as seconds from the run's start."""
        return [None if stamp is None else stamp - (self.origin or 0.0) for stamp in stamps]


def since_start(
    starts: Sequence[float | None], ends: Sequence[float | None], others: Iterable[float | None] = ()
) -> Times:
    """Times relative to the earliest one.

    Args:
        starts: Time stamps in seconds, shape (n,); None where there is none.
        ends: Likewise.
        others: More stamps that the run's start is not after, e.g. of submission.
    """
    known = [stamp for stamps in (starts, ends, others) for stamp in stamps if stamp is not None]
    origin = min(known) if known else None
    wrong = [s is not None and e is not None and e < s for s, e in zip(starts, ends, strict=True)]
    usable = [None if bad else end for bad, end in zip(wrong, ends, strict=True)]
    text = "the log says that trials ended before they started; their end is left out"
    notes = [Note("flagged", text, sum(wrong))] if any(wrong) else []
    if origin is not None and max(known) - origin > _LONGEST:
        years = (max(known) - origin) / _YEAR
        text = f"times reach over {years:.0f} years: some are of another clock, or 0 where there is none"
        notes.append(Note("flagged", text))
    shifted = Times([], [], origin)
    return Times(shifted.since(starts), shifted.since(usable), origin, tuple(notes))


def iso_text(text: str) -> str:
    """ISO 8601 as Python 3.10 reads it: separated parts, six digits of a second, a zone of hours and minutes.

    Raises:
        ValueError: it is a day without a time, or no ISO 8601.
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction, sign, hours, minutes, _ = match.groups()
    zone = f"{sign}{hours}:{minutes or '00'}" if sign else "+00:00" if match["utc"] else ""
    return f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}.{(fraction or '')[:6]:0<6}{zone}"


def span(text: str) -> float:
    """Seconds of a span as Python, pandas and ISO 8601 write it: `0:01:30`, `1 days 00:00:10.5`, `P0DT0H1M30S`.

    Raises:
        ValueError: it is none.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    return sum(float(match[name] or match[f"iso_{name}"] or 0) * count for name, count in _COUNTS.items())
