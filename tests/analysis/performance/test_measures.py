"""Anytime measures on hand-worked examples and against the definitions of COCO and IOHprofiler written as loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.analysis.grouping.measure import Measure
from encave.analysis.performance import measures
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis

INF = float("inf")
TIME = Axis("time", "time", "s")


def time_to_target(positions: np.ndarray, values: np.ndarray, target: float) -> float:
    """The definition."""
    return next((at for at, value in zip(positions, values, strict=True) if value <= target), INF)


def test_target_ecdf_by_hand() -> None:
    times = [[1.0, 4.0], [2.0, INF]]
    np.testing.assert_array_equal(measures.target_ecdf(times, [0.5, 1, 2, 3.9, 4, 99]), [0, 0.25, 0.5, 0.5, 0.75, 0.75])


def test_area_by_hand() -> None:
    # nothing for 2, then 6 of [0, 10] for 3, then 1 for 5, of 10 in all
    area = measures.area_over_curve(np.array([2.0, 5.0]), np.array([6.0, 1.0]), 10.0, (0.0, 10.0))
    assert area == pytest.approx((3 * 0.4 + 5 * 0.9) / 10)
    late = measures.area_over_curve(np.array([2.0, 12.0]), np.array([6.0, 0.0]), 10.0, (0.0, 10.0))
    assert late == pytest.approx(8 * 0.4 / 10)
    assert measures.area_over_curve(np.array([0.0]), np.array([-1.0]), 10.0, (0.0, 10.0)) == 1.0
    assert measures.area_over_curve(np.array([0.0]), np.array([99.0]), 10.0, (0.0, 10.0)) == 0.0


@given(st.lists(st.floats(1e-9, 1e4), min_size=1, max_size=30))
def test_area_is_iohprofilers_sum_over_evaluations(values: list[float]) -> None:
    best = np.minimum.accumulate(values)
    budget, low, high = len(values), 1e-8, 1e2
    total = 0.0
    for y in best:
        clipped = min(max(np.log10(y), np.log10(low)), np.log10(high))
        total += 1 - (clipped - np.log10(low)) / (np.log10(high) - np.log10(low))
    # evaluation i holds for one unit from i - 1 on
    area = measures.area_over_curve(np.arange(budget, dtype=float), best, float(budget), (low, high), scale="log")
    assert area == pytest.approx(total / budget, abs=1e-9)


def test_area_is_that_of_the_ecdf_over_many_targets() -> None:
    positions, values = np.array([1.0, 2.0, 6.0]), np.array([70.0, 5.0, 0.4])
    targets = 10 ** np.linspace(-1, 2, 3001)
    times = [time_to_target(positions, values, target) for target in targets]
    grid = np.linspace(0, 10, 1001)[:-1]
    ecdf = measures.target_ecdf(times, grid).mean()
    assert measures.area_over_curve(positions, values, 10.0, (0.1, 100.0), scale="log") == pytest.approx(ecdf, abs=1e-3)


def test_hitting_times_of_runs(make_run) -> None:
    runs = [make_run(costs=[5.0, 3.0, 1.0]), make_run(seed=1, costs=[4.0]), make_run(seed=2, costs=[])]
    loss = Measure("loss", "cost:loss")
    found = measures.hitting_times([trajectory(run, TIME, ["cost:loss"]) for run in runs], loss, [4.0, 1.0])
    np.testing.assert_array_equal(found, [[2, 3], [1, INF], [INF, INF]])
    accuracy = Measure("accuracy", "cost:loss", maximize=True)
    run = make_run(costs=[0.2, 0.9], direction="maximize")
    np.testing.assert_array_equal(
        measures.hitting_times([trajectory(run, TIME, ["cost:loss"])], accuracy, [0.5, 0.95]), [[2, INF]]
    )


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0]), min_size=1, max_size=8), st.lists(st.floats(0, 5), max_size=4))
def test_hitting_times_follow_the_definition(make_run, costs: list[float], targets: list[float]) -> None:
    run = trajectory(make_run(costs=costs), TIME, ["cost:loss"])
    found = measures.hitting_times([run], Measure("loss", "cost:loss"), targets)
    expected = [time_to_target(np.arange(1.0, len(costs) + 1), np.array(costs), t) for t in targets]
    np.testing.assert_array_equal(found[0], expected)


def test_a_hit_that_does_not_last_is_none_by_default(make_run) -> None:
    """What is reported of an incumbent rises from 2 to 4 when the incumbent changes, and falls to 1."""
    one = trajectory(make_run(costs=[5.0, 4.0, 3.0, 2.0], reported=[6.0, 2.0, 4.0, 1.0]), TIME, ["extra:valid"])
    valid = Measure("valid", "extra:valid")
    assert measures.hitting_times([one], valid, [6.0, 4.0, 3.0, 1.0, 0.5])[0].tolist() == [1.0, 2.0, 4.0, 4.0, INF]
    assert measures.hitting_times([one], valid, [6.0, 4.0, 3.0, 1.0, 0.5], "first")[0].tolist() == [
        1.0,
        2.0,
        2.0,
        4.0,
        INF,
    ]
