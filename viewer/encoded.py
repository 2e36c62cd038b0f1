"""All configurations of a run or group as one matrix, made once; DeepCAVE makes an object of each, at every look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, Constant
from ConfigSpace.hyperparameters import FloatHyperparameter, Hyperparameter, NumericalHyperparameter
from ConfigSpace.hyperparameters.hp_components import ROUND_PLACES
from deepcave.constants import COMBINED_COST_NAME, CONSTANT_VALUE, NAN_VALUE
from deepcave.runs.objective import Objective
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


class EncodedConfigurations:
    """The configurations of a space, in DeepCAVE's two encodings; one row each.

    Args:
        space: The configuration space.
        configs: Number of a configuration → its active hyperparameters; all legal.
    """

    def __init__(self, space: ConfigurationSpace, configs: Mapping[int, Mapping[str, Any]]) -> None:
        self.rows = {number: row for row, number in enumerate(configs)}
        self._space = space
        self.vectors: Matrix = np.full((len(configs), len(space)), np.nan)
        """As `Configuration.get_array` has them, shape (n, d); NaN where inactive."""
        for column, (name, hyperparameter) in enumerate(space.items()):
            active = [row for row, config in enumerate(configs.values()) if name in config]
            values = [config[name] for config in configs.values() if name in config]
            self.vectors[active, column] = _vector(hyperparameter, values)
        self.shown = self._shown()
        """As pages show them, shape (n, d): choices between 0 and 1."""

    def imputed(self, rows: Sequence[int]) -> Matrix:
        """Vectors in which what is inactive has the value by which the forests know it."""
        vectors = self.vectors[rows]
        for column, hyperparameter in enumerate(self._space.values()):
            if self._space.parents_of[hyperparameter.name]:
                missing = ~np.isfinite(vectors[:, column])
                vectors[missing, column] = _inactive(hyperparameter)
        return vectors

    def _shown(self) -> Matrix:
        shown = self.vectors.copy()
        for column, hyperparameter in enumerate(self._space.values()):
            if isinstance(hyperparameter, CategoricalHyperparameter):
                with np.errstate(invalid="ignore"):  # of a single choice, as DeepCAVE
                    shown[:, column] /= len(hyperparameter.choices) - 1
            elif isinstance(hyperparameter, Constant):
                shown[~np.isnan(shown[:, column]), column] = CONSTANT_VALUE
        return np.where(np.isnan(self.vectors), NAN_VALUE, shown)


def _vector(hyperparameter: Hyperparameter[Any, Any], values: list[Any]) -> Any:
    if isinstance(hyperparameter, NumericalHyperparameter):
        numbers = np.array(values, dtype=float)
        return hyperparameter.to_vector(
            np.round(numbers, ROUND_PLACES) if isinstance(hyperparameter, FloatHyperparameter) else numbers
        )
    choices = {repr(value): value for value in values}
    vectors = {text: hyperparameter.to_vector(value) for text, value in choices.items()}
    return [vectors[repr(value)] for value in values]


def _inactive(hyperparameter: Hyperparameter[Any, Any]) -> float:
    """What stands for an inactive hyperparameter in DeepCAVE's forests."""
    if isinstance(hyperparameter, CategoricalHyperparameter):
        return len(hyperparameter.choices)
    return 1 if isinstance(hyperparameter, Constant) else -1


def encoded_data(
    run: Any,
    objectives: Sequence[Objective],
    results: Mapping[int, Mapping[int, Sequence[float | None]]],
    *,
    specific: bool,
    include_config_ids: bool,
    include_combined_cost: bool,
) -> pd.DataFrame:
    """What DeepCAVE's `get_encoded_data` returns, on arrays: a row per configuration and seed.

    Args:
        run: A run or group with `encoded`.
        objectives: Columns of the result.
        results: Number of a configuration → seed → costs.
        specific: Whether choices are numbered, as the forests want it.
        include_config_ids: Whether the first column is the configuration's number.
        include_combined_cost: Whether the last one is the mean of the objectives, each from 0 (best) to 1.
    """
    encoded: EncodedConfigurations = run.encoded
    numbers = [number for number, seeds in results.items() for _ in seeds]
    rows = [encoded.rows[number] for number in numbers]
    parts = [encoded.imputed(rows) if specific else encoded.shown[rows]]
    costs = np.array([list(costs) for seeds in results.values() for costs in seeds.values()], dtype=float)
    columns: Any = list(run.configspace.keys())
    if include_config_ids:
        parts, columns = [np.array(numbers)[:, None], *parts], ["config_id", *columns]
    chosen = [run.get_objective_id(objective) for objective in objectives]
    parts.append(costs[:, chosen])
    columns += [objective.name for objective in objectives]
    if include_combined_cost:
        parts.append(_combined(costs[:, chosen], objectives)[:, None])
        columns.append(COMBINED_COST_NAME)
    return pd.DataFrame(np.concatenate(parts, axis=1), columns=columns)


def _combined(costs: Matrix, objectives: Sequence[Objective]) -> Matrix:
    """Mean of the objectives, each between its bounds; what has no cost has the worst."""
    parts = []
    for column, objective in zip(costs.T, objectives, strict=True):
        low, high = float(objective.lower or 0), float(objective.upper or 0)
        known = np.where(np.isnan(column), float(objective.get_worst_value() or 0), column)
        part = (known - low) / (high - low)
        parts.append((1 - part if objective.optimize == "upper" else part) * (1 / len(objectives)))
    return np.mean(parts, axis=0)
