"""Half letters are spelt out wherever they stand; everything else stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from encave.files.unicode_text import has_halves, is_unicode, spelt_out

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
