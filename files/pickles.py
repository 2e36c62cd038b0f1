"""Reading pickles of unknown origin: only named classes and functions are ever called, and memory stays bounded.

A pickle is a program for a small stack machine. Two things make it dangerous. It can call any importable object: here
only those on an allow-list are found, and most of them are stand-ins of ours (`pickle_classes`). And a few bytes can
ask for gigabytes or hours: so the data is read up to a limit, and a pass over the instructions, before any is executed,
bounds what they can make (`pickle_check`).
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Collection
from typing import Any, BinaryIO, Protocol

from ..errors import EncaveError
from . import pickle_sharing
from .pickle_check import check
from .pickle_classes import NUMPY, Classes

__all__ = ["NUMPY", "load", "loads"]


class ReadableBytes(Protocol):
    """A binary file, or a reader that decompresses one."""

    def read(self, size: int = ..., /) -> bytes:
        """At most `size` bytes."""
        ...


def load(
    stream: ReadableBytes,
    *,
    name: str,
    limit: int,
    allowed: Collection[str] = NUMPY,
    persistent_load: Callable[[Any], Any] | None = None,
    stand_in: Callable[[str, str], Any] | None = None,
) -> Any:
    """Unpickle one object.

    Args:
        stream: read up to its end; it may decompress.
        name: of the file, for messages.
        limit: bytes that the stream may yield.
        allowed: full names of the classes and functions that the pickle may call, `module.name`.
        persistent_load: resolves references to objects outside the pickle; by default there may be none.
        stand_in: module and name of a class that is not allowed → a harmless class in its place, or None.

    Raises:
        EncaveError: the stream cannot be read or is too long, the pickle is damaged, or it calls something else.
    """
    try:
        data = stream.read(limit + 1)
    except (OSError, EOFError) as error:
        raise EncaveError(f"{name} cannot be read; it is damaged or incomplete: {error}") from error
    if len(data) > limit:
        raise EncaveError(f"{name} holds more than {limit / 2**20:g} MiB when unpacked; encave does not read it")
    return loads(data, name=name, allowed=allowed, persistent_load=persistent_load, stand_in=stand_in)


def loads(
    data: bytes,
    *,
    name: str,
    allowed: Collection[str] = NUMPY,
    persistent_load: Callable[[Any], Any] | None = None,
    stand_in: Callable[[str, str], Any] | None = None,
) -> Any:
    """Unpickle one object from bytes; see `load`.

    Raises:
        EncaveError: the pickle is damaged, or it calls something that is not allowed.
    """
    places = check(data, name, persistent=persistent_load is not None)
    unpickler = _Unpickler(io.BytesIO(data), Classes(name, allowed, stand_in, len(data)))
    if persistent_load is not None:
        unpickler.persistent_load = persistent_load
    try:
        made = unpickler.load()
        if places:
            memo = unpickler.memo.copy()
            pickle_sharing.check([memo[place] for place in places], name)
        return made
    except EncaveError:
        raise
    except Exception as error:  # a damaged pickle can make the allowed functions fail in any way
        raise EncaveError(f"{name} is not a readable pickle: {type(error).__name__}: {error}") from error


class _Unpickler(pickle.Unpickler):
    def __init__(self, stream: BinaryIO, classes: Classes) -> None:
        super().__init__(stream)
        self._classes = classes

    def find_class(self, module: str, name: str) -> Any:
        return self._classes.find(module, name)
