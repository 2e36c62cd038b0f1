"""Reading pickles of unknown origin: only named classes and functions are ever called, and memory stays bounded.

A pickle is a program for a small stack machine. Two things make it dangerous. It can call any importable object: here
only those on an allow-list are found. And a few bytes can ask for gigabytes, with a declared length or a place in the
memo: so the data is read up to a limit, and a pass over the instructions, before any is executed, refuses lengths
that go beyond the end of the data and memo places that honest data of this size cannot have.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable, Collection
from typing import Any, BinaryIO, Protocol

from ..errors import EncaveError

NUMPY = frozenset(
    {
        "collections.OrderedDict",
        "numpy.dtype",
        "numpy.ndarray",
        *(
            f"{package}.multiarray.{function}"
            for package in ("numpy.core", "numpy._core")
            for function in ("scalar", "_reconstruct")
        ),
    }
)
"""What pickles of NumPy arrays, scalars and ordered dictionaries need."""

_CODES = {opcode.name: ord(opcode.code) for opcode in pickletools.opcodes}
_STOP = _CODES["STOP"]
_MEMO_PLACES = {_CODES["BINPUT"]: 1, _CODES["LONG_BINPUT"]: 4}
_MEMO_LINE = _CODES["PUT"]
_COUNT_BYTES = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
# Instruction → bytes of the number, little-endian, that says how many bytes follow it.
_COUNTED = {
    ord(opcode.code): _COUNT_BYTES[opcode.arg.n]
    for opcode in pickletools.opcodes
    if opcode.arg is not None and opcode.arg.n in _COUNT_BYTES
}
# Instruction → lines of text that follow it.
_LINES = {
    ord(opcode.code): 2 if opcode.name in ("GLOBAL", "INST") else 1
    for opcode in pickletools.opcodes
    if opcode.arg is not None and opcode.arg.n == pickletools.UP_TO_NEWLINE
}


def _plain_sizes() -> list[int]:
    """Size of each instruction with its argument, 0 where that needs a closer look."""
    sizes = [0] * 256
    for opcode in pickletools.opcodes:
        code = ord(opcode.code)
        if code not in (_STOP, *_MEMO_PLACES, *_COUNTED, *_LINES):
            sizes[code] = 1 + (0 if opcode.arg is None else opcode.arg.n)
    return sizes


PLAIN_SIZES = _plain_sizes()
"""Size of each instruction with its argument, by its byte; 0 where `instruction_end` has to look."""


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
    _check_instructions(data, name)
    unpickler = _Unpickler(io.BytesIO(data), name, allowed, stand_in)
    if persistent_load is not None:
        unpickler.persistent_load = persistent_load
    try:
        return unpickler.load()
    except EncaveError:
        raise
    except Exception as error:  # a damaged pickle can make the allowed functions fail in any way
        raise EncaveError(f"{name} is not a readable pickle: {type(error).__name__}: {error}") from error


class _Unpickler(pickle.Unpickler):
    def __init__(
        self, stream: BinaryIO, name: str, allowed: Collection[str], stand_in: Callable[[str, str], Any] | None
    ) -> None:
        super().__init__(stream)
        self._name = name
        self._allowed = allowed
        self._stand_in = stand_in

    def find_class(self, module: str, name: str) -> Any:
        if f"{module}.{name}" not in self._allowed:
            inert = self._stand_in(module, name) if self._stand_in else None
            if inert is not None:
                return inert
            raise EncaveError(
                f"{self._name} calls {module}.{name}, which encave does not allow in this kind of file: "
                "the file may be malicious and was not loaded"
            )
        return super().find_class(numpy_core(module), name)


def numpy_core(module: str) -> str:
    """The private package of NumPy by the name that it has in this release: `numpy.core` until 1.x, then `_core`."""
    if not module.startswith(("numpy.core.", "numpy._core.")):
        return module
    import numpy as np

    core = "numpy._core" if int(np.__version__.split(".")[0]) >= 2 else "numpy.core"
    return f"{core}.{module.split('.', 2)[2]}"


def _check_instructions(data: bytes, name: str) -> None:
    """Walk over the instructions without executing them."""
    position, sizes = 0, PLAIN_SIZES
    try:
        while True:
            if size := sizes[data[position]]:
                position += size
            elif data[position] == _STOP:
                return
            else:
                position = instruction_end(data, position, name)
    except (IndexError, ValueError):
        raise EncaveError(f"{name} is damaged or incomplete: its {len(data)} bytes are no whole pickle") from None


def instruction_end(data: bytes, position: int, name: str) -> int:
    """Position after an instruction whose size is not fixed, or which names a place in the memo."""
    code, start = data[position], position + 1
    if count := _COUNTED.get(code):
        return start + count + int.from_bytes(data[start : start + count], "little")
    if count := _MEMO_PLACES.get(code):
        _check_memo_place(int.from_bytes(data[start : start + count], "little"), data, name)
        return start + count
    if code not in _LINES:
        raise EncaveError(f"{name} is not a pickle: unknown instruction at byte {position}")
    for _ in range(_LINES[code]):
        start = data.index(b"\n", start) + 1
    if code == _MEMO_LINE:
        _check_memo_place(int(data[position + 1 : min(start, position + 21)]), data, name)
    return start


def _check_memo_place(place: int, data: bytes, name: str) -> None:
    """A memo of n places takes 8n bytes, however few are used; honest pickles number them one by one."""
    if place > len(data):
        raise EncaveError(f"{name} asks for place {place} of the memo in a pickle of {len(data)} bytes: not loaded")
