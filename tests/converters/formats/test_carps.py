"""CARP-S: optimizer, task, seed and space from Hydra's configuration, trials and counts from the lines."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from encave.converters.engine import Engine
from encave.converters.survey import survey

from ..reading import LOGS, notes, read_one

RUN = LOGS / "carps" / "RandomSearch" / "BBOB" / "bbob" / "2" / "1" / "0" / "1"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the run, in folders that tell nothing."""
    return Path(shutil.copytree(RUN, tmp_path / "a" / "b" / "c" / "d"))


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "trial_logs.jsonl").read_text().splitlines()]


def rewrite(folder: Path, lines: list[dict[str, Any]]) -> None:
    (folder / "trial_logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_the_configuration_of_hydra_names_everything() -> None:
    run = read_one(LOGS / "carps", "carps").run
    told = {key: run.provenance.json()[key] for key in ("group", "task", "seed", "suite", "library")}
    assert told == {"group": "RandomSearch", "task": "bbob/2/1/0", "seed": 1, "suite": "BBOB", "library": "CARP-S"}
    assert (run.name, run.optimizer.name, run.inferred_space) == (
        "RandomSearch-bbob/2/1/0-seed1",
        "RandomSearch",
        False,
    )
    assert list(run.space) == ["x0", "x1"] and run.objectives[0].name == "quality"
    logged = lines_of(RUN)
    assert run.cost().tolist() == [line["trial_value"]["cost"] for line in logged]
    assert run.trials["evaluation"].to_pylist() == list(range(1, 31))
    first = run.configurations.to_pylist()[0]
    assert [first["x0"], first["x1"]] == logged[0]["trial_info"]["config"]
    assert run.trials["end"][29].as_py() > run.trials["start"][29].as_py() > run.trials["start"][0].as_py() == 0.0


def test_budgets_statuses_and_counts_are_the_log_s(copy: Path) -> None:
    lines = lines_of(copy)
    for number, (line, status) in enumerate(zip(lines, (1, 2, 3, 4, 0, "SUCCESS"), strict=False)):
        line["trial_info"] |= {"budget": 3.0, "instance": "i1", "seed": 7}
        line["trial_value"]["status"] = status
        line["n_function_calls"] = 10 * number
    rewrite(copy, lines[:6])
    run = read_one(copy, "carps").run
    words = ["success", "crashed", "timeout", "memory-out", "running", "success"]
    assert run.trials["status"].to_pylist() == words
    assert run.trials["evaluation"].to_pylist() == [1, 11, 21, 31, 41, 51]
    assert {*run.trials["budget"].to_pylist(), *run.trials["instance"].to_pylist()} == {3.0, "i1"}


def test_several_objectives(copy: Path) -> None:
    lines = lines_of(copy)[:3]
    for line in lines:
        line["trial_value"]["cost"] = [1.0, 2.0]
    rewrite(copy, lines)
    assert [one.name for one in read_one(copy, "carps").run.objectives] == ["cost_0", "cost_1"]


def test_without_the_configuration_it_is_said(copy: Path) -> None:
    shutil.rmtree(copy / ".hydra")
    result = read_one(copy, "carps")
    assert "config.yaml is missing" in notes(result) and "hyperparameters are x0, x1" in notes(result)
    assert (result.run.provenance.group, result.run.inferred_space) == ("CARP-S", True)
    named = copy.rename(copy.with_name("random_search"))
    assert read_one(named, "carps").run.provenance.group == "Random Search"


def test_lines_that_are_none_are_counted_and_the_trajectory_is_no_log(copy: Path) -> None:
    with (copy / "trial_logs.jsonl").open("a") as file:
        file.write('{"n_trials": 31}\nnonsense\n')
    result = read_one(copy, "carps")
    assert (result.read, result.dropped, len(result.run)) == (32, 2, 30)
    with Engine() as engine:
        assert survey([copy], engine).passed_over == []
        (copy / "other").mkdir()
        shutil.copy(copy / "trajectory_logs.jsonl", copy / "other")
        [told] = survey([copy], engine).passed_over
    assert told.kind == "trajectory of CARP-S without its trial_logs.jsonl"
