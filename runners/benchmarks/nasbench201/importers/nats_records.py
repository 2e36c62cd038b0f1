"""The record of one architecture and one schedule in the files of NATS-Bench and NAS-Bench-201.

{'arch_index', 'arch_str', 'all_results': {(dataset, seed): run}}; a run has accuracies `eval_acc1es` and times
`eval_times`, {'<split>@<epoch>': value}, epochs from 0, and `train_times`, {epoch: seconds}. `x-valid` is the
validation set; `ori-test` is the test set of CIFAR-10, but validation and test set together ("valtest") of the other
two, whose test set is `x-test`. In the schedule of 200 epochs CIFAR-100 and ImageNet16-120 have `ori-test` alone before
the last epoch. `cifar10-valid` was trained on 25,000 images and has a validation set, `cifar10` on all 50,000.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .....errors import EncaveError
from .....run.nasbench201_space import SIZE
from ..architectures import official_strings
from ..columns import TEST_PREFIX, VALID_PREFIX
from ..measured_curves import ORI_TEST, X_VALID
from .gathering import BATCH_LATENCY, Gathered, test_column, valid_column

SIZE_SPACE = "is of NATS-Bench's size space (sss); encave has the topology space (tss) only"

_TASKS = {"cifar10-valid": "cifar10", "cifar100": "cifar100", "ImageNet16-120": "ImageNet16-120"}
"""Dataset that has validation accuracies → the task it is of."""

Training = Mapping[str, Any]


def gather(record: Mapping[str, Any], into: Gathered, source: str) -> int:
    """Put everything that a record holds into the table; the architecture's index.

    Args:
        record: as above; its schedule is that of its runs.
        into: the table.
        source: where the record stands, for messages.

    Raises:
        EncaveError: it is no such record, or of another search space.
    """
    try:
        index, text = record["arch_index"], record["arch_str"]
        if not isinstance(index, int) or not 0 <= index < SIZE or text != official_strings()[index]:
            raise EncaveError(f"{source} calls {text!r} architecture {index}; that is not the official order")
        for (dataset, seed), run in sorted(record["all_results"].items()):
            if run["epochs"] not in (12, 200):
                raise EncaveError(f"{source} {SIZE_SPACE}")
            if run.get("seed") is not None and int(run["seed"]) != int(seed):
                into.left_out[f"they are of seed {seed} by their place and of another by their record"] += 1
            else:
                gather_run(index, dataset, int(seed), run, into)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise EncaveError(
            f"{source} does not hold the results of an architecture as NATS-Bench writes them "
            f"({type(error).__name__}: {error})"
        ) from error
    return index


def gather_run(index: int, dataset: str, seed: int, run: Training, into: Gathered) -> None:
    """Put one training run into the table; `dataset` by its official name."""
    accuracies, schedule = run["eval_acc1es"], int(run["epochs"])
    last = schedule - 1
    if dataset == "cifar10":
        into.put(test_column("cifar10", schedule, seed), index, accuracies[f"ori-test@{last}"])
        _gather_train_time(index, TEST_PREFIX["cifar10"], run, into)
        return
    if dataset not in _TASKS:
        into.left_out[f"no dataset of NAS-Bench-201 is called {dataset!r}"] += 1
        return
    task = _TASKS[dataset]
    into.put(valid_column(task, "valid", schedule, seed), index, accuracies.get(f"x-valid@{last}", np.nan))
    if task != "cifar10":
        into.put(test_column(task, schedule, seed), index, accuracies.get(f"x-test@{last}", np.nan))
        into.put(valid_column(task, "valtest", schedule, seed), index, accuracies[f"ori-test@{last}"])
    _gather_curve(index, task, seed, run, into)
    _gather_times(index, task, run, into)
    into.check_complexity(task, index, run.get("params"), run.get("flop"))
    latencies = [value for value in run.get("latency") or () if value > 0]
    if latencies:
        into.put(f"latency_ms_{BATCH_LATENCY}_{TEST_PREFIX[task]}", index, 1000 * float(np.mean(latencies)))


def _gather_curve(index: int, task: str, seed: int, run: Training, into: Gathered) -> None:
    accuracies, schedule = run["eval_acc1es"], int(run["epochs"])
    split = X_VALID if task == "cifar10" or schedule == 12 else ORI_TEST
    curve = [accuracies.get(f"{split}@{epoch}", np.nan) for epoch in range(schedule)]
    if np.isfinite(curve[:-1]).any():
        into.put_curve(task, schedule, seed, index, curve, split)


def _gather_times(index: int, task: str, run: Training, into: Gathered) -> None:
    """The official files of NATS-Bench hold one time for all seeds, epochs and both schedules."""
    _gather_train_time(index, VALID_PREFIX[task], run, into)
    key = f"x-valid@{run['epochs'] - 1}"
    if task == "cifar10" and key in (run.get("eval_times") or {}):
        into.put("eval_time_per_10k_images_s", index, run["eval_times"][key] * (10_000 / 25_000))


def _gather_train_time(index: int, prefix: str, run: Training, into: Gathered) -> None:
    """NAS-Bench-201 v1.0 has none of the long schedule."""
    if times := list((run.get("train_times") or {}).values()):
        into.put(f"train_time_per_epoch_s_{prefix}", index, np.mean(times))
