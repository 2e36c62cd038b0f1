"""What one evaluation on NAS-Bench-201 is: what the optimizer is told, what it costs, and what only the log sees.

The optimizer minimises `OBJECTIVE`, the validation error (%, mean over seeds) after the budget's epochs, alone or with
what the network costs (`check_objectives`). The simulated clock advances by training plus one validation (NATS-Bench's
accounting). `info` holds the errors of the fully trained configuration, which nothing but a report may use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ...run import nasbench201_space as space
from ..benchmarks.nasbench201.table import Benchmark, Evaluation, open_benchmark
from .simulate import SimulatedEvaluation

OBJECTIVE = "valid_error"
BUDGET_NAME = "epochs"
BUDGET_RANGES: Mapping[int, tuple[float, float]] = {12: (1.0, 12.0), 200: (12.0, 200.0)}
"""Schedule → least and greatest budget of a multi-fidelity optimizer: as in NATS-Bench, and HPOBench and DEHB."""

_COMPLEXITY = ("params_M", "flops_M")
_LATENCY = "latency_ms_"


def check_objectives(names: Sequence[str]) -> None:
    """Check that the first is `OBJECTIVE` and the others are `params_M`, `flops_M` or `latency_ms_<device>`, each once.

    Raises:
        EncaveError: they are not.
    """
    unknown = [name for name in names[1:] if name not in _COMPLEXITY and not name.startswith(_LATENCY)]
    if unknown or list(names[:1]) != [OBJECTIVE] or len(set(names)) < len(names):
        raise EncaveError(
            f"no objectives: {', '.join(names)!r}. The first is {OBJECTIVE}; others are {', '.join(_COMPLEXITY)} and "
            f"{_LATENCY}<device>, each once"
        )


def describe(objectives: tuple[str, ...]) -> list[dict[str, Any]]:
    """The objectives as `encave.json` has them."""
    error = {"name": OBJECTIVE, "direction": "minimize", "lower": 0.0, "upper": 100.0, "unit": "%"}
    others = (
        {"name": name, "direction": "minimize", "lower": 0.0, "unit": "ms" if name.startswith(_LATENCY) else "million"}
        for name in objectives[1:]
    )
    return [error, *others]


class BenchmarkObjective:
    """Evaluates configurations on one dataset at one schedule; a call takes about a microsecond.

    Args:
        benchmark: The benchmark.
        dataset: One of its datasets.
        schedule: 12 or 200; the 200-epoch schedule can also be stopped earlier.
        more_objectives: What is minimised beside `OBJECTIVE`.

    Raises:
        EncaveError: the benchmark has no such dataset or lacks architectures.
    """

    def __init__(
        self, benchmark: Benchmark, dataset: str, schedule: int, more_objectives: tuple[str, ...] = ()
    ) -> None:
        self._more = more_objectives
        self._benchmark = benchmark
        self._dataset = dataset
        self._schedule = schedule
        every = np.array(list(product(range(len(space.OPERATIONS)), repeat=len(space.EDGES))))
        self._index = space.to_index(every)  # of each lexicographic rank
        self._report = benchmark.query(self._index, dataset)
        self._columns: dict[int, list[list[float]]] = {}  # epochs → columns in the order of lexicographic ranks
        self._made: dict[tuple[int, int], SimulatedEvaluation] = {}  # epochs and rank → evaluation, kept for all runs
        places = len(space.OPERATIONS) ** np.arange(len(space.EDGES) - 1, -1, -1)
        self._places = [
            (name, {operation: code * int(place) for code, operation in enumerate(space.OPERATIONS)})
            for name, place in zip(space.HYPERPARAMETERS, places, strict=True)
        ]

    def __call__(self, config: Mapping[str, Any], budget: float | None) -> SimulatedEvaluation:
        """Evaluate a configuration; a budget is rounded to whole epochs, at least 1, and None is the whole schedule."""
        epochs, rank = self.epochs(budget), self._rank(config)
        made = self._made.get((epochs, rank))
        if made is None:
            made = self._made[epochs, rank] = self._make(epochs, rank)
        return made

    def epochs(self, budget: float | None) -> int:
        """Whole epochs of a budget."""
        return self._schedule if budget is None else max(1, round(budget))

    def index(self, config: Mapping[str, Any]) -> int:
        """Official index of a configuration."""
        return int(self._index[self._rank(config)])

    def _rank(self, config: Mapping[str, Any]) -> int:
        return sum(places[config[name]] for name, places in self._places)

    def _make(self, epochs: int, rank: int) -> SimulatedEvaluation:
        columns = self._columns.get(epochs)
        if columns is None:
            columns = self._columns[epochs] = self._query(epochs)
        cost, seconds, valid, test, train, modelled, *more = (column[rank] for column in columns)
        info = {"valid_error_200": valid, "test_error_200": test, "train_seconds": train}
        return SimulatedEvaluation(cost, seconds, info, tuple(more), bool(modelled))

    def _query(self, epochs: int) -> list[list[float]]:
        at = self._benchmark.query(self._index, self._dataset, epochs=epochs, schedule=self._schedule)
        final = self._report
        known = (at.valid_error, at.seconds, final.valid_error, final.test_error, at.train_seconds, at.modelled)
        return [column.tolist() for column in (*known, *(_column(at, name) for name in self._more))]


def _column(queried: Evaluation, name: str) -> NDArray[np.float64]:
    if not name.startswith(_LATENCY):
        return getattr(queried, name)
    device = name.removeprefix(_LATENCY)
    if device not in queried.latency_ms:
        known = ", ".join(queried.latency_ms) or "none"
        raise EncaveError(f"the benchmark has no latencies of {device!r}; it has those of: {known}")
    missing = int(np.isnan(queried.latency_ms[device]).sum())
    if missing:
        raise EncaveError(f"{device} could not run {missing} of the architectures: its latency is no objective")
    return queried.latency_ms[device]


@dataclass(frozen=True)
class Objectives:
    """The benchmarks and objectives of a process, each made once; travels to another process empty."""

    opening: Callable[[str | None], Benchmark] = open_benchmark
    """How a benchmark is opened from what a person wrote."""

    _benchmarks: dict[str | None, Benchmark] = field(default_factory=dict[str | None, Benchmark])
    _objectives: dict[tuple[Any, ...], BenchmarkObjective] = field(
        default_factory=dict[tuple[Any, ...], BenchmarkObjective]
    )

    def benchmark(self, spec: str | None) -> Benchmark:
        """The benchmark of this name or path.

        Raises:
            EncaveError: there is none, or it cannot be read.
        """
        if spec not in self._benchmarks:
            self._benchmarks[spec] = self.opening(spec)
        return self._benchmarks[spec]

    def objective(
        self, spec: str | None, dataset: str, schedule: int, more_objectives: tuple[str, ...] = ()
    ) -> BenchmarkObjective:
        """The objective on a dataset of a benchmark.

        Raises:
            EncaveError: as `benchmark` and `BenchmarkObjective`.
        """
        key = (spec, dataset, schedule, more_objectives)
        if key not in self._objectives:
            self._objectives[key] = BenchmarkObjective(self.benchmark(spec), dataset, schedule, more_objectives)
        return self._objectives[key]

    def __reduce__(self) -> tuple[Any, ...]:
        return Objectives, (self.opening,)
