"""Measured learning curves of NAS-Bench-201, by training seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MEAN = 0
"""In place of a seed: a curve that is the mean over the seeds an architecture has."""

X_VALID, ORI_TEST = "x-valid", "ori-test"
"""Official names of splits: the validation set; CIFAR-10's test set, of the others validation and test set together."""


@dataclass(frozen=True, eq=False)
class MeasuredCurves:
    """Accuracies after every epoch of one dataset and one schedule."""

    split: str
    """What the accuracies are of, `x-valid` or `ori-test`."""

    by_seed: Mapping[int, NDArray[np.float32]]
    """Seed → percent, shape (15625, epochs), NaN where absent; the seed `MEAN` stands for a mean over seeds."""

    def accuracy(self, index: NDArray[np.int64], epochs: NDArray[np.int64], seed: int | None) -> NDArray[np.float64]:
        """Accuracy in percent, shape (n,), NaN where it was not measured.

        Args:
            index: official architecture indices, shape (n,).
            epochs: epochs trained, 1-based, shape (n,).
            seed: of the training run; None for the mean over the seeds that an architecture has.
        """
        wanted = self.by_seed if seed is None else {seed: self.by_seed[seed]} if seed in self.by_seed else {}
        total, count = np.zeros(len(index)), np.zeros(len(index))
        for values in wanted.values():
            found = values[index, epochs - 1].astype(np.float64)
            known = np.isfinite(found)
            total[known] += found[known]
            count += known
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)
