"""The arrays of a table as files that are mapped into memory: opening takes a millisecond, pages are read as needed.

`columns.npy` has one row of 15,625 numbers for each array of each `Task`; the header names the rows
`dataset/field[/key]`. `curves/<dataset>_<schedule>_<seed>.npy` has shape (15625, epochs), 32-bit floats.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import EncaveError
from ....run.nasbench201_space import SIZE
from .measured_curves import MeasuredCurves
from .task import DATASETS, Task

ARRAYS_FILE = "columns.npy"
CURVES_FOLDER = "curves"

_PLAIN = (
    "valid_accuracy_12",
    "valid_accuracy_200",
    "test_accuracy_12",
    "test_accuracy_200",
    "noise_200",
    "train_seconds_per_epoch",
)
_VALID_SECONDS, _MODELLED = "valid_seconds", "modelled_"  # the row's name says whether they were measured


def write_tasks(folder: Path, tasks: Mapping[str, Task]) -> list[str]:
    """Write the arrays of all tasks but their curves; the names of the rows."""
    named = [(f"{dataset}/{name}", values) for dataset, task in tasks.items() for name, values in _arrays(task)]
    _save(folder / ARRAYS_FILE, np.stack([values for _, values in named]))
    return [name for name, _ in named]


def open_tasks(folder: Path, rows: Sequence[str], splits: Mapping[str, str]) -> dict[str, Task]:
    """Map what `write_tasks` wrote, and the curves beside it, into memory.

    Raises:
        EncaveError: the files are not as the header says.
    """
    try:
        columns = np.load(folder / ARRAYS_FILE, mmap_mode="r", allow_pickle=False)
        if columns.shape != (len(rows), SIZE):
            raise ValueError(f"{ARRAYS_FILE} has shape {columns.shape}, not {(len(rows), SIZE)}")
        plain = np.asarray(columns)  # an ordinary view of the mapped memory: indexing it is several times as fast
        fields: dict[str, dict[str, Any]] = {}
        for name, values in zip(rows, plain, strict=True):
            dataset, field, *key = name.split("/")
            of_task = fields.setdefault(dataset, {"seed_deviation_200": {}, "latency_ms": {}})
            if field.removeprefix(_MODELLED) == _VALID_SECONDS:
                of_task |= {_VALID_SECONDS: values, "valid_seconds_modelled": field.startswith(_MODELLED)}
            elif key:
                of_task[field][int(key[0]) if field == "seed_deviation_200" else key[0]] = values
            else:
                of_task[field] = values
        return {
            dataset: Task(dataset=dataset, curves=_open_curves(folder, dataset, splits), **fields[dataset])
            for dataset in DATASETS
            if dataset in fields
        }
    except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
        raise EncaveError(f"the imported table in {folder} is damaged ({error}); import it again") from error


def create_curve(folder: Path, dataset: str, schedule: int, seed: int) -> NDArray[np.float32]:
    """A new file of curves, mapped into memory, all NaN; it is complete once the array is no longer used."""
    path = folder / CURVES_FOLDER / f"{dataset}_{schedule}_{seed}.npy"
    path.parent.mkdir(exist_ok=True)
    # written before it is mapped: a page that finds no room on a full disk would end the process by a signal
    _save(path, np.full((SIZE, schedule), np.nan, np.float32))
    return np.load(path, mmap_mode="r+")


def _save(path: Path, values: NDArray[Any]) -> None:
    """As `np.save`, whose error on a full disk does not say that the disk is full."""
    content = io.BytesIO()
    np.save(content, values)
    path.write_bytes(content.getvalue())  # a view, kept by the error of a full disk, ends Python 3.12 by a signal


def _arrays(task: Task) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for name in _PLAIN:
        yield name, getattr(task, name)
    yield (_MODELLED if task.valid_seconds_modelled else "") + _VALID_SECONDS, task.valid_seconds
    for seed, values in task.seed_deviation_200.items():
        yield f"seed_deviation_200/{seed}", values
    for device, values in task.latency_ms.items():
        yield f"latency_ms/{device}", values


def _open_curves(folder: Path, dataset: str, splits: Mapping[str, str]) -> dict[int, MeasuredCurves]:
    curves: dict[int, MeasuredCurves] = {}
    for key, split in splits.items():
        of, _, schedule = key.rpartition("/")
        if of == dataset:
            paths = sorted((folder / CURVES_FOLDER).glob(f"{dataset}_{schedule}_*.npy"))
            by_seed = {int(path.stem.rpartition("_")[2]): np.load(path, mmap_mode="r") for path in paths}
            curves[int(schedule)] = MeasuredCurves(
                split, {seed: np.asarray(values) for seed, values in by_seed.items()}
            )
    return curves
