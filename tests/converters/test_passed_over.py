"""What lies below sources and was not read: told by its name, counted, with the way in; and nothing else."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import pickle
import shlex
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from encave.converters.engine import Engine
from encave.converters.survey import NothingFoundError, survey
from encave.errors import EncaveError

from ..cli.test_convert import invoke
from .conftest import random_lines, write_trials

LOGS = Path(__file__).parents[1] / "logs"
CASES, FRAMES = LOGS / "cases", LOGS / "frames"


def passed(folder: Path) -> dict[str, int]:
    """Kind → count of what was passed over below a folder, in which a log is put so that it is searched as any is."""
    write_trials(folder / "a log", random_lines(2))
    with Engine() as engine:
        return {each.kind: each.count for each in survey([folder], engine).passed_over}


def kind_of(path: Path, content: str | bytes) -> str | None:
    """What a single file is told to be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _ = path.write_bytes(content) if isinstance(content, bytes) else path.write_text(content)
    found = passed(path.parent)
    assert sum(found.values()) <= 1
    return next(iter(found), None)


def test_a_mixed_folder_is_accounted_for_on_the_terminal_in_json_and_in_the_status(tmp_path: Path) -> None:
    source, out = CASES / "mixed_folder", tmp_path / "out"
    shown = invoke("convert", source, "--out", out)
    assert shown.exit_code == 0
    lines = [line for line in shown.stdout.splitlines() if "KerasTuner" in line or "table (CSV)" in line]
    assert len(lines) == 4 and all(line.startswith("│") for line in lines[:2])
    assert "--map objective=loss --map hyperparameters=lr" in lines[3]
    for verb in (("convert", "--out", out), ("inspect",)):
        told = json.loads(invoke(*verb, source, "--json").stdout)
        assert [run["format"] for run in told["runs"]] == ["bohb"]
        assert [(one["kind"], one["count"]) for one in told["passed_over"]] == [
            ("KerasTuner project", 1),
            ("table (CSV)", 1),
        ]
        assert told["passed_over"][1]["example"].endswith("nested/table.csv")
    assert invoke("inspect", source, "--strict").exit_code == 1
    assert invoke("report", source, "--out", tmp_path / "report", "--strict").exit_code == 1


def test_report_tells_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    told = invoke("groups", CASES / "mixed_folder", "--json")
    assert told.exit_code == 0 and "KerasTuner project" in told.stderr and json.loads(told.stdout)["groups"]


@pytest.mark.parametrize("case", ["nested_table", "kerastuner"])
def test_a_source_without_a_log_is_an_error_with_the_way_in(case: str, tmp_path: Path) -> None:
    log = write_trials(tmp_path / "log", random_lines(3))
    for sources in ([CASES / case], [log, CASES / case]):
        done = invoke("convert", *sources, "--out", tmp_path / "out", "--json")
        told = json.loads(done.stdout)
        assert done.exit_code == 2 and not (tmp_path / "out").exists()
        assert "no log found" in told["error"] and str(CASES / case) in told["error"] and str(log) not in told["error"]
        assert told["passed_over"][0]["way_in"] and "--map objective=" in told["passed_over"][0]["way_in"]
    opened = invoke("open", log, CASES / case, "--no-browser")
    assert opened.exit_code == 2 and str(CASES / case) in opened.stderr and "--map objective=" in opened.stderr


@pytest.mark.parametrize("arguments", [["inspect", "--json"], ["inspect", "x", "--nonsense", "--json"]])
def test_errors_of_usage_are_json_too(arguments: list[str]) -> None:
    done = invoke(*arguments)
    assert done.exit_code == 2 and set(json.loads(done.stdout)) == {"error"}
    assert not invoke(*arguments[:-1]).stdout


def test_the_formats_are_listed_on_request_only(tmp_path: Path) -> None:
    listed = invoke("inspect", "--formats")
    assert listed.exit_code == 0 and "ray-tune" in listed.stdout and "HpBandSter" in listed.stdout
    assert "HpBandSter" not in invoke("inspect", tmp_path).stderr


