"""The architecture space of NAS-Bench-201, for logs of architectures: a ConfigSpace and three encodings into it.

Source: Dong & Yang, "NAS-Bench-201" (ICLR 2020), section 2, and its reference implementation for the order of the
architectures; NASLib for its own order of edges and operations.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from ...errors import EncaveError

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

NAME = "nasbench201"
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""Operations in the official order."""

HYPERPARAMETERS = ("op_0_1", "op_0_2", "op_1_2", "op_0_3", "op_1_3", "op_2_3")
"""Edges `op_<from>_<to>` in the order in which their operations stand in the official string."""

SIZE = len(OPERATIONS) ** len(HYPERPARAMETERS)
_NASLIB_EDGES = ("op_0_1", "op_0_2", "op_0_3", "op_1_2", "op_1_3", "op_2_3")
_NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")


def named_space(name: str) -> ConfigurationSpace:
    """The space that `--configspace` knows by name.

    Raises:
        EncaveError: there is none of this name.
    """
    if name.lower().replace("-", "") != NAME:
        raise EncaveError(f"no configuration space is named {name!r}; there is {NAME}, or give a ConfigSpace JSON file")
    return configuration_space()


def configuration_space() -> ConfigurationSpace:
    """Six categorical hyperparameters, one per edge, each with the five operations."""
    from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

    space = ConfigurationSpace(name="NAS-Bench-201")
    space.add([CategoricalHyperparameter(name, OPERATIONS) for name in HYPERPARAMETERS])
    return space


def from_naslib(op_indices: Sequence[int]) -> dict[str, str]:
    """The configuration of NASLib's `op_indices`, six numbers in 0 … 4 in its own order of edges and operations.

    Raises:
        ValueError: they are not six such numbers.
    """
    if len(op_indices) != len(_NASLIB_EDGES) or not all(0 <= op < len(OPERATIONS) for op in op_indices):
        raise ValueError(f"not six operations 0 … {len(OPERATIONS) - 1}: {op_indices!r:.80}")
    named = {edge: _NASLIB_OPERATIONS[op] for edge, op in zip(_NASLIB_EDGES, op_indices, strict=True)}
    return {name: named[name] for name in HYPERPARAMETERS}


def from_index(index: int) -> dict[str, str]:
    """The configuration with an official architecture index.

    Raises:
        IndexError: it is not in 0 … 15,624.
    """
    if not 0 <= index < SIZE:
        raise IndexError(f"an architecture index of NAS-Bench-201 is in 0 … {SIZE - 1}, not {index}")
    rank = _official_order()[index]
    operations: list[str] = []
    for _ in HYPERPARAMETERS:
        rank, op = divmod(rank, len(OPERATIONS))
        operations.append(OPERATIONS[op])
    return dict(zip(HYPERPARAMETERS, reversed(operations), strict=True))


@lru_cache(maxsize=1)
def _official_order() -> list[int]:
    """Official index → lexicographic rank: the reference implementation shuffles with Python's generator, seed 88."""
    order = list(range(SIZE))
    random.Random(88).shuffle(order)
    return order
