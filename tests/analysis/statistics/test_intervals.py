"""Intervals against scipy, against their definitions, and by how often they hold the truth."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

from encave.analysis.statistics import bootstrap, effects, intervals
from encave.analysis.statistics.order_statistics import Statistic
from encave.runners.benchmarks.nasbench201.table import load_surrogate

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
import interval_coverage

MEDIAN, IQM = Statistic("median"), Statistic("iqm")


@pytest.mark.parametrize("n", [2, 3, 10])
def test_of_means_against_scipy(n: int) -> None:
    values = np.random.default_rng(n).gamma(1.0, size=(n, 4))
    lower, upper = intervals.over_runs(values)
    for column, low, high in zip(values.T, lower, upper, strict=True):
        assert (low, high) == pytest.approx(stats.t.interval(0.95, n - 1, column.mean(), stats.sem(column)))


def test_of_differences_against_scipy() -> None:
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=9), rng.normal(1, 3, size=6), rng.normal(size=9)
    known = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert intervals.of_difference(a, b, paired=False) == pytest.approx((known.low, known.high))
    known = stats.ttest_rel(a, c).confidence_interval(0.95)
    assert intervals.of_difference(a, c, paired=True) == pytest.approx((known.low, known.high))
    assert all(map(math.isnan, intervals.of_difference(a[:1], b, paired=False)))


def test_two_of_either_have_an_interval_and_one_has_none() -> None:
    a, b = np.array([1.0, 2.0]), np.array([4.0, 7.0])
    known = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert intervals.of_difference(a, b, paired=False) == pytest.approx((known.low, known.high))
    for ours, theirs in ((a[:1], b), (a, b[:1])):
        assert all(map(math.isnan, intervals.of_difference(ours, theirs, paired=False)))


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("pairs", [1, 3])
def test_intervals_of_several_differences_hold_at_once(paired: bool, pairs: int) -> None:
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=8), rng.normal(1, size=8)
    level = 1 - 0.05 / pairs
    known = (stats.ttest_rel(a, b) if paired else stats.ttest_ind(a, b, equal_var=False)).confidence_interval(level)
    assert intervals.of_difference(a, b, paired=paired, pairs=pairs) == pytest.approx((known.low, known.high))
    ours, theirs = (bootstrap.weights(8) @ one for one in (a, b))
    drawn = ours - (theirs if paired else np.append(theirs[-1], theirs[:-1]))  # out of step where they are not paired
    known = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    found = intervals.of_difference(a, b, paired=paired, kind="bootstrap", pairs=pairs)
    assert found == pytest.approx(tuple(known))


@pytest.mark.parametrize("name", ["mean", "median", "iqm"])
def test_the_percentile_bootstrap_can_be_chosen(name: str) -> None:
    values = np.random.default_rng(7).normal(size=(9, 2))
    known = np.quantile(Statistic(name).resampled(values), [0.025, 0.975], axis=1)
    np.testing.assert_allclose(intervals.over_runs(values, Statistic(name), "bootstrap"), known)


def test_without_any_deviation_the_interval_is_the_value() -> None:
    assert intervals.of_difference(np.full(3, 5.0), np.full(4, 2.0), paired=False) == (3.0, 3.0)
    assert intervals.of_difference(np.full(3, 5.0), np.full(3, 2.0), paired=True) == (3.0, 3.0)


def test_of_means_over_tasks_against_scipy() -> None:
    rng = np.random.default_rng(8)
    few, many = rng.normal(size=(3, 1)), rng.normal(2, 4, size=(7, 1))
    # Welch's of the halves: a difference from the other's negative
    known = stats.ttest_ind(few[:, 0] / 2, -many[:, 0] / 2, equal_var=False).confidence_interval(0.95)
    found = intervals.of_mean_over_tasks([few, many], shared=False)
    assert np.ravel(found) == pytest.approx((known.low, known.high))
    seeds = (few + many[:3]) / 2
    known = stats.t.interval(0.95, 2, seeds.mean(), stats.sem(seeds[:, 0]))
    assert np.ravel(intervals.of_mean_over_tasks([few, many[:3]], shared=True)) == pytest.approx(known)


def test_of_draws_by_hand() -> None:
    drawn = np.array([[1.0, 2.0, 3.0, 6.0]])
    half = stats.t.ppf(0.975, 4) * math.sqrt(3.5) * math.sqrt(5 / 4)
    found = intervals.of_draws(np.array([10.0]), drawn, 5)
    assert np.ravel(found) == pytest.approx((10 - half, 10 + half))


@pytest.mark.parametrize(("n", "cut"), [(3, 0), (4, 1), (7, 1)])
def test_of_interquartile_means_of_few(n: int, cut: int) -> None:
    values = np.sort(np.random.default_rng(n).gamma(1.0, size=n))
    winsorized = np.clip(values, values[cut], values[n - 1 - cut])
    kept = n - 2 * cut
    error = math.sqrt(((winsorized - winsorized.mean()) ** 2).sum() / (kept * (kept - 1)))
    centre, half = values[cut : n - cut].mean(), stats.t.ppf(0.975, kept - 1) * error
    found = intervals.over_runs(values[::-1, None], IQM)
    assert np.ravel(found) == pytest.approx((centre - half, centre + half))


@pytest.mark.parametrize("share", [0.25, 0.9, 0.7])
def test_of_quantiles_between_order_statistics(share: float) -> None:
    """Nyblom 1992: the weight of the upper one is (n - r) p (a - pi_r) to r q (pi_{r+1} - a)."""
    n = 40
    values = np.sort(np.random.default_rng(9).normal(size=n))

    def bound(ordered: np.ndarray, p: float) -> float:
        tails = stats.binom.cdf(np.arange(n), n, p)
        r = int((tails <= 0.025).sum())
        to_upper, to_lower = (n - r) * p * (0.025 - tails[r - 1]), r * (1 - p) * (tails[r] - 0.025)
        return (to_lower * ordered[r - 1] + to_upper * ordered[r]) / (to_lower + to_upper)

    lower, upper = intervals.over_runs(values[:, None], Statistic(f"q{share}"))
    assert lower[0] == pytest.approx(bound(values, share))
    assert upper[0] == pytest.approx(-bound(-values[::-1], 1 - share))


def test_ends_of_quantiles_that_few_values_have_or_have_not() -> None:
    values = np.arange(5.0)[:, None]
    # the highest of five is below the 0.999 quantile in all but 0.5 % of samples, and none is above it
    assert [end[0] for end in intervals.over_runs(values, Statistic("q0.999"))] == [
        4.0,
        pytest.approx(np.nan, nan_ok=True),
    ]
    lower, upper = intervals.over_runs(values, Statistic("q0.001"))
    assert math.isnan(lower[0]) and upper[0] == 0.0
    # the highest of 32 values is below the 0.9 quantile in 3.4 % of samples, of 31 in 3.8 %: too many
    many = np.arange(32.0)[:, None]
    assert intervals.over_runs(many, Statistic("q0.9"))[1][0] == 31.0
    assert math.isnan(intervals.over_runs(many[:31], Statistic("q0.9"))[1][0])


def test_of_interquartile_means_by_hand() -> None:
    values = np.array([1.0, 2, 4, 5, 6, 8, 9, 30])
    winsorized = np.array([4.0, 4, 4, 5, 6, 8, 8, 8])
    error = math.sqrt(((winsorized - winsorized.mean()) ** 2).sum() / (4 * 3))
    half = stats.t.ppf(0.975, 3) * error
    lower, upper = intervals.over_runs(values[:, None], IQM)
    assert (lower[0], upper[0]) == pytest.approx((5.75 - half, 5.75 + half))


def test_of_medians_by_order_statistics() -> None:
    """Five values span 93.75 %; of more, the ends lie between order statistics (Hettmansperger and Sheather 1986)."""
    values = np.arange(1.0, 12)[:, None]
    assert [end[0] for end in intervals.over_runs(values[:5], MEDIAN)] == [1.0, 5.0]
    lower, upper = intervals.over_runs(values[:6], MEDIAN)
    assert 1 < lower[0] < 2 and 5 < upper[0] < 6
    tails = stats.binom.cdf([1, 2], 11, 0.5)  # of the second and the third of eleven values
    share = (tails[1] - 0.025) / (tails[1] - tails[0])
    step = (11 - 2) * (1 - share) / (2 + (11 - 4) * (1 - share))
    lower, upper = intervals.over_runs(values, MEDIAN)
    assert (lower[0], upper[0]) == pytest.approx((2 + step, 10 - step))
    assert np.isnan(intervals.over_runs(values[:4], MEDIAN)).all()
    infinite = np.where(values > 9, np.inf, values)
    assert np.isposinf(intervals.over_runs(infinite, MEDIAN)[1][0])


@pytest.mark.parametrize(("value", "n", "m"), [(0.7, 8, 12), (1.0, 5, 5), (0.0, 20, 4), (0.5, 30, 30)])
def test_newcombes_interval_solves_its_equation(value: float, n: int, m: int) -> None:
    def gap(theta: float) -> float:
        more = (n + m) / 2 - 1
        variance = theta * (1 - theta) / (n * m) * (1 + more * ((1 - theta) / (2 - theta) + theta / (1 + theta)))
        return (value - theta) ** 2 - stats.norm.ppf(0.975) ** 2 * variance

    lower, upper = intervals.of_probability(value, n, m)
    assert lower == pytest.approx(0.0 if value == 0 else optimize.brentq(gap, 0, value - 1e-9), abs=1e-6)
    assert upper == pytest.approx(1.0 if value == 1 else optimize.brentq(gap, value + 1e-9, 1), abs=1e-6)


def test_three_runs_of_each_cannot_exclude_one_half() -> None:
    assert intervals.of_probability(1.0, 3, 3) == (0.5, 1.0)
    assert intervals.of_probability(0.0, 3, 3) == (0.0, 0.5)
    assert intervals.of_probability(1.0, 4, 4)[0] > 0.5
    assert intervals.of_probability(1.0, 5, 3)[0] > 0.5  # 2 / C(8, 3) is 3.6 %


def test_seeds_are_clusters_over_tasks() -> None:
    """Runs that are the same on every task say no more than those of one; runs of their own narrow the interval."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=12), rng.normal(0.6, size=12)
    one = effects.probability_of_improvement([a], [b])
    clusters = effects.probability_of_improvement([a, a, a], [b, b, b], shared=True)
    apart = effects.probability_of_improvement([a, a, a], [b, b, b])
    assert (clusters.lower, clusters.upper) == pytest.approx((one.lower, one.upper))
    assert apart.value - apart.lower == pytest.approx((one.value - one.lower) / math.sqrt(3))
    values = a[:, None]
    alone = intervals.over_runs(values)
    together = intervals.of_mean_over_tasks([values, values], shared=True)
    assert np.ravel(together) == pytest.approx(np.ravel(alone))
    independent = intervals.of_mean_over_tasks([values, values], shared=False)
    assert np.ptp(independent) < 0.75 * np.ptp(alone)


@pytest.fixture(scope="module")
def searches() -> dict[int, np.ndarray]:
    return interval_coverage.populations(load_surrogate(), "cifar10")


@pytest.mark.parametrize("n", [3, 5, 10, 30])
@pytest.mark.parametrize("name", [name for name, _ in interval_coverage.ROWS])
def test_defaults_hold_the_truth(searches: dict[int, np.ndarray], name: str, n: int) -> None:
    """1,000 samples have a standard error of 0.7 percentage points; with three runs rank statistics take few values."""
    share = dict(interval_coverage.ROWS)[name](searches, "t", n, 1000)
    if name == "median" and n == 3:
        assert math.isnan(share)
    else:
        assert (0.91 if n < 10 else 0.93) <= share <= (1.0 if n == 3 else 0.98)


def test_the_percentile_bootstrap_does_not(searches: dict[int, np.ndarray]) -> None:
    held = dict(interval_coverage.ROWS)["mean"]
    assert held(searches, "bootstrap", 3, 1000) < 0.8
    assert held(searches, "bootstrap", 5, 1000) < 0.9
