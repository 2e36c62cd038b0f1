"""Importance and ablation of two objectives: each has a forest of its own; the truth is known."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ConfigSpace import ConfigurationSpace, Float
from deepcave.evaluators.mo_ablation import MOAblation
from deepcave.runs.objective import Objective
from deepcave.runs.trial import Trial
from deepcave.utils.multi_objective_importance import get_weightings

from encave.viewer.deepcave_run import EncaveRun
from encave.viewer.run_pages import EncaveAblationPaths, EncaveImportances
from encave.viewer.two_objectives import ConsistentMOAblation, weightings


def two(hyperparameters: int = 3, trials: int = 200, second: str = "x1") -> EncaveRun:
    """A run whose first objective is x0 and whose second is another hyperparameter; the default is the worst."""
    space = ConfigurationSpace(seed=0)
    space.add([Float(f"x{number}", (0, 1), default=1.0) for number in range(hyperparameters)])
    run = EncaveRun("two", configspace=space, objectives=[Objective("a", 0.0, 1.0), Objective("b", 0.0, 1.0)])
    for number, config in enumerate(map(dict, space.sample_configuration(trials))):
        run.configs[number] = config
        costs = [config["x0"], config[second]]
        trial = Trial(number, 1.0, 0, costs, 0.0, 0.0, float(number), 1, {})  # type: ignore[arg-type]
        run.trial_keys[trial.get_key()] = number
        run.history.append(trial)
    run.meta |= {"budgets": [1.0], "seeds": [0]}
    return run


def gains(steps: pd.DataFrame, weight: float) -> dict[str, float]:
    """Hyperparameter → by how much it makes the weighted objectives better."""
    rows = steps[(steps["weight"] == weight) & (steps["hp_name"] != "Default")]
    return dict(zip(rows["hp_name"], rows["importance"], strict=True))


def test_each_objective_has_a_forest_of_its_own() -> None:
    run = two()
    steps = ConsistentMOAblation(run).paths(run.get_objectives()[:2], 1.0, 50)
    first, second = gains(steps, 1.0), gains(steps, 0.0)
    assert max(first, key=first.__getitem__) == "x0"
    assert max(second, key=second.__getitem__) == "x1"
    stock = MOAblation(run)
    stock.calculate(run.get_objectives()[:2], 1.0)
    told = gains(stock.df_importances, 1.0)
    assert max(told, key=told.__getitem__) == "x1", "DeepCAVE explains the first objective with its own forest now"
    same = gains(stock.df_importances, 0.0)  # the forest is the second's, so the path of the second is right
    assert second == pytest.approx(same)


@pytest.mark.parametrize("page", [EncaveImportances, EncaveAblationPaths])
def test_one_configuration_that_is_the_best_of_both_objectives(page: Any) -> None:
    run = two(second="x0")
    inputs = {"objective_id1": 0, "objective_id2": 1, "n_trees": 10, "method": "local", "n_hps": 3, "budget_id": 0}
    inputs |= {"budget_ids": [0], "hyperparameter_names": ["x0", "x1", "x2"], "show_confidence": False}
    outputs = page.process(run, inputs)
    steps = pd.DataFrame({key: list(column.values()) for key, column in _json(outputs[0]).items()})
    assert set(steps["weight"]) == {0.5}
    assert steps[steps["hp_name"] == "x0"]["importance"].item() > 0.5
    figures = page.load_outputs(run, inputs, outputs)
    traces = [trace for figure in (figures if isinstance(figures, list) else [figures]) for trace in figure.data]
    curves = [trace for trace in traces if trace.name and trace.x is not None]  # a line of one point shows nothing
    assert {trace.mode for trace in curves} == {"markers"}


def _json(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def test_equal_results_are_on_the_front() -> None:
    names = ["a", "b"]
    data = pd.DataFrame({"a": [0.0, 0.0, 1.0, 1.0], "b": [1.0, 1.0, 0.0, 1.0]})
    assert weightings(names, data).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert len(get_weightings(names, data)) == 1, "DeepCAVE has both of two equal points on its front now"


def test_hundreds_of_hyperparameters_take_seconds() -> None:
    run = two(150, 100)
    began = time.process_time()
    steps = ConsistentMOAblation(run).paths(run.get_objectives()[:2], 1.0, 10)
    assert time.process_time() - began < 30
    assert np.isfinite(steps["importance"]).all()
