"""Which trial is the incumbent: rules on cost and budget, and noise averaged over repeated evaluations.

Rules, each on successful trials that are not infeasible, in order of completion:

* `highest-so-far`: lowest cost at the highest budget seen so far. A trial at a higher budget replaces an incumbent
  chosen at a lower one whatever its cost.
* `any-budget`: lowest cost at whatever budget.
* `highest-only`: lowest cost at the full budget; trials at others never become the incumbent.

Only a strictly lower cost replaces an incumbent, so the earliest of equals stays. The cost of a configuration that was
evaluated several times at one budget is the mean of its evaluations there so far, whatever their number.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

IncumbentRule = Literal["highest-so-far", "any-budget", "highest-only"]
RULES: tuple[IncumbentRule, ...] = get_args(IncumbentRule)


@dataclass(frozen=True)
class IncumbentSteps:
    """When the incumbent, or the mean cost of the incumbent, changed."""

    at: Integers
    """Trials at whose end it did, ascending, shape (k,)."""
    latest: Integers
    """Latest evaluation of the incumbent by then, shape (k,); the same as `at` where nothing was averaged."""
    groups: Integers | None
    """Number of the (configuration, budget) of every trial, shape (n,); None where no repetition had another cost."""

    def values(self, column: Floats) -> Floats:
        """Mean of a column, shape (n,), over the evaluations of each incumbent so far, shape (k,)."""
        return column[self.latest] if self.groups is None else running_means(column, self.groups)[self.latest]


def find_incumbents(
    cost: Floats,
    budget: Floats,
    configuration: Integers,
    rule: IncumbentRule = "highest-so-far",
    full: float | None = None,
) -> IncumbentSteps:
    """Follow the incumbent of one run.

    Args:
        cost: Minimised cost of the successful trials in order of completion, shape (n,), without NaN.
        budget: Their budgets, shape (n,); -inf where the optimizer knows none.
        configuration: Their configurations, shape (n,).
        rule: See the module.
        full: The full budget, for `highest-only`; -inf or None where the optimizer knows none.
    """
    rows = np.arange(len(cost))
    if rule == "highest-only":
        rows = rows[budget == (-np.inf if full is None else full)]
    level = np.zeros(len(rows)) if rule == "any-budget" else budget[rows]
    groups = _groups(configuration, budget)
    if groups is not None:
        means = running_means(cost[rows], groups[rows])
        if not np.array_equal(means, cost[rows]):
            at, latest = _followed(means, level, groups[rows])
            return IncumbentSteps(rows[at], rows[latest], _restricted(groups, rows))
    at = rows[incumbent_steps(cost[rows], level)]
    return IncumbentSteps(at, at, None)


def incumbent_steps(cost: Floats, budget: Floats) -> Integers:
    """Which trials became the incumbent under `highest-so-far` where no configuration is repeated, ascending.

    Args:
        cost: Minimised cost of the successful trials in order of completion, shape (n,), without NaN.
        budget: Their budgets, shape (n,); all equal where the optimizer knows none.
    """
    if not len(cost):
        return np.empty(0, dtype=np.int64)
    highest = np.maximum.accumulate(budget)
    starts = np.flatnonzero(np.concatenate(([True], highest[1:] != highest[:-1])))
    found: list[Integers] = []
    for start, stop in zip(starts, [*starts[1:], len(cost)], strict=True):
        eligible = np.where(budget[start:stop] == highest[start], cost[start:stop], np.inf)
        best_before = np.concatenate(([np.inf], np.minimum.accumulate(eligible)[:-1]))
        steps = np.flatnonzero(eligible < best_before)
        # a cost of inf is a success without any merit, but the first at a budget still becomes the incumbent
        found.append(start + (steps if len(steps) and steps[0] == 0 else np.concatenate(([0], steps))))
    return np.concatenate(found)


def running_means(values: Floats, groups: Integers) -> Floats:
    """Mean of each value and those before it in its group, shape (n,); NaN from the first value that is not finite on.

    Exact where all values of a group are equal.
    """
    order = np.argsort(groups, kind="stable")
    own = groups[order]
    first = np.concatenate(([True], own[1:] != own[:-1])) if len(own) else np.empty(0, dtype=bool)
    begin = np.maximum.accumulate(np.where(first, np.arange(len(own)), 0))
    finite = np.isfinite(values[order])
    base = np.where(finite[begin], values[order][begin], 0.0)
    away = np.cumsum(np.where(finite & finite[begin], values[order], base) - base)
    wrong = np.cumsum(~finite)
    count = np.arange(len(own)) - begin + 1
    mean = base + (away - away[begin]) / count
    mean[wrong - wrong[begin] + ~finite[begin] > 0] = np.nan
    means = np.empty(len(own))
    means[order] = mean
    return means


def _groups(configuration: Integers, budget: Floats) -> Integers | None:
    """Number of each trial's (configuration, budget); None if none comes twice."""
    if len(np.unique(configuration)) == len(configuration):
        return None
    order = np.lexsort((budget, configuration))
    own, at = configuration[order], budget[order]
    new = np.concatenate(([True], (own[1:] != own[:-1]) | (at[1:] != at[:-1])))
    groups = np.empty(len(order), dtype=np.int64)
    groups[order] = np.cumsum(new) - 1
    return None if new.all() else groups


def _restricted(groups: Integers, rows: Integers) -> Integers:
    """Groups of all trials, those that take no part each in one of its own."""
    restricted = groups.max() + 1 + np.arange(len(groups))
    restricted[rows] = groups[rows]
    return restricted


def _followed(means: Floats, level: Floats, groups: Integers) -> tuple[Integers, Integers]:
    """Steps and latest evaluations where means change with every repetition."""
    current: dict[int, tuple[float, int]] = {}  # group → its mean, and its latest evaluation
    heap: list[tuple[float, int, int]] = []
    best, top = -1, -np.inf
    at: list[int] = []
    latest: list[int] = []
    for i, (mean, budget, group) in enumerate(zip(means.tolist(), level.tolist(), groups.tolist(), strict=True)):
        if budget < top:
            continue
        if budget > top:
            current, heap, best, top = {}, [], -1, budget
        current[group] = (mean, i)
        heapq.heappush(heap, (mean, i, group))
        if best not in current:
            best = group
        elif group == best or mean < current[best][0]:
            while current[heap[0][2]] != heap[0][:2]:  # a mean that has changed since
                heapq.heappop(heap)
            best = best if current[best][0] <= heap[0][0] else heap[0][2]
        if not at or latest[-1] != current[best][1]:
            at.append(i)
            latest.append(current[best][1])
    return np.array(at, dtype=np.int64), np.array(latest, dtype=np.int64)
