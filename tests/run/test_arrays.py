"""Arrow's numbers as numpy without pandas, and back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from encave.run.arrays import integers, plain_numbers


@pytest.mark.parametrize(
    "column",
    [
        pa.chunked_array([], pa.float64()),
        pa.chunked_array([pa.array([0.0] * 3 + [1.5, None, float("nan")] * 9)[3:20], pa.array([None, 2.5])]),
        pa.chunked_array([pa.nulls(3, pa.float64()), pa.array([1.0])[1:]]),
        pa.chunked_array([pa.array([5, 2**62 + 1, 7])[1:], pa.array([-1])]),
        pa.chunked_array([pa.array([1, None])]),
        pa.chunked_array([pa.array([3, 1], pa.int32())]),
    ],
)
def test_plain_numbers_are_those_of_arrow(column: pa.ChunkedArray) -> None:
    found, expected = plain_numbers(column), column.to_numpy()
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_integers_are_an_array() -> None:
    numbers = np.arange(10)[::3]
    assert integers(numbers) == pa.array(numbers)
