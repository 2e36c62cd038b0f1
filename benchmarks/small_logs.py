"""Logs of three trials of every format, for the fuzzer: what a log of hundreds says again takes only time."""

from __future__ import annotations

import json
import pickle
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import logs
import pyarrow as pa
import pyarrow.parquet as pq

from encave.converters import registry, survey
from encave.converters.outputs import output
from encave.converters.reader import Options
from encave.run import Run

COUNT = 3
_START = 1_700_000_000.0


def write_all(root: Path) -> None:
    """A folder for each below a new folder."""
    for name, write in {**logs.LOGS, "optuna-journal": optuna_journal}.items():
        write(root / name, COUNT)
    vacuum(root / "optuna" / "optuna.db")
    for name in ("csv", "deepcave", "deepcave13", "ioh"):
        output(name).write([_run(root / "smac")], root / f"written-{name}")
    for written in root.glob("written-*/*/trials.parquet"):  # of DeepCAVE's own there is only DeepCAVE's part
        written.unlink()
        (written.parent / "run.json").unlink()
    for write in (
        evaluations,
        naslib,
        amltk,
        deepcave_dataframe,
        dehb_pickle,
        dehb_text_log,
        carps,
        ray_tune,
        averages,
    ):
        folder = root / write.__name__
        folder.mkdir()
        write(folder)
    for form in ("objects", "texts"):
        ray_tune(root / f"ray_tune_{form}", form)


def _run(folder: Path) -> Run:
    [candidate] = survey.find(folder, registry.chosen(None))
    return candidate.reader.read(candidate.found, Options()).run


def _lines(path: Path, values: list[Any]) -> None:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))


def optuna_journal(folder: Path, count: int) -> None:
    """Optuna's journal, by Optuna."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folder.mkdir()
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "journal.log"))
    study = optuna.create_study(
        storage=optuna.storages.JournalStorage(backend), directions=["minimize", "maximize"], study_name="bench"
    )

    def objective(trial: optuna.Trial) -> tuple[float, float]:
        trial.set_user_attr("note", [1, "x"])
        depth = trial.suggest_int("depth", 1, 9)
        return trial.suggest_float("lr", 1e-5, 1, log=True), float(depth)

    study.optimize(objective, n_trials=count)


def vacuum(path: Path) -> None:
    """Pages of 512 bytes, of which an almost empty database has an eighth of the bytes."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA page_size = 512")
    connection.execute("VACUUM")
    connection.close()


def evaluations(folder: Path) -> None:
    """Of encave: its own `trials.jsonl`."""
    rows = [
        {
            **{"trial": i, "config": config, "budget": 12.0, "seed": None, "worker": 0, "status": "success"},
            **{"cost": {"error": 10.0 + i}, "start": 97.1 * i, "end": 97.1 * (i + 1)},
            "info": {"valid_error_200": 9.1 + i, "origin": "random", "parent": None},
        }
        for i, config in enumerate(logs.configurations(COUNT))
    ]
    _lines(folder / "trials.jsonl", rows)
    content = {
        **{"encave_log": 1, "optimizer": {"name": "RE", "version": "1", "adapter": "re", "settings": {"eta": 3}}},
        "space": logs.space().to_serialized_dict(),
        "objectives": [{"name": "error", "direction": "minimize", "lower": 0.0, "upper": 100.0, "unit": "%"}],
        **{"budget_name": "epochs", "task": "cifar10", "seed": 0, "workers": 1},
        "benchmark": {"name": "NAS-Bench-201", "source": "surrogate", "sha256": "0" * 64, "schedule": 200},
    }
    (folder / "encave.json").write_text(json.dumps(content))


def naslib(folder: Path) -> None:
    """NASLib's `errors.json` with its settings."""
    told = {"dataset": "cifar10", "optimizer": "re", "search_space": "nasbench201", "seed": 3, "search": {"epochs": 3}}
    metrics: dict[str, Any] = {name: [80.0, 81.0, 82.0] for name in ("train_acc", "valid_acc", "test_acc")}
    metrics |= {"runtime": [0.5] * 3, "train_time": [100.0] * 3, "params": 0.0, "arch_eval": 93.1}
    (folder / "errors.json").write_text(json.dumps([told, metrics]))


def amltk(folder: Path) -> None:
    """AutoML-Toolkit's history."""
    table = pa.table(
        {
            **{"status": ["success", "crashed", "fail"], "trial_seed": [1, 1, 1]},
            **{"metric:accuracy [0.0, 1.0] (maximize)": [0.5, None, 0.1], "config:x": [1, 1, 2]},
            **{"metric:loss (minimize)": [2.0, None, 9.0], "name": ["a_budget=3.5_instance=None", "b", "c"]},
            **{"deepcave:time:start": [100.0, 101.0, 102.0], "deepcave:time:end": [101.0, 102.0, 103.0]},
        }
    )
    pq.write_table(table, folder / "history.parquet")


