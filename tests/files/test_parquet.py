"""What is asked of a Parquet file before Arrow reads it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from encave.errors import EncaveError
from encave.files import parquet
from encave.files.parquet import check_footer, may_have, opened, read_own, read_table, schema_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pq.write_table(pa.table({"größe": [1.0], "cost": [2.0]}), tmp_path / "x.parquet")
    return tmp_path / "x.parquet"


def test_a_file_may_have_the_columns_of_its_footer(path: Path) -> None:
    assert may_have(path, ["größe", "cost"])
    assert not may_have(path, ["cost", "fitness"])


@pytest.mark.parametrize("end", [b"", b"\xff\xff\xff\x7fPAR1", b"no Parquet"])
def test_a_damaged_file_is_for_arrow_to_refuse(path: Path, end: bytes) -> None:
    path.write_bytes(path.read_bytes()[:-8] * bool(end) + end)
    assert may_have(path, ["fitness"])


def footer_takes(path: Path, size: int) -> None:
    """The footer is met by a limit of so many bytes, and by none that is less."""
    with opened(path) as file:
        check_footer(file, path, size)
        with pytest.raises(EncaveError) as error:
            check_footer(file, path, size - 1)
    told = f"{path} unpacks to {size / 2**30:.3g} GiB; encave reads up to {(size - 1) / 2**30:.3g} GiB"
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("columns", "size"),
    [
        ({"a": pa.array([True] * 100)}, 800),  # as eight bytes each
        ({"a": pa.array([1] * 100), "b": pa.array([1] * 100)}, 1600),
        ({"a": pa.nulls(100, pa.binary(50))}, 5000),
        ({"a": pa.nulls(100, pa.binary(50)), "b": pa.nulls(100, pa.binary(20))}, 7000),
        ({"a": pa.nulls(100, pa.list_(pa.float64(), 3))}, 2400),
        ({"a": pa.nulls(100, pa.list_(pa.int16(), 30))}, 6000),
        ({"a": pa.nulls(100, pa.list_(pa.bool_(), 30))}, 3000),
        ({"a": pa.nulls(100, pa.list_(pa.string(), 30))}, 3000),
        ({"a": pa.nulls(100, pa.decimal128(30))}, 1600),
        ({"a": pa.nulls(100, pa.list_(pa.list_(pa.binary(5), 3), 4))}, 6000),
        ({"a": pa.nulls(100, pa.struct({"x": pa.binary(30), "y": pa.binary(40)}))}, 7000),
    ],
)
def test_bytes_that_a_footer_promises(tmp_path: Path, columns: dict[str, pa.Array], size: int) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table(columns), path)
    footer_takes(path, size)


def test_bytes_as_they_are_stored_count_in_all_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    texts = [f"{n:0100d}" for n in range(60)]
    pq.write_table(pa.table({"a": texts, "b": range(60)}), path, row_group_size=20, use_dictionary=False)
    groups = [pq.ParquetFile(path).metadata.row_group(n) for n in range(3)]
    stored = sum(max(group.column(k).total_uncompressed_size, 160) for group in groups for k in (0, 1))
    assert stored > 6000
    footer_takes(path, stored)


def texts(path: Path) -> pa.Table:
    """One text of 1,000 bytes in 500 rows, and every other type."""
    table = pa.table(
        {
            "text": ["x" * 1000] * 500,
            "bytes": [b"y"] * 500,
            "number": range(500),
            "large": pa.array(["z"] * 500, pa.large_string()),
            "listed": [["a", None]] * 499 + [None],
        }
    )
    pq.write_table(table, path, row_group_size=200)
    return table


def test_texts_that_stand_in_many_rows_count_in_each(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    table = texts(path).select(["text", "number"])
    pq.write_table(table, path)
    unpacked = sum(len(text) for text in table["text"].to_pylist())
    assert read_table(path, limit=unpacked) == table
    with pytest.raises(EncaveError, match="unpacks to"):
        read_table(path, limit=unpacked - 1)
    pq.write_table(pa.table({"none": pa.nulls(5, pa.string()), "b": [b"abc"] * 5}), path)
    with pytest.raises(EncaveError, match="unpacks to"):
        read_table(path, limit=40 * 2 - 1)  # by its footer


def test_numbers_that_stand_in_many_rows_count_as_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    table = pa.table({"a": pa.array([[1.0] * 100] * 300)})
    pq.write_table(table, path)
    size = table["a"].nbytes
    assert read_table(path, limit=2 * size) == table
    with pytest.raises(EncaveError, match="unpacks to"):
        read_table(path, limit=size // 2)


@pytest.mark.parametrize("few", [0, 1 << 28])
def test_own_files_are_read_as_they_were_written(tmp_path: Path, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.parquet"
    table = texts(path)
    monkeypatch.setattr(parquet, "_FEW_TEXTS", few)
    assert read_own(path) == table and schema_of(path) == table.schema
    assert read_own(path, ["number", "text"]) == table.select(["number", "text"])
    assert read_own(path, groups=[1]) == table.slice(200, 200)
    assert read_own(path, ["bytes"], [0, 2]).num_rows == 300
    assert read_own(path, groups=[]).schema == table.schema and not read_own(path, groups=[]).num_rows


def test_texts_are_counted_by_all_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose texts may take more than is taken without a count is read with one."""
    path = tmp_path / "x.parquet"
    texts(path)
    footer = pq.ParquetFile(path).metadata
    groups = [footer.row_group(n) for n in range(footer.num_row_groups)]
    most = sum(
        group.column(k).num_values * group.column(k).total_uncompressed_size
        for group in groups
        for k in range(group.num_columns)
        if group.column(k).physical_type == "BYTE_ARRAY"
    )
    counted: list[Path] = []
    monkeypatch.setattr(parquet, "read_table", lambda path, *_: counted.append(path))
    assert read_own(path).num_rows == 500 and not counted  # few enough
    for few, times in ((most, 0), (most - 1, 1)):
        monkeypatch.setattr(parquet, "_FEW_TEXTS", few)
        read_own(path)
        assert len(counted) == times


