"""Normalised final regrets over tasks: their mean, which is the optimality gap, and performance profiles.

As rliable defines them (R. Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice",
NeurIPS 2021) for the score 1 - normalised regret, which is 1 at the optimum and 0 at the baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...run.types import Floats
from ..performance.anytime import share_seeds
from ..performance.section_curves import baseline
from ..statistics import bootstrap, intervals
from ..statistics.effects import Estimate
from ..statistics.intervals import Interval
from ..statistics.tests import filled
from .section import Comparison

POINTS = 101
"""Points of a profile between the smallest and the largest regret."""


@dataclass(frozen=True)
class Profile:
    """One optimizer over all tasks."""

    optimizer: str
    """Label."""
    gap: Estimate
    """Mean over tasks of the mean over runs of the normalised final regret; NaN where a run failed on some task."""
    regrets: Floats
    """Normalised regrets at which the profile is given, ascending, shape (m,)."""
    share: Floats
    """Share of runs that end with at most that regret, the mean over tasks, shape (m,)."""
    lower: Floats
    """Lower end of the 95 % interval of the share, shape (m,); NaN with a single run on some task."""
    upper: Floats
    """Upper end."""


def profiles(comparisons: Sequence[Comparison], labels: Sequence[str], interval: Interval = "t") -> tuple[Profile, ...]:
    """Profiles of the optimizers over tasks; none where a task does not report a regret that is bounded by zero.

    Args:
        comparisons: The tasks, each with all optimizers.
        labels: The optimizers, in the order wanted.
        interval: Which intervals.
    """
    if not all(one.measures[0].bounded for one in comparisons):
        return ()
    scales = [baseline(one.trajectories, one.measures[0])[0] for one in comparisons]
    samples = {
        label: [one.finals(label, 0) / scale for one, scale in zip(comparisons, scales, strict=True)]
        for label in labels
    }
    known = np.concatenate([values[np.isfinite(values)] for own in samples.values() for values in own])
    if not len(known):
        return ()
    grid = np.linspace(float(known.min()), float(known.max()), POINTS)
    return tuple(
        _profile(
            label, own, grid, interval, shared=share_seeds([one.trajectories[label] for one in comparisons])
        )
        for label, own in samples.items()
    )  # fmt: skip


def _profile(label: str, own: Sequence[Floats], grid: Floats, interval: Interval, *, shared: bool) -> Profile:
    below = [(filled(values)[:, None] <= grid).astype(np.float64) for values in own]
    share = np.mean([table.mean(axis=0) for table in below], axis=0)
    lower, upper = (np.clip(end, 0.0, 1.0) for end in _ends(below, interval, shared=shared))
    value = float(np.mean([values.mean() for values in own]))
    least, most = _ends([values[:, None] for values in own], interval, shared=shared)
    gap = Estimate(value, max(float(least[0]), 0.0) if value >= 0 else float(least[0]), float(most[0]))
    return Profile(label, gap, grid, share, lower, upper)


def _ends(samples: Sequence[Floats], interval: Interval, *, shared: bool) -> tuple[Floats, Floats]:
    if min(map(len, samples)) < 2:
        nothing = np.full(samples[0].shape[1], np.nan)
        return nothing, nothing
    if interval == "t":
        return intervals.of_mean_over_tasks(samples, shared=shared)
    drawn = [one.T @ bootstrap.weights(len(one), 0 if shared else task).T for task, one in enumerate(samples)]
    return bootstrap.interval(np.mean(drawn, axis=0))
