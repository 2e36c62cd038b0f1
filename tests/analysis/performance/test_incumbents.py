"""Incumbent rules and the averaging of noise, against loops that follow the definitions."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.run.incumbents import IncumbentRule, find_incumbents, running_means

NAN = float("nan")
TIME = Axis("time", "time", "s")
NONE = -np.inf

noisy_trials = st.lists(
    st.tuples(st.sampled_from([1.0, 2.0, 4.0]), st.sampled_from([NONE, 3.0, 9.0]), st.integers(0, 3)), max_size=25
)


def costs_over_time(trials: list[tuple[float, float, int]], rule: IncumbentRule, full: float) -> list[float]:
    """Lowest mean cost after each trial, NaN before there is an incumbent."""
    found: list[float] = []
    for i in range(len(trials)):
        seen = trials[: i + 1]
        top = max(budget for _, budget, _ in seen)
        wanted = {"any-budget": None, "highest-so-far": top, "highest-only": full}[rule]
        means: dict[tuple[int, float], list[float]] = {}
        for cost, budget, config in seen:
            if wanted is None or budget == wanted:
                means.setdefault((config, budget), []).append(cost)
        found.append(min((float(np.mean(own)) for own in means.values()), default=NAN))
    return found


@given(noisy_trials, st.sampled_from(["any-budget", "highest-so-far", "highest-only"]))
def test_incumbent_has_the_lowest_mean(trials, rule: IncumbentRule) -> None:
    cost, budget = np.array([t[0] for t in trials]), np.array([t[1] for t in trials])
    steps = find_incumbents(cost, budget, np.array([t[2] for t in trials], dtype=np.int64), rule, 9.0)
    values = steps.values(cost)
    place = np.searchsorted(steps.at, np.arange(len(trials)), side="right") - 1
    followed = np.where(place >= 0, np.append(values, NAN)[place], NAN)
    np.testing.assert_allclose(followed, costs_over_time(trials, rule, 9.0))
    assert (np.diff(steps.at) > 0).all()


def test_rules_by_hand() -> None:
    cost, budget = np.array([5.0, 3.0, 9.0, 1.0, 8.0]), np.array([3.0, 3.0, 27.0, 3.0, 27.0])
    own = np.arange(5)
    assert find_incumbents(cost, budget, own, "highest-so-far").at.tolist() == [0, 1, 2, 4]
    assert find_incumbents(cost, budget, own, "any-budget").at.tolist() == [0, 1, 3]
    assert find_incumbents(cost, budget, own, "highest-only", 27.0).at.tolist() == [2, 4]
    assert find_incumbents(cost, budget, own, "highest-only", 81.0).at.tolist() == []


def test_noise_is_averaged_by_hand() -> None:
    # 7 is lucky once, (1 + 5) / 2 = 3; then 8 with 2 leads until its second evaluation makes it (2 + 6) / 2 = 4
    configuration = np.array([7, 7, 8, 8])
    cost = np.array([1.0, 5.0, 2.0, 6.0])
    steps = find_incumbents(cost, np.full(4, NONE), configuration)
    assert steps.at.tolist() == [0, 1, 2, 3]
    assert steps.latest.tolist() == [0, 1, 2, 1]
    assert steps.values(cost).tolist() == [1.0, 3.0, 2.0, 3.0]
    # what is reported is averaged over the same evaluations
    assert steps.values(np.array([10.0, 20.0, 30.0, 40.0])).tolist() == [10.0, 15.0, 30.0, 15.0]


def test_repetitions_without_noise_change_nothing(make_run) -> None:
    run = make_run(costs=[0.1, 0.1, 0.1, 0.3], configurations=[0, 0, 0, 1])
    one = trajectory(run, TIME, ["cost:loss"])
    assert (one.positions.tolist(), one.values["cost:loss"].tolist(), one.averaged) == ([1.0], [0.1], False)
    assert trajectory(make_run(costs=[1.0, 3.0], configurations=[0, 0]), TIME, ["cost:loss"]).averaged


@given(st.lists(st.tuples(st.floats(-1e3, 1e3) | st.just(NAN), st.integers(0, 3)), max_size=20))
def test_running_means_follow_the_definition(pairs) -> None:
    values, groups = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], dtype=np.int64)
    expected = [np.mean([v for v, g in pairs[: i + 1] if g == group]) for i, (_, group) in enumerate(pairs)]
    np.testing.assert_allclose(running_means(values, groups), expected, atol=1e-9)


def test_running_mean_of_equal_values_is_exact() -> None:
    assert running_means(np.full(1000, 0.1), np.arange(1000) % 7).tolist() == [0.1] * 1000
