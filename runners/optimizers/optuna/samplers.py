"""Optuna's samplers through its ask/tell interface: TPE and NSGA-II.

Sources: Akiba et al., "Optuna" (KDD 2019); Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (NeurIPS
2011) for TPE; Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II" (IEEE Transactions on
Evolutionary Computation, 2002). The study lives in memory; every trial that is told goes, with simulated times, to an
Optuna journal.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from ....files.optional import needs
from ..adapter import EvaluationResult, Flag, OptimizerAdapter, Problem, Proposal

JOURNAL_FILE = "optuna_journal.log"
START = datetime(2000, 1, 1, tzinfo=timezone.utc)  # of the simulated clock, for Optuna's own time stamps; any will do


class _Optuna(OptimizerAdapter):
    """A study with one of Optuna's samplers.

    Raises:
        EncaveError: the space has what Optuna's distributions do not express.
    """

    package: ClassVar[str] = "optuna"
    extra: ClassVar[str | None] = "optuna"
    multi_objective: ClassVar[bool] = True
    initial: ClassVar[str]
    """The flag that says how many completed trials the sampler needs before it does more than draw at random."""

    def __init__(self, problem: Problem) -> None:
        with needs("optuna"):
            import optuna

        from .parts import create_journal, distributions

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        flags: dict[str, Any] = self.default_flags() | dict(problem.flags)
        self._budget = problem.budget
        self._initial: int = flags[self.initial]
        self._told = 0
        self._origins: dict[int, str] = {}  # of the proposals that are open
        self._distributions = distributions(problem.space)
        directions = [optuna.study.StudyDirection.MINIMIZE] * len(problem.objectives)
        self._study = optuna.create_study(sampler=self._sampler(problem.seed, flags), directions=directions)
        self._journal = create_journal(problem.folder / JOURNAL_FILE, problem.seed, directions)
        self._journal.set_metric_names(list(problem.objectives))
        self.settings: Mapping[str, Any] = {"sampler": type(self._study.sampler).__name__, **flags}

    def ask(self) -> Proposal:
        """The sampler's next configuration."""
        trial = self._study.ask(self._distributions)
        self._origins[trial.number] = "initial" if self._told < self._initial else "sampler"
        return Proposal(dict(trial.params), self._budget, trial.number)

    def tell(self, proposal: Proposal, result: EvaluationResult) -> None:
        """Tell the sampler the values, and the journal all of the trial."""
        trial = self._study.tell(proposal.token, list(result.costs))
        trial.datetime_start = START + timedelta(seconds=result.start)
        trial.datetime_complete = START + timedelta(seconds=result.end)
        times = {"start": result.start, "end": result.end, "worker": result.worker, "budget": proposal.budget}
        trial.user_attrs = {**trial.user_attrs, **times, "asked": proposal.token, **result.info}
        trial.user_attrs["origin"] = self._origins.pop(proposal.token)
        self._journal.add_trial(trial)
        self._told += 1

    def finish(self) -> None:
        """Nothing: the journal is complete."""

    @abstractmethod
    def _sampler(self, seed: int, flags: Mapping[str, Any]) -> Any: ...


class TPE(_Optuna):
    """Tree-structured Parzen estimator; for several objectives, its multi-objective form."""

    label: ClassVar[str] = "TPE"
    initial: ClassVar[str] = "startup"
    flags: ClassVar[Mapping[str, Flag]] = {"startup": 10, "candidates": 24, "multivariate": ("no", "yes")}

    def _sampler(self, seed: int, flags: Mapping[str, Any]) -> Any:
        from optuna.samplers import TPESampler

        return TPESampler(
            n_startup_trials=flags["startup"],
            n_ei_candidates=flags["candidates"],
            multivariate=flags["multivariate"] == "yes",
            seed=seed,
        )


class NSGA2(_Optuna):
    """NSGA-II with uniform crossover."""

    label: ClassVar[str] = "NSGA-II"
    initial: ClassVar[str] = "population"
    flags: ClassVar[Mapping[str, Flag]] = {"population": 50, "crossover": 0.9}

    def _sampler(self, seed: int, flags: Mapping[str, Any]) -> Any:
        from optuna.samplers import NSGAIISampler

        return NSGAIISampler(population_size=flags["population"], crossover_prob=flags["crossover"], seed=seed)
