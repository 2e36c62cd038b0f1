"""Every single change of a log's files that a damaged or foreign log may have, one after the other and always the same.

Each place of a file (a key, an entry of a list, a cell of a table) is taken out or replaced by values of other kinds,
in turn, so that each place has a few of them and all places together have all. Of lists one entry stands for all.
"""

from __future__ import annotations

import csv
import io
import json
import pickle
import re
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

KINDS = (None, "text", [], True, {}, "")
"""Values of other types."""
NUMBERS = (-1, float("nan"), 1.5, 10**400, 0, float("inf"), 2**63)
"""Numbers that are rare, or none of a column."""
CELLS = ("", "text", "-1", "nan", "1.5", "1e400", "inf", "True", "[1]")
"""Texts of a cell."""
_T = TypeVar("_T")
_DEEP = 1  # keys of a place; of what lies deeper in a file there is more
_SHOWN = {10**400: "10**400", 2**63: "2**63"}


class Change(NamedTuple):
    """A file with one change."""

    file: str
    """Its name in the log's folder."""
    what: str
    """What was changed, for people."""
    content: bytes | None
    """What the file holds now; None where it is gone."""


class _Place(NamedTuple):
    """Where something stands in nested lists and objects, and in texts that are JSON themselves."""

    keys: tuple[Any, ...]

    def __str__(self) -> str:
        texts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.keys)
        return "".join(texts).removeprefix(".")

    def of(self, content: Any) -> Any:
        for key in self.keys:
            content = (json.loads(content) if isinstance(content, str) else content)[key]
        return content

    def changed(self, content: Any, change: Callable[[Any, Any], None]) -> Any:
        """A copy in which the list or object that has it was changed."""
        if isinstance(content, str):
            return json.dumps(self.changed(json.loads(content), change))
        copy: Any = dict(content) if isinstance(content, dict) else list(content)
        if len(self.keys) == 1:
            change(copy, self.keys[0])
        else:
            copy[self.keys[0]] = _Place(self.keys[1:]).changed(content[self.keys[0]], change)
        return tuple(copy) if isinstance(content, tuple) else copy


