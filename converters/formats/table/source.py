"""Tables as columns of Python values: CSV, Parquet and JSON; objects inside become columns `outer.inner`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ....errors import EncaveError
from ....files import parquet
from ....files.json_text import read_json
from ....run import Note
from ...parts.csv_table import LIMIT, header_of, read_csv, typed
from ...parts.json_lines import numbered_lines, read_lines
from ...reader import as_utf8
from .comments import without_comments
from .two_levels import in_one_line, in_one_name

_SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")
_LIST = re.compile(rb"\s*\[\s*(?=\{)")
_LINES = re.compile(rb"\s*\{[^\r\n]*\}[ \t]*\r?\n\s*\{")
_LINED = (".jsonl", ".ndjson")
_ANY_TEXT = (".json", ".log", ".txt")  # may hold JSON lines, too
_DEEPEST = 8
_HEAD = 1 << 16


@dataclass(frozen=True)
class SourceTable:
    """A table's content."""

    columns: Mapping[str, list[Any] | pa.Array]
    """Name → values, shape (n,); None where there is none. An array holds text whose type is yet to be told."""
    rows: int
    """Number of rows kept."""
    dropped: int
    """Rows that could not be read."""
    notes: tuple[Note, ...]
    """What was dropped."""
    explicit: frozenset[str] = frozenset()
    """Columns of JSON that every row has, so that null in them is a value."""
    later: frozenset[int] = frozenset()
    """Rows whose local times are an hour later than they say, since the clock went back before them."""

    def values(self, name: str) -> list[Any]:
        """A column's values; text that is all numbers or truth values as such."""
        column = self.columns[name]
        return column if isinstance(column, list) else typed(column).to_pylist()

    def raw(self, name: str) -> list[Any]:
        """A column's values as they stand in the file."""
        column = self.columns[name]
        return column if isinstance(column, list) else column.to_pylist()


def may_be_table(path: Path) -> bool:
    """Whether a file is a table by its name, or is text with a JSON list of objects, or one in each of two lines."""
    suffix = path.suffix.lower()
    if suffix not in _ANY_TEXT:
        return suffix in _SUFFIXES
    if suffix == ".json" and path.with_name(f"{path.stem}.map.json").is_file():
        return True
    head = _head(path)
    return bool(_LINES.match(head)) or (suffix == ".json" and bool(_LIST.match(head)))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return as_utf8(file.read(_HEAD))


def read_table(path: Path, *, decimal_comma: bool = False) -> SourceTable:
    """Read a table by the suffix of its name.

    Args:
        path: The file.
        decimal_comma: Whether numbers of a text file have commas for points.

    Raises:
        EncaveError: the file cannot be read, is empty or damaged, or is too large.
    """
    size = path.stat().st_size
    if size == 0:
        raise EncaveError(f"{path} is empty (0 bytes)")
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path)
    if suffix in (*_LINED, *_ANY_TEXT):
        return _json_lines(path) if suffix in _LINED or _LINES.match(_head(path)) else _json_list(path)
    if size > LIMIT:
        raise EncaveError(f"{path} has {size} bytes; a CSV file may have {LIMIT}. Write it as Parquet.")
    data, comments = without_comments(path.read_bytes())
    table = read_csv(in_one_line(data), str(path))
    columns = _stripped(table.columns)
    if decimal_comma:
        columns = {name: _with_points(column) for name, column in columns.items()}
    text = "lines before the names begin with # and were taken for comments"
    notes = [*table.notes, *([Note("derived", text, comments)] if comments else [])]
    return SourceTable(columns, table.rows, table.dropped, tuple(notes))


