"""Values whose squares no float holds, such as penalties of 1e300 for what failed, and regrets of 1e-200."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...run.types import Floats

_SMALL, _LARGE = 1e-60, 1e60
"""Fourth powers, of which degrees of freedom are made, end at 1e-308 and 1e308."""


def scaled(samples: Sequence[Floats]) -> tuple[list[Floats], int]:
    """Samples divided by a power of two, which is exact, and its exponent; 0 if a float holds their powers as they are.

    Args:
        samples: Of any shapes; infinite values and NaN stay.

    Example:
        >>> scaled([np.array([1.0, 3.0])])
        ([array([1., 3.])], 0)
        >>> scaled([np.array([2.0**1000, 0.0])])
        ([array([0.5, 0. ])], 1001)
    """
    largest = max((float(np.abs(one[np.isfinite(one)]).max(initial=0.0)) for one in samples), default=0.0)
    if largest == 0.0 or _SMALL <= largest < _LARGE:
        return list(samples), 0
    power = int(np.frexp(largest)[1])
    return [np.ldexp(one, -power) for one in samples], power
