"""Parameters and FLOPs of every architecture of NAS-Bench-201, in closed form.

The network is fixed but for its cells, so both are linear in the number of 1x1 and 3x3 convolutions of the cell, those
that no path to the output uses included. The official files hold wrong values for some training seeds (a "legacy
issue", says the comment in the API), which is why encave never takes them from a file; an import counts the
architectures whose stored values differ.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ....run import nasbench201_space as space

# Network without any convolution in its cells, per dataset: the classifier has 10, 100 or 120 outputs, and an image of
# ImageNet16-120 has a quarter of the pixels.
_BASE_PARAMETERS = {"cifar10": 0.073306, "cifar100": 0.079156, "ImageNet16-120": 0.080456}
_BASE_FLOPS = {"cifar10": 7.78305, "cifar100": 7.78890, "ImageNet16-120": 1.95340}
_PARAMETERS_1X1, _PARAMETERS_3X3 = 0.028, 0.24304
_FLOPS = {"cifar10": (3.93216, 35.38944), "cifar100": (3.93216, 35.38944), "ImageNet16-120": (0.98304, 8.84736)}


@lru_cache(maxsize=len(_BASE_FLOPS))
def parameters(dataset: str) -> NDArray[np.float64]:
    """Trainable parameters in millions, shape (15625,), for one of `DATASETS`."""
    ones, threes = _convolutions()
    return _frozen(_BASE_PARAMETERS[dataset] + _PARAMETERS_1X1 * ones + _PARAMETERS_3X3 * threes)


@lru_cache(maxsize=len(_BASE_FLOPS))
def flops(dataset: str) -> NDArray[np.float64]:
    """Floating-point operations (multiply-adds) of one image in millions, shape (15625,), for one of `DATASETS`."""
    ones, threes = _convolutions()
    one, three = _FLOPS[dataset]
    return _frozen(_BASE_FLOPS[dataset] + one * ones + three * threes)


def _convolutions() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number of 1x1 and of 3x3 convolutions in each architecture's cell."""
    ops = space.from_index(np.arange(space.SIZE))
    ones, threes = ((ops == space.OPERATIONS.index(name)).sum(axis=1) for name in ("nor_conv_1x1", "nor_conv_3x3"))
    return ones, threes


def _frozen(values: NDArray[np.float64]) -> NDArray[np.float64]:
    values = np.round(values, 6)
    values.flags.writeable = False
    return values
