"""The hash of a run's values in a report's manifest."""

import numpy as np
import pyarrow as pa
import pytest

from encave.analysis.report import manifest

COLUMNS = {
    "texts": pa.array(["ab", "c", None, "", "ö"]),
    "numbers": pa.array([1, None, -3, 2**62, 0]),
    "costs": pa.array([0.5, None, -0.0, 1e300, 2.0]),
    "lists": pa.array([[1], None, [], [2, 3], [4]]),
}


def _bytes(values: pa.Array) -> bytes:
    return manifest._column_bytes(pa.chunked_array([values]))


@pytest.mark.parametrize("name", COLUMNS)
def test_the_layout_in_memory_changes_nothing(name: str) -> None:
    values = COLUMNS[name]
    cut = pa.chunked_array([pa.concat_arrays([values, values])[5:7], values[2:]])
    assert manifest._column_bytes(cut) == _bytes(values)
    if pa.types.is_string(values.type):
        assert _bytes(values.dictionary_encode()) == _bytes(values)


@pytest.mark.parametrize("name", COLUMNS)
def test_every_value_tells(name: str) -> None:
    values = COLUMNS[name]
    for at in range(len(values)):
        other = values.to_pylist()
        other[at] = other[at - 1]
        assert _bytes(pa.array(other, values.type)) != _bytes(values)


def test_where_a_text_ends_and_whether_it_is_there_tells() -> None:
    assert _bytes(pa.array(["ab", "c"])) != _bytes(pa.array(["a", "bc"]))
    assert _bytes(pa.array(["", "c"])) != _bytes(pa.array([None, "c"]))
    assert _bytes(pa.array([0, 1])) != _bytes(pa.array([None, 1]))


def test_one_nan_for_null_whatever_its_payload() -> None:
    payload = np.array([0x7FF8000000000001], np.int64).view(np.float64)
    assert _bytes(pa.array(payload)) == _bytes(pa.array([None], pa.float64()))


def test_no_rows() -> None:
    assert [_bytes(values[:0]) for values in COLUMNS.values()] == [b"", b"", b"", b"[]"]
