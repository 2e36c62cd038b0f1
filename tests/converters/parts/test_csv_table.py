"""CSV files: what is kept, what is counted, and the types of what was text."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from encave.converters.parts.csv_table import header_of, numbers, read_csv, typed
from encave.errors import EncaveError


@pytest.mark.parametrize(("wrong", "where"), [(1, "line 3"), (5, "line 3, 4, 5, 6, 7"), (6, "line 3, 4, 5, 6, 7, …")])
def test_rows_that_do_not_fit_are_counted_and_the_first_five_told(wrong: int, where: str) -> None:
    table = read_csv(b"a,b\n1,2\n" + b"1,2,3\n" * wrong + b"3,4\n", "log.csv")
    assert {name: column.to_pylist() for name, column in table.columns.items()} == {"a": ["1", "3"], "b": ["2", "4"]}
    assert (table.rows, table.dropped) == (2, wrong)
    [note] = table.notes
    assert note.text.endswith(f"than the 2 of the header ({where})") and (note.kind, note.count) == ("dropped", wrong)


def test_rows_in_a_cell_are_counted() -> None:
    [note] = read_csv(b'a,b\n1,"x\n2,3\n4,5\n6"\n7,8\n', "log.csv").notes
    assert "a cell of b holds lines that look like rows" in note.text and note.count == 2
    assert read_csv(b'a,b\n1,"x\ny\nz"\n', "log.csv").notes == ()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_last_row_without_a_line_end_is_flagged(end: bytes) -> None:
    assert read_csv(b"a,b" + end + b"1,2" + end, "log.csv").notes == ()
    [note] = read_csv(b"a,b" + end + b"1,2", "log.csv").notes
    assert "its last row may be cut off" in note.text


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (b"a,b;c\n1", ["a", "b;c"]),
        (b"a;b\tc\n", ["a", "b\tc"]),
        (b"a\tb|c", ["a", "b|c"]),
        (b"a|b", ["a", "b"]),
        (b'\xef\xbb\xbf\r\n"a,x",b\r', ["a,x", "b"]),
        ("a;ü".encode("utf-16"), ["a", "ü"]),
        (b"", []),
        (b"\xff\x00", []),
    ],
)
def test_names_of_the_first_line(line: bytes, names: list[str]) -> None:
    assert header_of(line) == names


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(EncaveError, match=r"log\.csv has two columns of one name: a, b, a; rename one"):
        read_csv(b"a,b,a\n1,2,3\n", "log.csv")


@pytest.mark.parametrize(
    ("texts", "kind", "values"),
    [
        (["1", None, " 2 "], "int64", [1, None, 2]),
        (["1", "2.5", "nan"], "double", [1.0, 2.5, pytest.approx(float("nan"), nan_ok=True)]),
        (["True", None, "False"], "bool", [True, None, False]),
        (["True", "1"], "string", ["True", "1"]),
        (["true"], "string", ["true"]),
        (["9223372036854775807"], "int64", [2**63 - 1]),
        (["9223372036854775808"], "double", [2.0**63]),  # a float without loss
        (["9223372036854775809", "0.5"], "string", ["9223372036854775809", "0.5"]),
        (["1" + "0" * 39], "string", ["1" + "0" * 39]),  # as 10^39 is no float
        (["a", "1"], "string", ["a", "1"]),
    ],
)
def test_types_of_columns_of_text(texts: list[str | None], kind: str, values: list[Any]) -> None:
    column = typed(pa.array(texts, pa.string()))
    assert (str(column.type), column.to_pylist()) == (kind, values)


def test_what_is_no_number_is_null() -> None:
    assert numbers(pa.array(["1", "2e3", "x", None, "inf"])).to_pylist() == [1.0, 2000.0, None, None, float("inf")]
