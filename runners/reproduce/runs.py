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
from ..optimizers.adapter import Problem, load, parse_flags
from ..optimizers.quiet import quiet
from ..studies.execute import NODES, stream_seed
from ..studies.limit import Limit
from ..studies.objective import BUDGET_RANGES, OBJECTIVE, Objectives
from ..studies.simulate import SimulatedEvaluation, simulate
from .published import DEHB, NATS_BENCH, SECONDS, TEST, TRAJECTORY, VALID, Publication, trajectory_quantity

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
        one = self._final_errors if self.publication == DEHB else self._accuracies
        seeds = range(block.first, block.first + block.count)
        try:
            with tempfile.TemporaryDirectory(prefix="encave-reproduce-") as folder:
                return [one(block, seed, Path(folder) / str(seed)) for seed in seeds]
        except EncaveError as error:
            return error

    def _accuracies(self, block: Block, seed: int, folder: Path) -> Measured:
        """Accuracies of the incumbent at the end of a run that simulated time ends."""
        allowed = SECONDS[self.publication.name][block.dataset]
        limit = Limit(simulated_seconds=allowed)
        reward = self._reward_of_one_seed(block.dataset, seed) if self.one_seed else None
        index, cost, seconds = self._run(block, seed, limit, 12, folder, reward)
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
        _, cost, _ = self._run(block, seed, Limit(evaluations=TRAJECTORY[-1]), 200, folder)
        best = np.minimum.accumulate(cost)
        return {(block.dataset, trajectory_quantity(count)): float(best[count - 1]) for count in TRAJECTORY}

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
        self,
        block: Block,
        seed: int,
        limit: Limit,
        schedule: int,
        folder: Path,
        reward: Reward | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Official indices, costs and seconds of all evaluations, the one that passes the limit included."""
        objective = self.objectives.objective(self.benchmark, block.dataset, schedule)
        configs: list[Mapping[str, Any]] = []
        told: list[tuple[float, float]] = []

        def evaluate(config: Mapping[str, Any], budget: float | None) -> SimulatedEvaluation:
            evaluation = objective(config, None if budget is None else int(budget))  # HPOBench cuts off, too
            if reward is not None:
                evaluation = replace(evaluation, cost=reward(config))
            configs.append(config)
            told.append((evaluation.cost, evaluation.seconds))
            return evaluation

        folder.mkdir()
        with quiet():
            stream = stream_seed(block.adapter, block.dataset, seed)
            optimizer = load(block.adapter)(_problem(block.adapter, stream, limit, schedule, folder))
            try:
                simulate(optimizer, evaluate, limit)
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


def _problem(adapter: str, seed: int, limit: Limit, schedule: int, folder: Path) -> Problem:
    return Problem(
        space=space.configuration_space(),
        objective=OBJECTIVE,
        seed=seed,
        folder=folder,
        home=".",
        budget=float(schedule),
        budget_range=BUDGET_RANGES[schedule],
        evaluations=limit.evaluations,
        groups=NODES,
        flags=parse_flags(adapter),
    )
