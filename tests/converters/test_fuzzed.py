"""What benchmarks/fuzz_readers.py found, each as a kind: the log is read without what is bad, or is refused."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, Constant

from encave.converters import Conversion, convert
from encave.converters.exporting import export
from encave.converters.formats.ioh.files import whole
from encave.converters.formats.syne_tune.space import read_space
from encave.converters.parts.json_lines import read_lines
from encave.errors import EncaveError
from encave.files.parquet import read_table
from encave.run import Objective, Run
from encave.run.configurations import unfit

from .conftest import random_lines, write_sidecar, write_trials
from .reading import LOGS


def only(folder: Path, out: Path, **options: Any) -> Conversion:
    [conversion] = convert([folder], out, **options)
    assert "please report" not in str(conversion.reason)
    return conversion


@pytest.mark.parametrize("last", ["5,1", "[1,0", "1],0,9", "5,0", "5,1,2"])
def test_a_line_is_one_value_whatever_number_it_ends_with(tmp_path: Path, last: str) -> None:
    (tmp_path / "l.jsonl").write_text(f"1\n{last}")
    lines = read_lines(tmp_path / "l.jsonl", lambda value: None)
    assert (lines.values, lines.dropped) == ([1], 1)


def renamed(path: Path, name: str) -> None:
    """The name of a column of a Parquet file is no Unicode any more."""
    content = path.read_bytes()
    assert name.encode() in content
    path.write_bytes(content.replace(name.encode(), b"\xff" + name.encode()[1:]))


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("history.parquet.gzip", ("config_id", "config", "fitness", "cost", "fidelity", "odd")),
        ("history.parquet", ("status", "trial_seed", "metric:a (minimize)", "odd")),
        ("t.parquet", ("config:a", "cost:b", "status", "odd")),
    ],
)
def test_names_of_columns_that_are_no_unicode(tmp_path: Path, name: str, columns: tuple[str, ...]) -> None:
    write_trials(tmp_path / "log" / "good", random_lines(3))
    path = tmp_path / "log" / name
    pq.write_table(pa.table({column: [1.0, 2.0] for column in columns}), path)
    renamed(path, "odd")
    with pytest.raises(pa.ArrowInvalid, match="no Unicode"):
        read_table(path)
    good, *bad = convert([tmp_path / "log"], tmp_path / "out")
    assert good.status == "converted"
    assert all(one.status == "refused" and "please report" not in str(one.reason) for one in bad)


def test_texts_of_a_table_that_are_no_unicode(tmp_path: Path) -> None:
    text = pa.array([b"\xff\xfe", b"x"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"a": pa.StructArray.from_arrays([text], ["b"])}), tmp_path / "t.parquet")
    with pytest.raises(pa.ArrowInvalid, match="UTF8"):
        read_table(tmp_path / "t.parquet")


def test_a_converted_run_whose_column_has_no_unicode_name_is_refused(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(3))
    folder = only(tmp_path / "log", tmp_path / "out").output
    assert folder is not None
    renamed(folder / "trials.parquet", "extra:origin")
    for configurations in (True, False):
        with pytest.raises(EncaveError, match="no Unicode"):
            Run.load(folder, configurations=configurations)
    assert only(tmp_path / "log", tmp_path / "out").status == "converted"  # heals it


def test_a_history_of_amltk_without_its_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"metric:a (minimize)": [1.0]}), tmp_path / "history.parquet")
    told = only(tmp_path / "history.parquet", tmp_path / "out", forced_format="amltk")
    assert "no column status, trial_seed" in str(told.reason)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"param_name": "x"', '"param_name": NaN'),
        ('"param_name": "x"', '"param_name": 5'),
        ('"trial_id": 0', '"trial_id": ' + "9" * 5000),
    ],
    ids=["nan", "number", "digits"],
)
def test_an_operation_of_a_journal_with_an_odd_name_or_number(tmp_path: Path, old: str, new: str) -> None:
    float_domain = json.dumps({"name": "FloatDistribution", "attributes": {"low": 0.0, "high": 1.0, "log": False}})
    operations: list[dict[str, Any]] = [{"op_code": 0, "study_name": "s", "directions": [1]}]
    for trial in range(2):
        named = {"trial_id": trial, "param_name": "x", "param_value_internal": 0.5, "distribution": float_domain}
        operations += [
            {"op_code": 4, "study_id": 0, "datetime_start": "2026-01-01T00:00:00"},
            {"op_code": 5, **named},
            {"op_code": 6, "trial_id": trial, "state": 1, "values": [1.0], "datetime_complete": "2026-01-01T00:00:09"},
        ]
    lines = [json.dumps({"worker_id": "w"} | operation) for operation in operations]
    damaged = next(place for place, line in enumerate(lines) if old in line and '"op_code": 5' in line)
    lines[damaged] = lines[damaged].replace(old, new)
    (tmp_path / "journal.log").write_text("\n".join(lines) + "\n")
    told = only(tmp_path / "journal.log", tmp_path / "out")
    assert told.status == "converted"
    assert any(note.count for note in told.notes if "operation" in note.text)


def test_digits_that_are_no_numbers_are_no_integers() -> None:
    assert [whole(text) for text in ("-12", "²", "9" * 5000)] == [True, False, False]


@pytest.mark.parametrize(
    "objective", [{"name": True}, {"name": "a", "direction": 5}, {"name": "a", "upper": "9"}, {"name": "a", "unit": 5}]
)
def test_an_objective_of_odd_types(tmp_path: Path, objective: dict[str, Any]) -> None:
    write_trials(tmp_path / "re", random_lines(3))
    export([tmp_path / "re"], tmp_path / "ioh", "ioh")
    with pytest.raises(EncaveError, match="objective"):
        Objective(**objective)
    [path] = (tmp_path / "ioh").rglob("IOHprofiler_*.json")
    told = json.loads(path.read_text())
    told["encave"]["runs"][0]["objectives"] = [objective]
    path.write_text(json.dumps(told))
    assert only(path, tmp_path / "out").status == "refused"
    write_sidecar(tmp_path / "re", objectives=[objective])
    assert only(tmp_path / "re", tmp_path / "out").status == "refused"


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"budget_name": 5}, "text or None, not 5"), ({"optimizer": {"name": "RE", "version": 5}}, "not of its type")],
)
def test_names_beside_a_log_that_are_no_text(tmp_path: Path, more: dict[str, Any], reason: str) -> None:
    write_trials(tmp_path, random_lines(3))
    write_sidecar(tmp_path)
    path = tmp_path / "encave.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | more))
    told = only(tmp_path / "trials.jsonl", tmp_path / "out")
    assert told.status == "refused" and reason in str(told.reason)


@pytest.mark.parametrize("runner", ["{", "[" * 100_000, 5, "null"])
def test_a_state_of_ray_tune_whose_second_part_is_damaged(tmp_path: Path, runner: object) -> None:
    state = {
        "trial_id": "a",
        "status": "TERMINATED",
        "config": {"x": 1},
        "last_result": {"training_iteration": 1, "l": 2},
    }
    content = {"checkpoints": [json.dumps(state)], "runner_data": runner, "stats": {}}
    (tmp_path / "experiment_state-2023-11-14_22-13-20.json").write_text(json.dumps(content))
    assert only(tmp_path, tmp_path / "out").status == "converted"


def test_a_value_of_ray_tune_beyond_all_floats(tmp_path: Path) -> None:
    path = tmp_path / "experiment_state-2023-11-14_22-13-20.json"
    state = {
        "trial_id": "a",
        "status": "TERMINATED",
        "config": {"x": 1},
        "last_result": {"training_iteration": 2, "l": 2},
    }
    path.write_text(json.dumps({"checkpoints": [json.dumps(state)], "runner_data": {}, "stats": {}}))
    (tmp_path / "train_a").mkdir()
    lines = [
        f'{{"training_iteration": 1, "trial_id": "a", "l": {"9" * 400}}}',
        '{"training_iteration": 2, "trial_id": "a", "l": 2}',
    ]
    (tmp_path / "train_a" / "result.json").write_text("\n".join(lines))
    assert only(tmp_path, tmp_path / "out").status == "converted"


def test_an_incumbent_of_smac_whose_number_is_beyond_64_bits(tmp_path: Path) -> None:
    log = shutil.copytree(LOGS / "smac" / "smac_instances", tmp_path / "log")
    history = (log / "runhistory.json").read_text()
    assert '"2": {' in history
    (log / "runhistory.json").write_text(history.replace('"2": {', '"-9223372036854775809": {'))
    told = only(log, tmp_path / "out")
    assert "report this" not in str(told.reason)


@pytest.mark.parametrize("kind", ["Categorical", "Ordinal"])
def test_a_hyperparameter_without_choices(kind: str) -> None:
    domain = {"domain_cls": kind, "domain_kwargs": {"categories": []}}
    with pytest.raises(EncaveError, match="config_space is not one of Syne Tune"):
        read_space(json.dumps({"a": domain}), "metadata.json")


def test_a_file_whose_name_is_no_unicode(tmp_path: Path) -> None:
    write_trials(tmp_path / "log" / "good", random_lines(3))
    odd = Path(os.fsdecode(os.fsencode(tmp_path / "log") + b"/\xff\xfe.csv"))
    odd.write_text("config:lr,cost:loss\n0.1,1\n0.2,2\n")
    for _ in range(2):
        assert {one.status for one in convert([tmp_path / "log"], tmp_path / "out")} <= {"converted", "unchanged"}
        exported = export([tmp_path / "log", tmp_path / "out"], tmp_path / "store", "store")
        assert [one.status for one in exported.conversions] in (["converted"] * 2, ["unchanged"] * 2)


@pytest.mark.parametrize("letter", "a(_é")
def test_a_column_of_a_very_long_name_costs_no_time(tmp_path: Path, letter: str) -> None:
    (tmp_path / "t.csv").write_text(f"config:a,cost:b,{letter * 100_000}\n0.1,1,x\n0.2,2,x\n")
    begun = time.process_time()
    assert only(tmp_path, tmp_path / "out").status in ("converted", "refused")
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity"])
def test_settings_with_numbers_that_json_does_not_have(tmp_path: Path, number: str) -> None:
    metrics = {name: [80.0, 81.0] for name in ("train_acc", "valid_acc", "test_acc", "runtime", "train_time")}
    told = '{"dataset": "cifar10", "optimizer": "re", "search": {"epochs": [' + number + "]}}"
    (tmp_path / "errors.json").write_text(f"[{told}, {json.dumps(metrics)}]")
    written = only(tmp_path, tmp_path / "out")
    assert written.status == "converted" and written.output is not None
    told = json.dumps(Run.load(written.output).provenance.json())
    assert re.search(r'"epochs": \["(nan|-?inf)"\]', told)


def test_a_constant_of_a_space_that_no_column_can_hold() -> None:
    space = ConfigurationSpace()
    space.add(Constant("a", -(2**63) - 1), CategoricalHyperparameter("b", ["x", "y"]))
    told = unfit(space, {0: {"b": "x"}, 1: {"a": 1, "b": "x"}})
    assert told[0] == "a is missing" and "a = 1 is outside the space" in told[1]
