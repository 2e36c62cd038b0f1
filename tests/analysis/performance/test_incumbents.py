"""Incumbent rules against loops that follow the definitions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.run import Run
from encave.run.incumbents import IncumbentRule, find_incumbents

NAN = float("nan")
TIME = Axis("time", "time", "s")
NONE = -np.inf

some_trials = st.lists(st.tuples(st.sampled_from([1.0, 2.0, 4.0]), st.sampled_from([NONE, 3.0, 9.0])), max_size=25)


def costs_over_time(trials: list[tuple[float, float]], rule: IncumbentRule, full: float) -> list[float]:
    """Lowest cost after each trial, NaN before there is an incumbent."""
    found: list[float] = []
    for i in range(len(trials)):
        seen = trials[: i + 1]
        wanted = {"any-budget": None, "highest-so-far": max(budget for _, budget in seen), "highest-only": full}[rule]
        found.append(min((cost for cost, budget in seen if wanted is None or budget == wanted), default=NAN))
    return found


@given(some_trials, st.sampled_from(["any-budget", "highest-so-far", "highest-only"]))
def test_incumbent_has_the_lowest_cost(trials, rule: IncumbentRule) -> None:
    cost, budget = (np.array([t[place] for t in trials], dtype=np.float64) for place in (0, 1))
    steps = find_incumbents(cost, budget, rule, 9.0)
    place = np.searchsorted(steps.at, np.arange(len(trials)), side="right") - 1
    followed = np.where(place >= 0, np.append(steps.values(cost), NAN)[place], NAN)
    np.testing.assert_array_equal(followed, costs_over_time(trials, rule, 9.0))
    assert (np.diff(steps.at) > 0).all()


def test_rules_by_hand() -> None:
    cost, budget = np.array([5.0, 3.0, 9.0, 1.0, 8.0]), np.array([3.0, 3.0, 27.0, 3.0, 27.0])
    assert find_incumbents(cost, budget, "highest-so-far").at.tolist() == [0, 1, 2, 4]
    assert find_incumbents(cost, budget, "any-budget").at.tolist() == [0, 1, 3]
    assert find_incumbents(cost, budget, "highest-only", 27.0).at.tolist() == [2, 4]
    assert find_incumbents(cost, budget, "highest-only", 81.0).at.tolist() == []


def repeated(make_run: Callable[..., Run], seeds: list[int | None]) -> Run:
    """Two configurations evaluated again and again, each time with another result."""
    run = make_run(costs=[0.5, 0.4, 0.1, 0.9, 0.3], configurations=[0, 1, 0, 0, 1])
    at = run.trials.column_names.index("seed")
    known = pa.array(seeds, run.trials["seed"].type)
    return run.replace(trials=run.trials.set_column(at, run.trials.schema.field(at), known))


@pytest.mark.parametrize("seeds", [[None] * 5, [3, 3, 3, 3, 3]])
def test_evaluations_of_no_known_seeds_count_each_for_itself_everywhere(make_run, seeds) -> None:
    run = repeated(make_run, seeds)
    one = trajectory(run, TIME, ["cost:loss"])
    assert (one.values["cost:loss"].tolist(), one.averaged) == ([0.5, 0.4, 0.1], False)
    found = run.incumbent()
    assert (found.trial_id, found.value) == (2, 0.1)


def test_where_seeds_are_known_curves_and_the_run_have_one_mean(make_run) -> None:
    run = repeated(make_run, [1, 1, 2, 3, 2])
    one = trajectory(run, TIME, ["cost:loss"])
    assert one.averaged
    assert run.incumbent().value == one.values["cost:loss"][-1]
