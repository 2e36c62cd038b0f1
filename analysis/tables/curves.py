"""Anytime performance: curves, as results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...run.types import Floats
from ..charts.curves import curves_chart
from ..charts.look import Look
from ..performance.curves import Curve
from .result import Result, one_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..charts.line_chart import LineChart
    from ..performance.section_curves import AnyCurves

OVER_TASKS = "all tasks"
"""What stands for the task in rows over tasks."""


@dataclass(frozen=True, eq=False, repr=False)
class Curves(Result):
    """Anytime performance of each optimizer on each task.

    Example:
        >>> c.curves("mlp").to_pandas().columns[-1]
        'runs'
    """

    sets: tuple[AnyCurves, ...]
    """One for each task."""
    over_tasks: tuple[Curve, ...] = ()
    """The mean over tasks of the first measure, where it was asked for."""
    measure: str | None = None
    """Name of the measure that the chart shows; None: the first."""

    @property
    def normalised_by(self) -> dict[str, str]:
        """Task → what its regret is divided by, in words; empty where it is not normalised.

        Example:
            >>> encave.compare(runs.where(task="mlp"), normalise=True).curves().normalised_by
            {'mlp': 'the mean regret with which Random ends'}
        """
        return {one.section.title: one.baseline for one in self.sets if one.baseline}

    def table(self) -> pa.Table:
        """One row per event of a curve.

        `task`, `measure`, `optimizer`; `axis`, with its unit; `rule` of incumbents; `statistic` over runs; `position`
        on the axis; `value` from there to the next event; `lower_95`, `upper_95`: its interval, null where none was
        computed; `runs` that the statistic is over.
        """
        import pyarrow as pa

        parts: list[pa.Table] = []
        for task, axis, rule, curve in self._named():
            words = {
                "task": task, "measure": curve.measure.name, "optimizer": curve.optimizer, "axis": axis, "rule": rule,
                "statistic": curve.statistic.name,
            }  # fmt: skip
            numbers = zip(("position", "value", "lower_95", "upper_95"), columns_of(curve), strict=True)
            m = len(curve.positions)
            parts.append(
                pa.table(
                    {name: pa.repeat(pa.scalar(text), m) for name, text in words.items()}
                    | {name: pa.array(column, from_pandas=True) for name, column in numbers}
                    | {"runs": pa.repeat(pa.scalar(curve.runs, pa.int64()), m)}
                )
            )
        return pa.concat_tables(parts)

    def chart(self, look: Look | None = None) -> LineChart:
        """The curves of one measure on one task, best first.

        Raises:
            EncaveError: there are several tasks, or no such measure.
        """
        one = one_of(self.sets, [own.section.title for own in self.sets])
        index = one.measure_index(self.measure)
        curves = sorted(one.curves[index], key=_last)
        styles = (look or Look()).styles(sorted(curve.optimizer for curve in curves))
        return curves_chart(curves, one.section.title, one.axis.label, one.section.origin, styles)

    def _named(self) -> Iterator[tuple[str, str, str, Curve]]:
        for one in self.sets:
            for curves in one.curves:
                for curve in curves:
                    yield one.section.title, one.axis.label, one.rule, curve
        for curve in self.over_tasks:
            yield OVER_TASKS, f"share of the task's {self.sets[0].axis.name}", self.sets[0].rule, curve


def columns_of(curve: Curve) -> tuple[Floats, Floats, Floats, Floats]:
    """Position, value, lower and upper end of each event, each shape (m,); NaN where there is no interval."""
    lower, upper = np.full(len(curve.positions), np.nan), np.full(len(curve.positions), np.nan)
    lower[curve.band], upper[curve.band] = curve.lower, curve.upper
    return curve.positions, curve.centre, lower, upper


def _last(curve: Curve) -> tuple[float, str]:
    sign = 1.0 if curve.measure.lower_is_better else -1.0
    return (sign * float(curve.centre[-1]) if len(curve.centre) else np.inf, curve.optimizer)
