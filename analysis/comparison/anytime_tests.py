"""Tests of anytime performance: the area over the curve and the values at several budgets, corrected together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ..performance.curves import those_used, values_at
from ..performance.runtimes import Runtime
from ..statistics import simultaneous, tests
from ..statistics.design import ALPHA, Choice, StudyDesign, choose_test
from ..statistics.order_statistics import MEAN
from ..statistics.simultaneous import Band
from ..statistics.tests import Floats
from .section import Comparison

SHARES = (0.1, 0.25, 0.5)
"""Of where the first run ends: budgets at which values are tested; the final values have tests of their own."""
BEGIN = 0.05
"""Share of the time at which bands of differences begin: before it, means of few evaluations have tails too long for a
band to hold (docs/analysis.md has its coverage)."""
POINTS = 100
"""Of a band of differences, evenly spaced in the logarithm."""


@dataclass(frozen=True)
class Endpoint:
    """What a run is judged by."""

    share: float | None
    """At which share of the time the value is taken; None: the area over the curve."""
    position: float | None
    """That place on the axis."""
    values: Mapping[str, Floats]
    """Optimizer → value of each run, less is better, infinite before a first incumbent; of an area its negative."""


@dataclass(frozen=True)
class EndpointTest:
    """Two optimizers by one endpoint."""

    endpoint: Endpoint
    """By what."""
    first: str
    """One of the two, the better by final rank; with a control the other one."""
    second: str
    """The other, or the control."""
    p: float
    """Two-sided, not corrected."""
    adjusted: float
    """Corrected by Holm's procedure for all comparisons of all endpoints of the task."""
    favours: int
    """1 the first, -1 the second, 0 neither."""

    @property
    def different(self) -> bool:
        """Whether the two differ at the level."""
        return self.adjusted < ALPHA


@dataclass(frozen=True)
class AnytimeTests:
    """The tests of one task."""

    choice: Choice
    """Which test, and why."""
    control: str | None
    """The optimizer that all others are compared with; None: all pairs."""
    endpoints: tuple[Endpoint, ...]
    """By what runs are compared."""
    made: tuple[EndpointTest, ...]
    """All comparisons, endpoint by endpoint; empty without a test."""

    def of(self, endpoint: Endpoint, one: str, other: str) -> EndpointTest | None:
        """The comparison of these two, in whichever order; None where it was not made."""
        found = (test for test in self.made if test.endpoint is endpoint and {test.first, test.second} == {one, other})
        return next(found, None)


@dataclass(frozen=True)
class Differences:
    """How the mean of each optimizer differs from that of a control over time, simultaneously."""

    control: str
    """The one that was named, or the one with the best mean at the end."""
    picked: bool
    """Whether it was picked by the same data."""
    positions: Floats
    """Points of the axis, ascending, shape (m,)."""
    bands: Mapping[str, Band]
    """Optimizer → its band; below zero it is better if less is."""
    without: int
    """Runs without an incumbent, which are left out."""


def anytime_tests(comparison: Comparison, runtimes: Sequence[Runtime], control: str | None = None) -> AnytimeTests:
    """Test areas and values at `SHARES` of the time.

    Args:
        comparison: The task.
        runtimes: Of each optimizer, with the area of each run.
        control: Compares all others with this one; without it all pairs are compared.
    """
    named = control if control in comparison.trajectories else None
    order = comparison.ordered
    pairs = list(combinations(order, 2)) if named is None else [(one, named) for one in order if one != named]
    endpoints = (*_areas(runtimes), *_values(comparison))
    fewest = min((len(own) for own in comparison.trajectories.values()), default=0)
    design = StudyDesign(len(order), 1, fewest, comparison.table.paired, max(1, len(pairs) * len(endpoints)))
    choice = choose_test(design)
    if choice.test == "none" or not endpoints:
        return AnytimeTests(choice, named, endpoints, ())
    test = tests.mann_whitney if choice.test == "mann-whitney" else tests.wilcoxon
    made = [
        EndpointTest(
            *(endpoint, one, other, test(endpoint.values[one], endpoint.values[other]), np.nan),
            tests.favoured(endpoint.values[one], endpoint.values[other], choice.test),
        )
        for endpoint in endpoints
        for one, other in pairs
    ]
    adjusted = tests.holm([one.p for one in made])
    corrected = tuple(replace(one, adjusted=float(own)) for one, own in zip(made, adjusted, strict=True))
    return AnytimeTests(choice, named, endpoints, corrected)


def _areas(runtimes: Sequence[Runtime]) -> list[Endpoint]:
    if not runtimes or any(np.isnan(one.areas).any() for one in runtimes):
        return []
    return [Endpoint(None, None, {one.optimizer: -one.areas for one in runtimes})]


def _values(comparison: Comparison) -> list[Endpoint]:
    at = common_end(comparison) * np.array(SHARES)
    if not at[0] > 0:
        return []
    each = {label: values_over(comparison, label, at) for label in comparison.ordered}
    return [
        Endpoint(share, float(position), {label: values[:, place] for label, values in each.items()})
        for place, (share, position) in enumerate(zip(SHARES, at, strict=True))
    ]


def common_end(comparison: Comparison) -> float:
    """Where the first run with an incumbent ends; 0 without any."""
    members = [one for own in comparison.trajectories.values() for one in own if len(one.rows)]
    return min((one.horizon for one in members), default=0.0)


def values_over(comparison: Comparison, label: str, at: Floats) -> Floats:
    """First measure of each run of an optimizer at points of the axis, less is better, shape (n, m); ∞ before any."""
    measure = comparison.measures[0]
    sign = 1.0 if measure.lower_is_better else -1.0
    return sign * values_at(comparison.trajectories[label], measure, at)


def differences_over_time(comparison: Comparison, control: str | None = None) -> Differences | None:
    """Bands against the control, or without one against the best mean at the end; None where they cannot be had.

    They are from where all runs with a success have an incumbent, at least from the share `BEGIN` of the time, to where
    the first run ends, and need two such runs of every optimizer. The sign is that of the measure.
    """
    used = {label: those_used(comparison.trajectories[label], MEAN) for label in comparison.ordered}
    best = comparison.lead.best.optimizer if comparison.lead else None
    against = control if control in used else best
    if against is None or len(used) < 2 or min(map(len, used.values())) < 2:
        return None
    stop = common_end(comparison)
    start = max(BEGIN * stop, *(one.positions[0] for own in used.values() for one in own))
    if not 0 < start < stop:
        return None
    grid = np.geomspace(start, stop, POINTS)
    grid[0], grid[-1] = start, stop
    values = {label: values_at(own, comparison.measures[0], grid) for label, own in used.items()}
    if not all(np.isfinite(own).all() for own in values.values()):
        return None
    everyone = sum(map(len, comparison.trajectories.values()))
    without = everyone - sum(map(len, used.values()))
    others = [label for label in used if label != against]
    bands = simultaneous.differences(
        [values[label] for label in others], values[against], paired=comparison.table.paired and not without
    )
    return Differences(against, against != control, grid, dict(zip(others, bands, strict=True)), without)
