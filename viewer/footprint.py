"""The footprint of a run in seconds, also on categoricals and with many hyperparameters.

DeepCAVE adds border and random configurations until they lie too close to one another. On categoricals its threshold is
zero and every one is a border, and with many hyperparameters none lies close to another, so it stops at 4002 points,
repeats included, and spends ten minutes in multidimensional scaling. Its border and random configurations come from one
seed, so that on categoricals they are the same; and it draws through an array, which makes text of mixed choices.
"""

# pyright: reportPrivateImportUsage=false
# DeepCAVE's footprint takes the two from its own module.
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from ConfigSpace import (
    CategoricalHyperparameter,
    Configuration,
    ConfigurationSpace,
    Constant,
    OrdinalHyperparameter,
)
from ConfigSpace.exceptions import ForbiddenValueError
from ConfigSpace.util import deactivate_inactive_hyperparameters
from deepcave.evaluators import footprint
from deepcave.evaluators.footprint import Footprint
from deepcave.runs import AbstractRun
from numpy.typing import NDArray
from sklearn.manifold import MDS

_ADDED = 200  # border and random points together
_CONDITIONS = 25  # a point of a space with many takes seconds to make
_FEW = 300  # points for which scaling from four starts takes no more than seconds
_TRIES = 1000  # border configurations one after the other that the space may forbid
MOST = 600
"""Configurations of a run that are drawn."""


class Sampled:
    """A run of which at most 600 configurations are drawn, its best among them.

    Args:
        run: A run or group.
    """

    def __init__(self, run: AbstractRun) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    def get_encoded_data(self, objective: Any, budget: Any, **options: Any) -> Any:
        """Rows of the configurations; chosen evenly along their costs."""
        data = self._run.get_encoded_data(objective, budget, **options)
        if len(data) <= MOST:
            return data
        ordered = data.sort_values(objective.name, ascending=objective.optimize == "lower", kind="stable")
        return ordered.iloc[np.linspace(0, len(data) - 1, MOST).astype(int)].sort_index()


class FastFootprint(Footprint):
    """DeepCAVE's footprint with distances in one pass; it adds at most 200 points, and on categoricals none twice."""

    def _reset(self) -> None:
        super()._reset()
        self._added = 0
        self._most = _ADDED // (1 + len(self.cs.conditions) // _CONDITIONS)

    def _get_distances(self, X: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: N803
        distances = np.array([self._to_all(X, x) for x in X])
        np.fill_diagonal(distances, 0)  # a gap between unknowns counts, but not that of a configuration to itself
        return distances

    def _update_distances(
        self, config: NDArray[np.float64], config_id: int, rejection_threshold: float | None = 0.0
    ) -> bool:
        if self._X is None:
            return bool(super()._update_distances(config, config_id, rejection_threshold))
        distances = self._to_all(self._X, config)
        is_twice = self._get_max_distance() == 0 and distances.min() == 0
        if self._added >= self._most or is_twice:
            return True
        if rejection_threshold is not None and (distances < rejection_threshold).any():
            return True
        self._added += 1
        self._X = np.vstack([self._X, config])
        self._config_ids = [*(self._config_ids or []), config_id]
        self._distances = np.block([[self._distances, distances[:, None]], [distances[None, :], np.zeros((1, 1))]])
        return False

    def _to_all(self, points: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[Any]:
        """Distances of one configuration to many, shape (n,), by DeepCAVE's rule."""
        gap = np.abs(points - point)
        gap[np.isnan(gap)] = 1
        gap[(gap != 0) & self._is_categorical] = 1
        return (gap / self._depth).sum(axis=1)

    def _get_mds(self) -> NDArray[np.float64]:
        """Points in the plane; of many, one start is tried, whose stress is about that of the best of four."""
        if self._distances is None or len(self._distances) <= _FEW:
            return super()._get_mds()
        options: dict[str, Any] = {"dissimilarity": "precomputed", "random_state": 0, "n_init": 1}
        scaling = MDS(n_components=2, **options)
        return np.asarray(scaling.fit_transform(self._distances))


def border_configs(space: ConfigurationSpace) -> Iterator[Configuration]:
    """Configurations of bounds and of any choices, without end; it ends where the space forbids one after the other."""
    rng = np.random.RandomState(0)
    borders = {name: _borders(hyperparameter) for name, hyperparameter in space.items()}
    forbidden = 0
    while forbidden < _TRIES:
        chosen = {name: values[rng.randint(len(values))] for name, values in borders.items()}
        try:
            config = deactivate_inactive_hyperparameters(chosen, space)
        except ForbiddenValueError:
            forbidden += 1
            continue
        forbidden = 0
        yield config


def random_configs(space: ConfigurationSpace, d: int | None = None) -> Iterator[Configuration]:
    """Configurations that ConfigSpace draws, without end; `d`, the steps of DeepCAVE's grid, is not needed."""
    while True:
        yield space.sample_configuration()


def _borders(hyperparameter: Any) -> list[Any]:
    if isinstance(hyperparameter, CategoricalHyperparameter):
        return list(hyperparameter.choices)
    if isinstance(hyperparameter, Constant):
        return [hyperparameter.value]
    if isinstance(hyperparameter, OrdinalHyperparameter):
        return [hyperparameter.sequence[0], hyperparameter.sequence[-1]]
    return [hyperparameter.lower, hyperparameter.upper]


footprint.sample_border_config, footprint.sample_random_config = border_configs, random_configs
