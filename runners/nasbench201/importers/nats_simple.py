"""Importer of the official folder of NATS-Bench's topology space, `NATS-tss-v1_0-3ffb9-simple`.

One bz2-compressed pickle per architecture, `NNNNNN.pickle.pbz2`: {'12' | '200': {'arch_index', 'arch_str',
'all_results': {(dataset, seed): run}}}; a run has accuracies `eval_acc1es` and times `eval_times`, {'<split>@<epoch>':
value}, epochs from 0, and `train_times`, {epoch: seconds}. `meta.pickle.pbz2` lists the architectures. `x-valid` is the
validation set; `ori-test` is the test set of CIFAR-10, but validation and test set together ("valtest") of the other
two, whose test set is `x-test`. A part of the folder can be imported; what is not there is absent (NaN) in the table.

Columns written: those that `columns` reads. Means are over the seeds that an architecture has.
"""

from __future__ import annotations

import bz2
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ....errors import EncaveError
from ....safe_pickle import load
from ..architectures import official_strings
from ..columns import SEEDS
from ..space import SIZE
from ..store import TABLE_FILE, Imported, Written, store

FORMAT = "NATS-Bench topology v1.0, simple folder"
LIMIT = 64 * 2**20
"""Bytes that one file may have when unpacked; official files have about a third of a megabyte."""

META = "meta.pickle.pbz2"
ALLOWED = frozenset(
    {
        "collections.OrderedDict",
        "numpy.core.multiarray.scalar",
        "numpy._core.multiarray.scalar",
        "numpy.dtype",
    }
)
"""All that the official files call."""

_FILE = re.compile(r"(\d{1,6})\.pickle\.pbz2")
_SIZE_SPACE = "is of NATS-Bench's size space (sss); encave has the topology space (tss) only"

Runs = Mapping[tuple[str, int], Mapping[str, Any]]


def recognises(path: Path) -> bool:
    """Whether it is a folder with files named as the official ones are."""
    return path.is_dir() and any(_FILE.fullmatch(one.name) or one.name == META for one in path.iterdir())


def import_folder(path: Path, name: str, progress: Callable[[int, int], None]) -> Imported:
    """Read all architectures that the folder holds and write them to the cache as one Parquet table.

    Raises:
        EncaveError: a file is damaged, malicious or not of the topology space, or the cache cannot be written.
    """
    strings = list(official_strings())
    notes = _check_meta(path, strings)
    files = {int(match[1]): one for one in sorted(path.iterdir()) if (match := _FILE.fullmatch(one.name))}
    if not files:
        raise EncaveError(f"{path} holds no architectures (files NNNNNN.pickle.pbz2)")
    if len(files) < SIZE:
        notes.append(f"{len(files):,} of {SIZE:,} architectures")
    rows: list[dict[str, Any]] = []
    for done, (index, file) in enumerate(sorted(files.items()), start=1):
        rows.append(_read_architecture(file, index, strings))
        progress(done, len(files))

    def write(target: Path) -> Written:
        _write_table(rows, target / TABLE_FILE)
        return Written(notes)

    return store(name, path, FORMAT, write)


def _check_meta(path: Path, strings: list[str]) -> list[str]:
    """Refuse another search space; what to note if there is nothing to check."""
    if not (path / META).exists():
        return [f"no {META} in the folder; the order of the architectures was checked file by file"]
    meta = _load(path / META)
    architectures = meta.get("meta_archs") if isinstance(meta, Mapping) else None
    if not isinstance(architectures, list):
        raise EncaveError(f"{path / META} is not the list of architectures of NATS-Bench (no 'meta_archs')")
    if architectures != strings:
        sized = len(architectures) > 0 and re.fullmatch(r"\d+(:\d+){4}", str(architectures[0]))
        wrong = _SIZE_SPACE if sized else f"does not list the {SIZE:,} architectures in the official order"
        raise EncaveError(f"{path / META} {wrong}")
    return []


