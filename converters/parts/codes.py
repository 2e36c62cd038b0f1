"""Equal values of columns as equal numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Codes = NDArray[np.int64]


def codes(values: pa.Array) -> Codes:
    """Equal values' number in order of appearance, null's too, shape (n,)."""
    encoded = values.dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def joint_codes(columns: Iterable[Codes]) -> Codes:
    """One code per distinct combination of `codes`, as they are; pairwise, so that the products stay small."""
    joint = np.zeros(0, dtype=np.int64)
    for number, column in enumerate(columns):
        joint = codes(pa.array(joint * (int(column.max(initial=0)) + 1) + column)) if number else column
        if joint.max(initial=-1) + 1 == len(joint):
            break  # all different already
    return joint


def first_of_each(numbers: Codes) -> Codes:
    """Where each of `codes` appears first, in their order."""
    return np.flatnonzero(np.diff(np.maximum.accumulate(numbers), prepend=-1))
