"""The embedded surrogate of NAS-Bench-201: a small model of the table, shipped with the package.

Accuracies depend on the function a cell computes, not on how it is written, so the 15,625 cells fall into 4,930
function classes. A network with one hidden layer, shared by all accuracies, reads the operations and paths of a class;
the classes it fits worst carry a correction of their own. Training time is a regression on single operations and pairs
of them. `benchmarks/fit_surrogate.py` fits it; `docs/surrogate.md` says how well. The numbers behind it come from
NATS-Bench (MIT licence, X. Dong et al., "NATS-Bench", IEEE TPAMI 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....run import nasbench201_space as space
from ....run.types import Floats, Ints
from .task import DATASETS, Task

QUANTITIES = ("valid_accuracy_12", "test_accuracy_12", "valid_accuracy_200", "test_accuracy_200")
"""The accuracies of a `Task`, in the order in which the model stores them for each dataset."""

EPOCH_RATIOS = (1.0, 2.0, 6.068)
"""Training time per epoch relative to cifar10-valid, per dataset: NATS-Bench scales it by the number of images."""

VALID_IMAGES = (25_000, 5_000, 3_000)
"""Images of the validation set, per dataset."""

CHANCE = (10.0, 1.0, 100 / 120)
"""Accuracy of guessing, percent, per dataset."""

TIME_COEFFICIENTS = 1 + 6 * 4 + 15 * 16
"""Constant, operations on six edges, pairs of operations on 15 pairs of edges."""

_NONE, _SKIP, _CONV_1X1 = 0, 1, 2
# Position of the edges of each of the four paths from the input of a cell to its output.
_PATHS = ((3,), (0, 4), (1, 5), (0, 2, 5))

EVALUATION_SECONDS = (0.4549, 0.0925)
"""Constant and slope over seconds per epoch on cifar10-valid of the seconds to evaluate 10,000 images; of 8 cells."""


@dataclass(frozen=True)
class Quality:
    """How well one quantity of the surrogate agrees with a table, over all 15,625 architectures."""

    dataset: str
    """One of `DATASETS`."""

    quantity: str
    """Name of the field of `Task`."""

    r2: float
    """Coefficient of determination: 1 − squared error / variance of the table."""

    tau: float
    """Kendall's rank correlation (tau-b)."""

    rank_of_best: int
    """Rank in the table (1 = best) of the architecture that the surrogate ranks first."""

    max_error: float
    """Largest absolute error, in the unit of the quantity (percentage points or seconds)."""

    fitted_values: int
    """Stored numbers that a prediction of this quantity depends on, shared ones and places of corrections included."""


@lru_cache(maxsize=1)
def load() -> dict[str, Task]:
    """One `Task` per dataset, modelled: `seed_deviation_200` is empty, draw the seeds from `noise_200`."""
    model = parameters()
    accuracies = predict_accuracies(model).reshape(-1, len(DATASETS), len(QUANTITIES))
    seconds = train_seconds(model)
    return {dataset: _task(place, accuracies[:, place], seconds) for place, dataset in enumerate(DATASETS)}


@lru_cache(maxsize=1)
def parameters() -> dict[str, NDArray[Any]]:
    """The shipped arrays by name, numbers widened to 64 bits."""
    with (
        files("encave.runners.benchmarks.nasbench201").joinpath("surrogate.npz").open("rb") as stream,
        np.load(stream, allow_pickle=False) as data,
    ):
        arrays = {name: data[name] for name in data.files}
    return {name: array.astype(np.float64 if array.dtype.kind == "f" else np.int64) for name, array in arrays.items()}


def predict_accuracies(model: Mapping[str, NDArray[Any]]) -> Floats:
    """Accuracies in percent, shape (15625, 12): dataset by dataset in the order of `QUANTITIES`.

    Rounded to 4 digits (a hundredth of an image), so that all machines agree on the last bit.
    """
    scores = network_scores(model)
    chosen: Ints = model["effect_class"].T
    scores[chosen, np.arange(scores.shape[1])] += model["effect"].T
    columns = [
        np.interp(column, knots, accuracies)
        for column, knots, accuracies in zip(scores.T, model["knot_score"], model["knot_accuracy"], strict=True)
    ]
    accuracies = np.asarray(np.clip(np.stack(columns, axis=1), 0.0, 100.0).round(4), dtype=np.float64)
    return accuracies[function_classes()]


def network_scores(model: Mapping[str, NDArray[Any]]) -> Floats:
    """Output of the network for each function class, shape (4930, 12), on the scale of `knot_score`."""
    hidden: Floats = np.tanh(class_features() @ model["hidden_weight"] + model["hidden_bias"])
    scores: Floats = hidden @ model["output_weight"] + model["output_bias"]
    return scores


def fitted_values(quantity: str) -> int:
    """Number of stored numbers that a prediction of this field of `Task` depends on.

    The hidden layer counts in full for every accuracy though all share it, a correction counts twice (place and size).
    """
    model = parameters()
    if quantity not in QUANTITIES:
        coefficients = model["time_coefficients"].size
        return coefficients + len(EVALUATION_SECONDS) if quantity == "valid_seconds" else coefficients
    hidden = model["hidden_weight"].size + model["hidden_bias"].size
    return hidden + model["output_weight"].shape[0] + 1 + 2 * (model["effect"].shape[1] + model["knot_score"].shape[1])


