"""The runs behind a reproduced figure: simulated like any other, but only what is reported of them is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ...run import nasbench201_space as space
from ..benchmarks.incumbent import incumbents
from ..benchmarks.nasbench201.task import DATASETS
from ..benchmarks.nasbench201.training_seeds import SeedAccuracies, seed_accuracies
from ..optimizers.adapter import load
from ..optimizers.quiet import quiet
from ..studies.execute import RunSpec, problem_of, told_by
from ..studies.limit import Limit
from ..studies.objective import Objectives
from ..studies.simulate import SimulatedEvaluation, simulate
from .published import (
    DEHB,
    DEHB_PAPER,
    NATS_BENCH,
    SECONDS,
    TEST,
    TRAJECTORY,
    VALID,
    Publication,
    moments_of,
    regret_quantity,
    trajectory_quantity,
)

Measured = Mapping[tuple[str, str], float]
"""(dataset, quantity) → what one run gave."""


Reward = Callable[[Mapping[str, Any]], float]
"""Configuration → validation error that the optimizer is told."""


@dataclass(frozen=True)
class Block:
    """Runs of one optimizer on one dataset with consecutive seeds."""

    adapter: str
    """One of `adapter.ADAPTERS`."""

    dataset: str
    """Dataset that is searched on."""

    first: int
    """First seed."""

    count: int
    """Number of seeds."""


@dataclass(frozen=True)
class Work:
    """Does a block of runs; the table stays open from one block to the next."""

    publication: Publication
    """Whose protocol."""

    benchmark: str
    """As `open_benchmark` takes it."""

    one_seed: bool = True
    """Whether a search by simulated time is rewarded with one training seed drawn at random, or with the mean."""

    objectives: Objectives = field(default_factory=Objectives)
    """Opened once for all blocks of a process."""

    _seeds: dict[str, SeedAccuracies] = field(default_factory=dict[str, SeedAccuracies], repr=False)

    def __call__(self, block: Block, report: Callable[[Any], None]) -> list[Measured] | EncaveError:
        """What each run of the block gave, by seed; an error is returned, since `dispatch` wants no raising."""
        one = {DEHB.name: self._final_errors, DEHB_PAPER.name: self._regrets}.get(
            self.publication.name, self._accuracies
        )
        seeds = range(block.first, block.first + block.count)
        try:
            with tempfile.TemporaryDirectory(prefix="encave-reproduce-") as folder:
                return [one(block, seed, Path(folder) / str(seed)) for seed in seeds]
        except EncaveError as error:
            return error

    def _accuracies(self, block: Block, seed: int, folder: Path) -> Measured:
        """Accuracies of the incumbent at the end of a run that simulated time ends."""
        allowed = SECONDS[self.publication.name][block.dataset]
        spec = self._spec(block, seed, Limit(simulated_seconds=allowed), 12)
        reward = self._reward_of_one_seed(block.dataset, seed) if self.one_seed else None
        index, cost, seconds = self._run(spec, folder, reward)
        ends = np.cumsum(seconds)
        best = index[incumbents(cost)]
        if self.publication == NATS_BENCH:
            shares = interpolation(ends, allowed)
            datasets: Sequence[str] = (block.dataset,)
        else:
            within = int(np.searchsorted(ends, allowed, side="right"))
            shares, datasets = {within - 1: 1.0}, DATASETS
        measured: dict[tuple[str, str], float] = {}
        for dataset in datasets:
            task = self.objectives.benchmark(self.benchmark).task(dataset)
            for quantity, accuracy in ((VALID, task.valid_accuracy_200), (TEST, task.test_accuracy_200)):
                measured[dataset, quantity] = sum(
                    share * float(accuracy[best[place]]) for place, share in shares.items()
                )
        return measured

    def _final_errors(self, block: Block, seed: int, folder: Path) -> Measured:
        """Lowest error told so far at each published number of evaluations."""
        _, cost, _ = self._run(self._spec(block, seed, Limit(evaluations=TRAJECTORY[-1]), 200), folder)
        best = np.minimum.accumulate(cost)
        return {(block.dataset, trajectory_quantity(count)): float(best[count - 1]) for count in TRAJECTORY}

    def _regrets(self, block: Block, seed: int, folder: Path) -> Measured:
        """Lowest error told by each moment, less the optimum; before the first one all is wrong, as in the scripts."""
        moments = moments_of(block.adapter)
        limit = Limit(simulated_seconds=float(moments[-1]))
        spec = self._spec(block, seed, limit, 200, "seed" if self.one_seed else "mean")
        _, cost, seconds = self._run(spec, folder)
        best = np.minimum.accumulate([100.0, *cost])
        done = np.searchsorted(np.cumsum(seconds), moments, side="right")
        optimum = self.objectives.benchmark(self.benchmark).optimum(block.dataset)["valid_error_200"]
        return {
            (block.dataset, regret_quantity(moment)): float(best[count]) - optimum
            for moment, count in zip(moments, done, strict=True)
        }

    def _spec(self, block: Block, seed: int, limit: Limit, schedule: int, reward: str = "mean") -> RunSpec:
        return RunSpec(
            *(block.adapter, block.dataset, seed, limit), epochs=schedule, benchmark=self.benchmark, reward=reward
        )

    def _reward_of_one_seed(self, dataset: str, seed: int) -> Reward:
        """Validation error of an architecture after 12 epochs, of a training seed drawn at random."""
        if dataset not in self._seeds:
            task = self.objectives.benchmark(self.benchmark).task(dataset)
            self._seeds[dataset] = seed_accuracies(task, two_seeds=dataset == "cifar10")
        known = self._seeds[dataset]
        rng = np.random.default_rng(seed)
        world = rng.standard_normal(space.SIZE)
        return lambda config: 100.0 - known.draw(int(space.to_index(space.to_ops([config]))[0]), world, rng)

    def _run(
        self, spec: RunSpec, folder: Path, reward: Reward | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Official indices, costs and seconds of all evaluations, the one that passes the limit included."""
        benchmark = self.objectives.benchmark(self.benchmark)
        objective = told_by(spec, benchmark, self.objectives.objective(self.benchmark, spec.dataset, spec.schedule))
        configs: list[Mapping[str, Any]] = []
        told: list[tuple[float, float]] = []

        def evaluate(config: Mapping[str, Any], budget: float | None) -> SimulatedEvaluation:
            if budget is not None and self.publication.name == DEHB.name:
                budget = int(budget)  # as HPOBench does; elsewhere it is rounded
            evaluation = objective(config, budget)
            if reward is not None:
                evaluation = replace(evaluation, cost=reward(config))
            configs.append(config)
            told.append((evaluation.cost, evaluation.seconds))
            return evaluation

        folder.mkdir()
        with quiet():
            optimizer = load(spec.adapter)(problem_of(spec, benchmark, folder))
            try:
                simulate(optimizer, evaluate, spec.limit)
            finally:
                optimizer.close()
        cost, seconds = np.array(told).T
        return space.to_index(space.to_ops(configs)), cost, seconds


def interpolation(ends: NDArray[np.float64], budget: float) -> dict[int, float]:
    """Positions of the two evaluations that end nearest to the budget, and the share of each.

    The nearer one has the larger share, as in NATS-Bench's `draw-table.py`.

    Args:
        ends: simulated seconds at which the evaluations end, ascending, shape (n,).
        budget: simulated seconds.
    """
    distance = np.abs(ends - budget)
    nearest = [int(place) for place in np.argsort(distance, kind="stable")[:2]]
    far = float(distance[nearest].sum())
    if len(nearest) == 1 or far == 0.0:
        return {nearest[0]: 1.0}
    first, second = nearest
    return {first: float(distance[second]) / far, second: float(distance[first]) / far}
