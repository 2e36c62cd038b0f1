"""What a configuration owes to its values: ablation path, local importance and Shapley values.

All three ask one function, the predictions of a forest or the entries of a complete table, at configurations given as
bin numbers of shape (n, d), and expect a cost: less is better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import EncaveError
from ..run import Run
from .fanova_forest import Forest
from .importance import Sample

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Predict = Callable[[Ints], Floats]

PLAYERS = 12
"""Hyperparameters up to which all coalitions are evaluated."""


@dataclass(frozen=True, eq=False)
class Ablation:
    """A path from one configuration to another, one hyperparameter at a time."""

    order: tuple[int, ...]
    """Hyperparameters in the order in which they were changed; those with equal values in both are not on the path."""
    values: Floats
    """Predicted cost before the first and after each change, shape (changes + 1,)."""

    @property
    def gains(self) -> Floats:
        """By how much each change lowered the cost, shape (changes,); their sum is the difference of the ends."""
        return -np.diff(self.values)


@dataclass(frozen=True)
class Ends:
    """The two configurations that are compared, as bins of shape (d,)."""

    start: Ints
    """The default."""
    target: Ints
    """The incumbent."""


def from_forest(forest: Forest) -> Predict:
    """Mean prediction of the trees."""
    return forest.predict


def from_table(table: ArrayLike) -> Predict:
    """Entries of a complete table, one axis for each hyperparameter."""
    values = np.asarray(table, dtype=np.float64)
    return lambda codes: values[tuple(codes.T)]


def default_and_incumbent(run: Run, data: Sample) -> Ends:
    """The space's default and the run's incumbent at the budget of `data`.

    Raises:
        EncaveError: the run has no incumbent at this budget.
    """
    budgets = run.column("budget").astype(np.float64)
    here = np.isnan(budgets) if data.budget is None else budgets == data.budget
    best = run.where(here).incumbent(data.objective)
    if best is None:
        raise EncaveError(f"run {run.name}: no trial has a result at budget {data.budget}, so there is no incumbent")
    return Ends(data.encoded.code({}), data.encoded.code(run.configuration(best.config_id)))


def ablation(predict: Predict, start: Ints, target: Ints) -> Ablation:
    """Greedy path: of all values of the target not yet taken over, the one with the lowest predicted cost is next.

    Source: Fawcett and Hoos, "Analysing differences between algorithm configurations through ablation", Journal of
    Heuristics 22, 2016, on a model as in Biedenkapp et al., AAAI 2017. Of equals the first in the space's order.

    Args:
        predict: Predicted cost.
        start: Bins of the configuration to begin with, shape (d,).
        target: Bins of the configuration to end with, shape (d,).
    """
    left = [int(axis) for axis in np.flatnonzero(start != target)]
    now, order = start.copy(), list[int]()
    values = [float(predict(now[None])[0])]
    while left:
        tries = np.repeat(now[None], len(left), axis=0)
        tries[np.arange(len(left)), left] = target[left]
        costs = predict(tries)
        best = int(np.argmin(costs))
        now = tries[best]
        values.append(float(costs[best]))
        order.append(left.pop(best))
    return Ablation(tuple(order), np.array(values))


def local_importance(predict: Predict, at: Ints, weights: Sequence[Floats]) -> Floats:
    """Local parameter importance around a configuration, shape (d,), sums to 1; all 0 where the neighbourhood is flat.

    The variance of the cost when one hyperparameter runs through its values and the others stay, over the sum of these
    variances (Biedenkapp et al., "CAVE: configuration assessment, visualization and evaluation", LION 2018, section
    3.2).

    Args:
        predict: Predicted cost.
        at: Bins of the configuration, shape (d,).
        weights: Probability of each bin of each hyperparameter.
    """
    variances = np.empty(len(at))
    for axis, weight in enumerate(weights):
        neighbours = np.repeat(at[None], weight.size, axis=0)
        neighbours[:, axis] = np.arange(weight.size)
        costs = predict(neighbours)
        variances[axis] = weight @ (costs - weight @ costs) ** 2
    total = variances.sum()
    return variances / total if total > 0 else variances


def coalition_values(predict: Predict, start: Ints, target: Ints) -> Floats:
    """Cost of each of the 2^d mixtures of two configurations, shape (2,) * d: index 1 takes the target's value.

    Raises:
        EncaveError: more than `PLAYERS` hyperparameters.
    """
    d = len(start)
    if d > PLAYERS:
        raise EncaveError(f"exact Shapley values need all 2^{d} mixtures; possible up to {PLAYERS} hyperparameters")
    masks = np.indices((2,) * d).reshape(d, -1).T.astype(bool)
    return predict(np.where(masks, target, start)).reshape((2,) * d)


def shapley(values: ArrayLike) -> Floats:
    """Shapley value of each player of a game, exactly, shape (d,); they sum to v(all) - v(none).

    Source: Shapley 1953; as importance of hyperparameters (the ablation game) Wever et al., "HyperSHAP: Shapley values
    and interactions for hyperparameter importance", 2025. For a cost, negative values are improvements.

    Args:
        values: Value of each coalition, shape (2,) * d, index 1 for the players in it.
    """
    game = np.asarray(values, dtype=np.float64)
    d = game.ndim
    size = np.indices((2,) * (d - 1)).sum(axis=0)  # of the coalitions without the player
    weight = np.array([factorial(s) * factorial(d - s - 1) / factorial(d) for s in range(d)])[size]
    return np.array([(weight * (game.take(1, axis=j) - game.take(0, axis=j))).sum() for j in range(d)])
