"""Importance of hyperparameters, and its error against the truth, as results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import EncaveError, check_choice, check_type
from ...run.several import several_runs
from ..charts.bars import BarChart
from ..charts.look import Look
from ..grouping.sections import check_has_objective, origins_of, view_runs
from ..importance.groups import ALL, GroupImportance, Refused, Truth, group_importance
from ..importance.methods import Method
from .result import Result, check_task, one_of, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ...run import Run
    from ..importance.bias import Bias
    from ..importance.methods import Name
    from ..importance.shapley import Game

AT = {"task": "string", "optimizer": "string", "objective": "string", "budget": "float64"}
_DIGITS = 12
_SHOWN = 12


@dataclass(frozen=True, eq=False, repr=False)
class Importances(Result):
    """What each hyperparameter, and sets of them, account for, by task, optimizer, objective and budget.

    Example:
        >>> encave.importance(runs[:2]).table().column_names[-4:]
        ['value', 'std_over_runs', 'std_over_trees', 'exact']
    """

    groups: tuple[GroupImportance, ...]
    """The runs of one optimizer on one task, for one objective at one budget."""
    refused: tuple[Refused, ...] = ()
    """Runs that could not be analysed, with the reason."""
    origins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Task → where its values come from, in words."""

    def table(self) -> pa.Table:
        """One row per effect of each group.

        `task`, `optimizer`, `objective`, `budget`; `method`; `unit`: `share` of a variance, or the objective whose gain
        it is; `trials` (null: all), `runs`; `r2` of the forests out of bag, mean over runs (below about 0.5 the values
        say little); `effect`: the hyperparameter, or several joined by ×; `value`: mean over
        runs; `std_over_runs`, `std_over_trees`; `exact`: in the complete table, where that is known.
        """
        columns = {
            **AT, "method": "string", "unit": "string", "trials": "int64", "runs": "int64", "r2": "float64",
            "effect": "string", "value": "float64", "std_over_runs": "float64", "std_over_trees": "float64",
            "exact": "float64",
        }  # fmt: skip
        return table_of(
            columns,
            (
                (
                    *(group.task, group.optimizer, group.objective, group.budget, group.method.label),
                    *("share" if group.method.shares else group.objective, group.trials, len(group.runs)),
                    *_rounded(float(np.mean([estimate.r2 for estimate in group.estimates]))),
                    *(group.label(k), *_rounded(group.mean[k], group.spread[k], group.tree_spread[k])),
                    *((None,) if group.exact is None else _rounded(group.exact[k])),
                )
                for group in self.groups
                for k in range(len(group.mean))
            ),
        )

    def of(self, task: str | None) -> Importances:
        """Those of one task; all of them without one.

        Raises:
            EncaveError: there is no such task, or nothing could be analysed.

        Example:
            >>> encave.importance([runs[0], runs[6]]).of("mlp").groups[0].task
            'mlp'
        """
        check_task(task, [group.task for group in self.groups], self.refused)
        if task is None:
            return self
        return replace(self, groups=tuple(group for group in self.groups if group.task == task))

    def chart(self, look: Look | None = None) -> BarChart:
        """The largest effects on one task, a bar for each optimizer with its standard deviation over runs.

        Raises:
            EncaveError: there are several tasks, or none.
        """
        tasks = list(dict.fromkeys(group.task for group in self.groups))
        task = one_of(tasks, tasks)
        shown = list({group.optimizer: group for group in self.groups if group.task == task}.values())
        values = {group.optimizer: _by_label(group, group.mean) for group in shown}
        labels = sorted({label for own in values.values() for label in own}, key=lambda label: -_largest(values, label))
        labels = labels[:_SHOWN]
        share = shown[0].method.shares
        factor = 100.0 if share else 1.0
        spreads = {group.optimizer: _by_label(group, group.spread) for group in shown}
        rows, whiskers = (
            {name: factor * np.array([own.get(label, np.nan) for label in labels]) for name, own in each.items()}
            for each in (values, spreads)
        )
        return BarChart(
            title=task,
            xlabel="Share of the variance [%]" if share else f"Gain in {shown[0].objective}",
            footer=self.origins.get(task, ""),
            labels=labels,
            values=rows,
            spreads=whiskers,
            least=0.0 if share else -np.inf,
            styles=(look or Look()).styles(sorted(values)),
        )

    def bias(self) -> ImportanceBias:
        """How far the values are from the exact ones, by number of trials, also of uniform samples.

        Raises:
            EncaveError: no run searched a table that is known, see `truth` of `encave.importance`.

        Example:
            >>> encave.importance(runs[:2]).bias()
            Traceback (most recent call last):
                ...
            encave.errors.EncaveError: no run searched a table that is known, so there is no truth to compare with
        """
        from ..importance.bias import estimate_bias, uniform_groups

        found = estimate_bias((*self.groups, *uniform_groups(self.groups)))
        if not found:
            raise EncaveError("no run searched a table that is known, so there is no truth to compare with")
        return ImportanceBias(found)


