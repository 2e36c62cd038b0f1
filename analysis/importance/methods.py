"""Importance of hyperparameters: what a run's trials suggest, by which method, and how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from ...errors import EncaveError, check_choice, check_count
from ...run import Run
from ...run.types import Floats
from .fanova import Subset, decompose, decompose_batch, subsets_of
from .forest import Forest
from .games import Predict, ablation, from_forest, from_table, local_importance
from .marginals import on_grid, tree_shares
from .sample import Sample, check_all_trials, fit, sample
from .shapley import (
    Game,
    ablation_game,
    interactions,
    sensitivity_game,
    shapley,
    tunability_game,
    variance_game,
)

Name = Literal["fanova", "lpi", "ablation", "shapley"]

METHODS: tuple[Name, ...] = ("fanova", "lpi", "ablation", "shapley")


@dataclass(frozen=True)
class Method:
    """How importance is measured."""

    name: Name = "fanova"
    """`fanova`: variance over the space; `lpi`: variance around the incumbent; `ablation`: path from the default to the
    incumbent; `shapley`: Shapley values of a game."""
    order: int = 2
    """Largest number of hyperparameters whose joint effect is computed, for fANOVA (any) and Shapley values (2)."""
    game: Game = "ablation"
    """The game of Shapley values."""
    trees: int | None = None
    """Trees of the forest; None: by the number of trials, see `trees_for`."""
    seed: int = 0
    """Of the forest."""

    def __post_init__(self) -> None:
        check_choice("method", self.name, METHODS)
        check_choice("game", self.game, get_args(Game))
        check_count("order", self.order)

    @property
    def label(self) -> str:
        """Its name, with the game where there is one."""
        return f"shapley {self.game}" if self.name == "shapley" else self.name

    @property
    def shares(self) -> bool:
        """Whether the values are fractions of a variance; else they are gains in units of the objective."""
        return self.name in ("fanova", "lpi") or (self.name == "shapley" and self.game in ("sensitivity", "variance"))


@dataclass(frozen=True, eq=False)
class Importance:
    """What each hyperparameter, or set of them, accounts for, estimated by a forest on a run's results."""

    names: tuple[str, ...]
    """The d hyperparameters."""
    subsets: tuple[Subset, ...]
    """Sets of hyperparameters, as positions in `names`: m of them, by size."""
    values: Floats
    """Shape (m,): fraction of variance, or by how much the objective improves (`Method.shares`)."""
    spread: Floats
    """Standard deviation over trees (n - 1 in the denominator), shape (m,)."""
    sample: Sample
    """What it was estimated from."""
    r2: float
    """Out-of-bag R² of the forest; below about 0.5 the values say little."""
    trees: int
    """Trees that were used; for fANOVA a tree that is constant has no shares and does not count."""
    method: Method = field(default_factory=Method)
    """How it was measured."""
    path: tuple[int, ...] = ()
    """Of an ablation: the hyperparameters in the order in which they were changed."""

    def value(self, *names: str) -> float:
        """Value of these hyperparameters' own component.

        Raises:
            EncaveError: a name is unknown, or subsets of this size were not computed.
        """
        if not set(names) <= set(self.names):
            raise EncaveError(f"{', '.join(names)}: the hyperparameters are {', '.join(self.names)}")
        subset = tuple(sorted(self.names.index(name) for name in names))
        if subset not in self.subsets:
            raise EncaveError(f"the share of {', '.join(names)} was not computed; ask for a higher order")
        return float(self.values[self.subsets.index(subset)])

    def label(self, subset: Subset) -> str:
        """Names of a subset joined by ` × `."""
        return " × ".join(self.names[axis] for axis in subset)


def importance(
    run: Run, *, objective: str | None = None, budget: float | None = None, method: Method | None = None
) -> Importance:
    """Importance of the hyperparameters of a run, by default the functional ANOVA of a forest on its results.

    Failed trials are left out and counted. Inactive hyperparameters take their default.

    Args:
        run: The run.
        objective: Name of the objective; the first by default.
        budget: Results at this budget only; the highest with a result by default.
        method: How it is measured; fANOVA of singles and pairs by default.

    Raises:
        EncaveError: as `check_all_trials`, `sample` and `explain`.
    """
    check_all_trials(run)
    return explain(sample(run, objective=objective, budget=budget), method)


