"""Whether two Arrow tables hold the same, where Arrow itself finds NaN unlike NaN and one dictionary unlike another."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def same_table(a: pa.Table, b: pa.Table) -> bool:
    """Whether two tables have the same columns in the same order, of the same types, with the same values.

    NaN is the same as NaN and not as null. Text in a dictionary is the same as plain text, since the order of a
    dictionary's entries is an accident.
    """
    first, second = _plain(a), _plain(b)
    return (
        first.schema.equals(second.schema)
        and a.num_rows == b.num_rows
        and all(map(_same_column, first.columns, second.columns))
    )


def _plain(table: pa.Table) -> pa.Table:
    text = pa.string()
    fields = [pa.field(f.name, text) if pa.types.is_dictionary(f.type) else f.with_nullable(True) for f in table.schema]
    return table.cast(pa.schema(fields))


def _same_column(a: pa.ChunkedArray, b: pa.ChunkedArray) -> bool:
    if a.equals(b):
        return True
    if pa.types.is_floating(a.type):
        missing, lacking = pc.is_nan(a), pc.is_nan(b)  # null where the value is
        return missing.equals(lacking) and pc.if_else(missing, 0.0, a).equals(pc.if_else(lacking, 0.0, b))
    # lists and structures may have NaN inside
    return pa.types.is_nested(a.type) and repr(a.to_pylist()) == repr(b.to_pylist())
