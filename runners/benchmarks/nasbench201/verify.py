"""What a table is known to hold, if it is the archive that it claims to be: counts, optima and published values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ....errors import EncaveError
from ....run.nasbench201_space import SIZE
from .cache import open_benchmark
from .plausibility import CurvesOfSeed, columns_of, oddities
from .store import SURROGATE, check_unchanged, find
from .table import Benchmark, open_table
from .task import Task

TOLERANCE = 0.005
"""Percentage points; an image of the smallest validation set is 0.033."""

_OPTIMA = {
    "cifar10": ((91.6067, 6111), (94.3733, 6111)),
    "cifar100": ((73.4933, 9930), (73.5133, 9930)),
    "ImageNet16-120": ((46.7333, 10676), (47.3111, 857)),
}
"""Dataset → best validation and test accuracy after 200 epochs, mean over seeds, and the architecture (`find_best`)."""

_SEEDS = {
    "NATS-Bench v1.0": {2: 7_456, 3: 8_169},
    "NAS-Bench-201 v1.1": {1: 2_225, 2: 5_439, 3: 7_961},
    "NAS-Bench-201 v1.0": {1: 6_219, 2: 1_621, 3: 7_785},
}
"""Archive → number of training seeds after 200 epochs → architectures that have so many on CIFAR-10."""

_SEED_888 = {"cifar10": (6111, 91.72)}
"""Dataset → architecture and validation accuracy of seed 888 after 200 epochs (HPOBench's docstring)."""

_QUERY_SECONDS = (11, 153.70)
"""Architecture and what `simulate_train_eval(11, "cifar10", hp="12")` of nats_bench 1.8 costs."""


_TIMES_OF_NATS = re.compile(r"NATS-Bench|Parquet")
"""Source formats whose seconds are those that NATS-Bench defined; other archives and tools have times of their own."""


@dataclass(frozen=True)
class TableCheck:
    """One thing that was looked at."""

    what: str
    """What was looked at."""

    expected: str
    """What it should be."""

    found: str
    """What it is."""

    passed: bool | None
    """Whether it is what it should be; None if this table cannot tell."""


@dataclass(frozen=True)
class Verification:
    """What is known of a table's provenance and contents."""

    archive: str
    """Which archive the values are of, from the counts of training seeds."""

    checks: tuple[TableCheck, ...]
    """Everything that was looked at."""

    @property
    def off(self) -> tuple[TableCheck, ...]:
        """What is not as it should be."""
        return tuple(check for check in self.checks if check.passed is False)


def verify(spec: str | Path) -> Verification:
    """Check an imported table, or a Parquet file, against what is published of the archives.

    Raises:
        EncaveError: there is no such table, it is the surrogate, or it cannot be read.
    """
    if str(spec) == SURROGATE:
        raise EncaveError("the surrogate is a model; there is nothing in it to verify (see `encave benchmark quality`)")
    stored = find(str(spec))
    checks: list[TableCheck] = []
    if stored is not None:
        try:
            check_unchanged(stored, thoroughly=True)
            checks.append(TableCheck("files", stored.sha256[:12], stored.sha256[:12], passed=True))
        except EncaveError as error:
            return Verification("unknown", (TableCheck("files", stored.sha256[:12], str(error), passed=False),))
    by_path = stored is None and Path(spec).exists()
    benchmark = open_table(Path(spec)) if by_path else open_benchmark(spec)
    for task in benchmark.tasks.values():
        checks += _checks(task)
    checks.append(_plausibility(Path(spec) if stored is None else stored.path, benchmark.tasks))
    archive = _archive(benchmark.tasks)
    other = archive.startswith("NAS-Bench-201") or (
        stored is not None and not _TIMES_OF_NATS.match(stored.source_format)
    )
    checks += [replace(each, passed=None) if other else each for each in _query_checks(benchmark)]
    return Verification(archive, tuple(checks))


def _checks(task: Task) -> Iterator[TableCheck]:
    for name, accuracy, (best, architecture) in zip(
        ("validation", "test"), (task.valid_accuracy_200, task.test_accuracy_200), _OPTIMA[task.dataset], strict=True
    ):
        known = np.isfinite(accuracy)
        count = int(known.sum())
        yield TableCheck(
            f"{task.dataset}, {name}: architectures", f"{SIZE:,}", f"{count:,}", count == SIZE if count else None
        )
        if known[architecture]:
            place = int(np.nanargmax(accuracy))
            right = abs(accuracy[place] - best) < TOLERANCE and place == architecture
            expected, found = f"{best:.4f} (#{architecture})", f"{accuracy[place]:.4f} (#{place})"
            yield TableCheck(f"{task.dataset}, {name}: best accuracy", expected, found, bool(right))
    if task.dataset in _SEED_888 and 888 in task.seed_deviation_200:
        index, accuracy = _SEED_888[task.dataset]
        found = task.valid_accuracy_200[index] + task.seed_deviation_200[888][index]
        if np.isfinite(found):
            right = bool(abs(found - accuracy) < TOLERANCE)
            yield TableCheck(
                f"{task.dataset}, #{index}, seed 888: validation", f"{accuracy:.2f}", f"{found:.2f}", right
            )


def _plausibility(path: Path, tasks: Mapping[str, Task]) -> TableCheck:
    curves = (
        CurvesOfSeed(dataset, curve.split, seed, values)
        for dataset, task in tasks.items()
        for curve in task.curves.values()
        for seed, values in curve.by_seed.items()
    )
    found = oddities(columns_of(path), curves)
    return TableCheck("values that cannot be right", "none", "; ".join(found) or "none", passed=not found)


def _query_checks(benchmark: Benchmark) -> Iterator[TableCheck]:
    """Seconds: of a published query, and between the datasets (`correct_time_related_info` of NATS-Bench)."""
    seconds = {name: task.train_seconds_per_epoch for name, task in benchmark.tasks.items()}
    if "cifar10" in seconds:
        index, expected = _QUERY_SECONDS
        task = benchmark.tasks["cifar10"]
        found = float(12 * seconds["cifar10"][index] + task.valid_seconds[index])
        if np.isfinite(found):
            right = abs(found - expected) < 0.5
            yield TableCheck(f"cifar10, #{index}: seconds of 12 epochs", f"{expected:.2f}", f"{found:.2f}", right)
        for other, ratio in (("cifar100", 2.0), ("ImageNet16-120", 6.068)):
            if other in seconds:
                shares = seconds[other] / seconds["cifar10"]
                low, high = float(np.nanmin(shares)), float(np.nanmax(shares))
                right = abs(low - ratio) < 1e-3 and abs(high - ratio) < 1e-3
                yield TableCheck(f"{other}: seconds relative to cifar10", f"{ratio}", f"{low:.3f} … {high:.3f}", right)


def _archive(tasks: Mapping[str, Task]) -> str:
    task = next(iter(tasks.values()))
    if not task.seed_deviation_200:
        return "unknown: it has no single training seeds"
    seeds = np.sum([np.isfinite(values) for values in task.seed_deviation_200.values()], axis=0)
    counts = {int(number): int((seeds == number).sum()) for number in np.unique(seeds)}
    found = next((archive for archive, expected in _SEEDS.items() if counts == expected), None)
    told = ", ".join(f"{count:,} with {number}" for number, count in counts.items())
    return found or f"unknown: architectures by number of training seeds on {task.dataset}: {told}"
