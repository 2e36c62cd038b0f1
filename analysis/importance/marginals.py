"""Functional ANOVA of a forest: variance of single and joint effects from the leaves' boxes.

Source: Hutter, Hoos and Leyton-Brown, ICML 2014, section 3 and algorithm 1. The marginal of a tree over the
hyperparameters U is a sum over leaves, value × the volume of the leaf on all others, wherever the leaf's box holds;
here for all pairs at once as one matrix product for each tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

import numpy as np

from ...errors import EncaveError
from ...run.types import Floats, Ints
from .fanova import Subset, decompose_batch, subsets_of
from .forest import Forest

GRID_LIMIT = 1_000_000
"""Grid points up to which the effects of three and more hyperparameters are computed."""


def tree_shares(forest: Forest, weights: Sequence[Floats], order: int = 2) -> tuple[tuple[Subset, ...], Floats]:
    """Share of each tree's variance by subset of hyperparameters.

    Args:
        forest: The forest.
        weights: Probability of each bin, one array per hyperparameter.
        order: Largest number of hyperparameters in a subset. Singles and pairs come from the boxes; more need the
            predictions on the whole grid.

    Returns:
        The m subsets and their shares, shape (trees, m); NaN for a tree that is constant.

    Raises:
        EncaveError: `order` is above 2 and the grid has more than `GRID_LIMIT` points.
    """
    subsets = subsets_of(len(weights), min(order, len(weights)))
    if order <= 2:
        return subsets, np.array([_box_shares(forest, tree, weights, order) for tree in range(forest.trees)])
    parts = decompose_batch(on_grid(forest.predict_trees, [axis.size for axis in weights]), weights)
    variance = parts.reshape(forest.trees, -1).sum(axis=1)
    chosen = np.array([[axis in subset for axis in range(len(weights))] for subset in subsets], dtype=np.int64)
    picked = np.stack([parts[(slice(None), *index)] for index in chosen], axis=1)
    return subsets, picked / np.where(variance > 0, variance, np.nan)[:, None]


def on_grid(predict: Callable[[Ints], Floats], sizes: Sequence[int]) -> Floats:
    """Predictions of k models at every point of the grid, shape (k, *sizes).

    Args:
        predict: From bins of shape (n, d) to predictions of shape (k, n).
        sizes: Number of bins of each of the d hyperparameters.

    Raises:
        EncaveError: the grid has more than `GRID_LIMIT` points.
    """
    points = int(np.prod(sizes, dtype=object))
    if points > GRID_LIMIT:
        raise EncaveError(
            f"this needs predictions on a grid of {points:,} points, more than {GRID_LIMIT:,}; "
            "ask for singles and pairs, or for what compares two configurations only"
        )
    return predict(np.indices(tuple(sizes)).reshape(len(sizes), -1).T).reshape(-1, *sizes)


def _box_shares(forest: Forest, tree: int, weights: Sequence[Floats], order: int) -> Floats:
    first, last = np.searchsorted(forest.leaf_tree, [tree, tree + 1])
    boxes = forest.boxes[first:last]
    value = forest.value[forest.leaves[first:last]]
    starts = np.concatenate(([0], np.cumsum(forest.sizes)))
    bins = [slice(a, b) for a, b in pairwise(starts)]
    inside = boxes.astype(np.float64)
    sides = np.stack([inside[:, part] @ weight for part, weight in zip(bins, weights, strict=True)], axis=1)
    volume = sides.prod(axis=1)
    value = value - volume @ value
    variance = float(volume @ value**2)
    if variance <= 0:
        return np.full(len(subsets_of(len(weights), min(order, len(weights)))), np.nan)
    for part, side in zip(bins, sides.T, strict=True):
        inside[:, part] /= side[:, None]
    mass = volume * value
    single = mass @ inside
    singles = [float(weight @ single[part] ** 2) for part, weight in zip(bins, weights, strict=True)]
    effects = list(singles)
    if order > 1:
        joint = inside.T @ (mass[:, None] * inside)
        for i, j in combinations(range(len(weights)), 2):
            both = float(weights[i] @ joint[bins[i], bins[j]] ** 2 @ weights[j])
            effects.append(max(both - singles[i] - singles[j], 0.0))
    return np.array(effects) / variance
