"""Importance as Shapley values: games over the hyperparameters, their values and their pairwise interactions.

A game gives each set of hyperparameters (a coalition) a number; here of k models at once, so games have shape
(k, 2, …, 2), index 1 for the hyperparameters in the coalition. Sources: Shapley 1953; Wever et al., "HyperSHAP: Shapley
values and interactions for hyperparameter importance", 2025 (ablation, tunability, sensitivity); Owen, "Sobol' indices
and Shapley value", SIAM/ASA JUQ 2, 2014 (variance).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import factorial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...errors import EncaveError
from ...run.types import Floats, Ints
from .games import Predict

Game = Literal["ablation", "tunability", "sensitivity", "variance"]

GAMES: tuple[Game, ...] = ("ablation", "tunability", "sensitivity", "variance")
PLAYERS = 12
"""Hyperparameters up to which all coalitions are evaluated."""


def ablation_game(predict: Predict, start: Ints, target: Ints) -> Floats:
    """Cost of each of the 2^d mixtures of two configurations: index 1 takes the target's value.

    Raises:
        EncaveError: more than `PLAYERS` hyperparameters.
    """
    d = len(start)
    _check_players(d)
    masks = np.indices((2,) * d).reshape(d, -1).T.astype(bool)
    costs = predict(np.where(masks, target, start))
    return costs.reshape(-1, *(2,) * d)


def tunability_game(tables: Floats, default: Ints) -> Floats:
    """Lowest cost when the coalition is free and all others are at the default.

    Args:
        tables: Cost at every point of the grid, shape (k, …).
        default: Bins of the default, shape (d,).

    Raises:
        EncaveError: more than `PLAYERS` hyperparameters.
    """
    _check_players(len(default))
    game = tables
    for axis, at in enumerate(default, start=1):
        game = _with_player(game, int(at), game.min(axis=axis), axis)
    return game


def sensitivity_game(tables: Floats, default: Ints, weights: Sequence[Floats]) -> Floats:
    """Variance of the cost when the coalition is drawn at random and all others are at the default.

    Args:
        tables: Cost at every point of the grid, shape (k, …).
        default: Bins of the default, shape (d,).
        weights: Probability of each bin of each hyperparameter.

    Raises:
        EncaveError: more than `PLAYERS` hyperparameters.
    """
    _check_players(len(default))
    offset = tables.reshape(len(tables), -1).mean(axis=1).reshape(-1, *[1] * len(default))
    first, second = tables - offset, (tables - offset) ** 2
    for axis, (at, weight) in enumerate(zip(default, weights, strict=True), start=1):
        first, second = (
            _with_player(game, int(at), np.tensordot(game, weight, axes=(axis, 0)), axis) for game in (first, second)
        )
    return np.maximum(second - first**2, 0.0)


def _with_player(game: Floats, default: int, free: Floats, axis: int) -> Floats:
    """A game in whose axis a hyperparameter is at its default or free, in place of its bins."""
    fixed: Floats = np.moveaxis(game, axis, 0)[default]
    return np.stack((fixed, free), axis=axis)


def variance_game(parts: Floats) -> Floats:
    """Variance of the mean given the coalition: the sum of the components of its subsets.

    Args:
        parts: Variance of each component, shape (k, 2, …, 2), as `fanova.decompose_batch` has it.
    """
    game = parts
    for axis in range(1, parts.ndim):
        game = game.cumsum(axis=axis)
    return game


def shapley(game: ArrayLike) -> Floats:
    """Shapley value of each of the d players, exactly, shape (k, d); they sum to v(all) - v(none).

    Args:
        game: Value of each coalition, shape (k, 2, …, 2).
    """
    values = np.asarray(game, dtype=np.float64)
    d = values.ndim - 1
    size = np.indices((2,) * (d - 1)).sum(axis=0)  # of the coalitions without the player
    weight = np.array([factorial(s) * factorial(d - s - 1) / factorial(d) for s in range(d)])[size]
    gains = [values.take(1, axis=j) - values.take(0, axis=j) for j in range(1, d + 1)]
    return np.stack([(weight * gain).reshape(len(values), -1).sum(axis=1) for gain in gains], axis=1)


def interactions(game: ArrayLike) -> Floats:
    """Shapley interaction index of each pair of players, shape (k, d (d - 1) / 2), pairs in lexicographic order.

    What the two gain together beyond what each gains alone, averaged over the coalitions of the others (Grabisch and
    Roubens, International Journal of Game Theory 28, 1999).

    Args:
        game: Value of each coalition, shape (k, 2, …, 2), of at least two players.
    """
    values = np.asarray(game, dtype=np.float64)
    d = values.ndim - 1
    size = np.indices((2,) * (d - 2)).sum(axis=0)
    weight = np.array([factorial(s) * factorial(d - s - 2) / factorial(d - 1) for s in range(d - 1)])[size]
    found: list[Floats] = []
    for i, j in combinations(range(1, d + 1), 2):
        without, with_j = values.take(0, axis=j), values.take(1, axis=j)
        gain = with_j.take(1, axis=i) - with_j.take(0, axis=i) - without.take(1, axis=i) + without.take(0, axis=i)
        found.append((weight * gain).reshape(len(values), -1).sum(axis=1))
    return np.stack(found, axis=1)


def _check_players(d: int) -> None:
    if d > PLAYERS:
        raise EncaveError(f"exact Shapley values need all 2^{d} coalitions; possible up to {PLAYERS} hyperparameters")
