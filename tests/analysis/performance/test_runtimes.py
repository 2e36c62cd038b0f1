"""Targets, expected running times, ECDF and areas on hand-worked runs: ties, failed runs, zero regret, maximisation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.analysis.grouping.measure import Measure
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.analysis.performance.measures import target_ecdf
from encave.analysis.performance.runtimes import expected_running_time, runtimes, spaced_targets
from encave.analysis.performance.section_curves import Summary
from encave.analysis.performance.section_runtimes import given_targets, section_runtimes
from encave.analysis.performance.streaming import gather, reduce_run
from encave.analysis.statistics import bootstrap, intervals
from encave.converters import convert
from encave.errors import EncaveError
from encave.run import Run

IOH = Path(__file__).parents[2] / "logs" / "ioh"

NAN, INF = float("nan"), float("inf")
TIME = Axis("time", "time", "s")
REGRET = Measure("regret", "cost:loss", regret="optimum", reference=1.0)
LOSS = Measure("loss", "cost:loss")


def members(*runs):
    return [trajectory(run, TIME, ["cost:loss"]) for run in runs]


def test_targets_of_a_regret_by_hand(make_run) -> None:
    found = members(make_run(costs=[101.0, 11.0]), make_run(seed=1, costs=[31.0, 2.0, 1.0]))
    targets = spaced_targets(found, REGRET, 3)
    assert targets is not None
    np.testing.assert_allclose(targets.values, [100.0, 10.0, 1.0, 0.0])  # a run reached the optimum
    assert (targets.scale, targets.bounds) == ("log", (1.0, 100.0))


def test_targets_of_other_measures(make_run) -> None:
    found = members(make_run(costs=[5.0, 3.0]), make_run(seed=1, costs=[4.0, 1.0]))
    targets = spaced_targets(found, LOSS, 5)
    assert targets is not None and targets.scale == "linear"
    assert targets.values.tolist() == [5.0, 4.0, 3.0, 2.0, 1.0]
    accuracy = Measure("accuracy", "cost:loss", maximize=True)
    found = members(make_run(costs=[0.2, 0.8], direction="maximize"), make_run(seed=1, costs=[0.4]))
    targets = spaced_targets(found, accuracy, 4)
    assert targets is not None
    np.testing.assert_allclose(targets.values, [0.2, 0.4, 0.6, 0.8])
    assert spaced_targets(members(make_run(costs=[NAN])), LOSS) is None
    assert spaced_targets([], LOSS) is None


def test_equal_targets_count_once(make_run) -> None:
    same = spaced_targets(members(make_run(costs=[2.0]), make_run(seed=1, costs=[2.0])), LOSS)
    assert same is not None and same.values.tolist() == [2.0]
    at_once = spaced_targets(members(make_run(costs=[3.0, 1.0])), REGRET)  # from the first incumbent to the optimum
    assert at_once is not None and at_once.values.tolist() == [2.0, 0.0]


def test_given_targets_of_a_section(make_run) -> None:
    runs = [make_run(seed=0, costs=[101.0, 11.0, 1.0]), make_run(seed=1, costs=[31.0, 2.0]), make_run("B", costs=[NAN])]
    reduced = [reduce_run(run, "evaluations", "highest-so-far") for run in runs]
    (curves,), _ = gather(reduced, "evaluations", Summary())
    found = section_runtimes(curves, None, [10.0, 0.0, 30.0])
    assert found is not None and found.measure.name == "loss regret"
    assert (found.targets.values.tolist(), found.targets.bounds) == ([30.0, 10.0, 0.0], (10.0, 30.0))
    a, b = found.runtimes
    np.testing.assert_array_equal(a.times, [[2, 2, 3], [1, 2, INF]])
    assert [a.expected(k).value for k in range(3)] == [1.5, 2.0, 5.0] and not np.isfinite(b.times).any()
    plain = section_runtimes(curves, "loss", [5.0])
    assert plain is not None and plain.runtimes[0].times.tolist() == [[3.0], [2.0]]
    with pytest.raises(EncaveError, match="no measure 'accuracy'; there are loss regret, loss"):
        section_runtimes(curves, "accuracy")
    more = given_targets([0.2, 0.9], Measure("accuracy", "cost:loss", maximize=True))
    assert (more.values.tolist(), more.bounds, more.scale) == ([0.2, 0.9], (-0.9, -0.2), "linear")


def test_runtimes_by_hand(make_run) -> None:
    a = members(make_run(costs=[101.0, 11.0, 2.0], ends=[1.0, 2.0, 5.0]), make_run(seed=1, costs=[11.0], ends=[10.0]))
    b = members(make_run("B", costs=[NAN, NAN], ends=[1.0, 7.0]))
    targets = spaced_targets([*a, *b], REGRET, 3)
    assert targets is not None
    first, second = runtimes({"A": a, "B": b}, REGRET, targets)
    np.testing.assert_array_equal(first.times, [[1, 2, 5], [10, 10, INF]])
    assert [first.expected(target).value for target in range(3)] == [5.5, 6.0, 15.0]
    assert [first.hits(target) for target in range(3)] == [2, 2, 1]
    assert first.positions.tolist() == [1.0, 2.0, 5.0, 10.0]
    np.testing.assert_allclose(first.share, [1 / 6, 2 / 6, 3 / 6, 5 / 6])
    # up to 5, where the first run with an incumbent ends: nothing at 100, half at 10 from 2 to 5; the other run nothing
    assert first.area.value == pytest.approx((3 * 0.5 / 5 + 0) / 2)
    assert second.expected(0).value == INF and second.hits(0) == 0 and not len(second.positions)
    assert (second.area.value, second.runs) == (0.0, 1)


def test_one_value_only_has_no_area(make_run) -> None:
    found = members(make_run(costs=[3.0]), make_run(seed=1, costs=[3.0]))
    targets = spaced_targets(found, REGRET)
    assert targets is not None
    (one,) = runtimes({"A": found}, REGRET, targets)
    assert np.isnan(one.area.value) and one.expected(0).value == 1.0


@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=2, max_size=12))
def test_expected_running_time_resamples_runs(runs) -> None:
    times = np.array([float(t) if hit else INF for t, hit in runs])
    spent = np.array([60.0 if not hit else float(t) for t, hit in runs])
    found = expected_running_time(times, spent)
    hits = [t for t, hit in runs if hit]
    expected = (sum(hits) + 60.0 * (len(runs) - len(hits))) / len(hits) if hits else INF
    assert found.value == pytest.approx(expected)
    assert found.lower <= found.upper
    if len(set(runs)) == 1 and hits:
        assert found.lower == pytest.approx(found.upper)


def test_expected_running_time_by_hand() -> None:
    # COCO: all evaluations spent, over the number of successes; the failed run spent 100
    spent = np.full(3, 100.0)
    assert expected_running_time(np.array([10.0, INF, 30.0]), spent).value == (10 + 100 + 30) / 2
    assert expected_running_time(np.array([INF, INF]), spent[:2]).value == INF
    alone = expected_running_time(np.array([4.0]), spent[:1])
    assert alone.value == 4.0 and np.isnan(alone.lower)


@given(st.floats(0.05, 1.0), st.integers(1, 50))
def test_expected_running_time_is_that_of_restarts(p: float, cost: int) -> None:
    """COCO's closed form: E[hit] + (1 - p) / p E[miss], with the estimated p."""
    hits = max(1, round(20 * p))
    times = np.array([float(cost)] * hits + [INF] * (20 - hits))
    share = hits / 20
    found = expected_running_time(times, np.full(20, 70.0)).value
    assert found == pytest.approx(cost + (1 - share) / share * 70)


