"""How far formats look into a file, and what is told of tables from their beginnings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from encave.converters import registry
from encave.converters.formats.table.source import has_decimal_commas
from encave.converters.reader import Listing

TRIAL = json.dumps({"config": {}, "status": "success", "cost": {}, "start": 0, "end": 1}).encode()
FAR = 1 << 16  # bytes


@pytest.mark.parametrize(
    ("name", "reader", "before", "mark", "limit"),
    [
        ("trials.jsonl", "encave", b"{}\n" * FAR, TRIAL, FAR),
        ("errors.json", "naslib", b" " * FAR, b'{"train_acc"', FAR),
        ("a.json", "ioh", b" " * FAR, b'{"function_id": 1, "algorithm":', 4096),
        ("results.csv", "deephyper", b"p:x," * FAR, b"objective,job_id", FAR),
        ("trials.csv", "deepcave-dataframe", b"metric:x," * FAR, b"status,start_time,end_time", FAR),
        ("metadata.json", "syne-tune", b" " * (FAR << 5), b'"st_tuner_creation_timestamp"', 1 << 20),
        ("trial_logs.jsonl", "carps", b" " * FAR, b'{"trial_info": {}, "n_function_calls"', 4096),
        ("runhistory_x.json", "smac", b" " * FAR, b'{"data"', 4096),
        ("journal.log", "optuna", b" " * FAR, b'{"op_code": 0, "worker_id":', FAR),
    ],
)
def test_marks_of_a_format_stand_near_the_beginning(
    tmp_path: Path, name: str, reader: str, before: bytes, mark: bytes, limit: int
) -> None:
    def claimed(size: int) -> bool:
        (tmp_path / "configspace.csv").touch()
        (tmp_path / name).write_bytes(before[: size - len(mark)] + mark + b"\n")
        return bool(list(registry.formats()[reader].detect(Listing(tmp_path, ("configspace.csv", name)))))

    unit = len(before) // FAR  # letters that belong together
    last = (limit - len(mark)) // unit * unit + len(mark)
    assert (claimed(last), claimed(last + unit)) == (True, False)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("t.csv", 'a;b\n"0,5";1\n"0,25";2\n', True),
        ("t.tsv", "a\tb\n0,5\t1\n", True),
        ("T.CSV", "a;b\n0,5;1\n", True),
        ("t.csv", "a;b\nx;1,25\nyes;2\n", True),
        ("t.csv", "a;b\n0,5;1\nno,yes;2\n", False),
        ("t.csv", "a,b\n0.5,1\n", False),
        ("t.csv", "a;b\n0,5;1", False),  # the line may not be whole
        ("t.csv", "", False),
        ("t.json", '[{"a": "0,5"}]', False),
    ],
)
def test_columns_of_numbers_with_commas_for_points(tmp_path: Path, name: str, text: str, told: bool) -> None:
    (tmp_path / name).write_text(text)
    assert has_decimal_commas(tmp_path / name) is told
