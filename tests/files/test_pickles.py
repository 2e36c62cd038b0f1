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
from encave.files.pickle_classes import Classes
from encave.files.pickle_guard import GuardedUnpickler
from encave.files.pickles import NUMPY, load, loads

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(PLAIN, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_of_every_protocol(value: Any, protocol: int) -> None:
    allowed = {"_codecs.encode", "__builtin__.bytes"}
    data = pickle.dumps(value, protocol)
    assert loads(data, name="it", allowed=allowed) == value
    classes = Classes("it", frozenset(allowed), None, len(data))
    assert GuardedUnpickler(io.BytesIO(data), "it", classes).load() == value


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_numpy_and_ordered_dictionaries(protocol: int) -> None:
    value = OrderedDict(a=np.float64(1.5), b=np.arange(6).reshape(2, 3))
    allowed = {"_codecs.encode", "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"}
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
        (b".", "no whole pickle"),
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
    with pytest.raises(EncaveError, match=r"more than 0\.5 MiB when unpacked"):
        load(io.BytesIO(bytes(2**19 + 1)), name="it", limit=2**19)


def test_references_outside_the_pickle() -> None:
    assert loads(b"\x80\x04K\x07Q.", name="it", persistent_load=lambda key: key + 1) == 8


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
        np.array(["a", "bcd"]),
        np.array([b"a", b"bc"]),
        np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[ns]"),
        np.array([1, 2**40], dtype="timedelta64[100000ns]"),
        np.array([1, None, "x"], dtype=object),
        np.zeros((0, 3)),
        np.array(True),
    ],
    ids=lambda array: array.dtype.str,
)
def test_honest_arrays(array: Any, protocol: int) -> None:
    read = loads(pickle.dumps([array, array], protocol), name="it", allowed=NUMPY | {"__builtin__.bytes"})
    assert read[0].dtype.newbyteorder("=") == array.dtype.newbyteorder("=")
    assert read[0].tolist() == read[1].tolist() == array.tolist()


_NP = b"\x80\x04cnumpy\ndtype\n"
_INT64 = _NP + b"(\x8c\x02i8\x89\x88tR"
_ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"
_LARGE = (2**61 - 1).to_bytes(8, "little")
_SQUARES = b"".join(b"\x8a\x0a" + (k * (2**61 - 1)).to_bytes(10, "little") + b"N" for k in range(1, 1200))


def _nested_arrays() -> Any:
    inner: Any = [0]
    for _ in range(40):
        outer = np.empty(2, object)
        outer[:] = [inner, inner]
        inner = outer
    return inner


