"""What incumbents are made of over time: which hyperparameters and optimizers have room, and their areas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..landscape.incumbent_values import IncumbentValues
from ..performance.axis import Axis
from .area_grid import COLOURS, REST, AreaGrid, Stack
from .text import capital, quantity

_MOST_ROWS, MOST_COLUMNS = 4, 6  # panels of incumbents
_INACTIVE = "inactive"


@dataclass(frozen=True)
class IncumbentAreas:
    """The part of the frequencies that a figure has room for."""

    shown: Mapping[str, IncumbentValues]
    """Optimizer → its frequencies."""
    names: Sequence[str]
    """Hyperparameters that all of them have and whose values have a colour each."""
    labels: Sequence[str]
    """Those values."""
    ends: tuple[float, float]
    """Ends of every panel."""

    def span(self, axis: Axis) -> str:
        """The ends in words."""
        return f"{quantity(self.ends[0], None)} to {quantity(self.ends[1], axis.unit)}"

    def chart(self, title: str, axis: Axis, footer: str) -> AreaGrid:
        """A row for each optimizer, a column for each hyperparameter."""
        inactive = _inactive(self.shown.values(), self.names)
        return AreaGrid(
            title=f"{title}: values of incumbents",
            xlabel=f"{capital(axis.name)}, {self.span(axis)}",
            footer=footer,
            heads=self.names,
            rows=[(label, [_stack(found, name) for name in self.names]) for label, found in self.shown.items()],
            colours=dict(zip(self.labels, COLOURS)) | ({_INACTIVE: REST} if inactive else {}),
            ends=self.ends,
        )


def incumbent_areas(values: Mapping[str, IncumbentValues]) -> IncumbentAreas | None:
    """What can be shown of the optimizers, the first of them; None where nothing changes or there are none."""
    shown = dict(list(values.items())[:_MOST_ROWS])
    names, labels = _columns(list(shown.values()))
    ends = [end for found in shown.values() for end in (found.positions[0], found.positions[-1]) if end > 0]
    if not names or not ends or min(ends) >= max(ends):
        return None
    return IncumbentAreas(shown, names, labels, (float(min(ends)), float(max(ends))))


def _columns(found: Sequence[IncumbentValues]) -> tuple[list[str], list[str]]:
    """Hyperparameters to show, which all optimizers have and whose values have a colour each, and those values."""
    names: list[str] = []
    labels: list[str] = []
    for name, own in zip(found[0].names, found[0].values, strict=True) if found else ():
        wider = list(dict.fromkeys([*labels, *(value for value in own if value != _INACTIVE)]))
        everywhere = all(name in one.names for one in found)
        if everywhere and len(wider) <= len(COLOURS) and len(names) < MOST_COLUMNS:
            names.append(name)
            labels = wider
    return names, labels


def _inactive(found: Iterable[IncumbentValues], names: Sequence[str]) -> bool:
    return any(_INACTIVE in one.values[one.names.index(name)] for one in found for name in names)


def _stack(found: IncumbentValues, name: str) -> Stack:
    """The areas of one panel, with the positions at which something changes."""
    j = found.names.index(name)
    frequency = found.frequency[j]
    kept = np.append(True, (np.diff(frequency, axis=1) != 0).any(axis=0))
    shares = dict(zip(found.values[j], frequency[:, kept], strict=True))
    return Stack(np.append(found.positions[kept], found.positions[-1]), shares)
