"""What one evaluation on NAS-Bench-201 is: what the optimizer is told, what it costs, and what only the log sees.

The optimizer minimises `OBJECTIVE`, the validation error (%, mean over seeds) after the budget's epochs, and the
simulated clock advances by training plus one validation (NATS-Bench's accounting). `info` holds the errors of the fully
trained configuration, which nothing but a report may use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from .nasbench201 import space
from .nasbench201.table import Benchmark, open_benchmark
from .simulate import Evaluation

OBJECTIVE = "valid_error"
BUDGET_NAME = "epochs"
BUDGET_RANGE = (12.0, 200.0)
"""Least and greatest budget of a multi-fidelity optimizer, as NAS-Bench-201 is used in HPOBench and DEHB."""


class Objective:
    """Evaluates configurations on one dataset at one schedule; a call takes about a microsecond.

    Args:
        benchmark: The benchmark.
        dataset: One of its datasets.
        schedule: 12 or 200; the 200-epoch schedule can also be stopped earlier.

    Raises:
        EncaveError: the benchmark has no such dataset or lacks architectures.
    """

    def __init__(self, benchmark: Benchmark, dataset: str, schedule: int) -> None:
        self._benchmark = benchmark
        self._dataset = dataset
        self._schedule = schedule
        every = np.array(list(product(range(len(space.OPERATIONS)), repeat=len(space.EDGES))))
        self._index = space.to_index(every)  # of each lexicographic rank
        self._report = benchmark.query(self._index, dataset)
        self._by_epochs: dict[int, list[Evaluation]] = {}  # of each lexicographic rank; made once for all runs
        places = len(space.OPERATIONS) ** np.arange(len(space.EDGES) - 1, -1, -1)
        self._places = [
            (name, {operation: code * int(place) for code, operation in enumerate(space.OPERATIONS)})
            for name, place in zip(space.HYPERPARAMETERS, places, strict=True)
        ]

    def __call__(self, config: Mapping[str, Any], budget: float | None) -> Evaluation:
        """Evaluate a configuration; a budget is rounded to whole epochs, at least 1, and None is the whole schedule."""
        epochs = self._schedule if budget is None else max(1, round(budget))
        evaluations = self._by_epochs.get(epochs)
        if evaluations is None:
            evaluations = self._by_epochs[epochs] = self._evaluate_all(epochs)
        rank = 0
        for name, places in self._places:
            rank += places[config[name]]
        return evaluations[rank]

    def _evaluate_all(self, epochs: int) -> list[Evaluation]:
        at = self._benchmark.query(self._index, self._dataset, epochs=epochs, schedule=self._schedule)
        columns = (at.valid_error, at.seconds, self._report.valid_error, self._report.test_error, at.train_seconds)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return [
            Evaluation(cost, seconds, {"valid_error_200": valid, "test_error_200": test, "train_seconds": train})
            for cost, seconds, valid, test, train in rows
        ]


@dataclass(frozen=True)
class Objectives:
    """The benchmarks and objectives of a process, each made once; travels to another process empty."""

    opening: Callable[[str | None], Benchmark] = open_benchmark
    """How a benchmark is opened from what a person wrote."""

    _benchmarks: dict[str | None, Benchmark] = field(default_factory=dict[str | None, Benchmark])
    _objectives: dict[tuple[str | None, str, int], Objective] = field(
        default_factory=dict[tuple[str | None, str, int], Objective]
    )

    def benchmark(self, spec: str | None) -> Benchmark:
        """The benchmark of this name or path.

        Raises:
            EncaveError: there is none, or it cannot be read.
        """
        if spec not in self._benchmarks:
            self._benchmarks[spec] = self.opening(spec)
        return self._benchmarks[spec]

    def objective(self, spec: str | None, dataset: str, schedule: int) -> Objective:
        """The objective on a dataset of a benchmark.

        Raises:
            EncaveError: as `benchmark` and `Objective`.
        """
        key = (spec, dataset, schedule)
        if key not in self._objectives:
            self._objectives[key] = Objective(self.benchmark(spec), dataset, schedule)
        return self._objectives[key]

    def __reduce__(self) -> tuple[Any, ...]:
        return Objectives, (self.opening,)
