"""The unpickler that Python has in Python, with the bounds of `pickle_check` at each instruction.

For what cannot be looked over before: bytes between the instructions (joblib), and streams too long for the memory.
"""

from __future__ import annotations

import pickle
from typing import Any, ClassVar

from ..errors import EncaveError
from . import pickle_sharing
from .pickle_check import MOST_DIGITS
from .pickle_classes import Classes
from .pickle_keys import MOST_IN_KEY, Keys

_Python: Any = pickle._Unpickler  # pyright: ignore[reportAttributeAccessIssue, reportPrivateUsage]
_SHORT = 1 << 60


class GuardedUnpickler(_Python):
    """Calls only what `classes` has, and hashes no more than honest pickles need."""

    dispatch: ClassVar[dict[int, Any]] = dict(_Python.dispatch)

    def __init__(self, stream: Any, name: str, classes: Classes) -> None:
        super().__init__(stream)
        self.keys = Keys(name)
        self._shared: list[Any] = []
        self._name = name
        self._classes = classes

    def load(self) -> Any:
        """One object, which is not much larger to who walks it than it is."""
        made = super().load()
        pickle_sharing.check(self._shared, self._name)
        return made

    def find_class(self, module: str, name: str) -> Any:
        """Only what is allowed."""
        return self._classes.find(module, name)

    def get_extension(self, code: int) -> Any:
        """None are registered for what encave reads."""
        raise EncaveError(f"{self._name} calls number {code} of a registry of extensions: not loaded")

    def check_keys(self, keys: list[Any]) -> None:
        """Refuse what takes too long to hash."""
        for key in keys:
            if type(key) in (tuple, frozenset):
                self.keys.add(_members(key))

    def _share(self) -> None:
        if type(self.stack[-1]) not in pickle_sharing.LEAVES:
            self._shared.append(self.stack[-1])

    def _get(self) -> None:
        _Python.load_get(self)
        self._share()

    def _binget(self) -> None:
        _Python.load_binget(self)
        self._share()

    def _long_binget(self) -> None:
        _Python.load_long_binget(self)
        self._share()

    def _dup(self) -> None:
        _Python.load_dup(self)
        self._share()

    def _setitem(self) -> None:
        self.check_keys(self.stack[-2:-1])
        _Python.load_setitem(self)

    def _setitems(self) -> None:
        self.check_keys(self.stack[::2])
        _Python.load_setitems(self)

    def _dict(self) -> None:
        self.check_keys(self.stack[::2])
        _Python.load_dict(self)

    def _members_of_set(self) -> None:
        self.check_keys(self.stack)
        _Python.load_additems(self)

    def _frozenset(self) -> None:
        self.check_keys(self.stack)
        _Python.load_frozenset(self)

    def _long(self, head: int) -> None:
        size = int.from_bytes(self.read(head), "little")
        self._check_digits(size)
        value = int.from_bytes(self._exactly(size), "little", signed=True)
        if abs(value) >= _SHORT:
            self.keys.integer(value)
        self.append(value)

    def _long1(self) -> None:
        self._long(1)

    def _long4(self) -> None:
        self._long(4)

    def _line(self) -> bytes:
        line = self.readline()[:-1]
        self._check_digits(len(line))
        return line

    def _int(self) -> None:
        line = self._line()
        value = {b"00": False, b"01": True}.get(line)
        self.append(self._counted(int(line)) if value is None else value)

    def _long_line(self) -> None:
        self.append(self._counted(int(self._line().rstrip(b"L") or b"0")))

    def _float(self) -> None:
        self.append(float(self._line()))

    def _bytearray(self) -> None:
        self.append(bytearray(self._exactly(int.from_bytes(self.read(8), "little"))))

    def _counted(self, value: int) -> int:
        self.keys.integer(value)
        return value

    def _exactly(self, size: int) -> bytes:
        data = self.read(size)
        if len(data) < size:
            raise EOFError(f"{size} bytes are said to follow, and {len(data)} do")
        return data

    def _check_digits(self, size: int) -> None:
        if size > MOST_DIGITS:
            raise EncaveError(f"{self._name} has a number of {size} digits or bytes: not loaded")

    dispatch[pickle.GET[0]] = _get
    dispatch[pickle.BINGET[0]] = _binget
    dispatch[pickle.LONG_BINGET[0]] = _long_binget
    dispatch[pickle.DUP[0]] = _dup
    dispatch[pickle.SETITEM[0]] = _setitem
    dispatch[pickle.SETITEMS[0]] = _setitems
    dispatch[pickle.DICT[0]] = _dict
    dispatch[pickle.ADDITEMS[0]] = _members_of_set
    dispatch[pickle.FROZENSET[0]] = _frozenset
    dispatch[pickle.LONG1[0]] = _long1
    dispatch[pickle.LONG4[0]] = _long4
    dispatch[pickle.INT[0]] = _int
    dispatch[pickle.LONG[0]] = _long_line
    dispatch[pickle.FLOAT[0]] = _float
    dispatch[pickle.BYTEARRAY8[0]] = _bytearray


def _members(key: Any) -> int:
    """Members of a key, with those of its members, up to one more than it may have."""
    count, left = 1, [key]
    while left and count <= MOST_IN_KEY:
        one = left.pop()
        if type(one) in (tuple, frozenset):
            count += len(one)
            left += list(one)[: MOST_IN_KEY + 1]
    return count
