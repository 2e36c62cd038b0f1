"""Importance in many runs: by task, optimizer, objective and budget, averaged over seeds, from all or first trials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ...errors import EncaveError
from ...run import Run
from ...run.types import Floats
from ..grouping.sections import Section, by_group
from .methods import Importance, Method, exact, explain, mean_and_spread, over_runs
from .sample import Sample, check_all_trials, sample

Truth = Callable[[Run, Sample], "ArrayLike | None"]

POWERS = tuple(2**power for power in range(4, 31))
"""Numbers of first trials: 16, 32, 64, …"""
ALL = "all"
"""In place of an objective or a budget: each of them."""


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
    """Importance in the runs of one optimizer on one task, for one objective at one budget."""

    task: str
    """Title of the task."""
    optimizer: str
    """Label of the optimizer."""
    runs: tuple[str, ...]
    """Names of the r runs."""
    estimates: tuple[Importance, ...]
    """The estimate from each run, all of the same m subsets."""
    mean: Floats
    """Mean value over the runs, shape (m,)."""
    spread: Floats
    """Standard deviation over the runs, shape (m,); NaN for one run."""
    tree_spread: Floats
    """Standard deviation over trees, mean over the runs, shape (m,)."""
    trials: int | None = None
    """From how many of each run's first successful trials at the budget, the mean over runs where it is from all; None
    where only that was asked for."""
    table: Floats | None = None
    """The complete table of costs that the runs searched, if it is known."""

    @cached_property
    def exact(self) -> Floats | None:
        """Value in the complete table, mean over the runs, shape (m,); None where no table is known."""
        if self.table is None:
            return None
        first = self.estimates[0]
        alike = self.estimates[:1] if first.method.name == "fanova" else self.estimates
        return np.mean([exact(self.table, one.sample, one.method) for one in alike], axis=0)

    @property
    def method(self) -> Method:
        """How it was measured."""
        return self.estimates[0].method

    @property
    def objective(self) -> str:
        """Name of the objective."""
        return self.estimates[0].sample.objective

    @property
    def budget(self) -> float | None:
        """The budget, if the runs have any."""
        return self.estimates[0].sample.budget

    def label(self, k: int) -> str:
        """Names of the k-th subset."""
        return self.estimates[0].label(self.estimates[0].subsets[k])


def group_importance(
    sections: Sequence[Section],
    *,
    objective: str | None = None,
    budget: float | str | None = None,
    method: Method | None = None,
    first: Sequence[int] = (),
    truth: Truth | None = None,
) -> tuple[tuple[GroupImportance, ...], tuple[Refused, ...]]:
    """`importance` of every run, averaged over the runs of an optimizer on a task that share budget and space.

    Args:
        sections: The runs, by task and optimizer.
        objective: A name, `ALL`, or None for the first of each run.
        budget: A budget, `ALL`, or None for the highest of each run with a result.
        method: How it is measured.
        first: Numbers of trials: a group for each, from as many of the first successful trials, and one from all.
        truth: Gives the complete table of costs that a run searched, axes in the order of the run's space, or None.
    """
    how, refused = method or Method(), list[Refused]()
    samples: defaultdict[tuple[object, ...], list[tuple[Run, Sample]]] = defaultdict(list)
    for task, optimizer, run, name, at in _cases(sections, objective, budget):
        try:
            check_all_trials(run)
            found = sample(run, objective=name, budget=at)
        except EncaveError as error:
            refused.append(Refused(task, optimizer, run.name, str(error)))
            continue
        samples[task, optimizer, found.objective, found.budget, found.encoded.names].append((run, found))
    groups: list[GroupImportance] = []
    for key, members in samples.items():
        more, failed = _groups(str(key[0]), str(key[1]), members, how, first, truth)
        groups += more
        refused += failed
    return tuple(groups), tuple(refused)


def average(
    task: str,
    optimizer: str,
    found: Sequence[tuple[str, Importance]],
    trials: int | None = None,
    table: Floats | None = None,
) -> GroupImportance:
    """The group of these runs (name, estimate), of which there is at least one."""
    estimates = tuple(estimate for _, estimate in found)
    mean, spread = over_runs(estimates)
    tree_spread = mean_and_spread(np.array([estimate.spread for estimate in estimates]))[0]
    names = tuple(name for name, _ in found)
    return GroupImportance(task, optimizer, names, estimates, mean, spread, tree_spread, trials, table)


def _cases(
    sections: Sequence[Section], objective: str | None, budget: float | str | None
) -> Iterator[tuple[str, str, Run, str | None, float | None]]:
    for task, optimizer, run in by_group(sections):
        names = [one.name for one in run.objectives] if objective == ALL else [objective]
        budgets = (run.budgets or (None,)) if isinstance(budget, str) else (budget,)
        for name in names:
            for at in budgets:
                yield task, optimizer, run, name, at


def _groups(
    task: str,
    optimizer: str,
    members: Sequence[tuple[Run, Sample]],
    how: Method,
    first: Sequence[int],
    truth: Truth | None,
) -> tuple[list[GroupImportance], list[Refused]]:
    """The group, or one for each number of trials; and the runs that are in none."""
    groups: list[GroupImportance] = []
    reasons: dict[str, str] = {}
    used: set[str] = set()
    table = truth(*members[0]) if truth else None
    known = None if table is None else np.asarray(table, dtype=np.float64)
    whole = round(float(np.mean([data.trials for _, data in members])))
    for count in (*(n for n in sorted(first) if n < whole), whole) if first else (None,):
        found: list[tuple[str, Importance]] = []
        for run, data in members:
            part = count if count is not None and count < whole else None
            if part is not None and data.trials < part:
                continue
            try:
                found.append((run.name, explain(data if part is None else data.first(part), how)))
            except EncaveError as error:
                reasons[run.name] = str(error)
        used.update(name for name, _ in found)
        groups += [average(task, optimizer, found, count, known)] if found else []
    return groups, [Refused(task, optimizer, name, why) for name, why in reasons.items() if name not in used]
