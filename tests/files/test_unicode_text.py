"""Half letters are spelt out wherever they stand; everything else stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from encave.files.unicode_text import has_halves, is_unicode, plain, shortened, spelt_out

HALF, SPELT = "a\udcff\ud800", "a\\udcff\\ud800"


@dataclass(frozen=True)
class Told:
    text: str
    count: int = 3


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (HALF, SPELT),
        ([1, HALF], [1, SPELT]),
        ((None, [HALF, 2.5]), (None, [SPELT, 2.5])),
        ({HALF: 1}, {SPELT: 1}),
        ({"a": {"b": [HALF]}}, {"a": {"b": [SPELT]}}),
        (Told(HALF), Told(SPELT)),
        ([Told("a"), Told(HALF, 4)], [Told("a"), Told(SPELT, 4)]),
    ],
)
def test_half_letters_are_spelt_out(value: Any, told: Any) -> None:
    assert has_halves(value)
    assert spelt_out(value) == told
    assert not has_halves(told)


@pytest.mark.parametrize(
    "value", ["", "ä€😀", None, True, 3, 2.5, [], {}, ["ü", {"é": ("😀", None)}], Told("ß"), b"\xff"]
)
def test_whole_letters_stay(value: Any) -> None:
    assert not has_halves(value)
    assert spelt_out(value) is value


def test_values_of_json_are_asked_as_a_whole() -> None:
    assert is_unicode({"ä": ["😀", 1, None]})
    assert not is_unicode({"a": [HALF]}) and not is_unicode({HALF: 1})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\tb\nc\rd", r"a\tb\nc\rd"),
        ("\x00\x1b\x1f\x7f\x80\x9f", r"\x00\x1b\x1f\x7f\x80\x9f"),
        ("\u202e\u061c\u200b\u2060\ufeff\ud800\udfff", r"\u202e\u061c\u200b\u2060\ufeff\ud800\udfff"),
        (" ~ä€😀\u200c\u200d\xa0", " ~ä€😀\u200c\u200d\xa0"),
        (5, "5"),
    ],
)
def test_what_is_obeyed_is_spelt_out(text: Any, told: str) -> None:
    assert plain(text) == told


def test_a_long_line_loses_its_middle() -> None:
    assert shortened("a\nb\n") == "a b " and shortened("x" * 2000) == "x" * 2000
    assert shortened("a" * 1500 + "b" * 501) == "a" * 1333 + " […] " + "a" * 166 + "b" * 501
    assert shortened("abcdefghij", 9) == "abcdef […] hij" and shortened("abcdefghi", 9) == "abcdefghi"


def test_classes_and_other_objects_stay() -> None:
    odd = object()
    assert spelt_out([odd, HALF, Told]) == [odd, SPELT, Told]
    assert spelt_out((HALF,)) == (SPELT,) and spelt_out([HALF]) == [SPELT]
