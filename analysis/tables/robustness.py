"""Robustness of average ranks over tasks, as a result."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from .result import Result, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..comparison.robustness import RankRobustness


@dataclass(frozen=True, eq=False, repr=False)
class Robustness(Result):
    """How average ranks depend on which tasks there are."""

    found: tuple[RankRobustness, ...]
    """One for each optimizer."""

    def table(self) -> pa.Table:
        """One row per optimizer.

        `optimizer`; `average_rank` of medians over tasks with its percentile interval `lower_95`, `upper_95`, tasks
        resampled; `share_first` of resamples in which it is the best; `first_without_one`: how many tasks, each left
        out, leave it the best.
        """
        columns = {
            "optimizer": "string", "average_rank": "float64", "lower_95": "float64", "upper_95": "float64",
            "share_first": "float64", "first_without_one": "int64",
        }  # fmt: skip
        return table_of(columns, map(astuple, self.found))
