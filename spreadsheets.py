"""Text in CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_FORMULA = r"^[=+\-@\t\r\n']"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def guarded(table: pa.Table) -> pa.Table:
    """The table with `'` before each text that a spreadsheet would compute; numbers stay as they are."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(place, field.name, _guarded(table[field.name]))
    return table


def unguarded(column: pa.Array) -> pa.Array:
    """A column of text as it was before `guarded`."""
    return pc.replace_substring_regex(column, r"\A'", "")


def _guarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    risky = pc.and_(pc.match_substring_regex(column, _FORMULA), pc.invert(pc.match_substring_regex(column, _NUMBER)))
    return pc.if_else(risky, pc.binary_join_element_wise(pa.scalar("'"), column, ""), column)
