"""JSON is read as the json module reads it, whoever does the work."""

from __future__ import annotations

import json
import os
import time
from contextlib import AbstractContextManager, nullcontext
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.errors import EncaveError
from encave.files.json_text import closed, indented, parse, parse_all, read_json, read_text

ODD = (
    *("18446744073709551616", "-9223372036854775809", "[0.00012345678901234567, 123456789012345678901]", "1e400"),
    *("NaN", "[Infinity, -Infinity]", '"\\ud800"', '"12345678901234567890"', "1.12345678901234567890123", "-0", "-0.0"),
    *('{"a": 1, "b": 2, "a": 3}', "[1,]", "[1", '"\x01"', "", " ", "0x10", "[" * 5000, "\ufeff1"),
)


def told(read: Any, text: Any) -> str:
    """Value and type, or the kind of error."""
    try:
        return repr(read(text))
    except (ValueError, RecursionError) as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("text", ODD)
def test_odd_values(text: str) -> None:
    assert told(parse, text.encode()) == told(json.loads, text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_any_value(value: Any) -> None:
    text = json.dumps(value)
    assert told(parse, text.encode()) == told(json.loads, text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.booleans() | st.none(), inner),
        max_leaves=30,
    )
)
def test_what_is_indented_is_as_the_json_module_has_it(value: Any) -> None:
    def plainly(value: Any) -> str:
        return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)

    assert told(indented, value).partition(":")[0] == told(plainly, value).partition(":")[0]
    if "ValueError" not in told(plainly, value):
        assert indented(value) == plainly(value)


def test_an_integer_that_python_does_not_convert_is_infinite_as_1e400_is() -> None:
    assert parse(b'{"a": [1, -%b, %b, 2.5]}' % (b"9" * 5000, b"7" * 400)) == {"a": [1, -inf, int("7" * 400), 2.5]}
    with pytest.raises(ValueError, match="Expecting"):
        parse(b'{"a": %b,' % (b"9" * 5000))


def test_texts_are_one_value_each_or_none_is_read_at_once() -> None:
    assert parse_all([b"[1, 2]", b' {"a": NaN}\r', b"null", b'"5,1,"']) == [[1, 2], {"a": ANY}, None, "5,1,"]
    assert parse_all([]) == []
    for broken in ([b"[1", b"2]"], [b"1, 2", b"[3", b"4]"], [b"1,0,2", b"[3", b"4]"], [b"", b"1"], [b"1 2"], [b"\xff"]):
        assert parse_all(broken) is None


@pytest.mark.parametrize("place", range(1, 60))
def test_what_comes_before_a_break_is_whole(place: int) -> None:
    text = '{"a": [1, {"b": "\\"]}"}, 25], "c": {"d": null}, "e": 12, "f": 3}'
    read = json.loads(closed(text[:place]))
    whole = json.loads(text)
    assert all(whole[key] == value or (key in "ac" and value in ([], [1], [1, {}], whole["a"][:2], {}))
               for key, value in read.items())  # fmt: skip


@pytest.mark.parametrize(
    "text", ["," * 10**6, "[1," * 900 + '{"a": "b"}, ' * 10**5, '["' + '\\"' * 10**6, "[" * 1000 + "1," * 10**6]
)
def test_a_break_is_found_in_linear_time(text: str) -> None:
    start = time.process_time()
    assert len(closed(text)) <= len(text) + 1000
    assert time.process_time() - start < 3


