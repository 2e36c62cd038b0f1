"""What is asked of a Parquet file before Arrow reads it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from encave.files.parquet import may_have


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