_ENDLESS = b"}N" + b"2\x86" * 60 + b"Ns."
HOSTILE = {
    "instructions behind a frame in a frame": b"\x80\x04\x95"
    + struct.pack("<Q", 11)
    + b"\x95"
    + struct.pack("<Q", len(_ENDLESS))
    + b"\x8c"
    + bytes([len(_ENDLESS)])
    + _ENDLESS
    + b".",
    "instructions behind a frame that cuts one": b"\x80\x04\x95"
    + struct.pack("<Q", 3)
    + b"X"
    + bytes([2 + len(_ENDLESS), 0, 0, 0, 0, 0])
    + _ENDLESS
    + b".",
    "fields beyond the item": _NP
    + b"(\x8c\x02V8\x89\x88tR(K\x03\x8c\x01|N\x8c\x01a\x85}\x8c\x01a"
    + _INT64[2:]
    + b"M\xff\xff\x86sK\x08K\x01K\x10tb.",
    "huge array": b"cnumpy\nndarray\n(J\x00\xca\x9a;\x85\x8c\x01OtR.",
    "huge array made anew": b"\x80\x04cnumpy\nndarray\nJ\x00\xca\x9a;\x85\x85\x81.",
    "huge scalar": b"cnumpy.core.multiarray\nscalar\n(" + _NP[2:] + b"\x8c\x0bV2147483647\x85RtR.",
    "pointers as bytes": b"cnumpy.core.multiarray\nscalar\n(" + _NP[2:] + b"\x8c\x01O\x85RC\x08AAAAAAAAtR.",
    "array with few bytes": _ARRAY + b"(K\x01J\x00\xca\x9a;\x85" + _INT64[2:] + b"\x89C\x08AAAAAAAAtb.",
    "array of nothing": _ARRAY + b"(K\x01J\x00\xca\x9a;K\x00\x86" + _INT64[2:] + b"\x89C\x00tb.",
    "object array without objects": _ARRAY + b"(K\x01J\x00\xca\x9a;\x85" + _NP[2:] + b"\x8c\x01O\x85R\x89]tb.",
    "view beyond its bytes": b"cnumpy.core.numeric\n_frombuffer\n(C\x08AAAAAAAA"
    + _INT64[2:]
    + b"K\x02\x85\x8c\x01CtR.",
    "bytes of a length": b"\x80\x05\x96" + struct.pack("<Q", 2**36) + b".",
    "text of a length": b"\x80\x04\x8d" + struct.pack("<Q", 2**36) + b".",
    "a key without end": b"\x80\x04}N" + b"2\x86" * 60 + b"Ns.",
    "a key without end by the memo": b"\x80\x04}Nq\x00" + b"h\x00\x86q\x00" * 60 + b"Ns.",
    "a member of a set without end": b"\x80\x04\x8f(N" + b"2\x86" * 60 + b"\x90.",
    "a frozen set without end": b"\x80\x04(N" + b"2\x86" * 60 + b"\x91.",
    "a million tuples": b"\x80\x04}N" + b"\x85" * 1_000_000 + b"Ns.",
    "equal hashes": b"\x80\x04}(" + _SQUARES + b"u.",
    "equal hashes in a set": b"\x80\x04\x8f(" + _SQUARES.replace(b"N", b"") + b"\x90.",
    "extension": b"\x80\x02\x82\x01.",
    "a long number": b"\x80\x02\x8b" + struct.pack("<i", 5000) + b"\x7f" * 5000 + b".",
    "a long number as text": b"L" + b"9" * 5000 + b"L\n.",
    "names that are none": b"\x80\x04K\x01K\x02\x93.",
    "arguments of a dictionary": b"ccollections\nOrderedDict\n]\x85R.",
    "state for a function": b"\x80\x02c_codecs\nencode\nN}U\x0c__defaults__Ns\x86b.",
    "lists that hold each other over and over": b"\x80\x04]\x94"
    + b"".join(b"]\x94(" + bytes((ord("h"), k)) * 2 + b"e" for k in range(40))
    + b".",
    "the same, filled after they are in another": b"\x80\x04"
    + b"]\x94" * 41
    + b"0" * 40
    + b"".join(b"h" + bytes([k]) + b"(" + bytes((ord("h"), k + 1)) * 2 + b"e0" for k in range(40))
    + b".",
    "dictionaries that hold each other over and over": b"\x80\x04}\x94"
    + b"".join(b"}\x94(" + b"".join(b"K" + bytes((n, ord("h"), k)) for n in (0, 1)) + b"u" for k in range(40))
    + b".",
    "an array of objects over and over": pickle.dumps(_nested_arrays(), 4),
    "another codec": b"c_codecs\nencode\n(U\x01aU\x03zipN\x85tR.",
    "texts without end": b"\x80\x04\x8d"
    + struct.pack("<Q", 2**20)
    + b"a" * 2**20
    + b"q\x000("
    + b"c_codecs\nencode\n(h\x00\x8c\x06latin1tR" * 40
    + b"l.",
}


def _guarded(data: bytes) -> Any:
    try:
        return GuardedUnpickler(io.BytesIO(data), "it", Classes("it", NUMPY, None, len(data))).load()
    except EncaveError:
        raise
    except Exception as error:
        raise EncaveError(f"it is not a readable pickle: {error}") from error


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("way", [lambda data: loads(data, name="it"), _guarded], ids=["whole", "step by step"])
def test_hostile_pickles_are_refused(data: bytes, way: Any) -> None:
    with pytest.raises(EncaveError, match=r"^it "):
        way(data)


def test_honest_keys_are_read() -> None:
    value = {("cifar10", seed): {seed << 62: [seed]} for seed in range(2000)}
    data = pickle.dumps(value)
    assert loads(data, name="it") == _guarded(data) == value


