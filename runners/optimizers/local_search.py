"""Local search: steps to the first better neighbour, and a restart at random from a local optimum.

Source: White, Nolen & Savani, "Exploring the Loss Landscape in Neural Architecture Search" (UAI 2021), algorithm 1 with
its variants "query until lower" (`step=first`) and "query all" (`step=best`).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from .adapter import EvaluationResult, Flag, OptimizerAdapter, Problem, Proposal
from .categorical import categories, sample
from .trial_log import TrialLog


class _Start(NamedTuple):
    """A configuration whose neighbours are tried."""

    trial: int
    config: Mapping[str, Any]
    cost: float


class _Token(NamedTuple):
    trial: int
    origin: str
    parent: int | None


class LocalSearch(OptimizerAdapter):
    """Local search over a space of choices; the neighbours of a configuration differ in one value.

    Neighbours are tried in random order. A start is left for the first of them that is better (`step=first`), or for
    the best once all are known (`step=best`); where none is better, the search starts anew at random. With several
    workers the neighbours that are in flight then still count, if they are better than where the search is.

    Raises:
        EncaveError: the space has something else than choices.
    """

    label: ClassVar[str] = "LS"
    package: ClassVar[str] = "encave"
    flags: ClassVar[Mapping[str, Flag]] = {"step": ("first", "best")}

    def __init__(self, problem: Problem) -> None:
        self._choices = categories(problem.space)
        self._first = (self.default_flags() | dict(problem.flags))["step"] == "first"
        self._budget = problem.budget
        self._rng = random.Random(problem.seed)
        self._asked = 0
        self._open = 0  # neighbours of the current start that are in flight
        self._start: _Start | None = None
        self._better: _Start | None = None
        self._waiting: deque[dict[str, Any]] = deque()
        self._log = TrialLog(problem.folder, problem.objectives)
        self.settings: Mapping[str, Any] = {"step": "first" if self._first else "best"}

    def ask(self) -> Proposal:
        """The next neighbour, or a random configuration while there is no start."""
        if self._start is None or not self._waiting:
            config, token = sample(self._choices, self._rng), _Token(self._asked, "random", None)
        else:
            config, token = self._waiting.popleft(), _Token(self._asked, "neighbour", self._start.trial)
            self._open += 1
        self._asked += 1
        return Proposal(config, self._budget, token)

    def tell(self, proposal: Proposal, result: EvaluationResult) -> None:
        """Log the trial and step, stay, or give the start up."""
        token: _Token = proposal.token
        told = _Start(token.trial, proposal.config, result.cost)
        self._log.write(token.trial, proposal, result, token.origin, token.parent)
        if self._start is None:
            self._move(told)
            return
        if token.parent == self._start.trial:
            self._open -= 1
        if result.cost < (self._better or self._start).cost:
            self._better = told
        used_up = not self._waiting and not self._open
        if self._better is not None and (self._first or used_up):
            self._move(self._better)
        elif used_up:
            self._start = None

    def finish(self) -> None:
        """Close the log."""
        self._log.close()

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _move(self, start: _Start) -> None:
        self._start, self._better, self._open = start, None, 0
        neighbours = [
            {**start.config, name: other}
            for name, values in self._choices.items()
            for other in values
            if other != start.config[name]
        ]
        self._rng.shuffle(neighbours)
        self._waiting = deque(neighbours)
