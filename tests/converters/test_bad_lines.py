"""One bad line is one bad line, and values of a wrong type one level down are checks of the row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave import Run
from encave.converters import convert
from encave.converters.formats.dehb.history import _is_row
from encave.converters.parts.extras import extra_columns
from encave.converters.parts.inferred_space import infer
from encave.converters.parts.numbers import finite, finite_text, integer, real

GOOD: dict[str, Any] = {"config": {"x": 1.0}, "status": "success", "cost": {"loss": 1.0}, "start": 0.0, "end": 1.0}

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "truth value as cost": ({"cost": {"loss": True}}, "a cost is no number"),
    "text as cost": ({"cost": {"loss": "1"}}, "a cost is no number"),
    "cost": ({"cost": True}, "config or cost is no object"),
    "huge cost": ({"cost": {"loss": 10**400}}, "a cost is no number"),
    "negative budget": ({"budget": -5}, "the budget is negative"),
    "truth value as budget": ({"budget": True}, "budget, start or end"),
    "huge budget": ({"budget": 10**400}, "budget, start or end"),
    "info": ({"info": 5}, "info is no object"),
    "status": ({"status": []}, "the status is unknown"),
    "seed": ({"seed": 10**30}, "the seed is no integer"),
    "order": ({"start": 2.0, "end": 1.0}, "ends before it starts"),
    "key": ({"config": []}, "config or cost is no object"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_dropped_and_counted_with_its_number(tmp_path: Path, case: str) -> None:
    change, reason = BAD[case]
    rows = [GOOD, GOOD | {"config": {"x": 2.0}} | change, GOOD | {"config": {"x": 3.0}}]
    (tmp_path / "trials.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    [result] = convert([tmp_path], tmp_path / "out")
    assert (result.status, result.read, result.written, result.dropped) == ("converted", 3, 2, 1), result.reason
    [note] = [note for note in result.notes if note.kind == "dropped"]
    assert "trials.jsonl, line 2: " in note.text and reason in note.text and note.count == 1


def test_a_success_without_a_finite_cost_is_a_crash(tmp_path: Path) -> None:
    rows = [GOOD, GOOD | {"cost": {"loss": float("nan")}}, GOOD | {"cost": None}]
    (tmp_path / "trials.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    [result] = convert([tmp_path], tmp_path / "out")
    assert result.output is not None
    assert Run.load(result.output).status_counts() == {"success": 1, "crashed": 2}


def test_numbers_of_logs() -> None:
    assert [finite(value) for value in (1, 2.5, True, "1", None, 10**400, float("inf"), [])] == [1.0, 2.5] + [None] * 6
    assert [finite_text(text) for text in ("1e3", "nan", "x", None)] == [1000.0, None, None, None]
    assert str([real(value) for value in (1, "2", float("nan"))]) == "[1.0, 2.0, nan]"
    assert [integer(value) for value in (3, 3.0, 3.5, True, 2**63, None)] == [3, 3, None, None, None, None]


@pytest.mark.parametrize("wrong", ["true", "9" * 5000])
def test_a_cost_that_is_no_number_is_one_trial_of_smac(tmp_path: Path, wrong: str) -> None:
    entries = ", ".join(f"[{n}, null, 0, null, {wrong if n == 2 else n}, 1.0, 1, 0.0, 1.0, {{}}]" for n in (1, 2, 3))
    configs = json.dumps({str(n): {"x": n / 4} for n in (1, 2, 3)})
    (tmp_path / "runhistory.json").write_text(f'{{"data": [{entries}], "configs": {configs}}}')
    [result] = convert([tmp_path], tmp_path / "out")
    assert result.status == "converted" and result.output is not None, result.reason
    assert Run.load(result.output).status_counts()["success"] == 2


@pytest.mark.parametrize(
    ("part", "wrong", "reason"),
    [
        ("trial_value", {"status": {}}, "the status is unknown"),
        ("trial_info", {"budget": True}, "the budget is no finite number"),
        ("trial_info", {"budget": -5}, "the budget is no finite number"),
    ],
)
def test_a_bad_line_of_carps_is_one_line(tmp_path: Path, part: str, wrong: dict[str, Any], reason: str) -> None:
    info, value = {"config": [0.5], "budget": 1.0}, {"cost": 1.0, "status": 1, "starttime": 0.0, "endtime": 1.0}
    lines = [{"n_function_calls": n, "trial_info": dict(info), "trial_value": dict(value)} for n in (1, 2, 3)]
    lines[1][part] |= wrong
    (tmp_path / "trial_logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    [result] = convert([tmp_path], tmp_path / "out")
    assert (result.written, result.dropped) == (2, 1), result
    assert any(reason in note.text for note in result.notes)


@pytest.mark.parametrize("wrong", [True, "x"])
def test_a_value_that_is_no_number_is_one_trial_of_optuna(tmp_path: Path, wrong: Any) -> None:
    domain = json.dumps({"name": "FloatDistribution", "attributes": {"low": 0.0, "high": 1.0}})
    lines: list[dict[str, Any]] = [{"op_code": 0, "study_name": "s", "directions": [1]}]
    for n, value in enumerate([1.0, wrong, 2.0]):
        param = {"param_name": "x", "param_value_internal": n / 4, "distribution": domain}
        lines += [{"op_code": 4, "study_id": 0, "datetime_start": "2024-01-01T00:00:00"}]
        lines += [{"op_code": 5, "trial_id": n, **param}, {"op_code": 6, "trial_id": n, "state": 1, "values": [value]}]
    (tmp_path / "journal.log").write_text("".join(json.dumps(line | {"worker_id": "w"}) + "\n" for line in lines))
    [result] = convert([tmp_path], tmp_path / "out")
    assert (result.written, result.dropped) == (2, 1), result


def test_extras_of_any_type_become_columns() -> None:
    rows = [{"a": 10**400, 5: {("t",): 1}, "m": 1}, {"a": 1.5, 5: None, "m": 2.5}]
    columns = extra_columns(rows)  # type: ignore[arg-type]
    assert columns["extra:m"].to_pylist() == [1.0, 2.5] and columns["extra:5"].to_pylist() == ["<dict>", None]
    assert columns["extra:a"].to_pylist() == [str(10**400), "1.5"]


def test_arrays_without_axes_are_values_and_no_vectors() -> None:
    inferred = infer({0: {"x": np.array(1.5)}, 1: {"x": np.float64(2.5)}})
    assert inferred.space["x"].lower == 1.5
    assert not _is_row((np.array(0.5), 1.0, 1.0, 1.0, {}), with_id=False)
    assert not _is_row(([10**400], 1.0, 1.0, 1.0, {}), with_id=False)
    assert _is_row((np.array([0.5]), 1.0, 1.0, 1.0, {}), with_id=False)


@pytest.mark.parametrize("mapping", [{"objective": 5}, {"time_unit": []}, {"statuses": 5}, {"hyperparameters": True}])
def test_a_mapping_of_wrong_types_is_refused(tmp_path: Path, mapping: dict[str, Any]) -> None:
    (tmp_path / "t.json").write_text('[{"x": 1, "y": 2}, {"x": 2, "y": 3}]')
    whole = {"objective": "y", "hyperparameters": ["x"]} | mapping
    (tmp_path / "encave.map.json").write_text(json.dumps(whole))
    [result] = convert([tmp_path], tmp_path / "out")
    assert result.status == "refused" and "please report" not in str(result.reason)


def test_bounds_that_no_float_holds_are_none(tmp_path: Path) -> None:
    from ConfigSpace import ConfigurationSpace, Integer

    from encave.run import configurations

    space = ConfigurationSpace()
    space.add(Integer("n", (0, 10)))
    space["n"].upper = 10**400
    configurations.check(space, configurations.build(space, {0: {"n": 5}}), may_miss=False)
