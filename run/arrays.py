"""Arrow arrays of a wanted type that refuse what does not fit, where `pyarrow.array` would truncate or parse."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ..errors import EncaveError

WRONG_TYPE = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError, OverflowError)


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


def _infer(values: Any, kind: pa.DataType, nan_is_null: bool) -> pa.Array:
    if _is_text(kind) or pa.types.is_floating(kind):
        return pa.array(values, pa.string() if _is_text(kind) else kind, from_pandas=nan_is_null)
    return pa.array(values, from_pandas=nan_is_null)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_dictionary(kind) or pa.types.is_null(kind)


def _first(array: pa.Array) -> Any:
    return next((value.as_py() for value in array if value.is_valid), None)
