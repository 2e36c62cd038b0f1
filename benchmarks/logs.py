"""Logs of any size for the benchmarks, as the optimizers write them: what is made up are the numbers in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer

CHOICES = ["adam", "sgd", "rmsprop"]
_BUDGETS = np.array([3.0, 9.0, 27.0])


def space() -> ConfigurationSpace:
    """Three floats, two integers and a categorical."""
    result = ConfigurationSpace(seed=0)
    result.add(Float("lr", (1e-6, 1.0), log=True), Float("momentum", (0.0, 1.0)), Float("dropout", (0.0, 0.9)))
    result.add(Integer("layers", (1, 20)), Integer("width", (8, 1024)), Categorical("optimizer", CHOICES))
    return result


def configurations(count: int) -> list[dict[str, Any]]:
    """Random configurations as JSON has them."""
    rng = np.random.default_rng(0)
    columns = {
        "lr": 10 ** rng.uniform(-6, 0, count),
        "momentum": rng.uniform(0, 1, count),
        "dropout": rng.uniform(0, 0.9, count),
        "layers": rng.integers(1, 21, count),
        "width": rng.integers(8, 1025, count),
        "optimizer": np.array(CHOICES)[rng.integers(0, len(CHOICES), count)],
    }
    names, values = list(columns), (column.tolist() for column in columns.values())
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _outcomes(count: int) -> tuple[list[float], list[float]]:
    """Costs and durations in seconds."""
    rng = np.random.default_rng(1)
    return rng.uniform(5, 95, count).tolist(), rng.exponential(20, count).tolist()


def dehb(folder: Path, count: int) -> Path:
    """DEHB 0.1.2 with encave's times in `info`."""
    rng = np.random.default_rng(2)
    costs, seconds = _outcomes(count)
    ends = np.cumsum(seconds)
    ids = np.minimum(np.arange(count), rng.integers(0, count, count))
    vectors = rng.uniform(0, 1, (count, 6))[ids]
    info = {"start": ends - seconds, "end": ends, "worker": np.zeros(count), "train_seconds": np.array(seconds)}
    table = pa.table(
        {
            "config_id": pa.array(ids),
            "config": pa.array(list(vectors), pa.list_(pa.float64())),
            "fitness": pa.array(costs),
            "cost": pa.array(seconds),
            "fidelity": pa.array(_BUDGETS[rng.integers(0, 3, count)]),
            "info": pa.StructArray.from_arrays([pa.array(v) for v in info.values()], list(info)),
        }
    )
    folder.mkdir(parents=True)
    pq.write_table(table, folder / "history.parquet.gzip", compression="gzip")
    space().to_json(folder / "configspace.json")
    return folder / "history.parquet.gzip"


def smac(folder: Path, count: int) -> Path:
    """SMAC 2.4: `runhistory.json`, `scenario.json`, `configspace.json`."""
    costs, seconds = _outcomes(count)
    ends = (1.7e9 + np.cumsum(seconds)).tolist()
    data = [
        {
            **{"config_id": i + 1, "instance": None, "seed": 0, "budget": None, "cost": cost, "time": duration},
            **{"cpu_time": duration / 2, "status": 1, "starttime": end - duration, "endtime": end},
            "additional_info": {"train_seconds": duration},
        }
        for i, (cost, duration, end) in enumerate(zip(costs, seconds, ends, strict=True))
    ]
    history = {
        "stats": {"submitted": count, "finished": count, "running": 0},
        "data": data,
        "configs": {str(i + 1): values for i, values in enumerate(configurations(count))},
        "config_origins": {str(i + 1): "Sobol" for i in range(count)},
    }
    scenario = {"name": "bench", "objectives": "cost", "seed": 0, "n_workers": 1, "_meta": {"version": "2.4.1"}}
    folder.mkdir(parents=True)
    (folder / "runhistory.json").write_text(json.dumps(history, indent=2))
    (folder / "scenario.json").write_text(json.dumps(scenario))
    (folder / "intensifier.json").write_text("{}")
    (folder / "optimization.json").write_text(json.dumps({"used_walltime": 1.0, "finished": True}))
    space().to_json(folder / "configspace.json")
    return folder / "runhistory.json"


def bohb(folder: Path, count: int) -> Path:
    """HpBandSter: `configs.json` and `results.json`, with a space beside them."""
    costs, seconds = _outcomes(count)
    ends = (1.7e9 + np.cumsum(seconds)).tolist()
    configs = [[[i, 0, 0], values, {"model_based_pick": False}] for i, values in enumerate(configurations(count))]
    results = [
        [
            *([i, 0, 0], float(_BUDGETS[i % 3])),
            {"submitted": end - duration - 0.1, "started": end - duration, "finished": end},
            {"loss": cost, "info": {"train_seconds": duration}},
            None,
        ]
        for i, (cost, duration, end) in enumerate(zip(costs, seconds, ends, strict=True))
    ]
    folder.mkdir(parents=True)
    for name, lines in (("configs.json", configs), ("results.json", results)):
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    space().to_json(folder / "configspace.json")
    return folder / "results.json"


def optuna(folder: Path, count: int) -> Path:
    """A storage with the tables that Optuna makes; the rows are written past it, which takes seconds, not hours."""
    from optuna import logging, storages
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
        distribution_to_json,
    )
    from optuna.study import StudyDirection

    logging.set_verbosity(logging.ERROR)
    domains = {
        "lr": FloatDistribution(1e-6, 1.0, log=True),
        "momentum": FloatDistribution(0.0, 1.0),
        "dropout": FloatDistribution(0.0, 0.9),
        "layers": IntDistribution(1, 20),
        "width": IntDistribution(8, 1024),
        "optimizer": CategoricalDistribution(CHOICES),
    }
    folder.mkdir(parents=True)
    path = folder / "optuna.db"
    storages.RDBStorage(f"sqlite:///{path}").create_new_study([StudyDirection.MINIMIZE], "bench")
    costs, seconds = _outcomes(count)
    texts = {name: distribution_to_json(domain) for name, domain in domains.items()}
    starts = np.datetime64("2026-01-01T00:00:00") + (np.cumsum([0.0, *seconds]) * 1e6).astype("timedelta64[us]")
    stamps = [str(stamp).replace("T", " ") for stamp in starts]
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO trials (trial_id, number, study_id, state, datetime_start, datetime_complete) "
            "VALUES (?, ?, 1, 'COMPLETE', ?, ?)",
            ((i + 1, i, stamps[i], stamps[i + 1]) for i in range(count)),
        )
        connection.executemany(
            "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, 0, ?, 'FINITE')",
            ((i + 1, cost) for i, cost in enumerate(costs)),
        )
        connection.executemany(
            "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?)",
            (
                (i + 1, name, float(domains[name].to_internal_repr(value)), texts[name])
                for i, values in enumerate(configurations(count))
                for name, value in values.items()
            ),
        )
    connection.close()
    return path


LOGS: dict[str, Callable[[Path, int], Path]] = {"dehb": dehb, "smac": smac, "bohb": bohb, "optuna": optuna}
"""Format → what writes a log of so many trials into a new folder and returns its path."""
