"""Importance and ablation of two objectives, which DeepCAVE weighs by the points of their Pareto front.

DeepCAVE 1.4.1 trains one forest for the ablation paths, first on the one objective and then on the other, and asks it
for both. Where one configuration is the best of both objectives its weights are 0 / 0, and of two trials with equal
results neither is on its front.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pandas as pd
from ConfigSpace import Configuration
from deepcave.evaluators import mo_ablation, mo_fanova, mo_lpi
from deepcave.evaluators.epm.random_forest_surrogate import RandomForestSurrogate
from deepcave.evaluators.mo_ablation import MOAblation
from deepcave.runs.objective import Objective
from deepcave.utils import multi_objective_importance
from numpy.typing import NDArray

from .encoding import ConsistentAblation

_stock_weightings = multi_objective_importance.get_weightings


def weightings(names: list[str], data: pd.DataFrame) -> NDArray[np.float64]:
    """Weights of the objectives at each point of the front, shape (points, objectives); equal where all are at best."""
    found = np.asarray(_stock_weightings(names, data.drop_duplicates(subset=names)), dtype=float)
    return np.unique(np.where(np.isfinite(found), found, 1 / len(names)), axis=0)


for _module in (mo_ablation, mo_fanova, mo_lpi):
    setattr(_module, "get_weightings", weightings)  # noqa: B010 - a module has no such attribute for the type checker


class ConsistentMOAblation(ConsistentAblation, MOAblation):
    """Ablation paths of weighted objectives with a forest for each, at each step for all hyperparameters at once."""

    def paths(self, objectives: list[Objective], budget: Any, trees: int) -> pd.DataFrame:
        """Steps of the path of each weighting that has one.

        Args:
            objectives: The two objectives.
            budget: The budget of the trials.
            trees: Number of trees of each forest.

        Returns:
            Columns hp_name, importance, variance, new_performance and weight (of the first objective, from 0 to 1);
            empty if the incumbent is predicted to be worse than the default with every weighting.
        """
        data = self.run.get_encoded_data(objectives, budget, specific=True, include_config_ids=True)
        data = data.dropna(subset=[objective.name for objective in objectives])
        normed = [f"{objective.name}_normed" for objective in objectives]
        for name, objective in zip(normed, objectives, strict=True):
            low, high = data[objective.name].min(), data[objective.name].max()
            scaled = (data[objective.name] - low) / (high - low)
            data[name] = 1 - scaled if objective.optimize == "upper" else scaled
        self.models = [self._forest(data, name, trees) for name in normed]
        found = []
        for weights in weightings(normed, data):
            path = cast("pd.DataFrame | None", self.calculate_ablation_path(data, normed, weights, budget))
            if path is not None:
                found.append(path.assign(weight=weights[0]))
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame()

    def ablation(
        self, budget: Any, incumbent_config: Configuration, def_cost: Any, hp_it: list[str], weighting: Any
    ) -> tuple[bool, Any, Any, Any]:
        """Whether a step makes it better, its hyperparameter, cost and deviation; as DeepCAVE, the first of equals."""
        names = self._open_steps(incumbent_config, hp_it)
        if not names:
            return False, None, None, None
        points = np.array([self._step(name, incumbent_config) for name in names])
        costs = np.sum([w * model.predict(points)[0] for model, w in zip(self.models, weighting, strict=True)], axis=0)
        best = int(np.argmin(costs))
        if not costs[best] < def_cost:
            return False, None, None, None
        self.default_config[names[best]] = incumbent_config[names[best]]
        cost, deviation = self.predict(self.run.encode_config(self.default_config, specific=True), weighting)
        return True, names[best], cost, deviation

    def _forest(self, data: pd.DataFrame, name: str, trees: int) -> RandomForestSurrogate:
        forest = RandomForestSurrogate(self.cs, seed=0, n_trees=trees)
        forest.fit(data[list(self.cs.keys())].to_numpy(), data[name].to_numpy())
        return forest