def test_the_way_in_of_a_table_is_one(tmp_path: Path) -> None:
    """The options that are printed read the table."""
    for name in ("wandb_export.csv", "table.csv"):
        source = FRAMES / name if name.startswith("wandb") else CASES / "nested_table" / "sub" / name
        [told] = json.loads(invoke("inspect", source, "--json").stdout)["passed_over"]
        options = shlex.split(told["way_in"][told["way_in"].index("--map") :].partition(" (of")[0])
        [run] = json.loads(invoke("inspect", source, *options, "--json").stdout)["runs"]
        assert run["status"] == "readable" and run["incumbent"]["cost"] in (0.5, 0.4)
        assert sum(run["statuses"].values()) == run["trials"] == 2


def test_the_way_in_of_a_keras_tuner_project_is_one(tmp_path: Path) -> None:
    project = Path(shutil.copytree(CASES / "kerastuner", tmp_path / "project"))
    [told] = json.loads(invoke("inspect", project, "--json").stdout)["passed_over"]
    program, options = (
        told["way_in"].removeprefix("in its folder python -c ").split(", then encave convert trials.csv ")
    )
    subprocess.run([sys.executable, "-c", *shlex.split(program)], cwd=project, check=True)
    given = shlex.split(options.partition(" (")[0])
    [run] = json.loads(invoke("inspect", project / "trials.csv", *given, "--json").stdout)["runs"]
    assert run["incumbent"] == {"cost": 0.5, "configuration": {"units": 16}}
    assert told["example"] == str(project)


def test_files_of_a_log_that_is_read_are_not_told(tmp_path: Path) -> None:
    smac = tmp_path / "smac"
    shutil.copytree(LOGS / "odd" / "allfailed" / "s0" / "0", smac)
    for name in ("intensifier.json", "optimization.json", "traj.json", "traj_aclib2.json"):
        (smac / name).write_text('{"cpu_time": 1.0, "cost": 2.0}\n{"cpu_time": 2.0, "cost": 1.0}\n')
    (smac / "traj_old.csv").write_text("CPU Time Used,Cost\n1,2\n")
    (smac / "scenario.txt").write_text("pcs_fn = x.pcs\nfeature_fn = data/feats.csv\n")
    (smac / "feats.csv").write_text("instance,f1\na,1\n")
    (smac / "model.zip").write_bytes(b"packed")
    shutil.copytree(LOGS / "syne-tune" / "toy-rea-2026-11-22-01-31-01-904", tmp_path / "syne-tune")
    shutil.copytree(LOGS / "neps" / "0.17-hyperband", tmp_path / "neps")
    (next((tmp_path / "neps" / "configs").iterdir()) / "curve.csv").write_text("a,b\n1,2\n")
    (tmp_path / "neps" / "shared_errors.jsonl").write_text('{"trial_id": 1, "err": "x"}\n')
    shutil.copytree(LOGS / "dehb" / "dehb_0.1.1", tmp_path / "dehb")
    (tmp_path / "dehb" / "events.out.tfevents.1.vm").write_bytes(b"x")
    for beside in ("model.pt", "notes.txt", ".hidden.csv"):
        (tmp_path / beside).write_text("a,b\n1,2\n")
    assert passed(tmp_path) == {}


def test_a_mapping_takes_no_parts_of_other_logs_for_tables(tmp_path: Path) -> None:
    smac = tmp_path / "smac"
    shutil.copytree(LOGS / "odd" / "allfailed" / "s0" / "0", smac)
    (smac / "traj.json").write_text('{"cpu_time": 1.0, "cost": 2.0}\n{"cpu_time": 2.0, "cost": 1.0}\n')
    (smac / "traj_old.csv").write_text("CPU Time Used,Cost\n1,2\n")
    shutil.copytree(LOGS / "neps" / "0.17-hyperband", tmp_path / "neps")
    (next((tmp_path / "neps" / "configs").iterdir()) / "curve.csv").write_text("a,b\n1,2\n")
    shutil.copy(CASES / "nested_table" / "sub" / "table.csv", tmp_path)
    with Engine() as engine:
        found = survey([tmp_path], engine, mapping={"objective": "loss", "hyperparameters": "lr"})
    assert sorted(log.format for log in found.logs) == ["neps", "smac", "table"] and not found.unread


