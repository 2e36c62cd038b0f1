"""Ablation and partial dependence on one encoding of categoricals.

DeepCAVE 1.4.1 trains both on choice indices (0, 1, 2, …) and predicts on indices divided by the number of choices less
one, so that every choice but the first is taken for another one (its issue 203).
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from ConfigSpace import CategoricalHyperparameter, Configuration, ConfigurationSpace
from deepcave.evaluators.ablation import Ablation
from deepcave.evaluators.epm.random_forest_surrogate import RandomForestSurrogate
from deepcave.runs import AbstractRun
from deepcave.runs.objective import Objective
from numpy.typing import NDArray

from .spaces import free_of_others


class ConsistentAblation(Ablation):
    """Ablation paths that predict on the encoding they train on, at each step for all hyperparameters at once."""

    def __init__(self, run: AbstractRun) -> None:
        super().__init__(run)
        self.run = _SpecificEncoding(run)
        self._free = free_of_others(run.configspace)

    def _ablation(
        self, objective: Objective, budget: Any, incumbent_config: Configuration, def_cost: Any, hp_it: list[str]
    ) -> tuple[bool, Any, Any, Any]:
        """Whether there is a step, its hyperparameter, cost and deviation; as DeepCAVE, the last of equals."""
        names = self._open_steps(incumbent_config, hp_it)
        if not names:
            return False, None, None, None
        sign = -1 if objective.optimize == "upper" else 1
        costs, _ = self._model.predict(np.array([self._step(name, incumbent_config) for name in names]))
        best = names[len(names) - 1 - int(np.argmax((def_cost - sign * costs)[::-1]))]
        self.default_config[best] = incumbent_config[best]
        cost, deviation = self._model.predict(np.array([self.run.encode_config(self.default_config)]))
        return True, best, sign * cost[0], deviation[0]

    def _open_steps(self, incumbent: Configuration, names: list[str]) -> list[str]:
        """The hyperparameters that are active on both sides."""
        active = set(incumbent.keys()) & set(self.default_config.keys())
        return [name for name in names if name in active]

    def _step(self, name: str, incumbent: Configuration) -> Any:
        """The present configuration with one value of the incumbent, encoded."""
        if name in self._free:
            vector, column = self.default_config.get_array().copy(), self.cs.index_of[name]
            vector[column] = incumbent.get_array()[column]
            return vector
        step = copy(self.default_config)
        step[name] = incumbent[name]
        return self.run.encode_config(step)


class _SpecificEncoding:
    """A run whose `encode_config` gives choice indices."""

    def __init__(self, run: AbstractRun) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def encode_config(self, config: Configuration, specific: bool = True) -> list[float]:
        return self._run.encode_config(config, specific=specific)


class GridSurrogate(RandomForestSurrogate):
    """A surrogate for partial dependence, which asks for the selected hyperparameters on a grid from 0 to 1.

    Args:
        space: The configuration space.
        selected: Names of the hyperparameters on the grid.
        seed: Seed of the forest.
        axis: Points of the grid along each of them.
    """

    def __init__(self, space: ConfigurationSpace, selected: list[str], seed: int, axis: int) -> None:
        super().__init__(space, seed=seed)
        names = list(space.keys())
        self._selected, self._grid = [names.index(name) for name in selected], axis ** len(selected)
        self._choices = {
            names.index(name): len(hyperparameter.choices)
            for name in selected
            if isinstance(hyperparameter := space[name], CategoricalHyperparameter)
        }

    def predict(self, X: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # noqa: N803
        """Mean and standard deviation at the choices nearest to the grid points, (n, d) → (n,), (n,).

        Rows are samples times grid points; of grid points that are the same choices one is asked.
        """
        points = X.copy()
        for column, choices in self._choices.items():
            points[:, column] = np.rint(points[:, column] * (choices - 1))
        if not self._choices:
            return super().predict(points)
        grid = points[: self._grid, self._selected]
        _, first, back = np.unique(grid, axis=0, return_index=True, return_inverse=True)
        asked = points.reshape(-1, self._grid, points.shape[1])[:, first]
        found = super().predict(asked.reshape(-1, points.shape[1]))
        mean, deviation = (part.reshape(-1, len(first))[:, back.reshape(-1)].reshape(-1) for part in found)
        return mean, deviation
