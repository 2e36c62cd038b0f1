"""Unpickling with an allow-list and bounded memory."""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave import EncaveError
from encave.files.pickles import load, loads

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(PLAIN, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_of_every_protocol(value: Any, protocol: int) -> None:
    allowed = {"_codecs.encode", "__builtin__.bytes"}
    assert loads(pickle.dumps(value, protocol), name="it", allowed=allowed) == value


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_numpy_and_ordered_dictionaries(protocol: int) -> None:
    value = OrderedDict(a=np.float64(1.5), b=np.arange(6).reshape(2, 3))
    allowed = {"_codecs.encode", "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"}
    from encave.files.pickles import NUMPY

    read = loads(pickle.dumps(value, protocol), name="it", allowed=NUMPY | allowed)
    assert read["a"] == 1.5
    assert read["b"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("package", ["numpy.core", "numpy._core"])
def test_both_names_of_numpy_core(package: str) -> None:
    data = pickle.dumps(np.float64(2.5), 2).replace(b"numpy.core.", package.encode() + b".")
    data = data.replace(b"numpy._core.", package.encode() + b".")
    assert loads(data, name="it", allowed={f"{package}.multiarray.scalar", "numpy.dtype", "_codecs.encode"}) == 2.5


@pytest.mark.parametrize(
    "data",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"(S'true'\nios\nsystem\n.",
        b"\x80\x04\x8c\x0bcollections\x8c\x16OrderedDict.__reduce__\x93.",
        b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.",
        pickle.dumps(Fraction(1, 2)),
    ],
)
def test_only_named_classes_are_found(data: bytes) -> None:
    with pytest.raises(EncaveError, match=r"^the file calls .* does not allow"):
        loads(data, name="the file")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b".", "no whole pickle"),
        (b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".", "no whole pickle"),
        (b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b".", "no whole pickle"),
        (b"\x80\x02\x8b" + struct.pack("<i", -5) + b".....", "not a readable pickle|no whole pickle"),
        (b"\x80\x02Nr" + struct.pack("<I", 2**30) + b".", "place 1073741824 of the memo"),
        (b"Np1073741824\n.", "place 1073741824 of the memo"),
        (b"Np" + b"9" * 10_000 + b"\n.", "of the memo"),
        (b"", "no whole pickle"),
        (b"\x80\x04", "no whole pickle"),
        (b"\xff.", "unknown instruction at byte 0"),
        (b".", "not a readable pickle"),
        (b"\x80\x04K\x01Q.", "persistent"),
        (b"\x80\x02]\x8c\x01aR.", "not a readable pickle: TypeError"),
    ],
)
def test_bombs_and_damage_are_clear_errors(data: bytes, message: str) -> None:
    with pytest.raises(EncaveError, match=message) as error:
        loads(data, name="the file")
    assert str(error.value).startswith("the file")


@given(st.binary(max_size=60))
def test_random_bytes_never_escape(data: bytes) -> None:
    try:
        loads(data, name="it")
    except EncaveError as error:
        assert str(error).startswith("it ")


@given(st.data())
def test_flipped_bytes_never_escape(data: st.DataObject) -> None:
    whole = bytearray(pickle.dumps(OrderedDict(a=[1.5, "text", {"b": np.float64(2)}])))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        loads(bytes(whole), name="it")
    except EncaveError as error:
        assert str(error).startswith("it ")


def test_the_limit_counts_what_the_stream_yields() -> None:
    data = pickle.dumps(b"x" * 1000)
    assert load(io.BytesIO(data), name="it", limit=len(data)) == b"x" * 1000
    with pytest.raises(EncaveError, match="when unpacked"):
        load(io.BytesIO(data), name="it", limit=len(data) - 1)


def test_references_outside_the_pickle() -> None:
    assert loads(b"\x80\x04K\x07Q.", name="it", persistent_load=lambda key: key + 1) == 8
