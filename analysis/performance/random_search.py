"""The expected curve of random search as a reference beside runs on a table from which it can be computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ...run.types import Floats
from ..grouping.measure import Measure
from ..grouping.sections import Section
from .axis import Axis


@dataclass(frozen=True, eq=False)
class ExpectedCurve:
    """What random search is expected to reach on the task of a section, computed and not run."""

    positions: Floats
    """Where the values hold, ascending, on the axis that was asked for, shape (k,)."""
    values: Floats
    """Expected value of the measure's column, shape (k,)."""
    standard_error: Floats
    """Of the values; 0 where they are exact, shape (k,)."""
    epochs: int
    """Training schedule of each of its evaluations."""

    @property
    def exact(self) -> bool:
        """Whether it is a closed form at every position."""
        return not self.standard_error.any()


RandomSearch: TypeAlias = Callable[[Section, Axis, Measure, tuple[float, float]], "ExpectedCurve | None"]
"""The curve of a measure on an axis, between two positions; None where it is not known."""
