"""CSV files as columns of text, with the rows that do not fit counted, and columns of text as columns of numbers."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import EncaveError
from ..run import Note

LIMIT = 256 * 1024 * 1024
"""Bytes of the longest file that is read."""
_BLOCK = 16 * 1024 * 1024


@dataclass(frozen=True)
class CsvTable:
    """A CSV file."""

    columns: dict[str, pa.Array]
    """Name → text, shape (n,); an empty cell is null."""
    rows: int
    """Number of rows kept."""
    dropped: int
    """Rows with another number of cells than the header."""
    notes: tuple[Note, ...]
    """What was dropped, and whether the file breaks off."""


def read_csv(data: bytes, name: str) -> CsvTable:
    """Read a CSV file whose first line names the columns.

    Args:
        data: The file.
        name: The file's name, for messages.

    Raises:
        EncaveError: it is empty, has no header, or is not text.
    """
    from pyarrow import csv

    data, notes = _decodable(data, name)
    wrong: list[int] = []

    def skip(row: csv.InvalidRow) -> str:
        wrong.append(row.actual_columns)
        return "skip"

    try:
        header = header_of(data)
        table = csv.read_csv(
            io.BytesIO(data),
            read_options=csv.ReadOptions(block_size=_BLOCK, use_threads=False),
            parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except (pa.ArrowInvalid, ValueError) as error:
        raise EncaveError(f"{name} is not a CSV file ({len(data)} bytes): {error}") from error
    if len(set(table.column_names)) != table.num_columns:
        raise EncaveError(f"{name} has two columns of one name: {', '.join(table.column_names)}")
    if wrong:
        text = f"{name}: rows with another number of cells than the {table.num_columns} of the header"
        notes.append(Note("dropped", text, len(wrong)))
    if not data.endswith((b"\n", b"\r")):
        notes.append(Note("flagged", f"{name} does not end with a line end: its last row may be cut off"))
    columns = {column: table[column].combine_chunks() for column in table.column_names}
    return CsvTable(columns, table.num_rows, len(wrong), tuple(notes))


def header_of(data: bytes) -> list[str]:
    """Names in the first line of a CSV file, of which `data` is the beginning; empty if it is not text."""
    import csv as plain

    line = data.split(b"\n", 1)[0]
    try:
        return next(plain.reader([line.decode("utf-8-sig").rstrip("\r")]), [])
    except (UnicodeDecodeError, plain.Error):
        return []


def _decodable(data: bytes, name: str) -> tuple[bytes, list[Note]]:
    """The file in UTF-8, what is not replaced by U+FFFD, and a note on that."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = f"{name}: bytes that are not UTF-8, the first at {error.start}, are replaced by U+FFFD"
        return data.decode("utf-8", errors="replace").encode(), [Note("flagged", text)]
    return data, []


def numbers(column: pa.Array) -> pa.Array:
    """Floats of a column of text; what is no number is null."""
    try:
        return column.cast(pa.float64())
    except pa.ArrowInvalid:
        return pa.array([_number(text) for text in column.to_pylist()], pa.float64())


def typed(column: pa.Array) -> pa.Array:
    """A column of text as integers, floats or truth values if all of it is, as Python and pandas write them."""
    distinct = pc.unique(column.drop_null()).to_pylist()
    if distinct and set(distinct) <= {"True", "False"}:
        return pc.equal(column, "True")
    for kind in (pa.int64(), pa.float64()):
        try:
            return column.cast(kind)
        except pa.ArrowInvalid:
            pass
    return column


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
