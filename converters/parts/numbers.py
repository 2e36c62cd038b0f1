"""Numbers of foreign logs: what is a finite number or an integer of 64 bits, and None for everything else."""

from __future__ import annotations

import math
from typing import Any

LONG_MAX = 2**63 - 1
"""The largest integer of 64 bits."""


def finite(value: Any) -> float | None:
    """A finite float of a number from JSON; None for what is none: text, truth values, integers beyond all floats."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def finite_text(text: str | None) -> float | None:
    """The same of text, as CSV and names of columns have it."""
    try:
        return None if text is None else finite(float(text))
    except ValueError:
        return None


def real(value: Any) -> float:
    """A float, also NaN or infinite, of a number or its text.

    Raises:
        TypeError: it is a truth value, which no log means as a number, or something else.
        ValueError, OverflowError: it is no number, or beyond all floats.
    """
    if isinstance(value, bool):
        raise TypeError(f"{value} is a truth value, not a number")
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{value!r:.40} is no number") from None


def integer(value: Any) -> int | None:
    """An integer of 64 bits from JSON, also where it is written as 2.0; None for what is none."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if not isinstance(whole, int) or isinstance(whole, bool):
        return None
    return whole if abs(whole) <= LONG_MAX else None
