"""`encave convert` and `encave inspect` as commands, and what an interrupted one leaves."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from encave.cli import cli
from encave.run import Run, find_runs

from ..converters.conftest import random_lines, write_sidecar, write_trials


def invoke(*arguments: object) -> Any:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_a_table_with_map(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("lr,acc,budget\n0.1,0.5,1\n0.2,0.7,1\n")
    options = ("--map", "objective=acc", "--map", "hyperparameters=lr")
    done = invoke("convert", tmp_path / "t.csv", "--out", tmp_path / "out", *options, "--json")
    assert done.exit_code == 0, done.output
    [run] = json.loads(done.stdout)["runs"]
    assert (run["format"], run["written"]) == ("table", 2)
    wrong = invoke("convert", tmp_path / "t.csv", "--out", tmp_path / "out", "--map", "objective")
    assert wrong.exit_code == 2 and "KEY=COLUMN" in wrong.stderr
    twice = invoke("inspect", tmp_path / "t.csv", *options, "--map", "hyperparameters=budget")
    assert twice.exit_code == 2 and "--map hyperparameters is given twice" in twice.stderr


def test_strict_ends_with_1(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(3))
    done = invoke("convert", tmp_path / "log", "--out", tmp_path / "out", "--strict", "--json")
    assert done.exit_code == 1
    [run] = json.loads(done.stdout)["runs"]
    assert run["reason"].startswith("refused by --strict")
    exported = invoke("convert", tmp_path / "log", "--out", tmp_path / "out", "--strict", "--json", "--to", "run")
    assert exported.exit_code == 1 and json.loads(exported.stdout)["runs"] == [run]
    named = ("--configspace", "nasbench201")
    assert invoke("convert", tmp_path / "log", "--out", tmp_path / "out", "--strict", *named).exit_code == 0
    assert invoke("convert", tmp_path / "log", "--out", tmp_path / "out", "--configspace", "nowhere").exit_code == 2


@pytest.mark.parametrize(("options", "file"), [(("--to", "csv"), "*.csv"), (("--deepcave", "1.3"), "*/history.jsonl")])
def test_other_formats(tmp_path: Path, options: tuple[str, ...], file: str) -> None:
    write_trials(tmp_path / "log", random_lines(3))
    done = invoke("convert", tmp_path / "log", "--out", tmp_path / "out", *options, "--json")
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert len(content["runs"]) == 1 and content["cannot_hold"]
    assert len(list((tmp_path / "out").glob(file))) == 1
    assert "in general" in invoke("convert", tmp_path / "log", "--out", tmp_path / "more", *options).stdout


def test_converted_runs_are_written_again(tmp_path: Path) -> None:
    for seed in range(2):
        write_trials(tmp_path / "logs" / f"log-{seed}", random_lines(3, seed=seed))
    runs, again = tmp_path / "runs", tmp_path / "again"
    assert invoke("convert", tmp_path / "logs", "--out", runs).exit_code == 0
    done = invoke("convert", runs, "--out", again, "--json")
    assert done.exit_code == 0, done.output
    assert [run["format"] for run in json.loads(done.stdout)["runs"]] == ["run", "run"]
    assert [Run.load(folder) for folder in find_runs(again)] == [Run.load(folder) for folder in find_runs(runs)]
    assert (find_runs(again)[0] / "trials.csv").is_file()


def test_runs_beside_logs_are_told(tmp_path: Path) -> None:
    write_trials(tmp_path / "study" / "log", random_lines(3))
    assert invoke("convert", tmp_path / "study", "--out", tmp_path / "study" / "runs").stderr == "1 of 1 logs\n"
    assert invoke("convert", tmp_path / "study", "--out", tmp_path / "study" / "runs").stderr == "1 of 1 logs\n"
    done = invoke("convert", tmp_path / "study", "--out", tmp_path / "other", "--json")
    assert len(json.loads(done.stdout)["runs"]) == 1
    assert "there are also 1 converted run, which was left alone" in done.stderr


def test_a_log_and_its_converted_run_are_exported_once(tmp_path: Path) -> None:
    for seed in range(2):
        write_trials(tmp_path / "study" / f"log-{seed}", random_lines(3, seed=seed))
    assert invoke("convert", tmp_path / "study", "--out", tmp_path / "study" / "runs").exit_code == 0
    (tmp_path / "study" / "log-1" / "trials.jsonl").unlink()
    done = invoke("convert", tmp_path / "study", "--to", "csv", "--out", tmp_path / "csv", "--json")
    assert [run["format"] for run in json.loads(done.stdout)["runs"]] == ["encave", "run"]
    assert len(list((tmp_path / "csv").glob("*.csv"))) == 2


def test_the_older_release_is_of_deepcave_only(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(3))
    done = invoke("convert", tmp_path / "log", "--out", tmp_path / "out", "--deepcave", "1.3", "--to", "csv")
    assert done.exit_code == 2 and "--deepcave 1.3 is not for --to csv" in done.stderr


def test_a_reason_names_the_log(tmp_path: Path) -> None:
    space = {"hyperparameters": [{"name": "lr", "type": "uniform_float", "lower": 0, "upper": 0.1, "default_value": 0}]}
    (tmp_path / "space.json").write_text(
        json.dumps(space | {"conditions": [], "forbiddens": [], "format_version": 0.4})
    )
    (tmp_path / "t.csv").write_text("lr,acc\n0.1,0.5\n0.2,0.7\n")
    options = ("--map", "objective=acc", "--map", "hyperparameters=lr", "--configspace", tmp_path / "space.json")
    done = invoke("inspect", tmp_path / "t.csv", *options, "--json")
    [run] = json.loads(done.stdout)["runs"]
    assert run["reason"].startswith(f"{tmp_path / 't.csv'}: configuration 1: lr = 0.2 is outside the space")


def test_logs_of_several_optimizers_in_one_folder(tmp_path: Path) -> None:
    space = {"hyperparameters": [{"name": "x", "type": "uniform_float", "lower": 0, "upper": 1, "default_value": 0}]}
    space |= {"conditions": [], "forbiddens": [], "format_version": 0.4}
    times = {"submitted": 0.0, "started": 0.0, "finished": 1.0}
    files = {
        "configspace.json": space,
        "results.json": [[0, 0, 0], 1.0, times, {"loss": 1.0, "info": {}}, None],
        "configs.json": [[0, 0, 0], {"x": 0.5}, {}],
        "runhistory.json": {
            "stats": {},
            "data": [[1, None, 0, None, 1.0, 1, 1, 0, 1, {}]],
            "configs": {"1": {"x": 0.1}},
        },
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "history.pkl").write_bytes(pickle.dumps([([0.5], 1.0, 1.0, 3.0, {})]))
    done = invoke("inspect", tmp_path, "--json")
    assert {run["format"]: run["trials"] for run in json.loads(done.stdout)["runs"]} == {
        "bohb": 1,
        "dehb": 1,
        "smac": 1,
    }


def test_what_may_help_is_said_where_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("lr,loss\n1,2\n")
    assert "--map objective=loss --map hyperparameters=lr" in invoke("inspect", tmp_path).stderr
    (tmp_path / "x.bin").write_bytes(b"x")
    assert "say so with --from" in invoke("inspect", tmp_path / "x.bin").stderr


def test_a_packed_file_beside_logs_is_told(tmp_path: Path) -> None:
    write_trials(tmp_path / "logs" / "log", random_lines(3))
    (tmp_path / "logs" / "older.tar").write_bytes(b"packed")
    (tmp_path / "logs" / "log" / "part.zip").write_bytes(b"of the log")
    for verb in (("convert", "--out", tmp_path / "out"), ("inspect",)):
        done = invoke(*verb, tmp_path / "logs", "--json")
        assert done.exit_code == 0 and len(json.loads(done.stdout)["runs"]) == 1
        [told] = json.loads(done.stdout)["passed_over"]
        assert (told["kind"], told["example"]) == ("packed file", str(tmp_path / "logs" / "older.tar"))
        assert told["way_in"] == "unpack it first"


def test_inspect_in_text_and_json(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(3))
    text = invoke("inspect", tmp_path / "log")
    assert text.exit_code == 0
    for told in ("3 trials: 3 success", "budgets: 12", "valid_error (minimize)", "incumbent:", "assumed:"):
        assert told in text.stdout
    [run] = json.loads(invoke("inspect", tmp_path / "log", "--json").stdout)["runs"]
    assert (run["status"], run["trials"]) == ("readable", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


@pytest.fixture(scope="module")
def many_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    logs = tmp_path_factory.mktemp("many") / "logs"
    for seed in range(15):
        write_trials(logs / f"seed-{seed}", random_lines(200, seed=seed))
        write_sidecar(logs / f"seed-{seed}", optimizer="RE", seed=seed)
    return logs


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_conversion_leaves_whole_runs(
    many_logs: Path, tmp_path: Path, how: signal.Signals, jobs: int
) -> None:
    command = [sys.executable, "-c", "from encave.cli import main; main()", "convert", str(many_logs)]
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*command, "--out", str(out), "--jobs", str(jobs)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not (out.is_dir() and find_runs(out)) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    (os.killpg if how == signal.SIGINT else os.kill)(process.pid, how)
    _, told = process.communicate(timeout=60)
    assert "Traceback" not in told
    if how == signal.SIGINT and process.returncode == 130:
        assert not [path.name for path in out.iterdir() if path.name.startswith(".")]
    for folder in find_runs(out):
        assert len(Run.load(folder)) == 200
        assert len((folder / "history.jsonl").read_text().splitlines()) > 0
    until = time.monotonic() + 60  # processes of a killed conversion end when they notice
    while (done := invoke("convert", many_logs, "--out", out, "--json")).exit_code and time.monotonic() < until:
        time.sleep(0.1)
    assert len(json.loads(done.stdout)["runs"]) == 15
    assert {path.name for path in out.iterdir()} == {f"RE-cifar10-seed{seed}" for seed in range(15)}
