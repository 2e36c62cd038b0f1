"""Infeasible trials in analyses: they count as evaluations, and are in no trajectory, front or standing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float

from encave.analysis.comparison.section import compare
from encave.analysis.grouping.sections import view_runs
from encave.analysis.importance.sample import sample
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis, AxisFacts
from encave.analysis.performance.pareto import compare_fronts
from encave.analysis.tables.diagnostics import diagnose
from encave.errors import EncaveError
from encave.run import Objective, Optimizer, Provenance, Run
from encave.store.columns import run_row

EVALUATIONS = Axis("evaluations", "evaluations", None)
LOSS = [0.9, 0.1, 0.5, 0.2, 0.4]
FEASIBLE = [True, False, True, None, False]


def run_of(feasible: list[bool | None], **more: Any) -> Run:
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))
    names = ["loss", *(name.removeprefix("cost:") for name in more if name.startswith("cost:"))]
    return Run.from_columns(
        name="r",
        optimizer=Optimizer("o"),
        space=space,
        objectives=[Objective(name) for name in names],
        trials={
            "config_id": np.arange(5),
            "status": ["success"] * 5,
            "end": np.arange(1.0, 6.0),
            "cost:loss": LOSS,
            "feasible": feasible,
            **more,
        },
        configurations={i: {"x": value} for i, value in enumerate(LOSS)},
        provenance=Provenance(task="toy"),
    )


@pytest.mark.parametrize("rule", ["highest-so-far", "any-budget", "highest-only"])
def test_the_trajectory_has_feasible_trials_at_all_evaluations(rule: Any) -> None:
    run = run_of(FEASIBLE)
    found = trajectory(run, EVALUATIONS, ["cost:loss"], rule)
    assert found.positions.tolist() == [1.0, 3.0, 4.0]
    assert found.values["cost:loss"].tolist() == [0.9, 0.5, 0.2]
    assert (found.last, found.late, found.unplaced) == (5.0, 0, 0)
    best = run.incumbent()
    assert best is not None
    assert best.value == found.values["cost:loss"][-1]


def test_the_mean_of_a_configuration_is_over_its_feasible_trials() -> None:
    found = trajectory(run_of([True, False, True, None, True], config_id=[0, 1, 2, 1, 2]), EVALUATIONS, ["cost:loss"])
    assert found.values["cost:loss"].tolist() == [0.9, 0.5, 0.2]


def test_without_feasible_trials_there_is_no_incumbent() -> None:
    run = run_of([False] * 5)
    found = trajectory(run, EVALUATIONS, ["cost:loss"])
    assert len(found.positions) == 0
    assert found.last == 5.0
    assert AxisFacts.of(run).timed
    with pytest.raises(EncaveError, match="no configuration is feasible"):
        _ = sample(run).incumbent


def test_fronts_and_hypervolume_are_of_feasible_trials() -> None:
    size = [1.0, 0.1, 2.0, 3.0, 0.2]
    pareto = compare_fronts(view_runs([run_of(FEASIBLE, **{"cost:size": size})]).sections[0], EVALUATIONS)
    assert pareto is not None
    assert (pareto.ideal, pareto.nadir) == ((0.2, 1.0), (0.9, 3.0))
    (surface,) = pareto.surfaces.values()
    assert surface.tolist() == [[0.2, 3.0], [0.5, 2.0], [0.9, 1.0]]
    ((one,),) = pareto.trajectories.values()
    assert one.positions.tolist() == [1.0, 3.0, 4.0]
    assert compare_fronts(view_runs([run_of([False] * 5, **{"cost:size": size})]).sections[0], EVALUATIONS) is None


def test_importance_learns_from_all_and_stands_at_the_feasible_one() -> None:
    data = sample(run_of(FEASIBLE))
    assert (data.trials, data.excluded) == (5, 0)
    assert data.incumbent.tolist() == data.codes[3].tolist()
    assert data.first(3).incumbent.tolist() == data.codes[2].tolist()


def test_the_store_tells_of_the_feasible_incumbent() -> None:
    run = run_of(FEASIBLE)
    row = run_row(run, run.joined(), 0)
    assert (row["incumbent_cost"], row["trials"], row["successes"]) == (0.2, 5, 5)


def test_the_table_of_runs_counts_infeasible_trials() -> None:
    (told,) = diagnose(compare(view_runs([run_of(FEASIBLE)]).sections[0]))
    assert (told.trials, told.failed, told.statuses, told.final) == (5, 0, "2 infeasible", "0.2")
