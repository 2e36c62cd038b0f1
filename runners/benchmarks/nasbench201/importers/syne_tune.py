"""Importer of Syne Tune's blackbox `nasbench201`, a folder.

`objectives_evaluations.npy` has shape (task, architecture, seed, epoch, objective), 32-bit; `hyperparameters.parquet`
names the operations on the six edges in the official order. `metric_valid_error` is 1 − accuracy on `ori-test`: for
CIFAR-10 that is the test set, so that its errors are test errors of the model trained on all images and there are no
validation errors at all; for the others it is validation and test set together. A missing seed 999 is the mean of the
other two, which is recognised and dropped. `metric_runtime` is one epoch of training and one evaluation on `ori-test`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .....errors import EncaveError
from .....run import nasbench201_space as space
from ..columns import TEST_PREFIX, VALID_PREFIX
from ..measured_curves import ORI_TEST
from ..store import Imported, Written, store
from ..surrogate import EPOCH_RATIOS, EVALUATION_SECONDS
from ..task import DATASETS
from .gathering import Gathered, test_column, valid_column

FORMAT = "Syne Tune blackbox"
SEEDS = (777, 888, 999)
EPOCHS = 200
_EVALUATIONS, _NAMES = "objectives_evaluations.npy", "hyperparameters.parquet"
_ERROR, _RUNTIME, _FLOPS, _PARAMS = 0, 2, 5, 6
_OBJECTIVES = 7
_TEST_IMAGES = (10_000, 10_000, 6_000)


def recognises(path: Path) -> bool:
    """Whether it is a folder with the two files."""
    return path.is_dir() and (path / _EVALUATIONS).is_file() and (path / _NAMES).is_file()


def import_folder(path: Path, name: str, progress: Callable[[int, int], None]) -> Imported:
    """Read all datasets.

    Raises:
        EncaveError: a file is damaged or something else, or the cache cannot be written.
    """

    def write(folder: Path) -> Written:
        gathered = Gathered(folder)
        gathered.notes += [
            "cifar10 is left out: its errors are test errors of the model trained on all images, and it has no others",
            "seconds per epoch hold one evaluation on ori-test, which is taken out by a model (docs/surrogate.md)",
        ]
        index, values = _open(path)
        for place, dataset in enumerate(DATASETS):
            _gather(index, values[place], place, gathered)
            copies = 0 if dataset == "cifar10" else gathered.drop_copies(dataset, EPOCHS, SEEDS)
            if copies:
                gathered.notes.append(f"seed 999 of {copies:,} architectures on {dataset} was a mean and was dropped")
            progress(place + 1, len(DATASETS))
        return gathered.finish()

    return store(name, path, FORMAT, write)


def _open(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        values: Any = np.load(path / _EVALUATIONS, mmap_mode="r", allow_pickle=False)
        names = pq.read_table(path / _NAMES, columns=[f"hp_x{edge}" for edge in range(len(space.EDGES))])
        configs = (dict(zip(space.HYPERPARAMETERS, row.values(), strict=True)) for row in names.to_pylist())
        index = space.to_index(space.to_ops(configs))
    except (OSError, EOFError, ValueError, pa.ArrowException) as error:
        raise EncaveError(f"{path} is no blackbox nasbench201 of Syne Tune: {error}") from error
    if values.shape != (len(DATASETS), len(index), len(SEEDS), EPOCHS, _OBJECTIVES) or not len(index):
        raise EncaveError(f"{path / _EVALUATIONS} has shape {values.shape}; that is no blackbox nasbench201")
    return index, values


def _gather(index: NDArray[np.int64], values: NDArray[np.float32], place: int, into: Gathered) -> None:
    dataset = DATASETS[place]
    accuracy = 100.0 * (1.0 - values[..., _ERROR].astype(np.float64))
    for position, seed in enumerate(SEEDS):
        last = accuracy[:, position, -1]
        if dataset == "cifar10":
            into.put(test_column(dataset, EPOCHS, seed), index, last)
        else:
            into.put(valid_column(dataset, "valtest", EPOCHS, seed), index, last)
            into.put_curve(dataset, EPOCHS, seed, index, accuracy[:, position], ORI_TEST)
    runtime = values[:, :, :, _RUNTIME].astype(np.float64).mean(axis=(1, 2))
    column = VALID_PREFIX[dataset] if dataset != "cifar10" else TEST_PREFIX[dataset]
    into.put(f"train_time_per_epoch_s_{column}", index, _training(runtime, place))
    into.check_complexity(dataset, index, values[:, 0, 0, _PARAMS], values[:, 0, 0, _FLOPS])


def _training(runtime: NDArray[np.float64], place: int) -> NDArray[np.float64]:
    """Seconds of training in the seconds of one epoch with one evaluation on `ori-test`."""
    constant, slope = EVALUATION_SECONDS
    ratio = 2.0 if place == 0 else EPOCH_RATIOS[place]  # CIFAR-10 is the model trained on all 50,000 images here
    images = _TEST_IMAGES[place] / 10_000
    return ratio * (runtime - images * constant) / (ratio + images * slope)
