"""Values whose squares no float holds have the intervals of the same values in another unit."""

from collections.abc import Callable

import numpy as np
import pytest

from encave.analysis.comparison.ranking import spread
from encave.analysis.statistics import intervals, simultaneous
from encave.analysis.statistics.scaling import scaled

RNG = np.random.default_rng(0)
VALUES, OTHERS = RNG.normal(size=(6, 3)), RNG.normal(size=(5, 3))
HUGE = 2.0**1000


def ends_of_mean(unit: float) -> np.ndarray:
    return np.array(intervals.over_runs(VALUES * unit))


def ends_of_difference(unit: float) -> np.ndarray:
    return np.array(intervals.of_difference(VALUES[:, 0] * unit, OTHERS[:, 0] * unit, paired=False))


def ends_of_bands(unit: float) -> np.ndarray:
    [band] = simultaneous.differences([VALUES * unit], OTHERS * unit, paired=False)
    return np.array([band.value, band.lower, band.upper])


def deviation(unit: float) -> np.ndarray:
    return np.array([spread(VALUES[:, 0] * unit).std])


@pytest.mark.parametrize("ends", [ends_of_mean, ends_of_difference, ends_of_bands, deviation])
@pytest.mark.parametrize("unit", [HUGE, 1 / HUGE])
def test_a_power_of_two_is_a_unit(ends: Callable[[float], np.ndarray], unit: float) -> None:
    assert np.isfinite(ends(1.0)).all()
    assert (ends(unit) / unit == ends(1.0)).all()


def test_infinite_values_stay() -> None:
    with np.errstate(invalid="ignore"):
        lower, upper = intervals.over_runs(np.array([[1e300], [np.inf], [2e300]]))
    assert not np.isfinite([lower, upper]).any()


def test_only_values_whose_powers_no_float_holds_are_divided() -> None:
    below = np.nextafter(1e60, 0)
    for kept in (1e-60, -1e-60, 1.0, below, 0.0, np.inf, np.nan):
        [values], power = scaled([np.array([kept])])
        assert power == 0 and values.tolist() == pytest.approx([kept], nan_ok=True, rel=0)
    for large in (1e60, -1e60, np.nextafter(1e-60, 0), 1e-200):
        [values, other], power = scaled([np.array([large, 0.0]), np.array([large / 8, np.inf])])
        assert np.ldexp(values, power).tolist() == [large, 0.0] and np.ldexp(other, power).tolist() == [
            large / 8,
            np.inf,
        ]
        assert 0.5 <= abs(values[0]) < 1
    assert scaled([]) == ([], 0)
