"""DeepCAVE's DataFrame form."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from encave.converters.formats.deepcave import dataframe
from encave.converters.reader import Options, ReadResult
from encave.converters.survey import find
from encave.errors import EncaveError

SPACE = """name,type,log,lower,upper,default,distribution,item_0,item_1,ordered,distribution_mu,distribution_sigma
lr,float,True,1e-08,1.0,0.001,uniform,,,,,
depth,integer,False,1.0,3.0,3.0,normal,,,,2,1
act,categorical,False,,,relu,,relu,tanh
"""
HEADER = (
    "config_id,lr,depth,act,metric:f1 [0.0; 1.0] (maximize),metric:cost [-inf; inf] (minimize),"
    "status,start_time,end_time,budget,seed,note\n"
)
TRIALS = (
    HEADER
    + """0,0.25,1,relu,0.5,31.2_0,success,0,1,1,-1,
0,0.25,1,relu,0.6,2,SUCCESS,1,2.5,3,-1,ü
1,1e-3,2.0,tanh,,,memoryout,2,3,3,-1,
1,1e-3,2,tanh,0.1,3,what,2,3,3,-1,
"""
)


def write_log(folder: Path, trials: str = TRIALS, space: str = SPACE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trials.csv").write_text(trials)
    (folder / "configspace.csv").write_text(space)
    return folder


def read(folder: Path) -> ReadResult:
    [candidate] = find(folder, [dataframe.READER])
    return candidate.reader.read(candidate.found, Options())


def test_trials_objectives_and_space(tmp_path: Path) -> None:
    result = read(write_log(tmp_path / "run"))
    run = result.run
    assert (result.read, result.dropped, len(run)) == (4, 1, 3)
    assert [(o.name, o.direction, o.lower, o.upper) for o in run.objectives] == [
        ("f1", "maximize", 0.0, 1.0),
        ("cost", "minimize", None, None),
    ]
    assert run.trials["cost:cost"].to_pylist() == [31.2, 2.0, None]
    assert run.trials["status"].to_pylist() == ["success", "success", "memory-out"]
    assert run.trials["config_id"].to_pylist() == [0, 0, 1]
    assert run.trials["budget"].to_pylist() == [1.0, 3.0, 3.0]
    assert run.trials["seed"].null_count == 3
    assert run.trials["extra:note"].to_pylist() == [None, "ü", None]
    assert run.configuration(1) == {"act": "tanh", "depth": 2, "lr": 0.001}
    assert run.space["lr"].log
    assert type(run.space["depth"]).__name__ == "NormalIntegerHyperparameter"


@pytest.mark.parametrize(
    "trials, space, reason",
    [
        ("", SPACE, "empty|not a CSV"),
        (TRIALS, "", "names no hyperparameter"),
        (TRIALS, SPACE.replace("float", "complex"), "'complex' is not float"),
        (TRIALS, SPACE.replace("1e-08", "low"), "row of 'lr'"),
        (TRIALS.replace("f1 [0.0; 1.0]", "f1"), SPACE, "metric:f1"),
        (TRIALS.replace("depth,act", "deep,act"), SPACE, "no column depth"),
        (TRIALS.replace("relu", "elu"), SPACE, "outside the space"),
        (TRIALS.replace(",1,relu", ",one,relu"), SPACE, "no number"),
    ],
)
def test_damaged_files_are_refused_with_the_reason(tmp_path: Path, trials: str, space: str, reason: str) -> None:
    with pytest.raises(EncaveError, match=reason):
        read(write_log(tmp_path / "run", trials, space))


def test_a_default_is_that_of_the_file_else_configspaces(tmp_path: Path) -> None:
    space = SPACE.replace("0.001,uniform", "0.01,uniform").replace(",,,relu,,relu", ",,,tanh,,relu")
    told = read(write_log(tmp_path / "told", space=space)).run.space
    assert [told[name].default_value for name in ("lr", "depth", "act")] == [0.01, 3, "tanh"]
    space = (
        SPACE.replace("0.001,uniform", ",uniform")
        .replace("3.0,3.0,normal", "3.0,,normal")
        .replace("relu,,relu", ",,relu")
    )
    untold = read(write_log(tmp_path / "untold", space=space)).run.space
    assert [untold[name].default_value for name in ("lr", "depth", "act")] == [pytest.approx(1e-4), 2, "relu"]


@pytest.mark.parametrize("seed", ["1e999", "99999999999999999999", "x"])
def test_rows_with_an_impossible_seed_are_dropped(tmp_path: Path, seed: str) -> None:
    result = read(write_log(tmp_path / "run", TRIALS.replace("success,0,1,1,-1", f"success,0,1,1,{seed}")))
    assert (result.read, len(result.run), result.dropped) == (4, 2, 2)


@pytest.mark.parametrize("number, trials", [(1, 20), (2, 88), (3, 42)])
def test_real_logs_trial_by_trial(shared: Path, number: int, trials: int) -> None:
    folder = shared / "logs" / "real" / "deepcave-examples" / "DataFrame" / f"run_{number}"
    result = read(folder)
    with (folder / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert (result.read, len(result.run), len(rows)) == (trials, trials, trials)
    [objective] = result.run.objectives
    [metric] = [name for name in rows[0] if name.startswith("metric")]
    assert objective.direction == "maximize"
    assert result.run.trials[f"cost:{objective.name}"].to_pylist() == [float(row[metric]) for row in rows]
    first = min(float(row["start_time"]) for row in rows)
    assert result.run.trials["end"].to_pylist() == [float(row["end_time"]) - first for row in rows]
    for trial, row in zip(result.run.trials.to_pylist(), rows, strict=True):
        configuration = result.run.configuration(trial["config_id"])
        spelled = {name: row[name] for name in configuration}
        assert all(type(value)(spelled[name]) == value for name, value in configuration.items())


def test_choices_in_quotes_are_what_encave_writes(tmp_path: Path) -> None:
    space = (
        "name,type,lower,upper,default,log,ordered,item_0,item_1\nn,categorical,,,'16',,False,'16',\"'\"\"8\"\"'\"\n"
    )
    trials = "n,metric:e [0.0; 1.0] (minimize),status,start_time,end_time\n'16',0.5,SUCCESS,0,1\n"
    run = read(write_log(tmp_path / "run", trials + '"\'""8""\'",1,SUCCESS,1,2\n', space)).run
    assert [run.configuration(i)["n"] for i in (0, 1)] == [16, "8"]
    assert any(note.kind == "assumed" for note in run.notes)
