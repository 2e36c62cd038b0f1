"""Importance and budget correlation of many runs: by task, optimizer and budget, averaged over seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import EncaveError
from ..run import Run
from .fanova import decompose
from .importance import Importance, importance, over_runs
from .landscape import BudgetCorrelation, budget_correlation
from .study_view import view_runs

Floats = NDArray[np.float64]
Truth = Callable[[Run, Importance], "ArrayLike | None"]


@dataclass(frozen=True)
class Refused:
    """A run that could not be analysed."""

    task: str
    """Its task."""
    optimizer: str
    """Label of its optimizer."""
    run: str
    """Its name."""
    reason: str
    """Why, in a sentence."""


@dataclass(frozen=True, eq=False)
class GroupImportance:
    """Importance in the runs of one optimizer on one task at one budget."""

    task: str
    """Title of the task."""
    optimizer: str
    """Label of the optimizer."""
    runs: tuple[str, ...]
    """Names of the r runs."""
    estimates: tuple[Importance, ...]
    """The estimate from each run, all of the same m subsets."""
    mean: Floats
    """Mean share over the runs, shape (m,)."""
    spread: Floats
    """Standard deviation over the runs, shape (m,); NaN for one run."""
    tree_spread: Floats
    """Standard deviation over trees, mean over the runs, shape (m,)."""
    exact: Floats | None = None
    """Share in the complete table, shape (m,), where one is known."""


@dataclass(frozen=True, eq=False)
class GroupCorrelation:
    """Rank correlation between budgets in the runs of one optimizer on one task."""

    task: str
    """Title of the task."""
    optimizer: str
    """Label of the optimizer."""
    runs: tuple[str, ...]
    """Names of the runs with budgets."""
    budgets: tuple[float, ...]
    """The b budgets that any of them has, ascending."""
    mean: Floats
    """Mean of Spearman's correlation over the runs in which it is defined, shape (b, b); NaN where in none."""
    spread: Floats
    """Standard deviation over these runs, shape (b, b); NaN with fewer than two."""
    defined: NDArray[np.int64]
    """Number of these runs, shape (b, b)."""
    configurations: NDArray[np.int64]
    """Configurations with a result at both budgets, summed over all runs, shape (b, b)."""


def group_importance(
    runs: Sequence[Run],
    *,
    objective: str | None = None,
    budget: float | None = None,
    order: int = 2,
    truth: Truth | None = None,
) -> tuple[tuple[GroupImportance, ...], tuple[Refused, ...]]:
    """`importance` of every run, averaged over the runs of an optimizer on a task that share budget and space.

    Args:
        runs: The runs.
        objective: As in `importance`.
        budget: As in `importance`: by default the highest of each run with a result.
        order: As in `importance`.
        truth: Gives the complete table that a run searched, axes in the order of the run's space, or None.

    Raises:
        EncaveError: there are no runs.
    """
    alike: defaultdict[tuple[object, ...], list[tuple[Run, Importance]]] = defaultdict(list)
    refused: list[Refused] = []
    for task, optimizer, run in _by_group(runs):
        try:
            found = importance(run, objective=objective, budget=budget, order=order)
        except EncaveError as error:
            refused.append(Refused(task, optimizer, run.name, str(error)))
            continue
        alike[task, optimizer, found.sample.budget, found.names, found.subsets].append((run, found))
    groups = (_importance(str(key[0]), str(key[1]), members, truth) for key, members in alike.items())
    return tuple(groups), tuple(refused)


def group_correlation(
    runs: Sequence[Run], *, objective: str | None = None
) -> tuple[tuple[GroupCorrelation, ...], tuple[Refused, ...]]:
    """`budget_correlation` of every run, averaged over the runs of an optimizer on a task.

    Raises:
        EncaveError: there are no runs.
    """
    alike: defaultdict[tuple[str, str], list[tuple[Run, BudgetCorrelation]]] = defaultdict(list)
    refused: list[Refused] = []
    for task, optimizer, run in _by_group(runs):
        try:
            found = budget_correlation(run, objective)
        except EncaveError as error:
            refused.append(Refused(task, optimizer, run.name, str(error)))
            continue
        alike[task, optimizer].append((run, found))
    return tuple(_correlation(*key, members) for key, members in alike.items()), tuple(refused)


def _by_group(runs: Sequence[Run]) -> Iterator[tuple[str, str, Run]]:
    for section in view_runs(runs).sections:
        for group in section.groups:
            for run in group.runs:
                yield section.title, group.optimizer, run


def _importance(
    task: str, optimizer: str, members: Sequence[tuple[Run, Importance]], truth: Truth | None
) -> GroupImportance:
    estimates = tuple(estimate for _, estimate in members)
    mean, spread = over_runs(estimates)
    tree_spread = np.mean([estimate.spread for estimate in estimates], axis=0)
    group = GroupImportance(task, optimizer, tuple(r.name for r, _ in members), estimates, mean, spread, tree_spread)
    table = truth(*members[0]) if truth else None
    if table is None:
        return group
    exact = decompose(table, estimates[0].sample.encoded.weights).shares(estimates[0].subsets)
    return replace(group, exact=exact)


def _correlation(task: str, optimizer: str, members: Sequence[tuple[Run, BudgetCorrelation]]) -> GroupCorrelation:
    budgets = tuple(sorted({budget for _, found in members for budget in found.budgets}))
    values = np.full((len(members), len(budgets), len(budgets)), np.nan)
    configurations = np.zeros(values.shape[1:], dtype=np.int64)
    for number, (_, found) in enumerate(members):
        place = np.ix_(*[[budgets.index(budget) for budget in found.budgets]] * 2)
        values[number][place] = found.spearman
        configurations[place] += found.configurations
    known = ~np.isnan(values)
    defined = known.sum(axis=0)
    mean = np.where(known, values, 0).sum(axis=0) / np.where(defined > 0, defined, np.nan)
    squares = np.where(known, (values - mean) ** 2, 0).sum(axis=0)
    spread = np.sqrt(squares / np.where(defined > 1, defined - 1, np.nan))
    names = tuple(run.name for run, _ in members)
    return GroupCorrelation(task, optimizer, names, budgets, mean, spread, defined, configurations)
