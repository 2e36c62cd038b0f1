"""Final performance, ranks over time, tests and the critical-difference diagram, as results."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from ...errors import EncaveError
from ..charts.critical_difference import CriticalDifference
from ..charts.curves import profiles_chart, ranks_chart
from ..charts.look import Look
from ..charts.text import capital
from .curves import OVER_TASKS
from .diagnostics import diagnose
from .result import Result, one_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..charts.line_chart import LineChart
    from ..comparison.overall import Overall
    from ..comparison.profiles import Profile
    from ..comparison.section import Comparison
    from ..comparison.significance import Significance


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
class Tests(Result):
    """Tests of final values, each pair of optimizers, by the test that the design carries.

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
    """The Friedman tests over blocks.

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
