"""Importer of NNI's `nasbench201.db`, an SQLite database made from NAS-Bench-201 v1.1.

`nb201trialconfig` has the architecture as JSON by edge, the epochs (12 or 200) and the dataset, `nb201trialstats` one
row per training run, `nb201intermediatestats` one row per run and epoch (from 1). The latency is in seconds of one
batch, whatever a comment in NNI's code says. For `cifar10` validation and test accuracy are both `ori-test`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from .....errors import EncaveError
from .....files.sqlite import Database, opened
from .....run import nasbench201_space as space
from ..store import Imported, Written, store
from .gathering import Gathered
from .nats_records import gather_run

FORMAT = "NNI database, NAS-Bench-201 v1.1"
_DATASETS = {"cifar10-valid": "cifar10-valid", "cifar10": "cifar10", "cifar100": "cifar100"}
_DATASETS["imagenet16-120"] = "ImageNet16-120"
_OPERATIONS = {"conv_1x1": "nor_conv_1x1", "conv_3x3": "nor_conv_3x3"}
_TABLES = ("nb201trialstats", "nb201trialconfig", "nb201intermediatestats")
_RUNS = """
    select s.id, c.arch, c.num_epochs, c.dataset, s.seed, s.valid_acc, s.test_acc, s.ori_test_acc, s.parameters,
           s.flops, s.latency, s.training_time, s.valid_evaluation_time
    from nb201trialstats s join nb201trialconfig c on s.config_id = c.id order by s.id
"""
_EPOCHS = """
    select trial_id, current_epoch, valid_acc, test_acc, ori_test_acc from nb201intermediatestats order by trial_id
"""


def recognises(path: Path) -> bool:
    """Whether it is an SQLite database with NNI's table."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        if stream.read(15) != b"SQLite format 3":
            return False
    with _open(path) as database:
        return "nb201trialstats" in database.columns(_TABLES)


def import_file(path: Path, name: str, progress: Callable[[int, int], None]) -> Imported:
    """Read all runs and their curves.

    Raises:
        EncaveError: the database is damaged or something else, or the cache cannot be written.
    """

    def write(folder: Path) -> Written:
        gathered = Gathered(folder)
        _check_size(path)
        with _open(path) as database:
            database.columns(_TABLES)  # which refuses any that is computed
            curves = groupby(database.execute(_EPOCHS), key=lambda row: row[0])
            trial, epochs = next(curves, (None, iter(())))
            for row in database.execute(_RUNS):
                while trial is not None and trial < row[0]:
                    trial, epochs = next(curves, (None, iter(())))
                _gather(row, list(epochs) if trial == row[0] else [], gathered)
                progress(gathered.seen, space.SIZE)
        return gathered.finish()

    return store(name, path, FORMAT, write)


@contextmanager
def _open(path: Path) -> Generator[Database]:
    try:
        with opened(path) as database:
            yield database
    except (ValueError, KeyError, TypeError) as error:
        raise EncaveError(f"{path} is no readable database of NNI: {type(error).__name__}: {error}") from error


def _check_size(path: Path) -> None:
    """SQLite reads a file that was cut off as far as it goes; its header says how long it was."""
    with path.open("rb") as stream:
        header = stream.read(100)
    page, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    whole = (65_536 if page == 1 else page) * pages
    if path.stat().st_size < whole:
        raise EncaveError(f"{path} is incomplete: {path.stat().st_size:,} of {whole:,} bytes. Download it again.")


def _gather(row: tuple[Any, ...], epochs: list[tuple[Any, ...]], into: Gathered) -> None:
    _, arch, schedule, dataset, seed, valid, test, both, params, flops, latency, training, validation = row
    official = _DATASETS[dataset]
    last = schedule - 1
    accuracies = {f"{split}@{last}": value for split, value in _splits(official, valid, test, both).items()}
    for _, epoch, *three in epochs:
        found = _splits(official, *three)
        accuracies |= {f"{split}@{epoch - 1}": value for split, value in found.items() if value is not None}
    run: dict[str, Any] = {
        "epochs": schedule,
        "eval_acc1es": accuracies,
        "train_times": {0: training / schedule},
        "eval_times": {f"x-valid@{last}": validation} if official == "cifar10-valid" else {},
        "params": params,
        "flop": flops,
        "latency": [latency] if latency is not None else [],
    }
    gather_run(_index(json.loads(arch)), official, int(seed), run, into)


def _splits(dataset: str, valid: Any, test: Any, both: Any) -> dict[str, Any]:
    """Official split → accuracy, of NNI's three columns."""
    if dataset == "cifar10":
        return {"ori-test": both}
    if dataset == "cifar10-valid":
        return {"x-valid": valid, "ori-test": both}
    return {"x-valid": valid, "x-test": test, "ori-test": both}


def _index(arch: Mapping[str, str]) -> int:
    named = {f"op_{edge}": _OPERATIONS.get(operation, operation) for edge, operation in arch.items()}
    return int(np.asarray(space.to_index(space.to_ops([named])))[0])
