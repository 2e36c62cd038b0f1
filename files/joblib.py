"""Pickles as `joblib.dump` writes them: after the instructions for an array come its bytes, which are no instructions.

Optuna's manual recommends `joblib.dump` for studies. The arrays in one are the states of random generators: they are
skipped.
"""

from __future__ import annotations

import bz2
import io
import lzma
import pickle
import zlib
from collections.abc import Callable, Collection
from typing import Any, ClassVar, Protocol

from ..errors import EncaveError
from .pickle_classes import Classes, Type, checked_size
from .pickle_guard import GuardedUnpickler

MARK = b"joblib.numpy_pickle"
"""What a pickle with such arrays has in it."""
_WRAPPER = "NumpyArrayWrapper"
_LZ4 = b"\x04\x22\x4d\x18"


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


# What compressed files begin with → what unpacks them; zlib takes its own header and that of gzip.
_PACKED: tuple[tuple[bytes, Callable[[], _Decompressor]], ...] = (
    *(
        (b"\x78" + level, lambda: zlib.decompressobj(zlib.MAX_WBITS | 32))
        for level in (b"\x01", b"\x5e", b"\x9c", b"\xda")
    ),
    (b"\x1f\x8b", lambda: zlib.decompressobj(zlib.MAX_WBITS | 32)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(memlimit=1 << 28)),
    (b"\x5d\x00\x00", lambda: lzma.LZMADecompressor(memlimit=1 << 28)),
)


def is_packed(head: bytes) -> bool:
    """Whether a file that begins so is compressed."""
    return head.startswith((_LZ4, *(magic for magic, _ in _PACKED)))


def unpacked(data: bytes, limit: int, name: str) -> bytes:
    """What `joblib.dump` compressed, up to `limit` bytes and one more; other data as it is.

    Raises:
        EncaveError: it is damaged, or compressed in a way that encave does not read.
    """
    if data.startswith(_LZ4):
        raise EncaveError(f"{name} is compressed with lz4, which encave does not read: joblib.dump it without")
    make = next((make for magic, make in _PACKED if data.startswith(magic)), None)
    if make is None:
        return data
    try:
        return make().decompress(data, limit + 1)
    except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
        raise EncaveError(f"{name} is compressed and damaged: {error}") from error


class _JoblibUnpickler(GuardedUnpickler):
    dispatch: ClassVar[dict[int, Any]] = dict(GuardedUnpickler.dispatch)

    def __init__(self, data: bytes, name: str, classes: Classes) -> None:
        self._data = io.BytesIO(data)
        super().__init__(self._data, name, classes)

    def _build(self) -> None:
        GuardedUnpickler.load_build(self)
        made = self.stack[-1]
        if type(made).__name__ == _WRAPPER:
            self._skip(made.state)

    def _skip(self, wrapper: dict[str, Any]) -> None:
        kind = wrapper["dtype"]
        if not isinstance(kind, Type):
            raise ValueError("an array without a type")
        if kind.dtype.hasobject:
            raise EncaveError(f"{self._name} has an array of objects, which encave does not read")
        if wrapper.get("numpy_array_alignment_bytes") is not None:
            self._exactly_skipped(self._data.read(1)[0])
        self._exactly_skipped(checked_size(wrapper["shape"]) * kind.dtype.itemsize)

    def _exactly_skipped(self, size: int) -> None:
        if len(self._data.read(size)) < size:
            raise EOFError(f"an array of {size} bytes is cut off")

    dispatch[pickle.BUILD[0]] = _build


def load(data: bytes, *, name: str, allowed: Collection[str], stand_in: Callable[[str, str], Any]) -> Any:
    """Unpickle what `joblib.dump` wrote, unpacked.

    Args:
        data: Content of the file.
        name: Name of the file, for messages.
        allowed: Full names of the classes and functions that the pickle may call.
        stand_in: Module and name of a class that is not allowed → a harmless class in its place, or None; the one for
            joblib's wrapper of arrays keeps its attributes in `state`.

    Raises:
        EncaveError: the pickle is damaged, or it calls something that is not allowed.
    """
    try:
        return _JoblibUnpickler(data, name, Classes(name, allowed, stand_in, len(data))).load()
    except EncaveError:
        raise
    except Exception as error:  # a damaged pickle can make the allowed functions fail in any way
        raise EncaveError(f"{name} is not a readable pickle: {type(error).__name__}: {error}") from error
