"""Runtimes to targets of the optimizers of one section, on any axis and by any of its measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from ...errors import check_choice, check_number
from ..grouping.measure import Measure
from .measures import Hits
from .runtimes import Runtime, Targets, runtimes, spaced_targets
from .section_curves import AnyCurves


@dataclass(frozen=True, eq=False)
class SectionRuntimes:
    """When the runs of a section hit targets."""

    curves: AnyCurves
    """The section, its axis and the incumbents of its runs."""
    measure: Measure
    """What targets are of."""
    targets: Targets
    """The targets, from easy to hard."""
    runtimes: tuple[Runtime, ...]
    """One for each optimizer, by label."""


def section_runtimes(
    curves: AnyCurves, measure: str | None = None, targets: Sequence[float] = (), hits: Hits = "held"
) -> SectionRuntimes | None:
    """Runtimes to given targets, or to those of `spaced_targets`; None where these are wanted and no run has any value.

    Args:
        curves: The section.
        measure: Name of the measure; the first without one.
        targets: Values to hit, in any order.
        hits: What counts as a hit.

    Raises:
        EncaveError: the section has no such measure, a target is no finite number, or a hit is neither.
    """
    check_choice("kind of hit", hits, get_args(Hits))
    for target in targets:
        check_number("a target", target)
    chosen = curves.measures[curves.measure_index(measure)]
    members = [one for own in curves.trajectories.values() for one in own]
    found = given_targets(targets, chosen) if targets else spaced_targets(members, chosen, hits=hits)
    if found is None:
        return None
    return SectionRuntimes(curves, chosen, found, runtimes(curves.trajectories, chosen, found, hits=hits))


def given_targets(values: Sequence[float], measure: Measure) -> Targets:
    """Targets that a person named: the area is between the hardest and the easiest, of a regret in logarithms."""
    sign = 1.0 if measure.lower_is_better else -1.0
    ordered = -np.sort(-sign * np.unique(values))
    above = ordered[ordered > 0]
    if measure.regret is not None and len(above):
        return Targets(sign * ordered, "log", (float(above[-1]), float(above[0])))
    return Targets(sign * ordered, "linear", (float(ordered[-1]), float(ordered[0])))
