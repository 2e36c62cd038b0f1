"""NAS-Bench-201 as a benchmark: what an evaluation of an architecture returns and what it would have cost."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import EncaveError
from .architectures import to_indices
from .columns import read_table
from .space import SIZE
from .store import SURROGATE, find, stored_tables
from .task import DATASETS, Task

SCHEDULES = (12, 200)
"""Epochs of the two training schedules of NATS-Bench. Separate runs: each anneals its learning rate to zero."""


@dataclass(frozen=True)
class Evaluation:
    """What evaluating n architectures returned. Every array has shape (n,), also those of a mapping."""

    valid_error: NDArray[np.float64]
    """Validation error, percent."""

    test_error: NDArray[np.float64]
    """Test error, percent, mean over seeds; NaN at epochs for which none exists (all but the last of a schedule)."""

    train_seconds: NDArray[np.float64]
    """Seconds of training."""

    seconds: NDArray[np.float64]
    """Seconds of training and of one validation at the end: the cost that NATS-Bench's `simulate_train_eval` counts."""

    modelled: NDArray[np.bool_]
    """True where the errors come from a model and not from a measurement."""

    params_M: NDArray[np.float64]  # noqa: N815  M for millions, as in the columns of the table
    """Trainable parameters, millions."""

    flops_M: NDArray[np.float64]  # noqa: N815
    """Floating-point operations of one image, millions."""

    latency_ms: Mapping[str, NDArray[np.float64]]
    """Device → milliseconds of one inference there, NaN where not measured; empty if the table has no latencies."""


