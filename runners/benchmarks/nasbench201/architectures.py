"""Every way to name architectures of NAS-Bench-201, normalised to their official indices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ....errors import EncaveError
from ....run.nasbench201_space import EDGES, OPERATIONS, SIZE, from_string, to_index, to_ops

STRING_FORM = "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|"
"""The official architecture string, with a place for the operation of each edge."""


def to_indices(architectures: Any) -> NDArray[np.int64]:
    """Official indices, shape (n,), of architectures given in any of the accepted forms.

    Args:
        architectures: an official index or an array of them; `ops` of shape (n, 6); an official string or several; a
            configuration (a mapping, or a ConfigSpace `Configuration`) or several.

    Raises:
        EncaveError: it is none of these, or names no architecture of NAS-Bench-201.
    """
    if isinstance(architectures, str | Mapping):
        architectures = [architectures]
    elif not hasattr(architectures, "dtype") and isinstance(architectures, Iterable):
        architectures = list(cast("Iterable[Any]", architectures))
    try:
        return _to_indices(architectures)
    except (ValueError, TypeError) as error:
        raise EncaveError(f"{error}. Give official indices, strings, or configurations op_0_1 … op_2_3.") from error


@lru_cache(maxsize=1)
def official_strings() -> tuple[str, ...]:
    """All 15,625 official architecture strings, in the order of the official index."""
    lexicographic = [STRING_FORM.format(*operations) for operations in product(OPERATIONS, repeat=len(EDGES))]
    places = to_index(np.array(list(product(range(len(OPERATIONS)), repeat=len(EDGES)))))
    return tuple(lexicographic[rank] for rank in np.argsort(places))


@lru_cache(maxsize=1)
def index_of_string() -> Mapping[str, int]:
    """Official string → official index."""
    return {text: index for index, text in enumerate(official_strings())}


def _to_indices(architectures: Any) -> NDArray[np.int64]:
    if isinstance(architectures, list) and architectures:
        several = cast("Sequence[Any]", architectures)
        if all(isinstance(one, str) for one in several):
            return to_index(from_string(several))
        if all(isinstance(one, Mapping) for one in several):
            return to_index(to_ops(several))
    numbers = np.asarray(architectures)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise ValueError(f"not architectures of NAS-Bench-201: {architectures!r}")
    if numbers.ndim == 2:
        return to_index(numbers)
    if numbers.ndim > 2:
        raise ValueError(f"architectures are indices (n,) or operations (n, 6), not an array of shape {numbers.shape}")
    return _in_range(numbers.reshape(-1).astype(np.int64))


def _in_range(index: NDArray[np.int64]) -> NDArray[np.int64]:
    outside = index[(index < 0) | (index >= SIZE)]
    if outside.size:
        raise ValueError(f"an architecture index of NAS-Bench-201 is in 0 … {SIZE - 1}, not {outside[0]}")
    return index
