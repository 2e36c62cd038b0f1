"""SQLite databases of unknown origin: read alone, never written, with work and memory bounded by their length.

A rollback journal beside a database is never replayed: SQLite would undo what it says and delete the super-journal that
it names, any file of the user's. What a write-ahead log holds is read from a copy. Of the schema only plain tables are
used; the expressions of views, generated columns and virtual tables never run.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import sqlite3
import stat
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from ..errors import EncaveError

MAGIC = b"SQLite format 3\0"
"""First bytes of an SQLite file."""
LIMIT = 1 << 31
"""Bytes of a database and its write-ahead log that are copied in order to read the log's changes."""
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
_SETTINGS = ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "temp_store = MEMORY")
_LEAST_HEAP, _HEAPS = 1 << 30, 8  # bytes, and of a large file so many times its own: rows are sorted in memory
_PLAIN = re.compile(r"\s*CREATE\s+(TABLE|INDEX|UNIQUE\s+INDEX|VIEW|TRIGGER)\s", re.IGNORECASE)
_DEFAULT = 64  # characters of a column's default, which stands for the value in rows that are too short
_SIZED = {bytes, str}
_CHUNK = 1 << 20  # bytes that are copied at once
_REMEMBERED = 1 << 12
_STEPS, _STEPS_A_BYTE, _FREE_STEPS = 10_000, 16, 1_000_000  # a row of ten bytes takes some twenty steps
_BYTES_A_SECOND, _FREE_SECONDS = 1 << 20, 30
_COPIES, _FREE_BYTES = 4, 1 << 20  # values are read once or twice, and as text numbers are longer than stored
_ROWS, _ROWS_BYTES = 1000, 1 << 26  # rows that are read at once, fewer where each may be long


