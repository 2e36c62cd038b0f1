"""Text in CSV that no spreadsheet takes for a formula, and no terminal for an order."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from .unicode_text import UNSAFE, plain

_FORMULA = r"^[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}\t\r\n']"  # some take wide letters too
_ORDER = re.sub(r"\\u([0-9a-f]{4})", r"\\x{\1}", UNSAFE)  # as Arrow's expressions have it
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def guarded(table: pa.Table, *, exact: bool = False) -> pa.Table:
    r"""The table with `'` before each text that a spreadsheet would compute; numbers stay as they are.

    Args:
        table: The table.
        exact: Whether control characters stay as they are too; otherwise they are spelt out, as in `\x1b`.
    """
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            column = table[field.name] if exact else _spelt_out(table[field.name])
            table = table.set_column(place, field.name, _guarded(column))
    return table


def _spelt_out(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pc.any(pc.match_substring_regex(column, _ORDER)).as_py():
        return column
    return pa.chunked_array(
        [pa.array([None if text is None else plain(text) for text in column.to_pylist()], pa.string())]
    )


def unguarded(column: pa.Array) -> pa.Array:
    """A column of text as it was before `guarded`."""
    return pc.replace_substring_regex(column, r"\A'", "")


def _guarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    risky = pc.and_(pc.match_substring_regex(column, _FORMULA), pc.invert(pc.match_substring_regex(column, _NUMBER)))
    return pc.if_else(risky, pc.binary_join_element_wise(pa.scalar("'"), column, ""), column)
