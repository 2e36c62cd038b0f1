"""Columns and attributes that have one value in all trials say on what and with which seed a run was made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import ConfigurationSpace

from encave import read
from encave.analysis.grouping.sections import view_runs
from encave.run import Run

LOSS = {"objective": "loss", "hyperparameters": "x"}


def _table(path: Path, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    number = len(path.parts[-1]) + sum(map(ord, str(path)))
    rows = [{"x": k / 10, "loss": 1 / (k + number), **columns} for k in range(5)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _groups(runs: list[Run]) -> dict[str, int]:
    return {one.title: len(one.runs) for one in view_runs(runs).sections}


@pytest.mark.parametrize(
    ("columns", "task", "seed"),
    [
        ({"dataset": "adult"}, "adult", None),
        ({"dataset": "adult", "seed": 3}, "adult", 3),
        ({"dim": 5, "function": "Ackley"}, "Ackley, dim 5", None),
        ({"openml_task_id": 3917, "random_state": 1}, "openml_task_id 3917", 1),
        ({"task": "classification", "data": "x"}, None, None),
        ({"info": {"dataset": "adult"}}, "adult", None),
        ({"dim": 5}, None, None),
        ({"dataset": [1], "seed": "a"}, None, None),
    ],
)
def test_what_all_rows_have(tmp_path: Path, columns: dict[str, Any], task: str | None, seed: int | None) -> None:
    (run,) = read(_table(tmp_path / "t.jsonl", **columns), map=LOSS)
    assert (run.task, run.seed) == (task, seed)
    told = [note.text for note in run.notes if "is what all trials have as" in note.text]
    assert len(told) == (task is not None) + (seed is not None)
    assert run.provenance.seed_from == (None if seed is None else f"column {list(columns)[-1]}")


def test_what_differs_in_a_row_or_is_mapped_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,loss,dataset,seed\n0.1,1,adult,3\n0.2,2,letter,\n")
    (run,) = read(path, map=LOSS)
    assert (run.task, run.seed) == (None, None)
    (run,) = read(_table(tmp_path / "t.jsonl", dataset="adult", seed=3), map=LOSS | {"task": "mine"})
    assert (run.task, run.seed) == ("mine", 3)


def test_runs_that_differ_in_it_are_no_seeds_of_one_another(tmp_path: Path) -> None:
    for number, (task, dim) in enumerate([("adult", 2), ("adult", 2), ("letter", 2)]):
        _table(tmp_path / "named" / f"run_{number}.jsonl", dataset=task)
        _table(tmp_path / "dims" / f"run_{number}.jsonl", dim=dim if number < 2 else 40)
    assert _groups(list(read(tmp_path / "named", map=LOSS))) == {"adult": 2, "letter": 1}
    assert _groups(list(read(tmp_path / "dims", map=LOSS))) == {"dim2": 2, "dim40": 1}


def test_attributes_of_studies_and_trials_of_optuna(tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    for number, task in enumerate(("adult", "letter")):
        study = optuna.create_study(storage=storage, study_name=f"study_{number}")
        study.set_user_attr("dataset", task)

        def objective(trial: Any, seed: int = 7 + number) -> float:
            trial.set_user_attr("seed", seed)
            return trial.suggest_float("x", 0, 1) + seed

        study.optimize(objective, n_trials=4)
    runs = list(read(tmp_path))
    assert [(run.task, run.seed) for run in runs] == [("adult", 7), ("letter", 8)]
    assert _groups(runs) == {"adult": 1, "letter": 1}


def test_settings_that_were_not_searched(tmp_path: Path) -> None:
    own = {"objective": "loss", "hyperparameters": "x,config.*"}
    for number, task in enumerate(("adult", "letter")):
        _table(tmp_path / f"run_{number}.jsonl", config={"dataset": task, "seed": 3, "lr": 0.1})
    runs = list(read(tmp_path, map=own))
    assert [(run.task, run.seed) for run in runs] == [("adult", 3), ("letter", 3)]
    # of one configuration, or of a space that says that it was searched, nothing is known
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "t.csv").write_text("x,loss,dataset\n0.1,1,adult\n")
    (run,) = read(tmp_path / "one", map=LOSS | {"hyperparameters": "x,dataset"})
    assert run.task is None
    fixed = ConfigurationSpace({"x": (0.0, 1.0), "dataset": ["adult"]})
    (run,) = read(tmp_path / "one", map=LOSS | {"hyperparameters": "x,dataset"}, configspace=fixed)
    assert run.task == "adult"
    (tmp_path / "one" / "t.csv").write_text("x,loss,dataset\n0.1,1,adult\n0.2,1,adult\n")
    space = ConfigurationSpace({"x": (0.0, 1.0), "dataset": ["adult", "letter"]})
    (run,) = read(tmp_path / "one", map=LOSS | {"hyperparameters": "x,dataset"}, configspace=space)
    assert run.task is None
