"""Importance of hyperparameters: what a run's trials suggest, how sure, and how far from the truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import EncaveError
from ..run import Run
from .fanova import Subset, decompose
from .fanova_forest import TREES, Forest, grow
from .fanova_marginals import tree_shares
from .importance_space import Encoded, encode, rows_of

Floats = NDArray[np.float64]

FEWEST = 10
"""Configurations with a result below which nothing is estimated."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The results of a run at one budget, one per configuration."""

    encoded: Encoded
    """The space and its bins."""
    codes: NDArray[np.int64]
    """Bins of the configurations with a result, shape (n, d), in the order in which they were first evaluated."""
    cost: Floats
    """Minimised objective, shape (n,): mean over the trials of the configuration at this budget."""
    objective: str
    """Name of the objective."""
    budget: float | None
    """The budget; None for a run without."""
    trials: int
    """Successful trials at this budget."""
    excluded: int
    """Trials at this budget without a result: failed, and not replaced by a bound."""


@dataclass(frozen=True, eq=False)
class Importance:
    """Shares of the variance of the objective over the space, estimated by a forest."""

    names: tuple[str, ...]
    """The d hyperparameters."""
    subsets: tuple[Subset, ...]
    """Sets of hyperparameters, as positions in `names`: m of them, by size."""
    shares: Floats
    """Fraction of variance of each subset's own component, shape (m,): mean over trees."""
    spread: Floats
    """Standard deviation over trees (n - 1 in the denominator), shape (m,)."""
    sample: Sample
    """What it was estimated from."""
    r2: float
    """Out-of-bag R² of the forest; below about 0.5 the shares say little."""
    trees: int
    """Trees that were averaged; a tree that is constant has no shares and does not count."""

    def share(self, *names: str) -> float:
        """Share of the component of these hyperparameters.

        Raises:
            EncaveError: a name is unknown, or subsets of this size were not computed.
        """
        if not set(names) <= set(self.names):
            raise EncaveError(f"{', '.join(names)}: the hyperparameters are {', '.join(self.names)}")
        subset = tuple(sorted(self.names.index(name) for name in names))
        if subset not in self.subsets:
            raise EncaveError(f"the share of {', '.join(names)} was not computed; ask for a higher order")
        return float(self.shares[self.subsets.index(subset)])

    def label(self, subset: Subset) -> str:
        """Names of a subset joined by ` × `."""
        return " × ".join(self.names[axis] for axis in subset)


@dataclass(frozen=True, eq=False)
class EstimateError:
    """Error of the estimate by number of trials. Every array has shape (k,)."""

    trials: NDArray[np.int64]
    """Trials of the run that were used, from its start."""
    singles: Floats
    """Mean absolute error of the shares of single hyperparameters, as a fraction of the variance."""
    pairs: Floats
    """The same of pairs; NaN with one hyperparameter."""
    signed: Floats
    """Mean over single hyperparameters of estimate minus truth: negative where single effects are underestimated."""
    r2: Floats
    """Out-of-bag R² of the forest."""


def sample(run: Run, *, objective: str | None = None, budget: float | None = None) -> Sample:
    """Results of a run at one budget (default: the highest with a result), repeated evaluations averaged.

    Raises:
        EncaveError: no such objective or budget, or no trial has a result.
    """
    chosen = run.objective(objective).name
    cost, budgets = run.cost(chosen), run.column("budget").astype(np.float64)
    done = np.isfinite(cost)
    if not done.any():
        raise EncaveError(f"run {run.name}: no trial has a result in {chosen}, so there is nothing to explain")
    if budget is None and not np.isnan(budgets[done]).all():
        budget = float(np.nanmax(budgets[done]))
    here = np.isnan(budgets) if budget is None else budgets == budget
    if not (here & done).any():
        known = ", ".join(f"{value:g}" for value in run.budgets) or "none"
        raise EncaveError(f"run {run.name}: no trial has a result at budget {budget}; budgets: {known}")
    rows, inverse = _first_seen(rows_of(run)[here & done])
    mean = np.bincount(inverse, cost[here & done]) / np.bincount(inverse)
    encoded = encode(run)
    used = int((here & done).sum())
    return Sample(encoded, encoded.codes[rows], mean, chosen, budget, used, int(here.sum()) - used)


def fit(data: Sample, *, trees: int = TREES, seed: int = 0) -> Forest:
    """The forest on a run's results.

    Raises:
        EncaveError: fewer than `FEWEST` configurations, or all results are equal.
    """
    if len(data.cost) < FEWEST:
        raise EncaveError(
            f"only {len(data.cost)} configurations have a result at budget {data.budget}; "
            f"importance needs at least {FEWEST}"
        )
    if np.ptp(data.cost) == 0:
        raise EncaveError(f"{data.objective} is {data.cost[0]:g} for every configuration, so nothing is important")
    return grow(data.codes, data.cost, data.encoded.sizes, data.encoded.nominal, trees=trees, seed=seed)


