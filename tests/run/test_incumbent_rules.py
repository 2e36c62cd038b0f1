"""Which trial leads: each rule by loops over random runs, and the order in which trials were completed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from ConfigSpace import ConfigurationSpace, Float
from hypothesis import given
from hypothesis import strategies as st

from encave.run import Objective, Optimizer, Run
from encave.run.incumbents import (
    RULES,
    completion_order,
    find_incumbents,
    finished_trials,
    follow,
    incumbent_of,
    incumbent_steps,
)

NAN = float("nan")


def run_of(costs: list[float | None], direction: Any = "minimize", **columns: Any) -> Run:
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))
    return Run.from_columns(
        name="r",
        optimizer=Optimizer("o"),
        space=space,
        objectives=[Objective("loss", direction)],
        trials={
            "config_id": [0] * len(costs),
            "status": ["crashed" if cost is None else "success" for cost in costs],
            "cost:loss": costs,
            **columns,
        },
        configurations={n: {"x": 0.5} for n in range(5)},
    )


def followed(run: Run, rule: Any, **options: Any) -> list[int]:
    """Trials at whose ends the incumbent changed, in the log's order."""
    return follow(run, np.arange(len(run), dtype=float), np.ones(len(run), bool), rule, **options).at.tolist()


def test_rules() -> None:
    assert RULES == ("as-logged", "highest-so-far", "any-budget", "highest-only")


COSTS, BUDGETS = [5.0, 3.0, 9.0, None, 1.0, 8.0], [3.0, 3.0, 27.0, 81.0, 3.0, 27.0]


@pytest.mark.parametrize(
    ("rule", "full", "rows"),
    [
        ("as-logged", None, [0, 1, 2, 5]),
        ("highest-so-far", None, [0, 1, 2, 5]),
        ("any-budget", None, [0, 1, 4]),
        ("highest-only", None, []),  # the one trial at 81 crashed
        ("highest-only", 27.0, [2, 5]),
        ("highest-only", 3.0, [0, 1, 4]),
    ],
)
def test_rules_of_a_run(rule: Any, full: float | None, rows: list[int]) -> None:
    run = run_of(COSTS, budget=BUDGETS)
    assert followed(run, rule, full=full) == rows
    up = run_of([None if cost is None else -cost for cost in COSTS], "maximize", budget=BUDGETS)
    assert followed(up, rule, full=full) == rows


def test_without_budgets_all_are_one() -> None:
    for rule in RULES:
        assert followed(run_of([5.0, 3.0, 4.0, 3.0, 1.0]), rule) == [0, 1, 4]
    mixed = run_of([1.0, 2.0, 3.0], budget=[None, 3.0, None])
    assert followed(mixed, "highest-so-far") == [0, 1]  # none is below any
    assert followed(mixed, "highest-only") == [1]


def test_trials_that_do_not_count_are_left_out() -> None:
    run = run_of([5.0, 3.0, 1.0, 4.0])
    found = follow(run, np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, True, False, True]))
    assert found.rows.tolist() == [3, 1, 0] and found.at.tolist() == found.latest.tolist() == [3, 1]
    assert found.values(run, "cost:loss").tolist() == [4.0, 3.0]
    assert found.values(run, "trial_id").tolist() == [3.0, 1.0]
    assert (found.averaged, found.named) == (False, False)
    ties = follow(run, np.zeros(4), np.ones(4, bool))
    assert ties.rows.tolist() == [0, 1, 2, 3]


@given(st.lists(st.tuples(st.sampled_from([1.0, 2.0, 3.0, np.inf]), st.sampled_from([-np.inf, 3.0, 9.0])), max_size=12))
def test_steps_are_those_of_a_loop(trials: list[tuple[float, float]]) -> None:
    steps, best, top = [], None, -np.inf
    for row, (cost, budget) in enumerate(trials):
        if best is None or budget > top:
            best, top = cost, budget
            steps.append(row)
        elif budget == top and cost < best:
            best = cost
            steps.append(row)
    cost, budget = (np.array([one[place] for one in trials], dtype=float) for place in (0, 1))
    found = incumbent_steps(cost, budget)
    assert found.tolist() == steps and found.dtype == np.int64
    assert find_incumbents(cost, budget).at.tolist() == steps
    assert find_incumbents(cost, budget, "highest-only").at.tolist() == [
        row for row in find_incumbents(cost, np.where(budget == -np.inf, 1.0, 0.0)).at if budget[row] == -np.inf
    ]


