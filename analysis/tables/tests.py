"""Tests of final values, as results."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from .result import Result, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..comparison.significance import Significance


@dataclass(frozen=True, eq=False, repr=False)
class Tests(Result):
    """Tests of final values, each pair of optimizers, by the test that the design carries.

    Wilcoxon's signed ranks (1945) or Nemenyi's test (1963) after Friedman's (1937) where runs are paired, else Mann and
    Whitney's (1947), corrected by Holm (1979); see Demšar, JMLR 7, 2006. The probability of improvement is Vargha and
    Delaney's A (2000) with Newcombe's interval (2006), the region of equivalence Benavoli et al.'s (JMLR 18, 2017).

    Example:
        >>> c.tests("mlp").records()[0]["test"]
        'mann-whitney'
    """

    made: tuple[tuple[str, str, Significance], ...]
    """Task (or `all tasks`), measure, and the tests."""

    def table(self) -> pa.Table:
        """One row per pair.

        `task`, `measure`, `test`, `blocks`; `first` and `second` optimizer, the better by rank first; `p`,
        `adjusted_p`; `different`: 1 where they differ at 0.05; `favours`: 1 the first, -1 the second;
        `probability_of_improvement` with `lower_95`, `upper_95`; `cliffs_delta`; where runs are paired `wins`, `ties`,
        `losses` of the first and `mean_gain` with `gain_lower_95`, `gain_upper_95`; with a region of practical
        equivalence `rope`, `p_better`, `p_equivalent`, `p_worse`.
        """
        text, number, count = "string", "float64", "int64"
        columns = {
            "task": text, "measure": text, "test": text, "blocks": count, "first": text, "second": text, "p": number,
            "adjusted_p": number, "different": count, "favours": count, "probability_of_improvement": number,
            "lower_95": number, "upper_95": number, "cliffs_delta": number, "wins": count, "ties": count,
            "losses": count, "mean_gain": number, "gain_lower_95": number, "gain_upper_95": number, "rope": number,
            "p_better": number, "p_equivalent": number, "p_worse": number,
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(task, measure, tests.choice.test, tests.blocks, pair.first, pair.second, pair.p, pair.adjusted),
                    *(int(pair.different), pair.favours, *astuple(pair.improvement), pair.cliffs_delta),
                    *(pair.record or (None, None, None)),
                    *(astuple(pair.gain) if pair.gain else (None, None, None)),
                    *(astuple(pair.posterior) if pair.posterior else (None, None, None, None)),
                )
                for task, measure, tests in self.made
                for pair in tests.pairs
            ),
        )

    def friedman(self) -> FriedmanTests:
        """The Friedman tests, where there are blocks.

        Example:
            >>> len(c.tests("mlp").friedman().records())
            0
        """
        return FriedmanTests(self.made)

    def omnibus(self) -> Omnibus:
        """The tests of all optimizers at once.

        Example:
            >>> c.tests("mlp").omnibus().records()[0]["test"]
            'Friedman'
        """
        return Omnibus(self.made)

    def controls(self) -> Controls:
        """Every optimizer against the control, where one was named.

        Example:
            >>> found = encave.compare(runs.where(task="mlp"), control="Random").tests().controls()
            >>> sorted({row["optimizer"] for row in found.records()})
            ['DEHB', 'SMAC']
        """
        return Controls(self.made)


@dataclass(frozen=True, eq=False, repr=False)
class FriedmanTests(Result):
    """The Friedman tests over blocks (Friedman, JASA 32, 1937).

    Example:
        >>> c.tests("mlp").friedman().table().column_names[:3]
        ['task', 'measure', 'blocks']
    """

    made: tuple[tuple[str, str, Significance], ...]
    """Task (or `all tasks`), measure, and the tests."""

    def table(self) -> pa.Table:
        """One row per test.

        `task`, `measure`, `blocks`; `chi_squared` with its p-value `chi_squared_p` and the exact one, `exact_p`, where
        it can be counted; Iman and Davenport's `f`, infinite where all blocks agree, with `f_p`.
        """
        columns = {
            "task": "string", "measure": "string", "blocks": "int64", "chi_squared": "float64",
            "chi_squared_p": "float64", "exact_p": "float64", "f": "float64", "f_p": "float64",
        }  # fmt: skip
        found = ((task, measure, tests.friedman) for task, measure, tests in self.made)
        return table_of(
            columns,
            (
                (task, measure, one.blocks, one.statistic, one.chi2_p, one.exact_p, one.f_statistic, one.f_p)
                for task, measure, one in found
                if one is not None
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Omnibus(Result):
    """The tests of all optimizers at once, also where pairs cannot be tested.

    Example:
        >>> c.tests("mlp").omnibus().table().column_names
        ['task', 'measure', 'test', 'statistic', 'p', 'how']
    """

    made: tuple[tuple[str, str, Significance], ...]
    """Task (or `all tasks`), measure, and the tests."""

    def table(self) -> pa.Table:
        """One row per test: `task`, `measure`, `test`, `statistic`, `p`, `how` it was computed."""
        columns = {
            "task": "string", "measure": "string", "test": "string", "statistic": "float64", "p": "float64",
            "how": "string",
        }  # fmt: skip
        found = ((task, measure, tests.omnibus) for task, measure, tests in self.made)
        return table_of(
            columns,
            (
                (task, measure, one.name, one.statistic, one.p, one.how)
                for task, measure, one in found
                if one is not None
            ),
        )


@dataclass(frozen=True, eq=False, repr=False)
class Controls(Result):
    """Every optimizer against the control that was named.

    Example:
        >>> encave.compare(runs, control="Random").tests().controls().table().column_names[3:5]
        ['control', 'optimizer']
    """

    made: tuple[tuple[str, str, Significance], ...]
    """Task (or `all tasks`), measure, and the tests."""

    def table(self) -> pa.Table:
        """One row per optimizer.

        `task`, `measure`, `test`, `control`, `optimizer`, `p`, `adjusted_p` (Holm, over those that are tested),
        `favours`: 1 the optimizer, -1 the control; `verdict` in words.
        """
        columns = {
            "task": "string", "measure": "string", "test": "string", "control": "string", "optimizer": "string",
            "p": "float64", "adjusted_p": "float64", "favours": "int64", "verdict": "string",
        }  # fmt: skip
        found = ((task, measure, tests.control) for task, measure, tests in self.made)
        return table_of(
            columns,
            (
                (
                    *(task, measure, one.choice.test, one.control, each.optimizer, each.p, each.adjusted),
                    *(each.favours, each.verdict),
                )
                for task, measure, one in found
                if one is not None
                for each in one.against
            ),
        )
