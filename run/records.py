"""Columns of records, such as the entries of a log, that have the same keys in the same order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from operator import methodcaller
from typing import Any

_VALUES = methodcaller("values")
_BATCH = 1 << 8  # so many are still in the processor's cache when they are looked at again


def columns_of(records: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]] | None:
    """Key → values, shape (n,), in one pass; None where a record has other keys, or another order of them."""
    keys = tuple(records[0]) if records else ()
    flat: list[Any] = []
    for start in range(0, len(records), _BATCH):
        batch = records[start : start + _BATCH]
        if not all(map(keys.__eq__, map(tuple, batch))):
            return None
        flat += chain.from_iterable(map(_VALUES, batch))
    return {key: flat[place :: len(keys)] for place, key in enumerate(keys)}
