"""What performance is drawn over: evaluations, time, or the cost of evaluations weighted by their budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ...errors import EncaveError, check_choice
from ...run import Run
from ...run.incumbents import completion_order, finished_trials
from ...run.types import Floats

AxisKind = Literal["evaluations", "time", "trial-time", "epochs", "full-evaluations"]
AXES: tuple[AxisKind, ...] = get_args(AxisKind)

# the key of a run's declared limit on an axis
_LIMITS = {"time": "simulated_seconds", "evaluations": "evaluations"}


@dataclass(frozen=True)
class Axis:
    """What performance is drawn over."""

    kind: AxisKind
    """What is counted.

    `evaluations`: those that the run had made where the log counts them (`Run.evaluation`; finished trials without a
    count have no place), else finished trials, failed ones included. `time`: seconds from the run's start, as the log
    has them. `trial-time`: seconds in which at least one trial was running, so without the optimizer's own overhead.
    `epochs`: the sum of the budgets of finished trials, in whatever unit budgets have, failed ones in full; of a trial
    that continues an earlier one only what it added (`Run.spent`). `full-evaluations`: the same in units of the highest
    budget.
    """
    name: str
    """Name shown to people, e.g. `simulated time`."""
    unit: str | None
    """`s`, or None for counts."""
    full: float | None = None
    """The budget that is one full evaluation; only for `full-evaluations`."""

    @property
    def label(self) -> str:
        """Name with its unit."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name

    def positions(self, run: Run) -> Floats:
        """Where each trial ended, shape (n,); NaN where that is unknown."""
        ends = run.column("end").astype(np.float64)
        if self.kind == "time":
            return ends
        if self.kind == "trial-time":
            return busy_time(run.column("start").astype(np.float64), ends, ends)
        if self.kind == "evaluations" and not np.isnan(run.evaluation).all():
            return _among_finished(run, run.evaluation)
        order = completion_order(run, ends)
        positions = np.full(len(run), np.nan)
        positions[order] = np.cumsum(self._weights(run)[order])
        return positions

    def _weights(self, run: Run) -> Floats:
        if self.kind == "evaluations":
            return np.ones(len(run))
        spent = run.spent()
        if self.kind == "epochs" or self.full is None:
            return spent
        # an optimizer that knows no budgets evaluates in full
        return np.where(np.isnan(spent), 1.0, spent / self.full)

    def end(self, run: Run, positions: Floats) -> float:
        """Where the run ended: its last trial, or the last of all evaluations that it made; 0 without any.

        Args:
            run: The run.
            positions: As `positions` gives them.
        """
        known = positions[~np.isnan(positions)]
        last = float(known.max()) if len(known) else 0.0
        made = run.evaluations if self.kind == "evaluations" else None
        return last if made is None else max(last, float(made))

    def limit(self, run: Run) -> float | None:
        """The run's own declared limit on this axis, if it has one."""
        value = run.provenance.limit.get(_LIMITS.get(self.kind, ""))
        return None if value is None else float(value)


@dataclass(frozen=True)
class AxisFacts:
    """What one run allows to be drawn over."""

    timed: bool
    """Whether some successful trial has an end, or none is successful."""
    simulated: bool
    """Whether times come from a benchmark and not from a clock."""
    started: bool
    """Whether every finished trial has a start and an end."""
    budgets: tuple[float, ...]
    """Budgets of finished trials, ascending; empty if none has one."""
    lacking: int
    """Finished trials without a budget."""
    unit: str | None
    """What budgets count, if the log says so."""
    improvements_only: bool
    """Whether trials are missing, so that what they cost is unknown."""

    @classmethod
    def of(cls, run: Run) -> AxisFacts:
        """Look at a run."""
        ends = run.column("end").astype(np.float64)
        succeeded = ~np.isnan(run.cost())
        finished = run.once(finished_trials)
        budget = run.column("budget").astype(np.float64)[finished]
        starts = run.column("start").astype(np.float64)[finished]
        return cls(
            timed=not succeeded.any() or not np.isnan(ends[succeeded]).all(),
            simulated=run.provenance.benchmark is not None,
            started=not (np.isnan(starts).any() or np.isnan(ends[finished]).any()),
            budgets=tuple(np.unique(budget[~np.isnan(budget)]).tolist()),
            lacking=int(np.isnan(budget).sum()),
            unit=run.budget_name,
            improvements_only=run.improvements_only,
        )


