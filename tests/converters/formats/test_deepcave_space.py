"""DeepCAVE's files hold configurations that fill their space, with the conditions that the log shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import Configuration, ConfigurationSpace, Float, Integer

from encave.converters.formats.deepcave import output
from encave.converters.parts.inferred_space import infer
from encave.run import Objective, Optimizer, Run


def written(folder: Path, configs: Sequence[dict[str, Any]], space: ConfigurationSpace | None = None) -> dict[str, Any]:
    """`meta.json` of a run with a trial of each configuration, all of which ConfigSpace has accepted."""
    inferred = infer(dict(enumerate(configs)))
    count = len(configs)
    run = Run.from_columns(
        name="run",
        optimizer=Optimizer("Optuna"),
        space=space or inferred.space,
        objectives=[Objective("loss")],
        trials={
            "config_id": list(range(count)),
            "seed": [0] * count,
            "status": ["success"] * count,
            "start": [float(i) for i in range(count)],
            "end": [i + 1.0 for i in range(count)],
            "cost:loss": [float(i) for i in range(count)],
        },
        configurations=dict(enumerate(configs)) if space else inferred.configurations,
        inferred_space=True,
    )
    output.write(run, output.prepare(run)[0], folder)
    told = ConfigurationSpace.from_json(folder / "configspace.json")
    for config in json.loads((folder / "configs.json").read_text()).values():
        Configuration(told, config)
    return json.loads((folder / "meta.json").read_text())


def conditions(folder: Path) -> dict[str, str]:
    space = ConfigurationSpace.from_json(folder / "configspace.json")
    return {condition.child.name: str(condition) for condition in space.conditions}


def test_conditions_on_a_choice_are_inferred_also_below_one_another(tmp_path: Path) -> None:
    told = written(
        tmp_path,
        [
            {"model": "svm", "kernel": "rbf", "gamma": 0.1},
            {"model": "svm", "kernel": "linear"},
            {"model": "rf", "depth": 3},
            {"model": "svm", "kernel": "poly", "gamma": 0.2},
            {"model": "rf", "depth": 5},
        ],
    )
    found = conditions(tmp_path)
    assert found.keys() == {"kernel", "gamma", "depth"}
    assert "model == 'svm'" in found["kernel"]
    assert "'rbf'" in found["gamma"]
    assert "'poly'" in found["gamma"]
    assert "default" not in told["notes"]


def test_the_number_of_layers_is_a_condition(tmp_path: Path) -> None:
    layers = [1, 2, 3, 1, 2, 3]
    configs = [
        {"layers": count, "rate": 0.1 * i, **{f"units_{k}": 8 + i for k in range(count)}}
        for i, count in enumerate(layers)
    ]
    written(tmp_path, configs)
    found = conditions(tmp_path)
    assert found.keys() == {"units_1", "units_2"}
    assert "layers > 1" in found["units_1"]
    assert "layers > 2" in found["units_2"]


def test_elsewhere_the_default_stands_for_what_is_missing_and_is_counted(tmp_path: Path) -> None:
    told = written(tmp_path, [{"x": 0.0, "y": 1.0}, {"x": 0.5}, {}, {"x": 1.0, "y": 3.0}])
    assert conditions(tmp_path) == {}
    assert "x (1 trials)" in told["notes"]
    assert "y (2 trials)" in told["notes"]
    assert json.loads((tmp_path / "configs.json").read_text())["1"] == {"x": 0.5, "y": 2.0}


def test_a_float_that_happens_to_tell_is_no_condition(tmp_path: Path) -> None:
    written(tmp_path, [{"x": 0.1}, {"x": 0.2}, {"x": 0.8, "y": 1.0}, {"x": 0.9, "y": 2.0}])
    assert conditions(tmp_path) == {}


def test_what_a_decimal_number_rounds_stays_within_bounds(tmp_path: Path) -> None:
    space = ConfigurationSpace({"x": Float("x", (0.0, 1.0)), "n": Integer("n", (1, 3))})
    written(tmp_path, [{"x": 1.0 + 1e-12, "n": 1}, {"x": -1e-12, "n": 3}], space)
    shown = json.loads((tmp_path / "configs.json").read_text())
    assert [config["x"] for config in shown.values()] == [1.0, 0.0]


@pytest.mark.parametrize("name", ["Time", "metric:x"])
def test_names_of_deepcave_itself_may_be_a_hyperparameters(tmp_path: Path, name: str) -> None:
    written(tmp_path, [{name: 1.0}, {name: 2.0}])
    assert name in json.loads((tmp_path / "configs.json").read_text())["0"]
