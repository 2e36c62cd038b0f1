"""Folders laid out as the official `NATS-tss-v1_0-3ffb9-simple`, with made-up values."""

from __future__ import annotations

import bz2
import pickle
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from encave.runners.benchmarks.nasbench201.architectures import official_strings

_SPLITS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("x-valid", "x-test", "ori-test"),
}
_RATIO = {"cifar10-valid": 1.0, "cifar10": 2.0, "cifar100": 2.0, "ImageNet16-120": 6.068}


def run(dataset: str, seed: int, epochs: int, seconds: float, curves: bool = False) -> dict[str, Any]:
    """A run whose accuracy is `seed % 100 / 10 + 50 + position of the split` at its last epoch.

    With curves, the first split of two and the last of three have a quarter of the epoch + seed % 100 / 10 before it.
    """
    splits = _SPLITS[dataset]
    keys = [f"{split}@{epoch}" for split in splits for epoch in range(epochs)]
    last = {f"{split}@{epochs - 1}": 50.0 + place + seed % 100 / 10 for place, split in enumerate(splits)}
    early: dict[str, float] = {}
    if curves:
        split = splits[-1] if epochs == 200 and len(splits) == 3 else splits[0]
        early = {f"{split}@{epoch}": epoch / 4 + seed % 100 / 10 for epoch in range(epochs)}
    return {
        "eval_acc1es": {**early, **last},
        "eval_times": {key: np.float64(2.5 if key.startswith("x-valid") else 1.0) for key in keys},
        "train_times": OrderedDict((epoch, np.float64(seconds * _RATIO[dataset])) for epoch in range(epochs)),
        "seed": f"{seed:04d}",
        "epochs": epochs,
    }


def architecture(index: int, seeds: tuple[int, ...] = (777, 888), curves: bool = False) -> OrderedDict[str, Any]:
    """The content of one file."""
    short = {(dataset, 111): run(dataset, 111, 12, 5.0, curves) for dataset in _SPLITS}
    short["cifar10-valid", 777] = run("cifar10-valid", 777, 12, 5.0, curves)
    full = {(dataset, seed): run(dataset, seed, 200, 5.0, curves) for dataset in _SPLITS for seed in seeds}
    named = {"arch_index": index, "arch_str": official_strings()[index]}
    return OrderedDict((hp, {**named, "all_results": runs}) for hp, runs in (("12", short), ("200", full)))


def write(path: Path, content: Any) -> None:
    """One bz2-compressed pickle."""
    path.write_bytes(bz2.compress(content if isinstance(content, bytes) else pickle.dumps(content, protocol=4)))


def write_folder(folder: Path, indices: tuple[int, ...], meta: bool = True) -> Path:
    """A folder of these architectures."""
    folder.mkdir()
    for index in indices:
        write(folder / f"{index:06d}.pickle.pbz2", architecture(index))
    if meta:
        write(folder / "meta.pickle.pbz2", {"meta_archs": list(official_strings()), "total_archs": 15_625})
    return folder


@pytest.fixture(scope="session")
def nats() -> SimpleNamespace:
    """The functions above."""
    return SimpleNamespace(architecture=architecture, write=write, write_folder=write_folder)