def available_axes(facts: Sequence[AxisFacts]) -> tuple[Axis, ...]:
    """Axes that all of these runs can be drawn over; the first is time if there is one, else evaluations."""
    axes = [Axis("evaluations", "evaluations", None)]
    simulated = all(fact.simulated for fact in facts)
    gaps = any(fact.improvements_only for fact in facts)
    if all(fact.timed for fact in facts):
        axes.insert(0, Axis("time", "simulated time" if simulated else "time since the start of the run", "s"))
        if not simulated and not gaps and all(fact.started for fact in facts):
            axes.append(Axis("trial-time", "time without the optimizer's overhead", "s"))
    highest = max((budget for fact in facts for budget in fact.budgets), default=0.0)
    if highest <= 0 or gaps:
        return tuple(axes)
    if all(not fact.lacking for fact in facts) and len({fact.unit for fact in facts}) == 1:
        axes.append(Axis("epochs", facts[0].unit or "budget spent", None))
    if all(not (fact.lacking and fact.budgets) for fact in facts):
        axes.append(Axis("full-evaluations", "full evaluations spent", None, highest))
    return tuple(axes)


def choose_axis(facts: Sequence[AxisFacts], kind: AxisKind | None = None) -> Axis:
    """The axis of this kind; without one, time if every run knows when successful trials ended, else evaluations.

    Raises:
        EncaveError: not all of these runs can be drawn over it.
    """
    if kind is not None:
        check_choice("axis", kind, get_args(AxisKind))
    axes = available_axes(facts)
    for axis in axes:
        if kind is None or axis.kind == kind:
            return axis
    why = {
        "time": "a run has no times",
        "trial-time": "a run has trials without start and end, or its times are simulated and have no overhead in them",
        "epochs": "a run has trials without a budget, or budgets do not count the same thing",
        "full-evaluations": "no run has budgets, or a run has some trials with and some without",
    }
    if kind != "time" and any(fact.improvements_only for fact in facts):
        why = dict.fromkeys(why, "the log of a run keeps improvements only, so what the other trials cost is unknown")
    raise EncaveError(
        f"these runs cannot be drawn over {kind}: {why[str(kind)]}. Choose {' or '.join(axis.kind for axis in axes)}."
    )


def busy_time(starts: Floats, ends: Floats, at: Floats) -> Floats:
    """Seconds up to each of `at`, shape (m,), in which at least one of the intervals was running; NaN stays NaN."""
    known = ~(np.isnan(starts) | np.isnan(ends))
    order = np.argsort(starts[known], kind="stable")
    begun, ended = starts[known][order], np.maximum.accumulate(ends[known][order])
    if not len(begun):
        return np.full(len(at), np.nan)
    first = np.concatenate(([True], begun[1:] > ended[:-1]))  # an interval that overlaps none before it
    opened, closed = begun[first], ended[np.append(np.flatnonzero(first)[1:] - 1, len(ended) - 1)]
    before = np.concatenate(([0.0], np.cumsum(closed - opened)))
    place = np.searchsorted(opened, at, side="right")
    open_since = opened[np.maximum(place - 1, 0)]
    length = np.clip(at, None, closed[np.maximum(place - 1, 0)]) - open_since
    return np.where(place > 0, before[np.maximum(place - 1, 0)] + length, 0.0) + 0 * at


def overhead_seconds(run: Run) -> float | None:
    """Seconds that the optimizer itself took: as declared, else those in which no trial was running; None if unknown.

    Times of a benchmark are simulated and leave the overhead out; times of a clock hold it.
    """
    declared = run.provenance.overhead_seconds
    if declared is not None:
        return float(declared)
    facts = run.once(AxisFacts.of)
    if facts.simulated or facts.improvements_only or not facts.started or not len(run):
        return None
    starts, ends = run.column("start").astype(np.float64), run.column("end").astype(np.float64)
    if np.isnan(ends).all():
        return None
    last = np.nanmax(ends)
    return float(last - busy_time(starts, ends, np.array([last]))[0])


def _among_finished(run: Run, values: Floats) -> Floats:
    """The values of finished trials, NaN for the others."""
    kept, finished = np.full(len(run), np.nan), run.once(finished_trials)
    kept[finished] = values[finished]
    return kept
