"""Fields of a log that the data model has no name for, as columns `extra:<name>` of a run's trials."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa

from ..record_columns import columns_of
from ..run import EXTRA
from .numbers import LONG_MAX

_SCALARS: tuple[tuple[type, pa.DataType], ...] = (
    (bool, pa.bool_()),
    (int, pa.int64()),
    (float, pa.float64()),
    (str, pa.string()),
)


def extra_columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, pa.Array]:
    """One column per key of `rows`, missing ones null.

    Numbers, text and truth values keep their type; a key with values of several types, or with lists and objects,
    becomes JSON text.
    """
    columns = columns_of(rows)
    if columns is None:
        keys = dict.fromkeys(chain.from_iterable(rows))
        columns = {key: [row.get(key) for row in rows] for key in keys}
    return {f"{EXTRA}{key}": _column(values) for key, values in columns.items()}


def _column(values: list[Any]) -> pa.Array:
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {int, float} and all(abs(value) <= LONG_MAX for value in values if isinstance(value, int)):
        kinds = {float}
        values = [None if value is None else float(value) for value in values]
    for kind, arrow in _SCALARS:
        if kinds == {kind}:
            try:
                return pa.array(values, arrow)
            except (OverflowError, pa.ArrowInvalid):  # an integer beyond 64 bits
                break
    return pa.array([None if value is None else json_or_text(value) for value in values], pa.string())


def json_or_text(value: Any) -> str:
    """JSON of a value of any type; the text of one that has none, such as an object whose keys are tuples."""
    try:
        return json.dumps(value, default=str)
    except (TypeError, ValueError, RecursionError):
        return hex(value) if isinstance(value, int) else f"<{type(value).__name__}>"
