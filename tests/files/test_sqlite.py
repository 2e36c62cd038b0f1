"""SQLite databases made to hurt: nothing is written or deleted, and no schema or page costs more than the file."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import struct
import tempfile
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from encave.converters.formats.optuna.reader import READER
from encave.converters.reader import Found, Listing, Options, ReadResult
from encave.errors import EncaveError
from encave.files import sqlite
from encave.files.sqlite import opened

STUDY = """
    CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name VARCHAR(512));
    CREATE TABLE trials (trial_id INTEGER PRIMARY KEY, number INTEGER, study_id INTEGER, state VARCHAR(8),
        datetime_start DATETIME, datetime_complete DATETIME);
    CREATE TABLE trial_params (param_id INTEGER PRIMARY KEY, trial_id INTEGER, param_name VARCHAR(512),
        param_value FLOAT, distribution_json TEXT);
    CREATE TABLE trial_values (trial_value_id INTEGER PRIMARY KEY, trial_id INTEGER, objective INTEGER, value FLOAT,
        value_type VARCHAR(7) DEFAULT 'FINITE');
    INSERT INTO studies VALUES (1, 's');
    INSERT INTO trials VALUES (1, 0, 1, 'COMPLETE', '2026-01-01 00:00:00', '2026-01-01 00:00:01');
    INSERT INTO trial_params VALUES (1, 1, 'x', 0.5,
        '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}');
    INSERT INTO trial_values VALUES (1, 1, 0, 2.5, 'FINITE');