def _stripped(columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The columns under names without blanks around them, unless two would get the same."""
    names = {name.strip(): column for name, column in columns.items()}
    return names if len(names) == len(columns) else columns


def _with_points(column: pa.Array) -> pa.Array:
    """A column with points for commas where all of its values are numbers then."""
    pointed = pc.replace_substring(column, ",", ".")
    return pointed if not pa.types.is_string(typed(pointed).type) else column


def column_names(path: Path) -> list[str]:
    """Names of a table's columns from its beginning; empty if it is no table. JSON lines may have more further on."""
    try:
        suffix = path.suffix.lower()
        if suffix == ".parquet":
            return [in_one_name(name) for name in parquet.schema_of(path).names]
        if suffix in (".csv", ".tsv"):
            with path.open("rb") as file:
                return [name.strip() for name in header_of(in_one_line(without_comments(file.read(_HEAD))[0]))]
    except (OSError, ValueError, pa.ArrowException, EncaveError):
        return []
    return list(_flat(first_object(path)))


def has_decimal_commas(path: Path) -> bool:
    """Whether the beginning of a text table has columns that are numbers with commas for points."""
    if path.suffix.lower() not in (".csv", ".tsv"):
        return False
    try:
        head = without_comments(_head(path))[0]
        whole = head[: head.rfind(b"\n") + 1]
        columns = read_csv(in_one_line(whole), path.name).columns.values()
    except (OSError, EncaveError):
        return False
    return any(
        pc.any(pc.match_substring(column, ",")).as_py() and _with_points(column) is not column for column in columns
    )


def first_object(path: Path) -> Mapping[str, Any]:
    """The first object of a JSON list or of JSON lines; empty where the beginning of the file has not all of it."""
    try:
        if path.suffix.lower() != ".json":
            first = read_first(path)
        else:
            head = _head(path)
            found = _LIST.match(head)
            text = head[found.end() if found else 0 :].decode(errors="ignore").lstrip()
            first = json.JSONDecoder().raw_decode(text)[0]
    except (OSError, ValueError, RecursionError, EncaveError):
        return {}
    return first if isinstance(first, dict) else {}


def read_first(path: Path) -> Any:
    """The value of the first line of a file of JSON lines; None if it is not JSON."""
    for _, line in numbered_lines(path):
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            return None
    return None


def _parquet(path: Path) -> SourceTable:
    try:
        table = parquet.read_table(path)
        for _ in range(_DEEPEST):
            if not any(pa.types.is_struct(field.type) for field in table.schema):
                break
            table = table.flatten()
        for place, field in enumerate(table.schema):
            if pa.types.is_decimal(field.type):
                table = table.set_column(place, field.name, table[place].cast(pa.float64()))
        columns = {in_one_name(name): table[name].to_pylist() for name in table.column_names}
    except (OSError, ValueError, LookupError, pa.ArrowException) as error:
        raise EncaveError(f"{path} is not a whole Parquet file: {error}") from error
    return SourceTable(columns, table.num_rows, 0, ())


def _json_lines(path: Path) -> SourceTable:
    rows: list[dict[str, Any]] = []

    def take(value: Any) -> str | None:
        return rows.append(_flat(value)) if isinstance(value, dict) else "not a JSON object"

    lines = read_lines(path, take)
    return SourceTable(_columns(rows), len(rows), lines.dropped, lines.notes, _explicit(rows))


def _json_list(path: Path) -> SourceTable:
    content, whole = read_json(path)
    listed = content if isinstance(content, list) else []
    objects = [value for value in listed if isinstance(value, dict)]
    if not objects:
        raise EncaveError(f"{path} is no JSON list of objects")
    others = len(listed) - len(objects)
    notes = [Note("dropped", "not a JSON object", others)] if others else []
    cut = not whole and len(objects) > 1 and objects[-1].keys() < objects[-2].keys()
    if not whole:
        notes.append(Note("flagged", f"{path.name} breaks off: what comes before the break was read"))
    if cut:
        objects.pop()
        notes.append(Note("dropped", "the file breaks off in it", 1))
    rows = list(map(_flat, objects))
    return SourceTable(_columns(rows), len(rows), others + cut, tuple(notes), _explicit(rows))


def _explicit(rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Names that all rows have."""
    return frozenset(rows[0]).intersection(*rows[1:]) if rows else frozenset()


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _flat(value: Mapping[str, Any], prefix: str = "", depth: int = _DEEPEST) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and inner and depth:
            flat |= _flat(inner, f"{prefix}{key}.", depth - 1)
        else:
            flat[f"{prefix}{in_one_name(key)}"] = inner
    return flat
