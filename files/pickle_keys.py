"""How costly what a pickle makes is to hash, as keys of its dictionaries and members of its sets.

A number says how costly an object is to hash and how deeply it is nested: `depth * DEPTH + size`, 0 for plain ones
such as texts and short integers. Three things need it. Tuples are hashed member by member at each use, which Python
does not bound: sixty of `(x, x)`, one in the other, take 2^60 steps. Nested ones use up the stack. And hashes of
integers, and so of tuples of them, can be chosen to be equal, which makes a dictionary of n keys take n² steps; those
of texts cannot.
"""

from __future__ import annotations

from ..errors import EncaveError

DEPTH = 1 << 48
"""What one level of nesting adds to the number of an object."""
SIZE = DEPTH - 1
"""The part of a number that is not nesting."""
MOST_IN_KEY = 1000
"""Members of one key of a dictionary or set, with those of its members."""
MOST_IN_KEYS = 1 << 17
"""The same of all tuples and frozen sets that are keys; so many with one hash take some seconds."""
MOST_EQUAL = 1000
"""Different integers with one hash."""
_MODULUS = (1 << 61) - 1  # of the hashes of integers


class Keys:
    """Counts what is hashed on behalf of one pickle."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._size = 0
        self._integers: dict[int, set[int]] = {}

    def add(self, size: int, where: str = "") -> None:
        """One key that is a tuple or frozen set, with so many members and itself.

        Raises:
            EncaveError: they are too many.
        """
        self._size += size
        if size > MOST_IN_KEY or self._size > MOST_IN_KEYS:
            raise EncaveError(
                f"{self._name} has keys of a dictionary or set that take too long to hash (nested tuples{where}): "
                "the file may be malicious and was not loaded"
            )

    def integer(self, value: int) -> None:
        """One long integer, which may become a key.

        Raises:
            EncaveError: too many different ones have its hash.
        """
        same = self._integers.setdefault(value % _MODULUS, set())
        same.add(value)
        if len(same) > MOST_EQUAL:
            raise EncaveError(
                f"{self._name} has more than {MOST_EQUAL} integers with one hash: the file may be malicious and was "
                "not loaded"
            )


def number_of(members: list[int]) -> int:
    """The number of a tuple."""
    size = len(members) + 1
    largest = max(members, default=0)
    if not largest:
        return DEPTH + size
    size += sum([member & SIZE for member in members])
    return ((largest >> 48) + 1) * DEPTH + min(size, SIZE)
