"""Equal values as equal numbers, and further fields of a log as columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from encave.converters.parts.codes import codes, first_of_each, joint_codes
from encave.converters.parts.extras import extra_columns, json_or_text


def test_codes_are_in_order_of_appearance() -> None:
    assert codes(pa.array(["b", None, "a", "b", None])).tolist() == [0, 1, 2, 0, 1]
    assert codes(pa.array([], pa.string())).tolist() == []


def test_joint_codes_tell_combinations_apart() -> None:
    rng = np.random.default_rng(0)
    columns = [rng.integers(0, 3, 40) for _ in range(3)]
    columns = [codes(pa.array(column)) for column in columns]
    joint = joint_codes(columns)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    for one in range(40):
        for other in range(40):
            assert (joint[one] == joint[other]) == (rows[one] == rows[other])
    assert joint_codes([np.array([0, 1]), np.array([0, 0])]).tolist() == [0, 1]
    assert joint_codes([]).tolist() == []


def test_where_each_code_appears_first() -> None:
    assert first_of_each(np.array([0, 0, 1, 0, 2, 1])).tolist() == [0, 2, 4]
    assert first_of_each(np.array([], dtype=np.int64)).tolist() == []


@pytest.mark.parametrize(
    ("values", "kind", "kept"),
    [
        ([1, None, 2], "int64", [1, None, 2]),
        ([1, 2.5, None], "double", [1.0, 2.5, None]),
        ([True, None], "bool", [True, None]),
        (["a", None], "string", ["a", None]),
        ([1, True], "string", ["1", "true"]),
        ([1, "a"], "string", ["1", '"a"']),
        ([[1, 2], None], "string", ["[1, 2]", None]),
        ([2**63, 1], "string", ["9223372036854775808", "1"]),  # beyond 64 bits
        ([2**63, 0.5], "string", ["9223372036854775808", "0.5"]),
        ([None, None], "string", [None, None]),
    ],
)
def test_types_of_further_fields(values: list[Any], kind: str, kept: list[Any]) -> None:
    column = extra_columns([{"x": value} for value in values])["extra:x"]
    assert (str(column.type), column.to_pylist()) == (kind, kept)


def test_fields_that_rows_lack_are_null() -> None:
    columns = extra_columns([{"a": 1}, {"b": "x"}])
    assert {name: column.to_pylist() for name, column in columns.items()} == {
        "extra:a": [1, None],
        "extra:b": [None, "x"],
    }
    assert extra_columns([]) == {}


def test_json_or_what_comes_next_to_it() -> None:
    assert json_or_text({"a": [1, None]}) == '{"a": [1, null]}'
    assert json_or_text({(1, 2): 3}) == "<dict>"
    assert json_or_text(10**5000) == hex(10**5000)  # more digits than Python writes