"""


def study(path: Path, more: str = "") -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(STUDY + more)
    return path


def found(path: Path) -> list[Found]:
    return list(
        READER.detect(
            Listing(path.parent, tuple(sorted(file.name for file in path.parent.iterdir() if file.is_file())))
        )
    )


def read(path: Path) -> ReadResult:
    (one,) = found(path)
    return READER.read(one, Options())


@contextmanager
def bounded() -> Generator[None]:
    """In some seconds, some memory and with nothing changed."""
    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.process_time() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10


def state(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


def hot_journal(path: Path, super_journal: Path | None = None) -> Path:
    """A journal as a process leaves it that died in a transaction; SQLite rolls it back when it opens the file."""
    journal = path.with_name(path.name + "-journal")
    pages = path.stat().st_size // 4096
    header = bytes.fromhex("d9d505f920a163d7") + struct.pack(">5I", 0, 7, pages, 512, 4096)
    tail = b""
    if super_journal is not None:
        name = os.fsencode(super_journal)
        signed = sum(byte - 256 if byte > 127 else byte for byte in name)
        tail = struct.pack(">I", 1073741824 // 4096 + 1) + name
        tail += struct.pack(">Ii", len(name), signed) + bytes.fromhex("d9d505f920a163d7")
    journal.write_bytes(header.ljust(512, b"\0") + tail)
    return journal


@pytest.mark.parametrize("name", ["optuna.db", "study.db"])
def test_a_super_journal_is_not_deleted(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    path = study(tmp_path / name)
    victim.write_bytes(os.fsencode(tmp_path / f"{name}-journal") + b"\0")
    journal = hot_journal(path, victim)
    before = state(tmp_path)
    (one,) = found(path)
    with pytest.raises(EncaveError, match=f"{name}-journal names another journal"):
        READER.read(one, Options())
    assert state(tmp_path) == before
    with closing(sqlite3.connect(path)) as connection:  # as SQLite does: the test's journal is one
        connection.execute("SELECT * FROM studies").fetchall()
    assert not journal.exists() and not victim.exists()


def test_a_hot_journal_is_not_replayed_but_told(tmp_path: Path) -> None:
    path = study(tmp_path / "study.db")
    hot_journal(path)
    before = state(tmp_path)
    result = read(path)
    assert len(result.run) == 1
    assert "study.db-journal holds a transaction that was cut off" in " ".join(note.text for note in result.run.notes)
    assert state(tmp_path) == before


@pytest.mark.parametrize("content", [b"", bytes(512)])
def test_a_journal_that_has_ended_is_nothing_to_tell(tmp_path: Path, content: bytes) -> None:
    path = study(tmp_path / "study.db")
    (tmp_path / "study.db-journal").write_bytes(content)
    assert not any("journal" in note.text for note in read(path).run.notes)


def logged(folder: Path) -> Path:
    """A study whose second trial stands in the write-ahead log only, as after `kill -9`."""
    path = study(folder / "first.db", "PRAGMA journal_mode=WAL;")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("INSERT INTO trials VALUES (2, 1, 1, 'FAIL', NULL, NULL)")
        connection.commit()
        for end in ("", "-wal"):
            shutil.copy(folder / f"first.db{end}", folder / f"killed.db{end}")
    path.unlink()
    return folder / "killed.db"


def test_a_write_ahead_log_is_read_from_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (temporary := tmp_path / "tmp").mkdir()
    (tmp_path / "log").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    path = logged(tmp_path / "log")
    before = state(path.parent)
    assert read(path).run.column("status").tolist() == ["success", "crashed"]
    assert state(path.parent) == before
    assert not list(temporary.iterdir())
    (tmp_path / "link.db").symlink_to(path)
    assert len(read(tmp_path / "link.db").run) == 2


def test_a_sparse_database_is_copied_without_its_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = logged(tmp_path)
    os.truncate(path, 1 << 30)
    copy = tmp_path / "copy"
    sqlite._copy(path, copy)
    assert copy.stat().st_size == 1 << 30
    assert copy.stat().st_blocks * 512 < 8 << 20
    copy.unlink()
    os.truncate(path, 10 << 30)
    monkeypatch.setattr(sqlite, "_copy", None)
    (one,) = found(path)
    with pytest.raises(
        EncaveError, match=r"killed\.db has .* bytes with killed\.db-wal; encave reads such up to 2,048"
    ):
        READER.read(one, Options())


def test_a_log_that_is_no_file_is_not_read(tmp_path: Path) -> None:
    path = study(tmp_path / "study.db")
    os.mkfifo(tmp_path / "study.db-wal")
    assert len(read(path).run) == 1
    (tmp_path / "study.db-wal").unlink()
    (tmp_path / "study.db-wal").symlink_to("/dev/zero")
    assert len(read(path).run) == 1


@pytest.mark.parametrize("name", ["a ?#%41&mode=rwc.db", "ö\udcff.db"])
def test_no_name_means_anything_to_sqlite(tmp_path: Path, name: str) -> None:
    (tmp_path / "log").mkdir()
    path = study(tmp_path / "x.db").rename(tmp_path / "log" / name)
    with opened(path) as database:
        assert database.columns(["studies"]) == {"studies": {"study_id", "study_name"}}
    with opened(Path(f"/{path}")) as database:
        assert database.columns(["none"]) == {}


ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT"
INSTEAD = "DROP TABLE studies; CREATE VIEW studies AS"
DOUBLED = "(SELECT '" + "a" * 100_000 + "' AS a)"
for _ in range(8):
    DOUBLED = f"(SELECT a || a AS a FROM {DOUBLED} LIMIT 1)"
HOSTILE = {
    "generated": "ALTER TABLE trials ADD COLUMN value AS (printf('%.*c', 100000000, 'x'));",
    "generated slowly": "ALTER TABLE trials ADD COLUMN value AS (instr(zeroblob(999999), zeroblob(9999) || 1));",
    "default": f"ALTER TABLE trials ADD COLUMN value DEFAULT '{'x' * 100_000}';",
    "view": f"DROP TABLE studies; CREATE VIEW studies AS {ENDLESS} n AS study_id, n AS study_name FROM c;",
    "view in capitals": f"DROP TABLE studies; CREATE VIEW STUDIES AS {ENDLESS} 1 AS study_id, n AS study_name FROM c;",
    "view that doubles": f"{INSTEAD} SELECT 1 AS study_id, a AS study_name FROM {DOUBLED};",
    "view of constants": "DROP TABLE studies; CREATE VIEW studies AS SELECT 1 AS study_id, 's' AS study_name;",
    "virtual": "DROP TABLE studies; CREATE VIRTUAL TABLE studies USING fts4(study_id, study_name);",
    "lying": f"""PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql =
        'CREATE VIEW studies AS {ENDLESS} n AS study_id, n AS study_name FROM c' WHERE name = 'studies';""",
}


@pytest.mark.parametrize("more", HOSTILE.values(), ids=HOSTILE)
def test_a_schema_computes_nothing(tmp_path: Path, more: str) -> None:
    path = study(tmp_path / "study.db", more)
    with bounded():
        (one,) = found(path)
        with pytest.raises(EncaveError, match=r"study\.db"):
            READER.read(one, Options())


def test_what_is_not_read_does_not_matter(tmp_path: Path) -> None:
    more = f"""CREATE VIEW best AS {ENDLESS} n FROM c; CREATE INDEX i ON trials (abs(number));
        CREATE TABLE mine (a, b AS (printf('%.*c', 100000000, 'x')));
        CREATE TRIGGER t AFTER INSERT ON trials BEGIN DELETE FROM studies; END;"""
    assert len(read(study(tmp_path / "study.db", more)).run) == 1


def page_of(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]


def multiply(path: Path, table: str, levels: int) -> None:
    """Let each row of a table of one page stand for a hundred, again and again, by inner pages of equal pointers."""
    root, last = page_of(path, table), path.stat().st_size // 4096
    data = bytearray(path.read_bytes())
    leaf = data[(root - 1) * 4096 : root * 4096]
    for level in range(levels):
        page, child = (root if level == 0 else last + level), last + level + 1
        inner = bytearray(4096)
        cells = [4096 - 5 * (i + 1) for i in range(100)]
        inner[:12] = struct.pack(">BHHHBI", 5, 0, 100, cells[-1], 0, child)
        inner[12:212] = struct.pack(">100H", *cells)
        for cell in cells:
            inner[cell : cell + 5] = struct.pack(">IB", child, 100)
        data[(page - 1) * 4096 : page * 4096] = inner
    data += leaf
    data[28:32] = struct.pack(">I", len(data) // 4096)
    path.write_bytes(data)


def test_pages_that_stand_for_many_rows(tmp_path: Path) -> None:
    path = study(tmp_path / "study.db")
    multiply(path, "trials", 12)
    (one,) = found(path)
    with bounded(), pytest.raises(EncaveError, match="the same pages stand for many rows"):
        READER.read(one, Options())


@pytest.mark.parametrize("value", ["CAST(zeroblob(1000000) AS TEXT)", "zeroblob(1000000)"])
@pytest.mark.parametrize("column", ["param_name", "param_value", "distribution_json"])
def test_a_long_value_that_stands_in_many_rows(tmp_path: Path, column: str, value: str) -> None:
    path = study(tmp_path / "study.db", f"UPDATE trial_params SET {column} = {value};")
    multiply(path, "trial_params", 2)
    (one,) = found(path)
    with bounded(), pytest.raises(EncaveError, match="the same pages stand for many rows"):
        READER.read(one, Options())


def test_equal_keys_are_not_multiplied(tmp_path: Path) -> None:
    """Without a key, every row of one table goes with every row of the other."""
    more = """DROP TABLE trials; CREATE TABLE trials (trial_id, number, study_id, state, datetime_start,
        datetime_complete); WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 5000)
        INSERT INTO trials SELECT 1, n, 1, 'FAIL', NULL, NULL FROM c;
        WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 5000)
        INSERT INTO trial_values SELECT NULL, 1, 0, 1.0, 'FINITE' FROM c;"""
    path = study(tmp_path / "study.db", more)
    (one,) = found(path)
    with bounded(), pytest.raises(EncaveError, match=r"the same pages|more steps than"):
        READER.read(one, Options())


def test_what_is_sorted_stays_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are sorted are all held before the first one is given."""
    monkeypatch.setattr(sqlite, "_LEAST_HEAP", 1 << 26)
    more = """DROP TABLE trial_values; CREATE TABLE trial_intermediate_values (i INTEGER PRIMARY KEY, trial_id INTEGER,
        step INTEGER, intermediate_value FLOAT); INSERT INTO trial_intermediate_values VALUES
        (1, 1, 1, CAST(zeroblob(1000000) AS TEXT));"""
    path = study(tmp_path / "study.db", more)
    multiply(path, "trial_intermediate_values", 2)
    (one,) = found(path)
    (temporary := tmp_path / "tmp").mkdir()
    monkeypatch.setenv("SQLITE_TMPDIR", str(temporary))
    try:
        with bounded(), pytest.raises(EncaveError, match="too much memory"):
            READER.read(one, Options())
    finally:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("PRAGMA hard_heap_limit = 0")


