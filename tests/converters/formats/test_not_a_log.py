"""Files that are no logs are refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from encave.converters.formats.not_a_log import READER
from encave.converters.reader import Listing, Options
from encave.errors import EncaveError

from ..reading import read_one


def test_best_values_so_far_are_no_log(tmp_path: Path) -> None:
    values = {"regret_validation": [0.2, 0.1], "regret_test": [0.2, 0.1], "runtime": [1.0, 2.0]}
    (tmp_path / "run_0.json").write_text(json.dumps(values, indent=2))
    with pytest.raises(EncaveError, match=r"best values so far.*no configurations"):
        read_one(tmp_path, "not-a-log")


def test_averages_are_no_log(tmp_path: Path) -> None:
    table = pa.table({"mean_trajectory": [3.0, 2.0], "std_trajectory": [1.0, 0.5]})
    pq.write_table(table, tmp_path / "traj.parquet.gzip")
    with pytest.raises(EncaveError, match="averaged over seeds"):
        read_one(tmp_path, "not-a-log")


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("regularized_evolution/nas_benchmarks_re_run_0", "best values so far"),
        ("dehb/dehb_benchmarking_nb201_0.1.1", "averaged over seeds"),
    ],
)
def test_real_files_that_are_no_logs(shared: Path, case: str, reason: str) -> None:
    with pytest.raises(EncaveError, match=reason):
        read_one(shared / "logs" / "real" / case, "not-a-log")


@pytest.mark.parametrize(
    ("name", "content", "missing"),
    [
        ("history.jsonl", "[0, 2.0, 7, [0.5], 0.0, 1.5, 1, {}]\n", "configs.json and meta.json"),
        ("origins.json", '{"0": "Sobol"}', "history.jsonl"),
        ("trials.csv", "x,metric:loss [0; 1] (minimize),status\n", "configspace.csv"),
        ("configs.json", '[[-1, 0, 0], {"x": 1}, {}]\n', "results.json"),
        ("dehb_state.json", '{\n  "DE_params": {}}', "history.parquet.gzip"),
    ],
)
def test_a_part_of_a_log_is_refused_with_what_it_lacks(tmp_path: Path, name: str, content: str, missing: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(EncaveError, match=f"{name} is no log of an optimizer: .* without {missing} beside it"):
        read_one(tmp_path, "not-a-log")


@pytest.mark.parametrize("beside", [(), ("notes.md",)])
def test_a_table_for_deepcave_makes_up_for_its_native_files(tmp_path: Path, beside: tuple[str, ...]) -> None:
    (tmp_path / "history.jsonl").write_text("[0, 2.0, 7, [0.5], 0.0, 1.5, 1, {}]\n")
    (tmp_path / "trials.csv").write_text("x,metric:loss [0; 1] (minimize),status\n")
    names = ("history.jsonl", "trials.csv", *beside)
    assert list(READER.detect(Listing(tmp_path, ("configspace.csv", *names)))) == []
    assert {found.path.name for found in READER.detect(Listing(tmp_path, names))} == {"history.jsonl", "trials.csv"}


def test_other_json_and_parquet_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text('{"regret": [1], "note": "regret_validation"}')
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    assert list(READER.detect(Listing(tmp_path, ("a.parquet", "broken.parquet", "notes.json")))) == []


def test_empty_files_of_a_deepcave_run_are_refused(shared: Path) -> None:
    folder = shared / "logs" / "real" / "regularized_evolution" / "hpo4nas_npenas_empty_files"
    names = tuple(sorted(path.name for path in folder.iterdir()))
    (found,) = READER.detect(Listing(folder, names))
    with pytest.raises(EncaveError, match="0 bytes each"):
        READER.read(found, Options())


def test_one_empty_file_is_no_run_of_deepcave_and_two_are(tmp_path: Path) -> None:
    for name in ("history.jsonl", "configs.json"):
        (tmp_path / name).touch()
    assert list(READER.detect(Listing(tmp_path, ("history.jsonl",)))) == []
    (found,) = READER.detect(Listing(tmp_path, ("configs.json", "history.jsonl")))
    with pytest.raises(EncaveError, match=r"history\.jsonl, configs\.json are empty \(0 bytes each\)"):
        READER.read(found, Options())
