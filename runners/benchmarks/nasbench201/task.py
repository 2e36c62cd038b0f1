"""What is known of one dataset of NAS-Bench-201: the arrays behind every query, measured or modelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from . import complexity
from .measured_curves import MeasuredCurves

DATASETS = ("cifar10", "cifar100", "ImageNet16-120")
"""Official names. `cifar10` means: searched on cifar10-valid, tested with the model trained on all 50,000 images."""


@dataclass(frozen=True)
class Task:
    """One dataset. Arrays have one entry per architecture, in the order of the official index, shape (15625,)."""

    dataset: str
    """One of `DATASETS`."""

    valid_accuracy_12: NDArray[np.float64]
    """Validation accuracy after 12 epochs of the 12-epoch schedule, percent, mean over seeds."""

    valid_accuracy_200: NDArray[np.float64]
    """Validation accuracy after 200 epochs of the 200-epoch schedule, percent, mean over seeds."""

    test_accuracy_12: NDArray[np.float64]
    """Test accuracy after 12 epochs of the 12-epoch schedule, percent."""

    test_accuracy_200: NDArray[np.float64]
    """Test accuracy after 200 epochs of the 200-epoch schedule, percent, mean over seeds."""

    seed_deviation_200: Mapping[int, NDArray[np.float64]]
    """Seed → validation accuracy of that seed after 200 epochs minus `valid_accuracy_200`, percentage points.

    NaN where the architecture was not trained with that seed. Empty for a model: see `noise_200`.
    """

    noise_200: NDArray[np.float64]
    """Standard deviation between seeds of the validation accuracy after 200 epochs, percentage points."""

    train_seconds_per_epoch: NDArray[np.float64]
    """Seconds of training per epoch, the same for both schedules and all seeds."""

    valid_seconds: NDArray[np.float64]
    """Seconds of one evaluation on the validation set."""

    valid_seconds_modelled: bool = False
    """Whether these are a model's, from the seconds of training, and were not measured."""

    latency_ms: Mapping[str, NDArray[np.float64]] = field(default_factory=dict[str, NDArray[np.float64]])
    """Device → milliseconds of one inference there, NaN where it was not measured. Empty if none is known."""

    curves: Mapping[int, MeasuredCurves] = field(default_factory=dict[int, MeasuredCurves])
    """Schedule, 12 or 200 → measured learning curves. Empty if there are none."""

    @property
    def params_M(self) -> NDArray[np.float64]:  # noqa: N802  M for millions, as in the columns of the table
        """Trainable parameters in millions, shape (15625,), in closed form."""
        return complexity.parameters(self.dataset)

    @property
    def flops_M(self) -> NDArray[np.float64]:  # noqa: N802
        """Floating-point operations of one image in millions, shape (15625,), in closed form."""
        return complexity.flops(self.dataset)
