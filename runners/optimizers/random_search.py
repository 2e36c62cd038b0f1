"""Random search: every configuration uniformly at random, with replacement."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, ClassVar

from .adapter import EvaluationResult, OptimizerAdapter, Problem, Proposal
from .categorical import categories, sample
from .trial_log import TrialLog


class RandomSearch(OptimizerAdapter):
    """Random search over a space of choices.

    Raises:
        EncaveError: the space has something else than choices.
    """

    label: ClassVar[str] = "Random"
    package: ClassVar[str] = "encave"
    multi_objective: ClassVar[bool] = True

    def __init__(self, problem: Problem) -> None:
        self._choices = categories(problem.space)
        self._budget = problem.budget
        self._rng = random.Random(problem.seed)
        self._asked = 0
        self._log = TrialLog(problem.folder, problem.objectives)
        self.settings: Mapping[str, Any] = {"replacement": True}

    def ask(self) -> Proposal:
        """A configuration at random."""
        proposal = Proposal(sample(self._choices, self._rng), self._budget, self._asked)
        self._asked += 1
        return proposal

    def tell(self, proposal: Proposal, result: EvaluationResult) -> None:
        """Log the trial."""
        self._log.write(proposal.token, proposal, result, origin="random")

    def finish(self) -> None:
        """Close the log."""
        self._log.close()

    def close(self) -> None:
        """Close the log."""
        self._log.close()
