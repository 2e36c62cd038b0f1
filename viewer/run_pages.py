"""DeepCAVE's pages of one run whose numbers or waits had to be put right; the worker computes them.

What was wrong is told in docs/deepcave.md.
"""

# pyright: reportArgumentType=false, reportOptionalMemberAccess=false
# DeepCAVE's annotations allow an objective to be missing and a budget to be text; the page offers neither.
from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, cast

from ConfigSpace import ConfigurationSpace, Constant
from deepcave.evaluators.epm.random_forest_surrogate import RandomForestSurrogate
from deepcave.plugins.hyperparameter import importances, pdp
from deepcave.plugins.hyperparameter.ablation_paths import AblationPaths
from deepcave.plugins.hyperparameter.importances import Importances
from deepcave.plugins.hyperparameter.pdp import PartialDependencies
from deepcave.plugins.summary.footprint import FootPrint
from deepcave.runs import AbstractRun
from deepcave.runs.status import Status
from pyPDP.algorithms.pdp import PDP

from ..errors import EncaveError
from .deepcave_run import MADE
from .encoding import ConsistentAblation, GridSurrogate
from .failures import COMBINED
from .footprint import MOST, FastFootprint, Sampled
from .local_importance import FastLPI, FastMOLPI
from .spaces import names_in
from .two_objectives import ConsistentMOAblation

Inputs = dict[str, Any]
Outputs = dict[Any, Any]

importances.LocalEvaluator, importances.MOLPI = FastLPI, FastMOLPI  # type: ignore[misc] # before a job asks for them

_SAMPLES_OF_TWO = 1000
"""Random configurations over which the dependence on two hyperparameters is the mean, at 400 points of a grid."""
_SMALL, _TITLE = 14, 16  # pixels, of the words beside the colours and of a long title
NO_RESULT = "encave: no result"
"""Key of the reason why there is nothing at a budget."""
_NO_PATH = {NO_RESULT: "the forest predicts the incumbent to be worse than the default, so there is no path"}


class OneBudget:
    """A run at one of its budgets."""

    def __init__(self, run: AbstractRun, budget: Any) -> None:
        self._run = run
        self._budget = budget

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def get_budgets(self, human: bool = False, include_combined: bool = True) -> list[Any]:
        """This one."""
        return [self._budget]


def each_budget(run: AbstractRun, inputs: Inputs, compute: Callable[[Any, Any], Any]) -> Outputs:
    """What is computed at each budget, by its place, or the reason why it cannot be.

    DeepCAVE fails at all budgets if it does at one.
    """
    columns = [inputs[key] for key in ("objective_id1", "objective_id2") if inputs[key] not in (None, -1)]
    data: Outputs = {}
    for place, budget in enumerate(run.get_budgets(include_combined=True)):
        told = _reason_against(run, budget, columns)
        data[place] = {NO_RESULT: told} if told else compute(OneBudget(run, budget), budget)
    return data


def _reason_against(run: AbstractRun, budget: Any, columns: list[int]) -> str | None:
    """Why there is nothing to explain at a budget."""
    results = run.get_all_costs(budget=budget, statuses=[Status.SUCCESS]).values()
    costs = [cost for seeds in results for cost in seeds.values()]
    where = "over all budgets" if budget == COMBINED else f"at budget {budget:g}" if budget else "in this run"
    if not costs:
        return f"no trial succeeded {where}"
    for column in columns:
        if len({cost[column] for cost in costs}) < 2:
            return f"{run.get_objective_names()[column]} is the same in every trial that succeeded {where}"
    return None


def no_result(outputs: Outputs, places: list[Any]) -> None:
    """Refuse to show nothing.

    Raises:
        EncaveError: there is a result at none of the budgets that are chosen.
    """
    chosen = [outputs[key] for key in outputs if int(key) in places]
    told = [one[NO_RESULT] for one in chosen if isinstance(one, dict) and NO_RESULT in one]
    if chosen and len(told) == len(chosen):
        raise EncaveError("there is nothing to explain: " + "; ".join(dict.fromkeys(told)))


def with_results(outputs: Outputs) -> Outputs:
    """The budgets that have one."""
    return {key: one for key, one in outputs.items() if not (isinstance(one, dict) and NO_RESULT in one)}


class EncaveImportances(Importances):
    """Importances at the budgets that have any; runs with constants too (DeepCAVE counts configurations from 0)."""

    @staticmethod
    def process(run: AbstractRun, inputs: Inputs) -> Outputs:
        """Importances of the hyperparameters, per budget."""
        plain = without_constants(run) if inputs["method"] == "global" else run
        return each_budget(plain, inputs, lambda view, _: Importances.process(view, inputs)[0])

    @staticmethod
    def load_outputs(run: AbstractRun, inputs: Inputs, outputs: Outputs) -> Any:
        """The figure; of the budgets chosen those are left out that have no result."""
        no_result(outputs, inputs["budget_ids"])
        known = with_results(outputs)
        shown = [place for place in inputs["budget_ids"] if place in {int(key) for key in known}]
        return with_points(Importances.load_outputs(run, inputs | {"budget_ids": shown}, known))


