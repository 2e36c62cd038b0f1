"""Statistics over runs: worked by hand with late, crashed and short runs, and against scipy and plain resampling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from encave.analysis.grouping.measure import Measure
from encave.analysis.performance import curves
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.analysis.performance.curves import aggregate
from encave.analysis.statistics import bootstrap
from encave.analysis.statistics.intervals import over_runs
from encave.analysis.statistics.order_statistics import Statistic
from encave.errors import EncaveError

NAN, INF = float("nan"), float("inf")
TIME = Axis("time", "time", "s")
LOSS = Measure("loss", "cost:loss")


def curve_of(*runs, statistic="median", measure: Measure = LOSS, **options):
    members = [trajectory(run, TIME, [measure.column]) for run in runs]
    return aggregate("A", members, measure, Statistic(statistic), **options)


def test_points_of_a_band_are_evenly_spaced_in_the_logarithm() -> None:
    assert curves.thinned(np.arange(100.0)).tolist() == list(range(100))  # few enough
    spread = np.geomspace(1.0, 1e6, 1000)
    for grid, gap in (
        (spread, 10.2),  # 999 steps over 98
        (np.append(0.0, spread), 10.2),  # zero has no logarithm: from the next on
        (np.append(1e-6, spread), 20.4),  # half of the points are to be before 1
    ):
        found = curves.thinned(grid)
        assert (found[0], found[-1]) == (0, len(grid) - 1) and len(found) <= curves.BAND_POINTS
        steps = np.diff(found[found > 0])
        assert (np.abs(steps - gap) < 1.5).all() and steps.mean() == pytest.approx(gap, rel=0.05)


def test_100_points_of_a_band_are_all_of_them() -> None:
    assert len(curves.thinned(np.geomspace(1.0, 9.0, 100))) == 100
    assert curves.thinned(np.linspace(1.0, 1000.0, 101)).tolist() != list(range(101))
    tiny = np.append(np.arange(1.0, 101.0) * 5e-324, [1.0, 2.0])
    assert curves.thinned(tiny)[[0, -1]].tolist() == [0, 101]


def test_median_by_hand_with_late_failed_and_short_runs(make_run) -> None:
    early = make_run(costs=[5.0, 3.0, 1.0], ends=[1.0, 4.0, 9.0])
    late = make_run(seed=1, costs=[NAN, 7.0, 6.0], ends=[1.0, 3.0, 8.0])
    failed = make_run(seed=2, costs=[NAN, NAN], ends=[1.0, 2.0])
    curve = curve_of(early, late, failed, interval="bootstrap")
    # of three, one without an incumbent is infinitely bad: until 3 the median is too, then it is the worse of the two
    assert curve.positions.tolist() == [3.0, 4.0, 8.0]
    assert curve.centre.tolist() == [7.0, 7.0, 6.0]
    assert (curve.runs, curve.without_incumbent, curve.stop, curve.cut, curve.held) == (2, 1, 8.0, 1, 0)
    assert curve.upper.tolist() == [INF, INF, INF]  # resamples with the failed run twice have no median
    assert curve_of(early, late, failed, statistic="q0").centre.tolist() == [5.0, 5.0, 3.0, 3.0]


def test_runs_that_hold_and_runs_that_are_cut_are_counted(make_run) -> None:
    limit = {"simulated_seconds": 10.0}
    crashed = make_run(costs=[2.0], ends=[1.0], limit=limit)  # its last incumbent holds to 10
    whole = make_run(seed=1, costs=[4.0, 1.0], ends=[1.0, 10.0], limit=limit)
    longer = make_run(seed=2, costs=[3.0, 0.0], ends=[1.0, 19.0], limit={"simulated_seconds": 20.0})
    curve = curve_of(crashed, whole, longer, statistic="mean")
    assert (curve.stop, curve.held, curve.cut, curve.positions.tolist()) == (10.0, 1, 1, [1.0, 10.0])
    assert curve.centre.tolist() == [3.0, 2.0]


def test_maximised_measures_are_worst_from_below(make_run) -> None:
    accuracy = Measure("accuracy", "cost:loss", maximize=True)
    runs = [make_run(seed=seed, costs=[0.5 + 0.1 * seed], direction="maximize", ends=[1.0 + seed]) for seed in range(3)]
    held = [run.replace(provenance=run.provenance.replace(limit={"simulated_seconds": 5.0})) for run in runs]
    curve = curve_of(*held, measure=accuracy, interval="bootstrap")
    assert curve.positions.tolist() == [2.0, 3.0]
    np.testing.assert_allclose(curve.centre, [0.5, 0.6])
    assert (curve.lower <= curve.centre).all() and (curve.centre <= curve.upper).all()


def test_missing_value_is_a_gap(make_run) -> None:
    valid = Measure("valid", "extra:valid")
    runs = [make_run(seed=seed, reported=[5.0 - seed, NAN if seed == 1 else 3.0, 2.0]) for seed in range(3)]
    np.testing.assert_array_equal(curve_of(*runs, measure=valid).centre, [4.0, NAN, 2.0])


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 30])
def test_statistics_are_those_of_numpy_and_scipy(n: int) -> None:
    values = np.random.default_rng(n).lognormal(size=(n, 3))
    np.testing.assert_allclose(Statistic("mean").of(values), values.mean(axis=0))
    np.testing.assert_allclose(Statistic("median").of(values), np.median(values, axis=0))
    np.testing.assert_allclose(Statistic("q0.9").of(values), np.quantile(values, 0.9, axis=0))
    np.testing.assert_allclose(Statistic("iqm").of(values), stats.trim_mean(values, 0.25, axis=0))
    assert Statistic("iqm").title == "interquartile mean"


@pytest.mark.parametrize("name", ["quartile", "q1.5", "q", "average"])
def test_unknown_statistic_is_refused(name: str) -> None:
    with pytest.raises(EncaveError, match="no statistic"):
        Statistic(name)


@pytest.mark.parametrize("name", ["median", "iqm", "q0.75"])
def test_resampled_order_statistics_are_a_bootstrap(name: str) -> None:
    values = np.sort(np.random.default_rng(3).normal(size=(11, 1)), axis=0)
    # on sorted values a resample of ranks is a resample of runs
    counts = np.rint(bootstrap.weights(11) * 11).astype(int)
    expected = [Statistic(name).of(np.repeat(values, own, axis=0))[0] for own in counts]
    np.testing.assert_allclose(Statistic(name).resampled(values)[0], expected)


def test_median_band_agrees_with_scipy_and_with_the_exact_distribution() -> None:
    values = np.random.default_rng(4).normal(size=(25, 1))
    resampled = Statistic("median").resampled(values)[0]
    theirs = stats.bootstrap((values[:, 0],), np.median, method="percentile", n_resamples=9999, random_state=0)
    lower, upper = bootstrap.interval(resampled[None])
    spread = values.std()
    assert abs(lower[0] - theirs.confidence_interval.low) < 0.1 * spread
    assert abs(upper[0] - theirs.confidence_interval.high) < 0.1 * spread
    # Efron 1979: the bootstrap median is at or below the k-th of n values if a majority of n draws is
    ordered = np.sort(values[:, 0])
    for k in (8, 12, 16):
        exact = stats.binom.sf(12, 25, (k + 1) / 25)
        assert abs((resampled <= ordered[k]).mean() - exact) < 0.05


def test_t_band_is_scipys(make_run) -> None:
    runs = [make_run(seed=seed, costs=[float(cost)]) for seed, cost in enumerate([3, 5, 10, 4])]
    curve = curve_of(*runs, statistic="mean", interval="t")
    theirs = stats.ttest_1samp([3, 5, 10, 4], 0).confidence_interval(0.95)
    np.testing.assert_allclose([curve.lower[0], curve.upper[0]], theirs)


@given(st.integers(1, 7), st.sampled_from(["mean", "median", "iqm"]))
def test_blocks_join_seamlessly(make_run, width: int, statistic: str) -> None:
    rng = np.random.default_rng(width)
    runs = [
        make_run(seed=s, costs=rng.permutation(20.0 + np.arange(12)), ends=np.cumsum(rng.exponential(size=12)))
        for s in range(4)
    ]
    whole = curve_of(*runs, statistic=statistic)
    before = curves._BLOCK
    curves._BLOCK = 4 * width
    try:
        parts = curve_of(*runs, statistic=statistic)
    finally:
        curves._BLOCK = before
    np.testing.assert_array_equal(whole.centre, parts.centre)
    np.testing.assert_array_equal(whole.upper, parts.upper)


@pytest.mark.parametrize("statistic", ["mean", "median", "iqm"])
@pytest.mark.parametrize("interval", ["t", "bootstrap"])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_bands_are_intervals_of_the_values_at_their_points(make_run, statistic, interval, direction) -> None:
    measure = Measure("loss", "cost:loss", maximize=direction == "maximize")
    rng = np.random.default_rng(7)
    costs = np.sort(rng.normal(50, 9, size=(6, 3)), axis=1)[:, :: -1 if direction == "minimize" else 1]
    runs = [make_run(seed=seed, costs=own, direction=direction, ends=[1.0, 2.0, 3.0]) for seed, own in enumerate(costs)]
    curve = curve_of(*runs, statistic=statistic, measure=measure, interval=interval)
    sign = 1.0 if direction == "minimize" else -1.0
    lower, upper = over_runs(sign * costs, Statistic(statistic), interval)
    ends = (lower, upper) if sign > 0 else (-upper, -lower)
    np.testing.assert_allclose([curve.lower, curve.upper], ends)
    np.testing.assert_allclose(curve.centre, sign * Statistic(statistic).of(sign * costs))
    assert (curve.band.tolist(), curve.optimizer, curve.measure) == ([0, 1, 2], "A", measure)


def test_one_run_has_no_band_and_none_has_no_curve(make_run) -> None:
    one = curve_of(make_run(costs=[3.0, 2.0]), statistic="mean")
    assert (one.centre.tolist(), len(one.band), len(one.lower), one.stop) == ([3.0, 2.0], 0, 0, 2.0)
    two = curve_of(make_run(costs=[3.0]), make_run(seed=1, costs=[NAN]), statistic="mean")
    assert (two.runs, two.without_incumbent, len(two.band)) == (1, 1, 0)
    for statistic in ("mean", "median"):
        none = curve_of(make_run(costs=[NAN]), make_run(seed=1, costs=[NAN]), statistic=statistic)
        assert (none.runs, none.without_incumbent, none.stop, len(none.positions)) == (0, 2, 0.0, 0)


def test_a_median_of_which_most_failed_is_nowhere(make_run) -> None:
    runs = [make_run(costs=[3.0, 2.0]), *(make_run(seed=seed, costs=[NAN, NAN]) for seed in (1, 2))]
    curve = curve_of(*runs, statistic="median")
    assert len(curve.positions) == len(curve.centre) == len(curve.band) == len(curve.lower) == 0
    assert (curve.runs, curve.without_incumbent, curve.stop) == (1, 2, 2.0)


def test_a_gap_has_no_band(make_run) -> None:
    valid = Measure("valid", "extra:valid")
    runs = [make_run(seed=seed, reported=[5.0 - seed, NAN if seed == 1 else 3.0, 2.0 + seed]) for seed in range(3)]
    curve = curve_of(*runs, statistic="mean", measure=valid)
    assert np.isnan([curve.centre[1], curve.lower[1], curve.upper[1]]).all() and np.isfinite(curve.upper[[0, 2]]).all()


def test_values_before_any_incumbent_are_the_worst(make_run) -> None:
    runs = [make_run(costs=[3.0, 2.0], ends=[1.0, 4.0]), make_run(seed=1, costs=[5.0], ends=[2.0])]
    used = [trajectory(run, TIME, ["cost:loss"]) for run in runs]
    grid = np.array([0.5, 1.0, 1.5, 2.0, 4.0, 9.0])
    found = curves.values_at(used, LOSS, grid)
    np.testing.assert_array_equal(found, [[INF, 3, 3, 3, 2, 2], [INF, INF, INF, 5, 5, 5]])
    up = curves.values_at(used, Measure("loss", "cost:loss", maximize=True), grid[:2])
    np.testing.assert_array_equal(up, [[-INF, 3], [-INF, -INF]])
    assert curves.values_at(used, LOSS, grid[:0]).shape == (2, 0)


def test_curves_end_and_are_cut_where_the_first_run_ends(make_run) -> None:
    limit = {"simulated_seconds": 5.0}
    first = make_run(costs=[3.0, 2.0], ends=[1.0, 5.0], limit=limit)
    second = make_run(seed=1, costs=[4.0, 1.0], ends=[1.0, 4.0], limit=limit)
    even = curve_of(first, second, statistic="mean")
    assert (even.stop, even.cut, even.held) == (5.0, 0, 1)
