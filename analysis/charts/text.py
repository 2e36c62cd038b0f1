"""Numbers and names as text: rounding, plurals, file names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from ...files.names import fitted

_LONGEST = 100  # bytes of a file's name


def decimals(spreads: Iterable[float], fallback: Iterable[float] = (), unit: str | None = None) -> int:
    """Decimals that show two digits of the typical spread (the median of those above zero), from 0 to 6.

    Percentages get at least two, as the field prints them. Without a spread, three digits of the typical `fallback`.
    """
    least = 2 if unit == "%" else 0
    known = sorted(value for value in spreads if math.isfinite(value) and value > 0)
    if not known:
        known = sorted(abs(value) / 10 for value in fallback if math.isfinite(value) and value)
    if not known:
        return 2
    return min(max(1 - math.floor(math.log10(known[len(known) // 2])), least), 6)


def fixed(value: float, places: int) -> str:
    """A number with fixed decimals and a real minus sign; a dash for NaN."""
    if math.isnan(value):
        return "–"
    text = f"{value:,.{places}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.replace("-", "")


def short(value: float) -> str:
    """A number at four significant digits, thousands with commas."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}".replace("-", "−")


def spread(mean: float, deviation: float, factor: float, form: str) -> str:
    """`mean ± deviation`, both times a factor, without what is NaN."""
    if math.isnan(mean):
        return "–"
    return f"{factor * mean:{form}}" + ("" if math.isnan(deviation) else f" ± {factor * deviation:{form}}")


def quantity(value: float, unit: str | None) -> str:
    """A number and its unit."""
    return f"{short(value)} {unit}" if unit else short(value)


def plural(count: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listing(items: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *rest, last = list(items) or ["none"]
    return f"{', '.join(rest)} and {last}" if rest else last


def capital(text: str) -> str:
    """The text with its first letter capital."""
    return text[:1].upper() + text[1:]


def slug(text: str) -> str:
    """A file name of at most 100 lower-case letters, digits and hyphens; a longer one ends with a hash."""
    return fitted(re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-"), _LONGEST, text) or "unnamed"


def unique_slugs(texts: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """A file name for each text, numbered where two would be equal or one is taken."""
    names: dict[str, None] = {}
    before = set(taken)
    for text in texts:
        name, number = slug(text), 2
        while name in names or name in before:
            name, number = f"{slug(text)}-{number}", number + 1
        names[name] = None
    return list(names)
