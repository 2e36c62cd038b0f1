"""JSON is read as the json module reads it, whoever does the work."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.converters.jsontext import parse

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
