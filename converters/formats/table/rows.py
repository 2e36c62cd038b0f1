"""Some rows of a home-made table: their columns as numbers, seconds, integers and text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ....errors import EncaveError
from ...parts.clock import HOUR
from ...parts.numbers import real
from ...parts.times import iso_text, span
from .source import SourceTable

MISSING = frozenset({"", "na", "n/a", "none", "null"})
"""Texts that stand for no number, in lower case."""
COMMA = re.compile(r"\s*[+-]?\d*,\d+([eE][+-]?\d+)?\s*")
"""A number with a decimal comma."""


class TableRows:
    """Some rows of a table.

    Args:
        table: The table.
        rows: Numbers of the rows, shape (n,).
        path: The file, for messages.
    """

    def __init__(self, table: SourceTable, rows: Sequence[int], path: Path) -> None:
        self.table, self.rows, self.path = table, rows, path

    def __len__(self) -> int:
        return len(self.rows)

    def values(self, name: str) -> list[Any]:
        """Values of a column, with the types that the text of a file without types spells."""
        column = self.table.values(name)
        return [column[row] for row in self.rows]

    def raw(self, name: str) -> list[Any]:
        """Values of a column as they stand in the file."""
        column = self.table.raw(name)
        return [column[row] for row in self.rows]

    def texts(self, name: str) -> list[str | None]:
        """Values of a column as text."""
        return [None if value is None else str(value) for value in self.raw(name)]

    def numbers(self, name: str) -> list[float | None]:
        """Floats; None for what is missing or NaN.

        Raises:
            EncaveError: a value is no number.
        """
        return self._each(name, real, "no number: write it without units and signs between digits")

    def seconds(self, name: str, unit: float) -> list[float | None]:
        """Times in seconds; None for what is missing or NaN.

        Args:
            name: The column.
            unit: Seconds that a number in it counts.

        Raises:
            EncaveError: a value is no time.
        """
        wanted = "no time: write seconds or ISO 8601, as in 2024-03-01T10:00:00+01:00"
        found = self._each(name, lambda value: _seconds(value, unit), wanted)
        return self._later(name, found) if self.table.later else found

    def spans(self, name: str, unit: float) -> list[float | None]:
        """Durations in seconds; None for what is missing or NaN.

        Args:
            name: The column.
            unit: Seconds that a number in it counts.

        Raises:
            EncaveError: a value is no duration.
        """
        wanted = "no duration: write seconds, or hours, minutes and seconds as in 0:01:30"
        return self._each(name, lambda value: _span(value, unit), wanted)

    def _later(self, name: str, seconds: list[float | None]) -> list[float | None]:
        """Times, with an hour more after the clock went back; spans stay."""
        return [
            second + HOUR if second is not None and row in self.table.later and _real(value) is None else second
            for row, second, value in zip(self.rows, seconds, self.raw(name), strict=True)
        ]

    def _each(self, name: str, convert: Callable[[Any], float], wanted: str) -> list[float | None]:
        numbers: list[float | None] = []
        for row, value in zip(self.rows, self.raw(name), strict=True):
            if value is None or (isinstance(value, str) and value.strip().lower() in MISSING):
                numbers.append(None)
                continue
            try:
                number = convert(value)
            except (ValueError, TypeError, OverflowError) as error:
                hint = "; for decimal commas say decimal=," if isinstance(value, str) and COMMA.fullmatch(value) else ""
                where = f"{self.path}, row {row + 1}: the column {name}"
                raise EncaveError(f"{where} has {value!r}, which is {wanted}{hint}") from error
            numbers.append(None if math.isnan(number) else number)
        return numbers

    def integers(self, name: str) -> list[int | None]:
        """Integers; None for what is missing.

        Raises:
            EncaveError: a value is no integer.
        """
        exact = self.values(name)
        if all(value is None or type(value) is int for value in exact):
            return exact
        numbers = self.numbers(name)
        if any(value is not None and not value.is_integer() for value in numbers):
            wrong = next(value for value in numbers if value is not None and not value.is_integer())
            raise EncaveError(f"{self.path}: the column {name} has {wrong}, which is no integer")
        return [None if value is None else int(value) for value in numbers]

    def truths(self, name: str) -> list[bool | None]:
        """Truth values, also written as 0 and 1; None for what is missing.

        Raises:
            EncaveError: a value is no truth value.
        """
        numbers = self._each(name, _zero_or_one, "no truth value: write true and false, yes and no, or 1 and 0")
        return [None if value is None else value == 1 for value in numbers]

    def constraint(self, name: str) -> list[bool | None]:
        """Whether a constraint holds: a truth value says so, a number or all of a list is at most 0; None if missing.

        Raises:
            EncaveError: a value is neither.
        """
        numbers = self._each(name, _violation, "neither a number, which is at most 0 where it holds, nor true or false")
        return [None if value is None else value <= 0 for value in numbers]


def _real(value: Any) -> float | None:
    """A number, also as text, or a span; None for what is a date."""
    try:
        return value.total_seconds() if isinstance(value, timedelta) else float(value)
    except (TypeError, ValueError):
        return None


def _truth(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False, "yes": True, "no": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def _zero_or_one(value: Any) -> float:
    truth = _truth(value)
    number = float(value) if truth is None else float(truth)
    if number not in (0.0, 1.0):
        raise ValueError("neither 0 nor 1")
    return number


def _violation(value: Any) -> float:
    if isinstance(value, str) and value.strip()[:1] in ("[", "("):
        value = [part for part in value.strip("[]() ").split(",") if part.strip()]
    if isinstance(value, list | tuple):
        return max(map(float, value), default=0.0)
    truth = _truth(value)
    return float(value) if truth is None else float(not truth)


def _span(value: Any, unit: float) -> float:
    """Seconds of a number, a span or the text of one."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    try:
        return real(value) * unit
    except ValueError:
        return span(value)


def _seconds(value: Any, unit: float) -> float:
    """Seconds of a number, a span, a time stamp or its ISO 8601 text, which is UTC where it names no zone."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        try:
            return float(value) * unit
        except ValueError:
            if "day" in value:  # since the start, as pandas writes it
                return span(value)
            value = datetime.fromisoformat(iso_text(value))
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp()
    if isinstance(value, date):
        raise ValueError("a day is no time")
    return float(value) * unit
