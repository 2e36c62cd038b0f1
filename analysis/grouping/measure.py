"""What is reported of incumbents: a value, or how much worse it is than a reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...run import EXTRA, Reported, RunHeader
from .objectives import FIRST_OBJECTIVE, joint_objective

# Regrets are told to so many digits after the first of their reference: what is below comes from subtracting, and would
# tell values of a table apart that are the same.
_DIGITS = 11


@dataclass(frozen=True)
class Measure:
    """What is reported of an incumbent. The incumbent itself is always chosen by the objective."""

    name: str
    """Name shown to people, e.g. `validation regret`."""
    column: str
    """Trial column of the value, e.g. `extra:valid_error_200` or `cost:loss`; `objective` is each run's own first."""
    unit: str | None = None
    """Unit, e.g. `%`."""
    maximize: bool = False
    """Whether more is better in `column`."""
    regret: Literal["optimum", "best seen", "given"] | None = None
    """What is subtracted: the known optimum, the best incumbent of all runs, a value that was given, or nothing."""
    reference: float | None = None
    """The value subtracted; None for `best seen` until the section is computed."""
    scale: float = 1.0
    """What a regret is divided by, for one that is normalised."""

    @property
    def lower_is_better(self) -> bool:
        """Whether a smaller reported value is better; always so for a regret."""
        return self.regret is not None or not self.maximize

    @property
    def bounded(self) -> bool:
        """Whether no value can be below zero: a regret against an optimum, or against the best of all."""
        return self.regret in ("optimum", "best seen")

    @property
    def bounds(self) -> tuple[float, float]:
        """What no reported value can be below and above: zero for a regret, 0 and 100 for a percentage."""
        if self.bounded:
            return 0.0, (100.0 if self.unit == "%" else np.inf)
        return (0.0, 100.0) if self.unit == "%" and self.regret is None else (-np.inf, np.inf)

    def cut(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64], values: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ends of intervals within the bounds; as they are where one of the values they are of is beyond, too."""
        least, most = self.bounds
        known = values[np.isfinite(values)]
        if len(known) and (known.min() < least or known.max() > most):
            return lower, upper
        return np.clip(lower, least, most), np.clip(upper, least, most)

    @property
    def label(self) -> str:
        """Name with its unit, for axes and table heads."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name

    def report(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of `column`, any shape, as reported: for a regret, by how much they are worse than the reference."""
        if self.regret is None:
            return values
        assert self.reference is not None, "a regret needs its reference"
        distance = (self.reference - values) if self.maximize else (values - self.reference)
        if self.reference:
            with np.errstate(over="ignore", invalid="ignore"):  # by a power of ten that a number does not bear
                rounded = np.round(distance, _DIGITS - math.floor(math.log10(abs(self.reference))))
            distance = np.where(np.isfinite(rounded), rounded, distance) + 0.0  # no -0
        return distance / self.scale


def run_measures(runs: Sequence[RunHeader]) -> tuple[Measure, ...]:
    """What is reported of runs that are compared."""
    if runs[0].provenance.reporting:
        return tuple(map(_reported, runs[0].provenance.reporting))
    objective = joint_objective(runs)
    plain = Measure(objective.name, FIRST_OBJECTIVE, objective.unit, objective.direction == "maximize")
    if len(runs) == 1:  # regret against its own best says nothing
        return (plain,)
    return replace(plain, name=f"{objective.name} regret", regret="best seen"), plain


def _reported(entry: Reported) -> Measure:
    known = None if entry.optimum is None else float(entry.optimum)
    kind = None if entry.optimum is None else "optimum"
    return Measure(entry.name, EXTRA + entry.column, entry.unit, regret=kind, reference=known)
