"""Sums of products of arrays."""

from __future__ import annotations

import numpy as np

from ...run.types import Floats


def contract(rule: str, *arrays: Floats) -> Floats:
    """`numpy.einsum`, of which NumPy 1 leaves open what it takes and gives."""
    return np.einsum(rule, *arrays)  # pyright: ignore[reportUnknownMemberType]
