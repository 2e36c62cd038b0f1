"""Which evaluation is the best so far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def incumbents(cost: NDArray[np.float64]) -> NDArray[np.int64]:
    """Position of the first of the lowest costs so far after each evaluation, shape (n,) as `cost`, n > 0."""
    best = np.minimum.accumulate(cost)
    improved = np.concatenate([[True], best[1:] < best[:-1]])
    return np.maximum.accumulate(np.where(improved, np.arange(len(cost)), 0))
