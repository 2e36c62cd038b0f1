"""Local importance and ablation have DeepCAVE's numbers, and come to an end with hundreds of hyperparameters."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    EqualsCondition,
    ForbiddenEqualsClause,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from deepcave.evaluators.ablation import Ablation
from deepcave.evaluators.epm.random_forest_surrogate import RandomForestSurrogate
from deepcave.evaluators.lpi import LPI
from deepcave.evaluators.mo_lpi import MOLPI
from deepcave.runs.objective import Objective
from deepcave.runs.status import Status

from encave.viewer.deepcave_run import EncaveRun
from encave.viewer.encoding import ConsistentAblation
from encave.viewer.local_importance import FastLPI, FastMOLPI


def filled(space: ConfigurationSpace, trials: int, optimize: str = "lower") -> EncaveRun:
    """A run of random configurations whose two costs depend on the first hyperparameters."""
    objectives = [Objective("loss", optimize=optimize), Objective("size")]
    run = EncaveRun("run", configspace=space, objectives=objectives)
    for number, config in enumerate(space.sample_configuration(trials)):
        vector = np.nan_to_num(config.get_array(), nan=0.5)
        costs = [float(vector[0] ** 2 + vector[1]), float(vector[2] - vector[0])]
        told = {"start_time": float(number), "end_time": number + 1.0, "budget": 1.0, "seed": 0}
        run.add(costs=costs, config=config, status=Status.SUCCESS, **told)  # type: ignore[arg-type]
    return run


def mixed() -> ConfigurationSpace:
    """Numbers and choices, a condition, a forbidden clause."""
    space = ConfigurationSpace(seed=1)
    kind = CategoricalHyperparameter("kind", ["a", "b", "c", "d"])
    rate = UniformFloatHyperparameter("rate", 1e-4, 1, log=True)
    inner = UniformFloatHyperparameter("inner", -1, 1)
    space.add([UniformFloatHyperparameter("x", 0, 1), rate, UniformIntegerHyperparameter("depth", 1, 9), kind, inner])
    space.add([EqualsCondition(inner, kind, "a"), ForbiddenEqualsClause(kind, "d")])
    return space


def test_local_importance_is_that_of_deepcave() -> None:
    run = filled(mixed(), 80)
    found = []
    for evaluator in (LPI(run), FastLPI(run)):
        evaluator.calculate(run.get_objectives()[0], 1.0, n_trees=10, seed=0)
        found.append(evaluator.get_importances(list(run.configspace)))
    stock, ours = found
    assert ours.keys() == stock.keys()
    for name in ours:
        assert ours[name] == pytest.approx(stock[name], abs=1e-3), name
    assert sum(mean for mean, _ in ours.values()) == pytest.approx(1)


def test_local_importance_of_two_objectives_is_that_of_deepcave() -> None:
    run = filled(mixed(), 60)
    found = []
    for evaluator in (MOLPI(run), FastMOLPI(run)):
        evaluator.calculate(run.get_objectives()[:2], 1.0, n_trees=5, seed=0)
        table: Any = evaluator.importances
        found.append({(row.hp_name, row.weight): (row.importance, row.variance) for row in table.itertuples()})
    stock, ours = found
    assert ours.keys() == stock.keys()
    for key in ours:
        assert ours[key] == pytest.approx(stock[key], abs=1e-3), key


class _StockSteps(ConsistentAblation):
    _ablation = Ablation._ablation


@pytest.mark.parametrize("optimize", ["lower", "upper"])
def test_ablation_goes_the_same_steps(optimize: str) -> None:
    run = filled(mixed(), 80, optimize)
    found = []
    for evaluator in (_StockSteps(run), ConsistentAblation(run)):
        evaluator.calculate(run.get_objectives()[0], 1.0, RandomForestSurrogate(run.configspace, seed=0, n_trees=20))
        found.append([evaluator.get_ablation_performances(), evaluator.get_ablation_improvements()])
    assert len(found[0][0]) > 3
    assert list(found[1][0]) == list(found[0][0])
    assert found[1] == found[0]


def test_two_hundred_hyperparameters_take_seconds() -> None:
    space = ConfigurationSpace(seed=0)
    space.add([UniformFloatHyperparameter(f"x{number}", 0, 1) for number in range(200)])
    run = filled(space, 100)
    began = time.process_time()
    local = FastLPI(run)
    local.calculate(run.get_objectives()[0], 1.0, n_trees=10, seed=0)
    path = ConsistentAblation(run)
    path.calculate(run.get_objectives()[0], 1.0, RandomForestSurrogate(space, seed=0, n_trees=50))
    assert time.process_time() - began < 30, "DeepCAVE takes minutes for each"
    importances = {name: mean for name, (mean, _) in local.get_importances(list(space)).items()}
    assert sorted(importances, key=importances.__getitem__)[-2:] in (["x0", "x1"], ["x1", "x0"])
    assert len(path.get_ablation_performances() or ()) == 201
