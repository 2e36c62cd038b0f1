"""What `joblib.dump` writes: packed, with arrays between the instructions, which are skipped."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from encave.errors import EncaveError
from encave.files import joblib
from encave.files.pickle_classes import NUMPY


class NumpyArrayWrapper:
    """Stands for joblib's."""

    state: dict[str, Any]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.state = state


def stand_in(module: str, name: str) -> Any:
    return NumpyArrayWrapper if (module, name) == ("joblib.numpy_pickle", "NumpyArrayWrapper") else None


def text(told: str) -> bytes:
    return b"\x8c" + bytes([len(told)]) + told.encode()


def dumped(array: np.ndarray, *, padding: int | None = None, kind: str | None = None, cut: int = 0) -> bytes:
    """A list of such an array and the number 7."""
    out = io.BytesIO()
    out.write(b"\x80\x04](cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(")
    out.write(text("dtype") + b"cnumpy\ndtype\n" + text(kind or array.dtype.str[1:]) + b"\x89\x88\x87R")
    out.write(text("shape") + b"(" + b"".join(b"K" + bytes([n]) for n in array.shape) + b"t")
    if padding is not None:
        out.write(text("numpy_array_alignment_bytes") + b"K\x10")
    out.write(b"ub")
    if padding is not None:
        out.write(bytes([padding]) + b"\xff" * padding)
    content = array.tobytes()
    out.write(content[: len(content) - cut])
    if not cut:
        out.write(b"K\x07e.")
    return out.getvalue()


def load(data: bytes) -> Any:
    return joblib.load(data, name="it", allowed=NUMPY, stand_in=stand_in)


@pytest.mark.parametrize("padding", [None, 0, 5])
@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.arange(3, dtype="i2"), np.zeros((0, 3))])
def test_arrays_are_skipped(array: np.ndarray, padding: int | None) -> None:
    wrapper, seven = load(dumped(array, padding=padding))
    assert seven == 7 and wrapper.state["shape"] == array.shape


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (dumped(np.arange(6.0), cut=1), "it is not a readable pickle: EOFError: an array of 48 bytes is cut off"),
        (
            dumped(np.arange(6.0), padding=9)[:-49],
            "it is not a readable pickle: EOFError: an array of 48 bytes is cut off",
        ),
        (dumped(np.arange(2.0), kind="O"), "it has an array of objects, which encave does not read"),
        (
            dumped(np.arange(2.0)).replace(b"cnumpy\ndtype\n" + text("f8") + b"\x89\x88\x87R", b"N"),
            "it is not a readable pickle: ValueError: an array without a type",
        ),
        (
            b"\x80\x04cos\nsystem\n.",
            "it calls os.system, which encave does not allow in this kind of file: the file may be",
        ),
    ],
)
def test_arrays_that_are_none(data: bytes, told: str) -> None:
    with pytest.raises(EncaveError) as error:
        load(data)
    assert str(error.value).startswith(told)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    **{f"zlib {level}": lambda data, level=level: zlib.compress(data, level) for level in (1, 3, 6, 9)},
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
}


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_what_is_packed_is_unpacked_up_to_a_limit(pack: Callable[[bytes], bytes]) -> None:
    data = pickle.dumps(list(range(1000)))
    packed = pack(data)
    assert joblib.is_packed(packed[:16])
    assert joblib.unpacked(packed, len(data), "it") == data
    assert joblib.unpacked(packed, 100, "it") == data[:101]
    wrong = bytearray(packed)
    wrong[len(wrong) // 2 :] = bytes(len(wrong) - len(wrong) // 2)
    with pytest.raises(EncaveError, match=r"^it is compressed and damaged: "):
        raise_if_whole(joblib.unpacked(bytes(wrong), len(data), "it"), data)


def raise_if_whole(found: bytes, data: bytes) -> None:
    """Of some packers a damaged end is only too little."""
    assert found != data
    raise EncaveError("it is compressed and damaged: too short")


def test_other_data_is_left_as_it_is_and_lz4_is_told() -> None:
    data = pickle.dumps([1])
    assert not joblib.is_packed(data) and joblib.unpacked(data, 5, "it") == data
    assert joblib.is_packed(b"\x04\x22\x4d\x18")
    with pytest.raises(
        EncaveError, match=r"^it is compressed with lz4, which encave does not read: joblib.dump it without$"
    ):
        joblib.unpacked(b"\x04\x22\x4d\x18....", 5, "it")