def plain(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path


def refused(path: Path, table: str = "t") -> str:
    with pytest.raises(EncaveError) as error, opened(path) as database:
        database.columns([table])
    return str(error.value)


def test_plain_tables_and_their_columns(tmp_path: Path) -> None:
    script = """CREATE TABLE "T a" (x, y DEFAULT 'd'); create  unique index i on "T a" (x); CREATE TABLE "q""q" (z);
        CREATE TABLE empty_one (a)"""
    path = plain(tmp_path / "x.db", script)
    with opened(path) as database:
        assert database.columns(["t A", 'q"q', "none"]) == {"t A": {"x", "y"}, 'q"q': {"z"}}
        assert database.columns([]) == {} and database.remark is None and database.encoding == "UTF-8"


def test_what_is_no_plain_table_is_told(tmp_path: Path) -> None:
    view = plain(tmp_path / "view.db", "CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t")
    assert refused(view, "V") == f"{view}: V is a view; encave reads plain tables only"
    virtual = plain(
        tmp_path / "virtual.db", "CREATE VIRTUAL TABLE t USING fts4(a_column_with_a_long_name, another_one)"
    )
    told = repr("CREATE VIRTUAL TABLE t USING fts4(a_column_with_a_long_name, another_one)"[:60])
    assert refused(virtual) == f"{virtual} has virtual tables ({told}); encave reads plain tables only"
    generated = plain(tmp_path / "generated.db", "CREATE TABLE t (a, b AS (a + 1))")
    end = "of table t is generated or has a long default; encave reads plain columns only"
    assert refused(generated) == f"{generated}: column 'b' {end}"
    default = "'" + "x" * 62 + "'"
    with opened(plain(tmp_path / "short.db", f"CREATE TABLE t (a DEFAULT {default})")) as database:
        assert database.columns(["t"]) == {"t": {"a"}}
    long = plain(tmp_path / "long.db", f"CREATE TABLE t (a DEFAULT {default[:-1]}x')")
    assert refused(long) == f"{long}: column 'a' {end}"


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO t VALUES (2)",
        "DELETE FROM t",
        "DROP TABLE t",
        "ATTACH 'other.db' AS other",
        "PRAGMA writable_schema = ON",
        "PRAGMA table_info(t)",
        "CREATE TABLE u (a)",
        "SELECT load_extension('x')",
    ],
)
def test_nothing_is_done_but_reading(tmp_path: Path, query: str) -> None:
    path = plain(tmp_path / "x.db", "CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    before = path.read_bytes()
    with pytest.raises(EncaveError, match="is damaged or no such database"), opened(path) as database:
        database.execute(query)
    assert path.read_bytes() == before
    with opened(path) as database:
        assert list(database.select(["a"], "FROM t WHERE a = ?", [1])) == [(1,)]
        assert list(database.select(["a"], "FROM t WHERE a = ?", [2])) == []


def valued(folder: Path, *values: str) -> Path:
    """A database whose table `t` has these values."""
    path = folder / "x.db"
    rows = "".join(f"INSERT INTO t VALUES ({value});" for value in values)
    return plain(path, f"CREATE TABLE t (a); {rows}")


@pytest.mark.parametrize("kind", ["texts", "bytes", "both"])
def test_values_are_bounded_by_the_bytes_of_the_file(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"texts": ["'abcd'"] * 5, "bytes": ["x'01020304'"] * 5, "both": ["'abcd'", "5", "x'01020304'", "NULL"] * 3}
    path = valued(tmp_path, *values[kind])
    held = {"texts": 20, "bytes": 20, "both": 24}[kind]
    size = path.stat().st_size
    monkeypatch.setattr(sqlite, "_COPIES", 0)
    monkeypatch.setattr(sqlite, "_ROWS", 100)
    monkeypatch.setattr(sqlite, "_FREE_BYTES", held)
    with opened(path) as database:
        assert len(list(database.select(["a"], "FROM t"))) == len(values[kind])
    monkeypatch.setattr(sqlite, "_FREE_BYTES", held - 1)
    monkeypatch.setattr(sqlite, "_REMEMBERED", 0)
    with pytest.raises(EncaveError) as error, opened(path) as database:
        list(database.select(["a"], "FROM t LIMIT 100"))
    told = f"{path} has {size:,} bytes, but values of {held}: the same pages stand for many rows. "
    assert str(error.value) == told + "It is damaged or malicious"
    monkeypatch.setattr(sqlite, "_COPIES", 1)
    with opened(path) as database:
        assert list(database.select(["a"], "FROM t"))


def test_values_are_a_mib_and_four_times_the_file_at_most(tmp_path: Path) -> None:
    path = valued(tmp_path, "randomblob(1000)", *["NULL"] * 40)
    most = ((1 << 20) + 4 * path.stat().st_size) // 1000
    query = "FROM t, t AS u, t AS v WHERE t.a IS NOT NULL LIMIT"
    with opened(path) as database:
        assert len(list(database.select(["t.a"], f"{query} {most}"))) == most < 41**2
    with pytest.raises(EncaveError, match="stand for many rows"), opened(path) as database:
        list(database.select(["t.a"], f"{query} {most + 1}"))


def test_values_of_all_queries_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = valued(tmp_path, *["x'0102030405'"] * 4)
    monkeypatch.setattr(sqlite, "_COPIES", 0)
    monkeypatch.setattr(sqlite, "_FREE_BYTES", 45)
    with pytest.raises(EncaveError, match="values of 60"), opened(path) as database:
        for _ in range(2):
            assert len(list(database.select(["a"], "FROM t"))) == 4
        list(database.select(["a"], "FROM t"))


def test_texts_that_are_no_unicode_are_read(tmp_path: Path) -> None:
    path = valued(tmp_path, "CAST(x'61ff62' AS TEXT)")
    with opened(path) as database:
        assert list(database.select(["a"], "FROM t")) == [("a\ufffdb",)]


def test_steps_of_a_query_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = valued(tmp_path, *map(str, range(60)))
    told = f"{path} is damaged or no such database: it takes far more steps than a file of its size can need"
    product = ("FROM t, t AS u, t AS v", 60**3)
    with opened(path) as database:
        for _ in range(2):  # each query has its own
            assert len(list(database.select(["t.a"], product[0]))) == product[1]
    monkeypatch.setattr(sqlite, "_FREE_STEPS", 100_000)
    monkeypatch.setattr(sqlite, "_STEPS_A_BYTE", 0)
    with pytest.raises(EncaveError) as error, opened(path) as database:
        list(database.select(["t.a"], product[0]))
    assert str(error.value) == told
    monkeypatch.setattr(sqlite, "_STEPS_A_BYTE", 400)
    with opened(path) as database:
        assert len(list(database.select(["t.a"], product[0]))) == product[1]


def test_time_of_a_query_is_bounded_and_that_of_its_reader_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = valued(tmp_path, *map(str, range(60)))
    now, step = [0.0], [0.0]

    def monotonic() -> float:
        now[0] += step[0]
        return now[0]

    monkeypatch.setattr(sqlite, "time", SimpleNamespace(monotonic=monotonic))
    monkeypatch.setattr(sqlite, "_STEPS", 100)
    seconds = 30 + path.stat().st_size / (1 << 20)
    with opened(path) as database:
        rows = database.select(["t.a"], "FROM t, t AS u, t AS v")
        next(rows)
        now[0] = 10 * seconds  # while the reader does other things
        assert len(list(rows)) == 60**3 - 1
    step[0] = 1.01 * seconds
    with pytest.raises(EncaveError, match="far more steps"), opened(path) as database:
        list(database.select(["t.a"], "FROM t, t AS u, t AS v"))


def test_what_is_said_of_journals(tmp_path: Path) -> None:
    path = valued(tmp_path, "1")
    journal = hot_journal(path)
    with opened(path) as database:
        assert database.remark == (
            "x.db-journal holds a transaction that was cut off; it is not rolled back, so that its changes are missing "
            "or there in part"
        )
    (tmp_path / "link.db").symlink_to(path)
    with opened(tmp_path / "link.db") as database:
        assert str(database.remark).startswith("x.db-journal holds")
    hot_journal(path, tmp_path / "other")
    assert refused(path) == (
        f"{journal} names another journal, of a transaction over several databases; encave does not read x.db beside it"
    )
    journal.write_bytes(b"x")  # shorter than what it would end with
    with opened(path) as database:
        assert database.remark is not None


def test_a_write_ahead_log_is_copied_where_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = logged(tmp_path)
    log = path.with_name("killed.db-wal")
    size = path.stat().st_size + log.stat().st_size
    room = sum(file.stat().st_blocks * 512 for file in (path, log))
    free = [room]
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(1 << 40, 0, free[0]))  # type: ignore[attr-defined]
    monkeypatch.setattr(sqlite, "LIMIT", size)
    with opened(path) as database:
        assert len(list(database.select(["trial_id"], "FROM trials"))) == 2 and database._size == size
    free[0] = room - 1
    with pytest.raises(EncaveError) as error, opened(path):
        pass
    start = f"no room to copy {path} with killed.db-wal to "
    assert str(error.value).startswith(start) and str(error.value).endswith(f" ({room - 1:,} bytes free); set TMPDIR")
    free[0] = room
    monkeypatch.setattr(sqlite, "LIMIT", size - 1)
    with pytest.raises(EncaveError) as error, opened(path):
        pass
    assert str(error.value) == (
        f"{path} has {size:,} bytes with killed.db-wal; encave reads such up to 0 MiB. If you trust it: "
        "sqlite3 killed.db 'PRAGMA wal_checkpoint(TRUNCATE)'"
    )


