"""Columns as text, for files with a line per row: made and joined by Arrow, a batch of rows at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Column: TypeAlias = "pa.Array | pa.ChunkedArray"
_QUOTED = frozenset(',"\r\n')
_BATCH = 1 << 16  # rows; the text of a batch stays far below the 2 GiB that an Arrow array of text can hold

json_text = json.JSONEncoder(allow_nan=False, ensure_ascii=False).encode
"""Strict JSON of a value."""


def write_lines(file: BinaryIO, parts: Sequence[str | pa.Array]) -> None:
    """Write a line per row: the parts one after the other.

    Args:
        file: The file.
        parts: Text that is the same in each line, or a column of text without nulls, shape (n,); at least one column.
    """
    length = next(len(part) for part in parts if not isinstance(part, str))
    for start in range(0, length, _BATCH):
        cells = [part if isinstance(part, str) else part.slice(start, _BATCH) for part in parts]
        file.write(joined(cells).to_pybytes())


def joined(cells: Sequence[str | pa.Array]) -> pa.Buffer:
    """The bytes of all rows one after the other, where a row is its cells one after the other."""
    texts = pc.binary_join_element_wise(*cells, "")
    offsets = pa.Array.from_buffers(pa.int32(), len(texts) + 1, [None, texts.buffers()[1]], offset=texts.offset)
    first, last = offsets[0].as_py(), offsets[len(texts)].as_py()
    return texts.buffers()[2].slice(first, last - first) if last > first else pa.py_buffer(b"")


def float_texts(values: Column) -> pa.Array:
    """The shortest text of each float that gives the very same float, never that of an integer; null stays null."""
    texts = whole(values).cast(pa.string())
    if not pc.any(pc.equal(pc.floor(values), values)).as_py():
        return texts
    return pc.if_else(pc.match_substring_regex(texts, r"^-?\d+$"), pc.binary_join_element_wise(texts, ".0", ""), texts)


def json_texts(column: Column) -> pa.Array:
    """Strict JSON of each value, shape (n,): null is `null`, and so is NaN; infinity is text."""
    values = whole(column)
    if pa.types.is_floating(values.type):
        special = pc.invert(pc.is_finite(values))
        texts = float_texts(values)
        if pc.any(special).as_py():
            named = pc.if_else(
                pc.is_nan(values), "null", pc.binary_join_element_wise('"', values.cast("string"), '"', "")
            )
            texts = pc.if_else(special, named, texts)
    elif _is_plain(values.type):
        texts = values.cast(pa.string())
    else:
        texts = each(values, lambda value: json_text(_finite(value)))
    return pc.fill_null(texts, "null")


def csv_texts(column: Column) -> pa.Array:
    """A cell of CSV for each value, shape (n,), as Python's `csv` writes it; null is the empty text."""
    values = whole(column)
    if pa.types.is_boolean(values.type):
        texts = pc.if_else(values, "True", "False")
    elif pa.types.is_floating(values.type):
        texts = float_texts(values)
    elif _is_plain(values.type):
        texts = values.cast(pa.string())
    else:
        texts = each(values, csv_cell)
    return pc.fill_null(texts, "")


def csv_cell(value: Any) -> str:
    """A value as Python's `csv` writes it; the character 0, which is no text to any reader, is shown as ␀."""
    text = "" if value is None else str(value).replace("\0", "␀")
    return '"' + text.replace('"', '""') + '"' if _QUOTED.intersection(text) else text


def each(values: pa.Array, text: Callable[[Any], str]) -> pa.Array:
    """The text of each value, shape (n,), made once for equal ones; null stays null."""
    if pa.types.is_dictionary(values.type) or pa.types.is_string(values.type):
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        return pa.array(list(map(text, encoded.dictionary.to_pylist())), pa.string()).take(encoded.indices)
    return pa.array([None if value is None else text(value) for value in values.to_pylist()], pa.string())


def whole(column: Column) -> pa.Array:
    """The column as one array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _is_plain(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_boolean(kind)


def _finite(value: Any) -> Any:
    """The value without NaN and infinity, which JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list) else value


def entries(keys: pa.Array, values: pa.Array) -> Iterator[bytes]:
    """A JSON object with an entry a line, in pieces; the indentation of the json module is many times slower.

    Args:
        keys: Integers, shape (n,).
        values: JSON of each value, shape (n,).
    """
    yield b"{\n"
    for start in range(0, len(keys), _BATCH):
        texts = ['"', keys.slice(start, _BATCH).cast(pa.string()), '": ', values.slice(start, _BATCH), ",\n"]
        piece = joined(texts).to_pybytes()
        yield piece if start + _BATCH < len(keys) else piece[: -len(b",\n")]
    yield b"\n}\n"
