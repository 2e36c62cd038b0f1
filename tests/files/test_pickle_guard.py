"""The unpickler that reads step by step: the bounds of the check, met on either side."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest

from encave.errors import EncaveError
from encave.files import pickle_keys, pickle_sharing
from encave.files.pickle_classes import NUMPY, Classes
from encave.files.pickle_guard import GuardedUnpickler


def read(data: bytes) -> Any:
    return GuardedUnpickler(io.BytesIO(data), "it", Classes("it", NUMPY, None, len(data))).load()


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"I00\n.", False),
        (b"I01\n.", True),
        (b"I0\n.", 0),
        (b"I-5\n.", -5),
        (b"L12L\n.", 12),
        (b"L12\n.", 12),
        (b"L\n.", 0),
        (b"F1.5\n.", 1.5),
        (b"\x8a\x00.", 0),
        (b"\x8a\x02\x01\xff.", -255),
        (b"\x8b\x03\x00\x00\x00\x01\x00\x01.", 65537),
        (b"\x96" + struct.pack("<Q", 3) + b"abc.", bytearray(b"abc")),
        (b"(K\x01K\x02d.", {1: 2}),
        (b"}K\x01K\x02s.", {1: 2}),
        (b"}(K\x01K\x02K\x03K\x04u.", {1: 2, 3: 4}),
        (b"\x8f(K\x01K\x02\x90.", {1, 2}),
        (b"(K\x01\x91.", frozenset({1})),
        (b"]p0\ng0\n\x86.", ([], [])),
        (b"]q\x00h\x00\x86.", ([], [])),
        (b"]r\x00\x00\x00\x00j\x00\x00\x00\x00\x86.", ([], [])),
        (b"K\x052\x86.", (5, 5)),
    ],
)
def test_instructions_that_it_has_itself(data: bytes, value: Any) -> None:
    found = read(data)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("size", [4096, 4097])
@pytest.mark.parametrize("code", [b"\x8b", b"I", b"L", b"F"])
def test_digits_of_a_number_are_bounded(code: bytes, size: int) -> None:
    data = code + struct.pack("<i", size) + bytes(size) if code == b"\x8b" else code + b"0" * (size - 1) + b"1\n"
    if size == 4096:
        assert read(data + b".") in (0, 1)
        return
    with pytest.raises(EncaveError, match=r"^it has a number of 4097 digits or bytes: not loaded$"):
        read(data + b".")


@pytest.mark.parametrize("kind", ["long1", "long4", "int", "long"])
def test_integers_with_one_hash_are_few(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_keys, "MOST_EQUAL", 3)

    def of(values: list[int]) -> bytes:
        own = []
        for value in values:
            told = value.to_bytes(10, "little", signed=True)
            head = {"long1": b"\x8a\x0a", "long4": b"\x8b\x0a\x00\x00\x00"}.get(kind)
            own.append(head + told if head else b"%c%d\n" % (b"IL"[kind == "long"], value))
        return b"(" + b"".join(own) + b"t."

    modulus = 2**61 - 1
    assert len(read(of([k * modulus for k in (1, 2, 3, 3, 2)]))) == 5
    assert len(read(of([k * modulus + k for k in range(1, 9)]))) == 8
    for values in ([k * modulus for k in range(1, 5)], [-k * modulus for k in range(1, 5)]):
        with pytest.raises(EncaveError, match=r"^it has more than 3 integers with one hash: the file may be malicious"):
            read(of(values))


def test_integers_below_two_to_the_60_have_hashes_of_their_own() -> None:
    kept = GuardedUnpickler(
        io.BytesIO(b"\x8a\x08" + (2**60 - 1).to_bytes(8, "little") + b"."), "it", Classes("it", NUMPY, None, 9)
    )
    kept.load()
    assert not kept.keys._integers
    counted = GuardedUnpickler(
        io.BytesIO(b"\x8a\x08" + (2**60).to_bytes(8, "little") + b"."), "it", Classes("it", NUMPY, None, 9)
    )
    counted.load()
    assert counted.keys._integers == {2**60: {2**60}}


def key_of(members: int) -> bytes:
    return b"(" + b"N" * (members - 1) + b"t"


@pytest.mark.parametrize(
    "into",
    [
        lambda key: b"}" + key + b"Ns",
        lambda key: b"}(" + key + b"Nu",
        lambda key: b"}(NN" + key + b"Nu",
        lambda key: b"(" + key + b"Nd",
        lambda key: b"\x8f(N" + key + b"\x90",
        lambda key: b"(" + key + b"\x91",
    ],
)
def test_members_of_one_key_are_bounded(into: Any) -> None:
    read(into(key_of(1000)) + b".")
    with pytest.raises(EncaveError) as error:
        read(into(key_of(1001)) + b".")
    told = "it has keys of a dictionary or set that take too long to hash (nested tuples): the file may be malicious "
    assert str(error.value) == told + "and was not loaded"


def test_members_of_members_count_and_values_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_keys, "MOST_IN_KEYS", 9)
    inner = b"(NNtNN\x87"  # a tuple of three, one of which has two: six with itself
    assert read(b"}" + inner + b"Ns(NNtNs.") == {((None, None), None, None): None, (None, None): None}
    with pytest.raises(EncaveError, match="take too long"):
        read(b"}" + inner + b"Ns(NNNtNs.")
    assert read(b"}N" + key_of(1001) + b"s.")[None] == (None,) * 1000
    assert len(read(b"}(N" + key_of(1001) + b"K\x01" + key_of(1001) + b"u.")) == 2


@pytest.mark.parametrize("take", [b"h\x00", b"g0\n", b"j\x00\x00\x00\x00"])
def test_what_is_taken_out_of_the_memo_counts_each_time(take: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_sharing, "MOST_MEMBERS", 8)
    shared = b"](NNNeq\x00"  # four with itself
    assert read(b"](" + shared + take * 2 + b"e.") == [[None] * 3] * 3
    with pytest.raises(EncaveError) as error:
        read(b"](" + shared + take * 3 + b"e.")
    told = "it has objects that hold each other over and over, more than 8 when each reference counts: "
    assert str(error.value) == told + "the file may be malicious and was not loaded"
    assert read(b"](Nq\x00" + take * 30 + b"e.") == [None] * 31


def test_doubled_objects_count_as_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_sharing, "MOST_MEMBERS", 3)
    assert read(b"](NNe2\x86.") == ([None, None], [None, None])
    with pytest.raises(EncaveError, match="hold each other"):
        read(b"](NNNe2\x86.")


def test_extensions_and_bytes_that_are_not_there() -> None:
    with pytest.raises(EncaveError, match=r"^it calls number 7 of a registry of extensions: not loaded$"):
        read(b"\x82\x07.")
    for data in (b"\x8a\x05abc", b"\x96" + struct.pack("<Q", 5) + b"abc"):
        with pytest.raises(EOFError, match=r"^5 bytes are said to follow, and 3 do$"):
            read(data)
