"""Local importance and ablation in seconds, also with hundreds of hyperparameters; the numbers are DeepCAVE's.

DeepCAVE makes and checks a configuration for each of 500 neighbours of each hyperparameter, and for each step that an
ablation could take. Where no other hyperparameter hangs on it, only one number of the vector changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from ConfigSpace import Configuration
from ConfigSpace.exceptions import ForbiddenValueError
from ConfigSpace.hyperparameters import NumericalHyperparameter
from ConfigSpace.util import change_hp_value, impute_inactive_values
from deepcave.constants import COMBINED_COST_NAME
from deepcave.evaluators.epm.fanova_forest import FanovaForest
from deepcave.evaluators.lpi import LPI
from deepcave.evaluators.mo_lpi import MOLPI
from numpy.typing import NDArray

from .spaces import free_of_others

_GRID = 500  # neighbours of a continuous hyperparameter, as in DeepCAVE

Vector = NDArray[np.float64]


class FastLPI(LPI):
    """Local parameter importance."""

    def calculate(
        self, objectives: Any = None, budget: Any = None, continous_neighbors: int = _GRID, n_trees: int = 10,
        seed: int = 0,
    ) -> None:  # fmt: skip
        """Train the forest, and find the shares of the hyperparameters in the variance around the incumbent."""
        self.continous_neighbors, self.seed, self.rs = continous_neighbors, seed, np.random.RandomState(seed)
        self.incumbent, _ = self.run.get_incumbent(budget=budget, objectives=objectives)
        self.incumbent_array = self.incumbent.get_array()
        data = self.run.get_encoded_data(objectives, budget, specific=True, include_combined_cost=True)
        self._model = FanovaForest(self.cs, n_trees=n_trees, seed=seed)
        self._model.train(data[self.hp_names].to_numpy(), data[COMBINED_COST_NAME].to_numpy())
        self.importances = shares(self)
        self.variances = {name: list(one) for name, one in self.importances.items()}


class FastMOLPI(MOLPI):
    """Local parameter importance of two objectives."""

    def calc_one_weighting(self) -> dict[str, tuple[float, float]]:
        """Mean and variance over the trees of each hyperparameter's share, with one weighting of the objectives."""
        return {name: (float(np.mean(one)), float(np.var(one))) for name, one in shares(self).items()}


def shares(evaluator: Any) -> dict[str, Vector]:
    """Share of each active hyperparameter in the variance around the incumbent, shape (trees,).

    Args:
        evaluator: LPI with its forest trained and its incumbent found.
    """
    free = free_of_others(evaluator.cs)
    base = np.array(impute_inactive_values(evaluator.incumbent).get_array())
    splits = _splits(evaluator)
    variances: dict[str, Vector] = {}
    for column, name in enumerate(evaluator.hp_names):
        if np.isfinite(evaluator.incumbent_array[column]) and len(values := _neighbours(evaluator, column)):
            is_plain = name in free
            points = _beside(base, column, values) if is_plain else _valid(evaluator, column, values)
            if len(points):
                is_cut = is_plain and isinstance(evaluator.cs[name], NumericalHyperparameter)  # a choice is picked out
                variances[name] = _predictions(evaluator, points, splits[column] if is_cut else None).var(axis=0)
    total = np.sum(list(variances.values()), axis=0)
    with np.errstate(invalid="ignore"):
        return {name: np.where(total == 0, np.nan, one / total) for name, one in variances.items()}


def _neighbours(evaluator: Any, column: int) -> Vector:
    """Values beside the incumbent's in the vector, each once, ascending."""
    hyperparameter = evaluator.cs[evaluator.hp_names[column]]
    number = hyperparameter.get_num_neighbors(evaluator.incumbent[hyperparameter.name])
    if number == 0:
        return np.empty(0)
    if np.isinf(number):
        low, high = hyperparameter.lower, hyperparameter.upper
        count = evaluator.continous_neighbors
        grid = (
            np.logspace(np.log(low), np.log(high), num=count, base=np.e)
            if hyperparameter.log
            else np.linspace(low, high, count)
        )
        values = hyperparameter.to_vector(grid)
    else:
        values = hyperparameter.neighbors_vectorized(evaluator.incumbent_array[column], n=4, seed=evaluator.rs)
    values = np.unique(np.asarray(values, dtype=float))
    return values[np.asarray(hyperparameter.legal_vector(values), dtype=bool)]


def _beside(base: Vector, column: int, values: Vector) -> Vector:
    points = np.repeat(base[None, :], len(values), axis=0)
    points[:, column] = values
    return points


def _valid(evaluator: Any, column: int, values: Iterable[float]) -> Vector:
    """The neighbours that are allowed, with what their value lets be there, as DeepCAVE makes them."""
    found = []
    for value in values:
        array = change_hp_value(
            evaluator.cs, evaluator.incumbent_array.copy(), evaluator.hp_names[column], value, column
        )
        config = Configuration(evaluator.cs, vector=array)
        try:
            config.check_valid_configuration()
            evaluator.cs.check_configuration_vector_representation(array)
        except (ForbiddenValueError, ValueError):
            continue
        found.append(np.array(impute_inactive_values(config).get_array()))
    return np.array(found)


def _splits(evaluator: Any) -> list[Vector]:
    """Where the trees split each column, ascending; between two of them all predictions are equal."""
    trees = evaluator._model._model.all_split_values()
    return [np.unique([value for tree in trees for value in tree[c]]) for c in range(len(evaluator.hp_names))]


def _predictions(evaluator: Any, points: Vector, splits: Vector | None) -> Vector:
    """Mean of the leaf of each tree, (n, d) → (n, trees); where only one column changes each interval is asked once."""
    back = np.arange(len(points))
    if splits is not None:
        varied = np.ptp(points, axis=0) > 0
        places = np.searchsorted(splits, points[:, varied].reshape(len(points), -1)).sum(axis=1)
        _, first, back = np.unique(places, return_index=True, return_inverse=True)
        points = points[first]
    leaves = [[np.mean(tree) for tree in evaluator._model.get_leaf_values(point)] for point in points]
    return np.array(leaves)[back.reshape(-1)]