def deepcave_dataframe(folder: Path) -> None:
    """DeepCAVE's DataFrame form."""
    (folder / "configspace.csv").write_text(
        "name,type,log,lower,upper,default,distribution,item_0,item_1,ordered,distribution_mu,distribution_sigma\n"
        "lr,float,True,1e-08,1.0,0.001,uniform,,,,,\ndepth,integer,False,1.0,3.0,3.0,normal,,,,2,1\n"
        "act,categorical,False,,,relu,,relu,tanh\n"
    )
    (folder / "trials.csv").write_text(
        "config_id,lr,depth,act,metric:f1 [0.0; 1.0] (maximize),metric:cost [-inf; inf] (minimize),"
        "status,start_time,end_time,budget,seed,note\n"
        "0,0.25,1,relu,0.5,31.2,success,0,1,1,-1,\n0,0.25,1,relu,0.6,2,SUCCESS,1,2.5,3,-1,\n"
        "1,1e-3,2.0,tanh,,,memoryout,2,3,3,-1,x\n"
    )


def _dehb_rows() -> list[tuple[Any, ...]]:
    return [([0.1 * i, 0.5, 0.25], 5.0 + i, 20.0, 3.0 ** (i + 1), {"start": 1.0 * i}) for i in range(COUNT)]


def dehb_pickle(folder: Path) -> None:
    """The history of DEHB before 0.1.0, as a pickle."""
    (folder / "history_2026.pkl").write_bytes(pickle.dumps(_dehb_rows(), protocol=4))
    rows = [(i, *row) for i, row in enumerate(_dehb_rows())]
    (folder / "history.pkl").write_bytes(pickle.dumps(rows, protocol=4))


def dehb_text_log(folder: Path) -> None:
    """A history of DEHB 0.1.2 with its text log."""
    shutil.copy(logs.dehb(folder / "made", COUNT), folder)
    shutil.rmtree(folder / "made")
    (folder / "dehb_2026-01-01.log").write_text(
        "".join(
            f"2026-01-01T00:00:{i:02d}.5+0000 INFO Evaluating a configuration with fidelity {3**i}.0 under run\n"
            f"2026-01-01T00:00:{i:02d}.9+0000 INFO {i}/3 function evaluation(s) done\n"
            for i in range(COUNT)
        )
    )


def carps(folder: Path) -> None:
    """CARP-S's trials."""
    rows = [
        {
            **{"n_trials": i + 1, "n_function_calls": i + 1},
            "trial_info": {
                **{"config": {"x": 0.5 * i, "op": "a"}, "instance": None, "seed": 1, "budget": 3.0},
                **{"normalized_budget": None, "name": None, "checkpoint": None, "additional_info": {}, "cutoff": None},
            },
            "trial_value": {
                **{"cost": [9.0 - i, 1.0], "time": 0.5, "virtual_time": 0.0, "status": 1},
                **{"starttime": _START + i, "endtime": _START + i + 0.5, "additional_info": {"a": {"b": 1}}},
            },
        }
        for i in range(COUNT)
    ]
    _lines(folder / "trial_logs.jsonl", rows)
    _lines(folder / "trajectory_logs.jsonl", rows[:1])
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "config.yaml").write_text(
        "optimizer_id: RandomSearch\nseed: 1\ntask:\n  task_id: bbob/2/1/0\n"
    )


def ray_tune(folder: Path, form: str = "trial_data") -> None:
    """An experiment of Ray Tune, of releases that differ in the form of its state."""
    states: list[Any] = []
    for i in range(COUNT):
        home = folder / f"train_ab12_{i:05d}"
        home.mkdir(parents=True)
        config = {"lr": 0.1 * (i + 1), "net": {"layers": [8, i]}}
        (home / "params.json").write_text(json.dumps(config))
        results = [
            {
                **{"score": 0.5 * step, "loss": 9.0 - step, "timestamp": int(_START) + 10 * i + step, "done": False},
                **{"training_iteration": step, "trial_id": f"ab12_{i:05d}", "time_total_s": float(step)},
                **{"date": "2023-11-14_22-13-21", "time_this_iter_s": 1.0, "config": config},
            }
            for step in (1, 2)
        ]
        _lines(home / "result.json", results)
        if i == 1:
            (home / "error.txt").write_text("Failure # 1\nValueError: boom\n")
        state = {
            **{"stub": False, "trainable_name": "train", "trial_id": f"ab12_{i:05d}", "config": config},
            **{"evaluated_params": {"lr": 0.1}, "status": ("TERMINATED", "ERROR", "PENDING")[i]},
            **{"relative_logdir": home.name, "experiment_tag": f"{i}_lr={i}", "start_time": _START + 10 * i},
        }
        told = json.dumps({"start_time": _START + 10 * i, "last_result": {}, "metric_analysis": {}})
        states.append({"objects": state, "texts": json.dumps(state)}.get(form, [json.dumps(state), told]))
    content = {
        "trial_data" if form == "trial_data" else "checkpoints": states,
        "runner_data": {"_metric": "score", "_stopper": {"_type": "CLOUDPICKLE_FALLBACK", "value": "80049529"}},
        "stats": {"start_time": _START},
    }
    (folder / "experiment_state-2023-11-14_22-13-20.json").write_text(json.dumps(content))


def averages(folder: Path) -> None:
    """What is no log: best values so far."""
    values = {"regret_validation": [0.2, 0.1], "regret_test": [0.2, 0.1], "runtime": [1.0, 2.0]}
    (folder / "run_0.json").write_text(json.dumps(values))
