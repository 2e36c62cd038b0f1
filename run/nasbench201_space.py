"""The architecture space of NAS-Bench-201: a ConfigSpace and the exact conversions between its encodings.

The encoding used inside encave is `ops`: an integer array of shape (n, 6), one column per edge in the official order
(`EDGES`), each entry an index into `OPERATIONS`. Everything else is a conversion to or from it. Source: Dong & Yang,
"NAS-Bench-201" (ICLR 2020), section 2, and its reference implementation for the order of the architectures.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

NAME = "nasbench201"
EDGES = ("0_1", "0_2", "1_2", "0_3", "1_3", "2_3")
"""Edges `from_to` in the order in which their operations stand in the official string."""

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""Operations by their official names."""

HYPERPARAMETERS = tuple(f"op_{edge}" for edge in EDGES)
SIZE = len(OPERATIONS) ** len(EDGES)

# NASLib's `op_indices`: edges (0,1) (0,2) (0,3) (1,2) (1,3) (2,3), operations skip, none, 3x3, 1x1, pool.
_NASLIB_EDGES = np.array([EDGES.index(edge) for edge in ("0_1", "0_2", "0_3", "1_2", "1_3", "2_3")])
_NASLIB_OPERATIONS = np.array(
    [OPERATIONS.index(op) for op in ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")]
)
_PLACE_VALUES = len(OPERATIONS) ** np.arange(len(EDGES) - 1, -1, -1)


def configuration_space(seed: int | None = None) -> ConfigurationSpace:
    """Six categorical hyperparameters `op_0_1 … op_2_3`, choices in the official order of operations."""
    from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

    space = ConfigurationSpace(name="NAS-Bench-201", seed=seed)
    space.add([CategoricalHyperparameter(name, OPERATIONS) for name in HYPERPARAMETERS])
    return space


def to_ops(configurations: Iterable[Mapping[str, Any]]) -> NDArray[np.int64]:
    """Encode configurations (mappings from hyperparameter to operation name) as `ops`, shape (n, 6).

    Raises:
        ValueError: a hyperparameter is missing or an operation is unknown; the message says which.
    """
    rows: list[list[int]] = []
    for configuration in configurations:
        try:
            rows.append([OPERATIONS.index(configuration[name]) for name in HYPERPARAMETERS])
        except (KeyError, ValueError) as error:
            raise ValueError(f"not an architecture of NAS-Bench-201: {dict(configuration)} ({error})") from None
    return np.array(rows, dtype=np.int64).reshape(-1, len(EDGES))


def to_configurations(ops: ArrayLike) -> list[dict[str, str]]:
    """Decode `ops`, shape (n, 6), to one mapping from hyperparameter to operation name per row."""
    rows: list[list[int]] = _rows(ops).tolist()
    return [dict(zip(HYPERPARAMETERS, (OPERATIONS[op] for op in row), strict=True)) for row in rows]


def to_index(ops: ArrayLike) -> NDArray[np.int64]:
    """Official architecture index (0 … 15,624) of each row of `ops`, shape (n,)."""
    return _official_order()[0][_rows(ops) @ _PLACE_VALUES]


def from_index(index: ArrayLike) -> NDArray[np.int64]:
    """`ops`, shape (n, 6), of the architectures with these official indices.

    Raises:
        IndexError: an index is not in 0 … 15,624.
    """
    wanted = np.atleast_1d(np.asarray(index, dtype=np.int64))
    if wanted.size and (wanted.min() < 0 or wanted.max() >= SIZE):
        raise IndexError(f"an architecture index of NAS-Bench-201 is in 0 … {SIZE - 1}, not {wanted.tolist()}")
    ranks = _official_order()[1][wanted]
    return ranks[:, None] // _PLACE_VALUES % len(OPERATIONS)


def to_string(ops: ArrayLike) -> list[str]:
    """Official architecture string of each row, e.g. `|avg_pool_3x3~0|+|none~0|none~1|+|…|`."""
    return ["+".join(_node_strings(row)) for row in _rows(ops)]


def from_string(strings: str | Iterable[str]) -> NDArray[np.int64]:
    """`ops`, shape (n, 6), of official architecture strings.

    Raises:
        ValueError: a string is not of the official form.
    """
    return np.array(
        [_parse(text) for text in ([strings] if isinstance(strings, str) else strings)], dtype=np.int64
    ).reshape(-1, len(EDGES))


def from_naslib(op_indices: ArrayLike) -> NDArray[np.int64]:
    """`ops`, shape (n, 6), of NASLib's `op_indices`, in its own order of edges and operations.

    Raises:
        ValueError: they are not six numbers in 0 … 4 each.
    """
    return _NASLIB_OPERATIONS[_rows(op_indices)][:, np.argsort(_NASLIB_EDGES)]


def _rows(ops: ArrayLike) -> NDArray[np.int64]:
    try:
        rows = np.atleast_2d(np.asarray(ops, dtype=np.int64))
    except OverflowError as error:
        raise ValueError(f"an operation is a number in 0 … {len(OPERATIONS) - 1}: {error}") from error
    if rows.ndim != 2 or rows.shape[1] != len(EDGES):
        raise ValueError(f"expected one operation for each of {len(EDGES)} edges, got an array of shape {rows.shape}")
    if rows.size and (rows.min() < 0 or rows.max() >= len(OPERATIONS)):
        raise ValueError(f"an operation is a number in 0 … {len(OPERATIONS) - 1}, not {rows.min()} … {rows.max()}")
    return rows


def _node_strings(row: Sequence[int]) -> list[str]:
    nodes = ["", "", ""]
    for edge, op in zip(EDGES, row, strict=True):
        source, target = edge.split("_")
        nodes[int(target) - 1] += f"{OPERATIONS[op]}~{source}|"
    return ["|" + node for node in nodes]


def _parse(text: str) -> list[int]:
    found: dict[str, int] = {}
    try:
        for target, node in enumerate(text.strip().split("+"), start=1):
            for part in node.strip("|").split("|"):
                operation, source = part.split("~")
                found[f"{source}_{target}"] = OPERATIONS.index(operation)
        ops = [found.pop(edge) for edge in EDGES]
    except (KeyError, ValueError):
        found = {"": 0}
        ops = []
    if found:
        raise ValueError(f"not an architecture string of NAS-Bench-201: {text!r}")
    return ops


@lru_cache(maxsize=1)
def _official_order() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lexicographic rank → official index, and back.

    The reference implementation enumerates the strings node by node, edge by edge, operations in their order, and then
    shuffles the list with Python's generator seeded 88 (`CellStructure.gen_all`, `random.seed(88)`).
    """
    order = list(range(SIZE))
    random.Random(88).shuffle(order)
    ranks = np.array(order, dtype=np.int64)
    return np.argsort(ranks), ranks
