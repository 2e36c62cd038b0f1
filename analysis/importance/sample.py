"""What an importance is estimated from: the results of a run at one budget, and a forest on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ...run import Run
from ...run.configurations import CONFIG_ID
from ...run.intensification import evidence_of
from ...run.types import Floats, Ints
from .forest import Forest, grow, trees_for
from .space import Encoded, encode, rows_of

FEWEST = 10
"""Configurations with a result below which nothing is estimated."""
_LARGEST = 1e140  # what may be squared and summed


@dataclass(frozen=True, eq=False)
class Trials:
    """The trials of a run at one budget in the order in which they ended (of the log, where that is unknown)."""

    rows: Ints
    """Row of each trial's configuration, shape (n,)."""
    cost: Floats
    """Minimised objective, shape (n,); NaN where there is no result."""
    ends: Floats
    """Seconds from the start of the run, shape (n,); NaN where unknown."""
    able: NDArray[np.bool_]
    """Whether each may be the incumbent, shape (n,)."""
    leader: int | None = None
    """Row of the run's incumbent in its configurations, where they were evaluated on several instances or seeds."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The results of a run at one budget, one per configuration."""

    encoded: Encoded
    """The space and its bins."""
    codes: Ints
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
    able: NDArray[np.bool_]
    """Whether some trial of the configuration may be the incumbent, shape (n,)."""
    source: Trials
    """The trials."""
    leader: int | None = None
    """Which of them is the run's incumbent, where means over several instances or seeds do not tell."""

    @property
    def until(self) -> float:
        """When the last of the trials ended, in seconds from the start of the run; NaN if unknown."""
        return float(self.source.ends[-1])

    @property
    def incumbent(self) -> Ints:
        """Bins of the configuration with the lowest cost, of those that may be it the first of equals, shape (d,).

        Raises:
            EncaveError: every configuration is infeasible.
        """
        if not self.able.any():
            raise EncaveError(f"no configuration is feasible, so none is the incumbent in {self.objective}")
        if self.leader is not None:
            return self.codes[self.leader]
        return self.codes[int(np.argmin(np.where(self.able, self.cost, np.inf)))]

    def first(self, trials: int) -> Sample:
        """The results of the first `trials` successful trials, on the same bins."""
        last = int(np.flatnonzero(~np.isnan(self.source.cost))[trials - 1]) + 1
        own = self.source
        cut = Trials(own.rows[:last], own.cost[:last], own.ends[:last], own.able[:last], own.leader)
        return _averaged(self.encoded, cut, self.objective, self.budget)


def check_all_trials(run: Run) -> None:
    """Check that the log kept every trial, for what is told of all configurations and not of the best ones.

    Raises:
        EncaveError: it keeps improvements only.
    """
    if run.improvements_only:
        made = "" if run.evaluations is None else f" of {run.evaluations:,} evaluations"
        raise EncaveError(
            f"run {run.name}: its log keeps {len(run):,} trials{made}, improvements only, and this needs all of them; "
            "log every evaluation to have it"
        )


def sample(run: Run, *, objective: str | None = None, budget: float | None = None) -> Sample:
    """Results of a run at one budget (default: the highest with a result), repeated evaluations averaged.

    Infeasible trials have results as others do: they tell how the objective depends on the hyperparameters.

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
    ends = run.column("end").astype(np.float64)[here]
    order = np.arange(len(ends)) if np.isnan(ends).any() else np.argsort(ends, kind="stable")
    found = np.where(done, cost, np.nan)[here][order]
    able = run.able(chosen)[here][order]
    trials = Trials(rows_of(run)[here][order], found, ends[order], able, _leader(run, chosen, budget))
    return _averaged(encode(run), trials, chosen, budget)


def fit(data: Sample, *, trees: int | None = None, seed: int = 0) -> Forest:
    """The forest on a run's results, of `trees_for` trees if it is not said how many.

    Raises:
        EncaveError: fewer than `FEWEST` configurations, all results are equal, or some are so large that sums of their
            squares are more than a float holds.
    """
    if len(data.cost) < FEWEST:
        at = "" if data.budget is None else f" at budget {data.budget:g}"
        few = "1 configuration has" if len(data.cost) == 1 else f"{len(data.cost)} configurations have"
        raise EncaveError(f"only {few} a result{at}; importance needs at least {FEWEST}")
    largest = float(np.abs(data.cost).max())
    if largest > _LARGEST:
        raise EncaveError(f"{data.objective} is as large as {largest:g}, of which no variance can be computed")
    if np.ptp(data.cost) == 0:
        raise EncaveError(f"{data.objective} is {data.cost[0]:g} for every configuration, so nothing is important")
    return grow(
        data.codes,
        data.cost,
        data.encoded.sizes,
        data.encoded.nominal,
        trees=trees or trees_for(len(data.cost)),
        seed=seed,
    )


def _averaged(encoded: Encoded, trials: Trials, objective: str, budget: float | None) -> Sample:
    done = ~np.isnan(trials.cost)
    rows, inverse = _first_seen(trials.rows[done])
    mean = np.bincount(inverse, trials.cost[done]) / np.bincount(inverse)
    able = np.bincount(inverse, trials.able[done]) > 0
    used = int(done.sum())
    leader = next(iter(np.flatnonzero(rows == trials.leader).tolist()), None)
    return Sample(encoded, encoded.codes[rows], mean, objective, budget, used, len(done) - used, able, trials, leader)


def _leader(run: Run, objective: str, budget: float | None) -> int | None:
    """Row of the run's incumbent in its configurations, if it is one at this budget and means do not tell it."""
    best = run.incumbent(objective) if evidence_of(run) is not None else None
    if best is None or best.budget != budget:
        return None
    return int(np.searchsorted(run.configurations[CONFIG_ID].to_numpy(), best.config_id))


def _first_seen(rows: Ints) -> tuple[Ints, Ints]:
    """Distinct rows in the order in which they occur, and the position of each row among them."""
    distinct, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return distinct[order], place[inverse.reshape(-1)]
