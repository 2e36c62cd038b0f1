"""DEHB's unit vectors decoded to configurations, exactly as `DEBase.vector_to_configspace` of DEHB 0.1.2 does it.

A categorical of n choices is *not* floor(v * n): DEHB compares v with `np.arange(0, 1, 1/n)`, whose fourth entry is
0.6000000000000001 for n = 5, so that 0.6 is choice 2. The order of the dimensions is ConfigSpace's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ....errors import EncaveError
from ....run import configurations

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from ConfigSpace.hyperparameters import Hyperparameter


def decode(space: ConfigurationSpace, vectors: NDArray[np.float64], ids: NDArray[np.int64]) -> pa.Table:
    """Configurations of unit vectors as `space_columns` has them: `config_id` and one column per hyperparameter.

    Args:
        space: The configuration space, d hyperparameters.
        vectors: Shape (n, d), in [0, 1].
        ids: Their ids, shape (n,), distinct.

    Raises:
        EncaveError: the vectors do not have d dimensions, or DEHB has no such kind of hyperparameter.
    """
    if vectors.shape[1] != len(space):
        raise EncaveError(
            f"the vectors of the log have {vectors.shape[1]} dimensions, the configuration space has {len(space)}; "
            "give the space of this run with --configspace"
        )
    columns: dict[str, NDArray[Any]] = {}
    for (name, hyperparameter), unit in zip(space.items(), vectors.T, strict=True):
        columns[name] = _values(hyperparameter, unit)
    inactive = _inactive(space, columns) if space.conditions else {}
    arrays = {name: _array(space[name], column, inactive.get(name)) for name, column in columns.items()}
    return pa.table({configurations.CONFIG_ID: pa.array(ids, pa.int64()), **arrays})


def _values(hyperparameter: Hyperparameter[Any, Any], unit: NDArray[np.float64]) -> NDArray[Any]:
    """Numbers, or for choices their positions, shape (n,)."""
    from ConfigSpace import UniformFloatHyperparameter, UniformIntegerHyperparameter
    from ConfigSpace.hyperparameters.hp_components import ROUND_PLACES

    choices = configurations.choices(hyperparameter)
    if choices is not None:
        lower_ends = np.arange(start=0, stop=1, step=1 / len(choices))
        positions = np.searchsorted(lower_ends, unit, side="right") - 1
        return np.clip(positions, 0, len(choices) - 1) if len(choices) > 1 else np.zeros(len(unit), dtype=np.int64)
    if not isinstance(hyperparameter, UniformFloatHyperparameter | UniformIntegerHyperparameter):
        raise EncaveError(
            f"DEHB has no {type(hyperparameter).__name__}, but {hyperparameter.name} is one in this space"
        )
    low, high = hyperparameter.lower, hyperparameter.upper
    if hyperparameter.log:
        values = np.exp(np.log(low) + unit * (np.log(high) - np.log(low)))
    else:
        values = low + (high - low) * unit
    if isinstance(hyperparameter, UniformIntegerHyperparameter):
        return np.round(values).astype(np.int64)
    return np.round(values, ROUND_PLACES)  # as ConfigSpace does for every value


def _inactive(space: ConfigurationSpace, columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[np.bool_]]:
    """Hyperparameter → rows in which a condition on it fails; parents come before their children in the space."""
    matrix = np.stack([_internal(space[name], column) for name, column in columns.items()])
    inactive: dict[str, NDArray[np.bool_]] = {}
    conditional = set(space.conditional_hyperparameters)
    for name in (name for name in space if name in conditional):
        active = np.ones(matrix.shape[1], dtype=bool)
        for condition in space.parent_conditions_of[name]:
            active &= _holds(condition, matrix)
        inactive[name] = ~active
        matrix[space.index_of[name], ~active] = np.nan
    return inactive


def _holds(condition: Any, matrix: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows in which a condition holds; one on an inactive parent does not, whatever it compares with."""
    from ConfigSpace import AndConjunction, OrConjunction

    if isinstance(condition, AndConjunction):
        return np.all([_holds(part, matrix) for part in condition.components], axis=0)
    if isinstance(condition, OrConjunction):
        return np.any([_holds(part, matrix) for part in condition.components], axis=0)
    return condition.satisfied_by_vector_array(matrix) & ~np.isnan(matrix[condition.parent_vector_id])


def _internal(hyperparameter: Hyperparameter[Any, Any], values: NDArray[Any]) -> NDArray[np.float64]:
    """ConfigSpace's own vector representation, in which its conditions are evaluated."""
    choices = configurations.choices(hyperparameter)
    if choices is None:
        return np.asarray(hyperparameter.to_vector(values), dtype=np.float64)
    table = np.array([hyperparameter.to_vector(choice) for choice in choices], dtype=np.float64)
    return table[values]


def _array(
    hyperparameter: Hyperparameter[Any, Any], values: NDArray[Any], inactive: NDArray[np.bool_] | None
) -> pa.Array:
    kind = configurations.column_type(hyperparameter)
    choices = configurations.choices(hyperparameter)
    if choices is None:
        return pa.array(values, kind, mask=inactive)
    labels = [json.dumps(choice) for choice in choices] if configurations.holds_json(hyperparameter) else list(choices)
    positions = pa.array(values, pa.int32(), mask=inactive)
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(positions, pa.array(labels, pa.string()))
    return pa.array(labels, kind).take(positions)
