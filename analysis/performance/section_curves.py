"""Curves of one section on one axis under one rule, normalised if wanted, and their mean over sections."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeAlias, get_args

import numpy as np

from ...errors import EncaveError, check_choice, check_number
from ...run import Run, RunHeader
from ...run.incumbents import RULES, IncumbentRule
from ...run.types import Floats
from ..grouping.measure import Measure
from ..grouping.sections import R, R_co, SectionOf
from ..statistics import bootstrap, intervals
from ..statistics.intervals import Interval
from ..statistics.order_statistics import MEAN, Statistic
from .anytime import AnyTrajectory, TrajectoryOf, share_seeds, step_values
from .axis import Axis
from .curves import Curve, aggregate, thinned, those_used, values_at

RANDOM_SEARCH = frozenset({"random", "randomsearch", "rs"})
"""Labels of random search, in lower case and without blanks, hyphens and underscores."""


@dataclass(frozen=True)
class Summary:
    """How curves are made."""

    statistic: Statistic = MEAN
    """What is taken over runs."""
    interval: Interval = "t"
    """What bands are."""
    rule: IncumbentRule = "as-logged"
    """Which trials may be the incumbent."""
    reference: float | None = None
    """A value that the first measure's regret is against, instead of the optimum or the best seen."""
    normalise: bool = False
    """Whether the first measure is divided by a baseline's regret, see `baseline`."""

    def __post_init__(self) -> None:
        check_choice("interval", self.interval, get_args(Interval))
        check_choice("rule", self.rule, RULES)
        if self.reference is not None:
            check_number("a reference", self.reference)


@dataclass(frozen=True)
class SectionCurvesOf(Generic[R_co]):
    """The curves of one section."""

    section: SectionOf[R_co]
    """What is compared."""
    axis: Axis
    """What the curves are drawn over."""
    summary: Summary
    """How they were made."""
    measures: tuple[Measure, ...]
    """What is reported, with references filled in."""
    baseline: str | None
    """What regret is divided by, in words; None where it is not normalised."""
    trajectories: Mapping[str, tuple[TrajectoryOf[R_co], ...]]
    """Optimizer → the incumbent of each of its runs."""
    curves: tuple[tuple[Curve, ...], ...]
    """For each measure, one curve per optimizer, by label."""

    @property
    def rule(self) -> IncumbentRule:
        """The rule by which incumbents were chosen: `as-logged` only where the log of any run names them."""
        named = any(one.named for members in self.trajectories.values() for one in members)
        return "highest-so-far" if self.summary.rule == "as-logged" and not named else self.summary.rule

    def in_order(self, optimizers: Sequence[str]) -> SectionCurvesOf[R_co]:
        """The same, each measure's curves in this order."""
        curves = tuple(tuple(sorted(own, key=lambda curve: optimizers.index(curve.optimizer))) for own in self.curves)
        return replace(self, curves=curves)

    def measure_index(self, name: str | None) -> int:
        """Place of the measure of this name; the first without one.

        Raises:
            EncaveError: there is no such measure.
        """
        for index, measure in enumerate(self.measures):
            if name in (None, measure.name):
                return index
        known = ", ".join(one.name for one in self.measures)
        raise EncaveError(f"{self.section.title} has no measure {name!r}; there are {known}")


SectionCurves: TypeAlias = SectionCurvesOf[Run]
"""With the trials."""
AnyCurves: TypeAlias = SectionCurvesOf[RunHeader]
"""With or without the trials."""


def section_curves(
    section: SectionOf[R], axis: Axis, trajectories: Mapping[str, tuple[TrajectoryOf[R], ...]], summary: Summary
) -> SectionCurvesOf[R]:
    """Aggregate the runs of every group of a section."""
    given = section.measures
    if summary.reference is not None:
        given = (replace(given[0], regret="given", reference=summary.reference), *given[1:])
    measures = resolved(given, trajectories)
    told = None
    if summary.normalise:
        scale, told = baseline(trajectories, measures[0])
        name = f"normalised {measures[0].name}"
        measures = (replace(measures[0], name=name, unit=None, scale=scale), *measures[1:])
    curves = tuple(
        tuple(
            aggregate(label, members, measure, summary.statistic, summary.interval)
            for label, members in trajectories.items()
        )
        for measure in measures
    )
    return SectionCurvesOf(section, axis, summary, measures, told, trajectories, curves)


def resolved(measures: Sequence[Measure], trajectories: Mapping[str, Sequence[AnyTrajectory]]) -> tuple[Measure, ...]:
    """Measures with the best value that any incumbent had as the reference of `best seen`."""
    found: list[Measure] = []
    for measure in measures:
        if measure.regret == "best seen":
            own = [one.values[measure.column] for members in trajectories.values() for one in members]
            seen = np.concatenate([*own, np.empty(0)])
            seen = seen[~np.isnan(seen)]
            best = (seen.max if measure.maximize else seen.min)() if len(seen) else 0.0
            measure = replace(measure, reference=float(best))
        found.append(measure)
    return tuple(found)


