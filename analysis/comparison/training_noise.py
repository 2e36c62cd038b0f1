"""How much of a lead is noise of the few trainings that a table's entries are means of.

Every run ends with an entry of the table, whose value is off by the same in all runs that end with it; more runs do not
make that smaller, unlike the scatter between runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..grouping.measure import Measure
from ..grouping.sections import Section
from ..performance.anytime import Trajectory
from .section import Comparison

Entry: TypeAlias = "tuple[int, float]"
"""Number of an entry of the table, and the standard deviation of its value."""
TrainingNoise: TypeAlias = Callable[[Section, Measure, Sequence[Mapping[str, Any]]], "Sequence[Entry] | None"]
"""The entries of configurations, where the table is known, has seeds, and the measure is of it."""


@dataclass(frozen=True)
class NoiseOfLead:
    """The lead of the best over the second by the mean of the first measure."""

    best: str
    """Best mean."""
    second: str
    """Next best."""
    difference: float
    """How much better the mean of the best is."""
    deviation: float
    """Standard deviation of that difference from training seeds alone."""
    shared: int
    """Entries with which runs of both end, whose noise cancels in part."""


def noise_of_lead(comparison: Comparison, noise: TrainingNoise | None) -> NoiseOfLead | None:
    """The component of training seeds; None without a lead, or where it is not known."""
    lead = comparison.lead
    if lead is None or noise is None:
        return None
    names = lead.best.optimizer, lead.second.optimizer
    weights: dict[int, float] = {}
    scatter: dict[int, float] = {}
    ended: list[set[int]] = []
    for name, sign in zip(names, (1.0, -1.0), strict=True):
        used = [one for one in comparison.trajectories[name] if len(one.rows)]
        found = noise(comparison.section, comparison.measures[0], [_incumbent(one) for one in used])
        if found is None:
            return None
        ended.append({entry for entry, _ in found})
        for entry, deviation in found:
            weights[entry] = weights.get(entry, 0.0) + sign / len(used)
            scatter[entry] = deviation
    variance = sum((weight * scatter[entry]) ** 2 for entry, weight in weights.items())
    return NoiseOfLead(*names, lead.difference, math.sqrt(variance), len(ended[0] & ended[1]))


def _incumbent(one: Trajectory) -> Mapping[str, Any]:
    return one.run.configuration(int(one.run.column("config_id")[one.rows[-1]]))
