"""Values at several budgets, their tests, and differences over time, as results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..comparison.anytime_tests import SHARES, common_end, values_over
from ..comparison.ranking import FinalSpread, spread
from .result import Result, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..comparison.anytime_summary import AnytimeSummary
    from ..comparison.section import Comparison

AREA = "area"
"""What stands for the area over the curve in the column of endpoints."""


def budget_spreads(comparison: Comparison, label: str) -> list[tuple[float, float, FinalSpread]]:
    """Share of the time, place on the axis, and the first measure there over the runs that have an incumbent."""
    measure = comparison.measures[0]
    sign = 1.0 if measure.lower_is_better else -1.0
    at = common_end(comparison) * np.array((*SHARES, 1.0))
    values = values_over(comparison, label, at)
    values = np.where(np.isfinite(values), sign * values, np.nan)
    return [
        (share, float(position), spread(column, comparison.interval, measure))
        for share, position, column in zip((*SHARES, 1.0), at, values.T, strict=True)
    ]


@dataclass(frozen=True, eq=False, repr=False)
class BudgetValues(Result):
    """The first measure at several shares of the time."""

    each: Sequence[AnytimeSummary]
    """One for each task."""

    def table(self) -> pa.Table:
        """One row per optimizer and budget.

        `task`, `measure`, `optimizer`, `axis`; `share` of where the first run ends, `position` there; `runs` that have
        an incumbent; over them `mean`, `std` (divisor n - 1), `lower_95`, `upper_95` of the mean.
        """
        columns = {
            "task": "string", "measure": "string", "optimizer": "string", "axis": "string", "share": "float64",
            "position": "float64", "runs": "int64", "mean": "float64", "std": "float64", "lower_95": "float64",
            "upper_95": "float64",
        }  # fmt: skip
        return table_of(columns, self._rows())

    def _rows(self) -> Iterator[Sequence[Any]]:
        for summary in self.each:
            one = summary.comparison
            for label in one.ordered:
                for share, position, own in budget_spreads(one, label):
                    yield (
                        *(one.section.title, one.measures[0].name, label, one.axis.label, share, position),
                        *(len(own.values), own.mean, own.std, own.lower, own.upper),
                    )


@dataclass(frozen=True, eq=False, repr=False)
class AnytimePairs(Result):
    """Tests of areas and of values at several budgets."""

    each: Sequence[AnytimeSummary]
    """One for each task."""

    def table(self) -> pa.Table:
        """One row per comparison.

        `task`, `measure`, `test`, `endpoint` (`area`, or `value`), `share` of the time and `position` of a value;
        `first`, `second`; `p`, `adjusted_p` (Holm, over all rows of the task), `favours`: 1 the first, -1 the second.
        """
        columns = {
            "task": "string", "measure": "string", "test": "string", "endpoint": "string", "share": "float64",
            "position": "float64", "first": "string", "second": "string", "p": "float64", "adjusted_p": "float64",
            "favours": "int64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(one.comparison.section.title, one.comparison.measures[0].name, one.tests.choice.test),
                    *(AREA if test.endpoint.share is None else "value", test.endpoint.share, test.endpoint.position),
                    *(test.first, test.second, test.p, test.adjusted, test.favours),
                )
                for one in self.each
                for test in one.tests.made
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class DifferencesOverTime(Result):
    """The difference of each optimizer's mean from that of the control.

    Bands are simultaneous: they hold at all points at once (Montiel Olea and Plagborg-Møller, JAE 34, 2019).
    """

    each: Sequence[AnytimeSummary]
    """One for each task."""

    def table(self) -> pa.Table:
        """One row per point.

        `task`, `measure`, `optimizer`, `control`, `axis`, `position`; `difference` of the means, optimizer - control,
        with the ends of its band, `lower_95`, `upper_95`, which holds at all points of all optimizers of the task.
        """
        columns = {
            "task": "string", "measure": "string", "optimizer": "string", "control": "string", "axis": "string",
            "position": "float64", "difference": "float64", "lower_95": "float64", "upper_95": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(one.comparison.section.title, one.comparison.measures[0].name, label, found.control),
                    *(one.comparison.axis.label, *numbers),
                )
                for one in self.each
                for found in (one.differences,)
                if found is not None
                for label, band in found.bands.items()
                for numbers in zip(
                    *(column.tolist() for column in (found.positions, band.value, band.lower, band.upper)), strict=True
                )
            ),
        )
