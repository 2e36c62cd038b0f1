"""Columns as text, for files with a line per row: made by orjson and Arrow, a batch of rows at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ...run.checks import is_list, is_object

Column: TypeAlias = "pa.Array | pa.ChunkedArray"
_QUOTED = frozenset(',"\r\n')
_COMMA = ord(",")
BATCH = 1 << 12
"""Rows of a batch: its text stays in the processor's cache and costs no memory to speak of."""

json_text = json.JSONEncoder(allow_nan=False, ensure_ascii=False).encode
"""Strict JSON of a value."""


@dataclass(frozen=True)
class Cells:
    """A column and how its values are written."""

    column: pa.Array
    """The values, shape (n,)."""
    text: Callable[[pa.Array], pa.Array]
    """The text of each value of a part of the column, without nulls."""


def write_lines(files: Sequence[tuple[BinaryIO, Sequence[str | Cells]]]) -> None:
    """Write a line per row into each file; text of a column that several files have is made once.

    Args:
        files: Files, each with the parts of a line: text that is the same in each line, or a column of shape (n,).
    """
    length = next(len(part.column) for _, parts in files for part in parts if isinstance(part, Cells))
    lines = [(file, _folded(parts)) for file, parts in files]
    for start in range(0, length, BATCH):
        made: dict[tuple[int, Any], pa.Array] = {}
        for file, parts in lines:
            texts: list[str | pa.Array] = []
            for part in parts:
                if isinstance(part, Cells):
                    key = (id(part.column), part.text)
                    if key not in made:
                        made[key] = part.text(part.column.slice(start, BATCH))
                    texts.append(made[key])
                else:
                    texts.append(part)
            file.write(joined(texts))


def _folded(parts: Sequence[str | Cells]) -> list[str | Cells]:
    """The parts with columns that differ in no row as text, and neighbouring texts as one; the last column stays."""
    folded: list[str | Cells] = [""]
    last = max(place for place, part in enumerate(parts) if isinstance(part, Cells))
    for place, part in enumerate(parts):
        if isinstance(part, Cells) and place != last and _is_constant(part.column):
            told = part.text(part.column.slice(0, 1))[0].as_py()
        else:
            told = part
        if isinstance(told, str) and isinstance(folded[-1], str):
            folded[-1] += told
        else:
            folded.append(told)
    return folded


def _is_constant(column: pa.Array) -> bool:
    kind = column.type
    bits = column.view(pa.binary(kind.bit_width // 8)) if pa.types.is_floating(kind) else column  # -0.0 is not 0.0
    return len(bits) > 0 and bits.slice(1).equals(bits.slice(0, len(bits) - 1))


def joined(cells: Sequence[str | pa.Array]) -> pa.Buffer:
    """The bytes of all rows one after the other, where a row is its cells one after the other."""
    texts = pc.binary_join_element_wise(*cells, "")
    offsets = pa.Array.from_buffers(pa.int32(), len(texts) + 1, [None, texts.buffers()[1]], offset=texts.offset)
    first, last = offsets[0].as_py(), offsets[len(texts)].as_py()
    return texts.buffers()[2].slice(first, last - first) if last > first else pa.py_buffer(b"")


def float_texts(values: NDArray[np.floating[Any]]) -> pa.Array:
    """The shortest text of each float that gives the very same float, never that of an integer; `null` for others.

    Args:
        values: Shape (n,).
    """
    listed = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    commas = np.flatnonzero(np.frombuffer(listed, np.uint8) == _COMMA) - 1
    text = listed.translate(None, b"[],")
    ends = np.concatenate([[0], commas - np.arange(len(commas)), [len(text)] if len(values) else []])
    return pa.Array.from_buffers(
        pa.string(), len(values), [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(text)]
    )


def json_texts(column: Column) -> pa.Array:
    """Strict JSON of each value, shape (n,): null is `null`, and so is NaN; infinity is text."""
    values = whole(column)
    if pa.types.is_floating(values.type):
        numbers = values.to_numpy(zero_copy_only=False)
        texts, infinite = float_texts(numbers), np.isinf(numbers)
        if infinite.any():
            told = pc.if_else(pa.array(numbers > 0), '"inf"', '"-inf"')
            texts = pc.if_else(pa.array(infinite), told, texts)
        return texts
    if _is_plain(values.type):
        texts = values.cast(pa.string())
    elif pa.types.is_string(values.type) and not _any(pc.match_substring_regex(values, r'["\\\x00-\x1f]')):
        texts = pc.binary_join_element_wise('"', values, '"', "")
    else:
        texts = each(values, lambda value: json_text(_finite(value)))
    return pc.fill_null(texts, "null")


def csv_texts(column: Column) -> pa.Array:
    """A cell of CSV for each value, shape (n,), as Python's `csv` writes it; null is the empty text."""
    values = whole(column)
    if pa.types.is_boolean(values.type):
        texts = pc.if_else(values, "True", "False")
    elif pa.types.is_floating(values.type):
        numbers = values.to_numpy(zero_copy_only=False)
        texts = pc.if_else(pa.array(np.isfinite(numbers)), float_texts(numbers), values.cast(pa.string()))
    elif _is_plain(values.type):
        texts = values.cast(pa.string())
    elif pa.types.is_string(values.type):
        texts = pc.replace_substring(values, "\0", "␀")
        quoted = pc.match_substring_regex(texts, r'[,"\r\n]')
        if _any(quoted):
            inside = pc.replace_substring(texts, '"', '""')
            texts = pc.if_else(quoted, pc.binary_join_element_wise('"', inside, '"', ""), texts)
    else:
        texts = each(values, csv_cell)
    return pc.fill_null(texts, "")


def csv_cells(column: Column) -> Cells:
    """A column as `csv_texts` has it, by `json_texts` where that is the same."""
    values = whole(column)
    floats = pa.types.is_floating(values.type)
    same = (floats and np.isfinite(values.to_numpy(zero_copy_only=False)).all()) or pa.types.is_integer(values.type)
    return Cells(values, json_texts if same and not values.null_count else csv_texts)


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


def _any(flags: pa.Array) -> bool:
    return bool(pc.any(flags).as_py())


def _is_plain(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_boolean(kind)


def _finite(value: Any) -> Any:
    """The value without NaN and infinity, which JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if is_object(value):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if is_list(value) else value


def write_object(file: BinaryIO, length: int, values: Callable[[int, int], list[str | pa.Array]]) -> None:
    """Write a JSON object with the keys "0", "1", …, an entry a line.

    Args:
        file: The file.
        length: Number of entries.
        values: First number and most numbers → JSON of their values, as cells that are joined.
    """
    file.write(b"{\n")
    for start in range(0, length, BATCH):
        keys = pa.array(np.arange(start, min(start + BATCH, length))).cast(pa.string())
        piece = joined([',\n"', keys, '": ', *values(start, BATCH)])
        file.write(piece if start else piece.slice(len(",\n")))
    file.write(b"\n}\n")
