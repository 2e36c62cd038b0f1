"""CSV files as columns of text, with the rows that do not fit counted, and columns of text as columns of numbers."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ...errors import EncaveError
from ...run import Note
from .words import listed

LIMIT = 256 * 1024 * 1024
"""Bytes of the longest file that is read."""
_BLOCK = 16 * 1024 * 1024
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DIGITS = 40  # an integer of more is taken for one that no float is
_LATIN = "encave-latin"


@dataclass(frozen=True)
class CsvTable:
    """A CSV file."""

    columns: dict[str, pa.Array]
    """Name → text, shape (n,); an empty cell is null."""
    rows: int
    """Number of rows kept."""
    dropped: int
    """Rows with another number of cells than the header, and those that they swallowed."""
    notes: tuple[Note, ...]
    """What was dropped, and whether the file breaks off."""


def read_csv(data: bytes, name: str) -> CsvTable:
    """Read a CSV file whose first line names the columns; without a comma there, cells end at `;`, a tab or `|`.

    Args:
        data: The file.
        name: The file's name, for messages.

    Raises:
        EncaveError: it is empty, has no header, or is not text.
    """
    from pyarrow import csv

    data, notes = _decodable(data, name)
    header = header_of(data)
    delimiter = _delimiter(_first_line(data))
    wrong: list[tuple[int, int]] = []

    def skip(row: csv.InvalidRow) -> str:
        swallowed = _like_rows(row.text.splitlines()[1:], delimiter, row.expected_columns)
        wrong.append((row.number or 0, 1 + swallowed))
        return "skip"

    try:
        table = csv.read_csv(
            io.BytesIO(data),
            read_options=csv.ReadOptions(block_size=_BLOCK, use_threads=False),
            parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except (pa.ArrowInvalid, ValueError) as error:
        raise EncaveError(f"{name} is not a CSV file ({len(data)} bytes): {error}") from error
    if len(set(table.column_names)) != table.num_columns:
        raise EncaveError(f"{name} has two columns of one name: {', '.join(table.column_names)}; rename one")
    dropped = sum(rows for _, rows in wrong)
    if wrong:
        text = f"{name}: rows with another number of cells than the {table.num_columns} of the header"
        notes.append(Note("dropped", f"{text} ({_where(wrong)})", dropped))
    if not data.endswith((b"\n", b"\r")):
        notes.append(Note("flagged", f"{name} does not end with a line end: its last row may be cut off"))
    try:
        columns = {column: table[column].combine_chunks().cast(pa.string()) for column in table.column_names}
    except pa.ArrowException as error:
        raise EncaveError(f"{name} has a cell that is no text: {error}") from error
    notes += _swallowed(columns, delimiter, name)
    return CsvTable(columns, table.num_rows, dropped, tuple(notes))


def _where(wrong: Sequence[tuple[int, int]]) -> str:
    """Where rows are that do not fit, each with the number of rows in it."""
    lines = listed([line for line, _ in wrong])
    swallowing = any(rows > 1 for _, rows in wrong)
    return f"line {lines}" + ("; a quote that is not closed swallows the rows after it" if swallowing else "")


def header_of(data: bytes) -> list[str]:
    """Names in the first line of a CSV file, of which `data` is the beginning; empty if it is not text."""
    import csv as plain

    if data.startswith(_UTF16):
        data = data.decode("utf-16", errors="ignore").encode(errors="ignore")
    try:
        line = _first_line(data)
        return next(plain.reader([line], delimiter=_delimiter(line)), list[str]())
    except (UnicodeDecodeError, plain.Error):
        return []


def _decodable(data: bytes, name: str) -> tuple[bytes, list[Note]]:
    """The file in UTF-8, what is not read as Latin-1, and a note on that."""
    if data.startswith(_UTF16):
        text = data.decode("utf-16", errors="replace")
        lost = text.count("\ufffd")
        told = f"{name}: characters of UTF-16 that are broken (or were before) stand as U+FFFD"
        return text.encode(), [Note("flagged", told, lost)] if lost else []
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = f"{name}: bytes that are not UTF-8, the first at {error.start}, are read as Latin-1"
        return data.decode("utf-8", errors=_LATIN).encode(), [Note("flagged", text)]
    return data, []


def _latin(error: UnicodeError) -> tuple[str, int]:
    """The bytes that are not UTF-8 as Latin-1, so that different texts stay different."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(_LATIN, _latin)


def _first_line(data: bytes) -> str:
    """The line of the names; empty ones before it do not count."""
    begin = data.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    return re.split(rb"[\r\n]", begin, maxsplit=1)[0].decode()


def _delimiter(header: str) -> str:
    return next((sign for sign in ",;\t|" if sign in header), ",")


def _like_rows(lines: Iterable[str], delimiter: str, cells: int) -> int:
    """How many lines have as many cells as a row."""
    return sum(line.count(delimiter) == cells - 1 for line in lines)


def _swallowed(columns: Mapping[str, pa.Array], delimiter: str, name: str) -> Iterable[Note]:
    """Cells that hold what looks like rows, as where a quote is closed by the next one only."""
    for column, values in columns.items():
        lines = [text.splitlines()[1:-1] for text in values.filter(pc.match_substring(values, "\n")).to_pylist()]
        rows = [len(inner) for inner in lines if inner and _like_rows(inner, delimiter, len(columns)) == len(inner)]
        if rows:
            text = f"{name}: a cell of {column} holds lines that look like rows: a quote may not be closed"
            yield Note("flagged", text, sum(rows))


def numbers(column: pa.Array) -> pa.Array:
    """Floats of a column of text; what is no number is null."""
    try:
        return column.cast(pa.float64())
    except pa.ArrowInvalid:
        return pa.array([_number(text) for text in column.to_pylist()], pa.float64())


def typed(column: pa.Array) -> pa.Array:
    """A column of text as integers, floats or truth values if all of it is, as Python and pandas write them.

    Integers that are neither of 64 bits nor floats without loss stay text.
    """
    distinct = pc.unique(column.drop_null()).to_pylist()
    if distinct and set(distinct) <= {"True", "False"}:
        return pc.equal(column, "True")
    trimmed = pc.utf8_trim_whitespace(column)
    for kind in (pa.int64(), pa.float64()):
        try:
            cast = trimmed.cast(kind)
        except pa.ArrowInvalid:
            continue
        if kind == pa.int64() or not any(map(_is_lossy, distinct)):
            return cast
    return column


def _is_lossy(text: str) -> bool:
    """Whether a number is an integer that no float is."""
    digits = text.strip().lstrip("+-")
    return digits.isdecimal() and (len(digits) > _DIGITS or int(float(digits)) != int(digits))


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
