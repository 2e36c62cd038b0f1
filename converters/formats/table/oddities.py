"""What is odd about a home-made table, and the units that its times seem to have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from ....errors import EncaveError
from ....run import Note
from ...parts.csv_table import numbers, typed
from .rows import COMMA, MISSING, TableRows

_STAMPS = ((1e17, 1e-9, "nanoseconds"), (1e14, 1e-6, "microseconds"), (1e11, 1e-3, "milliseconds"))
"""Least value, seconds, name: as seconds since 1970 such a value would be after the year 5000."""
_UNITS = {
    "ms": ("ms", "msec", "msecs", "millis", "milliseconds"),
    "us": ("us", "usec", "microseconds"),
    "ns": ("ns", "nanoseconds"),
    "min": ("min", "mins", "minutes"),
    "h": ("h", "hr", "hrs", "hours"),
}
"""Unit → how names of columns say it."""
_UNIT = re.compile(
    rf"(?:^|[^a-z])({'|'.join(word for words in _UNITS.values() for word in words)})[^a-z]*$", re.IGNORECASE
)
_UNTIL = 100  # times the least value: the year 2286


def oddities(rows: TableRows, hyperparameters: Mapping[str, str]) -> Iterator[Note]:
    """Hyperparameters that are numbers in part, and rows that are copies of others.

    Args:
        rows: The table.
        hyperparameters: Column → hyperparameter.
    """
    for column, name in hyperparameters.items():
        values = rows.table.columns[column]
        if isinstance(values, pa.Array) and pa.types.is_string(typed(values).type):
            yield from _as_text(name, values)
    contents = list(zip(*(rows.raw(name) for name in rows.table.columns), strict=True))
    copies = len(contents) - len(set(map(repr, contents)))
    if copies:
        yield Note("flagged", "rows are the same as an earlier one in every column; all are kept", copies)


def _as_text(name: str, values: pa.Array) -> Iterator[Note]:
    cells = values.to_pylist()
    commas = sum(text is not None and COMMA.fullmatch(text) is not None for text in cells)
    parsed = numbers(values).to_pylist()
    wrong = [text for text, number in zip(cells, parsed, strict=True) if text is not None and number is None]
    if commas and all(COMMA.fullmatch(text) or text.strip().lower() in MISSING for text in wrong):
        text = f"hyperparameter {name} has commas in its numbers, which are kept as text; decimal=, reads them"
        yield Note("flagged", text, commas)
    elif wrong and len(wrong) < len(cells) - values.null_count:
        text = f"hyperparameter {name} has numbers and others such as {wrong[0]!r:.40}; all are kept as text"
        yield Note("flagged", text, len(wrong))
    elif not wrong and values.null_count < len(cells):
        yield Note("flagged", f"hyperparameter {name} has integers of more than 64 bits, which are kept as text")


def time_unit(rows: TableRows, columns: Sequence[str]) -> tuple[float, list[Note]]:
    """Seconds that numbers in the columns of starts and ends count, as their size tells, and a note if not 1.

    Raises:
        EncaveError: their size tells of no unit, as where digits of a date stand without signs between them.
    """
    raw = [value for column in columns for value in rows.raw(column)]
    largest = max((abs(value) for value in map(_plain, raw) if value is not None), default=0.0)
    if largest < _STAMPS[-1][0]:
        return 1.0, []
    told = f"{' and '.join(columns)} are as large as {largest:.0f}"
    for least, unit, name in _STAMPS:
        if least <= largest < least * _UNTIL:
            return unit, [Note("derived", f"{told}: they are read as {name} since 1970", len(rows))]
    raise EncaveError(f"{rows.path}: {told}; say what they count with time_unit, or write them as 2024-03-01T10:00:00")


def unit_in_name(columns: Iterable[str]) -> Iterator[Note]:
    """That a column of times or durations is called as if it counted something else than the seconds it is taken for.

    Args:
        columns: Those whose numbers are read as seconds since no unit was given.
    """
    for name in columns:
        found = _UNIT.search(name)
        if found is None:
            continue
        unit = next(unit for unit, words in _UNITS.items() if found[1].lower() in words)
        text = f"numbers in {name} are taken for seconds: if they count {unit}, say --map time_unit={unit}"
        yield Note("flagged", text)


def _plain(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and number == number else None
