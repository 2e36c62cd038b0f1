"""On which training schedules runs of a benchmark were made, and how much of what they were told was modelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...run import Run, RunHeader

if TYPE_CHECKING:
    from .sections import AnySection


def schedule_of(run: RunHeader) -> float | None:
    """Epochs of the run's schedule; None where its log does not say."""
    told = run.provenance.benchmark
    return None if told is None or told.schedule is None else float(told.schedule)


def schedules(section: AnySection) -> dict[str, frozenset[float]]:
    """Optimizer → schedules of its runs, as far as they are known."""
    told = {group.optimizer: {schedule_of(run) for run in group.runs} - {None} for group in section.groups}
    return {name: frozenset(float(one) for one in own if one is not None) for name, own in told.items()}


def known_schedules(section: AnySection) -> list[float]:
    """The schedules that runs of the section were made on, ascending."""
    return sorted({one for own in schedules(section).values() for one in own})


def mixed(section: AnySection) -> bool:
    """Whether runs of the section were made on different schedules."""
    return len(known_schedules(section)) > 1


def resumed(runs: Sequence[RunHeader]) -> frozenset[bool]:
    """Whether promotions of the runs that have several budgets paid for new epochs only, as far as logs say."""
    told = (run.provenance.benchmark for run in runs if len(run.budgets) > 1)
    return frozenset(one.resumed for one in told if one is not None and one.resumed is not None)


def full_evaluations(run: Run) -> float | None:
    """How many trainings of the whole schedule the run's trials cost, by their budgets; None without a schedule."""
    schedule = schedule_of(run)
    if not schedule:
        return None
    spent = run.spent()
    return float(np.where(np.isnan(spent), schedule, spent).sum() / schedule)


@dataclass(frozen=True)
class Modelled:
    """What of a measured table was modelled."""

    share: float
    """Of all trials, those that were told a modelled value."""
    low: float
    """Least budget of those runs, epochs."""
    schedule: float
    """Epochs of their schedule, whose end is measured."""


def modelled(section: AnySection) -> Modelled | None:
    """What was modelled in the runs on a measured table: budgets below the schedule without learning curves."""
    runs = [run for run in section.runs if schedule_of(run) and len(run)]
    shares = [_share(run) for run in runs]
    some = [run for run, share in zip(runs, shares, strict=True) if share]
    if section.surrogate or not some:
        return None
    total = sum(share * len(run) for run, share in zip(runs, shares, strict=True)) / sum(map(len, section.runs))
    return Modelled(total, min(min(run.budgets) for run in some), max(schedule_of(run) or 0.0 for run in some))


def modelled_validation(section: AnySection) -> bool:
    """Whether the simulated times of some run have modelled seconds of validations in them, beside measured ones."""
    told = [run.provenance.benchmark for run in section.runs]
    return not section.surrogate and any(one and one.validation_seconds == "modelled" for one in told)


def rewards(runs: Sequence[RunHeader]) -> frozenset[str]:
    """What the optimizers were told, `mean` or `seed`, as far as the logs say."""
    return frozenset(told.reward for run in runs if (told := run.provenance.benchmark) and told.reward)


def _share(run: RunHeader) -> float:
    """Logged by encave's runner; of earlier logs the trials below the schedule, which a header does not have."""
    told = run.provenance.benchmark
    if told and told.modelled_share is not None:
        return float(told.modelled_share) if run.budgets else 0.0
    if told is None or told.early_epochs != "modelled" or not isinstance(run, Run):
        return 0.0
    budget = run.column("budget").astype(np.float64)
    return float((budget < (schedule_of(run) or 0.0)).mean())