def _read_architecture(file: Path, index: int, strings: list[str]) -> dict[str, Any]:
    content = _load(file)
    try:
        if "90" in content:
            raise EncaveError(f"{file} {_SIZE_SPACE}")
        schedules = {hp: content[hp] for hp in ("12", "200") if hp in content}
        named = {(one["arch_index"], one["arch_str"]) for one in schedules.values()}
        if not schedules or index >= SIZE or named != {(index, strings[index])}:
            raise EncaveError(
                f"{file} does not hold architecture {index} of the topology space, but {named or 'nothing'}"
            )
        short, full = (schedules[hp]["all_results"] if hp in schedules else {} for hp in ("12", "200"))
        values = {**_accuracies(short, full), **_times(short or full)}
        row = {column: float(value) for column, value in values.items()}
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise EncaveError(
            f"{file} does not hold the results of an architecture as NATS-Bench writes them "
            f"({type(error).__name__}: {error})"
        ) from error
    return {"arch_index": index, "arch_str": strings[index], **row}


def _accuracies(short: Runs, full: Runs) -> dict[str, float]:
    """Columns of accuracies, percent, from the runs of the 12- and the 200-epoch schedule."""
    row = {
        "c10valid_valid_acc_12_mean": _mean(short, "cifar10-valid", "x-valid@11", (111, 777)),
        "c10_test_acc_12_s111": _mean(short, "cifar10", "ori-test@11", (111,)),
        "c10_test_acc_200_mean": _mean(full, "cifar10", "ori-test@199"),
    }
    families = [("c10valid_valid", "cifar10-valid", "x-valid")]
    for prefix, dataset in (("c100", "cifar100"), ("im", "ImageNet16-120")):
        for split, official in (("valid", "x-valid"), ("test", "x-test")):
            row[f"{prefix}_{split}_acc_12_s111"] = _mean(short, dataset, f"{official}@11", (111,))
        row[f"{prefix}_test_acc_200_mean"] = _mean(full, dataset, "x-test@199")
        families += [(f"{prefix}_valid", dataset, "x-valid"), (f"{prefix}_valtest", dataset, "ori-test")]
    for column, dataset, split in families:
        row[f"{column}_acc_200_mean"] = _mean(full, dataset, f"{split}@199")
        for seed in SEEDS:
            row[f"{column}_acc_200_s{seed}"] = _mean(full, dataset, f"{split}@199", (seed,))
    return row


def _mean(runs: Runs, dataset: str, key: str, seeds: tuple[int, ...] = SEEDS) -> float:
    """Mean accuracy of the runs of these seeds that are there, NaN if none is."""
    found = [runs[dataset, seed]["eval_acc1es"][key] for seed in seeds if (dataset, seed) in runs]
    return float(np.mean(found)) if found else np.nan


def _times(runs: Runs) -> dict[str, float]:
    """Columns of times, seconds. The official files hold one time for all seeds, epochs and both schedules."""
    row = dict.fromkeys([f"train_time_per_epoch_s_{name}" for name in ("c10valid", "c10", "c100", "im")], np.nan)
    row["eval_time_per_10k_images_s"] = np.nan
    columns = {"cifar10-valid": "c10valid", "cifar10": "c10", "cifar100": "c100", "ImageNet16-120": "im"}
    for (dataset, _), run in sorted(runs.items()):
        if dataset in columns:
            row[f"train_time_per_epoch_s_{columns[dataset]}"] = float(np.mean(list(run["train_times"].values())))
        if dataset == "cifar10-valid":
            row["eval_time_per_10k_images_s"] = run["eval_times"][f"x-valid@{run['epochs'] - 1}"] * (10_000 / 25_000)
    return row


def _load(file: Path) -> Any:
    try:
        with bz2.open(file) as stream:
            return load(stream, name=str(file), limit=LIMIT, allowed=ALLOWED)
    except OSError as error:
        raise EncaveError(f"cannot read {file}: {error.strerror or error}") from error


def _write_table(rows: list[dict[str, Any]], target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(rows)
    integers = table.column_names.index("arch_index")
    pq.write_table(table.set_column(integers, "arch_index", table["arch_index"].cast(pa.int32())), target)
