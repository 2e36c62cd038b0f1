"""DeepCAVE's pages of one run whose numbers or waits had to be put right; the worker computes them.

What was wrong is told in docs/deepcave.md.
"""

# pyright: reportArgumentType=false, reportOptionalMemberAccess=false
# DeepCAVE's annotations allow an objective to be missing and a budget to be text; the page offers neither.
from __future__ import annotations

from typing import Any

from deepcave.plugins.hyperparameter import pdp
from deepcave.plugins.hyperparameter.ablation_paths import AblationPaths
from deepcave.plugins.hyperparameter.pdp import PartialDependencies
from deepcave.plugins.summary.footprint import FootPrint
from deepcave.runs import AbstractRun
from deepcave.runs.status import Status
from pyPDP.algorithms.pdp import PDP

from .encoding import ConsistentAblation, GridSurrogate
from .footprint import FastFootprint

Inputs = dict[str, Any]
Outputs = dict[str, Any]


class EncaveAblationPaths(AblationPaths):
    """Ablation paths; one objective is put right, several are DeepCAVE's own (they were right)."""

    @staticmethod
    def process(run: AbstractRun, inputs: Inputs) -> Outputs:
        """Performance and improvement along the path, per budget."""
        if inputs["objective_id2"] not in (None, -1):
            return AblationPaths.process(run, inputs)
        objective = run.get_objective(inputs["objective_id1"])
        data = {}
        for budget_id, budget in enumerate(run.get_budgets(include_combined=True)):
            evaluator = ConsistentAblation(run)
            evaluator.calculate(objective, budget)
            data[budget_id] = [evaluator.get_ablation_performances(), evaluator.get_ablation_improvements()]
        return data


class EncavePartialDependencies(PartialDependencies):
    """Partial dependence with the selected categoricals on their choices."""

    @staticmethod
    def process(run: AbstractRun, inputs: Inputs) -> Outputs:
        """Grid, means, variances, single curves; a categorical's x is its index over the number of choices less 1."""
        names, objective = list(run.configspace.keys()), run.get_objective(inputs["objective_id"])
        selected = [inputs[key] for key in ("hyperparameter_name_1", "hyperparameter_name_2") if inputs[key]]
        budget = run.get_budget(inputs["budget_id"])
        data = run.get_encoded_data(objective, budget, specific=True, statuses=Status.SUCCESS)
        surrogate = GridSurrogate(run.configspace, selected, seed=0)
        surrogate.fit(data[names].to_numpy(), data[objective.name].to_numpy())
        result = PDP.from_random_points(
            surrogate,
            selected_hyperparameter=selected,
            seed=0,
            num_grid_points_per_axis=pdp.GRID_POINTS_PER_AXIS,
            num_samples=min(pdp.SAMPLES_PER_HP * len(data), pdp.MAX_SAMPLES),
        )
        return {
            "x": result.x_pdp.tolist(),
            "y": result.y_pdp.tolist(),
            "variances": result.y_variances.tolist(),
            "x_ice": result.ice.x_ice[: pdp.MAX_SHOWN_SAMPLES].tolist(),
            "y_ice": result.ice.y_ice[: pdp.MAX_SHOWN_SAMPLES].tolist(),
        }


class EncaveFootPrint(FootPrint):
    """The footprint with `FastFootprint`."""

    @staticmethod
    def process(run: AbstractRun, inputs: Inputs) -> Outputs:
        """Surfaces and points of the plot."""
        evaluator = FastFootprint(run)
        evaluator.calculate(run.get_objective(inputs["objective_id"]), run.get_budget(inputs["budget_id"]))
        points = {"config": "configs", "border": "borders", "support": "supports", "incumbent": "incumbents"}
        return {
            "performance_data": evaluator.get_surface(details=inputs["details"], performance=True),
            "area_data": evaluator.get_surface(details=inputs["details"], performance=False),
        } | {f"{name}_points": evaluator.get_points(category) for name, category in points.items()}