def test_trials_are_in_the_order_of_their_ends_else_of_their_counts_else_of_the_log() -> None:
    status = ["success", "running", "success", "crashed", "not-evaluated"]
    costs = [3.0, None, 2.0, None, None]
    run = run_of(costs, status=status, end=[5.0, None, 1.0, 5.0, None])
    assert finished_trials(run).tolist() == [0, 2, 3]
    assert completion_order(run).tolist() == [2, 0, 3]
    counted = run_of(costs, status=status, end=[5.0, None, None, 5.0, None], evaluation=[3, None, 4, 1, None])
    assert completion_order(counted).tolist() == [3, 0, 2]
    plain = run_of(costs, status=status, end=[5.0, None, None, 5.0, None], evaluation=[3, None, None, 1, None])
    assert completion_order(plain).tolist() == [0, 2, 3]
    assert completion_order(run, np.array([1.0, NAN, 0.0, 0.5, NAN])).tolist() == [2, 3, 0]


def test_the_incumbent_when_the_run_ended() -> None:
    run = run_of([3.0, 1.0, None, 1.0], end=[1.0, 4.0, 2.0, 3.0], config_id=[0, 1, 2, 3], budget=[2.0] * 4)
    best = incumbent_of(run)
    assert best is not None and (best.trial_id, best.config_id, best.budget, best.value) == (3, 3, 2.0, 1.0)
    assert incumbent_of(run_of([None])) is None
    none = incumbent_of(run_of([-2.0], "maximize"))
    assert none is not None and (none.budget, none.value) == (None, -2.0)


def test_means_are_over_the_known_values_so_far() -> None:
    """Of configurations evaluated on several seeds the latest evaluation stands for the mean of all until then."""
    run = run_of(
        [5.0, 3.0, None, 2.0, 6.0],
        config_id=[0, 0, 0, 1, 1],
        seed=[1, 2, 3, 1, 2],
        penalty=[None, None, 10.0, None, None],
        **{"extra:seen": [1.0, None, 4.0, 7.0, 9.0]},
    )
    found = follow(run, np.arange(5.0), np.ones(5, bool))
    assert found.averaged and not found.named
    assert found.at.tolist() == found.latest.tolist() == [0, 1, 2]
    assert found.values(run, "cost:loss").tolist() == [5.0, 4.0, 6.0]
    assert found.values(run, "extra:seen").tolist() == [1.0, 1.0, 2.5]
    again = follow(run.where([True, True, False, True, True]), np.arange(4.0), np.ones(4, bool))
    assert (
        again.at.tolist() == [0, 1] and again.values(run.where([True, True, False, True, True]), "cost:loss")[1] == 4.0
    )


def test_equal_values_have_their_value_as_the_mean() -> None:
    run = run_of([0.1, 0.1, 0.1], seed=[1, 2, 3])
    assert follow(run, np.arange(3.0), np.ones(3, bool)).values(run, "cost:loss").tolist() == [0.1] * 3


def test_budgets_of_a_configuration_are_averaged_apart() -> None:
    run = run_of([5.0, 3.0, 9.0, 1.0], seed=[1, 2, 1, 2], budget=[1.0, 1.0, 3.0, 3.0])
    found = follow(run, np.arange(4.0), np.ones(4, bool))
    assert found.values(run, "cost:loss").tolist() == [5.0, 4.0, 9.0, 5.0]
    low = follow(run, np.arange(4.0), np.ones(4, bool), "any-budget")
    assert low.values(run, "cost:loss").tolist() == [5.0, 4.0, 4.0, 4.0][: len(low.at)]
    most = follow(run, np.arange(4.0), np.ones(4, bool), "highest-only")
    assert most.at.tolist() == [2, 3] and most.values(run, "cost:loss").tolist() == [9.0, 5.0]


def test_a_penalty_is_of_the_first_objective() -> None:
    run = run_of([5.0, None, 3.0], seed=[1, 2, 3], penalty=[None, 10.0, None])
    two = run.replace(
        objectives=(*run.objectives, Objective("size")),
        trials=run.trials.append_column("cost:size", pa.array([2.0, None, 4.0])),
    )
    for objective, at, values in (("loss", [0, 1, 2], [5.0, 7.5, 6.0]), ("size", [0, 2], [2.0, 3.0])):
        found = follow(two, np.arange(3.0), np.ones(3, bool), objective=objective)
        assert (found.at.tolist(), found.values(two, f"cost:{objective}").tolist()) == (at, values)
    best = incumbent_of(two, "size")
    assert best is not None and (best.trial_id, best.value) == (2, 3.0)


def test_unfinished_trials_are_no_evidence_and_no_incumbents() -> None:
    run = run_of([5.0, None, 3.0], seed=[1, 2, 3], status=["success", "running", "success"])
    found = follow(run, np.arange(3.0), np.ones(3, bool))
    assert found.rows.tolist() == found.at.tolist() == [0, 2]


def test_more_is_better_in_means_too() -> None:
    run = run_of([0.5, 0.7, 0.9, 0.4], "maximize", config_id=[0, 0, 1, 1], seed=[1, 2, 1, 2])
    found = follow(run, np.arange(4.0), np.ones(4, bool))
    assert found.values(run, "cost:loss").tolist() == pytest.approx([0.5, 0.6, 0.65])
    assert found.at.tolist() == [0, 1, 3]
