"""The event loop: an optimizer on a simulated clock with any number of simulated workers.

Time passes only in evaluations. At time 0 every worker asks, in order of its number; from then on the evaluation that
ends next is told (of several that end at once, the one that was proposed first), and then its worker asks again. With
several workers this is the asynchronous scheme: nobody waits for the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from time import perf_counter
from typing import Any, TypeAlias

from ...errors import EncaveError
from ..optimizers.adapter import EvaluationResult, OptimizerAdapter, Proposal
from .limit import Limit

REPORT_EVERY = 0.1
"""Seconds of real time between two reports of progress."""


@dataclass(frozen=True, slots=True)
class SimulatedEvaluation:
    """What evaluating one configuration gives."""

    cost: float
    """The minimised objective, or the first of several."""

    seconds: float
    """Simulated duration, more than 0."""

    info: Mapping[str, float]
    """Measured beside the objectives, for the log only."""

    more_costs: tuple[float, ...] = ()
    """The further objectives."""

    modelled: bool = False
    """Whether the cost is a model's and was not measured."""


Evaluate: TypeAlias = Callable[[Mapping[str, Any], float | None], SimulatedEvaluation]
"""From a configuration and a budget to its evaluation."""

Report: TypeAlias = Callable[[float, int], None]
"""Told the simulated seconds and the number of completed evaluations so far."""


@dataclass(frozen=True)
class Simulation:
    """How a run went."""

    seconds: float
    """Simulated time at which the last evaluation that counts ended."""

    evaluations: int
    """Number of completed evaluations."""

    unfinished: int
    """Evaluations that began but would have ended after the limit; they were never told."""

    exhausted: bool
    """Whether the run ended before its limit, since the optimizer had nothing more to propose."""

    overhead_seconds: float
    """Real time that the optimizer itself took."""

    modelled: int
    """Completed evaluations of which the cost is a model's."""


def simulate(
    optimizer: OptimizerAdapter, evaluate: Evaluate, limit: Limit, *, workers: int = 1, report: Report | None = None
) -> Simulation:
    """Run an optimizer up to a limit.

    Raises:
        EncaveError: an evaluation gave no finite cost or took no time.
    """
    loop = _Loop(optimizer, evaluate, limit)
    for worker in range(workers):
        loop.start(worker)
    reported = perf_counter()
    while loop.running:
        loop.complete_next()
        if report is not None and perf_counter() - reported >= REPORT_EVERY:
            reported = perf_counter()
            report(loop.clock, loop.completed)
    if report is not None:
        report(loop.clock, loop.completed)
    return loop.simulation()


class _Loop:
    def __init__(self, optimizer: OptimizerAdapter, evaluate: Evaluate, limit: Limit) -> None:
        self.optimizer = optimizer
        self.evaluate = evaluate
        self.deadline = math.inf if limit.simulated_seconds is None else limit.simulated_seconds
        self.most = math.inf if limit.evaluations is None else limit.evaluations
        self.clock = 0.0
        self.begun = 0
        self.completed = 0
        self.unfinished = 0
        self.modelled = 0
        self.overhead = 0.0
        self.idle: list[int] = []
        self.running: list[tuple[float, int, Proposal, EvaluationResult, bool]] = []

    def start(self, worker: int) -> None:
        """Give a free worker something to evaluate, if there still is something."""
        if self.begun >= self.most or self.clock >= self.deadline:
            return
        before = perf_counter()
        proposal = self.optimizer.ask()
        self.overhead += perf_counter() - before
        if proposal is None:
            self.idle.append(worker)
            return
        evaluation = self.evaluate(proposal.config, proposal.budget)
        if not (0 < evaluation.seconds < math.inf and math.isfinite(evaluation.cost + sum(evaluation.more_costs))):
            raise EncaveError(
                f"evaluation {self.begun} of {dict(proposal.config)} gave {evaluation}; nothing can go on from that"
            )
        end = self.clock + evaluation.seconds
        result = EvaluationResult(
            evaluation.cost, evaluation.seconds, self.clock, end, worker, evaluation.info, evaluation.more_costs
        )
        if end <= self.deadline:
            heappush(self.running, (end, self.begun, proposal, result, evaluation.modelled))
        else:
            self.unfinished += 1  # the worker stays busy until after the end
        self.begun += 1

    def complete_next(self) -> None:
        """Tell the evaluation that ends next and give its worker, and any idle one, something new."""
        self.clock, _, proposal, result, modelled = heappop(self.running)
        before = perf_counter()
        self.optimizer.tell(proposal, result)
        self.overhead += perf_counter() - before
        self.completed += 1
        self.modelled += modelled
        self.start(result.worker)
        if self.idle:
            waiting, self.idle = sorted(self.idle), []
            for worker in waiting:
                self.start(worker)

    def simulation(self) -> Simulation:
        reached = self.begun >= self.most or self.unfinished > 0 or self.clock >= self.deadline
        return Simulation(self.clock, self.completed, self.unfinished, not reached, self.overhead, self.modelled)
