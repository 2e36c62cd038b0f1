"""Trials that continue others: what they cost, and where they stand on the axes of budgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float

from encave.analysis.grouping.measure import Measure
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.analysis.performance.curves import aggregate
from encave.analysis.performance.streaming import reduce_run
from encave.errors import EncaveError
from encave.run import Objective, Optimizer, Provenance, Run
from encave.store import RunStore
from encave.store.writing import opened

EPOCHS = Axis("epochs", "epochs", None)
FULL = Axis("full-evaluations", "full evaluations", None, 9.0)


def run_of(budgets: list[float | None], continues: list[int | None], **more: Any) -> Run:
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))
    count = len(budgets)
    return Run.from_columns(
        name="r",
        optimizer=Optimizer("o"),
        space=space,
        objectives=[Objective("loss")],
        trials={
            "trial_id": [10 + row for row in range(count)],
            "config_id": [0] * count,
            "status": ["success"] * count,
            "cost:loss": [1.0 / (row + 1) for row in range(count)],
            "budget": budgets,
            "continues": continues,
            **more,
        },
        configurations={0: {"x": 0.5}},
        provenance=Provenance(task="toy"),
    )


def test_a_continued_trial_costs_the_difference() -> None:
    run = run_of([1.0, 3.0, 9.0, 3.0], [None, 10, 11, None])
    assert run.spent().tolist() == [1.0, 2.0, 6.0, 3.0]
    assert EPOCHS.positions(run).tolist() == [1.0, 3.0, 9.0, 12.0]
    np.testing.assert_allclose(FULL.positions(run), [1 / 9, 3 / 9, 1.0, 12 / 9])


def test_what_is_not_there_or_higher_is_no_difference() -> None:
    run = run_of([9.0, 3.0, 3.0, None], [99, 10, 11, 10])
    np.testing.assert_array_equal(run.spent(), [9.0, 3.0, 0.0, np.nan])
    np.testing.assert_array_equal(run.where([True, False, True, True]).spent(), [9.0, 3.0, np.nan])
    assert run_of([None, 9.0], [None, 10]).spent().tolist()[1] == 9.0
    assert run_of([2.0, 9.0], [None, None]).spent().tolist() == [2.0, 9.0]
    assert len(run_of([1.0, 2.0], [None, 10]).where([False, False]).spent()) == 0


def test_a_trial_does_not_continue_itself() -> None:
    with pytest.raises(EncaveError, match="it continues itself"):
        run_of([1.0, 2.0], [None, 11])


def test_it_is_stored(tmp_path: Path) -> None:
    run = run_of([1.0, 3.0], [None, 10])
    run.save(tmp_path / "run")
    assert Run.load(tmp_path / "run") == run
    with opened(tmp_path / "store") as writer:
        writer.add(run)
    (back,) = RunStore(tmp_path / "store").read()
    assert back == run


def test_several_reports_of_one_evaluation_stand_at_one_place() -> None:
    run = run_of([1.0, 2.0, 1.0, 3.0], [None, 10, None, 11], evaluation=[1, 1, 2, 2])
    found = trajectory(run, Axis("evaluations", "evaluations", None), ["cost:loss"])
    assert found.positions.tolist() == [1.0, 1.0, 2.0]
    curve = aggregate("o", [found], Measure("loss", "cost:loss"))
    assert (curve.positions.tolist(), curve.centre.tolist()) == ([1.0, 2.0], [0.5, 0.25])
    assert reduce_run(run, "evaluations", "as-logged").trajectories["evaluations"].last == 2.0
