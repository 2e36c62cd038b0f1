"""Files of `torch.save`, in both of its formats, read without torch and without running anything in them.

Since 1.6 torch writes a zip archive with the pickle in `<name>/data.pkl`; before, four pickles one after the other:
a magic number, a protocol version, sizes of the system's types, and the object. Tensors are not read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import EncaveError
from . import pickle_check, pickles
from .zips import read_member

_ZIP = b"PK\x03\x04"
_PICKLE = "data.pkl"
_LEGACY = 0x1950A86A20F9469CFC6C
_LEGACY_BYTES = _LEGACY.to_bytes(10, "little")
_LIMIT = 256 * 1024 * 1024
_PREFIX = 1 << 16  # the three pickles before the object are a few hundred bytes


def looks_like(head: bytes) -> bool:
    """Whether a file that begins so, 64 bytes or more, is one of `torch.save`."""
    return (head.startswith(_ZIP) and f"/{_PICKLE}".encode() in head) or _LEGACY_BYTES in head[:32]


def load(path: Path) -> Any:
    """The object in the file.

    Raises:
        EncaveError: the file is damaged, too large, or its pickle calls something that is not on the allow-list.
    """
    with path.open("rb") as file:
        head = file.read(len(_ZIP))
    if head == _ZIP:
        return _unpickled(read_member(path, _PICKLE), path)
    size = path.stat().st_size
    if size > _LIMIT:
        raise EncaveError(f"{path} has {size} bytes; encave reads such files up to {_LIMIT // 2**20} MiB")
    data = path.read_bytes()
    return _unpickled(data[_start(data, path) :], path)


def _unpickled(data: bytes, path: Path) -> Any:
    return pickles.loads(data, name=str(path))


def _start(data: bytes, path: Path) -> int:
    """Position of the object's pickle, the fourth."""
    position = 0
    for number in range(3):
        part = data[position : position + _PREFIX]
        try:
            length = pickle_check.length(part, str(path))
        except EncaveError:  # none, or none that is so short
            length = 0
        if not length or (number == 0 and pickles.loads(part[:length], name=str(path), allowed=()) != _LEGACY):
            raise EncaveError(f"{path} is no file of torch.save, or damaged ({len(data)} bytes)")
        position += length
    return position
