"""Ablation and partial dependence on one encoding of categoricals.

DeepCAVE 1.4.1 trains both on choice indices (0, 1, 2, …) and predicts on indices divided by the number of choices less
one, so that every choice but the first is taken for another one (its issue 203).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ConfigSpace import CategoricalHyperparameter, Configuration, ConfigurationSpace
from deepcave.evaluators.ablation import Ablation
from deepcave.evaluators.epm.random_forest_surrogate import RandomForestSurrogate
from deepcave.runs import AbstractRun
from numpy.typing import NDArray


class ConsistentAblation(Ablation):
    """Ablation paths that predict on the encoding they train on."""

    def __init__(self, run: AbstractRun) -> None:
        super().__init__(run)
        self.run = _SpecificEncoding(run)


class _SpecificEncoding:
    """A run whose `encode_config` gives choice indices."""

    def __init__(self, run: AbstractRun) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def encode_config(self, config: Configuration) -> list[float]:
        return self._run.encode_config(config, specific=True)


class GridSurrogate(RandomForestSurrogate):
    """A surrogate for partial dependence, which asks for the selected hyperparameters on a grid from 0 to 1.

    Args:
        space: The configuration space.
        selected: Names of the hyperparameters on the grid.
        seed: Seed of the forest.
    """

    def __init__(self, space: ConfigurationSpace, selected: list[str], seed: int) -> None:
        super().__init__(space, seed=seed)
        names = list(space.keys())
        self._choices = {
            names.index(name): len(hyperparameter.choices)
            for name in selected
            if isinstance(hyperparameter := space[name], CategoricalHyperparameter)
        }

    def predict(self, X: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # noqa: N803
        """Mean and standard deviation at the choices nearest to the grid points, (n, d) → (n,), (n,)."""
        points = X.copy()
        for column, choices in self._choices.items():
            points[:, column] = np.rint(points[:, column] * (choices - 1))
        return super().predict(points)
