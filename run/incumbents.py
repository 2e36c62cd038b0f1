"""Which trial is the incumbent: rules on cost and budget, and means over instances and seeds.

Rules, each on successful trials that are not infeasible, in order of completion:

* `as-logged`: what the optimizer's own log names, where it does; else `highest-so-far`. Logs are asked where
  configurations are evaluated on several instances or with several seeds.
* `highest-so-far`: lowest cost at the highest budget seen so far. A trial at a higher budget replaces an incumbent
  chosen at a lower one whatever its cost.
* `any-budget`: lowest cost at whatever budget.
* `highest-only`: lowest cost at the full budget; trials at others never become the incumbent.

Only a strictly lower cost replaces an incumbent, so the earliest of equals stays. Where configurations were
evaluated on several instances or with several seeds, they are compared by their means on what they share, see
`intensification`; otherwise every evaluation counts for itself, as optimizers and their `best_trial` have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .intensification import Evidence, as_named, evidence_of, intensified
from .trials import COST, UNFINISHED, is_one_of
from .types import Floats, Ints

if TYPE_CHECKING:
    from .model import Run

IncumbentRule = Literal["as-logged", "highest-so-far", "any-budget", "highest-only"]
RULES: tuple[IncumbentRule, ...] = get_args(IncumbentRule)


@dataclass(frozen=True)
class Incumbent:
    """The best feasible trial under a rule.

    Example:
        >>> runs[0].incumbent()
        Incumbent(trial_id=19, config_id=4, budget=3.0, value=1.196)
    """

    trial_id: int
    """Its trial, of several evaluations the latest."""
    config_id: int
    """Its configuration."""
    budget: float | None
    """Its budget."""
    value: float
    """Its objective value as logged, of several evaluations the mean."""


@dataclass(frozen=True)
class Followed:
    """When the incumbent of a run, or its mean cost, changed."""

    at: Ints
    """Trials at whose end it did, in order of completion, shape (k,)."""
    latest: Ints
    """Latest evaluation of the incumbent by then, shape (k,)."""
    averaged: bool
    """Whether costs are means over instances or seeds."""
    named: bool
    """Whether the optimizer's log named the incumbents."""
    steps: IncumbentSteps
    """The same within `rows`."""
    rows: Ints
    """Trials that count, in order of completion, shape (n,)."""
    cost: tuple[str, Floats]
    """The objective's column, and its values as logged over all trials, with penalties where evaluations are shared."""

    def values(self, run: Run, name: str) -> Floats:
        """Mean of a trial column over the evaluations of each incumbent so far, shape (k,)."""
        column = self.cost[1] if name == self.cost[0] else run.column(name).astype(np.float64)
        return self.steps.values(column[self.rows])


def follow(
    run: Run,
    position: Floats,
    counted: NDArray[np.bool_],
    rule: IncumbentRule = "as-logged",
    full: float | None = None,
    objective: str | None = None,
) -> Followed:
    """Follow the incumbent of a run: the one function that chooses it.

    Args:
        run: The run.
        position: Where each trial ended, shape (n,).
        counted: Which trials count, if they finished, shape (n,); their positions are known.
        rule: See the module.
        full: The full budget for `highest-only`; by default the highest of finished trials.
        objective: Name of the objective; None: the first.
    """
    chosen = run.objective(objective)
    evidence, able, cost = evidence_of(run), run.able(chosen.name), run.cost(chosen.name)
    logged = run.column(COST + chosen.name).astype(np.float64)
    if evidence is not None:
        known = run.penalty if chosen == run.objectives[0] else np.full(len(run), np.nan)
        logged = np.where(able, logged, known)
        cost = -logged if chosen.direction == "maximize" else logged
    rows = np.flatnonzero(counted & (able if evidence is None else evidence.finished))
    rows = rows[np.argsort(position[rows], kind="stable")]
    # no budget in the log ranks below any budget
    budget = np.nan_to_num(run.column("budget").astype(np.float64), nan=-np.inf)
    if full is None and rule == "highest-only":
        full = budget[run.once(finished_trials)].max(initial=-np.inf)
    if evidence is None:
        steps = find_incumbents(cost[rows], budget[rows], rule, full)
    else:
        configuration = run.column("config_id").astype(np.int64)
        told = (evidence, rows)
        steps = _of_evidence(cost[rows], able[rows], budget[rows], configuration[rows], rule, full, told)
    return Followed(
        at=rows[steps.at],
        latest=rows[steps.latest],
        averaged=steps.groups is not None,
        named=rule == "as-logged" and evidence is not None and evidence.names,
        steps=steps,
        rows=rows,
        cost=(COST + chosen.name, logged),
    )


def incumbent_of(run: Run, objective: str | None = None) -> Incumbent | None:
    """The incumbent when the run ended, as `Run.incumbent` documents it."""
    chosen = run.objective(objective)
    position = np.full(len(run), np.nan)
    order = completion_order(run)
    position[order] = np.arange(len(order))
    found = follow(run, position, ~np.isnan(position), objective=chosen.name)
    if not len(found.latest):
        return None
    row, value = int(found.latest[-1]), float(found.values(run, COST + chosen.name)[-1])
    trial, configuration, budget = (run.trials[name][row].as_py() for name in ("trial_id", "config_id", "budget"))
    return Incumbent(trial, configuration, budget, value)


def finished_trials(run: Run) -> Ints:
    """Trials that are neither running nor waiting, ascending."""
    return np.flatnonzero(~is_one_of(run.trials["status"], UNFINISHED))


