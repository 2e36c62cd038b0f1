"""Some rows of a home-made table: their columns as numbers, seconds, integers and text."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ..errors import EncaveError
from .table_source import Table


class Rows:
    """Some rows of a table.

    Args:
        table: The table.
        rows: Numbers of the rows, shape (n,).
        path: The file, for messages.
    """

    def __init__(self, table: Table, rows: Sequence[int], path: Path) -> None:
        self.table, self._rows, self.path = table, rows, path

    def __len__(self) -> int:
        return len(self._rows)

    def values(self, name: str) -> list[Any]:
        """Values of a column, with the types that the text of a file without types spells."""
        column = self.table.values(name)
        return [column[row] for row in self._rows]

    def raw(self, name: str) -> list[Any]:
        """Values of a column as they stand in the file."""
        column = self.table.raw(name)
        return [column[row] for row in self._rows]

    def texts(self, name: str) -> list[str | None]:
        """Values of a column as text."""
        return [None if value is None else str(value) for value in self.raw(name)]

    def numbers(self, name: str, *, seconds: bool = False) -> list[float | None]:
        """Floats; None for what is missing or NaN.

        Raises:
            EncaveError: a value is no number, nor a time where times are wanted.
        """
        return [self._number(name, value, seconds) for value in self.raw(name)]

    def _number(self, name: str, value: Any, seconds: bool) -> float | None:
        if value is None or (isinstance(value, str) and value.strip().lower() in ("", "na", "n/a", "none", "null")):
            return None
        try:
            number = _seconds(value) if seconds else float(value)
        except (ValueError, TypeError) as error:
            raise EncaveError(f"{self.path}: the column {name} has {value!r}, which is no number") from error
        return None if math.isnan(number) else number

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
            raise EncaveError(f"{self.path}: the column {name} has values that are no integers")
        return [None if value is None else int(value) for value in numbers]


def _seconds(value: Any) -> float:
    """Seconds of a number, a span, a time stamp or its ISO 8601 text, which is UTC where it names no zone."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            value = datetime.fromisoformat(_iso(value))
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp()
    if isinstance(value, date):
        raise ValueError("a day is no time")
    return float(value)


def _iso(text: str) -> str:
    """ISO 8601 as Python 3.10 reads it: the fraction of a second has six digits, and the zone is no letter."""
    whole = re.sub(r"\.(\d{1,6})\d*", lambda match: f".{match[1]:0<6}", text.strip())
    return re.sub(r"Z$", "+00:00", whole)
