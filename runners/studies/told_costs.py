"""What an optimizer is told instead of the mean of a new training: the reward of one seed, the cost of going on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...run.types import Floats
from ..benchmarks.nasbench201.table import Benchmark
from ..benchmarks.nasbench201.training_seeds import SeedAccuracies, seed_accuracies
from .objective import BenchmarkObjective
from .simulate import SimulatedEvaluation

_DRAWN = (777, 888, 999)  # training seeds of a surrogate, which has none of its own; those of NAS-Bench-201


class OneSeed:
    """The error of one training seed, drawn at random at each evaluation, as the searches of NATS-Bench were rewarded.

    A table that lacks single seeds of the short schedule has them modelled (`training_seeds`).

    Args:
        objective: What gives everything else.
        benchmark: The benchmark.
        dataset: Its dataset.
        schedule: 12 or 200.
        seed: Of the draws.
    """

    def __init__(
        self, objective: BenchmarkObjective, benchmark: Benchmark, dataset: str, schedule: int, seed: int
    ) -> None:
        self._objective, self._benchmark = objective, benchmark
        self._dataset, self._schedule = dataset, schedule
        self._rng = np.random.default_rng(seed)
        task = benchmark.task(dataset)
        self._short: SeedAccuracies | None = None
        self._seeds: dict[int, Floats | None] = {}  # training seed → NaN where it was not trained; None: it always was
        if schedule == 12 and 12 not in task.curves:
            self._short = seed_accuracies(task, two_seeds=dataset == "cifar10")
            self._world = self._rng.standard_normal(len(task.valid_accuracy_12))
        elif schedule == 12:
            self._seeds = {one: values[:, -1].astype(np.float64) for one, values in task.curves[12].by_seed.items()}
        else:
            self._seeds = dict(task.seed_deviation_200) or dict.fromkeys(_DRAWN)

    def __call__(self, config: Mapping[str, Any], budget: float | None) -> SimulatedEvaluation:
        """Evaluate a configuration."""
        told = self._objective(config, budget)
        index = self._objective.index(config)
        if self._short is not None:
            return replace(told, cost=100.0 - self._short.draw(index, self._world, self._rng))
        known = [seed for seed, values in self._seeds.items() if values is None or np.isfinite(values[index])]
        if not known:  # of one that only the mean is known of
            return told
        seed = known[self._rng.integers(len(known))]
        epochs = self._objective.epochs(budget)
        found = self._benchmark.at(index, self._dataset, epochs=epochs, schedule=self._schedule, seed=seed)
        return replace(told, cost=found.valid_error, modelled=found.modelled)


class GoingOn:
    """Training goes on from the last epoch that a configuration was trained to before, which is not paid again.

    One that is evaluated again at the same budget, or at a lower one, is trained anew.

    Args:
        evaluate: What gives everything else.
        objective: The objective.
    """

    def __init__(self, evaluate: BenchmarkObjective | OneSeed, objective: BenchmarkObjective) -> None:
        self._evaluate, self._objective = evaluate, objective
        self._trained: dict[int, tuple[int, float]] = {}  # index → most epochs so far, and the seconds of that training

    def __call__(self, config: Mapping[str, Any], budget: float | None) -> SimulatedEvaluation:
        """Evaluate a configuration."""
        told = self._evaluate(config, budget)
        index, epochs = self._objective.index(config), self._objective.epochs(budget)
        before, paid = self._trained.get(index, (0, 0.0))
        train = told.info["train_seconds"]
        if epochs > before:
            self._trained[index] = epochs, train
            info = {**told.info, "train_seconds": train - paid}
            return replace(told, seconds=told.seconds - paid, info=info)
        return told
