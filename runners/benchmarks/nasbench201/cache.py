"""The benchmarks that a person can name: import, list, show and open them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ....run.nasbench201_space import SIZE, from_index, to_string
from .importers import import_benchmark
from .store import SURROGATE, find, stored_tables
from .table import Benchmark, open_benchmark, surrogate_sha256
from .task import Task

__all__ = [
    "BenchmarkEntry",
    "BenchmarkSummary",
    "Best",
    "DatasetSummary",
    "import_benchmark",
    "list_benchmarks",
    "open_benchmark",
    "show_benchmark",
]


@dataclass(frozen=True)
class BenchmarkEntry:
    """One line of the list of benchmarks."""

    name: str
    """By which a person asks for it."""

    source_format: str
    """Where its numbers come from."""

    path: Path | None
    """Its Parquet file; None for the surrogate."""

    architectures: int
    """How many of the 15,625 architectures it holds."""

    sha256: str
    """Of the file that holds it."""

    notes: tuple[str, ...] = ()
    """What its import left out or assumed, one sentence each."""


@dataclass(frozen=True)
class Best:
    """The architecture of lowest error."""

    architecture: int
    """Official index; the lowest if several are equal."""

    architecture_string: str
    """Official string."""

    error: float
    """Percent, mean over seeds after 200 epochs."""


@dataclass(frozen=True)
class DatasetSummary:
    """What a benchmark holds of one dataset."""

    dataset: str
    """Its official name."""

    best_valid: Best | None
    """Lowest validation error; None if there are no validation accuracies."""

    best_test: Best | None
    """Lowest test error; None if there are no test accuracies."""

    architectures: Mapping[str, int]
    """Architectures with a value, by quantity: `valid 12`, `test 12`, `valid 200`, `test 200`."""

    seeds: Mapping[int, int]
    """Architectures by seed of the 200-epoch schedule; empty for the surrogate, which draws its seeds."""

    noise: float
    """Median standard deviation between seeds of the validation error after 200 epochs, percentage points."""

    seconds: Mapping[int, float]
    """Schedule (12 or 200) → median cost of a query, seconds of training and one validation."""


@dataclass(frozen=True)
class BenchmarkSummary:
    """What a benchmark holds."""

    entry: BenchmarkEntry
    """Its line in the list."""

    source: str
    """`table` or `surrogate`."""

    datasets: tuple[DatasetSummary, ...]
    """Its datasets, in the usual order."""


def list_benchmarks() -> list[BenchmarkEntry]:
    """The surrogate, then the imported tables by name.

    Raises:
        EncaveError: an imported table has a damaged header.
    """
    surrogate = BenchmarkEntry(SURROGATE, "model shipped with encave", None, SIZE, surrogate_sha256())
    tables = [
        BenchmarkEntry(table.name, table.source_format, table.path, table.architectures, table.sha256, table.notes)
        for table in stored_tables()
    ]
    return [surrogate, *tables]


def show_benchmark(spec: str | Path | None = None) -> BenchmarkSummary:
    """Summary of the surrogate, of an imported table or of a Parquet file (see `open_benchmark`).

    Raises:
        EncaveError: there is no such benchmark, or it cannot be read.
    """
    benchmark = open_benchmark(spec)
    datasets = tuple(_summarise(task) for task in benchmark.tasks.values())
    return BenchmarkSummary(_entry(spec, benchmark), benchmark.source, datasets)


def _entry(spec: str | Path | None, benchmark: Benchmark) -> BenchmarkEntry:
    if benchmark.source == "surrogate" or find(str(spec)) is not None:
        wanted = SURROGATE if benchmark.source == "surrogate" else str(spec)
        return next(entry for entry in list_benchmarks() if entry.name == wanted)
    known = [np.isfinite(task.valid_accuracy_200) for task in benchmark.tasks.values()]
    return BenchmarkEntry(
        str(spec), "Parquet table", Path(str(spec)), int(np.any(known, axis=0).sum()), benchmark.sha256
    )


def _summarise(task: Task) -> DatasetSummary:
    accuracies = {
        "valid 12": task.valid_accuracy_12,
        "test 12": task.test_accuracy_12,
        "valid 200": task.valid_accuracy_200,
        "test 200": task.test_accuracy_200,
    }
    return DatasetSummary(
        dataset=task.dataset,
        best_valid=_best(task.valid_accuracy_200),
        best_test=_best(task.test_accuracy_200),
        architectures={name: int(np.isfinite(values).sum()) for name, values in accuracies.items()},
        seeds={seed: int(np.isfinite(values).sum()) for seed, values in task.seed_deviation_200.items()},
        noise=_median(task.noise_200),
        seconds={epochs: _median(epochs * task.train_seconds_per_epoch + task.valid_seconds) for epochs in (12, 200)},
    )


def _best(accuracy: NDArray[np.float64]) -> Best | None:
    if np.isnan(accuracy).all():
        return None
    index = int(np.nanargmax(accuracy))
    return Best(index, to_string(from_index(index))[0], float(100.0 - accuracy[index]))


def _median(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")
