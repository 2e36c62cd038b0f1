from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.errors import EncaveError
from encave.runners.optimizers.adapter import EvaluationResult, OptimizerAdapter, Proposal
from encave.runners.studies.limit import Limit
from encave.runners.studies.simulate import SimulatedEvaluation, Simulation, simulate


class Script(OptimizerAdapter):
    """Proposes evaluations of given durations and writes down what happens to it."""

    label = "script"
    package = "encave"

    def __init__(self, durations: Sequence[float]) -> None:
        self.durations = list(durations)
        self.asked = 0
        self.events: list[str] = []
        self.told: list[EvaluationResult] = []

    def ask(self) -> Proposal | None:
        if self.asked == len(self.durations):
            return None
        self.events.append(f"ask {self.asked}")
        self.asked += 1
        return Proposal({"duration": self.durations[self.asked - 1]}, None, self.asked - 1)

    def tell(self, proposal: Proposal, result: EvaluationResult) -> None:
        self.events.append(f"tell {proposal.token}")
        self.told.append(result)

    def finish(self) -> None: ...


def evaluate(config: Mapping[str, Any], budget: float | None) -> SimulatedEvaluation:
    return SimulatedEvaluation(1.0, config["duration"], {})


def run(script: Script, workers: int = 1, **limit: float) -> Simulation:
    return simulate(script, evaluate, Limit(**limit), workers=workers)  # type: ignore[arg-type]


def test_one_worker_is_sequential() -> None:
    script = Script([3.0, 1.0, 2.0])
    simulation = run(script, evaluations=3)
    assert script.events == ["ask 0", "tell 0", "ask 1", "tell 1", "ask 2", "tell 2"]
    assert [(result.start, result.end) for result in script.told] == [(0, 3), (3, 4), (4, 6)]
    assert (simulation.seconds, simulation.evaluations, simulation.unfinished, simulation.exhausted) == (6, 3, 0, False)


def test_two_workers_do_not_wait_for_each_other() -> None:
    script = Script([5.0, 1.0, 1.0, 7.0])
    run(script, workers=2, evaluations=4)
    assert script.events == ["ask 0", "ask 1", "tell 1", "ask 2", "tell 2", "ask 3", "tell 0", "tell 3"]
    assert [(result.worker, result.start, result.end) for result in script.told] == [
        (1, 0, 1),
        (1, 1, 2),
        (0, 0, 5),
        (1, 2, 9),
    ]


def test_of_evaluations_that_end_at_once_the_first_proposed_is_told_first() -> None:
    script = Script([2.0, 2.0, 2.0])
    run(script, workers=3, evaluations=3)
    assert script.events[3:] == ["tell 0", "tell 1", "tell 2"]


def test_an_evaluation_that_crosses_the_time_limit_does_not_count() -> None:
    script = Script([4.0, 6.0, 1.0])
    simulation = run(script, simulated_seconds=9.0)
    assert [result.end for result in script.told] == [4.0]
    assert (simulation.seconds, simulation.evaluations, simulation.unfinished, simulation.exhausted) == (4, 1, 1, False)


def test_an_evaluation_that_ends_at_the_time_limit_counts_and_is_the_last() -> None:
    script = Script([4.0, 5.0, 1.0])
    simulation = run(script, simulated_seconds=9.0)
    assert [result.end for result in script.told] == [4.0, 9.0]
    assert (script.asked, simulation.unfinished, simulation.exhausted) == (2, 0, False)


def test_other_workers_go_on_while_one_crosses_the_time_limit() -> None:
    script = Script([20.0, *[3.0] * 9])
    simulation = run(script, workers=2, simulated_seconds=10.0)
    assert [result.end for result in script.told] == [3.0, 6.0, 9.0]
    assert simulation.unfinished == 2


def test_no_more_evaluations_begin_than_may_end() -> None:
    script = Script([1.0] * 99)
    simulation = run(script, workers=4, evaluations=10)
    assert (script.asked, simulation.evaluations, simulation.unfinished) == (10, 10, 0)


def test_an_optimizer_with_nothing_left_ends_the_run() -> None:
    simulation = run(Script([1.0, 1.0]), simulated_seconds=100.0)
    assert (simulation.evaluations, simulation.exhausted) == (2, True)


def test_idle_workers_ask_again_after_a_result() -> None:
    class Barrier(Script):
        def ask(self) -> Proposal | None:
            return None if self.asked == 1 and not self.told else super().ask()

    script = Barrier([5.0, 1.0, 2.0, 3.0])
    simulation = run(script, workers=3, evaluations=4)
    assert (simulation.evaluations, simulation.exhausted) == (4, False)
    assert [(result.worker, result.start) for result in script.told] == [(0, 0.0), (0, 5.0), (1, 5.0), (2, 5.0)]


@pytest.mark.parametrize("evaluation", [(1.0, 0.0), (1.0, -1.0), (1.0, math.nan), (math.nan, 1.0), (math.inf, 1.0)])
def test_an_evaluation_without_cost_or_duration_is_refused(evaluation: tuple[float, float]) -> None:
    with pytest.raises(EncaveError, match="evaluation 0 of"):
        simulate(Script([1.0]), lambda config, budget: SimulatedEvaluation(*evaluation, {}), Limit(evaluations=1))


def test_progress_ends_with_the_final_state() -> None:
    reports: list[tuple[float, int]] = []
    simulate(Script([2.0] * 5), evaluate, Limit(evaluations=5), report=lambda *progress: reports.append(progress))
    assert reports[-1] == (10.0, 5)


@given(
    st.lists(st.floats(0.1, 10), min_size=60, max_size=60),
    st.integers(1, 5),
    st.floats(1, 30),
)
def test_time_never_runs_backwards_and_no_worker_does_two_things(
    durations: list[float], workers: int, limit: float
) -> None:
    script = Script(durations)
    simulation = run(script, workers=workers, simulated_seconds=limit)
    ends = [result.end for result in script.told]
    assert ends == sorted(ends)
    assert all(end <= limit for end in ends)
    assert simulation.evaluations + simulation.unfinished == script.asked
    for worker in range(workers):
        own = [(result.start, result.end) for result in script.told if result.worker == worker]
        assert all(before[1] == after[0] for before, after in pairwise(own))