def test_a_log_of_improvements_is_worth_what_the_whole_log_is(tmp_path: Path) -> None:
    """The same five runs of 100 evaluations with every evaluation logged, and with improvements only."""
    results = convert([IOH / "sparse"], tmp_path)
    runs = [Run.load(result.output) for result in results if result.output]
    reduced = [reduce_run(run, "evaluations", "highest-so-far") for run in runs]
    [section], _ = gather(reduced, "evaluations", Summary())
    found = section_runtimes(section, targets=[0.1, 1.0, 5.0])
    assert found is not None
    whole, sparse = found.runtimes
    assert [one.optimizer for one in found.runtimes] == ["RS (every evaluation logged)", "RS (improvements logged)"]
    at = found.targets.values.tolist().index(1.0)
    assert sparse.expected(at).value == pytest.approx(18.2)
    np.testing.assert_array_equal(sparse.times, whole.times)
    assert sparse.spent.tolist() == whole.spent.tolist() == [100.0] * 5
    assert sparse.area.value == pytest.approx(whole.area.value)
    np.testing.assert_array_equal(sparse.share, whole.share)
    curves = {curve.optimizer: curve for curve in section.curves[0]}
    a, b = curves[whole.optimizer], curves[sparse.optimizer]
    np.testing.assert_array_equal(a.positions, b.positions)
    np.testing.assert_allclose(a.centre, b.centre)
    assert (a.stop, b.stop, b.held) == (100, 100, 0)