def importance(
    run: Run,
    *,
    objective: str | None = None,
    budget: float | None = None,
    order: int = 2,
    trees: int = TREES,
    seed: int = 0,
) -> Importance:
    """Functional ANOVA of a forest on the run's results (Hutter, Hoos and Leyton-Brown, ICML 2014).

    Failed trials are left out and counted. Inactive hyperparameters take their default.

    Args:
        run: The run.
        objective: Name of the objective; the first by default.
        budget: Results at this budget only; the highest with a result by default.
        order: Largest number of hyperparameters whose joint effect is computed; more than 2 on finite grids only.
        trees: Number of trees.
        seed: Of the forest.

    Raises:
        EncaveError: as `sample`, `fit` and `tree_shares`.
    """
    return explain(sample(run, objective=objective, budget=budget), order=order, trees=trees, seed=seed)


def explain(data: Sample, *, order: int = 2, trees: int = TREES, seed: int = 0) -> Importance:
    """`importance` of results that are at hand.

    Raises:
        EncaveError: as `fit` and `tree_shares`.
    """
    if data.encoded.imputed and order > 2:
        raise EncaveError("joint effects of three and more hyperparameters need a space without conditions")
    if order > 2 and not data.encoded.finite:
        raise EncaveError("joint effects of three and more hyperparameters need a space of finitely many values")
    forest = fit(data, trees=trees, seed=seed)
    subsets, shares = tree_shares(forest, data.encoded.weights, order)
    valid = shares[~np.isnan(shares[:, 0])]
    if not len(valid):
        raise EncaveError(f"every tree is constant: too few different values of {data.objective}")
    spread = valid.std(axis=0, ddof=1) if len(valid) > 1 else np.full(len(subsets), np.nan)
    return Importance(data.encoded.names, subsets, valid.mean(axis=0), spread, data, forest.r2, len(valid))


def importance_by_budget(run: Run, **options: int) -> dict[float | None, Importance | str]:
    """`importance` at every budget of a run, ascending; where there is none, the reason.

    Args:
        run: The run.
        options: `order`, `trees` and `seed` of `importance`.
    """
    found: dict[float | None, Importance | str] = {}
    for budget in run.budgets or (None,):
        try:
            found[budget] = explain(sample(run, budget=budget), **options)
        except EncaveError as error:
            found[budget] = str(error)
    return found


def over_runs(estimates: Sequence[Importance]) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n - 1; NaN for one run) over runs of each subset's share, shape (m,) each.

    Raises:
        EncaveError: the runs have different hyperparameters or orders, or there are none.
    """
    if not estimates or any((e.names, e.subsets) != (estimates[0].names, estimates[0].subsets) for e in estimates):
        raise EncaveError("importance is averaged over runs with the same hyperparameters only")
    shares = np.array([estimate.shares for estimate in estimates])
    spread = shares.std(axis=0, ddof=1) if len(shares) > 1 else np.full(shares.shape[1], np.nan)
    return shares.mean(axis=0), spread


def estimate_error(
    truth: ArrayLike,
    run: Run,
    counts: Iterable[int],
    *,
    objective: str | None = None,
    budget: float | None = None,
    trees: int = TREES,
    seed: int = 0,
) -> EstimateError:
    """Error of the estimate from the first trials of a run against the exact decomposition of the complete table.

    Args:
        truth: The objective at every point of the grid; axes in the order of the run's space, values in the order of
            its choices.
        run: The run; its trials count in the order of their table.
        counts: Numbers of trials.
        objective: As in `importance`.
        budget: As in `importance`; the same for all counts.
        trees: As in `importance`.
        seed: As in `importance`.

    Raises:
        EncaveError: the table does not fit the space, is incomplete or constant, or as `importance`.
    """
    table = np.asarray(truth, dtype=np.float64)
    whole = sample(run, objective=objective, budget=budget)
    if not whole.encoded.finite or table.shape != whole.encoded.sizes:
        raise EncaveError(f"run {run.name}: a table of shape {table.shape} is not one of {whole.encoded.names}")
    exact = decompose(table, whole.encoded.weights)
    if not exact.variance > 0:
        raise EncaveError("the table is constant, so there are no shares to compare with")
    used = np.array(sorted({min(int(count), len(run)) for count in counts}), dtype=np.int64)
    rows: list[tuple[float, float, float, float]] = []
    for count in used:
        start = run.where(np.arange(len(run)) < count)
        estimate = importance(start, objective=objective, budget=whole.budget, trees=trees, seed=seed)
        error = estimate.shares - exact.shares(estimate.subsets)
        single = np.array([len(subset) == 1 for subset in estimate.subsets])
        pairs = float(np.abs(error[~single]).mean()) if not single.all() else float("nan")
        rows.append((float(np.abs(error[single]).mean()), pairs, float(error[single].mean()), estimate.r2))
    return EstimateError(used, *np.array(rows).reshape(-1, 4).T)


def _first_seen(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct rows in the order in which they occur, and the position of each row among them."""
    distinct, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return distinct[order], place[inverse]
