"""The comparison over all tasks: average ranks, tests with tasks as blocks, ranks over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..grouping.sections import origins
from ..performance.anytime import share_seeds
from ..statistics.intervals import Interval
from ..statistics.tests import filled, ranks
from .rank_curves import RankCurve, overall_rank_curves
from .section import Comparison
from .significance import Significance, compare_over_tasks
from .within_tasks import WithinTasks, compare_within_tasks


@dataclass(frozen=True)
class Overall:
    """The result over tasks, by the first measure of each."""

    comparisons: tuple[Comparison, ...]
    """The tasks."""
    measure: str
    """Name of the first measure, the same on every task."""
    significance: Significance
    """Tests with tasks as blocks."""
    within: WithinTasks
    """Tests of the runs on these tasks, stratified by task."""
    task_ranks: tuple[tuple[float, ...], ...]
    """For each optimizer of `significance`, its rank on each task by its median over runs."""
    curves: tuple[RankCurve, ...]
    """Average rank over the share of each task's time, in the order of `significance`; empty where tasks lack it."""

    @property
    def optimizers(self) -> tuple[str, ...]:
        """By average rank."""
        return self.significance.optimizers

    @property
    def origin(self) -> str:
        """Where the values of all tasks come from, in words."""
        return "; ".join(origins(one.section for one in self.comparisons))


def compare_tasks(
    comparisons: Sequence[Comparison],
    rope: float | None = None,
    interval: Interval = "t",
    control: str | None = None,
) -> tuple[Overall | None, str | None]:
    """The result over tasks, or None and why (no word if there is one task only).

    Every optimizer must have run on every task, each task once, with the same first measure and axis.
    """
    if len(comparisons) < 2 or max(len(one.section.groups) for one in comparisons) < 2:
        return None, None
    reason = _incomparable(comparisons)
    if reason:
        return None, f"Nothing is averaged over tasks: {reason}."
    labels = sorted(comparisons[0].trajectories)
    samples = {label: [one.finals(label, 0) for one in comparisons] for label in labels}
    shared = all(share_seeds([one.trajectories[label] for one in comparisons]) for label in labels)
    significance = compare_over_tasks(samples, rope, interval, control, shared=shared)
    medians = [[float(np.median(filled(own))) for own in samples[label]] for label in significance.optimizers]
    ranked = overall_rank_curves([one.rank_task for one in comparisons], interval, shared=shared)
    curves = {curve.optimizer: curve for curve in ranked}
    return Overall(
        comparisons=tuple(comparisons),
        measure=comparisons[0].measures[0].name,
        significance=significance,
        within=compare_within_tasks(
            samples, paired=all(one.table.paired for one in comparisons), shared=shared, control=control
        ),
        task_ranks=tuple(map(tuple, ranks(np.array(medians).T).T.tolist())),
        curves=tuple(curves[label] for label in significance.optimizers if curves),
    ), None


def _incomparable(comparisons: Sequence[Comparison]) -> str | None:
    if len({one.section.task for one in comparisons}) < len(comparisons):
        return "a task comes in several sections"
    if len({frozenset(one.trajectories) for one in comparisons}) > 1:
        return "not every optimizer ran on every task"
    if len({one.measures[0].name for one in comparisons}) > 1:
        return "tasks report different measures"
    if len({one.axis for one in comparisons}) > 1:
        return "tasks are drawn over different axes"
    return None