class EncaveAblationPaths(AblationPaths):
    """Ablation paths with a forest for each objective, trained and asked on one encoding.

    DeepCAVE draws zeros where there is no path, and does not heed the number of trees.
    """

    @staticmethod
    def process(run: AbstractRun, inputs: Inputs) -> Outputs:
        """Performance and improvement along the path, per budget."""
        first, trees = run.get_objective(inputs["objective_id1"]), inputs["n_trees"]
        if inputs["objective_id2"] in (None, -1):
            return each_budget(run, inputs, lambda _, budget: _path(run, first, budget, trees))
        objectives = [first, run.get_objective(inputs["objective_id2"])]
        return each_budget(run, inputs, lambda _, budget: _paths(run, objectives, budget, trees))

    @staticmethod
    def load_outputs(run: AbstractRun, inputs: Inputs, outputs: Outputs) -> Any:
        """The figures, whose titles leave room for the buttons beside them; of two objectives there is one."""
        no_result(outputs, [inputs["budget_id"]])
        figures: Any = with_points(AblationPaths.load_outputs(run, inputs, with_results(outputs)))
        for figure in figures:
            if figure:
                figure.layout.title.font.size = _TITLE
        return figures


def _path(run: AbstractRun, objective: Any, budget: Any, trees: int) -> Any:
    evaluator = ConsistentAblation(run)
    evaluator.calculate(objective, budget, RandomForestSurrogate(run.configspace, seed=0, n_trees=trees))
    steps = evaluator.get_ablation_performances()
    if all(tuple(step) == (0, 0) for step in steps.values()):
        return _NO_PATH
    return [steps, evaluator.get_ablation_improvements()]


def _paths(run: AbstractRun, objectives: Any, budget: Any, trees: int) -> Any:
    steps = ConsistentMOAblation(run).paths(objectives, budget, trees)
    return _NO_PATH if steps.empty else steps.to_json()


def with_points(figures: Any) -> Any:
    """The figures; a curve over the weights of two objectives that has one is a point, since a line shows nothing."""
    for figure in figures if isinstance(figures, list) else [figures]:
        for trace in figure.data if figure else ():
            if trace.type == "scatter" and trace.x is not None and len(trace.x) == 1:
                trace.mode = "markers"
    return figures


def without_constants(run: AbstractRun) -> AbstractRun:
    """The run without hyperparameters that are constant, which have no importance."""
    constant = {name for name, value in run.configspace.items() if isinstance(value, Constant)}
    if not constant:
        return run
    space = run.configspace.to_serialized_dict()
    space["hyperparameters"] = [part for part in space["hyperparameters"] if part["name"] not in constant]
    for kind in ("conditions", "forbiddens"):
        space[kind] = [part for part in space[kind] if not constant & names_in(part)]
    plain = copy(run)
    for name in MADE:
        vars(plain).pop(name, None)
    plain.configspace = ConfigurationSpace.from_serialized_dict(space)
    plain.configs = {
        number: {name: value for name, value in dict(config).items() if name not in constant}
        for number, config in run.configs.items()
    }
    return plain


class EncavePartialDependencies(PartialDependencies):
    """Partial dependence with the selected categoricals on their choices."""

    @staticmethod
    def process(run: AbstractRun, inputs: Inputs) -> Outputs:
        """Grid, means, variances, single curves; a categorical's x is its index over the number of choices less 1."""
        names, objective = list(run.configspace.keys()), run.get_objective(inputs["objective_id"])
        selected = [inputs[key] for key in ("hyperparameter_name_1", "hyperparameter_name_2") if inputs[key]]
        budget = run.get_budget(inputs["budget_id"])
        data = run.get_encoded_data(objective, budget, specific=True, statuses=Status.SUCCESS)
        surrogate = GridSurrogate(run.configspace, selected, seed=0, axis=pdp.GRID_POINTS_PER_AXIS)
        surrogate.fit(data[names].to_numpy(), data[objective.name].to_numpy())
        result = PDP.from_random_points(
            surrogate,
            selected_hyperparameter=selected,
            seed=0,
            num_grid_points_per_axis=pdp.GRID_POINTS_PER_AXIS,
            num_samples=min(pdp.SAMPLES_PER_HP * len(data), pdp.MAX_SAMPLES if len(selected) == 1 else _SAMPLES_OF_TWO),
        )
        return {
            "x": result.x_pdp.tolist(),
            "y": result.y_pdp.tolist(),
            "variances": result.y_variances.tolist(),
            "x_ice": result.ice.x_ice[: pdp.MAX_SHOWN_SAMPLES].tolist(),
            "y_ice": result.ice.y_ice[: pdp.MAX_SHOWN_SAMPLES].tolist(),
        }


class EncaveFootPrint(FootPrint):
    """The footprint with `FastFootprint`, of 600 configurations at most."""

    @staticmethod
    def process(run: AbstractRun, inputs: Inputs) -> Outputs:
        """Surfaces and points of the plot."""
        evaluator = FastFootprint(cast("AbstractRun", Sampled(run)))
        evaluator.calculate(run.get_objective(inputs["objective_id"]), run.get_budget(inputs["budget_id"]))
        points = {"config": "configs", "border": "borders", "support": "supports", "incumbent": "incumbents"}
        return {
            "performance_data": evaluator.get_surface(details=inputs["details"], performance=True),
            "area_data": evaluator.get_surface(details=inputs["details"], performance=False),
        } | {f"{name}_points": evaluator.get_points(category) for name, category in points.items()}

    @staticmethod
    def load_outputs(run: AbstractRun, inputs: Inputs, outputs: Outputs) -> Any:
        """The figures, over which it is told if not all configurations are drawn."""
        figures: Any = FootPrint.load_outputs(run, inputs, outputs)
        budget = run.get_budget(inputs["budget_id"])
        count = len(run.get_all_costs(budget=budget, statuses=[Status.SUCCESS]))
        for figure in figures:
            title = figure.data[0].colorbar.title  # a long name above it would take half of the width
            title.side, title.font.size = "right", _SMALL
            if count > MOST:
                figure.layout.title = f"{MOST:,} of {count:,} configurations, chosen evenly along their costs"
                figure.layout.margin.t = 60
        return figures