def changes(folder: Path, without: Collection[str] = ()) -> Iterator[Change]:
    """All changes of the files below a folder, in the order of their names.

    Of files that have one name in several folders one stands for all.

    Args:
        folder: The folder.
        without: Names of files that stay as they are.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in without)
    named: dict[str, list[Path]] = {}
    for path in files:
        named.setdefault(path.name, []).append(path)
    for paths in named.values():
        path = paths[len(paths) // 2]
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes()
        if len(files) > 1:
            yield Change(name, "no such file", None)
        if content:
            yield Change(name, "empty", b"")
            yield Change(name, "cut off", content[: len(content.rstrip()) - 4])
        yield from (Change(name, what, changed) for what, changed in _FORMS[_form(path)](content))


def _form(path: Path) -> str:
    return next((suffix for suffix in _FORMS if path.name.endswith(suffix)), "")


def _trees(content: Any, written: Callable[[Any], bytes]) -> Iterator[tuple[str, bytes]]:
    turns = count()
    for place in _places(content, ()):
        turn = next(turns)
        deep = len(place.keys) > _DEEP
        for what, changed in _some(list(_changed(content, place, turn)), turn)[: 1 if deep else None]:
            try:
                yield what, written(changed)
            except (OverflowError, ValueError):  # what the form of the file does not have
                continue


def _some(all_of_them: list[_T], turn: int) -> list[_T]:
    """Two of them, in turn others."""
    size = len(all_of_them)
    return [all_of_them[turn % size], all_of_them[(turn + size // 2) % size]] if size > 2 else all_of_them


def _places(content: Any, keys: tuple[Any, ...]) -> Iterator[_Place]:
    if keys:
        yield _Place(keys)
    if isinstance(content, list | tuple):
        for place in _representatives(content):
            yield from _places(content[place], (*keys, place))
    if isinstance(content, str) and content[:1] == "{":
        content = json.loads(content)
    if isinstance(content, dict) and not (keys and "hyperparameters" in content):  # a space is a file of its own
        numbered = len(content) > 1 and all(str(key).isdigit() for key in content)
        for key in [list(content)[len(content) // 2]] if numbered else content:
            yield from _places(content[key], (*keys, key))


def _representatives(entries: Sequence[Any]) -> list[int]:
    """Which entries of a list stand for all: each, if they are of several types, else the middle one of each form."""
    if len(set(map(type, entries))) > 1:
        return list(range(len(entries)))
    forms: dict[Any, list[int]] = {}
    for place, entry in enumerate(entries):
        forms.setdefault(tuple(sorted(map(str, entry))) if isinstance(entry, dict) else None, []).append(place)
    return [places[len(places) // 2] for places in forms.values()]


def _changed(content: Any, place: _Place, turn: int) -> Iterator[tuple[str, Any]]:
    value = place.of(content)
    holder = _Place(place.keys[:-1]).of(content)
    if not isinstance(holder, tuple):
        yield f"no {place}", place.changed(content, lambda own, key: own.__delitem__(key))
    if isinstance(holder, list) and isinstance(value, list | dict | tuple):
        yield f"{place} twice", place.changed(content, lambda own, key: own.insert(key, own[key]))
    if isinstance(value, list):
        yield f"{place} is longer", place.changed(content, lambda own, key: own.__setitem__(key, [*value, *value[-1:]]))
    number = isinstance(value, int | float) and not isinstance(value, bool)
    others = [KINDS[turn % len(KINDS)], *(NUMBERS[(turn + i) % len(NUMBERS)] for i in ((0, 3) if number else (0,)))]
    if (before := _before(content, place.keys)) is not None and not isinstance(value, list | dict | tuple):
        others.append(before)
    for other in others:
        if not (type(other) is type(value) and other == value):
            changed = place.changed(content, lambda own, key: own.__setitem__(key, other))  # noqa: B023 - used at once
            yield f"{place} = {_shown(other)}", changed


def _before(content: Any, keys: tuple[Any, ...]) -> Any:
    """What stands here in the entry before."""
    for depth in range(len(keys) - 1, -1, -1):
        if isinstance(keys[depth], int) and keys[depth]:
            try:
                return _Place((*keys[:depth], keys[depth] - 1, *keys[depth + 1 :])).of(content)
            except (KeyError, IndexError, TypeError):
                return None
    return None


def _shown(value: Any) -> str:
    return _SHOWN.get(value, "") if type(value) is int and value in _SHOWN else json.dumps(value, default=repr)


def _json(content: bytes) -> Iterator[tuple[str, bytes]]:
    """JSON, or JSON lines that are called so."""
    lines = content.splitlines()
    try:
        trees = [json.loads(line) for line in lines]
    except ValueError:
        lines = [content]
        trees = [json.loads(content)]
    if len(lines) == 1 and content[:1] in b"[{":
        yield from _trees(trees[0], lambda tree: json.dumps(tree).encode())
    elif lines:
        yield from _trees(trees, lambda tree: "".join(json.dumps(line) + "\n" for line in tree).encode())


def _yaml(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield from _trees(yaml.safe_load(content), lambda tree: yaml.safe_dump(tree, sort_keys=False).encode())


def _pickle(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield from _trees(pickle.loads(content), lambda tree: pickle.dumps(tree, protocol=4))


def _table(content: bytes) -> Iterator[tuple[str, bytes]]:
    head = content.partition(b"\n")[0].decode()
    delimiter = next(sign for sign in ",; " if sign in head)
    rows = list(csv.reader(io.StringIO(content.decode()), delimiter=delimiter))
    rows = [line + [""] * (len(rows[0]) - len(line)) for line in rows]

    def written(changed: list[list[str]]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(changed)
        return text.getvalue().encode()

    row = len(rows) // 2
    yield f"{rows[0][0]} is named twice", written([[*line, line[0]] for line in rows])
    for column, name in enumerate(rows[0]):
        yield f"no column {name}", written([[*line[:column], *line[column + 1 :]] for line in rows])
        found: list[tuple[str, list[list[str]]]] = []
        for text in (CELLS[column % len(CELLS)], CELLS[(column + 3) % len(CELLS)], rows[row - 1][column]):
            changed = [*rows[row][:column], text, *rows[row][column + 1 :]]
            if text != rows[row][column]:
                found.append((f"{name} of line {row + 1} = {text}", [*rows[:row], changed, *rows[row + 1 :]]))
        yield from ((what, written(lines)) for what, lines in _some(found, column))
    yield f"line {row + 1} is gone", written([*rows[:row], *rows[row + 1 :]])
    yield f"line {row + 1} stands twice", written([*rows[: row + 1], *rows[row:]])
    yield f"line {row + 1} is short", written([*rows[:row], rows[row][:-1], *rows[row + 1 :]])
    yield f"line {row + 1} is long", written([*rows[:row], [*rows[row], "more"], *rows[row + 1 :]])


def _parquet(content: bytes) -> Iterator[tuple[str, bytes]]:
    table = pq.read_table(pa.BufferReader(content))
    rows = table.to_pylist()

    def written(changed: pa.Table) -> bytes:
        sink = io.BytesIO()
        pq.write_table(changed, sink)
        return sink.getvalue()

    for column, name in enumerate(table.column_names):
        values = _columns([row[name] for row in rows], column)
        found = [(f"{name}: {what}", table.set_column(column, name, pa.array(changed))) for what, changed in values]
        yield from ((what, written(changed)) for what, changed in _some(found, column))
        yield f"no column {name}", written(table.drop_columns([name]))
    middle = table.num_rows // 2
    yield f"row {middle} is gone", written(pa.concat_tables([table[:middle], table[middle + 1 :]]))
    yield f"row {middle} stands twice", written(pa.concat_tables([table[: middle + 1], table[middle:]]))


def _columns(values: list[Any], turn: int) -> Iterator[tuple[str, list[Any]]]:
    """A column with another type, or with another value in the middle."""
    middle = len(values) // 2
    yield "all are text", [json.dumps(value, default=str) for value in values]
    for other in (None, NUMBERS[turn % 3], NUMBERS[turn % 3 + 1], *KINDS[turn % 2 + 2 :][:2], values[middle - 1]):
        changed = [*values[:middle], other, *values[middle + 1 :]]
        try:
            pa.array(changed)
        except (pa.ArrowException, OverflowError):
            if other not in ({}, 10**400):  # which Parquet does not have
                yield f"all are {_shown(other)}", [other] * len(values)
        else:
            yield f"row {middle} = {_shown(other)}", changed


def _sqlite(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Tables and columns that are not there, and other values in the last row of each table."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / "changed.db"
        path.write_bytes(content)
        tables = _rows_of(path)

        def written(statement: str, *values: Any) -> bytes | None:
            path.write_bytes(content)
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("PRAGMA journal_mode = OFF")
                try:
                    connection.execute(statement, values)
                except (sqlite3.IntegrityError, sqlite3.OperationalError):  # what SQLite does not allow
                    return None
            return path.read_bytes()

        told: list[tuple[str, bytes | None]] = []
        turns = count()
        for table, rows in tables.items():
            told.append((f"no table {table}", written(f"DROP TABLE {table}")))
            last = len(rows) - 1
            told.append((f"{table}: row {last} is gone", written(f"DELETE FROM {table} WHERE rowid = {rows[-1][0]}")))
            names = list(rows[-1].keys())[1:]
            for column, name in enumerate(names, 1):
                turn = next(turns)
                found = [(f"no {table}.{name}", (f"ALTER TABLE {table} DROP COLUMN {name}",))]
                number = float("inf") if NUMBERS[turn % 6] == 10**400 else NUMBERS[turn % 6]
                for value in (("text", b"\xff", "", "2026")[turn % 4], None, number, rows[-2][column] if last else 7):
                    statement = f"UPDATE {table} SET {name} = ? WHERE rowid = {rows[-1][0]}"
                    if value != rows[-1][column]:
                        found.append((f"{table}: {name} of row {last} = {_shown(value)}", (statement, value)))
                told += [(what, written(*statement)) for what, statement in _some(found, turn)]
    return iter((what, changed) for what, changed in told if changed is not None)


def _rows_of(path: Path) -> dict[str, list[sqlite3.Row]]:
    """Name of each table that has any → its rows, with their numbers first."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: connection.execute(f"SELECT rowid AS place, * FROM {name}").fetchall() for name in names}
    return {name: rows for name, rows in found.items() if rows}