def quality(table: Mapping[str, Task]) -> list[Quality]:
    """Compare the surrogate with a table, dataset by dataset and quantity by quantity."""
    from scipy.stats import kendalltau

    rows: list[Quality] = []
    for dataset, modelled in load().items():
        if dataset not in table:
            continue
        for quantity in (*QUANTITIES, "train_seconds_per_epoch", "valid_seconds"):
            truth, model = getattr(table[dataset], quantity), getattr(modelled, quantity)
            r2 = 1 - float(np.sum((truth - model) ** 2) / np.sum((truth - truth.mean()) ** 2))
            rank = int(np.sum(truth > truth[int(np.argmax(model))])) + 1
            error = float(np.max(np.abs(truth - model)))
            tau = float(np.asarray(kendalltau(truth, model))[0])
            rows.append(Quality(dataset, quantity, r2, tau, rank, error, fitted_values(quantity)))
    return rows


@lru_cache(maxsize=1)
def function_classes() -> Ints:
    """Class (0 … 4,929) of the function that each architecture computes, shape (15625,).

    Two cells are in one class if their networks are the same function of their weights: `none` and what hangs on it is
    dropped, `skip_connect` joins its two nodes, the order of a sum does not matter. A node is hashed to the sum of its
    terms modulo 2^64, so the hash is equal for equal sums by construction. Finer than NATS-Bench's 6,466 strings, which
    keep dropped terms as `#`.
    """
    ops = space.from_index(np.arange(space.SIZE))
    nodes = [np.full(space.SIZE, mix(np.uint64(1)), dtype=np.uint64)]
    for target in (1, 2, 3):
        total = np.zeros(space.SIZE, dtype=np.uint64)
        for source in range(target):
            total += _term(ops[:, space.EDGES.index(f"{source}_{target}")], nodes[source])
        nodes.append(total)
    return np.unique(nodes[3], return_inverse=True)[1].reshape(-1)


@lru_cache(maxsize=1)
def class_features() -> Floats:
    """What the network reads of each function class, shape (4930, 64).

    Columns 0-39 count the paths from input to output with the same operations, `skip_connect` left out (0 to 3 of three
    operations); columns 40-63 are the edges of a representative cell, one-hot without `none`. The representative is the
    cell of the class with most `none`, and the first of these in the order of operations.
    """
    ops = space.from_index(np.arange(space.SIZE))
    classes = function_classes()
    order = np.lexsort((*ops.T[::-1], -(ops == _NONE).sum(axis=1), classes))
    first = np.concatenate([[True], np.diff(classes[order]) > 0])
    cells = ops[order[first]]
    counts = np.zeros((len(cells), 40))
    for path in _PATHS:
        along = cells[:, path]
        code = np.zeros(len(cells), dtype=np.int64)
        for column in along.T:
            code = np.where(column == _SKIP, code, 3 * code + column - _CONV_1X1 + 1)
        open_path = np.flatnonzero((along != _NONE).all(axis=1))
        counts[open_path, code[open_path]] += 1
    return np.concatenate([counts, _one_hot(cells)], axis=1)


def train_seconds(model: Mapping[str, NDArray[Any]]) -> Floats:
    """Seconds per training epoch on cifar10-valid, shape (15625,).

    The sum of a constant and of the coefficients at `time_places`. Operations on edges without effect count too, since
    they are executed.
    """
    coefficients = np.append(model["time_coefficients"], 0.0)
    return coefficients[0] + sum(coefficients[places] for places in time_places())


def time_places() -> Iterator[Ints]:
    """Place of each architecture's coefficient, shape (15625,), edge by edge and then pair by pair of edges.

    An edge has four coefficients and a pair 16: `none` is the reference, its place is `TIME_COEFFICIENTS`.
    """
    edges = space.from_index(np.arange(space.SIZE)).T - 1
    start = 1
    for edge in edges:
        yield np.where(edge < 0, TIME_COEFFICIENTS, start + edge)
        start += 4
    for first, second in combinations(edges, 2):
        yield np.where(np.minimum(first, second) < 0, TIME_COEFFICIENTS, start + 4 * first + second)
        start += 16


def evaluation_seconds(place: int, seconds: Floats) -> Floats:
    """Seconds of one evaluation on the validation set of dataset number `place`.

    Args:
        place: position in `DATASETS`.
        seconds: training time per epoch on cifar10-valid.
    """
    constant, slope = EVALUATION_SECONDS
    return (constant + slope * seconds) * VALID_IMAGES[place] / 10_000


def mix(value: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint64]:
    """Scramble 64-bit numbers: the finaliser of SplitMix64 (Steele et al., OOPSLA 2014)."""
    state = np.atleast_1d(value) + np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _term(op: Ints, source: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash of an operation applied to a node; 0 stands for the zero function, the node itself for `skip_connect`."""
    applied = mix(source ^ mix(op.astype(np.uint64) << np.uint64(32)))
    return np.where((op == _NONE) | (source == 0), np.uint64(0), np.where(op == _SKIP, source, applied))


def _one_hot(ops: Ints) -> Floats:
    return (ops[:, :, None] == np.arange(1, len(space.OPERATIONS))).astype(np.float64).reshape(len(ops), -1)


def _task(place: int, accuracies: Floats, seconds: Floats) -> Task:
    model = parameters()
    noise = np.interp(accuracies[:, 2], model["noise_accuracy"][place], model["noise_deviation"][place])
    return Task(
        dataset=DATASETS[place],
        seed_deviation_200={},
        noise_200=noise,
        train_seconds_per_epoch=np.round(seconds * EPOCH_RATIOS[place], 6),
        valid_seconds=np.round(evaluation_seconds(place, seconds), 6),
        valid_seconds_modelled=True,
        latency_ms={},
        curves={},
        **dict(zip(QUANTITIES, accuracies.T, strict=True)),
    )
