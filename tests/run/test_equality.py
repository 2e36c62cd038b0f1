"""Tables that Arrow finds unlike though they hold the same, and such that do not."""

from __future__ import annotations

import pyarrow as pa
import pytest

from encave.run.equality import same_table

NAN = float("nan")


def table(values: object, kind: pa.DataType | None = None) -> pa.Table:
    return pa.table({"x": pa.array(values, kind)})


@pytest.mark.parametrize(
    "values", [[1.0, NAN, None], [[1.0, NAN], None], [{"a": NAN}], [NAN, -0.0], [None, None], ["a", None], []]
)
def test_the_same_is_the_same(values: list[object]) -> None:
    assert same_table(table(values), table(values))


@pytest.mark.parametrize(
    ("values", "others"),
    [([1.0, NAN], [1.0, None]), ([NAN, 1.0], [NAN, 2.0]), ([NAN, 0.0], [0.0, NAN]), ([NAN], [NAN, NAN])],
)
def test_what_differs_differs(values: list[float], others: list[float]) -> None:
    assert not same_table(table(values), table(others, pa.float64()))


def test_types_and_names_count_and_dictionaries_do_not() -> None:
    assert not same_table(table([1]), table([1.0]))
    assert not same_table(table([1.0]), table([1.0]).rename_columns(["y"]))
    text = pa.DictionaryArray.from_arrays(pa.array([1, 0]), pa.array(["b", "a"]))
    other = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["a", "b"]))
    assert same_table(pa.table({"x": text}), pa.table({"x": other}))