def test_parts_of_known_outputs_without_their_log_are_called_by_name(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "traj_old.csv").write_text('"CPU Time Used","Estimated Training Performance"\n1,2\n')
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "scenario.json").write_text('{"name": "x", "crash_cost": 1, "seed": 0}')
    java = tmp_path / "java"
    java.mkdir()
    (java / "runs_and_results-it10.csv").write_text("Run Number,Run Quality\n1,2\n")
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "progress.csv").write_text("loss,training_iteration\n1,1\n")
    (tmp_path / "nas").mkdir()
    (tmp_path / "nas" / "scores.json").write_text('[{"a": 1}, {"kendalltau": 0.5, "pearson": 0.5, "fit_time": 1}]')
    told = passed(tmp_path)
    assert told == {
        "part of a run of SMAC without its runhistory.json": 2,
        "table of SMAC-Java (SMAC 2)": 1,
        "results of a Ray Tune trial without its params.json": 1,
        "NASLib's evaluation of a predictor, which is no search": 1,
    }


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("evals.txt", b"x loss\n1 2\n2 1\n", "table (text)"),
        ("evals.dat", b"x;loss\r\n1;2e-3\r\n2;nan\r\n", "table (text)"),
        ("evals.txt", b"a note\nof two\nshort lines\n", None),
        ("evals.txt", b"numpy==1.26\npandas==2.0\nray==2.9\n", None),
        ("out.json", b'{"seed": 1, "trials": [{"x": 1, "loss": 2}]}', "list of trials in an object (JSON)"),
        ("out.json", b'{"seed": 1, "trials": 12}', None),
        ("frame.feather", b"ARROW1", "table (.feather)"),
    ],
)
def test_whatever_may_hold_trials_is_told(tmp_path: Path, name: str, content: bytes, kind: str | None) -> None:
    assert kind_of(tmp_path / "logs" / name, content) == kind


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("hist.npz", b"PK", "arrays of NumPy"),
        ("out.pkl", pickle.dumps({"x": [1], "loss": [2]}), "pickle"),
        ("out.yaml", b"- {x: 1, size: 2}\n- {x: 2, size: 1}\n", "list (YAML)"),
        ("out.yaml", b"x: 1\n", None),
        ("out.h5", b"\x89HDF", "HDF5 file"),
    ],
)
def test_what_may_hold_trials_is_told_where_there_is_no_log(
    tmp_path: Path, name: str, content: bytes, kind: str | None
) -> None:
    (tmp_path / name).write_bytes(content)
    told = json.loads(invoke("inspect", tmp_path, "--json").stdout)
    assert [one["kind"] for one in told["passed_over"]] == [kind] * (kind is not None) and "no log found" in told[
        "error"
    ]


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"configs.json": "[[0,0", "results.json": "{"}, "results of HpBandSter without a whole line"),
        ({"configs.json": '[[0, 0, 0], {"x": 1}, {}]\n', "results.json": "[[0, 0"},
         "results of HpBandSter without a whole line"),
        ({"history_1.pkl": "\x00"}, "history (pickle) that is cut off or none of DEHB's"),
        ({"journal.log": '{"op_code": 0, "worker'}, "journal of Optuna without a whole line"),
    ],
)  # fmt: skip
def test_a_log_without_a_whole_trial_is_told(tmp_path: Path, files: dict[str, str], kind: str) -> None:
    write_trials(tmp_path / "log", random_lines(3))
    (tmp_path / "broken").mkdir()
    for name, content in files.items():
        (tmp_path / "broken" / name).write_text(content)
    done = invoke("inspect", tmp_path, "--json", "--strict")
    told = json.loads(done.stdout)
    assert done.exit_code == 1 and [one["kind"] for one in told["passed_over"]] == [kind]


def test_what_mostly_holds_none_is_told_only_where_there_is_no_log(tmp_path: Path) -> None:
    shutil.copytree(LOGS / "dehb" / "dehb_0.1.1", tmp_path / "dehb")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps([1]))
    (tmp_path / "weights.npz").write_bytes(b"PK")
    assert passed(tmp_path) == {}
    (tmp_path / "evals.txt").write_text("x loss\n1 2\n2 1\n")
    assert passed(tmp_path) == {"table (text)": 1}


