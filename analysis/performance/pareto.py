"""Several objectives: hypervolume over time and attainment surfaces, by moocore.

Objectives are minimised costs, normalised so that the ideal point of all runs is 0 and the nadir of their joint
nondominated set is 1. The reference point is 1.1 in every objective (H. Ishibuchi et al., "How to specify a reference
point in hypervolume calculation for fair performance comparison", Evolutionary Computation 26, 2018), and the
hypervolume is given as a share of the box that it bounds. Where an optimizer evaluates at several budgets only trials
at its highest count, since values at different budgets do not compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...run import Run
from ...run.types import Floats
from ..grouping.measure import Measure
from ..grouping.sections import Group, Section
from ..statistics.intervals import Interval
from .anytime import Trajectory, in_time, trajectory
from .axis import Axis, AxisFacts
from .curves import Curve, aggregate
from .section_curves import SectionCurves, Summary

REFERENCE = 1.1
"""The reference point, in every normalised objective."""
HYPERVOLUME = Measure("hypervolume", "hypervolume", maximize=True)
"""What is reported."""


@dataclass(frozen=True)
class Pareto:
    """The result of one section in several objectives."""

    section: Section
    """What was compared."""
    axis: Axis
    """What hypervolume is drawn over."""
    ideal: tuple[float, ...]
    """Best value of each objective, as logged."""
    nadir: tuple[float, ...]
    """Worst value of each objective in the joint nondominated set, as logged."""
    trajectories: Mapping[str, tuple[Trajectory, ...]]
    """Optimizer → the hypervolume of each of its runs as a step function."""
    curves: tuple[Curve, ...]
    """Mean hypervolume of each optimizer with its band, by label."""
    surfaces: Mapping[str, Floats]
    """Optimizer → points of its median attainment surface, as logged, shape (p, 2); only for two objectives."""

    def as_curves(self, summary: Summary | None = None) -> SectionCurves:
        """The curves as those of any other measure, of which regret and baseline have no part."""
        told = replace(summary or Summary(), reference=None, normalise=False)
        curves = tuple(
            aggregate(label, members, HYPERVOLUME, told.statistic, told.interval)
            for label, members in self.trajectories.items()
        )
        return SectionCurves(self.section, self.axis, told, (HYPERVOLUME,), None, self.trajectories, (curves,))


def led_by_fronts(section: Section) -> bool:
    """Whether runs are compared by their fronts: they have several objectives, of which nobody has named one."""
    runs = section.runs
    return len(runs[0].objectives) > 1 and not any(run.provenance.compared_by for run in runs)


def compare_fronts(section: Section, axis: Axis, interval: Interval = "t") -> Pareto | None:
    """Hypervolume and attainment of the runs of a section; None with one objective or without any success."""
    wanted = [(one.name, one.direction) for one in section.runs[0].objectives]
    if len(wanted) < 2 or any([(one.name, one.direction) for one in run.objectives] != wanted for run in section.runs):
        return None
    names = [name for name, _ in wanted]
    costs = {group.optimizer: [_costs(run, axis, names, full) for run in group.runs] for group, full in _fulls(section)}
    every = np.concatenate([own[~np.isnan(own).any(axis=1)] for members in costs.values() for own in members])
    if not len(every):
        return None
    ideal, nadir = _bounds(every)
    with np.errstate(over="ignore"):  # infinitely far beyond the reference point
        found = {
            group.optimizer: tuple(
                _volume(run, axis, (own - ideal) / (nadir - ideal))
                for run, own in zip(group.runs, costs[group.optimizer], strict=True)
            )
            for group in section.groups
        }
    signs = np.array([-1.0 if one.direction == "maximize" else 1.0 for one in section.runs[0].objectives])
    return Pareto(
        section=section,
        axis=axis,
        ideal=tuple((ideal * signs).tolist()),
        nadir=tuple((nadir * signs).tolist()),
        trajectories=found,
        curves=tuple(aggregate(label, members, HYPERVOLUME, interval=interval) for label, members in found.items()),
        surfaces={label: median_attainment(own) * signs for label, own in costs.items()} if len(names) == 2 else {},
    )


def hypervolumes(points: Floats) -> tuple[NDArray[np.int64], Floats]:
    """When the hypervolume of the points so far grew, and to what share of the box below the reference point.

    Args:
        points: Normalised costs in order of completion, shape (n, k), without NaN.

    Returns:
        Rows, ascending and the first of them 0, and the share from each on, both shape (s,).
    """
    from moocore import Hypervolume

    volume = Hypervolume(ref=[REFERENCE] * points.shape[1])
    box = REFERENCE ** points.shape[1]
    rows: list[int] = []
    shares: list[float] = []
    front = np.empty((0, points.shape[1]))
    for row, point in enumerate(points):
        if (front <= point).all(axis=1).any():
            continue  # nothing new
        front = np.concatenate((front[~(point <= front).all(axis=1)], point[None]))
        share = float(volume(front)) / box if (point < REFERENCE).all() else (shares[-1] if shares else 0.0)
        if not shares or share > shares[-1]:
            rows.append(row)
            shares.append(share)
    return np.array(rows, dtype=np.int64), np.array(shares)


def median_attainment(runs: Sequence[Floats]) -> Floats:
    """Points of the median attainment surface of several runs' costs, shape (p, 2), by the first objective.

    The empirical attainment function at one half (V. Grunert da Fonseca, C. Fonseca and A. Hall, EMO 2001).
    """
    from moocore import eaf

    known = [own[~np.isnan(own).any(axis=1)] for own in runs]
    sets = np.repeat(np.arange(1, len(known) + 1), [len(own) for own in known])
    # runs without a success attain nothing, so half of all runs are more than half of the others
    able = sum(len(own) > 0 for own in known)
    needed = -(-len(known) // 2)
    if able < needed:
        return np.empty((0, 2))
    surface = eaf(np.concatenate(known), sets=sets, percentiles=[100 * needed / able])[:, :2]
    return surface[np.argsort(surface[:, 0], kind="stable")]


def _fulls(section: Section) -> list[tuple[Group, float]]:
    """Groups with the highest budget of their finished trials; -inf where they know none."""
    return [
        (group, max((budget for run in group.runs for budget in run.once(AxisFacts.of).budgets), default=-np.inf))
        for group in section.groups
    ]


def _costs(run: Run, axis: Axis, names: Sequence[str], full: float) -> Floats:
    """Minimised costs of every trial, shape (n, k); NaN in trials that do not count: as for the incumbent."""
    costs = np.stack([run.cost(name) for name in names], axis=1)
    budget = np.nan_to_num(run.column("budget").astype(np.float64), nan=-np.inf)
    position = axis.positions(run)
    able = np.stack([run.able(name) for name in names]).all(axis=0)
    counted = (budget == full) & able & ~np.isnan(position) & in_time(run, axis, position)
    return np.where(counted[:, None], costs, np.nan)


def _bounds(points: Floats) -> tuple[Floats, Floats]:
    """Ideal point and nadir; where the nondominated set has no extent, the worst of all points."""
    from moocore import is_nondominated

    front = points[is_nondominated(points)]
    ideal, nadir = front.min(axis=0), front.max(axis=0)
    nadir = np.where(nadir > ideal, nadir, points.max(axis=0))
    return ideal, np.where(nadir > ideal, nadir, ideal + np.maximum(1.0, np.abs(ideal)))  # 1e20 + 1 is 1e20


def _volume(run: Run, axis: Axis, points: Floats) -> Trajectory:
    """The hypervolume of one run from its normalised costs, NaN in trials that do not count."""
    position = axis.positions(run)
    rows = np.flatnonzero(~np.isnan(points).any(axis=1))
    rows = rows[np.argsort(position[rows], kind="stable")]
    grown, shares = hypervolumes(points[rows])
    return replace(
        trajectory(run, axis, ()),
        positions=position[rows[grown]],
        rows=rows[grown],
        values={HYPERVOLUME.column: shares},
        averaged=False,
        named=False,
    )
