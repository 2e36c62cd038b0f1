"""SMAC's logs of several instances or seeds: incumbents are SMAC's own, and one number everywhere."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.cli import cli
from encave.run import Run
from encave.run.incumbents import IncumbentRule

from ..reading import LOGS, notes, read_one

EVALUATIONS = Axis("evaluations", "evaluations", None)
SMAC = LOGS / "smac"
CASE = SMAC / "smac_instances"
LATE = "a timeout counts with"


def changes(run: Run, rule: IncumbentRule = "as-logged") -> list[tuple[int, int, float]]:
    """Evaluation, configuration and value, when another configuration becomes the incumbent."""
    found = trajectory(run, EVALUATIONS, ["cost:" + run.objectives[0].name], rule)
    ids, (values,) = run.column("config_id")[found.rows], found.values.values()
    new = [0, *(np.flatnonzero(np.diff(ids)) + 1)]
    return [(int(found.positions[i]), int(ids[i]), float(values[i])) for i in new]


@pytest.mark.parametrize("log", ["inst_2.4.1", "nondet_2.4.1", "inst_2.0.0"])
@pytest.mark.parametrize("rule", ["as-logged", "highest-so-far"])
def test_incumbents_are_those_of_smac_and_so_are_the_rules(log: str, rule: Any) -> None:
    run = read_one(SMAC / log, "smac").run
    told = json.loads((SMAC / log / "3" / "intensifier.json").read_text())["trajectory"]
    found = changes(run, rule)
    assert [step[:2] for step in found] == [(one["trial"], one["config_ids"][0]) for one in told]
    assert [step[2] for step in found] == pytest.approx([one["costs"][0] for one in told])


def test_without_smacs_own_word_the_rule_says_the_same(tmp_path: Path) -> None:
    shutil.copytree(SMAC / "inst_2.4.1", tmp_path / "log")
    with_word = changes(read_one(tmp_path / "log", "smac").run)
    (tmp_path / "log" / "3" / "intensifier.json").unlink()
    run = read_one(tmp_path / "log", "smac").run
    assert "incumbent" not in run.trials.column_names
    assert changes(run) == with_word


def test_a_timeout_counts_with_the_par_factor() -> None:
    result = read_one(CASE, "smac")
    assert result.run.trials["penalty"].to_pylist() == [None, 50.0, 50.0, None, None, None]
    assert changes(result.run) == [(6, 2, 0.6)]
    assert changes(result.run, "highest-so-far") == [(1, 1, 0.01), (6, 2, 0.6)]
    assert f"derived 2: {LATE} 10 times the cutoff of 5 s" in notes(result)
    assert "traj_aclib2.json" in notes(result)


@pytest.mark.parametrize(
    ("settings", "penalty"),
    [
        ({"overall_obj": "mean10", "cutoff_time": "3"}, 30.0),
        ({"overall-obj": "PAR2", "cutoff-time": "3"}, 6.0),
        ({"par_factor": "4", "cutoff": "2.5"}, 10.0),
        ({"cutoff": "2.5"}, 2.5),
        ({"overall_obj": "PAR10"}, 7.0),  # no cutoff: what SMAC used
    ],
)
def test_factor_and_cutoff_as_scenarios_have_them(tmp_path: Path, settings: dict[str, str], penalty: float) -> None:
    shutil.copytree(CASE, tmp_path / "log")
    text = "".join(f"{key} = {value}\n" for key, value in {"run_obj": "runtime", **settings}.items())
    (tmp_path / "log" / "scenario.txt").write_text(text)
    history = tmp_path / "log" / "runhistory.json"
    history.write_text(history.read_text().replace("[50.0, 5.0,", "[7.0, 5.0,"))
    assert read_one(tmp_path / "log", "smac").run.trials["penalty"].to_pylist()[1] == penalty


def test_a_crash_counts_with_what_smac_used_but_not_with_its_largest_integer(tmp_path: Path) -> None:
    shutil.copytree(CASE, tmp_path / "log")
    history = tmp_path / "log" / "runhistory.json"
    text = history.read_text().replace("[50.0, 5.0,", "[2147483647.0, 5.0,", 1).replace("TIMEOUT", "CRASHED")
    history.write_text(text)
    run = read_one(tmp_path / "log", "smac").run
    assert run.trials["penalty"].to_pylist()[:3] == [None, None, 50.0]


ONE_LINE = {"cpu_time": 1, "evaluations": 6, "cost": 0.6}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("traj.json", [ONE_LINE | {"incumbent": {"x": 0.1}, "evaluations": 0}, ONE_LINE | {"incumbent": {"x": 0.9}}]),
        ("traj_aclib2.json", [ONE_LINE | {"incumbent": ["x='0.9'"]}]),
        ("traj_aclib2.json", [ONE_LINE | {"incumbent": ["x='0.90'"]}]),
        ("trajectory.json", {"trajectory": [{"config_ids": [2], "costs": [0.6], "trial": 6, "walltime": 1.0}]}),
        ("trajectory.json", [{"config_ids": [1], "trial": 2}, {"config_ids": [2], "trial": 6}]),
        ("intensifier.json", {"incumbent_ids": [2], "trajectory": [{"config_ids": [2], "costs": [0.6], "trial": 9}]}),
        ("stats.json", {"submitted": 6, "trajectory": [{"incumbent": {"x": 0.9}, "target_algorithm_runs": 6}]}),
    ],
)
def test_every_form_of_the_trajectory(tmp_path: Path, name: str, content: Any) -> None:
    shutil.copytree(CASE, tmp_path / "log", ignore=shutil.ignore_patterns("traj*"))
    lines = name.startswith("traj") and name != "trajectory.json"
    text = "\n".join(map(json.dumps, content)) if lines else json.dumps(content)
    (tmp_path / "log" / name).write_text(text)
    result = read_one(tmp_path / "log", "smac")
    assert f"incumbents are those that SMAC names in {name}" in notes(result)
    assert changes(result.run)[-1] == (6, 2, 0.6)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1, 2", '"text"', "[[[]]]", '{"trajectory": 5}', '{"evaluations": 1e999, "incumbent": ["x=\'0.1\'"]}'],
)
def test_a_damaged_trajectory_is_told_and_costs_nothing(tmp_path: Path, text: str) -> None:
    shutil.copytree(CASE, tmp_path / "log", ignore=shutil.ignore_patterns("traj*"))
    (tmp_path / "log" / "traj.json").write_text(text)
    result = read_one(tmp_path / "log", "smac")
    assert "incumbent" not in result.run.trials.column_names
    assert "traj.json" in notes(result)
    assert changes(result.run)[-1] == (6, 2, 0.6)


def test_incumbents_that_the_log_does_not_have_are_counted(tmp_path: Path) -> None:
    shutil.copytree(CASE, tmp_path / "log", ignore=shutil.ignore_patterns("traj*"))
    lines = [ONE_LINE | {"incumbent": {"x": value}} for value in (0.3, 0.9)]
    (tmp_path / "log" / "traj.json").write_text("\n".join(map(json.dumps, lines)))
    assert "flagged 1: traj.json has incumbents that are no configuration of the log" in notes(
        read_one(tmp_path / "log", "smac")
    )


def invoke(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("log", "value", "x"),
    [
        (SMAC / "smac_instances", 0.6, 0.9),
        (SMAC / "instances", 50.5, 0.1),
        (LOGS / "odd" / "noisy", 1.0, 0.2),
        (SMAC / "nondet_2.4.1", 62.43594231318433, None),
    ],
)
def test_one_number_in_every_place(
    tmp_path: Path, open_in_stock_deepcave: Callable[[Path], Any], log: Path, value: float, x: float | None
) -> None:
    (seen,) = json.loads(invoke("inspect", log, "--json"))["runs"]
    assert seen["incumbent"]["cost"] == pytest.approx(value)
    (made,) = json.loads(invoke("convert", log, "--out", tmp_path, "--json"))["runs"]
    assert made["incumbent"] == seen["incumbent"]
    curve = json.loads(invoke("analyze", "curves", tmp_path, "--json"))["curves"]
    assert curve[-1]["value"] == seen["incumbent"]["cost"]
    opened = open_in_stock_deepcave(Path(made["output"]))
    configuration, cost = opened.get_incumbent(opened.get_objectives()[0])
    assert cost == pytest.approx(value)
    if x is not None:
        assert (seen["incumbent"]["configuration"], dict(configuration)) == ({"x": x}, {"x": x})


def of(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Run:
    shutil.copytree(SMAC / "instances", tmp_path / "log")
    history = tmp_path / "log" / "0" / "runhistory.json"
    content = json.loads(history.read_text())
    change(content)
    history.write_text(json.dumps(content))
    return read_one(tmp_path / "log", "smac").run


def test_smacs_counter_tells_of_trials_that_the_log_lacks(tmp_path: Path) -> None:
    run = of(tmp_path, lambda content: content["stats"].update(finished=9))
    assert run.evaluations == 9
    assert trajectory(run, EVALUATIONS, ["cost:cost"]).last == 9.0
    assert any("SMAC counts 9 finished trials, of which its run history has 4" in note.text for note in run.notes)


@pytest.mark.parametrize("told", [4, 2, "9", None, 9.5, True])
def test_a_counter_that_tells_no_more_is_left(tmp_path: Path, told: Any) -> None:
    assert of(tmp_path, lambda content: content["stats"].update(finished=told)).evaluations is None


def test_running_trials_are_not_finished(tmp_path: Path) -> None:
    run = of(tmp_path, lambda content: content["data"][3].update(status=0, cost=2147483647))
    assert run.evaluations == 4  # it had been told, and the log has lost it


def test_the_counter_of_1_x(tmp_path: Path) -> None:
    shutil.copytree(CASE, tmp_path / "log")
    (tmp_path / "log" / "stats.json").write_text(json.dumps({"submitted_ta_runs": 8, "finished_ta_runs": 7}))
    assert read_one(tmp_path / "log", "smac").run.evaluations == 7


def test_deepcave_never_leads_with_a_configuration_that_failed(
    tmp_path: Path, open_in_stock_deepcave: Callable[[Path], Any]
) -> None:
    log = tmp_path / "log"
    shutil.copytree(CASE, log, ignore=shutil.ignore_patterns("traj*"))
    text = (log / "runhistory.json").read_text()
    # the best of the two by PAR10 has a timeout; the other solves everything, and slowly
    text = text.replace(
        '[[1, "hard", 0, 0.0], [50.0, 5.0, {"__enum__": "StatusType.TIMEOUT"}',
        '[[1, "hard", 0, 0.0], [0.1, 0.1, {"__enum__": "StatusType.SUCCESS"}',
    )
    for value in ("0.5", "0.6", "0.7"):
        text = text.replace(f"[{value}, {value},", "[40.0, 4.9,")
    (log / "runhistory.json").write_text(text)
    (made,) = json.loads(invoke("convert", log, "--out", tmp_path / "runs", "--json"))["runs"]
    assert made["incumbent"]["cost"] == pytest.approx((0.01 + 50.0 + 0.1) / 3)
    assert any("has no mean over seeds" in note["text"] and note["count"] == 1 for note in made["notes"])
    opened = open_in_stock_deepcave(Path(made["output"]))
    configuration, cost = opened.get_incumbent(opened.get_objectives()[0])
    assert (dict(configuration), cost) == ({"x": 0.9}, 40.0)


def test_deepcave_is_told_so_only_where_it_averages(tmp_path: Path) -> None:
    log = tmp_path / "log"
    shutil.copytree(SMAC / "instances", log)
    (made,) = json.loads(invoke("convert", log, "--out", tmp_path / "runs", "--json"))["runs"]
    assert not any("has no mean over seeds" in note["text"] for note in made["notes"])


@pytest.mark.parametrize("count", ["99999999999999999999", "9" * 400, "true", "1e999", '"3"'])
def test_a_trajectory_with_an_odd_count_is_told(tmp_path: Path, count: str) -> None:
    shutil.copytree(CASE, tmp_path / "log")
    path = tmp_path / "log" / "traj_aclib2.json"
    text = re.sub(r'"evaluations": \d+', f'"evaluations": {count}', path.read_text(), count=1)
    assert count in text
    path.write_text(text)
    assert len(read_one(tmp_path / "log", "smac").run) > 0


def test_a_budget_of_400_digits_in_the_scenario_is_left_out(tmp_path: Path) -> None:
    log = shutil.copytree(SMAC / "inst_2.4.1", tmp_path / "log")
    path = next(log.rglob("scenario.json"))
    text = re.sub(r'"max_budget": [^,}]+', '"max_budget": ' + "9" * 400, path.read_text())
    path.write_text(re.sub(r'"min_budget": [^,}]+', '"min_budget": 1', text))
    assert len(read_one(log, "smac").run) > 0