def test_targets_of_values_on_the_way_and_of_values_that_are_held(make_run) -> None:
    one = [trajectory(make_run(costs=[5.0, 4.0, 3.0], reported=[6.0, 1.0, 4.0]), TIME, ["extra:valid"])]
    valid = Measure("valid", "extra:valid")
    held, first = (spaced_targets(one, valid, 3, hits) for hits in ("held", "first"))
    assert held is not None and held.values.tolist() == [6.0, 5.0, 4.0]
    assert first is not None and first.values.tolist() == [6.0, 3.5, 1.0]


def test_targets_without_what_is_not_finite(make_run) -> None:
    runs = make_run(costs=[3.0, 2.0, 1.0], reported=[INF, 9.0, 3.0]), make_run(seed=1, reported=[5.0, NAN, 4.0])
    found = [trajectory(run, TIME, ["extra:valid"]) for run in runs]
    valid = Measure("valid", "extra:valid")
    targets = spaced_targets(found, valid, 3, "first")
    assert targets is not None and targets.values.tolist() == [5.0, 4.0, 3.0]
    assert spaced_targets(found[:1], valid, 3) is None  # no first value


def test_targets_of_a_regret_below_zero_are_linear(make_run) -> None:
    given = Measure("regret", "cost:loss", regret="given", reference=4.0)
    targets = spaced_targets(members(make_run(costs=[6.0, 3.0])), given, 4)
    assert targets is not None and (targets.scale, targets.bounds) == ("linear", (-1.0, 2.0))
    np.testing.assert_allclose(targets.values, [2.0, 1.0, 0.0, -1.0])
    zero = spaced_targets(members(make_run(costs=[1.0])), REGRET)
    assert zero is not None and (zero.scale, zero.values.tolist()) == ("linear", [0.0])
    assert len(spaced_targets(members(make_run(costs=[9.0, 2.0])), REGRET).values) == 51  # type: ignore[union-attr]


def test_targets_that_a_person_names() -> None:
    plain = given_targets([3.0, 1.0, 3.0], LOSS)
    assert (plain.values.tolist(), plain.scale, plain.bounds) == ([3.0, 1.0], "linear", (1.0, 3.0))
    regret = given_targets([0.5, 20.0, -1.0, 0.0], REGRET)
    assert (regret.values.tolist(), regret.scale, regret.bounds) == ([20.0, 0.5, 0.0, -1.0], "log", (0.5, 20.0))
    below = given_targets([0.0, -1.0], REGRET)
    assert (below.scale, below.bounds) == ("linear", (-1.0, 0.0))


def test_targets_and_hits_that_are_none_are_refused(make_run) -> None:
    (curves,), _ = gather([reduce_run(make_run(), None, "as-logged")], None, Summary())
    with pytest.raises(EncaveError, match=r"^no kind of hit 'last'; there are held, first$"):
        section_runtimes(curves, hits="last")  # type: ignore[arg-type]
    with pytest.raises(EncaveError, match=r"^a target is a finite number, not nan$"):
        section_runtimes(curves, targets=[1.0, NAN])


def test_expected_running_time_of_resamples() -> None:
    times, spent = np.array([10.0, INF, 30.0, 20.0]), np.array([99.0, 100.0, 99.0, 99.0])
    counts = np.rint(4 * bootstrap.weights(4)).astype(int)
    cost, hit = counts @ [10.0, 100.0, 30.0, 20.0], counts @ [1, 0, 1, 1]
    drawn = np.array([c / h if h else INF for c, h in zip(cost, hit, strict=True)])
    found = expected_running_time(times, spent)
    assert found.lower == pytest.approx(np.quantile(drawn, 0.025))
    assert found.upper == pytest.approx(np.quantile(drawn, 0.975))
    two = expected_running_time(times[[0, 2]], spent[:2])
    assert (two.value, two.lower, two.upper) == (20.0, 10.0, 30.0)


