"""Running times to targets: expected, of each run, their ECDF and the areas under it, as results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...run.types import Floats
from ..charts.curves import ecdf_chart
from ..charts.look import Look
from .result import Result, one_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..charts.line_chart import LineChart
    from ..performance.section_runtimes import SectionRuntimes


@dataclass(frozen=True, eq=False, repr=False)
class RunningTimes(Result):
    """How long the runs of each optimizer took to hit targets.

    The expected running time is all that was spent up to the hit, over the number of hits (Hansen et al., COCO, OMS 36,
    2021).

    Example:
        >>> [row["target"] for row in c.runtimes([1.0, 0.5], task="mlp").records()][:2]
        [1.0, 0.5]
    """

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
        """When each run hit each target.

        Example:
            >>> len(c.runtimes([0.5], task="mlp").runs().records())
            18
        """
        return RunTimes(self.each)

    def areas(self) -> Areas:
        """The area over the curve of each optimizer.

        Example:
            >>> len(c.runtimes(task="mlp").areas().records())
            3
        """
        return Areas(self.each)

    def ecdf(self) -> ECDF:
        """The share of (run, target) pairs hit by each moment.

        Example:
            >>> c.runtimes(task="mlp").ecdf().records()[0]["optimizer"]
            'DEHB'
        """
        return ECDF(self.each)

    def chart(self, look: Look | None = None) -> LineChart:
        """The ECDF of these running times.

        Raises:
            EncaveError: there are several tasks.
        """
        return self.ecdf().chart(look)


@dataclass(frozen=True, eq=False, repr=False)
class RunTimes(Result):
    """When each run hit each target.

    Example:
        >>> c.runtimes([0.5]).runs().table().column_names[-2:]
        ['time', 'spent']
    """

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
    """The normalised area over the anytime curve of each optimizer; more is better, 1 is perfect at once.

    As of IOHprofiler (Wang et al., IOHanalyzer, TELO 2, 2022), of a regret in logarithms, see docs/analysis.md.

    Example:
        >>> all(0 <= row["area"] <= 1 for row in c.runtimes().areas().records())
        True
    """

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
    """The share of (run, target) pairs that were hit by each moment (Hansen et al., COCO, OMS 36, 2021).

    Example:
        >>> all(0 <= row["share"] <= 1 for row in c.runtimes().ecdf().records())
        True
    """

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

    def chart(self, look: Look | None = None) -> LineChart:
        """The steps of one task.

        Raises:
            EncaveError: there are several tasks.
        """
        one = one_of(self.each, [own.curves.section.title for own in self.each])
        styles = (look or Look()).styles(sorted(runtime.optimizer for runtime in one.runtimes))
        section = one.curves.section
        return ecdf_chart(one.runtimes, section.title, one.curves.axis.label, section.origin, styles)


def _spread(values: Floats, at: np.ndarray[tuple[int], np.dtype[np.int64]], size: int) -> Sequence[float]:
    spread = np.full(size, np.nan)
    spread[at] = values
    return spread.tolist()
