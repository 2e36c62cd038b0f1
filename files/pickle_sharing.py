"""What an unpickled object has when each reference counts what it refers to.

Thirty lists, each with the one before it twice, take a hundred bytes; whoever walks them sees 2^30. Only what a pickle
takes out of its memo is in two places: so only that is looked at, and honest logs have little of it.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import EncaveError

MOST_MEMBERS = 100_000_000
"""Objects, those in several places counted as often: a vector of 1000 numbers shared by 100,000 rows."""
LEAVES = frozenset({str, int, float, bytes, bool, type(None)})
"""Types of objects that hold no others."""


def check(shared: Iterable[Any], name: str) -> None:
    """Refuse what is much larger to whoever walks it than it is in memory.

    Args:
        shared: each object that was taken out of the memo, as often as it was.
        name: of the file, for messages.

    Raises:
        EncaveError: they have too many members.
    """
    objects = {id(one): one for one in shared}
    sizes: dict[int, int] = {}
    total = 0
    for key, count in Counter(id(one) for one in shared).items():
        _measure(objects[key], sizes)
        total += count * sizes.get(key, 1)
        if total > MOST_MEMBERS:
            raise EncaveError(
                f"{name} has objects that hold each other over and over, more than {MOST_MEMBERS:,} when each "
                "reference counts: the file may be malicious and was not loaded"
            )


def _measure(root: Any, sizes: dict[int, int]) -> None:
    """Number of objects in this one and all that are in it, by their ids; depth first, without recursion."""
    left: list[tuple[Any, list[Any] | None]] = [(root, None)]
    while left:
        one, members = left.pop()
        if members is not None:
            sizes[id(one)] = min(1 + sum(sizes.get(id(member), 1) for member in members), MOST_MEMBERS + 1)
        elif id(one) not in sizes and type(one) not in LEAVES:
            sizes[id(one)] = 1  # what it is to those in it, if it is in itself
            members = _members(one)
            left.append((one, members))
            left += [(member, None) for member in members if type(member) not in LEAVES]


def _members(one: Any) -> list[Any]:
    if isinstance(one, np.ndarray):
        return list(one.flat) if one.dtype.hasobject else []
    if isinstance(one, type) or callable(one):
        return []
    return gc.get_referents(one)
