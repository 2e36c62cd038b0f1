"""The Parquet table of NAS-Bench-201: its columns, and how `Task`s are read from them.

One row per architecture. `arch_index` (official index) is required; `arch_str` (official string) is checked against it
when present. Per dataset, with the prefix `c10`, `c100` or `im`, accuracies in percent and times in seconds:

* `train_time_per_epoch_s_<c10valid|c100|im>`;
* `<c10valid|c100|im>_valid_acc_200_mean` (or `…_mean_derived`) and `…_valid_acc_200_s<seed>`. Where no column per seed
  exists for the validation set, the deviations are those of `…_valtest_acc_200_s<seed>` from `…_valtest_acc_200_mean`:
  of the official `ori-test`, which is validation and test set together;
* `<c10|c100|im>_test_acc_200_mean`;
* `<c10valid|c100|im>_valid_acc_12_mean` (or `…_s111`) and `<c10|c100|im>_test_acc_12_mean` (or `…_s111`);
* where a source has no validation accuracies of a dataset, those of `…_valtest_acc_<12|200>_mean` stand in;
* `latency_ms_<device>_<c10|c100|im>`: milliseconds of one inference on a device, for any number of devices.

`eval_time_per_10k_images_s` (measured) or `modelled_eval_time_per_10k_images_s` is one column for all datasets; without
it, the evaluation time is modelled from the training time as the surrogate does. A dataset whose validation accuracies
or times are not there is left out; any other absent column is NaN.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ....errors import EncaveError
from ....run.nasbench201_space import SIZE
from .architectures import official_strings
from .surrogate import EPOCH_RATIOS, VALID_IMAGES, evaluation_seconds
from .task import DATASETS, Task

if TYPE_CHECKING:
    import pyarrow as pa

SEEDS = (777, 888, 999)
"""Seeds of the 200-epoch schedule in NATS-Bench."""

VALID_PREFIX = {"cifar10": "c10valid", "cifar100": "c100", "ImageNet16-120": "im"}
TEST_PREFIX = {"cifar10": "c10", "cifar100": "c100", "ImageNet16-120": "im"}
"""Task → first part of the names of its columns, of validation and of test accuracies."""

_EVALUATION_COLUMNS = ("eval_time_per_10k_images_s", "modelled_eval_time_per_10k_images_s")


@dataclass(frozen=True)
class TableFile:
    """A Parquet table as read."""

    tasks: Mapping[str, Task]
    """The datasets it holds."""

    sha256: str
    """Of the file's bytes, in hexadecimal digits."""

    architectures: int
    """Number of rows: architectures that it holds, at most 15,625."""


def read_table(path: Path, *, made_from: Path | None = None) -> TableFile:
    """Read the tasks of a Parquet table; only the columns that are needed are read.

    Args:
        path: the Parquet file.
        made_from: what it was made from, which messages then name.

    Raises:
        EncaveError: the file cannot be read, is not such a table, or its values cannot be right.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = path.read_bytes()
        source = pq.ParquetFile(pa.BufferReader(content))
        wanted = wanted_columns(source.schema_arrow.names)
        table = source.read(columns=wanted)
    except OSError as error:
        raise EncaveError(f"cannot read the table {path}: {error.strerror or error}") from error
    except pa.ArrowException as error:
        raise EncaveError(f"{path} is not a readable Parquet file: {error}") from error
    columns = _Columns(made_from or path, table)
    columns.check_strings()
    tasks = {dataset: task for dataset in DATASETS if (task := _read_task(columns, dataset)) is not None}
    if not tasks:
        raise EncaveError(
            f"{path} is no table of NAS-Bench-201: for no dataset it has both validation accuracies and times "
            "(for cifar10 the columns c10valid_valid_acc_200_mean and train_time_per_epoch_s_c10valid)"
        )
    return TableFile(tasks, hashlib.sha256(content).hexdigest(), table.num_rows)


class _Columns:
    """The table's columns as arrays in the order of the official index, NaN where an architecture has no row."""

    def __init__(self, path: Path, table: pa.Table) -> None:
        self.path = path
        self.table = table
        if "arch_index" not in table.column_names:
            raise EncaveError(f"{path} is no table of NAS-Bench-201: it has no column arch_index")
        index = self._numbers("arch_index")
        if not ((index >= 0) & (index < SIZE) & (index % 1 == 0)).all():
            raise EncaveError(f"{path}: arch_index has values outside 0 … {SIZE - 1}")
        self.index = index.astype(np.int64)
        if np.bincount(self.index, minlength=1).max() > 1:
            raise EncaveError(f"{path}: arch_index {np.bincount(self.index).argmax()} stands in more than one row")

    def check_strings(self) -> None:
        """Compare `arch_str` with the official order."""
        if "arch_str" not in self.table.column_names:
            return
        official = official_strings()
        for row, (index, text) in enumerate(zip(self.index, self.table["arch_str"].to_pylist(), strict=True)):
            if official[index] != text:
                raise EncaveError(
                    f"{self.path}: row {row} calls {text!r} architecture {index}; in the official order that is "
                    f"{official[index]!r}"
                )

    def first(self, names: Sequence[str], low: float = 0.0, high: float = 100.0) -> NDArray[np.float64] | None:
        """The first of these columns that exists, checked to lie in [low, high]; shape (15625,)."""
        name = next((name for name in names if name in self.table.column_names), None)
        if name is None:
            return None
        values = self._numbers(name)
        wrong = np.flatnonzero((values < low) | (values > high))
        if wrong.size:
            raise EncaveError(
                f"{self.path}: {name} of architecture {self.index[wrong[0]]} is {values[wrong[0]]:g}, "
                f"which is outside {low:g} … {high:g}"
            )
        placed = np.full(SIZE, np.nan)
        placed[self.index] = values
        return placed

    def _numbers(self, name: str) -> NDArray[np.float64]:
        import pyarrow as pa

        try:
            return self.table[name].cast(pa.float64()).to_numpy()
        except pa.ArrowException as error:
            raise EncaveError(f"{self.path}: column {name} does not hold numbers: {error}") from error


