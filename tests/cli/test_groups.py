"""`encave groups`: the table, the JSON, and a report.toml that says the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from encave.analysis.grouping.sections import view_runs
from encave.analysis.report.settings import read_settings
from encave.cli import cli
from encave.run import Run


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def runs(make_run, tmp_path: Path) -> Path:
    """Two optimizers on two tasks that only the folders tell, the second with two runs without a seed."""
    for task in ("adult", "letter"):
        for number in range(2):
            costs = [3.0, 2.0 - number, float(len(task))]
            run = make_run("BOHB", None, costs, task=None, source=f"/logs/{task}/bohb/{number}/results.json")
            run.replace(name=f"BOHB-{number}-{task}").save(tmp_path / f"runs/{task}-{number}")
        run = make_run(
            "Hyperband", 7, [4.0, len(task)], task=None, source=f"/logs/{task}/hb/results.json", label_from="hb"
        )
        run.replace(name=f"HB-{task}").save(tmp_path / f"runs/{task}-hb")
    return tmp_path / "runs"


def test_table_and_json_say_who_is_with_whom_and_why(runs: Path) -> None:
    done = invoke("groups", runs, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [(one["task"], one["optimizer"], one["seed"], one["runs"]) for one in told["groups"]] == [
        ("adult", "BOHB", None, ["BOHB-0-adult", "BOHB-1-adult"]),
        ("adult", "Hyperband", 7, ["HB-adult"]),
        ("letter", "BOHB", None, ["BOHB-0-letter", "BOHB-1-letter"]),
        ("letter", "Hyperband", 7, ["HB-letter"]),
    ]
    assert told["groups"][0]["why"] == "optimizer from the log, task from the path or study, no seed"
    assert told["groups"][1]["why"].startswith("label from the folder (hb), ")
    assert len(told["remarks"]) == 1
    table = invoke("groups", runs)
    assert table.exit_code == 0 and "BOHB-1-letter" in table.stdout
    assert "each counts as a task of its own: adult, letter" in table.stderr


def test_the_file_says_the_same_and_can_be_corrected(runs: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.toml"
    done = invoke("groups", runs, "--write", path)
    assert done.exit_code == 0, done.output
    loaded = [Run.load(folder) for folder in sorted(runs.iterdir())]
    view = view_runs(read_settings(path).applied(loaded))
    assert view.remarks == ()
    found = {one.title: {group.optimizer: len(group.runs) for group in one.groups} for one in view.sections}
    assert found == {task: {"BOHB": 2, "Hyperband": 1} for task in ("adult", "letter")}
    path.write_text(path.read_text().replace('"letter"', '"adult"'))
    assert [one.title for one in view_runs(read_settings(path).applied(loaded)).sections] == ["adult"]
    again = invoke("groups", runs, "--write", path)
    assert again.exit_code == 2 and "is there already" in again.stderr