class Result:
    """Pickled under the name of a class that is not here."""

    def __init__(self, module: str) -> None:
        self.module = module


@pytest.mark.parametrize(
    ("module", "pack", "kind"),
    [
        ("hpbandster.core.result", bytes, "HpBandSter's Result (pickle)"),
        ("hpbandster.core.result", gzip.compress, "HpBandSter's Result (pickle)"),
        ("hyperopt.base", bz2.compress, "HyperOpt's Trials (pickle)"),
        ("skopt.searchcv", bytes, "search of scikit-optimize (pickle)"),
        ("torch.nn.modules", bytes, None),
    ],
)
def test_pickles_are_told_by_their_classes_and_not_loaded(
    module: str, pack: Any, kind: str | None, tmp_path: Path
) -> None:
    stored = pickle.dumps(Result(module)).replace(Result.__module__.encode(), module.encode())
    assert kind_of(tmp_path / "logs" / "result.pkl", pack(stored)) == kind


def test_a_dump_of_hyperopt_as_it_writes_it(tmp_path: Path) -> None:
    assert (
        kind_of(tmp_path / "h" / "trials.pkl", (FRAMES / "hyperopt.pkl").read_bytes()) == "HyperOpt's Trials (pickle)"
    )


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.json", '{"_type": "AxClient", "experiment": {}}', "experiment of Ax (JSON)"),
        ("a.json", '{"x": {"0": 1, "1": 2}, "loss": {"0": 1, "1": 2}}', "table of columns (JSON)"),
        ("a.json", '[{"x": 1, "loss": 2}]', "table (JSON)"),
        ("a.json", '{"x": 1, "loss": 2}\n{"x": 1, "loss": 2}\n', "table (JSON)"),
        ("a.log", '{"x": 1, "loss": 2}\n{"x": 1, "loss": 2}\n', "table (JSON)"),
        ("a.json", '{"x": 1, "loss": 2}', None),
        ("a.json", '[{"name": "x", "facts": {"rows": 3}}]', None),
        ("a.json", "[1, 2, 3]", None),
        ("a.json", '{"lr": [1, 2], "loss": [2, 1]}', "table of columns (JSON)"),
        ("a.json", '{"lr": [1, 2], "loss": [2]}', None),
        ("a.json", '{"layers": [1, 2], "sizes": [2, 1]}', None),
        ("a.json", '{"1": {"lr": 1, "loss": 2}, "2": {"lr": 2, "loss": 1}}', "objects by trial (JSON)"),
        ("a.json", '{"train": {"lr": 1, "size": 2}, "test": {"lr": 2, "size": 1}}', None),
        ("metrics.csv", "epoch,step,train_loss,val_loss\n0,1,2,3\n", "curve of one training (Lightning)"),
        ("metrics.csv", "epoch,step,depth,val_loss\n0,1,2,3\n", "table (CSV)"),
        ("a.yaml", "# mine\n- lr: 0.1\n  val_loss: 2\n- lr: 0.2\n  val_loss: 1\n", "table (YAML)"),
        ("a.yml", "- {lr: 0.1, loss: 2}\n- {lr: 0.2, loss: 1}\n", "table (YAML)"),
        ("a.yaml", "- name: x\n  size: 2\n", None),
        ("optimization_results.yaml", "name: optuna\nbest_value: 1\n", "result of a sweep of Hydra"),
        ("a.csv", "x\n1\n2\n", None),
        ("a.log", "lr,loss\n0.1,2\n0.2,1\n", "table (text)"),
        ("trials", "lr loss\n0.1 2\n0.2 1\n", "table (text)"),
        ("obs.dat", "#iteration observation\n0 0.1\n1 0.2\n", "table (text)"),
        ("LICENSE", "MIT License\n\nCopyright 2024 me\n", None),
        ("a.csv", "", None),
        ("a.tsv", "x\ty\n1\t2\n", "table (TSV)"),
        ("a.xlsx", "PK", "table (.xlsx)"),
        ("irace.Rdata", "RDX3", "log of irace (R data)"),
        ("bbob_f1.info", "suite = 'bbob', funcId = 1, DIM = 2\n%\n", "experiment of COCO or old IOHprofiler (.info)"),
        ("a.csv", "run_id,metrics.acc,params.lr\n1,2,3\n", "MLflow's data frame of runs"),
        ("a.csv", "trial_index,arm_name,trial_status,loss,x\n0,0_0,COMPLETED,2,3\n", "Ax's data frame of trials"),
        ("a.csv", "params,param_C,mean_test_f1,mean_test_acc\n{},1,2,3\n", "scikit-learn's cv_results_"),
        ("a.csv", "trial_id,training_iteration,config/lr,this,that\na,1,0.1,1,2\n", "Ray Tune's data frame of results"),
        ("a.zip", "PK", "packed file"),
        ("train.log", "epoch 1 loss 2\n", None),
        ("configspace.csv", "name,type\nx,float\n", None),
    ],
)  # fmt: skip
def test_kinds_of_single_files(name: str, content: str, kind: str | None, tmp_path: Path) -> None:
    assert kind_of(tmp_path / "logs" / name, content) == kind