@dataclass(frozen=True, eq=False)
class Benchmark:
    """NAS-Bench-201, measured (a table) or modelled (the surrogate that encave ships)."""

    source: Literal["table", "surrogate"]
    """`table`: measured values. `surrogate`: a model of them."""

    sha256: str
    """Of the file that holds it, in hexadecimal digits."""

    tasks: Mapping[str, Task]
    """Dataset → its arrays."""

    name: str = "NAS-Bench-201"
    """The benchmark's name."""

    def query(
        self,
        architectures: Any,
        dataset: str,
        *,
        epochs: ArrayLike | None = None,
        schedule: int = 200,
        seed: int | None = None,
    ) -> Evaluation:
        """Errors and cost of training n architectures.

        Args:
            architectures: official indices, `ops` of shape (n, 6), strings or configurations (see `to_indices`).
            dataset: one of `DATASETS`.
            epochs: whole epochs trained, 1-based, one for all or shape (n,); by default the whole schedule. The
                12-epoch schedule is known at its end only, the 200-epoch schedule is modelled before it (`curves`).
            schedule: 12 or 200.
            seed: of the training run. None: the mean over seeds. A table knows the seeds it was measured with, a
                surrogate draws a deviation of the measured size that depends on dataset, architecture and seed only.

        Raises:
            EncaveError: unknown dataset, schedule or architecture; epochs outside the schedule; no such seed; or the
                table holds nothing for an architecture.
        """
        task = self.task(dataset)
        index = to_indices(architectures)
        epoch = _epochs(schedule if epochs is None else epochs, schedule, len(index))
        if schedule == 12:
            valid, test = self._at_12(task, index, seed), task.test_accuracy_12[index]
        else:
            valid, test = self._at_200(task, index, epoch, seed)
        train = epoch * task.train_seconds_per_epoch[index]
        seconds = train + task.valid_seconds[index]
        self._require_present(valid + seconds, index, dataset, schedule)
        modelled = np.full(len(index), True) if self.source == "surrogate" else epoch != schedule
        return Evaluation(
            valid_error=100.0 - valid,
            test_error=100.0 - test,
            train_seconds=train,
            seconds=seconds,
            modelled=modelled,
            params_M=task.params_M[index],
            flops_M=task.flops_M[index],
            latency_ms={device: values[index] for device, values in task.latency_ms.items()},
        )

    def task(self, dataset: str) -> Task:
        """The arrays of one dataset.

        Raises:
            EncaveError: the benchmark has no such dataset.
        """
        try:
            return self.tasks[dataset]
        except KeyError:
            known = "is not in this table" if dataset in DATASETS else "is not a dataset of NAS-Bench-201"
            raise EncaveError(f"{dataset!r} {known}; there are: {', '.join(self.tasks)}") from None

    def optimum(self, dataset: str) -> dict[str, float]:
        """Lowest errors after 200 epochs (percent, means over seeds): `valid_error_200` and `test_error_200`.

        They can belong to two architectures.

        Raises:
            EncaveError: unknown dataset, or the table holds no such accuracies.
        """
        task = self.task(dataset)
        best: dict[str, float] = {}
        for name, accuracy in (("valid", task.valid_accuracy_200), ("test", task.test_accuracy_200)):
            if np.isnan(accuracy).all():
                raise EncaveError(f"this table holds no {name} accuracies after 200 epochs for {dataset}")
            best[f"{name}_error_200"] = float(100.0 - np.nanmax(accuracy))
        return best

    def _at_12(self, task: Task, index: NDArray[np.int64], seed: int | None) -> NDArray[np.float64]:
        if seed is not None:
            raise EncaveError(
                f"no single seeds are known for the 12-epoch schedule, so none for seed {seed}; ask without a seed"
            )
        return task.valid_accuracy_12[index]

    def _at_200(
        self, task: Task, index: NDArray[np.int64], epoch: NDArray[np.int64], seed: int | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Validation and test accuracy."""
        valid = task.valid_accuracy_200[index]
        if seed is not None:
            valid = np.clip(valid + self._deviation(task, index, seed), 0.0, 100.0)
        test = task.test_accuracy_200[index]
        early = epoch < 200
        if early.any():
            from .curves import valid_accuracy

            valid[early] = valid_accuracy(task, index[early], epoch[early], 0 if seed is None else seed)
            test[early] = np.nan
        return valid, test

    def _deviation(self, task: Task, index: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
        if self.source == "surrogate":
            return task.noise_200[index] * _standard_normal(task.dataset, seed)[index]
        if seed not in task.seed_deviation_200:
            known = ", ".join(map(str, task.seed_deviation_200)) or "none"
            raise EncaveError(f"the table has no results of seed {seed} on {task.dataset}; seeds in it: {known}")
        deviation = task.seed_deviation_200[seed][index]
        missing = index[np.isnan(deviation) & ~np.isnan(task.valid_accuracy_200[index])]
        if missing.size:
            has = [str(one) for one, values in task.seed_deviation_200.items() if not np.isnan(values[missing[0]])]
            raise EncaveError(
                f"architecture {missing[0]} was not trained with seed {seed} on {task.dataset}; it has {', '.join(has)}"
            )
        return deviation

    def _require_present(
        self, values: NDArray[np.float64], index: NDArray[np.int64], dataset: str, schedule: int
    ) -> None:
        missing = np.unique(index[np.isnan(values)])
        if missing.size:
            more = f" (and for {missing.size - 1} more of those asked for)" if missing.size > 1 else ""
            raise EncaveError(
                f"the table holds nothing for architecture {missing[0]}{more} on {dataset}, {schedule} epochs. "
                "It was imported from files that are incomplete; import a complete set."
            )


def load_surrogate() -> Benchmark:
    """The surrogate that encave ships: a model fitted to the table, not measurements."""
    from .surrogate import load

    return Benchmark("surrogate", surrogate_sha256(), load())


def surrogate_sha256() -> str:
    """Hash of the file that holds the surrogate's numbers."""
    return hashlib.sha256(Path(__file__).with_name("surrogate.npz").read_bytes()).hexdigest()


def open_table(path: Path, *, check_strings: bool = True) -> Benchmark:
    """A Parquet table as a benchmark (see `columns` for its schema).

    Raises:
        EncaveError: it cannot be read or is no such table.
    """
    file = read_table(path, check_strings=check_strings)
    return Benchmark("table", file.sha256, file.tasks)


def open_benchmark(spec: str | Path | None = None) -> Benchmark:
    """The benchmark a person named: None or `surrogate`, a table imported into the cache, or a Parquet file.

    Raises:
        EncaveError: there is no such benchmark, or it cannot be read.
    """
    if spec is None or str(spec) == SURROGATE:
        return load_surrogate()
    stored = find(str(spec))
    if stored is None:
        if not Path(spec).exists():
            known = ", ".join([SURROGATE, *(table.name for table in stored_tables())])
            raise EncaveError(
                f"there is no benchmark {spec}: no such file, and no such imported table (there are: {known})"
            )
        return open_table(Path(spec))
    benchmark = open_table(stored.path, check_strings=False)
    if benchmark.sha256 != stored.sha256:
        raise EncaveError(f"{stored.path} has changed since it was imported; import it again from {stored.source}")
    return benchmark


def _epochs(epochs: ArrayLike, schedule: int, count: int) -> NDArray[np.int64]:
    if schedule not in SCHEDULES:
        raise EncaveError(f"NAS-Bench-201 has the schedules of 12 and of 200 epochs, not of {schedule}")
    given = np.asarray(epochs)
    with np.errstate(invalid="ignore"):
        whole = given.astype(np.int64)
    if (whole != given).any() or (whole < 1).any() or (whole > schedule).any():
        raise EncaveError(f"epochs are whole numbers in 1 … {schedule}, not {epochs}")
    if schedule == 12 and (whole != 12).any():
        raise EncaveError(f"the 12-epoch schedule is known after its 12th epoch only, not after {epochs}")
    try:
        return np.broadcast_to(whole, (count,))
    except ValueError:
        raise EncaveError(f"{count} architectures, but epochs of shape {whole.shape}") from None


@lru_cache(maxsize=8)
def _standard_normal(dataset: str, seed: int) -> NDArray[np.float64]:
    """One draw per architecture. `RandomState` because its stream is the same in every release of NumPy."""
    words = [DATASETS.index(dataset), seed % 2**32, (seed >> 32) % 2**32]
    draws = np.random.RandomState(words).standard_normal(SIZE)
    draws.flags.writeable = False
    return draws
