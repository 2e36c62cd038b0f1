"""Parquet files of unknown origin: what would unpack to gigabytes is refused, not unpacked."""

from __future__ import annotations

import os
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..errors import EncaveError

LIMIT = 1 << 31
"""Bytes that a file may unpack to."""
_BUFFER, _ROWS = 1 << 16, 1 << 13  # bytes of a file and rows that are read at once
_FEW_ROWS = 64  # where texts lie in lists, or are large ones: those are not read as dictionaries
_WIDTH = 8  # bytes of a number
_MAGIC, _END, _FOOTER = b"PAR1", 8, 1 << 24  # ends a file, after the length of its footer; bytes of a footer
# of encave's own files; a trial takes a byte at least, be it only for its number
_LARGEST, _SMALLEST, _RATIO = 1 << 34, 1 << 30, 1000
_FEW_TEXTS = 1 << 28  # bytes of texts that need no count
_MANY_ROWS = 100_000  # from which threads save more than they cost


@contextmanager
def opened(path: Path, **how: Any) -> Generator[pq.ParquetFile]:
    """A file, as `pyarrow.parquet.ParquetFile` opens it.

    Raises:
        pyarrow.ArrowInvalid: it is damaged; also where the name of a column is no text, for which Arrow has an error
            that stands for no damage.
        OSError: likewise, or it cannot be read.
    """
    try:
        file = pq.ParquetFile(path, **how)
    except UnicodeDecodeError as error:
        raise pa.ArrowInvalid(f"the name of a column is no Unicode: {error}") from error
    with file:
        yield file


def schema_of(path: Path) -> pa.Schema:
    """The columns of a file; errors as in `opened`."""
    with opened(path) as file:
        return file.schema_arrow


def read_own(path: Path, columns: Sequence[str] | None = None, groups: Sequence[int] | None = None) -> pa.Table:
    """Read a file of encave's own, or some columns or row groups of it; as fast as can be, if its footer allows that.

    Raises:
        EncaveError: it would unpack to more than a file of its size does.
        pyarrow.ArrowInvalid: it is damaged.
        OSError: likewise, or it cannot be read.
    """
    limit = min(_LARGEST, max(_SMALLEST, _RATIO * path.stat().st_size))
    with opened(path) as file:
        check_footer(file, path, limit)
        if _texts_at_most(file) <= _FEW_TEXTS:
            threads = file.metadata.num_rows > _MANY_ROWS
            if groups is None:
                return file.read(columns, use_threads=threads)
            return file.read_row_groups(groups, columns, use_threads=threads)
    return read_table(path, columns, groups, limit)


def read_table(
    path: Path,
    columns: Sequence[str] | None = None,
    groups: Sequence[int] | None = None,
    limit: int | None = None,
) -> pa.Table:
    """Read a file, or some of its columns or row groups.

    Raises:
        EncaveError: it would unpack to more than `limit` bytes (default: `LIMIT`).
        pyarrow.ArrowInvalid: it is damaged.
        OSError: likewise, or it cannot be read.
    """
    with opened(path) as file:
        check_footer(file, path, limit)
        schema = file.schema_arrow
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_binary(field.type)]
    # a text that is stored once can stand in each of millions of rows
    with opened(path, read_dictionary=texts, pre_buffer=False, buffer_size=_BUFFER) as file:
        # in turn, without threads: else all columns are held compressed, uncompressed and decoded at the same time
        rows = _ROWS if len(texts) == sum(map(_may_repeat, schema.types)) else _FEW_ROWS
        batches, size = list[pa.RecordBatch](), 0
        for batch in file.iter_batches(rows, row_groups=groups, columns=columns, use_threads=False):
            batches.append(batch)
            size += sum(column.nbytes for column in batch.columns if not pa.types.is_dictionary(column.type))
            _check(size, path, limit)
        table = pa.Table.from_batches(batches) if batches else file.read_row_groups([], columns)
    _check(sum(_unpacked(column) for column in table.columns if pa.types.is_dictionary(column.type)), path, limit)
    for place, name in enumerate(table.column_names):
        if name in texts:
            table = table.set_column(place, name, table[name].cast(schema.field(name).type))
    table.validate(full=True)  # texts that are no Unicode, lists that end before they begin
    return table


def may_have(path: Path, columns: Collection[str]) -> bool:
    """Whether a file may have all these columns: whether their names stand in its footer, which Arrow need not parse.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        size = file.tell()
        file.seek(max(size - _END, 0))
        end = file.read(_END)
        if not end.endswith(_MAGIC) or (length := int.from_bytes(end[:4], "little")) > min(size, _FOOTER):
            return True  # for Arrow to tell: it is damaged, or of very many columns
        file.seek(max(size - _END - length, 0))
        footer = file.read(length)
    return all(name.encode() in footer for name in columns)


def check_footer(file: pq.ParquetFile, path: Path, limit: int | None = None) -> None:
    """Refuse a file by what its footer says of it, which costs next to nothing.

    Raises:
        EncaveError: it would unpack to more than `limit` bytes (default: `LIMIT`), texts counted as they are stored.
    """
    footer = file.metadata
    groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
    chunks = [group.column(i) for group in groups for i in range(group.num_columns)]
    claimed = sum(max(chunk.total_uncompressed_size, chunk.num_values * _WIDTH) for chunk in chunks)
    widths = sum(_width(field.type) for field in file.schema_arrow)
    _check(max(claimed, footer.num_rows * max(_WIDTH, widths)), path, limit)


def _width(kind: pa.DataType) -> int:
    """Bytes that a value takes whatever it is, and be it null."""
    if pa.types.is_fixed_size_list(kind):
        return kind.list_size * max(1, _width(kind.value_type))
    if pa.types.is_struct(kind):
        return sum(_width(kind.field(place).type) for place in range(kind.num_fields))
    fixed = pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or pa.types.is_fixed_size_binary(kind)
    return kind.bit_width // 8 if fixed else 0


def _texts_at_most(file: pq.ParquetFile) -> int:
    """Bytes that the texts of a file can take at most, where one that is stored once stands for many."""
    footer = file.metadata
    groups = [footer.row_group(place) for place in range(footer.num_row_groups)]
    chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
    texts = [chunk for chunk in chunks if chunk.physical_type in ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")]
    return sum(chunk.num_values * chunk.total_uncompressed_size for chunk in texts)


def _may_repeat(kind: pa.DataType) -> bool:
    """Whether values are text or hold any, of which one that is stored once can stand for many."""
    wide = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    return wide or pa.types.is_nested(kind) or pa.types.is_string(kind) or pa.types.is_binary(kind)


def _unpacked(column: pa.ChunkedArray) -> int:
    """Bytes of a column of text with each value written out."""
    if not (pa.types.is_string(column.type.value_type) or pa.types.is_binary(column.type.value_type)):
        return 0
    lengths = [pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices)).as_py() for chunk in column.chunks]
    return sum(length or 0 for length in lengths)


def _check(size: int, path: Path, limit: int | None = None) -> None:
    most = LIMIT if limit is None else limit
    if size > most:
        raise EncaveError(f"{path} unpacks to {size / 2**30:.3g} GiB; encave reads up to {most / 2**30:.3g} GiB")