def explain(data: Sample, method: Method | None = None) -> Importance:
    """`importance` of results that are at hand.

    Raises:
        EncaveError: as `fit`, `tree_shares` and `shapley`; or the space has conditions or intervals where all points of
            its grid are needed.
    """
    how = method or Method()
    _check(data, how)
    forest = fit(data, trees=how.trees, seed=how.seed)
    if how.name == "fanova":
        return _fanova(forest, data, how)
    predict = from_forest(forest, data.encoded.conditions)
    subsets, values, path = _games(predict, data, how)
    spread = values[1:].std(axis=0, ddof=1) if forest.trees > 1 else np.full(len(subsets), np.nan)
    return Importance(data.encoded.names, subsets, values[0], spread, data, forest.r2, forest.trees, how, path)


def exact(table: ArrayLike, data: Sample, method: Method | None = None) -> Floats:
    """What `explain` estimates, of the complete table: values of the same subsets, shape (m,), at the run's incumbent.

    Args:
        table: The objective at every point of the grid, as a cost; axes in the order of the run's space, values in the
            order of its choices.
        data: The run's results, whose incumbent the games compare with the default.
        method: How it is measured.

    Raises:
        EncaveError: the table does not fit the space, or as `decompose` and `explain`.
    """
    how, costs = method or Method(), np.asarray(table, dtype=np.float64)
    if not data.encoded.finite or costs.shape != data.encoded.sizes:
        raise EncaveError(f"a table of shape {costs.shape} is not one of {', '.join(data.encoded.names)}")
    if how.name == "fanova":
        parts = decompose(costs, data.encoded.weights)
        return parts.shares(subsets_of(costs.ndim, min(how.order, costs.ndim)))
    return _games(from_table(costs), data, how)[1][0]


def over_runs(estimates: Sequence[Importance]) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n - 1; NaN for one run) over runs of each subset's value, shape (m,) each.

    Raises:
        EncaveError: the runs have different hyperparameters or orders, or there are none.
    """
    if not estimates or any((e.names, e.subsets) != (estimates[0].names, estimates[0].subsets) for e in estimates):
        raise EncaveError("importance is averaged over runs with the same hyperparameters only")
    return mean_and_spread(np.array([estimate.values for estimate in estimates]))


def mean_and_spread(values: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n - 1; NaN for one) over the first axis."""
    spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1:], np.nan)
    return values.mean(axis=0), spread


def _check(data: Sample, how: Method) -> None:
    whole = (how.name == "fanova" and how.order > 2) or (how.name == "shapley" and how.game != "ablation")
    if not whole:
        return
    what = "joint effects of three and more hyperparameters need" if how.name == "fanova" else f"{how.game} needs"
    if data.encoded.imputed and how.name == "fanova":
        raise EncaveError(f"{what} a space without conditions")
    if not data.encoded.finite:
        raise EncaveError(f"{what} a space of finitely many values")


def _fanova(forest: Forest, data: Sample, how: Method) -> Importance:
    subsets, shares = tree_shares(forest, data.encoded.weights, how.order)
    valid = shares[~np.isnan(shares[:, 0])]
    if not len(valid):
        raise EncaveError(f"every tree is constant: too few different values of {data.objective}")
    return Importance(data.encoded.names, subsets, *mean_and_spread(valid), data, forest.r2, len(valid), how)


def _games(predict: Predict, data: Sample, how: Method) -> tuple[tuple[Subset, ...], Floats, tuple[int, ...]]:
    """Subsets, values of shape (k, m) for the k rows of `predict`, and the path of an ablation."""
    encoded, d = data.encoded, len(data.encoded.axes)
    if how.name == "lpi":
        return subsets_of(d, 1), local_importance(predict, data.incumbent, encoded.weights, encoded.conditions), ()
    if how.name == "ablation":
        found = ablation(predict, encoded.default, data.incumbent, encoded.conditions)
        gains = np.zeros((len(found.values), d))
        gains[:, list(found.order)] = found.gains
        return subsets_of(d, 1), gains, found.order
    order = 2 if how.order > 1 and d > 1 else 1
    game = _game(predict, data, how.game)
    values = np.concatenate((shapley(game), *([interactions(game)] if order > 1 else [])), axis=1)
    if not how.shares:
        return subsets_of(d, order), -values, ()
    whole = game.reshape(len(game), -1)[:, -1:]
    return subsets_of(d, order), np.divide(values, whole, out=np.zeros_like(values), where=whole > 0), ()


def _game(predict: Predict, data: Sample, game: Game) -> Floats:
    encoded = data.encoded
    if game == "ablation":
        return ablation_game(predict, encoded.default, data.incumbent)
    tables = on_grid(predict, encoded.sizes)
    if game == "tunability":
        return tunability_game(tables, encoded.default)
    if game == "sensitivity":
        return sensitivity_game(tables, encoded.default, encoded.weights)
    return variance_game(decompose_batch(tables, encoded.weights))
