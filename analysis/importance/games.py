"""What a configuration owes to its values: ablation path and local importance.

Both ask a model at configurations given as bin numbers of shape (n, d) and expect costs of shape (k, n): a row for the
answer that counts (the mean over trees, or the complete table), then rows for others (single trees) by which its
spread is told. Less is better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...run.types import Floats, Ints
from .conditions import Conditions
from .forest import Forest

Predict = Callable[[Ints], Floats]


@dataclass(frozen=True, eq=False)
class Ablation:
    """A path from one configuration to another, one hyperparameter at a time."""

    order: tuple[int, ...]
    """Hyperparameters in the order in which they were changed; those with equal values in both are not on the path."""
    values: Floats
    """Predicted cost before the first and after each change, shape (k, changes + 1)."""

    @property
    def gains(self) -> Floats:
        """By how much each change lowered the cost, shape (k, changes); they sum to the difference of the ends."""
        return -np.diff(self.values)


def from_forest(forest: Forest, conditions: Conditions | None = None) -> Predict:
    """Mean prediction, then that of each tree; inactive hyperparameters at their default, as in the trials it knows."""

    def predict(codes: Ints) -> Floats:
        trees = forest.predict_trees(codes if conditions is None else conditions.settle(codes))
        return np.concatenate((trees.mean(axis=0, keepdims=True), trees))

    return predict


def from_table(table: ArrayLike) -> Predict:
    """Entries of a complete table, one axis for each hyperparameter."""
    values = np.asarray(table, dtype=np.float64)
    return lambda codes: values[tuple(codes.T)][None]


def ablation(predict: Predict, start: Ints, target: Ints, conditions: Conditions | None = None) -> Ablation:
    """Greedy path: of all values of the target not yet taken over, the one with the lowest predicted cost is next.

    Source: Fawcett and Hoos, "Analysing differences between algorithm configurations through ablation", Journal of
    Heuristics 22, 2016, on a model as in Biedenkapp et al., AAAI 2017. Of equals the first in the space's order. A
    hyperparameter whose conditions do not hold waits until they do.

    Args:
        predict: Predicted cost; the path follows its first row.
        start: Bins of the configuration to begin with, shape (d,).
        target: Bins of the configuration to end with, shape (d,).
        conditions: Of the space, if it has any.
    """
    left = [int(axis) for axis in np.flatnonzero(start != target)]
    now, order = start.copy(), list[int]()
    values = [predict(now[None])[:, 0]]
    while left:
        tries = np.repeat(now[None], len(left), axis=0)
        tries[np.arange(len(left)), left] = target[left]
        costs = predict(tries)
        able = np.ones(len(left), dtype=bool)
        if conditions is not None and conditions.rules:
            able = conditions.active(tries)[np.arange(len(left)), left]
            able = able if able.any() else ~able
        best = int(np.argmin(np.where(able, costs[0], np.inf)))
        now = tries[best]
        values.append(costs[:, best])
        order.append(left.pop(best))
    return Ablation(tuple(order), np.stack(values, axis=1))


def local_importance(
    predict: Predict, at: Ints, weights: Sequence[Floats], conditions: Conditions | None = None
) -> Floats:
    """Local parameter importance around a configuration, shape (k, d), rows sum to 1; 0 where all is flat.

    The variance of the cost when one hyperparameter runs through its values and the others stay, over the sum of these
    variances (Biedenkapp et al., "CAVE: configuration assessment, visualization and evaluation", LION 2018, section
    3.2). A hyperparameter that is inactive there has none.

    Args:
        predict: Predicted cost.
        at: Bins of the configuration, shape (d,).
        weights: Probability of each bin of each hyperparameter.
        conditions: Of the space, if it has any.
    """
    sizes = [weight.size for weight in weights]
    neighbours = np.repeat(at[None], sum(sizes), axis=0)
    for axis, first in enumerate(np.cumsum([0, *sizes[:-1]])):
        neighbours[first : first + sizes[axis], axis] = np.arange(sizes[axis])
    costs = np.split(predict(neighbours), np.cumsum(sizes)[:-1], axis=1)
    active = conditions.active(at[None])[0] if conditions is not None else np.ones(len(at), dtype=bool)
    variances = np.stack(
        [
            ((cost - (cost @ weight)[:, None]) ** 2) @ weight * on
            for cost, weight, on in zip(costs, weights, active, strict=True)
        ],
        axis=1,
    )
    total = variances.sum(axis=1, keepdims=True)
    return np.divide(variances, total, out=np.zeros_like(variances), where=total > 0)
