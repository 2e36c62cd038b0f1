"""Types of arrays and of cells; what shape an array has is told where it stands."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
"""Real numbers."""
Ints: TypeAlias = NDArray[np.int64]
"""Whole numbers."""
Bools: TypeAlias = NDArray[np.bool_]
"""Truth values."""
Cell: TypeAlias = str | int | float | bool | None
"""A value in a row of a result's table."""
