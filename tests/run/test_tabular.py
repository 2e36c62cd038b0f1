"""A table in every form: what it has is in each of them, whole or not at all."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from encave.errors import EncaveError
from encave.run.tabular import Tabular


class Shown(Tabular):
    """A table with what is hard to write."""

    def table(self) -> pa.Table:
        return pa.table(
            {
                "name": ["ä_b", "=1+1", None],
                "value": [0.123456789, math.nan, math.inf],
                "count": pa.array([1, None, 3], pa.int64()),
            }
        )


def test_records_are_json_without_numbers_that_json_does_not_have() -> None:
    assert Shown().records() == [
        {"name": "ä_b", "value": 0.123456789, "count": 1},
        {"name": "=1+1", "value": None, "count": None},
        {"name": None, "value": None, "count": 3},
    ]


def test_json_is_utf_8_wherever_it_is_written(tmp_path: Path) -> None:
    program = (
        "import sys, pyarrow as pa\n"
        "from encave.run.tabular import Tabular\n"
        "class Shown(Tabular):\n"
        "    def table(self): return pa.table({'name': ['\\u00e4']})\n"
        "Shown().to_json(sys.argv[1])"
    )
    path = tmp_path / "table.json"
    subprocess.run([sys.executable, "-X", "utf8=0", "-c", program, str(path)], check=True, env={"LC_ALL": "C"})
    assert json.loads(path.read_text(encoding="utf-8")) == [{"name": "ä"}]
    assert "ä" in path.read_text(encoding="utf-8")
    assert path.read_bytes().endswith(b"\n]\n")


def test_csv_keeps_every_digit_and_computes_nothing(tmp_path: Path) -> None:
    path = Shown().to_csv(tmp_path / "table.csv")
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["name", "value", "count"]
    assert rows[1] == ["ä_b", "0.123456789", "1"]
    assert rows[2][0] == "'=1+1"


def test_parquet_is_the_table(tmp_path: Path) -> None:
    read = pq.read_table(Shown().to_parquet(str(tmp_path / "table.parquet")))
    assert read.schema == Shown().table().schema
    assert str(read.to_pylist()) == str(Shown().table().to_pylist())  # as text, since NaN is not itself


def test_latex_has_four_digits_dashes_and_no_markup_of_names(tmp_path: Path) -> None:
    text = Shown().to_latex(tmp_path / "table.tex")
    assert (tmp_path / "table.tex").read_text(encoding="utf-8") == text
    assert r"ä\_b & 0.1235 &" in text
    assert "=1+1 & -- & --" in text
    assert Shown().to_latex() == text


def test_a_table_that_cannot_be_written_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for write in (Shown().to_csv, Shown().to_json, Shown().to_parquet, Shown().to_latex):
        with pytest.raises(EncaveError):
            write(tmp_path / "file" / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_it_is_shown_in_short_and_equal_to_itself_alone() -> None:
    shown = Shown()
    assert repr(shown) == "Shown(3 rows: name, value, count)"
    html = shown._repr_html_()
    assert "<td>ä_b</td>" in html and "border=" not in html  # lines are the notebook's
    assert shown == shown and shown != Shown()


class Counted(Tabular):
    """So many rows in two chunks."""

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def table(self) -> pa.Table:
        half = self.rows // 2
        return pa.table({"n": pa.chunked_array([list(range(half)), list(range(half, self.rows))])})


def test_a_notebook_shows_ten_rows_in_full() -> None:
    assert "..." not in Counted(10)._repr_html_() and "..." in Counted(11)._repr_html_()
    assert "<td>9</td>" in Counted(10)._repr_html_() and "<th></th>" not in Counted(10)._repr_html_()


def test_paths_are_those_that_were_given(tmp_path: Path) -> None:
    for write in ("to_csv", "to_json", "to_parquet"):
        for path in (tmp_path / write, str(tmp_path / f"{write}.2")):
            assert getattr(Counted(3), write)(path) == Path(path) and Path(path).is_file()
    file = pq.ParquetFile(tmp_path / "to_parquet")
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert json.loads((tmp_path / "to_json").read_text()) == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert (tmp_path / "to_json").read_text().startswith('[\n {\n  "n": 0\n }')
    assert Counted(2).to_pandas().to_dict("list") == {"n": [0, 1]}
