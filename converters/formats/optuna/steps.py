"""Optuna's intermediate values as evaluations at a budget, for `--steps budget`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ....run import EXTRA, Note
from ...parts.continued import reports
from .study import OptunaStudy, OptunaTrial

NAME = "steps"
"""What the budgets count."""
_CONSTRAINTS = "constraints"


@dataclass(frozen=True)
class StepTrials:
    """A study's trials, and those that its steps become."""

    trials: list[OptunaTrial]
    """One trial for each step and what came after the last, n of them."""
    rows: list[int]
    """Position of the trial that each is of, shape (n,)."""
    columns: dict[str, Any]
    """The columns `trial_id`, `budget`, `continues`, `evaluation` and `extra:number`, shape (n,)."""
    notes: tuple[Note, ...]
    """What was done."""


def spread(study: OptunaStudy) -> StepTrials | None:
    """The study with a trial for each step; None where no trial reports any."""
    steps = [step for trial in study.trials for step in trial.steps]
    if not steps or len(study.directions) > 1:
        return None
    shift = int(min(steps) == 0)
    pairs = [(row, *one) for row, trial in enumerate(study.trials) for one in _reports(trial, shift)]
    rows, trials, budgets = (list(column) for column in zip(*pairs, strict=True))
    numbers = [study.trials[row].number for row in rows]
    told = reports(rows, budgets, [trial.end for trial in trials], [False] * len(rows))
    columns = {"trial_id": list(range(len(rows))), "budget": budgets, EXTRA + "number": numbers, **told.columns}
    return StepTrials(trials, rows, columns, (*_notes(study.trials, len(rows), shift), *told.notes))


def _reports(trial: OptunaTrial, shift: int) -> Iterator[tuple[OptunaTrial, float | None]]:
    """What a trial reported, each as a trial with its budget.

    The last step of a complete trial has the trial's value. A pruned trial has nothing but its steps. One that failed
    or goes on has a trial without a value after them.
    """
    last = max(trial.steps, default=None)
    constraints = {key: value for key, value in trial.system.items() if key.startswith(_CONSTRAINTS)}
    for step in sorted(trial.steps):
        if step == last and trial.state == "COMPLETE":
            continue
        value = trial.steps[step]
        values = {} if value is None else {0: value}
        own = trial.system if step == last and trial.state == "PRUNED" else constraints
        user = trial.user if step == last and trial.state == "PRUNED" else {}
        yield replace(trial, state="COMPLETE", values=values, steps={}, system=own, user=user), float(step + shift)
    if trial.state != "PRUNED" or last is None:
        yield replace(trial, steps={}), None if last is None or trial.state == "RUNNING" else float(last + shift)


def _notes(trials: Sequence[OptunaTrial], rows: int, shift: int) -> Iterator[Note]:
    yield Note("derived", "Optuna's steps are read as budgets, as --steps budget says: each is a trial", rows)
    if shift:
        yield Note("derived", "steps count from 0: one was added")
    yield Note("derived", "Optuna does not log when a step was reported: all of a trial stand at its end", rows)
    differing = sum(
        trial.state == "COMPLETE" and bool(trial.steps) and trial.steps[max(trial.steps)] != trial.values.get(0)
        for trial in trials
    )
    if differing:
        yield Note("flagged", "a trial's value differs from that of its last step; the value is taken", differing)
    without = sum(trial.state in ("COMPLETE", "FAIL") and not trial.steps for trial in trials)
    if without:
        yield Note("flagged", "finished trials without any step have no budget", without)
