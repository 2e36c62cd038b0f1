"""Bands that hold everywhere at once, against Student's intervals and against what independent deviations give."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from encave.analysis.statistics.simultaneous import DRAWS, INSIDE, differences


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def near(half: float) -> float:
    """By how much an end may differ: more than three standard errors of a quantile of 4,000 normal draws."""
    return 0.06 * half


def test_at_one_point_the_band_is_welchs_interval(rng: np.random.Generator) -> None:
    ours, control = rng.normal(5.0, 1.0, (4, 1)), rng.normal(2.0, 1.5, (6, 1))
    (band,) = differences([ours], control, paired=False)
    told = stats.ttest_ind(ours[:, 0], control[:, 0], equal_var=False).confidence_interval(INSIDE)
    assert band.value[0] == pytest.approx(ours.mean() - control.mean())
    half = (told.high - told.low) / 2
    assert [band.lower[0], band.upper[0]] == pytest.approx([told.low, told.high], abs=near(half))


def test_pairs_have_the_interval_of_their_differences(rng: np.random.Generator) -> None:
    seeds = rng.normal(0.0, 10.0, (5, 1))
    ours, control = seeds + rng.normal(1.0, 0.5, (5, 1)), seeds
    (band,) = differences([ours], control, paired=True)
    told = stats.ttest_rel(ours[:, 0], control[:, 0]).confidence_interval(INSIDE)
    assert band.value[0] == pytest.approx((ours - control).mean())
    half = (told.high - told.low) / 2
    assert [band.lower[0], band.upper[0]] == pytest.approx([told.low, told.high], abs=near(half))


def _quantile(upper: float, deviation: float, freedom: float) -> float:
    """Of the normal distribution, whose tail is that of Student's at the half-width of a band."""
    return float(stats.norm.isf(stats.t.sf(upper / deviation, freedom)))


def test_deviations_that_share_nothing_need_a_wider_band(rng: np.random.Generator) -> None:
    others = [rng.normal(0.0, 1.0, (30, 1)) for _ in range(8)]
    apart = differences(others, np.zeros((30, 1)), paired=False)
    for own, band in zip(others, apart, strict=True):
        found = _quantile((band.upper - band.value)[0], stats.sem(own[:, 0]), 29)
        assert found == pytest.approx(stats.norm.isf((1 - INSIDE ** (1 / 8)) / 2), abs=0.1)  # Šidák's


def test_deviations_of_the_control_alone_need_no_wider_one(rng: np.random.Generator) -> None:
    control = rng.normal(0.0, 1.0, (30, 1))
    for band in differences([np.full((30, 1), level) for level in range(8)], control, paired=False):
        found = _quantile((band.upper - band.value)[0], stats.sem(control[:, 0]), 29)
        assert found == pytest.approx(stats.norm.isf((1 - INSIDE) / 2), abs=0.1)


def test_points_that_share_nothing_need_a_wider_band_too(rng: np.random.Generator) -> None:
    ours = rng.normal(0.0, 1.0, (200, 20))
    (band,) = differences([ours], np.zeros((200, 20)), paired=True)
    found = [_quantile(half, error, 199) for half, error in zip(band.upper - band.value, stats.sem(ours), strict=True)]
    assert found == pytest.approx([stats.norm.isf((1 - INSIDE ** (1 / 20)) / 2)] * 20, abs=0.12)
    np.testing.assert_allclose(band.value - band.lower, band.upper - band.value)


def test_where_no_run_deviates_the_band_is_the_difference() -> None:
    (band,) = differences([np.full((3, 2), 5.0)], np.full((4, 2), 2.0), paired=False)
    assert band.value.tolist() == band.lower.tolist() == band.upper.tolist() == [3.0, 3.0]


@pytest.mark.parametrize("paired", [True, False])
def test_bands_follow_their_definition(rng: np.random.Generator, paired: bool) -> None:
    sizes = (5, 5, 5) if paired else (4, 7, 6)
    first, second, control = (rng.normal(size=(n, 3)) * scale for n, scale in zip(sizes, (1.0, 3.0, 0.5), strict=True))
    draws = np.random.default_rng(11)
    kept = draws.standard_normal((DRAWS, len(control)))
    largest, parts = np.zeros(DRAWS), []
    for own in (first, second):
        if paired:
            each = [(own - control, kept)]
        else:
            each = [(own, draws.standard_normal((DRAWS, len(own)))), (control, -kept)]
        variance = sum(stats.sem(values) ** 2 for values, _ in each)
        freedom = variance**2 / sum(stats.sem(values) ** 4 / (len(values) - 1) for values, _ in each)
        drawn = np.zeros((DRAWS, 3))
        for values, multipliers in each:
            n = len(values)
            for i in range(n):
                drawn += multipliers[:, i, None] * (values[i] - values.mean(axis=0)) / (n * (n - 1)) ** 0.5
        largest = np.maximum(largest, (np.abs(drawn) / np.sqrt(variance)).max(axis=1))
        parts.append((own.mean(axis=0) - control.mean(axis=0), np.sqrt(variance), freedom))
    tail = stats.norm.sf(np.quantile(largest, 0.965))
    for band, (value, error, freedom) in zip(
        differences([first, second], control, paired=paired, seed=11), parts, strict=True
    ):
        half = stats.t.isf(tail, freedom) * error
        np.testing.assert_allclose(np.stack([band.value, band.lower, band.upper]), [value, value - half, value + half])


def test_draws_are_those_of_seed_0(rng: np.random.Generator) -> None:
    others, control = [rng.normal(size=(4, 2))], rng.normal(size=(4, 2))
    (ours,), (same,) = (differences(others, control, paired=False, **seed) for seed in ({}, {"seed": 0}))
    (other,) = differences(others, control, paired=False, seed=1)
    assert ours.upper.tolist() == same.upper.tolist() != other.upper.tolist()


def test_a_band_is_never_narrower_than_students_interval() -> None:
    """Two runs deviate from their mean as one normal value does, whose largest draws may be less by chance."""
    values = np.array([[0.0], [1.0]])
    for seed in range(30):
        (band,) = differences([values], np.zeros((2, 1)), paired=True, seed=seed)
        low, high = stats.t.interval(0.95, 1, 0.5, 0.5)
        assert band.lower[0] <= low + 1e-9 and band.upper[0] >= high - 1e-9
