"""How far importances estimated from trials are from the truth, by number of trials and by what sampled them.

An optimizer visits good regions more densely than others and a forest learns from that, so its shares are biased, not
only noisy. A sample drawn uniformly from the complete table, of the same size, tells what is the optimizer's doing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...run.types import Floats, Ints
from .fanova import Subset
from .groups import POWERS, GroupImportance, average
from .methods import explain, mean_and_spread
from .sample import FEWEST, Sample, Trials

UNIFORM = "uniform sample"
"""Label of the samples drawn from the table."""
DRAWS = 10
"""Uniform samples of each size."""


@dataclass(frozen=True, eq=False)
class Bias:
    """Error of the estimates of one optimizer's runs on one task at k numbers of trials."""

    task: str
    """Title of the task."""
    optimizer: str
    """Label of the optimizer, or `UNIFORM`."""
    objective: str
    """The objective."""
    budget: float | None
    """The budget of the trials."""
    names: tuple[str, ...]
    """The d hyperparameters."""
    subsets: tuple[Subset, ...]
    """The m sets of hyperparameters."""
    exact: Floats
    """Their share in the complete table, shape (m,)."""
    trials: Ints
    """Successful trials at the budget that were used, from the start of each run, ascending, shape (k,)."""
    runs: Ints
    """Runs that have as many, shape (k,)."""
    single_error: Floats
    """Mean over single hyperparameters of the absolute difference to the exact share, mean over runs, shape (k,)."""
    single_spread: Floats
    """Its standard deviation over runs (n - 1; NaN for one), shape (k,)."""
    pair_error: Floats
    """The same of pairs, shape (k,); NaN with one hyperparameter."""
    pair_spread: Floats
    """Its standard deviation over runs, shape (k,)."""
    bias: Floats
    """Mean over runs of estimate minus exact share of each subset, shape (k, m)."""
    bias_spread: Floats
    """Its standard deviation over runs, shape (k, m)."""
    r2: Floats
    """Out-of-bag R² of the forests, mean over runs, shape (k,)."""

    def label(self, j: int) -> str:
        """Names of the j-th subset."""
        return " × ".join(self.names[axis] for axis in self.subsets[j])


def estimate_bias(groups: Sequence[GroupImportance]) -> tuple[Bias, ...]:
    """Error of estimates by number of trials, one for each optimizer, task, objective and budget with a known table.

    Args:
        groups: From `group_importance(..., first=POWERS)` and `uniform_groups`.
    """
    alike: defaultdict[tuple[object, ...], list[GroupImportance]] = defaultdict(list)
    for group in groups:
        if group.table is not None and group.trials is not None:
            alike[group.task, group.optimizer, group.objective, group.budget, group.estimates[0].names].append(group)
    return tuple(_bias(sorted(members, key=lambda one: one.trials or 0)) for members in alike.values())


def uniform_groups(groups: Sequence[GroupImportance], *, draws: int = DRAWS) -> tuple[GroupImportance, ...]:
    """Estimates from configurations drawn uniformly, without replacement, from each complete table of the groups.

    For the powers of two among the groups' numbers of trials and for the largest, up to the size of the table, `draws`
    samples with the seeds 0, 1, ….
    """
    wanted: defaultdict[tuple[object, ...], dict[int, GroupImportance]] = defaultdict(dict)
    for group in groups:
        if group.table is not None and group.trials is not None and FEWEST <= group.trials <= group.table.size:
            wanted[group.task, group.objective, group.budget, group.estimates[0].names][group.trials] = group
    return tuple(
        _uniform(by_trials[n], n, draws)
        for by_trials in wanted.values()
        for n in sorted(by_trials)
        if n in POWERS or n == max(by_trials)
    )


def _uniform(like: GroupImportance, trials: int, draws: int) -> GroupImportance:
    assert like.table is not None
    first, table = like.estimates[0], like.table.reshape(-1)
    grid = np.indices(like.table.shape).reshape(like.table.ndim, -1).T
    found = [
        (f"{UNIFORM} {seed}", explain(_drawn(first.sample, grid, table, trials, seed), first.method))
        for seed in range(draws)
    ]
    return average(like.task, UNIFORM, found, trials, like.table)


def _drawn(like: Sample, grid: Ints, table: Floats, trials: int, seed: int) -> Sample:
    rows = np.random.default_rng(seed).choice(len(grid), trials, replace=False)
    able = np.ones(trials, dtype=bool)
    source = Trials(rows, table[rows], np.full(trials, np.nan), able)
    return Sample(like.encoded, grid[rows], table[rows], like.objective, like.budget, trials, 0, able, source)


def _bias(groups: Sequence[GroupImportance]) -> Bias:
    first, exact = groups[0], groups[0].exact
    assert exact is not None
    sizes = np.array([len(subset) for subset in first.estimates[0].subsets])
    errors = [np.array([one.values for one in group.estimates]) - exact for group in groups]
    singles, pairs = (
        np.array([mean_and_spread(_absolute(error[:, sizes == size])) for error in errors]).T for size in (1, 2)
    )
    signed, spread = (np.array(part) for part in zip(*map(mean_and_spread, errors), strict=True))
    return Bias(
        task=first.task,
        optimizer=first.optimizer,
        objective=first.objective,
        budget=first.budget,
        names=first.estimates[0].names,
        subsets=first.estimates[0].subsets,
        exact=exact,
        trials=np.array([group.trials for group in groups], dtype=np.int64),
        runs=np.array([len(group.runs) for group in groups], dtype=np.int64),
        single_error=singles[0],
        single_spread=singles[1],
        pair_error=pairs[0],
        pair_spread=pairs[1],
        bias=signed,
        bias_spread=spread,
        r2=np.array([np.mean([one.r2 for one in group.estimates]) for group in groups]),
    )


def _absolute(errors: Floats) -> Floats:
    """Mean over subsets of the absolute error, shape (runs,); NaN without subsets."""
    return np.abs(errors).mean(axis=1) if errors.shape[1] else np.full(len(errors), np.nan)