def test_copies_end_at_the_limit_and_are_of_plain_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"x" * 10 + bytes(20) + b"y" * 5 + bytes(5))
    monkeypatch.setattr(sqlite, "_CHUNK", 5)
    for limit in (40, 1 << 31):
        monkeypatch.setattr(sqlite, "LIMIT", limit)
        sqlite._copy(tmp_path / "a", tmp_path / "b")
        assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()
    monkeypatch.setattr(sqlite, "LIMIT", 33)
    sqlite._copy(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()[:33]
    with pytest.raises(EncaveError, match=r"^/dev/null is no plain file$"):
        sqlite._copy(Path("/dev/null"), tmp_path / "b")


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"no database at all, but long enough to be looked at" * 20)
    assert refused(tmp_path / "x.db") == f"{tmp_path / 'x.db'} is damaged or no such database: file is not a database"
    assert refused(tmp_path / "none.db").startswith(f"cannot read {tmp_path / 'none.db'}: ")


class Recorder:
    """A connection that keeps what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.text_factory: object = None

    def execute(self, query: str) -> Recorder:
        self.asked.append(query)
        return self

    def fetchone(self) -> tuple[str]:
        return ("UTF-8",)

    def set_progress_handler(self, handler: object, steps: int) -> None:
        self.asked.append(f"after {steps} steps")

    def set_authorizer(self, authorizer: object) -> None:
        self.asked.append("authorizer")


@pytest.mark.parametrize(("size", "heap"), [(100, 1 << 30), (1 << 27, 1 << 30), (1 << 28, 1 << 31)])
def test_what_is_asked_of_sqlite_before_anything_is_read(size: int, heap: int) -> None:
    connection = Recorder()
    sqlite.Database(Path("x.db"), connection, size, None)  # type: ignore[arg-type]
    assert connection.asked == [
        "PRAGMA encoding",
        "PRAGMA trusted_schema = OFF",
        "PRAGMA query_only = ON",
        "PRAGMA cell_size_check = ON",
        "PRAGMA temp_store = MEMORY",
        f"PRAGMA hard_heap_limit = {heap}",
        "after 10000 steps",
        "authorizer",
    ]
