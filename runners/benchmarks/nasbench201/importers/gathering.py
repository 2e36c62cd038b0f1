"""What an importer has read so far: columns of a table in memory, learning curves straight to their files.

Importers put values in, by column and architecture; `finish` adds the means over seeds and writes the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .....errors import EncaveError
from .....run.nasbench201_space import SIZE
from .. import complexity
from ..architectures import official_strings
from ..columns import TEST_PREFIX, VALID_PREFIX
from ..mapped import create_curve
from ..measured_curves import ORI_TEST
from ..plausibility import CurvesOfSeed, oddities
from ..store import TABLE_FILE, Written
from ..surrogate import EPOCH_RATIOS
from ..task import DATASETS

Index: TypeAlias = int | NDArray[np.int64]
"""An architecture's official index, or several."""

BATCH_LATENCY = "gpu_batch256"
"""Device of the latency in the official files: one batch of 256 images on the authors' GPU."""


class Gathered:
    """The columns and curves of a table that is being imported.

    Args:
        folder: where the table and its curves are written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._columns: dict[str, NDArray[np.float64]] = {}
        self._curves: dict[tuple[str, int, int], NDArray[np.float32]] = {}
        self._splits: dict[str, str] = {}
        self._seen = np.zeros(SIZE, dtype=np.bool_)
        self._legacy = np.zeros(SIZE, dtype=np.bool_)
        self.notes: list[str] = []
        self.left_out = Counter[str]()  # why → number of training runs

    @property
    def seen(self) -> int:
        """Number of architectures with any value."""
        return int(self._seen.sum())

    def put(self, column: str, index: Index, values: ArrayLike) -> None:
        """Values of a column (see `columns`), for one architecture or several."""
        if column not in self._columns:
            self._columns[column] = np.full(SIZE, np.nan)
        self._columns[column][index] = values
        self._seen[index] |= np.isfinite(values)

    def put_curve(
        self, dataset: str, schedule: int, seed: int, index: Index, accuracies: ArrayLike, split: str
    ) -> None:
        """Accuracies after every epoch in percent, shape (epochs,) or (n, epochs).

        Raises:
            EncaveError: the curves before were of another split, or an accuracy cannot be one.
        """
        known = self._splits.setdefault(f"{dataset}/{schedule}", split)
        if known != split:
            raise EncaveError(f"some learning curves of {dataset} are of {known}, others of {split}")
        key = (dataset, schedule, seed)
        if key not in self._curves:
            self._curves[key] = create_curve(self._folder, *key)
        values = np.asarray(accuracies, dtype=np.float64)
        if (values < 0).any() or (values > 100).any():
            raise EncaveError(f"a learning curve on {dataset}, seed {seed}, has accuracies outside 0 … 100")
        self._curves[key][index] = values

    def check_complexity(self, dataset: str, index: Index, params: ArrayLike | None, flops: ArrayLike | None) -> None:
        """Compare stored millions of parameters and FLOPs with the closed form; what differs is counted, not kept."""
        for stored, exact in ((params, complexity.parameters(dataset)), (flops, complexity.flops(dataset))):
            if stored is not None:
                self._legacy[index] |= np.abs(np.asarray(stored, dtype=np.float64) - exact[index]) > 1e-3

    def drop_copies(self, dataset: str, schedule: int, seeds: Sequence[int]) -> int:
        """Drop runs that never were: whose curve is that of an earlier seed, or the mean of the two earlier ones.

        Args:
            dataset: one of `DATASETS`.
            schedule: 12 or 200.
            seeds: three at most, the one that is kept in any case first.

        Returns:
            Number of runs dropped.
        """
        dropped = 0
        for place, seed in enumerate(seeds):
            curve = self._curves.get((dataset, schedule, seed))
            earlier = [
                found for one in seeds[:place] if (found := self._curves.get((dataset, schedule, one))) is not None
            ]
            if curve is None or not earlier:
                continue
            means = [*earlier, (earlier[0] + earlier[1]) / 2] if len(earlier) == 2 else earlier
            copied = np.any([(np.abs(curve - one) < 1e-4).all(axis=1) for one in means], axis=0)
            curve[copied] = np.nan
            for split in ("valid", "valtest"):
                self._forget(valid_column(dataset, split, schedule, seed), copied)
            self._forget(test_column(dataset, schedule, seed), copied)
            dropped += int(copied.sum())
        return dropped

    def _forget(self, column: str, where: NDArray[np.bool_]) -> None:
        if column in self._columns:
            self._columns[column][where] = np.nan

    def finish(self) -> Written:
        """Add the means over seeds, write the table and say what is to be noted.

        Raises:
            EncaveError: there are no architectures.
        """
        if not self.seen:
            raise EncaveError("there are no architectures in it")
        self._means_over_seeds()
        self._missing_times()
        self._write_table()
        for (dataset, schedule, seed), curve in self._curves.items():
            if np.isnan(curve[self._seen]).all():
                self.notes.append(f"no learning curves of seed {seed} for {dataset}, {schedule} epochs")
        if self.seen < SIZE:
            self.notes.append(f"{self.seen:,} of {SIZE:,} architectures")
        if legacy := int(self._legacy.sum()):
            self.notes.append(
                f"the file's parameters or FLOPs of {legacy:,} architectures differ from the closed form, which is used"
            )
        self.notes += [f"{count:,} training runs are left out: {why}" for why, count in self.left_out.items()]
        self.notes += [*self._notes_on_splits(), *self._notes_on_curves(), *self._oddities()]
        return Written(self.notes, self._splits)

    def _notes_on_splits(self) -> Iterable[str]:
        for dataset in DATASETS:
            for schedule in (12, 200):
                valid, both = (valid_column(dataset, split, schedule, "mean") for split in ("valid", "valtest"))
                if both in self._columns and valid not in self._columns:
                    yield (
                        f"validation errors of {dataset} after {schedule} epochs are of validation and test set "
                        "together: the file has no others, and a search with them has seen the test set"
                    )

    def _notes_on_curves(self) -> Iterable[str]:
        leaking = [dataset for dataset in DATASETS if self._splits.get(f"{dataset}/200") == ORI_TEST]
        if leaking:
            yield (
                f"learning curves of {' and '.join(leaking)} are of validation and test set together "
                "(ori-test), the only ones the file has before the last epoch"
            )

    def _oddities(self) -> list[str]:
        curves = (
            CurvesOfSeed(dataset, self._splits[f"{dataset}/{schedule}"], seed, values)
            for (dataset, schedule, seed), values in self._curves.items()
        )
        return oddities(self._columns, curves)

    def _means_over_seeds(self) -> None:
        stems = {name.rpartition("_s")[0] for name in self._columns if name.rpartition("_s")[2].isdigit()}
        for stem in stems:
            if f"{stem}_mean" not in self._columns:
                seeds = [values for name, values in self._columns.items() if name.rpartition("_s")[0] == stem]
                self._columns[f"{stem}_mean"] = mean(seeds)

    def _missing_times(self) -> None:
        """Training times of datasets that the file has none of: cifar10's by the number of images, as in NATS-Bench."""
        known = self._columns.get(f"train_time_per_epoch_s_{VALID_PREFIX['cifar10']}")
        for dataset, ratio in zip(DATASETS, EPOCH_RATIOS, strict=True):
            column = f"train_time_per_epoch_s_{VALID_PREFIX[dataset]}"
            splits = (valid_column(dataset, split, 200, "mean") for split in ("valid", "valtest"))
            if column in self._columns or not any(one in self._columns for one in splits):
                continue
            if known is None:
                self.notes.append(f"{dataset} is left out: the file has no training times")
            else:
                self._columns[column] = ratio * known
                self.notes.append(f"the file has no training times of {dataset}: {ratio:g} times those of cifar10")

    def _write_table(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = np.flatnonzero(self._seen)
        strings = official_strings()
        columns: dict[str, Any] = {
            "arch_index": pa.array(rows, pa.int32()),
            "arch_str": [strings[row] for row in rows],
            **{name: self._columns[name][rows] for name in sorted(self._columns)},
        }
        pq.write_table(pa.table(columns), self._folder / TABLE_FILE)


def mean(columns: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mean of the values that are there, NaN where none is."""
    stacked = np.stack(columns)
    count = np.isfinite(stacked).sum(axis=0)
    return np.where(count > 0, np.nansum(stacked, axis=0) / np.maximum(count, 1), np.nan)


def valid_column(dataset: str, split: str, schedule: int, seed: int | str) -> str:
    """Name of the column of validation accuracies.

    Args:
        dataset: one of `DATASETS`.
        split: `valid`, or `valtest` for validation and test set together.
        schedule: 12 or 200.
        seed: a seed, or `mean`.
    """
    return f"{VALID_PREFIX[dataset]}_{split}_acc_{schedule}_{seed if seed == 'mean' else f's{seed}'}"


def test_column(dataset: str, schedule: int, seed: int | str) -> str:
    """Name of the column of test accuracies; see `valid_column`."""
    return f"{TEST_PREFIX[dataset]}_test_acc_{schedule}_{seed if seed == 'mean' else f's{seed}'}"
