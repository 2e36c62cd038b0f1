"""What evaluating architectures of NAS-Bench-201 returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Evaluation:
    """What evaluating n architectures returned. Every array has shape (n,), also those of a mapping."""

    valid_error: NDArray[np.float64]
    """Validation error, percent."""

    test_error: NDArray[np.float64]
    """Test error, percent, mean over seeds; NaN at epochs for which none exists (all but the last of a schedule)."""

    train_seconds: NDArray[np.float64]
    """Seconds of training."""

    seconds: NDArray[np.float64]
    """Seconds of training and of one validation at the end: the cost that NATS-Bench's `simulate_train_eval` counts."""

    modelled: NDArray[np.bool_]
    """True where the errors come from a model and not from a measurement."""

    params_M: NDArray[np.float64]  # noqa: N815  M for millions, as in the columns of the table
    """Trainable parameters, millions."""

    flops_M: NDArray[np.float64]  # noqa: N815
    """Floating-point operations of one image, millions."""

    latency_ms: Mapping[str, NDArray[np.float64]]
    """Device → milliseconds of one inference there, NaN where not measured; empty if the table has no latencies."""


class Point(NamedTuple):
    """What evaluating one architecture returned; the fields are those of `Evaluation`."""

    valid_error: float
    """Validation error, percent."""

    test_error: float
    """Test error, percent, mean over seeds; NaN at epochs for which none exists."""

    train_seconds: float
    """Seconds of training."""

    seconds: float
    """Seconds of training and of one validation at the end."""

    modelled: bool
    """Whether the errors come from a model and not from a measurement."""
