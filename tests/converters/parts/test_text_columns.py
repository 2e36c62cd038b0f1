"""Columns as text: what is missing is an empty cell of CSV, in whatever way the other cells are made."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from encave.converters.formats.deepcave.exact_text import exact_cells
from encave.converters.parts.text_columns import Cells, csv_cells, json_texts


def texts(cells: str | Cells) -> list[str]:
    assert isinstance(cells, Cells)
    return cells.text(cells.column).to_pylist()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([1, 2], ["1", "2"]),
        ([1, None], ["1", ""]),
        ([1.5, None], ["1.5", ""]),
        ([1.5, float("inf")], ["1.5", "inf"]),
        ([True, None], ["True", ""]),
        (["a,b", None], ['"a,b"', ""]),
    ],
)
def test_cells_of_csv(values: list[object], told: list[str]) -> None:
    assert texts(csv_cells(pa.array(values))) == told


@pytest.mark.parametrize(("values", "told"), [([1.5, 2.25], ["1.5", "2.25"]), ([1.5, None], ["1.5", ""])])
def test_cells_that_pandas_reads_exactly(values: list[float | None], told: list[str]) -> None:
    [cells] = exact_cells(pa.array(values, pa.float64()))
    assert texts(cells) == told


def test_json_of_texts_is_their_letters_with_and_without_quotes() -> None:
    for text in ("é→", 'é"→', "é\\n\n"):
        [told] = json_texts(pa.array([text])).to_pylist()
        assert told == json.dumps(text, ensure_ascii=False)
