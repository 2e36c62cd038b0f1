"""Learning curves of NAS-Bench-201: validation accuracy after any epoch of the 200-epoch schedule, modelled.

The accuracy after epoch e is `final - gap(e)`. The mean gap is a regression on the accuracies after 200 epochs and
after the 12 epochs of the short schedule. Each gap is scattered by a lognormal factor, so that no curve exceeds its
final value and the scatter vanishes with the gap. Of the factor's logarithm, one part belongs to the architecture and
changes slowly over the epochs; the other is drawn anew for every epoch and seed. `benchmarks/fit_surrogate.py` fits
both, `docs/surrogate.md` says to what. The model needs a `Task` only, so it serves a measured table and the surrogate
alike.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ....run.types import Floats, Ints
from .surrogate import CHANCE, mix, parameters
from .task import DATASETS, Task

EPOCHS = 200
"""Epochs of the schedule."""

LARGEST_GAINS = (82.0, 73.0, 46.5)
"""Largest gain over chance, rounded up, percentage points, per dataset."""

LEAST_SHARES = (0.55, 0.25, 0.25)
"""Least share of the gain reached by the short schedule, among the curves fitted to, per dataset; no extrapolation."""


def valid_accuracy(task: Task, index: Ints, epochs: Ints, seed: int) -> Floats:
    """Validation accuracy in percent after `epochs` of 200; after 200 exactly `task.valid_accuracy_200[index]`.

    Deterministic in architecture, dataset, seed and epoch. The scatter is that of a mean over two or three seeds.

    Args:
        task: dataset whose accuracies after 12 and 200 epochs anchor the curves.
        index: official architecture indices, shape (n,).
        epochs: 1 … 200, shape (n,) or one that broadcasts to it.
        seed: any integer; changes the scatter from epoch to epoch, not the slow part.

    Raises:
        ValueError: an epoch is not in 1 … 200.
    """
    index, epochs = np.asarray(index, dtype=np.int64), np.asarray(epochs, dtype=np.int64)
    if epochs.size and (epochs.min() < 1 or epochs.max() > EPOCHS):
        raise ValueError(f"the schedule has epochs 1 … {EPOCHS}, not {epochs.min()} … {epochs.max()}")
    place = DATASETS.index(task.dataset)
    final, early = task.valid_accuracy_200[index], task.valid_accuracy_12[index]
    coefficients, angle, slow, fast, limit = epoch_tables(place)
    gap = mean_gap(place, final, early, coefficients[epochs])
    scatter = _scatter(place, index, epochs, seed, angle[epochs], slow[epochs], fast[epochs])
    gap = np.minimum(gap * np.exp(scatter), limit[epochs])
    accuracy = np.maximum(final - gap, np.minimum(final, CHANCE[place]))
    return np.where(epochs == EPOCHS, final, accuracy)


def mean_gap(place: int, final: Floats, early: Floats, coefficients: Floats) -> Floats:
    """Mean of `final - accuracy`, shape (n,): gain over chance (0 if none) times the exponential of a regression.

    Args:
        place: position in `DATASETS`.
        final: accuracy after 200 epochs, percent.
        early: accuracy after the 12 epochs of the short schedule, percent.
        coefficients: of the regressors at one epoch, shape (6,), or at the epoch of each architecture, shape (n, 6).
    """
    share = np.exp(np.minimum((regressors(place, final, early) * coefficients).sum(axis=-1), 0.0))
    return np.maximum(final - CHANCE[place], 0.0) * share


def regressors(place: int, final: Floats, early: Floats) -> Floats:
    """Constant, x, w, w², t and wt, shape (n, 6).

    x is the gain over chance relative to `LARGEST_GAINS`, w the share of the gain that the short schedule reaches, and
    t = log(1.05 - x), which tells good architectures apart from very good ones.
    """
    gain = final - CHANCE[place]
    x = gain / LARGEST_GAINS[place]
    w = np.clip((early - CHANCE[place]) / np.maximum(gain, 1e-9), LEAST_SHARES[place], 1.0)
    t = np.log(np.maximum(1.05 - x, 0.02))
    return np.stack([np.ones_like(x), x, w, w * w, t, w * t], axis=-1)


@lru_cache(maxsize=len(DATASETS))
def epoch_tables(place: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """By epoch: coefficients of the mean gap, shape (201, 6), and four arrays of shape (201,).

    These are the angle of the slow part, the deviations of the slow and the fast part, and the largest gap.
    """
    model, epochs = parameters(), np.arange(EPOCHS + 1)
    knots = model["curve_epoch"]
    coefficients = np.stack([np.interp(epochs, knots, column) for column in model["curve_gap"][place].T], axis=1)
    slow, fast = (np.interp(epochs, knots, model[name][place]) for name in ("curve_slow", "curve_fast"))
    return coefficients, slow_angle(epochs), slow, fast, np.interp(epochs, knots, model["curve_limit"])


def slow_angle(epochs: Ints) -> Floats:
    """Angle in the plane of an architecture's two latent values: early and late epochs have little in common.

    From 80° at epoch 1 to 0° from epoch 50, as the correlations between residuals of the measured curves suggest.
    """
    return np.radians(80.0) * np.clip(1.0 - np.log(np.maximum(epochs, 1)) / np.log(50.0), 0.0, 1.0)


def _scatter(place: int, index: Ints, epochs: Ints, seed: int, angle: Floats, slow: Floats, fast: Floats) -> Floats:
    """Logarithm of the factor on the gap, of mean factor 1."""
    key = mix(index.astype(np.uint64) + np.uint64((place + 1) << 32))
    latent = np.cos(angle) * _normal(key) + np.sin(angle) * _normal(key ^ np.uint64(1 << 63))
    drawn = _normal(key ^ mix(np.uint64(seed % 2**64)) ^ (epochs.astype(np.uint64) << np.uint64(48)))
    return slow * latent + fast * drawn - (slow**2 + fast**2) / 2


def _normal(key: NDArray[np.uint64]) -> Floats:
    """Nearly normal deviates of mean 0 and variance 1: the sum of the four 16-bit words of a hash of `key`."""
    words = mix(key)[..., None] >> np.array([0, 16, 32, 48], dtype=np.uint64) & np.uint64(0xFFFF)
    return (words.sum(axis=-1).astype(np.float64) / 65_535 - 2.0) * np.sqrt(3.0)