def test_what_breaks_off_deep_down_is_refused_for_its_depth(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text('{"data": ' + "[" * 100_000)
    with pytest.raises(EncaveError, match=r"log\.json is nested too deeply"):
        read_json(tmp_path / "log.json")


def test_what_a_crash_left_empty_is_cut_off(tmp_path: Path) -> None:
    with (tmp_path / "log.json").open("wb") as file:
        file.write(b'{"data": [1, 2, 3')
        file.truncate(1 << 28)
    start = time.process_time()
    assert read_json(tmp_path / "log.json") == ({"data": [1, 2]}, False)
    assert time.process_time() - start < 3


LONG = ("18446744073709551616", "99999999999999999999", "-9223372036854775809", "123456789012345678901234567890")


@pytest.mark.parametrize("room", [0, 900, 2000])
@pytest.mark.parametrize("number", LONG)
def test_integers_beyond_64_bits_are_exact_wherever_they_stand(number: str, room: int) -> None:
    """They are looked for in one way in short texts, in another in long ones."""
    for text in (
        number + " " * room,
        " " * room + number,
        f"[0.5,{' ' * room}{number}, 1]",
        f"[1.5,{number}]{' ' * room}",
    ):
        found = parse(text.encode())
        assert repr(found) == repr(json.loads(text))
    fraction = f"[{' ' * room}1.{number.strip('-')}, {number}, 2.{number.strip('-')}]"
    assert parse(fraction.encode()) == json.loads(fraction)
    lowest = f"[{' ' * room}-9223372036854775808, 18446744073709551615, 999999999999999999]"
    assert parse(lowest.encode()) == json.loads(lowest)


def test_the_longest_integer_that_is_one_has_4000_digits() -> None:
    whole, beyond, far = (b"1" * digits for digits in (4000, 4001, 5000))
    assert parse(b"[%b, %b]" % (whole, far)) == [int(whole), inf]
    assert parse(b"[%b, %b]" % (beyond, far)) == [inf, inf]
    assert parse(b"[%b]" % beyond) == [int(beyond)]  # alone Python reads it


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("", ""),
        ("{", "{}"),
        ("12", ""),
        ("tru", ""),
        ("[1", "[]"),
        ("[1,", "[1]"),
        ("[1, 2", "[1]"),
        ("[1, 2, ", "[1, 2]"),
        ('["a", "b', '["a"]'),
        ('["a\\"", "b"', '["a\\""]'),
        ('{"a": 1, "b": [2, {"c": 3}', '{"a": 1, "b": [2, {"c": 3}]}'),
        ('{"a": 1, "b": [2, {"c": 3', '{"a": 1, "b": [2, {}]}'),
        ('{"a": [1, 2]', '{"a": [1, 2]}'),
        ('{"a": [1, 2}, "b": 5', '{"a": [1]}'),
        ("[1]]", "[1]"),
        ('"a", "b"', '"a"'),
        ("[[], [", "[[], []]"),
    ],
)
def test_what_is_whole_of_a_text_that_breaks_off(text: str, whole: str) -> None:
    assert closed(text) == whole


def test_a_text_that_breaks_off_may_be_1024_levels_deep() -> None:
    assert closed("[" * 1024 + "1") == "[" * 1024 + "]" * 1024
    with pytest.raises(RecursionError):
        closed("[" * 1025)


def test_texts_are_read_up_to_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"x" * (3 << 20))
    assert read_text(path, 3 << 20) == "x" * (3 << 20)
    with pytest.raises(EncaveError) as error:
        read_text(path, (3 << 20) - 1)
    assert str(error.value) == f"{path} has 3,145,728 bytes; encave reads such files up to 2 MiB"
    with pytest.raises(EncaveError, match=r"^cannot read .*none\.txt: "):
        read_text(tmp_path / "none.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_of_texts(tmp_path: Path, encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    (tmp_path / "x.json").write_bytes(mark + '["ö"]'.encode(encoding))
    assert read_text(tmp_path / "x.json") == '["ö"]'
    assert read_json(tmp_path / "x.json") == (["ö"], True)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "{path} is empty (0 bytes)"),
        (b" \n ", "{path} is empty (3 bytes)"),
        (b"what", "{path} is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"[" * 5000, "{path} is nested too deeply to be a log"),
        (b"[1, \xff]", "cannot read {path}: 'utf-8' codec can't decode byte 0xff in position 4: invalid start byte"),
    ],
)
def test_files_that_are_no_json(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(EncaveError) as error:
        read_json(path)
    assert str(error.value) == told.format(path=path)


def test_a_file_is_whole_or_not(tmp_path: Path) -> None:
    for data, found in (
        (b"[1, 2]", ([1, 2], True)),
        (b"[1, 2, 3", ([1, 2], False)),
        (b"[1, 2]\0\0", ([1, 2], False)),
        (b"[1, 2]\0[3]", ([1, 2], False)),
        (b"[NaN, 18446744073709551616, 3", ([ANY, 2**64], False)),
    ):
        (tmp_path / "x.json").write_bytes(data)
        assert read_json(tmp_path / "x.json") == found


def test_no_more_than_a_gib_is_asked_of_a_file() -> None:
    asked: list[int] = []

    class Asked:
        """Stands for a path."""

        def open(self, mode: str) -> AbstractContextManager[SimpleNamespace]:
            return nullcontext(SimpleNamespace(read=lambda size: asked.append(size) or b"[1]", fileno=nothing.fileno))

    with Path(os.devnull).open() as nothing:
        assert read_text(Asked()) == "[1]" and read_json(Asked()) == ([1], True)  # type: ignore[arg-type]
    assert asked == [(1 << 30) + 1] * 2