def completion_order(run: Run, ends: Floats | None = None) -> Ints:
    """Finished trials as they were completed: by ends, shape (n,), else counts of evaluations, else the log's order."""
    ends = run.column("end").astype(np.float64) if ends is None else ends
    finished = run.once(finished_trials)
    for known in (ends[finished], run.evaluation[finished]):
        if not np.isnan(known).any():
            return finished[np.argsort(known, kind="stable")]
    return finished


@dataclass(frozen=True)
class IncumbentSteps:
    """When the incumbent, or the mean cost of the incumbent, changed."""

    at: Ints
    """Trials at whose end it did, ascending, shape (k,)."""
    latest: Ints
    """Latest evaluation of the incumbent by then, shape (k,); the same as `at` where nothing was averaged."""
    groups: Ints | None = None
    """Number of the (configuration, budget) of every trial, shape (n,); None where costs are no means."""

    def values(self, column: Floats) -> Floats:
        """A column, shape (n,), at each incumbent, shape (k,); where costs are means, its mean over the evaluations."""
        return column[self.latest] if self.groups is None else _means_until(column, self.groups, self.latest)


def find_incumbents(
    cost: Floats, budget: Floats, rule: IncumbentRule = "highest-so-far", full: float | None = None
) -> IncumbentSteps:
    """Follow the incumbent of one run whose evaluations count each for itself.

    Args:
        cost: Minimised cost of the successful trials in order of completion, shape (n,), without NaN.
        budget: Their budgets, shape (n,); -inf where the optimizer knows none.
        rule: See the module.
        full: The full budget, for `highest-only`; -inf or None where the optimizer knows none.
    """
    rows, level = _eligible(budget, rule, full)
    at = rows[incumbent_steps(cost[rows], level)]
    return IncumbentSteps(at, at)


def _eligible(budget: Floats, rule: IncumbentRule, full: float | None) -> tuple[Ints, Floats]:
    """Rows that may count under a rule, and what ranks above a lower cost at each."""
    rows = np.arange(len(budget))
    if rule == "highest-only":
        rows = rows[budget == (-np.inf if full is None else full)]
    return rows, np.zeros(len(rows)) if rule == "any-budget" else budget[rows]


def _of_evidence(
    cost: Floats,
    able: NDArray[np.bool_],
    budget: Floats,
    configuration: Ints,
    rule: IncumbentRule,
    full: float | None,
    told: tuple[Evidence, Ints],
) -> IncumbentSteps:
    """Follow the incumbent of one run whose costs are means over instances or seeds.

    Args:
        cost: As `find_incumbents`, but of all finished trials, with penalties, and NaN where one failed without.
        able: Whether each trial may be the incumbent, shape (n,).
        budget: As `find_incumbents`.
        configuration: Their configurations, shape (n,).
        rule: As `find_incumbents`.
        full: As `find_incumbents`.
        told: What the run's trials were evaluated on, and the rows of these in the run, shape (n,).
    """
    evidence, own = told
    groups = _groups(configuration, budget)
    if rule == "as-logged" and evidence.names:
        at, latest = as_named(cost, able, budget, configuration, evidence.named[own])
    else:
        rows, level = _eligible(budget, rule, full)
        at, latest = intensified(cost[rows], able[rows], level, groups[rows], evidence, own[rows])
        at, latest = rows[at], rows[latest]
    return IncumbentSteps(at, latest, groups)


def incumbent_steps(cost: Floats, budget: Floats) -> Ints:
    """Which trials became the incumbent under `highest-so-far` where no configuration is repeated, ascending.

    Args:
        cost: Minimised cost of the successful trials in order of completion, shape (n,), without NaN.
        budget: Their budgets, shape (n,); all equal where the optimizer knows none.
    """
    if not len(cost):
        return np.empty(0, dtype=np.int64)
    highest = np.maximum.accumulate(budget)
    starts = np.flatnonzero(np.concatenate(([True], highest[1:] != highest[:-1])))
    found: list[Ints] = []
    for start, stop in zip(starts, [*starts[1:], len(cost)], strict=True):
        eligible = np.where(budget[start:stop] == highest[start], cost[start:stop], np.inf)
        best_before = np.concatenate(([np.inf], np.minimum.accumulate(eligible)[:-1]))
        steps = np.flatnonzero(eligible < best_before)
        # a cost of inf is a success without any merit, but the first at a budget still becomes the incumbent
        found.append(start + (steps if len(steps) and steps[0] == 0 else np.concatenate(([0], steps))))
    return np.concatenate(found)


def _means_until(values: Floats, groups: Ints, until: Ints) -> Floats:
    """Mean of the known values in the group of each of `until`, shape (k,), up to and with it; NaN without any."""
    order = np.argsort(groups, kind="stable")
    first, last = (np.searchsorted(groups[order], groups[until], side) for side in ("left", "right"))
    means = np.full(len(until), np.nan)
    for step, row in enumerate(until):
        own = order[first[step] : last[step]]
        known = values[own[own <= row]]
        known = known[~np.isnan(known)]
        if len(known):
            means[step] = known[0] + (known - known[0]).mean()  # exact where all are equal
    return means


def _groups(configuration: Ints, budget: Floats) -> Ints:
    """Number of each trial's (configuration, budget), shape (n,)."""
    order = np.lexsort((budget, configuration))
    own, at = configuration[order], budget[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (own[1:] != own[:-1]) | (at[1:] != at[:-1])
    groups = np.empty(len(order), dtype=np.int64)
    groups[order] = np.cumsum(new) - 1
    return groups
