"""Optimality gap and performance profiles by rliable's definitions, written as loops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from encave.analysis.comparison.profiles import profiles
from encave.analysis.comparison.section import Comparison, compare
from encave.analysis.grouping.sections import view_runs
from encave.run import Run

TASKS = ("one", "two", "three")


@pytest.fixture
def comparisons(make_run: Callable[..., Run]) -> list[Comparison]:
    """Regrets against an optimum of 1, with random search to normalise by."""
    rng = np.random.default_rng(7)
    runs = [
        make_run(name, seed, task=task, costs=(9.0, 5.0), reported=(9.0, 1 + scale * factor * rng.random()))
        for scale, task in enumerate(TASKS, start=1)
        for name, factor in (("A", 1.0), ("random", 4.0))
        for seed in range(6)
    ]
    return [compare(section) for section in view_runs(runs).sections]


def normalised(comparisons: list[Comparison], name: str) -> list[np.ndarray]:
    return [one.finals(name, 0) / one.finals("random", 0).mean() for one in comparisons]


def test_gap_and_profile_are_those_of_rliable(comparisons: list[Comparison]) -> None:
    """rliable: gamma - mean(min(score, gamma)) with gamma = 1, and the share of runs above each score."""
    for one in profiles(comparisons, ("A", "random")):
        scores = 1 - np.array(normalised(comparisons, one.optimizer)).T  # runs by tasks
        assert one.gap.value == pytest.approx(1.0 - np.mean(np.minimum(scores, 1.0)))
        for regret, share in zip(one.regrets[::10], one.share[::10], strict=True):
            assert share == pytest.approx(np.mean(scores >= 1 - regret - 1e-12))
        assert (np.diff(one.share) >= 0).all() and one.share[-1] <= 1
        assert (one.lower <= one.share).all() and (one.share <= one.upper).all()


def test_the_interval_has_seeds_as_clusters(comparisons: list[Comparison]) -> None:
    """All tasks have the same seeds, so each seed has one value, its mean over tasks."""
    (one,) = profiles(comparisons, ("A",))
    each = np.mean(normalised(comparisons, "A"), axis=0)
    low, high = stats.t.interval(0.95, 5, each.mean(), stats.sem(each))
    assert (one.gap.lower, one.gap.upper) == pytest.approx((low, high))


def test_without_regrets_there_are_none(make_run: Callable[..., Run]) -> None:
    runs = [make_run("A", 0, task=task) for task in TASKS]
    assert profiles([compare(section) for section in view_runs(runs).sections], ("A",)) == ()


def test_a_failed_run_is_no_mean_and_never_below(make_run: Callable[..., Run]) -> None:
    nan = float("nan")
    runs = [make_run(name, seed, task=task, costs=(2.0, 1.0)) for name in "AB" for seed in range(2)
            for task in TASKS[:2]]  # fmt: skip
    runs[0] = make_run("A", 0, task=TASKS[0], costs=(nan, nan))
    a, b = profiles([compare(section) for section in view_runs(runs).sections], ("A", "B"))
    assert np.isnan(a.gap.value) and a.share[-1] == pytest.approx(0.75)
    assert b.gap.value == 0.0 and b.share[-1] == 1.0