def wanted_columns(present: Sequence[str]) -> list[str]:
    """Those of a file's columns that `read_table` reads, in their order."""
    wanted = {"arch_index", "arch_str", *_EVALUATION_COLUMNS}
    for dataset in DATASETS:
        wanted.update(name for names in _columns_of(dataset).values() for name in names)
        for family in ("valid", "valtest"):
            stem = f"{VALID_PREFIX[dataset]}_{family}_acc_200"
            wanted.update({f"{stem}_mean", *(f"{stem}_s{seed}" for seed in SEEDS)})
        wanted.update(_latency_columns(present, dataset).values())
    return [name for name in present if name in wanted]


def _columns_of(dataset: str) -> dict[str, tuple[str, ...]]:
    """Field of `Task` → names of the columns that can hold it, the best first."""
    valid, test = VALID_PREFIX[dataset], TEST_PREFIX[dataset]
    return {
        "valid_accuracy_12": (
            f"{valid}_valid_acc_12_mean",
            f"{valid}_valid_acc_12_s111",
            f"{valid}_valtest_acc_12_mean",
        ),
        "valid_accuracy_200": (
            f"{valid}_valid_acc_200_mean",
            f"{valid}_valid_acc_200_mean_derived",
            f"{valid}_valtest_acc_200_mean",
        ),
        "test_accuracy_12": (f"{test}_test_acc_12_mean", f"{test}_test_acc_12_s111"),
        "test_accuracy_200": (f"{test}_test_acc_200_mean",),
        "train_seconds_per_epoch": (f"train_time_per_epoch_s_{valid}",),
    }


def _read_task(columns: _Columns, dataset: str) -> Task | None:
    names = _columns_of(dataset)
    seconds = columns.first(names.pop("train_seconds_per_epoch"), low=0.0, high=np.inf)
    fields = {field: columns.first(alternatives) for field, alternatives in names.items()}
    if seconds is None or fields["valid_accuracy_200"] is None:
        return None
    place = DATASETS.index(dataset)
    per_10k = columns.first(_EVALUATION_COLUMNS, low=0.0, high=np.inf)
    if per_10k is None:
        evaluation = evaluation_seconds(place, seconds / EPOCH_RATIOS[place])
    else:
        evaluation = per_10k * (VALID_IMAGES[place] / 10_000)
    deviations = _seed_deviations(columns, VALID_PREFIX[dataset])
    return Task(
        dataset=dataset,
        seed_deviation_200=deviations,
        noise_200=_standard_deviation(deviations),
        train_seconds_per_epoch=seconds,
        valid_seconds=evaluation,
        valid_seconds_modelled=_EVALUATION_COLUMNS[0] not in columns.table.column_names,
        latency_ms=_latencies(columns, dataset),
        curves={},
        **{field: np.full(SIZE, np.nan) if values is None else values for field, values in fields.items()},
    )


def _latency_columns(present: Sequence[str], dataset: str) -> dict[str, str]:
    """Device → column of its latencies."""
    stem, end = "latency_ms_", f"_{TEST_PREFIX[dataset]}"
    named = [name for name in present if name.startswith(stem) and name.endswith(end)]
    return {name[len(stem) : -len(end)]: name for name in named}


def _latencies(columns: _Columns, dataset: str) -> dict[str, NDArray[np.float64]]:
    found = _latency_columns(columns.table.column_names, dataset)
    return {
        device: values
        for device, name in found.items()
        if (values := columns.first([name], low=0.0, high=np.inf)) is not None
    }


def _seed_deviations(columns: _Columns, prefix: str) -> dict[int, NDArray[np.float64]]:
    for family in ("valid", "valtest"):
        mean = columns.first([f"{prefix}_{family}_acc_200_mean"])
        found = {seed: columns.first([f"{prefix}_{family}_acc_200_s{seed}"]) for seed in SEEDS}
        present = {seed: values for seed, values in found.items() if values is not None}
        if mean is not None and present:
            return {seed: values - mean for seed, values in present.items()}
    return {}


def _standard_deviation(deviations: Mapping[int, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Sample standard deviation over the seeds an architecture has, NaN where it has fewer than two; shape (15625,)."""
    if not deviations:
        return np.full(SIZE, np.nan)
    stacked = np.stack(list(deviations.values()))
    count = np.isfinite(stacked).sum(axis=0)
    squares = np.nansum(np.square(stacked), axis=0)
    return np.sqrt(np.where(count > 1, squares / np.maximum(count - 1, 1), np.nan))