def test_databases_are_told_by_their_tables(tmp_path: Path) -> None:
    for name, tables in (("mlflow", ("experiments", "latest_metrics")), ("other", ("things",))):
        (tmp_path / name).mkdir()
        with sqlite3.connect(tmp_path / name / f"{name}.db") as database:
            for table in tables:
                database.execute(f"CREATE TABLE {table} (x INTEGER)")
        database.close()
    assert passed(tmp_path) == {"MLflow's database": 1, "SQLite database without a study of Optuna": 1}


def test_runs_of_trackers_are_one_each_with_all_that_is_in_them(tmp_path: Path) -> None:
    for run in ("a", "b"):
        folder = tmp_path / "mlruns" / "0" / run
        (folder / "metrics").mkdir(parents=True)
        (folder / "artifacts").mkdir()
        (folder / "meta.yaml").write_text(f"artifact_uri: x\nlifecycle_stage: active\nrun_id: {run}\n")
        (folder / "metrics" / "val_acc").write_text("1 0.5 0\n")
        (folder / "artifacts" / "table.csv").write_text("a,b\n1,2\n")
    sacred = tmp_path / "sacred" / "1"
    sacred.mkdir(parents=True)
    (sacred / "config.json").write_text('{"lr": 0.1}')
    (sacred / "run.json").write_text('{"artifacts": [], "experiment": {"name": "x", "sources": []}}')
    write_trials(tmp_path / "log", random_lines(2))
    with Engine() as engine:
        runs, other = survey([tmp_path], engine).passed_over
    assert (runs.kind, runs.count, other.kind) == ("run in MLflow's mlruns", 2, "run of Sacred")
    assert runs.way_in is not None and "--map objective=metrics.val_acc:maximize" in runs.way_in


@pytest.mark.parametrize("beside", [False, True])
def test_what_other_trackers_left_is_told_beside_a_log_too(tmp_path: Path, *, beside: bool) -> None:
    for name in ("tb/events.out.tfevents.1.vm", "wandb/run-1/run-1.wandb", "wandb/run-1/files/media/table/a.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a,b\n1,2\n")
    if beside:
        write_trials(tmp_path / "log", random_lines(2))
        (tmp_path / "log" / "events.out.tfevents.1.vm").write_bytes(b"x")  # of the log's own trainings
        found = passed(tmp_path)
    else:
        with Engine() as engine, pytest.raises(NothingFoundError) as caught:
            survey([tmp_path], engine)
        found = {each.kind: each.count for each in caught.value.passed_over}
    assert found == {"event file of TensorBoard": 1, "run of W&B": 1}
    (tmp_path / "stray.wandb").write_bytes(b"x")  # what lies beside one is none of its parts
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    if beside:
        assert passed(tmp_path) == {"event file of TensorBoard": 1, "run of W&B": 2, "table (CSV)": 1}


def test_a_forced_format_tells_of_the_other_logs(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(2))
    shutil.copytree(CASES / "mixed_folder", tmp_path / "mixed")
    with Engine() as engine:
        found = survey([tmp_path], engine, "encave")
    assert "log of BOHB (HpBandSter)" in {each.kind for each in found.passed_over}


