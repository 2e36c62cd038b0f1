"""Constraints of tables, and infeasible trials in the formats that encave writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave import read
from encave.converters.conversion import convert
from encave.converters.exporting import export
from encave.converters.formats.deepcave.output import prepare
from encave.converters.formats.table.frames import guessed, known_frame
from encave.converters.formats.table.reader import READER
from encave.converters.inspection import inspect_logs
from encave.converters.reader import Options
from encave.converters.survey import find
from encave.errors import EncaveError
from encave.run import Run

HEAD = "x,loss,memory,fits,time"
TABLE = f"""{HEAD}
0.1,0.1,2.0,true,-1
0.2,0.2,-1.0,false,-1
0.3,0.4,0,true,-0.5
0.4,0.5,-3,true,
0.5,0.05,,,
"""
FEASIBLE = [False, False, True, True, None]


def a_table(folder: Path, text: str = TABLE, **mapping: Any) -> Run:
    folder.mkdir(exist_ok=True)
    (folder / "log.csv").write_text(text, encoding="utf-8")
    told = {"objective": "loss", "hyperparameters": "x", **mapping}
    (folder / "log.map.json").write_text(json.dumps(told), encoding="utf-8")
    (found,) = find(folder, [READER])
    return READER.read(found.found, Options()).run


@pytest.mark.parametrize("constraint", ["memory,fits,time", ["memory", "fits", "time"]])
def test_numbers_up_to_0_and_truth_values_hold(tmp_path: Path, constraint: Any) -> None:
    run = a_table(tmp_path, constraint=constraint)
    assert run.trials["feasible"].to_pylist() == FEASIBLE
    best = run.incumbent()
    assert best is not None
    assert best.value == 0.05  # nothing is known against it
    assert run.trials["extra:memory"].to_pylist() == [2.0, -1.0, 0.0, -3.0, None]
    assert run.trials["extra:fits"].to_pylist() == ["true", "false", "true", "true", None]
    assert {(note.kind, note.count) for note in run.notes if "feasible" in note.text} == {
        ("flagged", 2),
        ("assumed", 1),
    }


def test_a_column_can_say_it_itself(tmp_path: Path) -> None:
    text = "config:x,cost:loss,feasible\n0.1,0.1,0\n0.2,0.3,1\n0.3,0.2,1\n"
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    (found,) = find(tmp_path, [READER])
    best = READER.read(found.found, Options()).run.incumbent()
    assert best is not None
    assert best.value == 0.2


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"constraint": "nothing"}, "no column 'nothing'"),
        ({"constraint": "loss"}, "column loss twice"),
        ({"feasible": "memory"}, "no truth value"),
    ],
)
def test_wrong_mappings_are_refused(tmp_path: Path, mapping: dict[str, Any], reason: str) -> None:
    with pytest.raises(EncaveError, match=reason):
        a_table(tmp_path, **mapping)


def test_a_constraint_that_is_text_is_refused_with_its_row(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match="row 2: the column memory has 'much'"):
        a_table(tmp_path, f"{HEAD}\n0.1,0.1,1,,\n0.2,0.2,much,,\n", constraint="memory")


def converted(folder: Path) -> Path:
    """The folder of the converted table whose row with the lowest loss, of those with constraints, is infeasible."""
    a_table(folder / "log", TABLE.rsplit("0.5,", 1)[0], constraint="memory,fits,time")
    (conversion,) = convert([folder / "log"], folder / "runs")
    assert conversion.incumbent is not None
    assert conversion.incumbent["cost"] == 0.4
    assert conversion.output is not None
    return conversion.output


def test_inspect_tells_of_the_feasible_incumbent(tmp_path: Path) -> None:
    converted(tmp_path)
    (seen,) = inspect_logs([tmp_path / "log"])
    assert seen.incumbent is not None
    assert seen.incumbent["cost"] == 0.4
    assert seen.statuses == {"success": 4}


def test_deepcave_is_shown_infeasible_trials_as_aborted(tmp_path: Path) -> None:
    run = Run.load(converted(tmp_path))
    shown, notes = prepare(run)
    table = shown.trials.sort_by("trial_id")
    assert table["status"].to_pylist() == ["aborted", "aborted", "success", "success"]
    assert table["cost:loss"].to_pylist() == [None, None, 0.4, 0.5]
    assert table["extra:infeasible_loss"].to_pylist() == [0.1, 0.2, None, None]
    (told,) = [note for note in notes if "infeasible" in note.text]
    assert (told.kind, told.count) == ("flagged", 2)
    assert run.status_counts() == {"success": 4}  # the run itself has all


def test_both_forms_of_deepcave_leave_their_costs_out(tmp_path: Path) -> None:
    folder = converted(tmp_path)
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line[3][0], line[7]) for line in lines] == [(None, 5), (None, 5), (0.4, 1), (0.5, 1)]
    assert [line[8]["infeasible_loss"] for line in lines] == [0.1, 0.2, None, None]
    head = (folder / "trials.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "metric:loss [0.4; 0.5] (minimize)" in head


def test_deepcaves_own_incumbent_is_feasible(tmp_path: Path, open_in_stock_deepcave: Callable[[Path], Any]) -> None:
    opened = open_in_stock_deepcave(converted(tmp_path))
    objective = opened.get_objectives()[0]
    configuration, cost = opened.get_incumbent(objective)
    assert cost == 0.4
    assert dict(configuration)["x"] == 0.3


def test_of_a_configuration_twice_at_a_budget_the_feasible_trial_is_shown(tmp_path: Path) -> None:
    run = a_table(tmp_path, f"{HEAD}\n0.1,0.1,1,,\n0.1,0.3,-1,,\n", constraint="memory")
    shown, _ = prepare(run)
    assert shown.trials["cost:loss"].to_pylist() == [0.3]


@pytest.mark.parametrize("format_name", ["csv", "ioh"])
def test_other_formats_give_the_same_incumbent_back(tmp_path: Path, format_name: str) -> None:
    run = Run.load(converted(tmp_path))
    export([tmp_path / "runs"], tmp_path / "out", format_name)
    (again,) = convert([tmp_path / "out"], tmp_path / "again")
    assert again.output is not None
    back = Run.load(again.output)
    assert back.trials["feasible"].to_pylist() == run.trials["feasible"].to_pylist()
    assert back.incumbent() == run.incumbent()
    assert np.array_equal(back.cost(), run.cost())


def test_columns_of_constraints_that_are_not_mapped_are_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,loss,is_feasible,constraint_1\n0.1,1,False,2\n0.2,2,True,-1\n")
    own = {"objective": "loss", "hyperparameters": "x"}
    (run,) = read(path, map=own)
    told = [note.text.partition("say ")[2] for note in run.notes if "may tell which rows are feasible" in note.text]
    assert told == ["--map feasible=is_feasible", "--map constraint=constraint_1"] and run.incumbent().value == 1.0
    (run,) = read(path, map=own | {"feasible": "is_feasible"})
    assert not any("may tell" in note.text for note in run.notes) and run.incumbent().value == 2.0


def test_ways_in_name_columns_of_constraints() -> None:
    told = guessed(["x", "loss", "is_feasible", "constr_a", "constr_b"])
    assert (told["hyperparameters"], told["feasible"]) == (["x"], "is_feasible")
    assert told["constraint"] == ["constr_a", "constr_b"]
    frame = known_frame(["trial_index", "arm_name", "trial_status", "is_feasible", "loss", "x"])
    assert frame is not None and (frame.mapping["feasible"], frame.mapping["hyperparameters"]) == ("is_feasible", ["x"])
