"""Extra columns called as a run's own, such as Ray Tune's `trial_id`, stand beside these in DeepCAVE's files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace, Float

from encave.converters.conversion import convert
from encave.converters.formats.deepcave.output import prepare, write
from encave.run import Objective, Optimizer, Run

EXTRAS = {"extra:trial_id": ["c7_0", "c7_1", "c7_2"], "extra:worker": [7.5, None, 8.5], "extra:date": ["a", "b", "c"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run whose trials ended in another order than they are logged."""
    space = ConfigurationSpace({"x": Float("x", (0, 1))}, seed=0)
    run = Run.from_columns(
        name="ray",
        optimizer=Optimizer("Ray Tune"),
        space=space,
        objectives=[Objective("loss")],
        trials={
            **{"config_id": [0, 1, 2], "status": ["success"] * 3, "cost:loss": [0.1, 0.2, 0.3]},
            **{"start": [2.0, 1.0, 0.0], "end": [3.0, 2.0, 1.0], "worker": ["w"] * 3},
            **EXTRAS,
        },
        configurations={number: {"x": number / 4} for number in range(3)},
    )
    (tmp_path / "run").mkdir()
    run.save(tmp_path / "run")
    write(run, prepare(run)[0], tmp_path / "run")
    return tmp_path / "run"


def once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """An object whose keys differ."""
    assert len({key for key, _ in pairs}) == len(pairs), pairs
    return dict(pairs)


def test_the_run_s_own_fields_keep_their_values(folder: Path) -> None:
    lines = [json.loads(line, object_pairs_hook=once) for line in (folder / "history.jsonl").read_text().splitlines()]
    told = [line[-1] for line in lines]
    assert [fields["trial_id"] for fields in told] == [2, 1, 0]
    assert [fields["extra:trial_id"] for fields in told] == ["c7_2", "c7_1", "c7_0"]
    assert {fields["worker"] for fields in told} == {"w"}
    assert [fields["date"] for fields in told] == ["c", "b", "a"]
    head = next(csv.reader((folder / "trials.csv").read_text(encoding="utf-8").splitlines()))
    assert len(set(head)) == len(head)


@pytest.mark.parametrize("removed", ["trials.csv", "history.jsonl"])
def test_they_come_back(folder: Path, tmp_path: Path, removed: str) -> None:
    for name in ("run.json", "trials.parquet", removed):
        (folder / name).unlink()
    (back,) = convert([folder], tmp_path / "back")
    assert back.output is not None
    table = Run.load(back.output).trials.to_pydict()
    assert sorted(zip(table["trial_id"], table["extra:trial_id"], strict=True)) == list(
        enumerate(EXTRAS["extra:trial_id"])
    )
    assert sorted(str(value) for value in table["extra:worker"]) == ["7.5", "8.5", "None"]
