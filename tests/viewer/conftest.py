"""Converted runs to look at."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

from encave.converters import convert
from encave.run import Objective, Optimizer, Provenance, Run
from encave.runners.studies.study import RunSpec, parse_limit, run_study
from encave.viewer.launch import Viewer
from encave.viewer.selection import select

CHOICES = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ("op_0_1", "op_0_2", "op_0_3", "op_1_2", "op_1_3", "op_2_3")
BUDGETS = (12.0, 50.0, 200.0)

if importlib.util.find_spec("deepcave") is None:
    collect_ignore_glob = ["test_deepcave_*.py"]


def categorical_space() -> ConfigurationSpace:
    """Six edges with five operations each."""
    space = ConfigurationSpace(seed=0)
    space.add([CategoricalHyperparameter(edge, CHOICES, default_value="none") for edge in EDGES])
    return space


def write_run(
    folder: Path, *, optimizer: str = "DEHB", seed: int = 0, trials: int = 40, budgets: Sequence[float] = BUDGETS
) -> Run:
    """A converted run: the lossless `Run` and DeepCAVE's five files; each configuration once, some trials crashed."""
    rng = np.random.default_rng(seed)
    space = categorical_space()
    numbers = rng.choice(5**6, size=trials, replace=False)
    configs = {
        i: {edge: CHOICES[number // 5**place % 5] for place, edge in enumerate(EDGES)}
        for i, number in enumerate(numbers)
    }
    budget = rng.choice(budgets, size=trials)
    cost = 10 + 80 * rng.random(trials)
    crashed = rng.random(trials) < 0.1
    cost[crashed] = np.nan
    end = np.cumsum(rng.uniform(1, 100, size=trials))
    run = Run.from_columns(
        name=f"{optimizer}-{seed}",
        optimizer=Optimizer(optimizer),
        space=space,
        objectives=[Objective("valid_error", lower=0.0, upper=100.0, unit="%")],
        trials={
            "config_id": np.arange(trials),
            "budget": budget,
            "seed": np.full(trials, seed),
            "status": np.where(crashed, "crashed", "success"),
            "start": np.concatenate(([0.0], end[:-1])),
            "end": end,
            "cost:valid_error": cost,
        },
        configurations=configs,
        provenance=Provenance(task="cifar10", seed=seed, group=optimizer),
    )
    run.save(folder)
    write_native(folder, run, configs)
    return run


def write_native(folder: Path, run: Run, configs: dict[int, dict[str, Any]]) -> None:
    """DeepCAVE's five files of a run whose trials all have a budget and a seed."""
    objective = {
        "name": "valid_error",
        "lower": 0.0,
        "upper": 100.0,
        "lock_lower": True,
        "lock_upper": True,
        "optimize": "lower",
    }
    seeds = sorted(set(run.column("seed").tolist()))
    meta = {"objectives": [objective], "budgets": list(run.budgets), "seeds": seeds}
    (folder / "meta.json").write_text(json.dumps(meta, indent=4))
    run.space.to_json(folder / "configspace.json")
    (folder / "configs.json").write_text(json.dumps(configs))
    (folder / "origins.json").write_text(json.dumps(dict.fromkeys(configs)))
    rows = [
        [
            t["config_id"],
            t["budget"],
            t["seed"],
            [t["cost:valid_error"]],
            0.0,
            t["start"],
            t["end"],
            _code(t["status"]),
            {},
        ]
        for t in run.trials.to_pylist()
    ]
    (folder / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def _code(status: str) -> int:
    return {"success": 1, "crashed": 4}[status]


@pytest.fixture(scope="session")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three DEHB runs, and two of RE, which knows the highest budget only."""
    folder = tmp_path_factory.mktemp("converted")
    for seed in range(3):
        write_run(folder / f"dehb-{seed}", seed=seed)
    for seed in (10, 11):
        write_run(folder / f"re-{seed}", optimizer="RE", seed=seed, budgets=[200.0])
    return folder


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Native logs of DEHB and RE, two runs each, and of SMAC, one run, on the surrogate."""
    folder = tmp_path_factory.mktemp("study")
    limit = parse_limit("60evals")
    wanted = [("dehb", 0), ("dehb", 1), ("smac-mf", 0), ("re", 0), ("re", 1)]
    result = run_study(folder, [RunSpec(adapter, "cifar10", seed, limit) for adapter, seed in wanted])
    assert not result.failed
    return folder


@pytest.fixture(scope="session")
def converted(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of the study, converted."""
    folder = tmp_path_factory.mktemp("runs")
    conversions = convert([study], folder)
    assert [conversion.reason for conversion in conversions if conversion.status != "converted"] == []
    return folder


@pytest.fixture(scope="session")
def viewer(converted: Path) -> Iterator[Viewer]:
    """A running DeepCAVE on these runs."""
    with Viewer(select(sorted(converted.iterdir())), python=Path(sys.executable)) as running:
        yield running
