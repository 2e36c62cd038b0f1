"""Arrow arrays of a wanted type that refuse what does not fit, where `pyarrow.array` would truncate or parse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..errors import EncaveError

WRONG_TYPE = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError, OverflowError)
_DTYPES = {pa.int32(): np.int32, pa.int64(): np.int64, pa.float64(): np.float64}


def exact_array(values: Any, kind: pa.DataType, *, nan_is_null: bool = False) -> pa.Array:
    """An array of type `kind`: 2.0 is an integer, 2.5 and "2" are not.

    Args:
        values: A sequence, numpy or Arrow array, shape (n,).
        kind: Arrow type wanted.
        nan_is_null: Whether NaN means null, as in numpy, which has none.

    Raises:
        EncaveError: a value is of another type; the message quotes the first.
    """
    try:
        array = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else _infer(values, kind, nan_is_null)
        if array.type == kind:
            return array
        if pa.types.is_string(array.type) and not _is_text(kind):
            raise EncaveError(f"text such as {_first(array)!r} is not of type {kind}")
        text = pa.types.is_dictionary(kind) and pa.types.is_string(array.type)
        return array.dictionary_encode().cast(kind) if text else array.cast(kind)
    except WRONG_TYPE as error:
        raise EncaveError(f"{error} (wanted {kind})") from None


def is_plain(kind: pa.DataType) -> bool:
    """Whether `plain_numbers` takes arrays of a type."""
    return kind in _DTYPES


def plain_numbers(column: pa.Array | pa.ChunkedArray) -> NDArray[Any]:
    """The numbers of an array or a column of one of `_DTYPES`, shape (n,); NaN where a float is null.

    Unlike its `to_numpy` it loads no pandas, which takes longer than to read many runs.
    """
    if column.null_count and not pa.types.is_float64(column.type):
        return column.to_numpy(zero_copy_only=False)
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [_plain(chunk) for chunk in chunks if len(chunk)]
    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, _DTYPES[column.type]), *parts])


def _plain(array: pa.Array) -> NDArray[Any]:
    valid, data = array.buffers()
    assert data is not None
    kept = slice(array.offset, array.offset + len(array))
    numbers = np.frombuffer(data, _DTYPES[array.type], kept.stop)[array.offset :]
    if array.null_count == 0 or valid is None:
        return numbers
    known = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[kept]
    return np.where(known, numbers, np.nan)


def integers(values: NDArray[np.int64]) -> pa.Array:
    """An array of 64-bit integers, shape (n,), that shares their memory; unlike `pyarrow.array` it loads no pandas."""
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(np.ascontiguousarray(values, np.int64))])


def _infer(values: Any, kind: pa.DataType, nan_is_null: bool) -> pa.Array:
    if _is_text(kind) or pa.types.is_floating(kind):
        return pa.array(values, pa.string() if _is_text(kind) else kind, from_pandas=nan_is_null)
    return pa.array(values, from_pandas=nan_is_null)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_dictionary(kind)


def _first(array: pa.Array) -> Any:
    return next((value.as_py() for value in array if value.is_valid), None)
