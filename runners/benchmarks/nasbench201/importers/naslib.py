"""Importer of NASLib's `nb201_cifar10_full_training.pickle`, `…_cifar100_…` and `…_ImageNet16_…`.

One pickle per dataset: {official string: {dataset: {'eval_acc1es': 200 accuracies, …, 'cost_info': {…}}}}. The values
are of training seed 888 alone. `eval` is the validation set of CIFAR-10, but validation and test set together of the
other two; there are no other test accuracies and no short schedule. `cost_info['train_time']` is seconds per epoch,
though much code takes it for the total.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .....errors import EncaveError
from .....files.pickles import NUMPY, load
from ..architectures import index_of_string
from ..columns import VALID_PREFIX
from ..measured_curves import ORI_TEST, X_VALID
from ..store import Imported, Written, store
from .gathering import Gathered, valid_column

FORMAT = "NASLib full training"
LIMIT = 2**30
"""Bytes that one pickle may have; the real ones have about 0.1 GB."""

SEED = 888
EPOCHS = 200
_FILE = re.compile(r"nb201_(cifar10|cifar100|ImageNet16)_full_training\.pickle")
_TASKS = {"cifar10-valid": "cifar10", "cifar100": "cifar100", "ImageNet16-120": "ImageNet16-120"}


def recognises(path: Path) -> bool:
    """Whether it is such a file or a folder with some."""
    return bool(_files(path))


def import_files(path: Path, name: str, progress: Callable[[int, int], None]) -> Imported:
    """Read the file, or all such files of the folder.

    Raises:
        EncaveError: a file is damaged, malicious or something else, or the cache cannot be written.
    """
    files = _files(path)

    def write(folder: Path) -> Written:
        gathered = Gathered(folder)
        gathered.notes.append(f"all values are of training seed {SEED} alone; the file has no short schedule")
        for done, file in enumerate(files, start=1):
            _read(file, gathered)
            progress(done, len(files))
        return gathered.finish()

    return store(name, path, FORMAT, write)


def _files(path: Path) -> list[Path]:
    candidates = sorted(path.iterdir()) if path.is_dir() else [path]
    return [one for one in candidates if _FILE.fullmatch(one.name)]


def _read(file: Path, into: Gathered) -> None:
    try:
        with file.open("rb") as stream:
            content = load(stream, name=str(file), limit=LIMIT, allowed=NUMPY)
        for text, datasets in content.items():
            for dataset, values in datasets.items():
                if dataset in _TASKS:
                    _gather(index_of_string()[text], _TASKS[dataset], values, into)
                else:
                    into.left_out[f"no dataset of NAS-Bench-201 is called {dataset!r}"] += 1
    except OSError as error:
        raise EncaveError(f"cannot read {file}: {error.strerror or error}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise EncaveError(f"{file} is not as NASLib writes it ({type(error).__name__}: {error})") from error


def _gather(index: int, task: str, values: Mapping[str, Any], into: Gathered) -> None:
    split, curve, cost = ("valid" if task == "cifar10" else "valtest"), values["eval_acc1es"], values["cost_info"]
    if len(curve) != EPOCHS:
        raise ValueError(f"{len(curve)} epochs of architecture {index} on {task}, not {EPOCHS}")
    into.put_curve(task, EPOCHS, SEED, index, curve, X_VALID if task == "cifar10" else ORI_TEST)
    into.put(valid_column(task, split, EPOCHS, SEED), index, curve[-1])
    into.put(f"train_time_per_epoch_s_{VALID_PREFIX[task]}", index, cost["train_time"])
    into.check_complexity(task, index, cost.get("params"), cost.get("flops"))
