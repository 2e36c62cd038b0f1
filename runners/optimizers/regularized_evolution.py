"""Regularized (aging) evolution and its published variants.

Source: Real, Aggarwal, Huang & Le, "Regularized Evolution for Image Classifier Architecture Search" (AAAI 2019),
algorithm 1; population 10 and sample size 3 drawn with replacement as in NATS-Bench (Dong et al. 2021). The flags of
other papers and codes are in docs/optimizers.md.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from ...errors import EncaveError
from .adapter import EvaluationResult, Flag, OptimizerAdapter, Problem, Proposal
from .categorical import Categories, categories, sample
from .mutation import MUTATIONS
from .trial_log import TrialLog


class _Member(NamedTuple):
    """An evaluated configuration that may become a parent."""

    trial: int
    config: Mapping[str, Any]
    cost: float


class _Birth(NamedTuple):
    """Where a proposal comes from."""

    trial: int
    origin: str
    parent: int | None
    rival: _Member | None


class RegularizedEvolution(OptimizerAdapter):
    """Evolution over a space of choices, by default aging evolution.

    The first `population` proposals are random. Then `sample` members are drawn from the population, with replacement
    or without, the best of them is copied with a mutation (`mutation`; with probability `identity` without any), and
    the child enters the population once it is evaluated. In its place the oldest member dies (`death=oldest`, aging
    evolution), or the worst of all (`worst`), or the worst of those drawn (`loser`, the tournament selection of Real et
    al., ICML 2017). With several workers a child is bred from whoever has been evaluated by then.

    Raises:
        EncaveError: the space has something else than choices, or the flags do not fit together.
    """

    label: ClassVar[str] = "RE"
    package: ClassVar[str] = "encave"
    flags: ClassVar[Mapping[str, Flag]] = {
        "population": 10,
        "sample": 3,
        "replacement": ("yes", "no"),
        "death": ("oldest", "worst", "loser"),
        "mutation": ("node", "edge", "each"),
        "identity": 0.0,
    }

    def __init__(self, problem: Problem) -> None:
        flags: dict[str, Any] = self.default_flags() | dict(problem.flags)
        self._size: int = flags["population"]
        self._sample: int = flags["sample"]
        self._replacement, self._death, self._identity = (
            flags["replacement"] == "yes",
            flags["death"],
            flags["identity"],
        )
        if not (self._size >= 1 and self._sample >= 1 and self._identity < 1):
            raise EncaveError("population and sample are at least 1, and identity is a probability below 1")
        if not self._replacement and self._sample > self._size:
            raise EncaveError(f"{self._sample} of a population of {self._size} cannot be drawn without replacement")
        self._choices: Categories = categories(problem.space)
        self._budget = problem.budget
        self._rng = random.Random(problem.seed)
        groups = problem.groups or (tuple(self._choices),)
        self._mutate = MUTATIONS[flags["mutation"]](self._choices, groups, self._rng)
        self._population: list[_Member] = []  # the oldest first
        self._asked = 0
        self._log = TrialLog(problem.folder, problem.objectives)
        self.settings: Mapping[str, Any] = {**flags, "groups": [list(group) for group in groups]}

    def ask(self) -> Proposal:
        """A random configuration until the population is full, then a mutated one."""
        trial = self._asked
        self._asked += 1
        if trial < self._size or not self._population:
            return Proposal(sample(self._choices, self._rng), self._budget, _Birth(trial, "initial", None, None))
        drawn = self._draw()
        parent = min(drawn, key=_cost)
        rival = max(drawn, key=_cost) if self._death == "loser" else None
        if self._identity and self._rng.random() < self._identity:
            config, origin = parent.config, "identity"
        else:
            config, origin = self._mutate(parent.config), "mutation"
        return Proposal(config, self._budget, _Birth(trial, origin, parent.trial, rival))

    def tell(self, proposal: Proposal, result: EvaluationResult) -> None:
        """Let the configuration live and, if the population is full, another one die."""
        birth: _Birth = proposal.token
        self._population.append(_Member(birth.trial, proposal.config, result.cost))
        if len(self._population) > self._size:
            self._let_die(birth.rival)
        self._log.write(birth.trial, proposal, result, birth.origin, birth.parent)

    def finish(self) -> None:
        """Close the log."""
        self._log.close()

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _draw(self) -> list[_Member]:
        if self._replacement:
            return self._rng.choices(self._population, k=self._sample)
        return self._rng.sample(self._population, min(self._sample, len(self._population)))

    def _let_die(self, rival: _Member | None) -> None:
        if self._death == "worst":
            rival = max(self._population, key=_cost)
        if rival is not None and rival in self._population:  # with several workers a rival may be dead already
            self._population.remove(rival)
        else:
            del self._population[0]


def _cost(member: _Member) -> float:
    return member.cost
