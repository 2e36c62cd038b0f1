"""Whether configurations rank alike at different budgets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ...run import Run
from ...run.types import Floats, Ints
from ..grouping.sections import Section, by_group
from ..importance.groups import Refused
from ..importance.sample import check_all_trials
from ..statistics.tests import ranks_of
from .exploration import distinct_of

FEWEST_PAIRS = 3
"""Configurations at both budgets below which no correlation is given."""


@dataclass(frozen=True, eq=False)
class BudgetCorrelation:
    """Whether configurations rank alike at different budgets."""

    budgets: tuple[float, ...]
    """The b budgets, ascending."""
    spearman: Floats
    """Spearman's rank correlation of the costs, shape (b, b), ties by mean rank; NaN where it is not defined: fewer
    than `FEWEST_PAIRS` configurations at both budgets, or all of them equal at one."""
    configurations: Ints
    """Configurations with a result at both budgets, shape (b, b)."""


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


def budget_correlation(run: Run, objective: str | None = None) -> BudgetCorrelation:
    """Spearman's correlation of the costs between each two budgets, over configurations with a result at both.

    Repeated evaluations of a configuration at a budget are averaged, by its values and not by its id; failed trials are
    left out.

    Raises:
        EncaveError: no such objective, the run has fewer than two budgets, or its log keeps improvements only.
    """
    check_all_trials(run)
    budgets = run.budgets
    if len(budgets) < 2:
        has = f"only the budget {budgets[0]:g}" if budgets else "no budgets"
        raise EncaveError(f"run {run.name} has {has}, so there is nothing to correlate")
    cost, at, rows = run.cost(objective), run.column("budget").astype(np.float64), distinct_of(run)
    table = np.full((len(budgets), int(rows.max(initial=-1)) + 1), np.nan)
    for number, budget in enumerate(budgets):
        here = (at == budget) & np.isfinite(cost)
        times = np.bincount(rows[here], minlength=table.shape[1])
        sums = np.bincount(rows[here], cost[here], table.shape[1])
        np.divide(sums, times, out=table[number], where=times > 0)
    spearman = np.full((len(budgets),) * 2, np.nan)
    both = np.zeros(spearman.shape, dtype=np.int64)
    for i in range(len(budgets)):
        for j in range(i, len(budgets)):
            shared = ~np.isnan(table[i]) & ~np.isnan(table[j])
            both[i, j] = both[j, i] = shared.sum()
            spearman[i, j] = spearman[j, i] = _spearman(table[i, shared], table[j, shared])
    return BudgetCorrelation(budgets, spearman, both)


def group_correlation(
    sections: Sequence[Section], *, objective: str | None = None
) -> tuple[tuple[GroupCorrelation, ...], tuple[Refused, ...]]:
    """`budget_correlation` of every run, averaged over the runs of an optimizer on a task."""
    alike: defaultdict[tuple[str, str], list[tuple[Run, BudgetCorrelation]]] = defaultdict(list)
    refused: list[Refused] = []
    for task, optimizer, run in by_group(sections):
        try:
            found = budget_correlation(run, objective)
        except EncaveError as error:
            refused.append(Refused(task, optimizer, run.name, str(error)))
            continue
        alike[task, optimizer].append((run, found))
    return tuple(_correlation(*key, members) for key, members in alike.items()), tuple(refused)


def _spearman(a: Floats, b: Floats) -> float:
    if len(a) < FEWEST_PAIRS or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(ranks_of(a), ranks_of(b))[0, 1])


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
