"""Importer of mf-prior-bench's `nb201_<dataset>_<12|200>.parquet`, a folder of them.

One row per architecture and epoch (from 1), with the official index as `config_id` and means over training seeds.
`test_accuracy` is of the validation set for `cifar10-valid`, of the test set for `cifar10`, and of validation and test
set together for the other two. One architecture is missing for ImageNet16-120: its losses are not finite.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .....errors import EncaveError
from .....run import nasbench201_space as space
from ..columns import VALID_PREFIX
from ..measured_curves import MEAN, ORI_TEST, X_VALID
from ..store import Imported, Written, store
from .gathering import Gathered, test_column, valid_column

FORMAT = "mf-prior-bench"
_FILE = re.compile(r"nb201_(cifar10|cifar10-valid|cifar100|ImageNet16-120)_(12|200)\.parquet")
_EDGES = [f"edge_{edge}" for edge in space.EDGES]
_VALUES = ["test_accuracy", "train_per_time", "test_per_time"]


def recognises(path: Path) -> bool:
    """Whether it is a folder with such files."""
    return path.is_dir() and any(_FILE.fullmatch(one.name) for one in path.iterdir())


def import_folder(path: Path, name: str, progress: Callable[[int, int], None]) -> Imported:
    """Read all files of the folder.

    Raises:
        EncaveError: a file is damaged or something else, or the cache cannot be written.
    """
    files = [(one, match) for one in sorted(path.iterdir()) if (match := _FILE.fullmatch(one.name))]

    def write(folder: Path) -> Written:
        gathered = Gathered(folder)
        gathered.notes.append("all values are means over training seeds")
        for done, (file, match) in enumerate(files, start=1):
            _read(file, match[1], int(match[2]), gathered)
            progress(done, len(files))
        return gathered.finish()

    return store(name, path, FORMAT, write)


def _read(file: Path, dataset: str, schedule: int, into: Gathered) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(file, columns=["config_id", "epoch", *_VALUES, *_EDGES])
        numbers: dict[str, Any] = {name: rows[name].to_numpy() for name in ("config_id", "epoch", *_VALUES)}
        order = np.lexsort((numbers["epoch"], numbers["config_id"]))
        ids, epochs, accuracy, training, evaluation = (
            values[order].reshape(-1, schedule) for values in numbers.values()
        )
        configs = rows.take(pa.array(order[::schedule])).select(_EDGES).to_pylist()
        ops = space.to_ops(dict(zip(space.HYPERPARAMETERS, one.values(), strict=True)) for one in configs)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise EncaveError(f"{file} is no table of mf-prior-bench: {error}") from error
    index = ids[:, 0].astype(np.int64)
    if (ids != ids[:, :1]).any() or (epochs != np.arange(1, schedule + 1)).any():
        raise EncaveError(f"{file} does not have {schedule} epochs of every architecture")
    if (space.to_index(ops) != index).any():
        raise EncaveError(f"{file} does not number the architectures in the official order")
    if dataset == "cifar10":
        into.put(test_column("cifar10", schedule, "mean"), index, accuracy[:, -1])
        return
    task = "cifar10" if dataset == "cifar10-valid" else dataset
    split = "valid" if task == "cifar10" else "valtest"
    into.put(valid_column(task, split, schedule, "mean"), index, accuracy[:, -1])
    into.put_curve(task, schedule, MEAN, index, accuracy, X_VALID if task == "cifar10" else ORI_TEST)
    into.put(f"train_time_per_epoch_s_{VALID_PREFIX[task]}", index, training[:, -1])
    if task == "cifar10":
        into.put("eval_time_per_10k_images_s", index, evaluation[:, -1] * (10_000 / 25_000))
