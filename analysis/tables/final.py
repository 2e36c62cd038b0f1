"""Final performance of optimizers and of their runs, as results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .diagnostics import diagnose
from .result import Result, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..comparison.section import Comparison


@dataclass(frozen=True, eq=False, repr=False)
class Final(Result):
    """Final performance of each optimizer on each task.

    Example:
        >>> sorted({row["optimizer"] for row in c.final().records()})
        ['DEHB', 'Random', 'SMAC']
    """

    comparisons: tuple[Comparison, ...]
    """One for each task."""

    def table(self) -> pa.Table:
        """One row per optimizer and measure.

        `task`, `optimizer`, `runs`, `failed_runs` (without any success), `mean_trials` per run, `average_rank` by the
        first measure, `measure`; over runs with a value: `mean`, its interval `lower_95`, `upper_95`, `std` (divisor
        n - 1), `median`, `lower_quartile`, `upper_quartile`.
        """
        columns = {
            "task": "string", "optimizer": "string", "runs": "int64", "failed_runs": "int64",
            "mean_trials": "float64", "average_rank": "float64", "measure": "string", "mean": "float64",
            "std": "float64", "lower_95": "float64", "upper_95": "float64", "median": "float64",
            "lower_quartile": "float64", "upper_quartile": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(one.section.title, row.optimizer, row.runs, row.failed, row.trials, row.rank, measure.name),
                    *(spread.mean, spread.std, spread.lower, spread.upper, *spread.quartiles),
                )
                for one in self.comparisons
                for row in one.table.rows
                for measure, spread in zip(one.table.measures, row.spreads, strict=True)
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class FinalRuns(Result):
    """The final value of each run.

    Example:
        >>> c.runs("mlp").records()[0]["failed_trials"]
        1
    """

    comparisons: tuple[Comparison, ...]
    """One for each task."""

    def table(self) -> pa.Table:
        """One row per run and measure.

        `task`, `optimizer`, `seed`, `run`, `trials`, `failed_trials`; `initial_share`: share of the trials from the
        initial design, null where the log does not tell; `measure`, `final` (null where no trial succeeded).
        """
        columns = {
            "task": "string", "optimizer": "string", "seed": "int64", "run": "string", "trials": "int64",
            "failed_trials": "int64", "initial_share": "float64", "measure": "string", "final": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(one.section.title, line.optimizer, own.seed, line.name, line.trials, line.failed, line.initial),
                    *(measure.name, own.final(measure)),
                )
                for one in self.comparisons
                for line, own in zip(
                    diagnose(one), (run for label in one.ordered for run in one.trajectories[label]), strict=True
                )
                for measure in one.measures
            ),
        )
