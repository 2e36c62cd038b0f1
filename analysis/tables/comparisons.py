"""The comparison of runs, whole: from runs to every result about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import EncaveError, check_choice, check_number
from ...run.incumbents import IncumbentRule
from ...run.several import several_runs
from ..comparison.anytime_summary import AnytimeSummary, summarise
from ..comparison.overall import Overall, compare_tasks
from ..comparison.profiles import profiles
from ..comparison.robustness import FEWEST, rank_robustness
from ..comparison.section import Comparison
from ..comparison.section import compare as compare_section
from ..grouping.sections import check_control, view_runs
from ..performance.axis import AxisKind
from ..performance.measures import Hits
from ..performance.section_curves import Summary, curves_over_tasks
from ..performance.section_runtimes import section_runtimes
from ..statistics.intervals import Interval
from ..statistics.order_statistics import Statistic
from .anytime_tests import AnytimePairs, BudgetValues, DifferencesOverTime
from .curves import OVER_TASKS, Curves
from .final import Final, FinalRuns
from .fronts import Attainments, attainments_of, fronts_of
from .landscape import Footprints, footprints_of
from .profiles import Profiles
from .ranks import CriticalDifferences, Ranks
from .result import one_of
from .robustness import Robustness
from .runtimes import RunningTimes
from .tests import Tests
from .within_tasks import StratifiedTests

if TYPE_CHECKING:
    from ...run import Run


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Runs of several optimizers, compared task by task and over tasks.

    Example:
        >>> c
        Comparisons(3 optimizers on forest, mlp)
    """

    each: tuple[Comparison, ...]
    """The result of each task, by name."""
    overall: Overall | None
    """The result over tasks; None with one task, or where they cannot be averaged."""
    not_overall: str | None
    """Why nothing is averaged over tasks, where that could be expected."""
    remarks: tuple[str, ...]
    """What else to know: runs given twice, labels split by release."""
    control: str | None = None
    """The optimizer that all others are tested against, if there is one."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, with what tells apart several sections of one.

        Example:
            >>> c.tasks
            ('forest', 'mlp')
        """
        return tuple(one.section.title for one in self.each)

    @property
    def optimizers(self) -> tuple[str, ...]:
        """Labels of all optimizers, sorted.

        Example:
            >>> c.optimizers
            ('DEHB', 'Random', 'SMAC')
        """
        return tuple(sorted({group.optimizer for one in self.each for group in one.section.groups}))

    def __len__(self) -> int:
        return len(self.each)

    def __iter__(self) -> Iterator[Comparison]:
        return iter(self.each)

    def __repr__(self) -> str:
        count = len(self.optimizers)
        return f"Comparisons({count} optimizer{'' if count == 1 else 's'} on {', '.join(self.tasks)})"

    def curves(self, task: str | None = None, measure: str | None = None) -> Curves:
        """Anytime performance.

        Args:
            task: Only this one.
            measure: What the chart shows, by its name; None: the first, often a regret.

        Raises:
            EncaveError: there is no such task or measure.

        Example:
            >>> c.curves("mlp").table().column_names[:4]
            ['task', 'measure', 'optimizer', 'axis']
        """
        chosen = self._of(task)
        for one in chosen:
            one.made.measure_index(measure)
        sets = tuple(one.made for one in chosen)
        normalised = task is None and len(sets) > 1 and sets[0].summary.normalise
        return Curves(sets, curves_over_tasks(sets) if normalised else (), measure)

    def final(self, task: str | None = None) -> Final:
        """Final performance, with average ranks.

        Raises:
            EncaveError: there is no such task.

        Example:
            >>> [row["average_rank"] for row in c.final("mlp").records()]
            [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
        """
        return Final(self._of(task))

    def runs(self, task: str | None = None) -> FinalRuns:
        """The final value of each run.

        Raises:
            EncaveError: there is no such task.

        Example:
            >>> len(c.runs("mlp").records())
            36
        """
        return FinalRuns(self._of(task))

    def ranks(self, task: str | None = None) -> Ranks:
        """Average ranks over time, on each task and over all.

        Raises:
            EncaveError: there is no such task.

        Example:
            >>> c.ranks("mlp").records()[0]["optimizer"]
            'DEHB'
        """
        return Ranks(self._of(task), self.overall if task is None else None)

    def tests(self, task: str | None = None) -> Tests:
        """Tests of final values, pair by pair.

        Raises:
            EncaveError: there is no such task.

        Example:
            >>> [(row["first"], row["second"]) for row in c.tests("mlp").records() if row["measure"] == "loss regret"]
            [('DEHB', 'SMAC'), ('DEHB', 'Random'), ('SMAC', 'Random')]
        """
        made = [
            (one.section.title, measure.name, tests)
            for one in self._of(task)
            for measure, tests in zip(one.measures, one.significance, strict=False)
        ]
        if task is None and self.overall is not None:
            made.append((OVER_TASKS, self.overall.measure, self.overall.significance))
        return Tests(tuple(made))

    def budget_values(self, task: str | None = None) -> BudgetValues:
        """The first measure at several shares of the time.

        Raises:
            EncaveError: there is no such task.

        Example:
            >>> [row["share"] for row in c.budget_values("mlp").records() if row["optimizer"] == "DEHB"]
            [0.1, 0.25, 0.5, 1.0]
        """
        return BudgetValues(self._summaries(task))

    def anytime_tests(self, task: str | None = None) -> AnytimePairs:
        """Tests of areas and of values at several shares of the time, pair by pair, corrected together.

        Raises:
            EncaveError: there is no such task.

        Example:
            >>> sorted({row["endpoint"] for row in c.anytime_tests("mlp").records()})
            ['area', 'value']
        """
        return AnytimePairs(self._summaries(task))

    def differences(self, task: str | None = None) -> DifferencesOverTime:
        """The difference of each optimizer's mean from the control's over time, with simultaneous bands.

        Without a control they are from the best mean at the end.

        Raises:
            EncaveError: there is no such task.

        Example:
            >>> against = encave.compare(runs.where(task="mlp"), control="Random")
            >>> sorted({row["optimizer"] for row in against.differences().records()})
            ['DEHB', 'SMAC']
        """
        return DifferencesOverTime(self._summaries(task))

    def _summaries(self, task: str | None) -> tuple[AnytimeSummary, ...]:
        return tuple(summarise(one, control=self.control) for one in self._of(task))

    def stratified_tests(self) -> StratifiedTests:
        """Tests of the runs on all tasks, stratified by task.

        Raises:
            EncaveError: nothing is averaged over the tasks.

        Example:
            >>> c.stratified_tests().table().column_names[-3:]
            ['p', 'adjusted_p', 'favours']
        """
        over = self._over_tasks("stratified tests")
        return StratifiedTests(over.measure, over.within)

    def rank_robustness(self) -> Robustness:
        """How average ranks over tasks depend on which tasks there are.

        Raises:
            EncaveError: nothing is averaged over the tasks, or they are too few to be resampled.

        Example:
            >>> c.rank_robustness()
            Traceback (most recent call last):
                ...
            encave.errors.EncaveError: 2 tasks are too few to be resampled; it takes 3
        """
        over = self._over_tasks("resampled ranks")
        found = rank_robustness(over.optimizers, over.task_ranks)
        if not found:
            raise EncaveError(f"{len(over.comparisons)} tasks are too few to be resampled; it takes {FEWEST}")
        return Robustness(found)

    def _over_tasks(self, what: str) -> Overall:
        if self.overall is None:
            raise EncaveError(self.not_overall or f"{what} need several tasks with several optimizers")
        return self.overall

    def runtimes(
        self, targets: Sequence[float] = (), *, measure: str | None = None, task: str | None = None, hits: Hits = "held"
    ) -> RunningTimes:
        """Expected running times to targets, ECDF and areas.

        Args:
            targets: Values of the measure to hit; without any, 51 from the worst first incumbent to the best value.
            measure: What targets are of, by its name; None: the first.
            task: Only this one.
            hits: `held`: a target is hit when it is held to the end of the run; `first`: when it is first reached.

        Raises:
            EncaveError: there is no such task or measure.

        Example:
            >>> [(row["optimizer"], row["hits"], row["runs"]) for row in c.runtimes([0.5], task="mlp").records()]
            [('DEHB', 6, 6), ('Random', 0, 6), ('SMAC', 5, 6)]
        """
        found = (section_runtimes(one.made, measure, targets, hits) for one in self._of(task))
        return RunningTimes(tuple(one for one in found if one is not None))

    def critical_difference(self, task: str | None = None) -> CriticalDifferences:
        """The critical-difference diagram: over tasks, or of one task over seeds.

        Raises:
            EncaveError: there is no such task, several without a result over them, or no test was made.

        Example:
            >>> [row["optimizer"] for row in c.critical_difference("mlp").records()]
            ['DEHB', 'SMAC', 'Random']
        """
        if task is None and self.overall is not None:
            return CriticalDifferences(OVER_TASKS, self.overall.significance, self.overall.origin)
        chosen = self._of(task)
        one = one_of(chosen, self.tasks)
        if not one.significance:
            raise EncaveError("a critical-difference diagram needs three optimizers")
        return CriticalDifferences(one.section.title, one.significance[0], one.section.origin)

    def hypervolume(self, task: str | None = None) -> Curves:
        """Mean hypervolume over time, where runs have several objectives (Zitzler and Thiele, PPSN 1998).

        Raises:
            EncaveError: there is no such task, or no task with several objectives.

        Example:
            >>> sorted({row["optimizer"] for row in c.hypervolume("mlp").records()})
            ['DEHB', 'Random', 'SMAC']
        """
        return Curves(tuple(one.as_curves() for one in fronts_of(self._of(task))))

    def attainment(self, task: str | None = None) -> Attainments:
        """Median attainment surfaces, where runs have two objectives.

        Raises:
            EncaveError: there is no such task, or no task with two objectives.

        Example:
            >>> c.attainment("mlp").records()[0]["second_objective"]
            'size'
        """
        return attainments_of(self._of(task))

    def profiles(self) -> Profiles:
        """Performance profiles over tasks.

        Raises:
            EncaveError: nothing is averaged over the tasks, or a task does not report a regret that is bounded by zero.

        Example:
            >>> [one.optimizer for one in c.profiles().found]
            ['DEHB', 'SMAC', 'Random']
        """
        over = self._over_tasks("performance profiles")
        found = profiles(over.comparisons, over.optimizers, self.each[0].interval)
        if not found:
            raise EncaveError("performance profiles need a regret against an optimum or the best seen on every task")
        return Profiles(found, over.origin)

    def footprints(self, task: str | None = None) -> Footprints:
        """Where each optimizer looked.

        Raises:
            EncaveError: there is no such task, or no task whose configurations can be drawn in a plane.

        Example:
            >>> list(c.footprints().found)
            ['forest', 'mlp']
        """
        return footprints_of(self._of(task))

    def _of(self, task: str | None) -> tuple[Comparison, ...]:
        if task is None:
            return self.each
        found = tuple(one for one in self.each if task in (one.section.title, one.section.task))
        if not found:
            check_choice("task", task, self.tasks)
        return found