def _zip(content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for name in files:
        form = _form(Path(name))
        for what, changed in _FORMS[form](files[name]):
            sink = io.BytesIO()
            with zipfile.ZipFile(sink, "w") as archive:
                for one, data in (files | {name: changed}).items():
                    archive.writestr(one, data)
            yield what, sink.getvalue()


def _words(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Lines of a text that is for people, and the numbers in them."""
    lines = content.splitlines(keepends=True)
    forms = {re.sub(rb"\d+", b"", line): number for number, line in enumerate(lines)}
    for number in forms.values():
        before, line, after = b"".join(lines[:number]), lines[number], b"".join(lines[number + 1 :])
        yield f"no line {number + 1}", before + after
        yield f"line {number + 1} twice", before + line * 2 + after
        for turn, place in enumerate(re.finditer(rb"(?<![\d.])\d+(\.\d+)?(?![\d.])", line)):
            other = (b"7", b"9" * 20, b"x")[turn % 3]
            changed = line[: place.start()] + other + line[place.end() :]
            told = changed.decode().strip().replace("9" * 20, "9…")
            yield f"line {number + 1} = {told}", before + changed + after


def _header(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Of what encave wrote itself only the outermost keys."""
    tree = json.loads(content)
    for turn, key in enumerate(tree):
        yield from (
            (what, json.dumps(changed).encode())
            for what, changed in _some(list(_changed(tree, _Place((key,)), turn)), turn)
        )


_FORMS: dict[str, Callable[[bytes], Iterator[tuple[str, bytes]]]] = {
    ".run.json": _header,
    ".json": _json,
    ".jsonl": _json,
    "journal.log": _json,
    ".log": _words,
    "scenario.txt": _words,
    ".yaml": _yaml,
    ".csv": _table,
    ".dat": _table,
    ".parquet": _parquet,
    ".parquet.gzip": _parquet,
    ".pkl": _pickle,
    ".db": _sqlite,
    ".zip": _zip,
    ".pth": _zip,
    "": lambda content: iter(()),
}
