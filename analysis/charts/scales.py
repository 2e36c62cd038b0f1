"""Which scale a vertical axis gets, decided on the numbers so that figure and caption agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..performance.curves import Curve

_SPAN = 3.0  # a smaller ratio of largest to smallest reads better on a linear axis
_DECADES = 4
_ROOM, _EDGE = 3.0, 1.08


@dataclass(frozen=True)
class Scale:
    """A scale of an axis."""

    kind: Literal["linear", "log", "log with zero"]
    """`log with zero`: logarithmic, and linear from `threshold` down to zero."""
    low: float
    """Smallest value above zero; 1 without any."""
    high: float
    """Largest value; 1 without any."""
    threshold: float = 0.0
    """The power of ten below `low`, at most four decades below `high`; 0 for the other kinds."""
    limits: tuple[float, float] | None = None
    """Ends of a linear or logarithmic axis, beyond which bands are cut; None for those of the data."""


def vertical_scale(curves: Sequence[Curve], most_bands: int) -> Scale:
    """Logarithmic where all values are positive and span a factor of three or more; with zero for a regret at zero.

    Bands decide nothing, since the interval of few runs may reach zero or beyond; they widen a logarithmic axis by at
    most `_ROOM` at each end.
    """
    y = _finite(curve.centre for curve in curves)
    above = y[y > 0]
    if not len(above):
        return Scale("linear", 1.0, 1.0)
    low, high = float(above.min()), float(above.max())
    if (y < 0).any():
        return Scale("linear", low, high)
    if len(above) < len(y) and curves[0].measure.regret:
        threshold = 10.0 ** np.floor(np.log10(max(low, high * 10.0**-_DECADES)))
        return Scale("log with zero", low, high, float(threshold))
    if len(above) < len(y) or high < _SPAN * low:
        return Scale("linear", low, high)
    ends = _finite(end for curve in curves[:most_bands] for end in (curve.lower, curve.upper))
    least, most = float(ends.min(initial=low)), float(ends.max(initial=high))
    return Scale("log", low, high, limits=(max(least, low / _ROOM) / _EDGE, min(most, high * _ROOM) * _EDGE))


def _finite(parts: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    y = np.concatenate([*parts, np.empty(0)])
    return y[np.isfinite(y)]
