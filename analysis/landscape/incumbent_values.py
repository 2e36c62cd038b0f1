"""What the incumbents are made of: how often each value of a hyperparameter is in the incumbents of runs, over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import EncaveError
from ...run import Run
from ...run.types import Floats
from ..grouping.sections import Section, by_group
from ..importance.groups import Refused
from ..importance.space import encode, rows_of
from ..performance.anytime import Trajectory, trajectory
from ..performance.axis import Axis, AxisFacts, choose_axis

POINTS = 60
"""Most points at which frequencies are given."""
MOST_VALUES = 12
"""Values of a hyperparameter above which it is left out."""


@dataclass(frozen=True, eq=False)
class IncumbentValues:
    """Frequency of each value of each hyperparameter in the incumbents of r runs."""

    axis: Axis
    """What the positions are."""
    positions: Floats
    """Ascending, shape (m,): the first is where every run with a success has an incumbent."""
    names: tuple[str, ...]
    """The hyperparameters with at most `MOST_VALUES` values."""
    values: tuple[tuple[str, ...], ...]
    """The values of each, then `inactive` where that occurs."""
    frequency: tuple[Floats, ...]
    """For each hyperparameter the share of runs whose incumbent has each value, shape (values, m); columns sum to 1."""
    runs: int
    """Runs with an incumbent."""


def incumbent_values(trajectories: Sequence[Trajectory], axis: Axis) -> IncumbentValues:
    """Frequencies of values in the incumbents of runs of one space.

    Args:
        trajectories: The incumbents of each run over `axis`.
        axis: What the positions are.

    Raises:
        EncaveError: no run has an incumbent, no hyperparameter has few enough values, or the runs' spaces differ.
    """
    found = [(one.run, one) for one in trajectories if len(one.rows)]
    if not found:
        raise EncaveError("no run has an incumbent")
    encoded = [encode(run) for run, _ in found]
    chosen = [a.name for a in encoded[0].axes if a.values is not None and a.bins <= MOST_VALUES]
    if not chosen:
        raise EncaveError(f"no hyperparameter has at most {MOST_VALUES} values")
    if any([(a.name, a.values) for a in one.axes] != [(a.name, a.values) for a in encoded[0].axes] for one in encoded):
        raise EncaveError("the runs have different hyperparameters or choices")
    grid = _grid([one.positions for _, one in found], min(one.horizon for _, one in found))
    values: list[tuple[str, ...]] = []
    frequency: list[Floats] = []
    for name in chosen:
        j = encoded[0].names.index(name)
        known = encoded[0].axes[j].values or ()
        counted = np.zeros((len(known) + 1, len(grid)))
        for (run, one), bins in zip(found, encoded, strict=True):
            inactive = np.asarray(run.configurations[name].combine_chunks().is_null())
            codes = np.where(inactive, len(known), bins.codes[:, j])[rows_of(run)[one.rows]]
            counted[codes[np.searchsorted(one.positions, grid, side="right") - 1], np.arange(len(grid))] += 1
        ever = counted[-1].any()
        values.append((*map(str, known), *(["inactive"] if ever else [])))
        frequency.append(counted[: len(values[-1])] / len(found))
    return IncumbentValues(axis, grid, tuple(chosen), tuple(values), tuple(frequency), len(found))


def group_incumbent_values(
    sections: Sequence[Section],
) -> tuple[tuple[tuple[str, str, IncumbentValues], ...], tuple[Refused, ...]]:
    """`incumbent_values` of the runs of each optimizer on each task, and why there is none of the others."""
    found: list[tuple[str, str, IncumbentValues]] = []
    refused: list[Refused] = []
    alike: defaultdict[tuple[str, str], list[Run]] = defaultdict(list)
    for task, optimizer, run in by_group(sections):
        alike[task, optimizer].append(run)
    for (task, optimizer), members in alike.items():
        try:
            axis = choose_axis([run.once(AxisFacts.of) for run in members])
            found.append((task, optimizer, incumbent_values([trajectory(run, axis, ()) for run in members], axis)))
        except EncaveError as error:
            refused.append(Refused(task, optimizer, f"{optimizer} on {task}", str(error)))
    return tuple(found), tuple(refused)


def _grid(positions: Sequence[Floats], stop: float) -> Floats:
    """At most `POINTS` of the events from where all runs have an incumbent to `stop`."""
    start = max(one[0] for one in positions)
    events = np.unique(np.concatenate([*positions, [start, max(stop, start)]]))
    events = events[(events >= start) & (events <= max(stop, start))]
    return events if len(events) <= POINTS else events[np.unique(np.linspace(0, len(events) - 1, POINTS).astype(int))]
