"""Normalised regret over tasks and its performance profiles, as results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..charts.curves import profiles_chart
from ..charts.look import Look
from .curves import OVER_TASKS
from .result import Result, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..charts.line_chart import LineChart
    from ..comparison.profiles import Profile


@dataclass(frozen=True, eq=False, repr=False)
class NormalisedRegrets(Result):
    """Normalised regret over tasks: 0 is the reference, 1 the baseline.

    Example:
        >>> from encave.analysis import NormalisedRegrets
        >>> [row["optimizer"] for row in NormalisedRegrets(c.profiles().found).records()]
        ['DEHB', 'SMAC', 'Random']
    """

    found: tuple[Profile, ...]
    """One for each optimizer."""

    def table(self) -> pa.Table:
        """One row per optimizer: `optimizer`, `normalised_regret` with its interval `lower_95`, `upper_95`."""
        columns = {
            "optimizer": "string", "normalised_regret": "float64", "lower_95": "float64", "upper_95": "float64",
        }  # fmt: skip
        return table_of(columns, ((one.optimizer, one.gap.value, one.gap.lower, one.gap.upper) for one in self.found))


@dataclass(frozen=True, eq=False, repr=False)
class Profiles(Result):
    """Performance profiles over tasks (Agarwal et al., NeurIPS 2021).

    Example:
        >>> c.profiles().records()[-1]["share"]
        1.0
    """

    found: tuple[Profile, ...]
    """One for each optimizer."""
    footer: str = ""
    """Where the values come from."""

    def chart(self, look: Look | None = None) -> LineChart:
        """The share of runs that end with at most so much normalised regret."""
        styles = (look or Look()).styles(sorted(one.optimizer for one in self.found))
        return profiles_chart(self.found, OVER_TASKS, self.footer, styles)

    def normalised(self) -> NormalisedRegrets:
        """The mean normalised regret of each optimizer.

        Example:
            >>> [row["optimizer"] for row in c.profiles().normalised().records()]
            ['DEHB', 'SMAC', 'Random']
        """
        return NormalisedRegrets(self.found)

    def table(self) -> pa.Table:
        """One row per point.

        `optimizer`; `normalised_regret`; `share` of runs that end with at most that, with its interval `lower_95`,
        `upper_95`.
        """
        columns = {
            "optimizer": "string", "normalised_regret": "float64", "share": "float64", "lower_95": "float64",
            "upper_95": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (one.optimizer, *point)
                for one in self.found
                for point in zip(
                    *(column.tolist() for column in (one.regrets, one.share, one.lower, one.upper)), strict=True
                )
            ),
        )