def _is_random_search(label: str) -> bool:
    """Whether a label is of random search, also of a library's, as `Optuna (Random)`."""
    inner = re.fullmatch(r".*\((.*)\)", label)
    names = (label, inner[1]) if inner else (label,)
    return any(re.sub("[ _-]", "", name.lower()) in RANDOM_SEARCH for name in names)


def baseline(trajectories: Mapping[str, Sequence[AnyTrajectory]], measure: Measure) -> tuple[float, str]:
    """The regret that is one when normalised, and what it is in words.

    Random search's mean final regret if there is such a group and it is above zero, else the median over all runs of
    the regret of their first incumbent, which for most optimizers is a random configuration; 1 if that is zero too.
    """
    for label in sorted(filter(_is_random_search, trajectories), key=len):
        finals = [one.final(measure) for one in trajectories[label] if len(one.rows)]
        if finals and np.mean(finals) > 0:
            return float(np.mean(finals)), f"the mean regret with which {label} ends"
    firsts = [one.reported(measure)[0] for members in trajectories.values() for one in members if len(one.rows)]
    middle = float(np.median(firsts)) if firsts else 0.0
    if middle > 0:
        return middle, "the median regret of the first incumbents of all runs"
    return 1.0, "nothing, since no baseline has a regret above zero"


def curves_over_tasks(sets: Sequence[AnyCurves]) -> tuple[Curve, ...]:
    """The mean over tasks of the first measure's statistic, over the share of each task's axis; exact at every event.

    Only optimizers that ran on every task. A task's axis ends where the first of all its runs ends. Runs are resampled
    within each task (stratified bootstrap), so bands show the uncertainty from seeds on these tasks.
    """
    labels = [label for label in sets[0].trajectories if all(label in one.trajectories for one in sets)]
    # an optimizer without any incumbent ends nowhere and has a curve without events
    stops = [min((curve.stop for curve in one.curves[0] if curve.runs), default=0.0) for one in sets]
    if min(stops) <= 0:
        return ()
    return tuple(_over_tasks(label, sets, stops) for label in labels)


def _over_tasks(label: str, sets: Sequence[AnyCurves], stops: Sequence[float]) -> Curve:
    statistic, measure = sets[0].summary.statistic, sets[0].measures[0]
    shares = [
        [
            replace(run, positions=run.positions / stop, horizon=1.0, last=run.last / stop)
            for run in one.trajectories[label]
        ]
        for one, stop in zip(sets, stops, strict=True)
    ]
    each = [aggregate(label, members, one.measures[0], statistic) for members, one in zip(shares, sets, strict=True)]
    start = max((curve.positions[0] if len(curve.positions) else np.inf) for curve in each)
    grid = np.unique(np.concatenate([curve.positions for curve in each]))
    grid = grid[(grid >= start) & (grid <= 1.0)]
    centre = np.mean([step_values(curve.positions, curve.centre, grid) for curve in each], axis=0)
    used = [those_used(members, statistic) for members in shares]
    band = thinned(grid) if all(len(own) > 1 for own in used) else np.empty(0, dtype=np.int64)
    lower, upper = np.empty(0), np.empty(0)
    if len(band):
        at = [values_at(own, one.measures[0], grid[band]) for own, one in zip(used, sets, strict=True)]
        lower, upper = _interval(statistic, sets[0].summary.interval, at, measure, shared=share_seeds(used))
    return Curve(
        *(label, replace(measure, reference=0.0), statistic, grid, centre, band, lower, upper, 1.0),
        runs=sum(curve.runs for curve in each),
        without_incumbent=sum(curve.without_incumbent for curve in each),
        cut=sum(
            run.horizon > stop
            for one, stop in zip(sets, stops, strict=True)
            for run in one.trajectories[label]
            if len(run.rows)
        ),
        held=sum(curve.held for curve in each),
    )


def _interval(
    statistic: Statistic, kind: Interval, values: Sequence[Floats], measure: Measure, *, shared: bool
) -> tuple[Floats, Floats]:
    """Interval of the mean over tasks of a statistic of the runs, `values` of shape (n, b) for each task."""
    if kind == "t" and statistic == MEAN:
        lower, upper = intervals.of_mean_over_tasks(values, shared=shared)
    else:
        sign = 1.0 if measure.lower_is_better else -1.0
        drawn = sign * np.mean(
            [statistic.resampled(sign * own, 0 if shared else shift) for shift, own in enumerate(values)], axis=0
        )
        if kind == "bootstrap":
            return bootstrap.interval(drawn)
        value = sign * np.mean([statistic.of(sign * own) for own in values], axis=0)
        lower, upper = intervals.of_draws(value, drawn, min(map(len, values)))
    return (np.maximum(lower, 0.0) if measure.bounded else lower), upper  # normalised: zero is all that bounds it
