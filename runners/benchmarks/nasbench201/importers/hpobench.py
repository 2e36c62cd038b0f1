"""Importer of HPOBench's `nasbench_201_data_v1.3.zip`, or of the folder it unpacks to.

One JSON file per dataset, `NAS-Bench-201-v1_1-096897_<dataset>.json`: {seed: {official string: {'train_times': {epoch:
s}, 'eval_acc1es': {'<split>@<epoch>': %}, 'eval_times': …}}}, epochs from 0 in the file (from 1 in HPOBench's
interface), of the schedule of 200 epochs. Every architecture has the seeds 777, 888 and 999 there: those it was not
trained with are copies of another seed's run, which are recognised by their curves and dropped. A file can have more
than a gigabyte and is read architecture by architecture.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .....errors import EncaveError
from ..architectures import index_of_string
from ..columns import VALID_PREFIX
from ..measured_curves import ORI_TEST, X_VALID
from ..store import Imported, Written, store
from .gathering import Gathered, test_column, valid_column
from .streamed_json import members

FORMAT = "HPOBench, NAS-Bench-201 v1.1"
EPOCHS = 200
_FILE = re.compile(r"(?:.*/)?NAS-Bench-201-v1_1-096897_(cifar10-valid|cifar100|ImageNet16-120)\.json")
_SEEDS = ("777", "888", "999")


def recognises(path: Path) -> bool:
    """Whether it is such a ZIP file, or a folder with such files."""
    return bool(_names(path))


def import_files(path: Path, name: str, progress: Callable[[int, int], None]) -> Imported:
    """Read all datasets that are there.

    Raises:
        EncaveError: a file is damaged or something else, or the cache cannot be written.
    """
    names = _names(path)

    def write(folder: Path) -> Written:
        gathered = Gathered(folder)
        for done, one in enumerate(names, start=1):
            dataset = _dataset(one)
            with _open(path, one) as stream:
                _read(stream, one, dataset, gathered)
            copies = gathered.drop_copies("cifar10" if dataset == "cifar10-valid" else dataset, EPOCHS, (888, 777, 999))
            gathered.notes.append(f"{copies:,} runs on {dataset} were copies of another seed's run and were dropped")
            progress(done, len(names))
        return gathered.finish()

    return store(name, path, FORMAT, write)


def _names(path: Path) -> list[str]:
    if path.is_dir():
        return sorted(one.name for one in path.iterdir() if _FILE.fullmatch(one.name))
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        return sorted(one for one in archive.namelist() if _FILE.fullmatch(one))


def _dataset(name: str) -> str:
    match = _FILE.fullmatch(name)
    return match[1] if match else name


@contextmanager
def _open(path: Path, name: str) -> Generator[BinaryIO]:
    try:
        if path.is_dir():
            with (path / name).open("rb") as stream:
                yield stream
        else:
            with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
                yield stream  # pyright: ignore[reportReturnType]  it reads as any binary file
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise EncaveError(f"{path} cannot be read; it is damaged or incomplete: {error}") from error


def _read(stream: BinaryIO, name: str, dataset: str, into: Gathered) -> None:
    try:
        for (seed, text), run in members(stream, depth=2):
            if seed not in _SEEDS:
                raise EncaveError(f"{name} has results of seed {seed!r}; HPOBench's files have {', '.join(_SEEDS)}")
            _gather(index_of_string()[text], dataset, int(seed), run, into)
    except (AttributeError, KeyError, TypeError, ValueError, json.JSONDecodeError) as error:
        raise EncaveError(f"{name} is not as HPOBench writes it ({type(error).__name__}: {error})") from error


def _gather(index: int, dataset: str, seed: int, run: Mapping[str, Any], into: Gathered) -> None:
    accuracies, last = run["eval_acc1es"], EPOCHS - 1
    task = "cifar10" if dataset == "cifar10-valid" else dataset
    split = X_VALID if task == "cifar10" else ORI_TEST
    curve = [accuracies[f"{split}@{epoch}"] for epoch in range(EPOCHS)]
    into.put_curve(task, EPOCHS, seed, index, curve, split)
    into.put(valid_column(task, "valid", EPOCHS, seed), index, accuracies[f"x-valid@{last}"])
    if task != "cifar10":
        into.put(valid_column(task, "valtest", EPOCHS, seed), index, curve[-1])
        into.put(test_column(task, EPOCHS, seed), index, accuracies[f"x-test@{last}"])
    into.put(f"train_time_per_epoch_s_{VALID_PREFIX[task]}", index, np.mean(list(run["train_times"].values())))
    if task == "cifar10" and f"x-valid@{last}" in run["eval_times"]:
        into.put("eval_time_per_10k_images_s", index, run["eval_times"][f"x-valid@{last}"] * (10_000 / 25_000))
