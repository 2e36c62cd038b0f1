"""Small logs whose tasks and optimizers only folders and studies tell: what is put together, and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from encave.cli import cli

LOGS = Path(__file__).resolve().parent.parent / "logs"


@pytest.fixture
def groups(tmp_path: Path):
    """What `encave groups` says of the runs of a log: task → optimizer → seeds; and what it remarks."""

    def told(*logs: str) -> tuple[dict[str, dict[str, list[int | None]]], list[str]]:
        sources = [str(LOGS / log) for log in logs]
        done = CliRunner().invoke(cli, ["convert", *sources, "--out", str(tmp_path / "runs")])
        assert done.exit_code == 0, done.output
        done = CliRunner().invoke(cli, ["groups", str(tmp_path / "runs"), "--json"])
        assert done.exit_code == 0, done.output
        content = json.loads(done.stdout)
        found: dict[str, dict[str, list[int | None]]] = {}
        for one in content["groups"]:
            found.setdefault(one["task"], {}).setdefault(one["optimizer"], []).extend([one["seed"]] * len(one["runs"]))
        return found, content["remarks"]

    return told


def test_two_folders_of_bohb_are_two_tasks(groups) -> None:
    found, remarks = groups("cases/two_tasks")
    assert found == {"adult": {"BOHB": [None]}, "letter": {"BOHB": [None]}}
    assert "each counts as a task of its own: adult, letter" in remarks[0]


def test_two_tasks_and_two_samplers_in_one_storage(groups) -> None:
    found, _ = groups("cases/optuna_two_tasks.log")
    both = {"Optuna (Random)": [None, None], "Optuna (TPE)": [None, None]}
    assert found == {"shifted": both, "sphere": both}


def test_three_searches_of_one_library_are_three_optimizers_on_one_task(groups) -> None:
    found, remarks = groups("cases/hpbandster_three")
    (optimizers,) = found.values()
    assert optimizers == {"BOHB": [None], "Hyperband": [None], "Random Search": [None]}
    assert remarks == []


def test_dimensions_are_tasks(groups) -> None:
    found, _ = groups("ioh/dims", "ioh/two_dimensions")
    assert {task: {name: len(runs) for name, runs in own.items()} for task, own in found.items()} == {
        **{f"Sphere-DIM{dimension}": {"RS": 5} for dimension in (2, 5, 20)},
        **{f"Toy-DIM{dimension}": {"A": 1} for dimension in (2, 40)},
    }


def test_releases_of_dehb_are_runs_of_one_optimizer(groups) -> None:
    found, remarks = groups("dehb/dehb_0.0.5", "dehb/dehb_0.1.0", "dehb/dehb_0.1.1", "dehb/dehb_0.1.2")
    (optimizers,) = found.values()
    assert optimizers == {"DEHB": [None] * 4}
    assert any("which count as one optimizer" in one for one in remarks)
