"""Anytime performance: curves, ECDF and running times, as results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...run.types import Floats
from ..charts.curves import curves_chart, ecdf_chart
from ..charts.style import line_styles
from ..performance.curves import Curve
from .result import Result, one_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..charts.line_chart import LineChart
    from ..performance.section_curves import AnyCurves
    from ..performance.section_runtimes import SectionRuntimes

OVER_TASKS = "all tasks"
"""What stands for the task in rows over tasks."""


@dataclass(frozen=True, eq=False, repr=False)
class Curves(Result):
    """Anytime performance of each optimizer on each task."""

    sets: tuple[AnyCurves, ...]
    """One for each task."""
    over_tasks: tuple[Curve, ...] = ()
    """The mean over tasks of the first measure, where it was asked for."""
    measure: str | None = None
    """Name of the measure that the chart shows; None: the first."""

    @property
    def normalised_by(self) -> dict[str, str]:
        """Task → what its regret is divided by, in words; empty where it is not normalised."""
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

    def chart(self) -> LineChart:
        """The curves of one measure on one task, best first.

        Raises:
            EncaveError: there are several tasks, or no such measure.
        """
        one = one_of(self.sets, [own.section.title for own in self.sets])
        index = one.measure_index(self.measure)
        curves = sorted(one.curves[index], key=_last)
        styles = line_styles(sorted(curve.optimizer for curve in curves))
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


@dataclass(frozen=True, eq=False, repr=False)
class RunningTimes(Result):
    """How long the runs of each optimizer took to hit targets."""

    each: tuple[SectionRuntimes, ...]
    """One for each task."""

    def table(self) -> pa.Table:
        """One row per target of an optimizer.

        `task`, `optimizer`, `axis`, `measure`; `target`; `hits` of `runs` that reached it; `expected_running_time` on
        the axis, infinite where no run did, with its interval `lower_95`, `upper_95`.
        """
        columns = {
            "task": "string", "optimizer": "string", "axis": "string", "measure": "string", "target": "float64",
            "hits": "int64", "runs": "int64", "expected_running_time": "float64", "lower_95": "float64",
            "upper_95": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(one.curves.section.title, runtime.optimizer, one.curves.axis.label, one.measure.name, target),
                    *(runtime.hits(k), runtime.runs, *astuple(runtime.expected(k))),
                )
                for one in self.each
                for runtime in one.runtimes
                for k, target in enumerate(one.targets.values.tolist())
            ),
        )

    def runs(self) -> RunTimes:
        """When each run hit each target."""
        return RunTimes(self.each)

    def areas(self) -> Areas:
        """The area over the curve of each optimizer."""
        return Areas(self.each)

    def ecdf(self) -> ECDF:
        """The share of (run, target) pairs hit by each moment."""
        return ECDF(self.each)

    def chart(self) -> LineChart:
        """The ECDF of these running times.

        Raises:
            EncaveError: there are several tasks.
        """
        return self.ecdf().chart()


@dataclass(frozen=True, eq=False, repr=False)
class RunTimes(Result):
    """When each run hit each target."""

    each: tuple[SectionRuntimes, ...]
    """One for each task."""

    def table(self) -> pa.Table:
        """One row per run and target.

        `task`, `optimizer`, `seed`, `run`, `axis`, `measure`, `target`; `time` on the axis, null where it was not hit;
        `spent`: where the run ended.
        """
        columns = {
            "task": "string", "optimizer": "string", "seed": "int64", "run": "string", "axis": "string",
            "measure": "string", "target": "float64", "time": "float64", "spent": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(one.curves.section.title, runtime.optimizer, own.seed, own.run.name, one.curves.axis.label),
                    *(one.measure.name, target, time if time < np.inf else None, spent),
                )
                for one in self.each
                for runtime in one.runtimes
                for own, times, spent in zip(
                    one.curves.trajectories[runtime.optimizer],
                    runtime.times.tolist(),
                    runtime.spent.tolist(),
                    strict=True,
                )
                for target, time in zip(one.targets.values.tolist(), times, strict=True)
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Areas(Result):
    """The normalised area over the anytime curve of each optimizer; more is better, 1 is perfect at once."""

    each: tuple[SectionRuntimes, ...]
    """One for each task."""

    def table(self) -> pa.Table:
        """One row per optimizer.

        `task`, `optimizer`, `axis`, `measure`; `area`: mean over `runs`, with its interval `lower_95`, `upper_95`.
        """
        columns = {
            "task": "string", "optimizer": "string", "axis": "string", "measure": "string", "runs": "int64",
            "area": "float64", "lower_95": "float64", "upper_95": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(one.curves.section.title, runtime.optimizer, one.curves.axis.label, one.measure.name),
                    *(runtime.runs, *astuple(runtime.area)),
                )
                for one in self.each
                for runtime in one.runtimes
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class ECDF(Result):
    """The share of (run, target) pairs that were hit by each moment."""

    each: tuple[SectionRuntimes, ...]
    """One for each task."""

    def table(self) -> pa.Table:
        """One row per step.

        `task`, `optimizer`, `axis`, `measure`; `position` on the axis; `share` hit from there on; `lower_95`,
        `upper_95`: its interval over runs, null where none was computed.
        """
        columns = {
            "task": "string", "optimizer": "string", "axis": "string", "measure": "string", "position": "float64",
            "share": "float64", "lower_95": "float64", "upper_95": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (one.curves.section.title, runtime.optimizer, one.curves.axis.label, one.measure.name, *numbers)
                for one in self.each
                for runtime in one.runtimes
                for numbers in zip(
                    runtime.positions.tolist(),
                    runtime.share.tolist(),
                    _spread(runtime.lower, runtime.band, len(runtime.share)),
                    _spread(runtime.upper, runtime.band, len(runtime.share)),
                    strict=True,
                )
            ),
        )

    def chart(self) -> LineChart:
        """The steps of one task.

        Raises:
            EncaveError: there are several tasks.
        """
        one = one_of(self.each, [own.curves.section.title for own in self.each])
        styles = line_styles(sorted(runtime.optimizer for runtime in one.runtimes))
        section = one.curves.section
        return ecdf_chart(one.runtimes, section.title, one.curves.axis.label, section.origin, styles)


def _spread(values: Floats, at: np.ndarray[tuple[int], np.dtype[np.int64]], size: int) -> Sequence[float]:
    spread = np.full(size, np.nan)
    spread[at] = values
    return spread.tolist()
