"""Unpickling one huge dictionary part by part: each part is handed over as soon as it is built, and let go.

The official archives are one pickle of several gigabytes, which would be tens of gigabytes of objects. Two things keep
such objects alive while they are loaded: the dictionary that they go into, and the pickle's memo, which remembers
every string and container in case it is referred to again. Here a dictionary that holds the awaited key is handed over
and emptied at once, and a first pass over the instructions counts how often each place of the memo is used, so that
the second remembers nothing longer than to its last use. Only names on an allow-list are ever called, no single string
or frame may be larger than `LIMIT`, and so may no stretch of the pickle without the awaited key.

Python's own unpickler, the one written in Python, does the work: the one written in C has no hook for this.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection
from typing import Any, BinaryIO, ClassVar

from .....errors import EncaveError
from .....files.pickle_classes import Classes
from .....files.pickle_guard import GuardedUnpickler
from .....files.pickle_instructions import PLAIN_SIZES, instruction_end
from .....files.pickle_keys import Keys

LIMIT = 128 * 2**20
"""Bytes between two parts; an architecture takes about a third of a megabyte."""

_BLOCK = 8 * 2**20
_MOST = 255  # of uses that are counted; what is used more often is never forgotten
_STOP = pickle.STOP[0]
_MEMOIZE = pickle.MEMOIZE[0]
_REMEMBER = {pickle.BINPUT[0]: 1, pickle.LONG_BINPUT[0]: 4}
_RECALL = {pickle.BINGET[0]: 1, pickle.LONG_BINGET[0]: 4}


def load_parts(
    stream: BinaryIO, key: str, consume: Callable[[dict[Any, Any]], None], *, name: str, allowed: Collection[str]
) -> Any:
    """Unpickle one object from the stream's position on; the stream is read twice.

    Args:
        stream: seekable; it may decompress.
        key: every dictionary that holds it once it is filled is a part.
        consume: given each part; the dictionary is emptied afterwards.
        name: of the file, for messages.
        allowed: full names of the classes and functions that the pickle may call, `module.name`.

    Returns:
        The object, with empty dictionaries in place of the parts.

    Raises:
        EncaveError: the stream cannot be read, the pickle is damaged, calls something else, or has no parts for long.
    """
    try:
        start = stream.tell()
        uses = _count_uses(stream, name)
        stream.seek(start)
        unpickler = _PartsUnpickler(_Bounded(stream, name), name, allowed)
        unpickler.await_parts(key, consume, uses)
        return unpickler.load()
    except EncaveError:
        raise
    except Exception as error:  # a damaged pickle can make the allowed functions fail in any way
        raise EncaveError(f"{name} is not a readable pickle: {type(error).__name__}: {error}") from error


def load_small(stream: BinaryIO, *, name: str) -> Any:
    """Unpickle one small object of built-in types, and leave the stream right behind it.

    Raises:
        EncaveError: as `load_parts`.
    """
    try:
        return _PartsUnpickler(_Bounded(stream, name), name, ()).load()
    except EncaveError:
        raise
    except Exception as error:
        raise EncaveError(f"{name} is not a readable pickle: {type(error).__name__}: {error}") from error


class _Bounded:
    """Reads a stream, but never more than `LIMIT` bytes since the last `reset`."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._left = LIMIT

    def reset(self) -> None:
        self._left = LIMIT

    def read(self, size: int) -> bytes:
        self._left -= size
        if self._left < 0:
            raise EncaveError(f"{self._name} has {LIMIT / 2**20:g} MiB without an architecture: not loaded")
        return self._stream.read(size)

    def readline(self) -> bytes:
        return self._stream.readline(LIMIT)

    def readinto(self, target: bytearray) -> int:
        data = self.read(len(target))
        target[: len(data)] = data
        return len(data)


