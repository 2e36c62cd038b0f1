"""Complete tables that runs searched, so that what their trials suggest stands beside the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .analysis.importance_groups import Truth
    from .analysis.importance_sample import Sample
    from .analysis.importance_space import Encoded
    from .run import Run
    from .runners.nasbench201.table import Benchmark


def nasbench201_truth(benchmark: Benchmark) -> Truth:
    """The table of validation errors that a run on NAS-Bench-201 searched, at the budget of its sample.

    None for runs on other spaces, on tasks that the benchmark does not have, or of other objectives.
    """
    from .runners.nasbench201.space import HYPERPARAMETERS, OPERATIONS

    tables: dict[tuple[Any, ...], NDArray[np.float64]] = {}

    def truth(run: Run, data: Sample) -> Any:
        encoded, task = data.encoded, str(run.metadata.get("task"))
        fits = sorted(encoded.names) == sorted(HYPERPARAMETERS) and task in benchmark.tasks
        if not fits or data.objective != "valid_error":
            return None
        if any(set(axis.values or ()) != set(OPERATIONS) for axis in encoded.axes):
            return None
        schedule = int(run.metadata.get("benchmark", {}).get("schedule") or 200)
        epochs = None if data.budget is None else int(data.budget)
        key = (task, epochs, schedule, *((axis.name, axis.values) for axis in encoded.axes))
        if key not in tables:
            found = benchmark.query(_architectures(encoded), task, epochs=epochs, schedule=schedule)
            tables[key] = found.valid_error.reshape(encoded.sizes)
        return tables[key]

    return truth


def truth_of(runs: Sequence[Run]) -> Truth | None:
    """The truth for runs on benchmarks that are at hand, by the hash in their metadata; None without such.

    At hand are the surrogate that encave ships and the imported tables.
    """
    from .runners.nasbench201.store import SURROGATE, stored_tables
    from .runners.nasbench201.table import open_benchmark, surrogate_sha256

    wanted = {_digest(run) for run in runs}
    names = {surrogate_sha256(): SURROGATE, **{table.sha256: table.name for table in stored_tables()}}
    truths = {digest: nasbench201_truth(open_benchmark(name)) for digest, name in names.items() if digest in wanted}

    def truth(run: Run, data: Sample) -> Any:
        known = truths.get(_digest(run))
        return known(run, data) if known else None

    return truth if truths else None


@dataclass(frozen=True, eq=False)
class KnownTable:
    """A complete table of validation errors."""

    task: str
    """The dataset."""
    names: tuple[str, ...]
    """Its axes, the hyperparameters."""
    values: tuple[str, ...]
    """The values of each axis, in order."""
    table: NDArray[np.float64]
    """Validation error in percent at the end of the schedule, an axis of 5 for each hyperparameter."""


def known_tables(benchmark: Benchmark) -> tuple[KnownTable, ...]:
    """The complete tables of a benchmark after 200 epochs, one for each of its datasets."""
    from .runners.nasbench201.space import HYPERPARAMETERS, OPERATIONS

    shape = (len(OPERATIONS),) * len(HYPERPARAMETERS)
    ops = np.indices(shape).reshape(len(shape), -1).T
    return tuple(
        KnownTable(task, HYPERPARAMETERS, OPERATIONS, benchmark.query(ops, task).valid_error.reshape(shape))
        for task in benchmark.tasks
    )


def _digest(run: Run) -> str:
    return str((run.metadata.get("benchmark") or {}).get("sha256") or "")


def _architectures(encoded: Encoded) -> NDArray[np.int64]:
    """All architectures as `ops`, shape (15,625, 6), in the order of the grid of bins."""
    from .runners.nasbench201.space import HYPERPARAMETERS, OPERATIONS

    grid = np.indices(encoded.sizes).reshape(len(encoded.axes), -1)
    ops = np.empty(grid.T.shape, dtype=np.int64)
    for axis, codes in zip(encoded.axes, grid, strict=True):
        operations = np.array([OPERATIONS.index(value) for value in axis.values or ()])
        ops[:, HYPERPARAMETERS.index(axis.name)] = operations[codes]
    return ops
