"""What the columns of a run say, as numpy: values, costs, budgets, and which trials may be the incumbent."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..errors import EncaveError
from .arrays import is_plain, plain_numbers
from .equality import same_table
from .header import RunHeader
from .trials import COST, Objective, Status, is_one_of

_T = TypeVar("_T")
_Run = TypeVar("_Run", bound="RunColumns")
WORKED_OUT = "_known"
"""Attribute of a run that holds what was worked out of it: no part of it, and not handed on."""


class RunColumns(RunHeader):
    """The trials and configurations of a run, which `Run` makes and checks."""

    trials: pa.Table
    """One row per trial."""
    configurations: pa.Table
    """One row per configuration."""
    space_json: dict[str, Any]
    """The configuration space, as ConfigSpace serializes it."""

    def __len__(self) -> int:
        return self.trials.num_rows

    def same_trials(self, other: RunColumns) -> bool:
        """Whether both have the same trials and configurations, whatever else is known of them; NaN equals NaN.

        Example:
            >>> runs[0].same_trials(runs[0].labelled("DEHB (ours)")), runs[0].same_trials(runs[1])
            (True, False)
        """
        return same_table(self.trials, other.trials) and same_table(self.configurations, other.configurations)

    def column(self, name: str) -> NDArray[Any]:
        """One column of the trials as numpy, shape (n,), read-only; null is NaN in numbers and None in text.

        Raises:
            EncaveError: there is no such column.

        Example:
            >>> runs[0].column("end")[:3].tolist()
            [1.0, 2.0, 3.0]
        """
        known = self._worked_out()
        if name in known:
            return known[name]
        if name not in self.trials.column_names:
            raise EncaveError(f"run {self.name}: no column {name!r}; there are {', '.join(self.trials.column_names)}")
        column = self.trials[name]
        values = plain_numbers(column) if is_plain(column.type) else column.to_numpy()
        if values.dtype != object:  # texts take many times the memory that they have in Arrow
            values.flags.writeable = False
            known[name] = values
        return values

    def once(self: _Run, make: Callable[[_Run], _T]) -> _T:
        """What `make` gives for the run, worked out the first time only, since a run does not change.

        Example:
            >>> runs[0].once(len)
            30
        """
        known = self._worked_out()
        if make not in known:
            known[make] = make(self)
        return known[make]

    def _worked_out(self) -> dict[Any, Any]:
        return self.__dict__.setdefault(WORKED_OUT, {})

    def cost(self, objective: str | None = None) -> NDArray[np.float64]:
        """Minimised value of an objective (default: the first), shape (n,): negated if more is better, NaN if none.

        Example:
            >>> runs[0].cost("size").shape
            (30,)
        """
        chosen = self.objective(objective)
        values = self.column(COST + chosen.name).astype(np.float64)
        return -values if chosen.direction == "maximize" else values

    def infeasible(self) -> NDArray[np.bool_]:
        """Whether each trial succeeded and is known to violate a constraint, shape (n,).

        Example:
            >>> int(runs[0].infeasible().sum())
            0
        """
        if "feasible" not in self.trials.column_names:
            return np.zeros(len(self), dtype=bool)
        wrong = pc.invert(pc.fill_null(self.trials["feasible"], True))
        return wrong.to_numpy() & is_one_of(self.trials["status"], {Status.SUCCESS.value})

    def able(self, objective: str | None = None) -> NDArray[np.bool_]:
        """Whether each trial may be the incumbent, shape (n,): it succeeded, and is not known to be infeasible.

        Every trial is an evaluation, whether it may be the incumbent or not.

        Example:
            >>> len(runs[0]), int(runs[0].able().sum())
            (30, 29)
        """
        return ~np.isnan(self.cost(objective)) & ~self.infeasible()

    def objective(self, name: str | None = None) -> Objective:
        """The objective of this name; the first without one.

        Raises:
            EncaveError: there is no such objective.

        Example:
            >>> runs[0].objective().name, runs[0].objective("size").unit
            ('loss', 'MB')
        """
        for objective in self.objectives:
            if name is None or objective.name == name:
                return objective
        raise EncaveError(f"run {self.name}: no objective {name!r}; there are {[o.name for o in self.objectives]}")

    @property
    def evaluation(self) -> NDArray[np.float64]:
        """How many evaluations the run had made when each trial ended, shape (n,); NaN where the log does not say.

        Example:
            >>> runs[0].evaluation.shape
            (30,)
        """
        return self._where_told("evaluation")

    def spent(self) -> NDArray[np.float64]:
        """What each trial cost in units of its budget, shape (n,); NaN without a budget.

        Of a trial that continues another of the run at no higher budget that is the difference, else all of its budget.

        Example:
            >>> float(runs[0].spent().sum())
            60.0
        """
        budget = self.column("budget").astype(np.float64)
        if "continues" not in self.trials.column_names:
            return budget
        row = pc.index_in(self.trials["continues"], value_set=self.trials["trial_id"].combine_chunks())
        known = pc.is_valid(row).to_numpy()
        before = np.where(known, budget[pc.fill_null(row, 0).to_numpy()] if len(budget) else budget, 0.0)
        return budget - np.where(before <= budget, before, 0.0)  # no difference where a budget is not known

    @property
    def penalty(self) -> NDArray[np.float64]:
        """What each failed trial counts with where evaluations are averaged, shape (n,); as logged, NaN without.

        Example:
            >>> runs[0].penalty.shape
            (30,)
        """
        return self._where_told("penalty")

    def _where_told(self, name: str) -> NDArray[np.float64]:
        known = name in self.trials.column_names
        return self.column(name).astype(np.float64) if known else np.full(len(self), np.nan)

    @property
    def hyperparameters(self) -> tuple[str, ...]:
        """Names of the hyperparameters, in the order of the configurations' columns.

        Example:
            >>> runs[0].hyperparameters
            ('first', 'second')
        """
        return tuple(self.configurations.column_names[1:])

    @property
    def space_digest(self) -> str:
        """Hash of the names and ranges of the hyperparameters, whatever their order.

        Example:
            >>> runs[0].space_digest == runs[1].space_digest
            True
        """
        own = sorted(
            json.dumps(one, sort_keys=True, default=str) for one in self.space_json.get("hyperparameters") or ()
        )
        return hashlib.blake2b(json.dumps(own).encode(), digest_size=16).hexdigest()

    @property
    def budgets(self) -> tuple[float, ...]:
        """Budgets of the trials, ascending; empty if the optimizer knows none.

        Example:
            >>> runs[0].budgets
            (1.0, 3.0)
        """
        return tuple(sorted(pc.unique(self.trials["budget"].drop_null()).to_pylist()))

    def status_counts(self) -> dict[str, int]:
        """Status → number of trials, in the order of `Status`, without zeros.

        Example:
            >>> runs[0].status_counts()
            {'success': 29, 'crashed': 1}
        """
        counts = {each["values"]: each["counts"] for each in self.trials["status"].value_counts().to_pylist()}
        return {one.value: counts[one.value] for one in Status if one.value in counts}
