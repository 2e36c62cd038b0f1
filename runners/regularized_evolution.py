"""Regularized (aging) evolution.

Source: Real, Aggarwal, Huang & Le, "Regularized Evolution for Image Classifier Architecture Search" (AAAI 2019),
algorithm 1; population 10 and sample size 3 drawn with replacement as in NATS-Bench (Dong et al. 2021).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .adapter import Optimizer, Problem, Proposal, Result
from .categorical import categories, sample
from .trial_log import TrialLog

POPULATION = 10
SAMPLE = 3


@dataclass(frozen=True, slots=True)
class _Member:
    """An evaluated configuration that may become a parent."""

    trial: int
    config: Mapping[str, Any]
    cost: float


@dataclass(frozen=True, slots=True)
class _Birth:
    """Where a proposal comes from."""

    trial: int
    origin: str
    parent: int | None


class RegularizedEvolution(Optimizer):
    """Aging evolution over a space of choices.

    The first `POPULATION` proposals are random. Then `SAMPLE` members are drawn from the population with replacement,
    the best of them is copied with one mutation, and the child takes the place of the oldest member once it is
    evaluated. With several workers a child is bred from whoever has been evaluated by then.

    A mutation draws a group of hyperparameters (a node), then one of the group (an edge into it), then another value of
    it, each uniformly.

    Raises:
        EncaveError: the space has something else than choices.
    """

    label: ClassVar[str] = "RE"
    package: ClassVar[str] = "encave"

    def __init__(self, problem: Problem) -> None:
        self._choices = categories(problem.space)
        self._budget = problem.budget
        self._rng = random.Random(problem.seed)
        self._groups = _mutable(problem.groups or (tuple(self._choices),), self._choices)
        self._population: deque[_Member] = deque(maxlen=POPULATION)
        self._asked = 0
        self._log = TrialLog(problem.folder, problem.objective)
        groups = [list(group) for group in self._groups]
        self.settings: Mapping[str, Any] = {"population": POPULATION, "sample": SAMPLE, "groups": groups}

    def ask(self) -> Proposal:
        """A random configuration until the population is full, then a mutated one."""
        if self._asked < POPULATION or not self._population:
            config, origin, parent = sample(self._choices, self._rng), "random", None
        else:
            chosen = self._parent()
            config, origin, parent = self._mutate(chosen.config), "mutation", chosen.trial
        proposal = Proposal(config, self._budget, _Birth(self._asked, origin, parent))
        self._asked += 1
        return proposal

    def tell(self, proposal: Proposal, result: Result) -> None:
        """Let the configuration live and, if the population is full, the oldest one die."""
        birth: _Birth = proposal.token
        self._population.append(_Member(birth.trial, proposal.config, result.cost))
        self._log.write(birth.trial, proposal, result, origin=birth.origin, parent=birth.parent)

    def finish(self) -> None:
        """Close the log."""
        self._log.close()

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _parent(self) -> _Member:
        size = len(self._population)
        drawn = [self._population[self._rng.randrange(size)] for _ in range(SAMPLE)]
        return min(drawn, key=lambda member: member.cost)

    def _mutate(self, config: Mapping[str, Any]) -> dict[str, Any]:
        name = self._rng.choice(self._rng.choice(self._groups))
        others = [value for value in self._choices[name] if value != config[name]]
        return {**config, name: self._rng.choice(others)}


def _mutable(
    groups: tuple[tuple[str, ...], ...], choices: Mapping[str, tuple[Any, ...]]
) -> tuple[tuple[str, ...], ...]:
    """The groups without hyperparameters that have one value only."""
    kept = (tuple(name for name in group if len(choices[name]) > 1) for group in groups)
    return tuple(group for group in kept if group)
