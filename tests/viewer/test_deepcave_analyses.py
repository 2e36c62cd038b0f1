"""Corrected ablation, partial dependence, footprint and budget menu against DeepCAVE's own; the truth is known."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objs as go
import pytest
from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    EqualsCondition,
    Float,
    ForbiddenEqualsClause,
    ForbiddenGreaterThanRelation,
)
from deepcave.constants import COMBINED_BUDGET
from deepcave.evaluators.ablation import Ablation
from deepcave.evaluators.epm.random_forest_surrogate import RandomForestSurrogate
from deepcave.evaluators.footprint import Footprint
from deepcave.plugins.hyperparameter.parallel_coordinates import ParallelCoordinates
from deepcave.plugins.hyperparameter.pdp import PartialDependencies
from deepcave.plugins.hyperparameter.symbolic_explanations import SymbolicExplanations
from deepcave.plugins.objective.cost_over_time import CostOverTime
from deepcave.runs.objective import Objective
from deepcave.runs.run import Run
from deepcave.runs.status import Status
from deepcave.runs.trial import Trial

from encave.errors import EncaveError
from encave.viewer.comparison_pages import HIGHEST, EncaveCostOverTime, EncaveParetoFront, fit_words
from encave.viewer.deepcave_run import EncaveRun
from encave.viewer.encoding import ConsistentAblation, GridSurrogate
from encave.viewer.footprint import MOST, FastFootprint, Sampled, border_configs, random_configs
from encave.viewer.layout_pages import (
    EncaveConfigurationCube,
    EncaveParallelCoordinates,
    EncaveSymbolicExplanations,
    short,
)
from encave.viewer.run_pages import EncavePartialDependencies

from .conftest import write_run

WEIGHTS = (0.6, 0.3, 0.1)
VALUES = (1.0, 0.8, 0.2, 0.0, 0.5)  # cost of the five choices


def known_run(hyperparameters: int = 3, trials: int = 600) -> EncaveRun:
    """A run whose cost is the weighted sum of the values of the choices; the default costs 1.0, the best 0.0."""
    space = ConfigurationSpace(seed=0)
    space.add([CategoricalHyperparameter(f"h{i}", [f"c{j}" for j in range(5)]) for i in range(hyperparameters)])
    run = EncaveRun("known", configspace=space, objectives=[Objective("cost", 0.0, 1.0)])
    unique = dict.fromkeys(
        tuple(config[f"h{i}"] for i in range(hyperparameters)) for config in space.sample_configuration(trials)
    )
    for number, choices in enumerate(unique):
        run.configs[number] = {f"h{i}": choice for i, choice in enumerate(choices)}
        cost = sum(w * VALUES[int(choice[1])] for w, choice in zip(WEIGHTS, choices, strict=False))
        trial = Trial(number, 1.0, 0, [cost], 0.0, 0.0, float(number), 1, {})  # type: ignore[arg-type]
        run.config_id_mapping[choices] = number
        run.trial_keys[trial.get_key()] = number
        run.history.append(trial)
    run.meta |= {"budgets": [1.0], "seeds": [0]}
    return run


def test_ablation_finds_the_known_improvements() -> None:
    run = known_run()
    found = {}
    for evaluator in (Ablation(run), ConsistentAblation(run)):
        evaluator.calculate(run.get_objectives()[0], 1.0)
        performances = {name: float(value[0]) for name, value in evaluator.get_ablation_performances().items()}
        found[type(evaluator)] = performances, evaluator.get_ablation_improvements()
    assert list(found[Ablation][0].values())[-1] > 0.2, "DeepCAVE is right now"
    performances, improvements = found[ConsistentAblation]
    assert list(performances) == ["default", "h0", "h1", "h2"]
    assert list(performances.values())[-1] == pytest.approx(0.0, abs=0.1)
    for name, weight in zip(("h0", "h1", "h2"), WEIGHTS, strict=True):
        assert float(improvements[name][0]) == pytest.approx(weight, abs=0.1)


def test_partial_dependence_lies_on_the_choices() -> None:
    run = known_run()
    truth = np.array([0.6 * value for value in VALUES]) + (0.3 + 0.1) * np.mean(VALUES)
    inputs = {"objective_id": 0, "budget_id": 0, "hyperparameter_name_1": "h0", "hyperparameter_name_2": None}

    def at_choices(page: Any) -> np.ndarray[Any, Any]:
        output = page.process(run, inputs)
        x, y = np.array(output["x"])[:, 0], np.array(output["y"])
        return np.array([y[np.argmin(np.abs(x - choice / 4))] for choice in range(5)])

    assert np.abs(at_choices(PartialDependencies) - truth).max() > 0.2, "DeepCAVE is right now"
    assert at_choices(EncavePartialDependencies) == pytest.approx(truth, abs=0.06)


def test_equal_points_of_the_grid_are_asked_once() -> None:
    run = known_run(3, 60)
    run.configspace.add(Float("x", (0, 1)))
    names = list(run.configspace.keys())
    samples = np.array([config.get_array() for config in run.configspace.sample_configuration(50)])
    axis = np.linspace(0, 1, 20)
    grid = np.stack(np.meshgrid(axis, axis)).reshape(2, -1).T
    selected = [names.index("h0"), names.index("x")]
    points = np.repeat(samples, len(grid), axis=0)
    points[:, selected] = np.tile(grid, (len(samples), 1))
    surrogate = GridSurrogate(run.configspace, ["h0", "x"], seed=0, axis=20)
    surrogate.fit(samples, samples @ np.arange(1.0, 5.0))
    rounded = points.copy()
    rounded[:, selected[0]] = np.rint(points[:, selected[0]] * 4)
    for ours, plain in zip(surrogate.predict(points), RandomForestSurrogate.predict(surrogate, rounded), strict=True):
        np.testing.assert_array_equal(ours, plain)


def test_parallel_coordinates_fit_their_frame() -> None:
    stock = ParallelCoordinates.get_output_layout(lambda *_: "graph")
    assert (stock.style["height"], stock.children.style["height"]) == ("500px", "800px"), "DeepCAVE is right now"
    ours = EncaveParallelCoordinates.get_output_layout(lambda *_: "graph")
    assert "height" not in ours.style
    run = known_run(6, 60)
    inputs = {"objective_id": 0, "budget_id": 0, "show_important_only": True, "show_unsuccessful": False, "n_hps": 6}
    outputs = ParallelCoordinates.process(run, inputs)
    figures = [page.load_outputs(run, inputs, outputs) for page in (ParallelCoordinates, EncaveParallelCoordinates)]
    assert [figure.layout.width for figure in figures] == [1000, None]
    assert figures[0].data == figures[1].data


def test_symbolic_explanations_offer_no_categorical_run() -> None:
    run = known_run(2, 10)
    inputs = {name: {"value": None} for name in ("objective_id", "budget_id")}
    inputs |= {f"hyperparameter_name_{number}": {"value": None} for number in (1, 2)}
    assert SymbolicExplanations.check_run_compatibility(run)
    with pytest.raises(IndexError):
        SymbolicExplanations().load_dependency_inputs(run, inputs, inputs)
    assert not EncaveSymbolicExplanations.check_run_compatibility(run)
    run.configspace.add(Float("x", (0, 1)))
    assert EncaveSymbolicExplanations.check_run_compatibility(run)


def test_footprint_on_categoricals_takes_seconds() -> None:
    run = known_run(6, 60)
    stock, ours = Footprint(run), FastFootprint(run)
    data = run.get_encoded_data(run.get_objectives()[0], 1.0)[list(run.configspace.keys())].to_numpy()
    stock._init_distances(data, list(range(len(data))))
    assert not stock._update_distances(data[0], -1, stock._get_max_distance() * 0.01), "DeepCAVE rejects repeats now"
    began = time.process_time()
    ours.calculate(run.get_objectives()[0], 1.0)
    assert time.process_time() - began < 20
    points = ours._X
    assert points is not None
    assert len(points) == len(np.unique(points, axis=0)) <= len(data) + 200
    assert len(ours.get_points("configs")[0]) == len(data)
    assert min(len(ours.get_points(kind)[0]) for kind in ("borders", "supports")) > 50  # DeepCAVE draws each as both


def test_footprint_draws_from_all_choices_of_several_types() -> None:
    space = ConfigurationSpace(seed=0)
    space.add([CategoricalHyperparameter("c", [2, "auto", None, True, (1, 2)]), Float("x", (1e-4, 1), log=True)])
    for draws in (border_configs(space), random_configs(space)):
        configs = [dict(config) for config in islice(draws, 60)]
        assert {str(config["c"]) for config in configs} == {"2", "auto", "None", "True", "(1, 2)"}
    assert {config["x"] for config in map(dict, islice(border_configs(space), 20))} == {1e-4, 1.0}


def test_a_space_that_forbids_its_borders_has_a_footprint() -> None:
    space = ConfigurationSpace(seed=0)
    low, high = Float("low", (0, 1)), Float("high", (0, 1))
    space.add([low, high])
    space.add(ForbiddenGreaterThanRelation(low, high))
    space.add([ForbiddenEqualsClause(low, 0.0), ForbiddenEqualsClause(low, 1.0)])
    assert list(border_configs(space)) == []  # DeepCAVE looks for one for ever


def test_footprint_of_many_configurations_draws_some_and_the_best() -> None:
    run = known_run(6, 900)
    objective = run.get_objectives()[0]
    _, best = run.get_incumbent(objective, 1.0)
    data = Sampled(run).get_encoded_data(objective, 1.0, statuses=Status.SUCCESS, include_config_ids=True)
    assert len(data) == len(set(data["config_id"])) == MOST
    assert data[objective.name].min() == best
    assert data["config_id"].is_monotonic_increasing


def test_a_forest_of_points_far_from_each_other_has_an_end() -> None:
    space = ConfigurationSpace(seed=0)
    space.add([Float(f"x{number}", (0, 1)) for number in range(60)])
    ours = FastFootprint(EncaveRun("wide", configspace=space, objectives=[Objective("cost")]))
    ours._init_distances(np.array([ours.run.encode_config(c) for c in space.sample_configuration(5)]), list(range(5)))
    points = [np.array(ours.run.encode_config(config)) for config in space.sample_configuration(300)]
    assert [ours._update_distances(point, -1, 0.6) for point in points].count(False) == 200


def test_a_space_with_many_conditions_gets_fewer_points() -> None:
    space = ConfigurationSpace(seed=0)
    parent, *children = [CategoricalHyperparameter(f"c{number}", ["a", "b"]) for number in range(60)]
    space.add([parent, *children])
    space.add([EqualsCondition(child, parent, "a") for child in children])
    assert FastFootprint(EncaveRun("deep", configspace=space, objectives=[Objective("cost")]))._most == 66


def test_footprint_distances_are_the_stock_ones() -> None:
    space = ConfigurationSpace(seed=1)
    space.add([Float("a", (0, 1)), Float("b", (1, 10), log=True), CategoricalHyperparameter("c", ["x", "y", "z"])])
    run = EncaveRun("mixed", configspace=space, objectives=[Objective("cost")])
    data = np.array([run.encode_config(config) for config in space.sample_configuration(12)])
    data[3, 1] = np.nan
    stock, ours = Footprint(run), FastFootprint(run)
    for footprint in (stock, ours):
        footprint._init_distances(data[:8], list(range(8)))
        rejected = [footprint._update_distances(row, -1, 0.3) for row in data[8:]]
        footprint.rejected = rejected  # type: ignore[attr-defined]
    assert ours.rejected == stock.rejected  # type: ignore[attr-defined]
    np.testing.assert_allclose(ours._distances, stock._distances)


def test_cost_over_time_compares_equal_budgets(runs_folder: Path) -> None:
    dehb, re = (EncaveRun.from_path(runs_folder / name) for name in ("dehb-0", "re-10"))
    assert Run.get_budgets(dehb)[-1] == COMBINED_BUDGET, "DeepCAVE opens on a budget now"
    assert dehb.get_budgets() == [COMBINED_BUDGET, 12.0, 50.0, 200.0]
    assert dehb.get_budgets(human=True) == ["Combined", 12.0, 50.0, 200.0]
    assert dehb.get_budget_ids(include_combined=False) == [1, 2, 3]
    stock, ours = CostOverTime(), EncaveCostOverTime()
    stock.check_runs_compatibility([dehb, re])
    shown = stock.load_inputs()["budget_id"]
    assert [option["label"] for option in shown["options"]] == [200.0]
    assert Run.get_budgets(dehb)[shown["value"]] == 12.0, "DeepCAVE is right now"
    ours.check_runs_compatibility([dehb, re])
    menu = ours.load_inputs()["budget_id"]
    assert [option["label"] for option in menu["options"]] == [12.0, 50.0, 200.0, "Combined"]
    for run in (dehb, re):
        inputs = {"objective_id": 0, "budget_id": menu["value"]}
        assert ours.process(run, inputs)["costs_mean"] == run.get_trajectory(run.get_objectives()[0], 200.0)[1]
    with pytest.raises(EncaveError, match="no trial succeeded at budget 12"):
        ours.process(re, {"objective_id": 0, "budget_id": 0})


def test_different_highest_budgets_are_offered_by_name(tmp_path: Path) -> None:
    write_run(tmp_path / "low", seed=20, budgets=[12.0])
    write_run(tmp_path / "high", seed=21, budgets=[50.0, 200.0])
    runs = [EncaveRun.from_path(tmp_path / name) for name in ("low", "high")]
    for page in (EncaveCostOverTime(), EncaveParetoFront()):
        page.check_runs_compatibility(runs)
        menu = page.load_inputs()["budget_id"]
        assert [option["label"] for option in menu["options"]] == [12.0, 50.0, 200.0, HIGHEST, "Combined"]
        assert menu["options"][menu["value"]]["label"] == HIGHEST
    inputs = {"objective_id": 0, "objective_id_1": 0, "objective_id_2": 0, "budget_id": menu["value"]}
    for run, highest in zip(runs, (12.0, 200.0), strict=True):
        objective = run.get_objectives()[0]
        assert EncaveCostOverTime.process(run, inputs)["costs_mean"] == run.get_trajectory(objective, highest)[1]
        best = [point[0] for point in EncaveParetoFront.process(run, inputs)["points_avg"]]
        assert min(best) == run.get_incumbent(objective, highest)[1]
    with pytest.raises(EncaveError, match="no trial succeeded at budget 50"):
        EncaveParetoFront.process(runs[0], inputs | {"budget_id": 1})


def test_long_names_leave_room_for_what_is_drawn() -> None:
    figure = go.Figure(go.Scatter(x=[0, 1], y=[0, 1], name="a" * 40), {"yaxis": {"title": {"text": "b" * 40}}})
    fit_words(figure)
    assert figure.layout.yaxis.automargin
    assert figure.layout.legend.font.size < 16
    assert figure.layout.yaxis.title.font.size < 16
    assert short("scaled_exponential_linear_unit") == "scaled_expone…"
    assert short("relu") == "relu"
    space = ConfigurationSpace(seed=0)
    words = [f"{letter}_activation_function" for letter in "abc"]
    space.add([CategoricalHyperparameter("c", words), Float("x", (0, 1)), Float("y", (0, 1))])
    run = EncaveRun("long", configspace=space, objectives=[Objective("cost", 0.0, 1.0)])
    for number, config in enumerate(map(dict, space.sample_configuration(9))):
        run.configs[number] = config
        run.history.append(Trial(number, 1.0, 0, [config["x"]], 0.0, 0.0, float(number), 1, {}))  # type: ignore[arg-type]
        run.trial_keys[run.history[-1].get_key()] = number
    run.meta |= {"budgets": [1.0], "seeds": [0]}
    inputs = {"objective_id": 0, "budget_id": 0, "n_configs": 9, "hyperparameter_names": ["c", "x", "y"]}
    cube = EncaveConfigurationCube.load_outputs(run, inputs, EncaveConfigurationCube.process(run, inputs))
    assert max(len(str(word)) for word in cube.layout.scene.xaxis.ticktext) <= 14
    assert cube.layout.scene.xaxis.tickfont.size < 16


def test_a_cube_without_an_axis_says_why() -> None:
    inputs = {"objective_id": 0, "budget_id": 0, "n_configs": 9, "hyperparameter_names": []}
    constant = EncaveRun("one", configspace=ConfigurationSpace({"a": 1}), objectives=[])
    for run, told in ((known_run(1, 5), "no hyperparameter is ticked"), (constant, "are constant")):
        with pytest.raises(EncaveError, match=told):
            EncaveConfigurationCube.load_outputs(run, inputs, {})
