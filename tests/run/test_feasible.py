"""Feasibility of trials in the model: who may be the incumbent, and files with and without the column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float

from encave.errors import EncaveError
from encave.run import Objective, Optimizer, Run


def run_of(feasible: list[bool | None] | None, costs: list[float | None], **columns: object) -> Run:
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))
    trials = {
        "config_id": range(len(costs)),
        "status": ["crashed" if cost is None else "success" for cost in costs],
        "cost:loss": costs,
        **columns,
    }
    return Run.from_columns(
        name="r",
        optimizer=Optimizer("o"),
        space=space,
        objectives=[Objective("loss")],
        trials=trials if feasible is None else {**trials, "feasible": feasible},
        configurations={i: {"x": i / len(costs)} for i in range(len(costs))},
    )


def test_an_infeasible_trial_is_never_the_incumbent() -> None:
    run = run_of([False, True, None, False], [0.1, 0.5, 0.7, None])
    assert run.infeasible().tolist() == [True, False, False, False]  # the last one did not succeed
    assert run.able().tolist() == [False, True, True, False]
    best = run.incumbent()
    assert best is not None
    assert (best.trial_id, best.value) == (1, 0.5)


def test_what_is_not_known_counts_as_feasible() -> None:
    best = run_of([False, True, None], [0.1, 0.5, 0.4]).incumbent()
    assert best is not None
    assert best.trial_id == 2


def test_a_run_without_any_feasible_trial_has_no_incumbent() -> None:
    assert run_of([False, False], [0.1, 0.2]).incumbent() is None


def test_the_highest_budget_is_that_of_trials_that_may_be_it() -> None:
    best = run_of([True, False], [0.3, 0.1], budget=[1.0, 9.0]).incumbent()
    assert best is not None
    assert (best.trial_id, best.budget) == (0, 1.0)


@pytest.mark.parametrize("feasible", [None, [False, True, None]])
def test_files_keep_the_column_and_need_none(tmp_path: Path, feasible: list[bool | None] | None) -> None:
    run = run_of(feasible, [0.1, 0.5, 0.7])
    run.save(tmp_path / "run")
    loaded = Run.load(tmp_path / "run")
    assert loaded == run
    assert ("feasible" in loaded.trials.column_names) is (feasible is not None)
    assert np.array_equal(loaded.able(), run.able())


def test_other_values_than_truth_values_are_refused() -> None:
    with pytest.raises(EncaveError, match="feasible does not hold bool"):
        run_of(["yes", "no"], [0.1, 0.2])  # type: ignore[list-item]