def _by_label(group: GroupImportance, values: Any) -> dict[str, float]:
    return {group.label(k): float(value) for k, value in enumerate(values)}


def _largest(values: dict[str, dict[str, float]], label: str) -> float:
    return max(abs(own.get(label, 0.0)) for own in values.values())


def importance(
    runs: Iterable[Run],
    *,
    method: Name = "fanova",
    objective: str | None = None,
    budget: float | str | None = None,
    order: int = 2,
    game: Game = "ablation",
    first: Sequence[int] = (),
    truth: Truth | None = None,
) -> Importances:
    """Which hyperparameters matter, from a forest on the trials of each run, averaged over the runs of an optimizer.

    Args:
        runs: The runs.
        method: `fanova`: variance over the space (Hutter, Hoos and Leyton-Brown, ICML 2014); `lpi`: variance around the
            incumbent; `ablation`: path from the default to the incumbent; `shapley`: Shapley values of `game`.
        objective: Objective to explain, or `all`; None: the first of each run.
        budget: Trials at this budget, or `all`; None: the highest of each run.
        order: Most hyperparameters whose joint effect is computed.
        game: The game of Shapley values: `ablation`, `tunability`, `sensitivity` or `variance`.
        first: From so many of the first trials of each run, e.g. `(16, 32, 64)`, and from all; empty: only from all.
        truth: Gives the complete table that a run searched, or None.

    Raises:
        EncaveError: there are no runs, no run has the objective, or there is no such method, game or budget.

    Example:
        >>> found = encave.importance(runs.where(task="mlp", optimizer="DEHB", seed=0))
        >>> sorted(row["effect"] for row in found.records())
        ['first', 'first × second', 'second']
    """
    how = Method(name=method, order=order, game=game)
    if isinstance(budget, str):
        check_choice("budget", budget, (ALL,))
    check_type("what is given as first", first, Sequence, "like (16, 32, 64)")
    sections = view_runs(several_runs(runs)).sections
    check_has_objective(sections, None if objective == ALL else objective)
    found = group_importance(sections, objective=objective, budget=budget, method=how, first=first, truth=truth)
    return Importances(*found, origins_of(sections))


@dataclass(frozen=True, eq=False, repr=False)
class ImportanceBias(Result):
    """How far estimated importances are from the truth, by number of trials.

    Example:
        >>> from encave.analysis import ImportanceBias
        >>> ImportanceBias(()).table().column_names[-2:]
        ['bias', 'bias_std']
    """

    found: tuple[Bias, ...]
    """One for each optimizer on each task."""

    def table(self) -> pa.Table:
        """One row per effect at each number of trials of each optimizer; errors are over all effects of a size.

        `task`, `optimizer`, `objective`, `budget`; `trials`, `runs`, `effect`; `r2` out of bag; `error_of_singles` and
        `error_of_pairs`: mean absolute difference from the exact share, with `…_std` over runs; `exact` share; `bias`
        of this effect, `bias_std`.
        """
        numbers = (
            "r2", "error_of_singles", "error_of_singles_std", "error_of_pairs", "error_of_pairs_std", "exact", "bias",
            "bias_std",
        )  # fmt: skip
        return table_of(
            {**AT, "trials": "int64", "runs": "int64", "effect": "string", **dict.fromkeys(numbers, "float64")},
            (
                (
                    *(one.task, one.optimizer, one.objective, one.budget, int(one.trials[k]), int(one.runs[k])),
                    one.label(j),
                    *_rounded(one.r2[k], one.single_error[k], one.single_spread[k], one.pair_error[k]),
                    *_rounded(one.pair_spread[k], one.exact[j], one.bias[k, j], one.bias_spread[k, j]),
                )
                for one in self.found
                for k in range(len(one.trials))
                for j in range(len(one.subsets))
            ),
        )


def _rounded(*values: float) -> tuple[float, ...]:
    """Without the last digits, in which matrix products differ from one process to the next."""
    return tuple(round(float(value), _DIGITS) for value in values)