def compare(
    runs: Iterable[Run],
    *,
    axis: AxisKind | None = None,
    statistic: str = "mean",
    interval: Interval = "t",
    rule: IncumbentRule = "as-logged",
    reference: float | None = None,
    normalise: bool = False,
    rope: float | None = None,
    control: str | None = None,
) -> Comparisons:
    """Compare runs: grouped by task, then by optimizer, seeds summarised.

    Args:
        runs: The runs, e.g. from `encave.read`.
        axis: `evaluations`, `time`, `trial-time`, `epochs` or `full-evaluations`; None: time if every run of a task
            knows when its trials ended, else evaluations.
        statistic: What is taken over runs: `mean`, `median`, `iqm` or a quantile such as `q0.9`.
        interval: Which 95 % intervals numbers have: `t` or `bootstrap`, see docs/analysis.md.
        rule: Which trials may be the incumbent where there are budgets, or several instances or seeds, see docs.
        reference: The value that regret is against, instead of the known optimum or the best seen.
        normalise: Whether the first measure is divided by random search's final regret, so that tasks can be averaged.
        rope: Half-width of the region of practical equivalence, in the measure's unit: adds the Bayesian test.
        control: Label of the optimizer that all others are tested against, besides all pairs.

    Raises:
        EncaveError: there are no runs, no optimizer is called like the control, the runs of a
            task do not share the axis, or a name is not known.

    Example:
        >>> c = encave.compare(runs, axis="evaluations", statistic="median")
        >>> c.curves("mlp").plot(log=True).save(folder / "curves.pdf").name
        'curves.pdf'
    """
    if rope is not None:
        check_number("a rope", rope)
    view = view_runs(several_runs(runs))
    check_control(view, control)
    summary = Summary(Statistic(statistic), interval, rule, reference, normalise)
    each = tuple(
        compare_section(section, rope, axis=axis, summary=summary, control=control) for section in view.sections
    )
    overall, why_not = compare_tasks(each, rope, interval, control)
    return Comparisons(each, overall, why_not, view.remarks, control)