class _PartsUnpickler(GuardedUnpickler):
    dispatch: ClassVar[dict[int, Any]] = dict(GuardedUnpickler.dispatch)

    def __init__(self, stream: Any, name: str, allowed: Collection[str]) -> None:
        super().__init__(stream, name, Classes(name, allowed, None, LIMIT))
        self._bounded = stream
        self._allowed = allowed
        self._key: str | None = None
        self._uses: bytearray | None = None
        self._places = 0

    def await_parts(self, key: str, consume: Callable[[dict[Any, Any]], None], uses: bytearray) -> None:
        self._key, self._consume, self._uses = key, consume, uses

    def _remember(self, place: int) -> None:
        if self._uses is None or (place < len(self._uses) and self._uses[place]):
            self.memo[place] = self.stack[-1]

    def _recall(self, place: int) -> None:
        self.append(self.memo[place])
        if self._uses is not None and self._uses[place] < _MOST:
            self._uses[place] -= 1
            if not self._uses[place]:
                del self.memo[place]

    def _memoize(self) -> None:
        self._remember(self._places)
        self._places += 1

    def _binput(self) -> None:
        self._remember(self.read(1)[0])

    def _long_binput(self) -> None:
        self._remember(int.from_bytes(self.read(4), "little"))

    def _binget(self) -> None:
        self._recall(self.read(1)[0])

    def _long_binget(self) -> None:
        self._recall(int.from_bytes(self.read(4), "little"))

    def _setitems(self) -> None:
        GuardedUnpickler._setitems(self)
        filled = self.stack[-1]
        if self._key is not None and type(filled) is dict and self._key in filled:
            self._consume(filled)
            filled.clear()
            self._bounded.reset()
            self.keys = Keys(self._name)
            self._classes = Classes(self._name, self._allowed, None, LIMIT)

    dispatch[pickle.MEMOIZE[0]] = _memoize
    dispatch[pickle.BINPUT[0]] = _binput
    dispatch[pickle.LONG_BINPUT[0]] = _long_binput
    dispatch[pickle.BINGET[0]] = _binget
    dispatch[pickle.LONG_BINGET[0]] = _long_binget
    dispatch[pickle.SETITEMS[0]] = _setitems


def _count_uses(stream: BinaryIO, name: str) -> bytearray:
    """How often each place of the memo is recalled, up to `_MOST`; reads the stream behind the pickle's end."""
    uses, places = bytearray(), 0
    data, position = stream.read(_BLOCK), 0
    sizes = [0 if code in (*_RECALL, _MEMOIZE) else size for code, size in enumerate(PLAIN_SIZES)]
    ends = False  # whether there is nothing after `data`
    while True:
        safe = len(data) if ends else len(data) - 4096
        try:
            while position < safe:
                code = data[position]
                if size := sizes[code]:
                    position += size
                elif code == _MEMOIZE:
                    places += 1
                    position += 1
                elif code == _STOP:
                    return uses
                elif count := _RECALL.get(code):
                    _use(uses, int.from_bytes(data[position + 1 : position + 1 + count], "little"), places)
                    position += 1 + count
                elif count := _REMEMBER.get(code):
                    places += 1
                    position += 1 + count
                else:
                    position = instruction_end(data, position, name)
        except (IndexError, ValueError):
            raise EncaveError(f"{name} is damaged or incomplete: it is no whole pickle") from None
        if ends or position - len(data) > LIMIT:
            raise EncaveError(f"{name} is damaged or incomplete: it is no whole pickle")
        rest = data[position:]
        stream.read(max(0, position - len(data)))
        block = stream.read(_BLOCK)
        ends = not block
        data, position = rest + block, 0


def _use(uses: bytearray, place: int, places: int) -> None:
    """Count one use; `places` are in the memo so far."""
    if place >= places:
        raise EncaveError(f"place {place} of the memo is used before anything was put there: not loaded")
    if place >= len(uses):
        uses.extend(bytes(max(place + 1 - len(uses), len(uses) // 2)))
    if uses[place] < _MOST:
        uses[place] += 1
