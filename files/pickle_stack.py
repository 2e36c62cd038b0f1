"""Stack, memo and frames of the machine that runs a pickle on numbers, and the bounds of what is put there."""

from __future__ import annotations

from ..errors import EncaveError
from .pickle_instructions import LINES, instruction_end
from .pickle_keys import DEPTH, SIZE, Keys, number_of

MOST_DEPTH = 200
"""Levels of nesting; Python's own limit for what reads the objects is 1000."""


class PickleStack:
    """What there is between two instructions.

    Args:
        data: The pickle.
        name: Of the file, for messages.
        persistent: Whether it may refer to objects outside of it.
    """

    def __init__(self, data: bytes, name: str, persistent: bool) -> None:
        self.position = 0
        self.top = 0
        self._frame = (0, 0)
        self.shared: list[int] = []
        self._data = data
        self._name = name
        self._persistent = persistent
        self._keys = Keys(name)
        self._stack: list[int] = []
        self._marks: list[int] = []
        self.memo: list[int] = []
        self._put_places = 0
        self._gaps = False

    def _check_end(self) -> None:
        self.top = self._stack[-1]  # an empty stack is damage
        if self._gaps and len(self.memo) != self._put_places:
            raise EncaveError(f"{self._name} leaves places of the memo out and has it number others: not loaded")

    def _around(self, inner: int) -> int:
        """A container that is not hashed member by member, around such a member."""
        depth = (inner >> 48) + 1
        self._check_depth(depth)
        return depth * DEPTH

    def _check_depth(self, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise EncaveError(
                f"{self._name} has objects nested more than {MOST_DEPTH} deep (at byte {self.position}): not loaded"
            )

    def _setitems(self, members: list[int], place: int) -> None:
        """Into the object at this place of the stack."""
        for key in members[::2]:
            if key:
                self._key(key)
        self._stack[place] = max(self._stack[place], self._around(max(members)))

    def _key(self, key: int) -> None:
        if key & SIZE > 1:  # others have a hash of their own, which takes one step
            self._keys.add(key & SIZE, f", at byte {self.position}")

    def _to_mark(self) -> list[int]:
        mark = self._marks.pop()
        members = self._stack[mark:]
        del self._stack[mark:]
        return members

    def _last(self, count: int) -> list[int]:
        if len(self._stack) < count:
            raise IndexError(count)
        members = self._stack[len(self._stack) - count :]
        del self._stack[len(self._stack) - count :]
        return members

    def _make_tuple(self, members: list[int]) -> None:
        number = number_of(members)
        self._check_depth(number >> 48)
        self._stack.append(number)

    def _leave_frame(self, position: int) -> None:
        """The unpickler drops what is left of a frame where another begins or an instruction goes beyond its end."""
        start, end = self._frame
        if end == position:
            return
        while start < end <= position:
            start = instruction_end(self._data, start, self._name)
        if start != end:
            raise EncaveError(f"{self._name} has frames that cut instructions or each other: not loaded")

    def _place(self, position: int, end: int) -> int:
        argument = self._data[position + 1 : end]
        return int(argument) if self._data[position] in LINES else int.from_bytes(argument, "little")