def test_reports_of_encave_are_no_logs(tmp_path: Path) -> None:
    (tmp_path / "report" / "data").mkdir(parents=True)
    (tmp_path / "report" / "manifest.json").write_text('{"encave_report": 1}')
    (tmp_path / "report" / "data" / "curves.csv").write_text("x,y\n1,2\n")
    assert passed(tmp_path) == {}


def test_an_empty_folder_is_an_error_of_its_own(tmp_path: Path) -> None:
    write_trials(tmp_path / "log", random_lines(2))
    (tmp_path / "empty").mkdir()
    with Engine() as engine, pytest.raises(EncaveError, match=r"no log found in \S*empty\."):
        survey([tmp_path / "log", tmp_path / "empty"], engine)


def test_links_to_what_the_system_makes_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "runhistory.json").symlink_to("/proc/kmsg")  # a plain file to the system, which waits for ever
    (tmp_path / "trials").symlink_to("/proc/self/task")  # from where links lead to everything
    assert passed(tmp_path) == {"leads to what the system makes, no file": 2}


def test_links_to_what_a_source_lies_in_or_the_system_makes_are_not_followed(tmp_path: Path) -> None:
    write_trials(tmp_path / "other", random_lines(2))
    write_trials(tmp_path / "source" / "log", random_lines(2))
    for name, to in {"up": "..", "root": "/", "proc": "/proc", "sys": "/sys/", "self": "."}.items():
        (tmp_path / "source" / name).symlink_to(to)
    with Engine() as engine:
        found = survey([tmp_path / "source"], engine)
    assert [log.found.path.parent.name for log in found.logs] == ["log"]
    assert {each.kind: each.count for each in found.passed_over} == {
        "leads to a folder which its source lies in": 2,
        "leads to what the system makes, no file": 2,
    }


def test_a_link_that_this_user_may_not_follow_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_trials(tmp_path / "log", random_lines(2))
    (tmp_path / "link").symlink_to("/proc/1/cwd")
    real = os.readlink

    def readlink(path: str) -> str:
        if str(path) == "/proc/1/cwd":  # as for whoever is not root
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "readlink", readlink)
    with Engine() as engine:
        found = survey([tmp_path], engine)
    assert len(found.logs) == 1 and "leads to what the system makes, no file" in {
        each.kind for each in found.passed_over
    }


def test_a_log_where_runs_are_written_to_is_told(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_trials(tmp_path / name, random_lines(2))
    with Engine() as engine:
        found = survey([tmp_path], engine, skip=tmp_path / "b")
        assert [log.found.path.parent.name for log in found.logs] == ["a"]
        assert [each.kind for each in found.passed_over] == [
            "folder that is written to, which holds files and is not searched"
        ]
        (tmp_path / "b" / "trials.jsonl").unlink()
        assert not survey([tmp_path], engine, skip=tmp_path / "b").passed_over


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("params,param_C,mean_test_f1,mean_test_acc\n{},1,2,3\n", "(COLUMN: mean_test_f1 or mean_test_acc)"),
        ("0.1,2\n0.2,1\n", "its first line has no names"),
        ("lr,loss,loss\n0.1,2,1\n", "two columns are called loss: rename one"),
        ("sep=;\nlr;loss\n0.1;2\n", "--map objective=loss --map hyperparameters=lr (of lr, loss)"),
        ("lr;loss\n0,1;2\n0,2;1,5\n", "--map hyperparameters=lr --map decimal=, (of"),
        ('lr,loss,note\n0.1,2,"a,b"\n', "--map hyperparameters=lr,note (of"),
        ("trial_index,arm_name,metric_name,mean,sem\n0,0_0,err,1.0,\n", "observations and no parameters"),
        (
            "id,experiment_id,status,suggested,reserved,completed,objective,n,x\na,1,completed,,,,1,2,3\n",
            "--map objective=objective --map hyperparameters=n,x --map status=status --map start=reserved",
        ),
    ],
)
def test_the_way_in_says_what_a_person_has_to_choose(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "table.csv").write_text(content)
    with Engine() as engine, pytest.raises(NothingFoundError) as caught:
        survey([tmp_path], engine)
    assert told in str(caught.value.passed_over[0].way_in)
