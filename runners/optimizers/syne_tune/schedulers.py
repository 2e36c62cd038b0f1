"""Syne Tune's schedulers: BORE, and BOHB with asynchronous successive halving.

Sources: Salinas et al., "Syne Tune" (AutoML-Conf 2022); Tiao et al., "BORE" (ICML 2021); Falkner, Klein & Hutter,
"BOHB" (ICML 2018): its kernel density estimators, here on the asynchronous brackets of Li et al. (MLSys 2020).
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import deque
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from ....files.optional import needs
from ..adapter import EvaluationResult, OptimizerAdapter, Problem, Proposal
from ..categorical import categories
from .log import BUDGET, SyneTuneLog

_CREATED = datetime(2000, 1, 1)  # of every trial; Syne Tune does not decide by it


class _SyneTune(OptimizerAdapter):
    """A scheduler of Syne Tune on a space of choices; a trial that goes on to the next budget is trained anew.

    Raises:
        EncaveError: the package is not installed, or the space has something else than choices.
    """

    package: ClassVar[str] = "syne-tune"
    extra: ClassVar[str | None] = "syne-tune"

    def __init__(self, problem: Problem) -> None:
        choice = _syne_tune("config_space").choice
        self._new_trial = _syne_tune("backend.trial_status").Trial
        self._objective = problem.objective
        self._random = np.random.RandomState(problem.seed).get_state()
        space = {name: choice(list(values)) for name, values in categories(problem.space).items()}
        with self._randomness():
            self._scheduler = self._make(space, problem)
        self._waiting: deque[tuple[Any, float]] = deque()
        self._trials = 0
        self._log = SyneTuneLog(problem, self._scheduler.metadata())
        self.settings: Mapping[str, Any] = {"scheduler": type(self._scheduler).__name__, "budgets": self._budgets}

    def ask(self) -> Proposal:
        """The next budget of a trial that goes on, else a new trial."""
        if self._waiting:
            trial, budget = self._waiting.popleft()
        else:
            with self._randomness():
                config = self._scheduler.suggest().config
                trial, budget = self._new_trial(self._trials, config, _CREATED), self._budgets[0]
                self._scheduler.on_trial_add(trial)
            self._trials += 1
        return Proposal(trial.config, budget, trial)

    def tell(self, proposal: Proposal, result: EvaluationResult) -> None:
        """Report the result, log it, and let the scheduler decide whether the trial goes on."""
        trial, budget = proposal.token, proposal.budget or 0.0
        report = {self._objective: result.cost, BUDGET: budget}
        with self._randomness():
            if len(self._budgets) == 1:
                self._scheduler.on_trial_complete(trial, report)
                decision = "CONTINUE"
            else:
                decision = self._scheduler.on_trial_result(trial, report)
        further = [other for other in self._budgets if other > budget] if decision == "CONTINUE" else []
        if further:
            self._waiting.append((trial, further[0]))
        self._log.write(trial.trial_id, proposal, result, decision)

    def finish(self) -> None:
        """Write the files."""
        self._log.close()

    @abstractmethod
    def _make(self, space: dict[str, Any], problem: Problem) -> Any:
        """The scheduler; sets `_budgets`, ascending."""

    _budgets: list[float]

    @contextmanager
    def _randomness(self) -> Generator[None]:
        """NumPy's global generator, which Syne Tune draws configurations from, is this run's own within."""
        before = np.random.get_state()
        np.random.set_state(self._random)
        try:
            yield
        finally:
            self._random = np.random.get_state()
            np.random.set_state(before)


class BORE(_SyneTune):
    """Bayesian optimization by density-ratio estimation, with XGBoost."""

    label: ClassVar[str] = "BORE"

    def _make(self, space: dict[str, Any], problem: Problem) -> Any:
        self._budgets = [problem.budget]
        return _syne_tune("optimizer.baselines").BORE(
            space, problem.objective, do_minimize=True, random_seed=problem.seed
        )


class BOHB(_SyneTune):
    """BOHB's kernel density estimators with asynchronous successive halving."""

    label: ClassVar[str] = "BOHB"
    multi_fidelity: ClassVar[bool] = True

    def _make(self, space: dict[str, Any], problem: Problem) -> Any:
        low, high = problem.budget_range
        rungs = int(math.log(high / low) / math.log(problem.eta))
        scheduler = _syne_tune("optimizer.baselines").BOHB(
            space,
            problem.objective,
            time_attr=BUDGET,
            max_t=high,
            grace_period=high / problem.eta**rungs,
            reduction_factor=problem.eta,
            do_minimize=True,
            random_seed=problem.seed,
        )
        self._budgets = sorted({high, *(milestone for milestone, _ in scheduler.brackets[0].rungs if milestone < high)})
        return scheduler


def _syne_tune(module: str) -> Any:
    """A module of Syne Tune, which is an extra."""
    with needs("syne-tune"):
        return import_module(f"syne_tune.{module}")