class Database:
    """An open database.

    Args:
        path: The file, for messages.
        connection: The connection to it, or to a copy.
        size: Bytes of the file and its write-ahead log.
        remark: What is not in it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, size: int, remark: str | None) -> None:
        self._path, self._connection, self._size = path, connection, size
        self.remark = remark
        """What a reader must know of the state of the file; None if it is a settled database."""
        self.encoding: str = connection.execute("PRAGMA encoding").fetchone()[0]
        """Of the texts as they are stored, in which a cast to BLOB has them: `UTF-8`, `UTF-16le` or `UTF-16be`."""
        self._decoded = self._given = self._steps = 0
        self._until = math.inf
        # states and keys come back in every row, and a call of a function written in Python costs more than these
        connection.text_factory = lru_cache(_REMEMBERED)(self._text)
        for setting in (*_SETTINGS, f"hard_heap_limit = {max(_LEAST_HEAP, _HEAPS * size)}"):
            connection.execute(f"PRAGMA {setting}")
        connection.set_progress_handler(self._goes_on_too_long, _STEPS)
        connection.set_authorizer(_allowed)

    def columns(self, tables: Iterable[str]) -> dict[str, set[str]]:
        """Those of the tables that there are → their columns.

        Raises:
            EncaveError: one is no plain table: a view, a virtual table, one with generated columns or long defaults.
        """
        plain: dict[str, bool] = {}
        for name, kind, sql in self.execute("SELECT name, type, sql FROM sqlite_master WHERE sql IS NOT NULL"):
            if not _PLAIN.match(str(sql)):
                told = f"virtual tables ({str(sql)[:60]!r}); encave reads plain tables only"
                raise EncaveError(f"{self._path} has {told}")
            if kind in ("table", "view"):
                plain[str(name).lower()] = kind == "table"
        found = {table: self._columns(table, plain[table.lower()]) for table in tables if table.lower() in plain}
        return {table: columns for table, columns in found.items() if columns}

    def _columns(self, table: str, plain: bool) -> set[str]:
        if not plain:  # as what it selects from may cost anything; where its kind is untrue, the authorizer denies it
            raise EncaveError(f"{self._path}: {table} is a view; encave reads plain tables only")
        rows = self.execute(f"PRAGMA table_xinfo({_quoted(table)})").fetchall()
        for _, name, _, _, default, _, hidden in rows:
            if hidden or len(default or "") > _DEFAULT:
                told = "is generated or has a long default; encave reads plain columns only"
                raise EncaveError(f"{self._path}: column {name!r:.60} of table {table} {told}")
        return {str(row[1]) for row in rows}

    def select(self, columns: Sequence[str], rest: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of `SELECT columns rest`, of which `rest` begins with FROM.

        Raises:
            EncaveError: the values are more than the file can hold: pages that stand for many rows.
        """
        left = _FREE_SECONDS + self._size / _BYTES_A_SECOND
        most = max(_COPIES, min(_ROWS, _ROWS_BYTES // max(self._size, 1)))  # no value is longer than the file
        cursor: sqlite3.Cursor | None = None
        while True:
            self._until = time.monotonic() + left
            cursor = cursor or self.execute(f"SELECT {', '.join(columns)} {rest}", parameters)
            rows = cursor.fetchmany(most)
            left, self._until = self._until - time.monotonic(), math.inf
            if not rows:
                return
            self._given += sum(map(_bytes_of, zip(*rows, strict=True)))
            self._check(self._given)
            yield from rows

    def execute(self, query: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """The rows of a query that needs no bound on its values."""
        self._steps = _FREE_STEPS + _STEPS_A_BYTE * self._size
        return self._connection.execute(query, parameters)

    def _goes_on_too_long(self) -> bool:
        """Whether more rows come than the file can hold, or the same page again and again; this ends the query."""
        self._steps -= _STEPS
        return self._steps < 0 or time.monotonic() > self._until

    def _text(self, data: bytes) -> str:
        self._decoded += len(data)
        self._check(self._decoded)
        return data.decode("utf-8", "replace")

    def _check(self, size: float) -> None:
        if size > _FREE_BYTES + _COPIES * self._size:
            told = f"has {self._size:,} bytes, but values of {size:,.0f}: the same pages stand for many rows"
            raise EncaveError(f"{self._path} {told}. It is damaged or malicious")


@contextmanager
def opened(path: Path) -> Generator[Database]:
    """Open a database to read it.

    Raises:
        EncaveError: it is damaged or refused; also what SQLite raises within the context.
    """
    try:
        remark = _cut_off(path)
        with _settled(path) as (file, mode, size), closing(_connect(file, mode)) as connection:
            yield Database(path, connection, size, remark)
    except (sqlite3.Error, OverflowError, MemoryError) as error:
        told = {
            "interrupted": "it takes far more steps than a file of its size can need",
            "": "it needs too much memory",
        }
        raise EncaveError(f"{path} is damaged or no such database: {told.get(str(error), error)}") from error
    except OSError as error:
        raise EncaveError(f"cannot read {path}: {error}") from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # as bytes: a name need not be UTF-8; behind an empty authority: it may begin with two slashes
    return sqlite3.connect(f"file://{quote(os.fsencode(path.absolute()))}?{mode}", uri=True)


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _allowed(action: int, first: str | None, _: str | None, __: str | None, source: str | None) -> int:
    """Whether SQLite may do it: read, by a query that is ours and not in a view, or ask for a table's columns."""
    reads = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
    asks = action == sqlite3.SQLITE_PRAGMA and first == "table_xinfo"
    return sqlite3.SQLITE_OK if source is None and (reads or asks) else sqlite3.SQLITE_DENY


def _bytes_of(column: tuple[Any, ...]) -> int:
    """Bytes of values that are bytes or texts, about; numbers take few."""
    kinds = set(map(type, column))
    if kinds.isdisjoint(_SIZED):
        return 0
    return sum(map(len, column)) if kinds <= _SIZED else sum(len(value) for value in column if type(value) in _SIZED)


def _cut_off(path: Path) -> str | None:
    """What to say of a transaction that was not ended, which a rollback journal beside the file tells of.

    Raises:
        EncaveError: the journal names a super-journal.
    """
    journal = _beside(path, "-journal")
    if journal is None:
        return None
    with journal.open("rb") as file:
        if file.read(1) == b"\0":  # as SQLite leaves a journal that has ended
            return None
        file.seek(max(journal.stat().st_size - len(_JOURNAL_MAGIC), 0))
        if file.read() == _JOURNAL_MAGIC:
            told = "names another journal, of a transaction over several databases"
            raise EncaveError(f"{journal} {told}; encave does not read {path.name} beside it")
    told = "a transaction that was cut off; it is not rolled back, so that its changes are missing or there in part"
    return f"{journal.name} holds {told}"


def _beside(path: Path, end: str) -> Path | None:
    """The file with what has not been settled, if it is not empty; of a link also beside what it leads to."""
    for file in (path.with_name(path.name + end), (real := path.resolve()).with_name(real.name + end)):
        if file.is_file() and file.stat().st_size:
            return file
    return None


@contextmanager
def _settled(path: Path) -> Generator[tuple[Path, str, int]]:
    """The file, how to open it, and its bytes; a copy where a write-ahead log holds what is not in the file yet."""
    log = _beside(path, "-wal")
    if log is None:
        yield path, "mode=ro&immutable=1", path.stat().st_size
        return
    size = path.stat().st_size + log.stat().st_size
    if size > LIMIT:
        told = f"{size:,} bytes with {log.name}; encave reads such up to {LIMIT >> 20:,} MiB. If you trust it"
        raise EncaveError(f"{path} has {told}: sqlite3 {path.name} 'PRAGMA wal_checkpoint(TRUNCATE)'")
    with TemporaryDirectory(prefix="encave-sqlite-") as folder:
        free = shutil.disk_usage(folder).free
        if _allocated(path) + _allocated(log) > free:
            raise EncaveError(f"no room to copy {path} with {log.name} to {folder} ({free:,} bytes free); set TMPDIR")
        copy = Path(folder) / "copy.db"
        _copy(path, copy)
        _copy(log, copy.with_name("copy.db-wal"))
        yield copy, "mode=ro", size


def _allocated(path: Path) -> int:
    return path.stat().st_blocks * 512


def _copy(source: Path, target: Path) -> None:
    """Copy a plain file of at most `LIMIT` bytes; what is empty in it takes no room in the copy."""
    with source.open("rb") as file, target.open("wb") as copy:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise EncaveError(f"{source} is no plain file")
        empty, left = bytes(_CHUNK), LIMIT
        while left > 0 and (data := file.read(min(_CHUNK, left))):
            left -= len(data)
            if data == empty:
                copy.seek(len(data), os.SEEK_CUR)
            else:
                copy.write(data)
        copy.truncate()
