"""What to know of a study before it is run: schedules that differ, and budgets that pay for little."""

from __future__ import annotations

from collections.abc import Sequence

from .affordable import affordable_trials
from .execute import RunSpec
from .objective import Objectives

FEW = 50
"""Below so many full trainings, on average, most optimizers have hardly begun."""


def remarks(specs: Sequence[RunSpec], objectives: Objectives) -> list[str]:
    """Sentences to tell before the runs, which are made all the same.

    Raises:
        EncaveError: a benchmark cannot be read.
    """
    return [*_mixed(specs), *_short(specs, objectives)]


def _mixed(specs: Sequence[RunSpec]) -> list[str]:
    by_schedule = {schedule: [one.adapter for one in specs if one.schedule == schedule] for schedule in (12, 200)}
    if not all(by_schedule.values()):
        return []
    told = (f"{', '.join(dict.fromkeys(names))} with {schedule}" for schedule, names in by_schedule.items())
    return [
        f"The study mixes schedules: {'; '.join(told)} epochs. Its comparison is one of schedules as much as of "
        "optimizers, and the report says so."
    ]


def _short(specs: Sequence[RunSpec], objectives: Objectives) -> list[str]:
    found: dict[str, None] = {}
    for spec in {(one.dataset, one.limit, one.workers, one.schedule): one for one in specs}.values():
        if spec.limit.evaluations is None:
            task = objectives.benchmark(spec.benchmark).task(spec.dataset)
            count = affordable_trials(spec.limit, task, spec.schedule, spec.workers)
            if count < FEW:
                found[
                    f"{spec.limit} on {spec.dataset} pay for about {count} trainings of {spec.schedule} epochs; below "
                    f"{FEW} there is little to compare. docs/optimizers.md has budgets that are usual."
                ] = None
    return list(found)
