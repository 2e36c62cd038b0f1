"""Ranks over time and the critical-difference diagram, as results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import EncaveError
from ..charts.critical_difference import CriticalDifference
from ..charts.curves import ranks_chart
from ..charts.look import Look
from ..charts.text import capital
from .curves import OVER_TASKS
from .result import Result, one_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..charts.line_chart import LineChart
    from ..comparison.overall import Overall
    from ..comparison.section import Comparison
    from ..comparison.significance import Significance


@dataclass(frozen=True, eq=False, repr=False)
class Ranks(Result):
    """Average ranks over time, by the first measure; of two optimizers there are none.

    Example:
        >>> max(row["average_rank"] for row in c.ranks("mlp").records()) <= 3
        True
    """

    comparisons: tuple[Comparison, ...]
    """One for each task."""
    overall: Overall | None = None
    """The result over tasks."""

    def table(self) -> pa.Table:
        """One row per point.

        `task`, or `all tasks`; `optimizer`; `axis`; `position` on it; `average_rank`, 1 is best, with its interval
        `lower_95`, `upper_95`.
        """
        columns = {
            "task": "string", "optimizer": "string", "axis": "string", "position": "float64",
            "average_rank": "float64", "lower_95": "float64", "upper_95": "float64",
        }  # fmt: skip
        sets = [(one.section.title, one.axis.label, one.rank_curves) for one in self.comparisons]
        if self.overall is not None:
            sets.append((OVER_TASKS, self._share, self.overall.curves))
        return table_of(
            columns,
            (
                (task, curve.optimizer, axis, *numbers)
                for task, axis, curves in sets
                for curve in curves
                for numbers in zip(
                    *(column.tolist() for column in (curve.positions, curve.mean, curve.lower, curve.upper)),
                    strict=True,
                )
            ),
        )

    @property
    def _share(self) -> str:
        assert self.overall is not None, "a share is of what is over tasks"
        return f"share of the task's {self.overall.comparisons[0].axis.name}"

    def chart(self, look: Look | None = None) -> LineChart:
        """Ranks over time: over all tasks where every optimizer ran on every task, else of the one task.

        Raises:
            EncaveError: there are several tasks and nothing over them, or fewer than three optimizers.
        """
        if self.overall is not None and self.overall.curves:
            curves, title, origin = self.overall.curves, OVER_TASKS, self.overall.origin
            label = self._share
        else:
            one = one_of(self.comparisons, [own.section.title for own in self.comparisons])
            curves, title, label = one.rank_curves, one.section.title, one.axis.label
            origin = one.section.origin
        if not curves:
            raise EncaveError("ranks over time need three optimizers with a success before the first run ends")
        styles = (look or Look()).styles(sorted(curve.optimizer for curve in curves))
        return ranks_chart(curves, title, capital(label), origin, styles)


@dataclass(frozen=True, eq=False, repr=False)
class CriticalDifferences(Result):
    """Average ranks and which of them do not differ (Demšar, JMLR 7, 2006, figure 1).

    Example:
        >>> c.critical_difference("mlp").records()[0]["optimizer"]
        'DEHB'
    """

    title: str
    """What was compared."""
    significance: Significance
    """The test over blocks."""
    footer: str = ""
    """Where the values come from."""

    def table(self) -> pa.Table:
        """One row per optimizer, by rank: `optimizer`, `average_rank`, `not_different_from` (names with commas)."""
        alike = {name: set[str]() for name in self.significance.optimizers}
        for group in self.significance.groups:
            for name in group:
                alike[name] |= {*group} - {name}
        columns = {"optimizer": "string", "average_rank": "float64", "not_different_from": "string"}
        order = self.significance.optimizers
        return table_of(
            columns,
            (
                (name, rank, ", ".join(other for other in order if other in alike[name]))
                for name, rank in zip(order, self.significance.ranks, strict=True)
            ),
        )

    def chart(self, look: Look | None = None) -> CriticalDifference:
        """The diagram.

        Raises:
            EncaveError: there are fewer than three optimizers, or no test over blocks.
        """
        if len(self.significance.optimizers) < 3 or not self.significance.tested:
            raise EncaveError(f"no critical-difference diagram: {self.significance.choice.reason}")
        styles = (look or Look()).styles(sorted(self.significance.optimizers))
        return CriticalDifference(self.significance, self.title, self.footer, styles)
