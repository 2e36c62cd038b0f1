"""A stored run that is damaged is refused with the reason, and the commands go on without it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from encave import EncaveError, Run
from encave.cli import cli
from encave.converters import convert
from encave.files import parquet
from encave.run import HEADER_FILE, TRIALS_FILE
from encave.store import RunStore

from .test_model import make_run

LOGS = Path(__file__).resolve().parents[1] / "logs" / "syne-tune"


def _told(path: tuple[Any, ...], value: Any) -> Callable[[dict[str, Any]], None]:
    def change(header: dict[str, Any]) -> None:
        for key in path[:-1]:
            header = header[key]
        header[path[-1]] = value

    return change


HEADERS: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "notes": (("notes",), ["x"], r'notes\[0\] is "x"'),
    "kind": (("notes", 0, "kind"), "sad", r"notes\[0\] is no note"),
    "count": (("notes", 0, "count"), "3", r"notes\[0\]: count"),
    "negative count": (("notes", 0, "count"), -1, r"notes\[0\] is no note"),
    "name": (("name",), 5, "name is 5"),
    "optimizer": (("optimizer",), "DEHB", "optimizer is"),
    "version": (("optimizer", "version"), 2, "optimizer: version is 2"),
    "no objectives": (("objectives",), [], "at least one objective"),
    "direction": (("objectives", 0, "direction"), "up", "direction"),
    "bound": (("objectives", 0, "upper"), "1", r"objectives\[0\]: upper"),
    "inferred": (("inferred_space",), 1, "inferred_space is 1"),
    "budget name": (("budget_name",), {}, "budget_name"),
    "metadata": (("metadata",), [], "metadata is"),
    "accounting": (("metadata", "accounting"), {"read": "4"}, "accounting"),
    "other accounting": (("metadata", "accounting"), {"gone": 4}, "accounting"),
    "benchmark": (("metadata", "benchmark"), "mlp", "benchmark"),
    "limit": (("metadata", "limit"), 4, "limit"),
    "reporting": (("metadata", "reporting"), [5], "reporting"),
    "task": (("metadata", "task"), ["a"], "task"),
    "trials": (("trials",), True, "trials is true"),
    "space": (("space",), [], "space is"),
    "hyperparameters": (("space", "hyperparameters"), {}, "hyperparameters"),
    "fewer hyperparameters": (("space", "hyperparameters"), [], "do not match the space"),
    "unknown field": (("optimizer", "odd"), 5, "optimizer has fields that none has"),
    "type of a wrong type": (("space", "hyperparameters", 0, "type"), [], "no hyperparameter of a known type"),
    "type": (("space", "hyperparameters", 0, "type"), "odd", "no hyperparameter of a known type"),
    "conditions": (("space", "conditions"), 5, "conditions"),
    "number that is none": (("metadata", "odd"), float("nan"), "not finite"),
    "infinite bound": (("space", "hyperparameters", 0, "meta"), {"a": float("inf")}, "not finite"),
    "count of no length": (("metadata", "accounting"), {"read": 10**30}, "accounting"),
    "evaluations of no length": (("metadata", "evaluations"), 10**30, "evaluations"),
    "untried": (("configurations_without_trials",), [{"config_id": 9}], "do not fit"),
    "untried twice": (("configurations_without_trials", 0, "config_id"), 7, "an id twice"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_of_wrong_types_is_refused(tmp_path: Path, case: str) -> None:
    path, value, reason = HEADERS[case]
    make_run().save(tmp_path)
    header = json.loads((tmp_path / HEADER_FILE).read_text())
    _told(path, value)(header)
    (tmp_path / HEADER_FILE).write_text(json.dumps(header))
    with pytest.raises(EncaveError, match=reason) as told:
        Run.load(tmp_path)
    assert str(tmp_path) in str(told.value) and "Convert the log again" in str(told.value)


COLUMNS: dict[str, tuple[str, Any, str]] = {
    "text budget": ("budget", pa.array(["1"] * 4), "column budget is string"),
    "end before start": ("end", pa.array([1.0, 0.5, 0.5, 3.0]), r"trial 2 .*ends before it starts"),
    "infinite cost": ("cost:error", pa.array([float("inf"), None, 0.7, 0.6]), r"trial 0 .*not a finite number"),
    "success without cost": ("cost:error", pa.array([0.5, None, 0.7, None]), r"trial 3 .*no objective value"),
    "cost without success": ("cost:error", pa.array([0.5, 1.0, 0.7, 0.6]), r"trial 1 .*did not succeed"),
    "text cost": ("cost:error", pa.array(["0.5"] * 4), "column cost:error is string"),
    "no cost column": ("cost:error", None, "cost:error missing"),
    "unknown status": (
        "status",
        pa.array(["success", "sad", "success", "success"]).dictionary_encode(),
        r"trial 1 .*unknown status",
    ),
    "no status": (
        "status",
        pa.array(["success", None, "success", "success"]).dictionary_encode(),
        r"trial 1 .*unknown status",
    ),
    "no configuration": ("config_id", pa.array([7, None, 7, 7]), r"trial 1 .*no configuration"),
    "ids twice": ("trial_id", pa.array([0, 1, 1, 2]), "not unique"),
    "unknown column": ("sad", pa.array([1, 2, 3, 4]), "sad missing or unknown"),
    "type of values": ("config:lr", pa.array(["a"] * 4), "lr is string|do not fit the space"),
}


@pytest.mark.parametrize("case", COLUMNS)
@pytest.mark.parametrize("configurations", [True, False])
def test_trials_that_contradict_the_model_are_refused(tmp_path: Path, case: str, configurations: bool) -> None:
    name, values, reason = COLUMNS[case]
    make_run().save(tmp_path)
    table = pq.read_table(tmp_path / TRIALS_FILE)
    kept = table.drop_columns([name]) if name in table.column_names else table
    pq.write_table(kept if values is None else kept.append_column(name, values), tmp_path / TRIALS_FILE)
    with pytest.raises(EncaveError, match=reason):
        Run.load(tmp_path, configurations=configurations)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr", -5.0),
        ("lr", float("inf")),
        ("lr", float("nan")),
        ("depth", 10**17),
        ("kind", "c"),
        ("mixed", "2.5"),
        ("size", 9),
    ],
)
def test_values_outside_of_the_space_are_refused(tmp_path: Path, name: str, value: Any) -> None:
    make_run().save(tmp_path)
    table = pq.read_table(tmp_path / TRIALS_FILE)
    place = table.column_names.index(f"config:{name}")
    values = pa.array([value] * len(table), table.schema.field(place).type)
    pq.write_table(table.set_column(place, f"config:{name}", values), tmp_path / TRIALS_FILE)
    with pytest.raises(EncaveError, match=f"{name} has values outside of its space"):
        Run.load(tmp_path)


def test_trials_that_unpack_to_more_than_a_run_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run().save(tmp_path)
    table = pq.read_table(tmp_path / TRIALS_FILE)
    pq.write_table(pa.concat_tables([table] * 20_000), tmp_path / TRIALS_FILE, compression="zstd")
    monkeypatch.setattr(parquet, "_SMALLEST", 1 << 20)
    monkeypatch.setattr(parquet, "_RATIO", 1)
    for configurations in (True, False):
        with pytest.raises(EncaveError, match="unpacks to"):
            Run.load(tmp_path, configurations=configurations)


def test_a_text_that_stands_once_in_the_file_and_in_every_row_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run().save(tmp_path)
    schema = pq.read_schema(tmp_path / TRIALS_FILE)
    rows = 1 << 14
    columns = {field.name: pa.nulls(rows, field.type) for field in schema}
    text = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), ["x" * (1 << 17)])
    table = pa.table(columns | {"extra:said": text})
    pq.write_table(table, tmp_path / TRIALS_FILE, compression="zstd", store_schema=False)
    assert (tmp_path / TRIALS_FILE).stat().st_size < 1 << 17
    monkeypatch.setattr(parquet, "_SMALLEST", 1 << 27)
    with pytest.raises(EncaveError, match=r"unpacks to 2 GiB; encave reads up to 0\.125 GiB"):
        Run.load(tmp_path)


def test_nulls_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run().save(tmp_path)
    schema = pq.read_schema(tmp_path / TRIALS_FILE)
    table = pa.table({field.name: pa.nulls(1 << 19, field.type) for field in schema})
    pq.write_table(table, tmp_path / TRIALS_FILE, compression="zstd")
    assert (tmp_path / TRIALS_FILE).stat().st_size < 1 << 15
    monkeypatch.setattr(parquet, "_SMALLEST", 1 << 25)
    with pytest.raises(EncaveError, match=r"encave reads up to 0\.0312 GiB"):
        Run.load(tmp_path)


def test_nulls_that_are_wide_are_refused(tmp_path: Path) -> None:
    make_run().save(tmp_path)
    wide = pa.table({"extra:wide": pa.nulls(128, pa.binary(1 << 20))})
    with pq.ParquetWriter(tmp_path / TRIALS_FILE, wide.schema) as writer:
        for _ in range(9):
            writer.write_table(wide)
    assert (tmp_path / TRIALS_FILE).stat().st_size < 1 << 13
    with pytest.raises(EncaveError, match=r"unpacks to 1\.12 GiB; encave reads up to 1 GiB"):
        Run.load(tmp_path)


def test_a_folder_of_runs_says_what_to_load_instead(tmp_path: Path) -> None:
    make_run().save(tmp_path / "one")
    with pytest.raises(EncaveError, match=r"not the folder of one run; there are 1 in it: load .*one"):
        Run.load(tmp_path)


def test_a_field_that_a_run_has_not_is_not_replaced() -> None:
    with pytest.raises(EncaveError, match=r"no field of a run 'nam'; there are .*; do you mean 'name'\?"):
        make_run().replace(nam="x")


def test_metadata_that_could_not_be_loaded_again_is_refused_at_once() -> None:
    with pytest.raises(EncaveError, match="benchmark"):
        make_run(metadata={"benchmark": "mlp"})


@pytest.fixture
def converted(tmp_path: Path) -> Path:
    """Three runs; the notes of the second are damaged."""
    for name in ("a", "b", "c"):
        shutil.copytree(next(path for path in sorted(LOGS.iterdir()) if path.is_dir()), tmp_path / "logs" / name / "x")
    runs = convert([tmp_path / "logs"], tmp_path / "runs")
    output = runs[1].output
    assert output is not None and all(run.output for run in runs)
    header = json.loads((output / HEADER_FILE).read_text())
    (output / HEADER_FILE).write_text(json.dumps(header | {"notes": ["x"]}))
    return tmp_path / "runs"


@pytest.mark.parametrize(
    "command",
    ["inspect", "analyze curves", "analyze ranks", "analyze exploration", "convert --to csv --out {out}"],
)
def test_commands_go_on_without_a_damaged_run(converted: Path, command: str, tmp_path: Path) -> None:
    words = command.format(out=tmp_path / "out").split()
    done = CliRunner().invoke(cli, [*words, str(converted)])
    assert done.exit_code == 1, done.output
    assert "notes[0]" in done.output.replace("\n", "")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"metadata": {"source": "\\ud800"}}', '{"metadata": {"source": "\\u0000"}}']
)
def test_a_header_that_is_no_header_stops_nothing(converted: Path, text: str) -> None:
    damaged = next(folder for folder in converted.iterdir() if '"x"' in (folder / HEADER_FILE).read_text())
    (damaged / HEADER_FILE).write_text(text)
    done = CliRunner().invoke(cli, ["analyze", "curves", str(converted)])
    assert done.exit_code == 1 and str(damaged) in done.output.replace("\n", ""), done.output


@pytest.mark.parametrize("lost", ["space", "objectives", "metadata"])
def test_a_damaged_run_beside_those_that_are_converted_stops_nothing(converted: Path, lost: str) -> None:
    damaged = next(folder for folder in converted.iterdir() if '"x"' in (folder / HEADER_FILE).read_text())
    header = json.loads((damaged / HEADER_FILE).read_text())
    told = header["metadata"]["source"]
    del header[lost]
    (damaged / HEADER_FILE).write_text(json.dumps(header))
    for log in (converted.parent / "logs").iterdir():
        if told.startswith(str(log)):
            shutil.rmtree(log)
    again = convert([converted.parent / "logs"], converted)
    assert [run.status for run in again] == ["unchanged", "unchanged"]


def test_converting_again_heals(converted: Path) -> None:
    before = {folder.name for folder in converted.iterdir()}
    again = convert([converted.parent / "logs"], converted)
    assert sorted(run.status for run in again) == ["converted", "unchanged", "unchanged"]
    assert {folder.name for folder in converted.iterdir()} == before
    assert all(len(Run.load(run.output)) for run in again if run.output)


def test_a_store_goes_on_without_a_damaged_run(converted: Path, tmp_path: Path) -> None:
    convert([converted.parent / "logs"], converted)
    store = tmp_path / "store"
    assert CliRunner().invoke(cli, ["convert", str(converted), "--to", "store", "--out", str(store)]).exit_code == 0
    [part] = (store / "runs").rglob("*.parquet")
    rows = pq.ParquetFile(part).read()
    headers = rows["header"].to_pylist()
    headers[1] = json.dumps(json.loads(headers[1]) | {"notes": ["x"]})
    place = rows.column_names.index("header")
    changed = rows.set_column(place, rows.schema.field(place), pa.array(headers, rows.schema.field(place).type))
    pq.write_table(changed, part)
    told: list[EncaveError] = []
    assert len(list(RunStore(store).read(on_damaged=told.append))) == 2 and "notes[0]" in str(told[0])
    with pytest.raises(EncaveError, match="notes"):
        list(RunStore(store).read())
    done = CliRunner().invoke(cli, ["analyze", "curves", str(store)])
    assert done.exit_code == 1 and "notes[0]" in done.stderr


def test_a_pandas_series_with_nan_is_as_a_numpy_column() -> None:
    import pandas as pd

    run = make_run(trials={"cost:error": pd.Series([0.5, float("nan"), 0.7, 0.6]), "seed": pd.Series([0, None, 1, 2])})
    assert run.trials["cost:error"].to_pylist() == [0.5, None, 0.7, 0.6]
    assert run.trials["seed"].to_pylist() == [0, None, 1, 2]
