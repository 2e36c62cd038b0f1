"""Ranks over time against ranks taken at each point by scipy, with late, failed and unpaired runs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from encave.analysis.comparison.rank_curves import RankTask, overall_rank_curves, rank_curves
from encave.analysis.comparison.ranking import expected_ranks
from encave.analysis.grouping.measure import Measure
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis

NAN = float("nan")
TIME = Axis("time", "time", "s")
LOSS = Measure("loss", "cost:loss")


def task_of(make_run, costs: dict[str, list[list[float]]], paired: bool, **options) -> RankTask:
    members = {
        label: [trajectory(make_run(label, seed, own, **options), TIME, ["cost:loss"]) for seed, own in enumerate(runs)]
        for label, runs in costs.items()
    }
    return RankTask(members, LOSS, paired)


@pytest.fixture
def costs() -> dict[str, list[list[float]]]:
    rng = np.random.default_rng(0)
    drawn = {label: rng.integers(1, 9, (4, 6)).astype(float) for label in "ABC"}
    drawn["A"][0, :3] = NAN  # late
    drawn["B"][1] = NAN  # never
    return {label: values.tolist() for label, values in drawn.items()}


def values_at(costs: dict[str, list[list[float]]], point: float) -> list[np.ndarray]:
    """Best cost of each run by the definition; trial i ends at i + 1."""
    return [
        np.array([min([c for i, c in enumerate(run) if i + 1 <= point and c == c], default=np.inf) for run in runs])
        for runs in costs.values()
    ]


def test_paired_ranks_at_every_point(make_run, costs) -> None:
    curves = rank_curves(task_of(make_run, costs, paired=True))
    assert curves[0].positions[[0, -1]].tolist() == [1.0, 6.0]
    for index in (0, 30, 77, 119):
        table = np.stack(values_at(costs, curves[0].positions[index] + 1e-12), axis=1)
        expected = stats.rankdata(table, axis=1).mean(axis=0)
        np.testing.assert_allclose([curve.mean[index] for curve in curves], expected)
    for curve in curves:
        assert (curve.lower <= curve.mean + 1e-12).all()
        assert (curve.mean <= curve.upper + 1e-12).all()


def test_unpaired_ranks_at_every_point(make_run, costs) -> None:
    costs["C"] = costs["C"][:2]
    curves = rank_curves(task_of(make_run, costs, paired=False))
    for index in (0, 60, 119):
        expected = expected_ranks(values_at(costs, curves[0].positions[index] + 1e-12))
        np.testing.assert_allclose([curve.mean[index] for curve in curves], expected)
    np.testing.assert_allclose(np.sum([curve.mean for curve in curves], axis=0), 6)


def test_one_run_has_no_band(make_run) -> None:
    for paired in (True, False):
        curves = rank_curves(task_of(make_run, {"A": [[3.0, 1.0]], "B": [[2.0, 2.0]]}, paired))
        assert [curve.mean[-1] for curve in curves] == [1.0, 2.0]
        assert all(np.isnan(curve.lower).all() for curve in curves)


def test_nothing_to_rank(make_run) -> None:
    assert rank_curves(task_of(make_run, {"A": [[NAN]], "B": [[]]}, True)) == ()
    assert overall_rank_curves([task_of(make_run, {"A": [[NAN]], "B": [[]]}, True)]) == ()


def test_overall_ranks_are_means_over_tasks(make_run) -> None:
    first = task_of(make_run, {"A": [[3.0, 1.0]] * 2, "B": [[2.0, 2.0]] * 2}, True)
    second = task_of(make_run, {"A": [[1.0]] * 2, "B": [[2.0]] * 2}, True, limit={"simulated_seconds": 10.0})
    a, b = overall_rank_curves([first, second])
    # at a tenth of the time only the second task has begun; from half of the first on, A is second there until its end
    assert (a.mean[0], b.mean[0]) == (1.25, 1.75)
    assert (a.mean[-1], b.mean[-1]) == (1.0, 2.0)
    middle = np.searchsorted(a.positions, 0.6)
    assert (a.mean[middle], b.mean[middle]) == (1.5, 1.5)
