"""The stand-ins that pickles may call: what they take, and each refusal."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest

from encave.errors import EncaveError
from encave.files import pickle_classes
from encave.files.pickle_classes import NUMPY, Classes, Sealed, Type, checked_size

MIB = 1 << 20


def found(path: str, *, size: int = 0, stand_in: Any = None) -> Any:
    module, _, name = path.rpartition(".")
    return Classes("it", {*NUMPY, "builtins.set", "builtins.bytes", "datetime.timedelta"}, stand_in, size).find(
        module, name
    )


def with_state(*state: Any, text: str = "i4") -> Type:
    made = Type(text)
    made.__setstate__(state)
    return made


def test_what_is_allowed_is_found_and_all_else_is_told() -> None:
    assert found("datetime.timedelta") is datetime.timedelta
    assert found("builtins.bytes")() == b""
    refused = "which encave does not allow in this kind of file: the file may be malicious and was not loaded"
    for path, shown in (
        ("os.system", "os.system"),
        ("datetime.datetime", "datetime.datetime"),  # known, and not allowed here
        ("a." + "b" * 300, "a." + "b" * 198),
        ("a.\x1b", r"'a.\x1b'"),
        ("a.\x1b" + "b" * 300, r"'a.\x1b" + "b" * 197 + "'"),
    ):
        with pytest.raises(EncaveError) as error:
            found(path)
        assert str(error.value) == f"it calls {shown}, {refused}"


def test_stand_ins_are_asked_for_what_is_not_allowed() -> None:
    class Inert:
        pass

    def made(module: str, name: str) -> Any:
        return {"a.b.C": Inert, "a.b.f": lambda: 5}.get(f"{module}.{name}")

    assert found("a.b.C", stand_in=made) is Inert
    function = found("a.b.f", stand_in=made)
    assert isinstance(function, Sealed) and function() == 5
    with pytest.raises(ValueError, match=r"^state for a function$"):
        function.__setstate__({})
    with pytest.raises(EncaveError, match=r"it calls a\.b\.D,"):
        found("a.b.D", stand_in=made)


@pytest.mark.parametrize(
    "text", ["b1", "<i8", ">u2", "|S1", "=f4", "f2", "f8", "c8", "c16", "U123", "M8", "m8", "O", "O8"]
)
def test_types_by_their_text(text: str) -> None:
    assert Type(text).dtype == np.dtype(text)
    assert Type(text, False, True).dtype == np.dtype(text)


@pytest.mark.parametrize(
    "text", ["i3", "f1", "c4", "b2", "S0", "S", "S1234567890", "M4", "i4,i4", "<<i4", "i4 ", "", 5, b"i4"]
)
def test_texts_that_are_no_types(text: Any) -> None:
    with pytest.raises(ValueError) as error:
        Type(text)
    assert str(error.value) == f"the type {str(text)!r} of an array, which encave does not read"


def test_a_long_text_that_is_no_type_is_cut() -> None:
    with pytest.raises(ValueError, match=f"^the type '{'x' * 40}' of"):
        Type("x" * 90)


def test_the_state_of_a_type_is_its_byte_order_and_unit() -> None:
    assert [with_state(3, order, None, None, None, -1, -1, 0).dtype.str for order in "<>="] == ["<i4", ">i4", "<i4"]
    assert with_state(3, "|", None, None, None, -1, -1, 0, text="S5").dtype.str == "|S5"
    unit = (None, None, None, -1, -1, 0)
    for told, known in (
        ((b"ns", 1, 1, 1), "<M8[ns]"),
        (("ms", 25, 1, 1), "<M8[25ms]"),
        ((b"generic", 1, 1, 1), "<M8"),
        ((b"s", 2**31 - 1, 1, 1), f"<M8[{2**31 - 1}s]"),
    ):
        assert with_state(4, "<", *unit, ({}, told), text="M8").dtype.str == known
    assert with_state(4, "<", *unit, ({}, (b"ns", 1)), text="i4").dtype.str == "<i4"  # not of a time
    assert with_state(3, "<", *unit, text="m8").dtype.str == "<m8"


@pytest.mark.parametrize(
    "state",
    [(3, "x", None, None, None), (3, "<", 1, None, None), (3, "<", None, ("a",), None), (3, "<", None, None, {})],
)
def test_types_of_records_are_refused(state: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"^an array of records, which encave does not read$"):
        with_state(*state, -1, -1, 0)


@pytest.mark.parametrize("told", [(b"x", 1), (b"ns", 0), (b"ns", -1), (b"ns", 2**31), (b"ns", True), (b"ns", 1.0)])
def test_units_that_numpy_does_not_have(told: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"^a unit of time that NumPy does not have$"):
        with_state(4, "<", None, None, None, -1, -1, 0, ({}, told), text="M8")


def test_sizes_of_shapes() -> None:
    assert [checked_size(shape) for shape in ((), (3,), (2, 3), (0,), (65536, 0), (1,) * 32)] == [1, 3, 6, 0, 0, 1]
    for shape in ([3], None, (1,) * 33, (2, -1), (True,), (2.0,)):
        with pytest.raises(ValueError, match=r"^an array of a wrong shape$"):
            checked_size(shape)
    with pytest.raises(ValueError, match=r"^an array without elements, of a huge shape$"):
        checked_size((65537, 0))


def empty(size: int = 0) -> Any:
    classes = Classes("it", NUMPY, None, size)
    rebuild = classes.find("numpy.core.multiarray", "_reconstruct")
    return rebuild(classes.find("numpy", "ndarray"), (0,), b"b")


def test_an_array_has_one_state_whose_bytes_are_there() -> None:
    for content in (np.arange(6, dtype="i4").tobytes(), bytearray(np.arange(6, dtype="i4").tobytes())):
        made = empty()
        made.__setstate__((1, (2, 3), Type("i4"), False, content))
        assert made.tolist() == [[0, 1, 2], [3, 4, 5]]
    by_column = empty()
    by_column.__setstate__((1, (2, 3), Type("i4"), True, content))
    assert by_column.tolist() == [[0, 2, 4], [1, 3, 5]]
    objects = empty()
    objects.__setstate__((1, (2,), Type("O"), False, [1, "a"]))
    assert objects.tolist() == [1, "a"]
    with pytest.raises(ValueError, match=r"^an array with two states, or without a type$"):
        made.__setstate__((1, (2, 3), Type("i4"), False, content))


@pytest.mark.parametrize(
    ("shape", "kind", "content", "told"),
    [
        ((2,), np.dtype("i4"), b"12345678", "an array with two states, or without a type"),
        ((2,), Type("i4"), b"1234567", "an array of 2 items of 4 bytes each, with other bytes"),
        ((2,), Type("i4"), b"123456789", "an array of 2 items of 4 bytes each, with other bytes"),
        ((2,), Type("i4"), "12345678", "an array of 2 items of 4 bytes each, with other bytes"),
        ((2,), Type("O"), [1], "an array of 2 objects, with another number of them"),
        ((2,), Type("O"), (1, 2), "an array of 2 objects, with another number of them"),
        ((-2,), Type("i4"), b"", "an array of a wrong shape"),
    ],
)
def test_states_that_no_array_has(shape: Any, kind: Any, content: Any, told: str) -> None:
    with pytest.raises(ValueError) as error:
        empty().__setstate__((1, shape, kind, False, content))
    assert str(error.value) == told


def test_other_arrays_than_numpys_are_not_made() -> None:
    with pytest.raises(ValueError, match=r"^an array that is none of NumPy's$"):
        found("numpy.core.multiarray._reconstruct")(list, (0,), b"b")


def test_what_a_pickle_makes_is_bounded_by_its_bytes() -> None:
    for size in (0, 10):
        encoded = found("_codecs.encode", size=size)
        assert len(encoded("a" * (4 * size + MIB), "latin1")) == 4 * size + MIB
        with pytest.raises(ValueError, match=r"^its arrays and texts take much more than its own bytes$"):
            encoded("a", "latin1")
    array = empty()
    array.__setstate__((1, (MIB // 4,), Type("i4"), False, bytes(MIB)))
    with pytest.raises(ValueError, match="much more than its own"):
        empty().__setstate__((1, (MIB // 4 + 1,), Type("i4"), False, bytes(MIB + 4)))
    objects = empty()
    objects.__setstate__((1, (MIB // 8,), Type("O"), False, [None] * (MIB // 8)))
    members = found("builtins.set")
    assert members(list(range(MIB // 8))) == set(range(MIB // 8))
    with pytest.raises(ValueError, match="much more than its own"):
        members([1])
    view, scalar = found("numpy.core.numeric._frombuffer"), found("numpy.core.multiarray.scalar")
    for make in (
        lambda size: view(bytes(size), Type("b1"), (size,), "C"),
        lambda size: scalar(Type(f"S{size}"), bytes(size)),
    ):
        make(MIB)
        with pytest.raises(ValueError, match="much more than its own"):
            make(1)


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        ("i4", b"1234", "a number without a type"),
        (Type("O"), b"12345678", "a number without a type"),
        (Type("i4"), b"123", "a number of 4 bytes, with others"),
        (Type("i4"), "1234", "a number of 4 bytes, with others"),
        (Type("i4"), bytearray(b"1234"), "a number of 4 bytes, with others"),
    ],
)
def test_numbers_that_are_none(kind: Any, content: Any, told: str) -> None:
    with pytest.raises(ValueError) as error:
        found("numpy.core.multiarray.scalar")(kind, content)
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("text", "odd"),
    [("f8", False), ("i8", False), ("f16", True), ("c8", True), ("m8", True), ("M8", True), ("S9", False)],
)
def test_numbers_whose_hashes_can_be_chosen_are_counted(text: str, odd: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_classes, "_MOST_ODD", 3)
    scalar, kind = found("numpy.core.multiarray.scalar"), Type(text)
    for _ in range(3):
        scalar(kind, bytes(kind.dtype.itemsize))
    if not odd:
        scalar(kind, bytes(kind.dtype.itemsize))
        return
    with pytest.raises(ValueError, match=r"^more than 3 complex or long numbers, or times, one by one$"):
        scalar(kind, bytes(kind.dtype.itemsize))


def test_16_384_numbers_whose_hashes_can_be_chosen_are_read() -> None:
    scalar, kind = found("numpy.core.multiarray.scalar"), Type("c8")
    for _ in range(16_384):
        scalar(kind, bytes(8))
    with pytest.raises(ValueError, match=r"^more than 16384 complex or long numbers"):
        scalar(kind, bytes(8))


@pytest.mark.parametrize(
    ("content", "kind", "shape", "order", "told"),
    [
        (b"12345678", "i4", (2,), "C", "an array without a type"),
        (b"12345678", Type("O"), (1,), "C", "an array without a type"),
        (b"12345678", Type("i4"), (2,), "A", "an array without a type"),
        ("12345678", Type("i4"), (2,), "C", "an array of 2 items of 4 bytes each, with other bytes"),
        (b"12345678", Type("i4"), (3,), "C", "an array of 3 items of 4 bytes each, with other bytes"),
    ],
)
def test_views_that_are_none(content: Any, kind: Any, shape: Any, order: str, told: str) -> None:
    view = found("numpy._core.numeric._frombuffer")
    with pytest.raises(ValueError) as error:
        view(content, kind, shape, order)
    assert str(error.value) == told
    assert view(b"123456", Type("S1"), (2, 3), "F").tolist() == [[b"1", b"3", b"5"], [b"2", b"4", b"6"]]


def test_bytes_are_texts_of_latin1() -> None:
    encoded = found("_codecs.encode")
    assert encoded("\xe9a") == encoded("\xe9a", "latin-1") == b"\xe9a"
    for arguments in ((b"a", "latin1"), ("a", "utf-8"), ("a", None)):
        with pytest.raises(ValueError, match=r"^text in another encoding than latin1$"):
            encoded(*arguments)


def test_sets_of_texts_and_numbers() -> None:
    members = found("builtins.set")
    assert members() == set() and members([1, "a", 2.5, b"b", None]) == members((1, "a", 2.5, b"b", None))
    for wrong in ("ab", {1}, [(1,)], [1, frozenset()]):
        with pytest.raises(ValueError, match=r"^a set of other things than texts and numbers$"):
            members(wrong)