@pytest.mark.parametrize("way", [lambda data: loads(data, name="it"), _guarded], ids=["whole", "step by step"])
def test_honest_sharing_and_numbers_as_keys_are_read(way: Any) -> None:
    vector = [0.5] * 50
    rows = [(n, vector, {"vector": vector}) for n in range(20_000)]
    assert way(pickle.dumps(rows)) == rows
    numbers = {np.int64(n): n for n in range(70_000)}
    assert way(pickle.dumps(numbers)) == numbers
    pairs = {(n, "x"): n for n in range(30_000)}
    assert way(pickle.dumps(pairs)) == pairs
    ring: list[Any] = [1]
    ring.append(ring)
    read = way(pickle.dumps(ring))
    assert read[1] is read


@pytest.mark.parametrize("number", [np.complex128(1), np.longdouble(1), np.datetime64("2024-01-01", "s")])
def test_numbers_whose_hashes_can_be_chosen_are_few(number: Any) -> None:
    assert loads(pickle.dumps([number] * 9), name="it") == [number] * 9
    with pytest.raises(EncaveError, match="complex or long numbers"):
        loads(pickle.dumps([number + n for n in range(20_000)]), name="it")


def test_one_place_of_the_memo_has_one_object() -> None:
    with pytest.raises(EncaveError, match="puts two objects in place 0"):
        loads(b"\x80\x02]q\x00]q\x00a.", name="it")


@pytest.mark.parametrize("size", [0, 1, 70_000])
@pytest.mark.parametrize("pickler", [pickle.Pickler, pickle._Pickler])  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
def test_frames_of_honest_pickles(size: int, pickler: Any) -> None:
    values = [b"x" * size, "y" * size, list(range(20_000)), b"x" * 65_530, [b"z" * size]]
    for count in range(len(values) + 1):
        for protocol in (4, 5):
            stream = io.BytesIO()
            pickler(stream, protocol).dump(values[:count])
            assert loads(stream.getvalue(), name="it") == values[:count]


def test_places_left_out_cannot_hide_a_key() -> None:
    """Python's unpickler numbers by what is there, and so another object would be checked than is hashed."""
    data = b"\x80\x04Nr\x0a\x00\x00\x00N\x85\x94h\x01."
    with pytest.raises(EncaveError, match="leaves places"):
        loads(data, name="it")
    numbered_and_not = b"\x80\x04]q\x00]\x94a."
    assert loads(numbered_and_not, name="it") == [[]]


class _Object:
    """Stands for a class."""

    def __new__(cls, *args: Any, **named: Any) -> _Object:
        made = object.__new__(cls)
        made.args, made.named, made.state = args, named, None
        return made

    args: Any
    named: Any
    state: Any

    def __setstate__(self, state: Any) -> None:
        self.state = state


@pytest.mark.parametrize(
    ("data", "args", "named", "state"),
    [
        (b"(K\x01K\x02iit\nObject\n.", (1, 2), {}, None),
        (b"(cit\nObject\nK\x01K\x02o.", (1, 2), {}, None),
        (b"\x80\x04cit\nObject\nK\x01\x85}\x8c\x01aK\x02s\x92.", (1,), {"a": 2}, None),
        (b"\x80\x02cit\nObject\nK\x01\x85\x81N}U\x01aK\x02s\x86b.", (1,), {}, (None, {"a": 2})),
    ],
    ids=["INST", "OBJ", "NEWOBJ_EX", "state of slots"],
)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "step by step"])
def test_objects_of_every_protocol(data: bytes, args: Any, named: Any, state: Any, whole: bool) -> None:
    def found(module: str, name: str) -> Any:
        return _Object if (module, name) == ("it", "Object") else None

    if whole:
        read = loads(data, name="it", stand_in=found)
    else:
        read = GuardedUnpickler(io.BytesIO(data), "it", Classes("it", NUMPY, found, len(data))).load()
    assert (read.args, read.named, read.state) == (args, named, state)
    with pytest.raises(EncaveError, match=r"it calls it\.Object"):
        loads(data, name="it")
