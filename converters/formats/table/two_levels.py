"""Names of columns of two levels, as pandas writes Optuna's `trials_dataframe(multi_index=True)`: joined by `_`."""

from __future__ import annotations

import ast
import codecs
import csv
import io
import re
from collections.abc import Sequence

_LINES = re.compile(rb"([^\r\n]*)(?:\r\n|\r|\n)([^\r\n]*)")
_SIGNS = re.compile(r"[,;\t|]")
_ALONE = "number"  # has no second level
_LONGEST = 1000  # letters of a name that is looked into
_LEVELS = frozenset(("params", "values"))


def in_one_line(data: bytes) -> bytes:
    """A CSV file, or its beginning, with the two lines of such names as one; any other as it is.

    Args:
        data: The file.
    """
    begin = data.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    found = _LINES.match(begin)
    try:
        lines = [line.decode() for line in found.groups()] if found else []
    except UnicodeDecodeError:
        return data
    sign = _SIGNS.search(lines[0]) if lines else None
    if found is None or sign is None:
        return data
    try:
        rows = list(csv.reader(lines, delimiter=sign[0]))
    except csv.Error:  # a field longer than any name
        return data
    if len(rows) != len(lines) or not _are_levels(*rows):  # a quote holds the end of the first line
        return data
    text = io.StringIO()
    csv.writer(text, delimiter=sign[0], lineterminator="").writerow(map(_joined, zip(*rows, strict=True)))
    return text.getvalue().encode() + begin[found.end() :]


def in_one_name(name: str) -> str:
    """The name of a column of Parquet or JSON, where pandas writes both levels as `('params', 'x')`."""
    if not name.startswith("('") or not name.endswith(")") or len(name) > _LONGEST:
        return name
    try:
        levels = ast.literal_eval(name)
    except (ValueError, SyntaxError):
        return name
    return _joined(levels) if isinstance(levels, tuple) and all(isinstance(one, str) for one in levels) else name


def _are_levels(outer: Sequence[str], inner: Sequence[str]) -> bool:
    """Whether the second line has names for what is in a level, and none for the others."""
    named = {first: second for first, second in zip(outer, inner, strict=False) if first}
    levels = _LEVELS.intersection(named)
    return len(outer) == len(inner) and not named.get(_ALONE, "-") and bool(levels) and all(map(named.get, levels))


def _joined(levels: Sequence[str]) -> str:
    return "_".join(filter(None, levels))
