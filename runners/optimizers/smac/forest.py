"""SMAC's random forest without what is not the forest's own mathematics; its numbers are the same to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from smac.model.random_forest import RandomForest
from smac.model.random_forest.random_forest import EPMRandomForest

LEAVES = 4096
"""Room for leaves in every tree; the package has 2²⁰."""


class QuickForest(RandomForest):
    """The forest in one thread, with room for as many leaves as can be needed, and leaves computed all at once."""

    def _train(self, X: NDArray[np.float64], y: NDArray[np.float64]) -> QuickForest:  # noqa: N803  the package's names
        options: dict[str, Any] = self._rf_opts
        self._rf = _Trees(**options)
        self._rf.fit(self._impute_inactive(X), y.flatten())
        return self


def is_forest(model: Any) -> bool:
    """Whether a surrogate is SMAC's random forest."""
    return isinstance(model, RandomForest)


def slim(model: Any, evaluations: int) -> dict[str, int]:
    """Make a random forest quick; its settings. Other models are left alone."""
    if not is_forest(model):
        return {}
    forest = {"n_jobs": 1, "max_leaf_nodes": max(LEAVES, evaluations)}
    model._rf_opts.update(forest)
    model.__class__ = QuickForest
    return forest


class _Trees(EPMRandomForest):
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> None:  # noqa: N803
        """Train; the package then looks for the trials of each leaf among all trials, this sorts them once."""
        log_y, self.log_y = self.log_y, False
        super().fit(X, y, sample_weight)
        self.log_y = log_y
        if log_y:
            for tree, drawn in zip(self.estimators_, self.estimators_samples_, strict=True):
                leaves, values = leaf_values(tree.apply(X[drawn]), y[drawn])
                tree.tree_.value[leaves, 0, 0] = values


def leaf_values(leaf: NDArray[np.intp], log_costs: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Logarithm of the mean cost in each leaf.

    Args:
        leaf: Leaf of each trial, shape (n,).
        log_costs: Logarithm of its cost, shape (n,).

    Returns:
        The leaves in order, and their values.
    """
    order = np.argsort(leaf, kind="stable")
    leaves, starts, counts = np.unique(leaf[order], return_index=True, return_counts=True)
    # With a zero before each leaf, `reduceat` adds in the order in which `mean` does.
    padded = np.insert(np.exp(log_costs[order]), starts, 0.0)
    return leaves, np.log(np.add.reduceat(padded, starts + np.arange(len(starts))) / counts)