@pytest.mark.parametrize("interval", ["t", "bootstrap"])
def test_intervals_of_shares_and_areas(make_run, interval: intervals.Interval) -> None:
    costs = [[101.0, 11.0, 2.0], [51.0, 21.0, 11.0], [101.0, 91.0, 81.0], [11.0, 3.0, 2.0]]
    own = members(*(make_run(seed=seed, costs=cost, ends=[1.0, 3.0, 5.0]) for seed, cost in enumerate(costs)))
    targets = spaced_targets(own, REGRET, 5)
    assert targets is not None
    (found,) = runtimes({"A": own}, REGRET, targets, interval)
    each = np.array([target_ecdf(times, found.positions) for times in found.times])
    assert found.band.tolist() == list(range(len(found.positions)))
    known = np.clip(intervals.over_runs(each, kind=interval), 0.0, 1.0)
    np.testing.assert_allclose([found.lower, found.upper], known)
    assert found.areas.tolist() == pytest.approx([(2 * 0.5 + 0) / 5, *found.areas[1:3].tolist(), found.areas[3]])
    low, high = (end[0] for end in intervals.over_runs(found.areas[:, None], kind=interval))
    assert (found.area.value, found.area.lower, found.area.upper) == pytest.approx(
        (found.areas.mean(), max(low, 0.0), min(high, 1.0))
    )


def test_shares_and_areas_are_within_zero_and_one(make_run) -> None:
    own = members(make_run(costs=[101.0]), make_run(seed=1, costs=[2.0]))
    targets = spaced_targets(own, REGRET, 2)
    assert targets is not None
    (found,) = runtimes({"A": own}, REGRET, targets)
    assert (found.lower.tolist(), found.upper.tolist()) == ([0.0], [1.0])
    assert found.areas.tolist() == [0.0, 0.0]  # at its end the first run begins
    later = members(make_run(costs=[101.0], ends=[1.0]), make_run(seed=1, costs=[2.0], ends=[0.5]))
    (found,) = runtimes({"A": later}, REGRET, targets)
    assert (found.area.lower, found.area.upper) == (0.0, 0.0)
    spread = members(
        make_run(costs=[101.0, 101.0], ends=[0.0, 9.0]), make_run(seed=1, costs=[2.0, 3.0], ends=[0.0, 9.0])
    )
    (found,) = runtimes({"A": spread}, REGRET, targets)
    assert (found.areas.tolist(), found.area.lower, found.area.upper) == ([0.0, 1.0], 0.0, 1.0)
    (single,) = runtimes({"A": spread[1:]}, REGRET, targets)
    assert single.area.value == 1.0 and np.isnan(single.area.lower) and not len(single.band)


@pytest.mark.parametrize("hits", ["held", "first"])
def test_more_is_better_as_less_is(make_run, hits: Any) -> None:
    costs = [[9.0, 4.0, 1.0], [7.0, 6.0, 2.0], [8.0, 3.0, 3.0]]
    down = members(*(make_run(seed=seed, costs=own) for seed, own in enumerate(costs)))
    up = members(
        *(make_run(seed=seed, costs=[-c for c in own], direction="maximize") for seed, own in enumerate(costs))
    )
    plain, more = LOSS, Measure("gain", "cost:loss", maximize=True)
    targets, mirrored = (spaced_targets(own, one, 5, hits) for own, one in ((down, plain), (up, more)))
    assert targets is not None and mirrored is not None
    assert (-mirrored.values).tolist() == targets.values.tolist() == [9.0, 7.0, 5.0, 3.0, 1.0]
    assert mirrored.bounds == targets.bounds == (1.0, 9.0) and mirrored.scale == targets.scale == "linear"
    (one,), (other,) = runtimes({"A": down}, plain, targets, hits=hits), runtimes({"A": up}, more, mirrored, hits=hits)
    np.testing.assert_array_equal(one.times, other.times)
    np.testing.assert_array_equal(one.areas, other.areas)
    assert one.areas.tolist() == pytest.approx([(5 / 8) / 3, (2 / 8 + 3 / 8) / 3, (1 / 8 + 6 / 8) / 3])
    assert (one.area.lower, one.area.upper, one.spent.tolist()) == (other.area.lower, other.area.upper, [3.0] * 3)


def test_runs_that_end_at_once_have_no_area(make_run) -> None:
    own = members(make_run(costs=[9.0], ends=[0.0]), make_run(seed=1, costs=[4.0], ends=[2.0]))
    targets = spaced_targets(own, LOSS, 2)
    assert targets is not None
    (found,) = runtimes({"A": own}, LOSS, targets)
    assert np.isnan(found.areas).all() and np.isnan([found.area.value, found.area.lower]).all()
    assert found.positions.tolist() == [0.0, 2.0] and found.share.tolist() == [0.25, 0.75]