@pytest.mark.parametrize(
    ("largest", "smallest", "ratio", "read"),
    [(1 << 34, 4000, 1, True), (1 << 34, 3999, 0, False), (1 << 34, 0, 1000, True), (3999, 4000, 1000, False)],
)
def test_own_files_unpack_to_so_much_for_their_size(
    tmp_path: Path, largest: int, smallest: int, ratio: int, read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": pa.nulls(500, pa.int64())}), path)  # 4,000 bytes
    for name, value in (("_LARGEST", largest), ("_SMALLEST", smallest), ("_RATIO", ratio)):
        monkeypatch.setattr(parquet, name, value)
    if read:
        assert read_own(path).num_rows == 500
        return
    with pytest.raises(EncaveError, match="unpacks to"):
        read_own(path)


def test_footers_are_looked_through_while_they_are_small(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    length = int.from_bytes(path.read_bytes()[-8:-4], "little")
    monkeypatch.setattr(parquet, "_FOOTER", length)
    assert not may_have(path, ["fitness"])
    monkeypatch.setattr(parquet, "_FOOTER", length - 1)
    assert may_have(path, ["fitness"])


def test_a_footer_is_no_longer_than_the_file(tmp_path: Path) -> None:
    for length, may in ((20, False), (28, False), (29, True)):
        (tmp_path / "x").write_bytes(b"cost" + b"x" * 16 + length.to_bytes(4, "little") + b"PAR1")
        assert may_have(tmp_path / "x", ["fitness"]) == may
    (tmp_path / "x").write_bytes(b"cost" + b"x" * 16 + (16).to_bytes(4, "little") + b"PAR1")
    assert not may_have(tmp_path / "x", ["cost"])  # before the footer
    (tmp_path / "x").write_bytes(b"cost" + b"x" * 16 + (20).to_bytes(4, "little") + b"PAR1")
    assert may_have(tmp_path / "x", ["cost"])


@pytest.mark.parametrize(
    ("values", "kind", "rows"),
    [
        (1.5, pa.float64(), 8192),
        ("x", pa.string(), 8192),
        (b"x", pa.binary(), 8192),
        ("x", pa.large_string(), 64),
        (b"x", pa.large_binary(), 64),
        (b"x", pa.binary(1), 64),
        (["x"], pa.list_(pa.string()), 64),
        ({"a": "x"}, pa.struct({"a": pa.string()}), 64),
    ],
)
def test_what_may_be_long_is_read_few_rows_at_once(
    tmp_path: Path, values: Any, kind: pa.DataType, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.parquet"
    table = pa.table({"a": pa.array([values] * 10_000, kind), "n": range(10_000)})
    pq.write_table(table, path)
    checked: list[int] = []
    known = parquet._check
    monkeypatch.setattr(parquet, "_check", lambda size, *more: (checked.append(size), known(size, *more)))
    assert read_table(path) == table
    assert len(checked) == 2 + -(-10_000 // rows)  # of the footer, after each batch, and of texts in the end


def test_what_was_read_counts_after_each_batch(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a": [["x" * 1000]] * 10_000}), path)
    with pytest.raises(EncaveError) as error:
        read_table(path, limit=200_000)
    size = float(str(error.value).split(" unpacks to ")[1].split(" GiB")[0]) * 2**30
    assert 200_000 < size < 300_000  # and not ten million


def test_texts_that_are_no_unicode_are_damage(tmp_path: Path) -> None:
    wrong = pa.array([b"a", b"\xff"]).cast(pa.string(), safe=False)
    pq.write_table(pa.table({"a": wrong}), tmp_path / "x.parquet")
    with pytest.raises(pa.ArrowInvalid, match=r"(?i)utf-?8"):
        read_table(tmp_path / "x.parquet")


@pytest.mark.parametrize(
    ("size", "limit"), [(100, 1 << 30), (1 << 20, 1 << 30), (2 << 20, 2_097_152_000), (20 << 20, 1 << 34)]
)
def test_what_own_files_may_unpack_to(tmp_path: Path, size: int, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "x.parquet").open("wb") as file:
        file.truncate(size)

    class Asked(Exception):  # noqa: N818 - the answer
        pass

    def asked(_: object, __: Path, limit: int) -> None:
        raise Asked(limit)

    monkeypatch.setattr(parquet, "opened", lambda path: nullcontext())
    monkeypatch.setattr(parquet, "check_footer", asked)
    with pytest.raises(Asked) as told:
        read_own(tmp_path / "x.parquet")
    assert told.value.args == (limit,)
