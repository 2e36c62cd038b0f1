"""NAS-Bench-201 as a benchmark: what an evaluation of an architecture returns and what it would have cost."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....errors import EncaveError
from ....run.nasbench201_space import SIZE
from .architectures import index_of_string, to_indices
from .columns import read_table
from .evaluation import Evaluation, Point
from .mapped import open_tasks
from .opened import open_file
from .store import SURROGATE, check_unchanged, find, stored_tables
from .task import DATASETS, Task

SCHEDULES = (12, 200)
"""Epochs of the two training schedules of NATS-Bench. Separate runs: each anneals its learning rate to zero."""


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

    _points: dict[tuple[str, int | None, int, int | None], list[Point]] = field(
        default_factory=dict[tuple[str, int | None, int, int | None], list[Point]], repr=False
    )
    _optima: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]], repr=False)

    def at(
        self,
        architecture: int | str,
        dataset: str,
        *,
        epochs: int | None = None,
        schedule: int = 200,
        seed: int | None = None,
    ) -> Point:
        """What `query` returns for one architecture, in about a microsecond.

        All architectures are evaluated at the first call with the same dataset, epochs, schedule and seed.

        Args:
            architecture: official index or official string.
            dataset: as in `query`, like all other arguments.
            epochs: whole epochs trained.
            schedule: 12 or 200.
            seed: of the training run.

        Raises:
            EncaveError: as `query`.
        """
        key = (dataset, epochs, schedule, seed)
        points = self._points.get(key)
        if points is None:
            points = self._points[key] = self._all_points(dataset, epochs, schedule, seed)
        try:
            place = index_of_string()[architecture] if type(architecture) is str else architecture
            if place < 0:  # pyright: ignore[reportOperatorIssue]
                raise IndexError(place)
            point = points[place]  # pyright: ignore[reportArgumentType, reportCallIssue]
        except (KeyError, IndexError, TypeError):
            return self.at(int(to_indices(architecture)[0]), dataset, epochs=epochs, schedule=schedule, seed=seed)
        if point.valid_error != point.valid_error:  # NaN; `query` says what is missing
            self.query(architecture, dataset, epochs=epochs, schedule=schedule, seed=seed)
        return point

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
            epochs: whole epochs trained, 1-based, one for all or shape (n,); by default the whole schedule. Before its
                end the errors are measured if the table has learning curves; otherwise the 200-epoch schedule is
                modelled (`curves`), the 12-epoch schedule unknown.
            schedule: 12 or 200.
            seed: of the training run. None: the mean over seeds. A table knows the seeds it was measured with, a
                surrogate draws a deviation of the measured size that depends on dataset, architecture and seed only.

        Raises:
            EncaveError: unknown dataset, schedule or architecture; epochs outside the schedule; no such seed; or the
                table holds nothing for an architecture.
        """
        index = to_indices(architectures)
        found = self._evaluate(index, dataset, _epochs(epochs, schedule, len(index)), schedule, seed)
        missing = np.unique(index[np.isnan(found.valid_error + found.seconds)])
        if missing.size:
            raise EncaveError(_what_is_missing(self.task(dataset), missing, schedule, seed))
        return found

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
        if dataset not in self._optima:
            task = self.task(dataset)
            best: dict[str, float] = {}
            for name, accuracy in (("valid", task.valid_accuracy_200), ("test", task.test_accuracy_200)):
                if np.isnan(accuracy).all():
                    raise EncaveError(f"this table holds no {name} accuracies after 200 epochs for {dataset}")
                best[f"{name}_error_200"] = float(100.0 - np.nanmax(accuracy))
            self._optima[dataset] = best
        return dict(self._optima[dataset])

    def _evaluate(
        self, index: NDArray[np.int64], dataset: str, epoch: NDArray[np.int64], schedule: int, seed: int | None
    ) -> Evaluation:
        """As `query`, but NaN where the table holds nothing."""
        task = self.task(dataset)
        last = epoch == schedule
        valid = self._final(task, index, schedule, seed)
        test = np.where(last, (task.test_accuracy_12 if schedule == 12 else task.test_accuracy_200)[index], np.nan)
        modelled = np.full(len(index), self.source == "surrogate")
        if not last.all():
            valid[~last], modelled[~last] = _early(task, index[~last], epoch[~last], schedule, seed)
        train = epoch * task.train_seconds_per_epoch[index]
        return Evaluation(
            valid_error=100.0 - valid,
            test_error=100.0 - test,
            train_seconds=train,
            seconds=train + task.valid_seconds[index],
            modelled=modelled,
            params_M=task.params_M[index],
            flops_M=task.flops_M[index],
            latency_ms={device: values[index] for device, values in task.latency_ms.items()},
        )

    def _all_points(self, dataset: str, epochs: int | None, schedule: int, seed: int | None) -> list[Point]:
        every = np.arange(SIZE)
        found = self._evaluate(every, dataset, _epochs(epochs, schedule, SIZE), schedule, seed)
        columns = (getattr(found, name).tolist() for name in Point._fields)
        return [Point(*row) for row in zip(*columns, strict=True)]

    def _final(self, task: Task, index: NDArray[np.int64], schedule: int, seed: int | None) -> NDArray[np.float64]:
        """Validation accuracy at the end of the schedule."""
        mean = (task.valid_accuracy_12 if schedule == 12 else task.valid_accuracy_200)[index]
        if seed is None:
            return mean
        if schedule == 12:
            if 12 not in task.curves:
                raise EncaveError(
                    f"no single seeds are known for the 12-epoch schedule, so none for seed {seed}; ask without a seed"
                )
            return task.curves[12].accuracy(index, np.full(len(index), 12), seed)
        return np.clip(mean + self._deviation(task, index, seed), 0.0, 100.0)

    def _deviation(self, task: Task, index: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
        if self.source == "surrogate":
            return task.noise_200[index] * _standard_normal(task.dataset, seed)[index]
        if seed not in task.seed_deviation_200:
            known = ", ".join(map(str, task.seed_deviation_200)) or "none"
            raise EncaveError(f"the table has no results of seed {seed} on {task.dataset}; seeds in it: {known}")
        return task.seed_deviation_200[seed][index]


def _early(
    task: Task, index: NDArray[np.int64], epoch: NDArray[np.int64], schedule: int, seed: int | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Validation accuracy before the end of a schedule, and where it is modelled."""
    measured = task.curves.get(schedule)
    if measured is None and schedule == 12:
        raise EncaveError(f"the 12-epoch schedule is known after its 12th epoch only, not after {epoch[0]}")
    valid = np.full(len(index), np.nan) if measured is None else measured.accuracy(index, epoch, seed)
    unknown = np.isnan(valid) & (schedule == 200)
    if unknown.any():
        from .curves import valid_accuracy

        valid[unknown] = valid_accuracy(task, index[unknown], epoch[unknown], 0 if seed is None else seed)
    return valid, unknown


def _what_is_missing(task: Task, missing: NDArray[np.int64], schedule: int, seed: int | None) -> str:
    more = f" (and for {missing.size - 1} more of those asked for)" if missing.size > 1 else ""
    mean = task.valid_accuracy_12 if schedule == 12 else task.valid_accuracy_200
    if seed is not None and not np.isnan(mean[missing[0]]):
        known = task.curves[12].by_seed if schedule == 12 else task.seed_deviation_200
        has = [str(one) for one, values in known.items() if not np.isnan(values[missing[0]]).all()]
        return f"architecture {missing[0]} was not trained with seed {seed} on {task.dataset}; it has {', '.join(has)}"
    return (
        f"the table holds nothing for architecture {missing[0]}{more} on {task.dataset}, {schedule} epochs. "
        "It was imported from files that are incomplete; import a complete set."
    )


def load_surrogate() -> Benchmark:
    """The surrogate that encave ships: a model fitted to the table, not measurements."""
    from .surrogate import load

    return Benchmark("surrogate", surrogate_sha256(), load())


def surrogate_sha256() -> str:
    """Hash of the file that holds the surrogate's numbers."""
    return hashlib.sha256(Path(__file__).with_name("surrogate.npz").read_bytes()).hexdigest()


def open_table(path: Path) -> Benchmark:
    """A Parquet table as a benchmark, read and checked anew (see `columns` for its schema).

    Raises:
        EncaveError: it cannot be read or is no such table.
    """
    file = read_table(path)
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
        file = open_file(Path(spec))
        return Benchmark("table", file.sha256, file.tasks)
    check_unchanged(stored)
    return Benchmark("table", stored.sha256, open_tasks(stored.folder, stored.rows, stored.splits))


def _epochs(epochs: ArrayLike | None, schedule: int, count: int) -> NDArray[np.int64]:
    """Epochs of each architecture, shape (count,); None is the whole schedule."""
    if schedule not in SCHEDULES:
        raise EncaveError(f"NAS-Bench-201 has the schedules of 12 and of 200 epochs, not of {schedule}")
    given = np.asarray(schedule if epochs is None else epochs)
    with np.errstate(invalid="ignore"):
        whole = given.astype(np.int64)
    if (whole != given).any() or (whole < 1).any() or (whole > schedule).any():
        raise EncaveError(f"epochs are whole numbers in 1 … {schedule}, not {epochs}")
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
