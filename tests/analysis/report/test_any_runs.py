"""Whatever a log may hold, a report is made of it, or one line says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ConfigSpace import (
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)

import encave
from encave.errors import EncaveError
from encave.run import Objective, Optimizer, Provenance, Run

VALUES = ("uniform", "constant", "negative", "huge and tiny", "rounded", "few", "zeros")


def space_of(size: int) -> ConfigurationSpace:
    """No hyperparameters, one, … up to conditional, constant and ordinal ones."""
    space = ConfigurationSpace({"a": ["x", "y", "z"]} if size else {})
    depth = UniformIntegerHyperparameter("depth", 1, 8)
    if size >= 2:
        space.add(UniformFloatHyperparameter("lr", 1e-5, 1.0, log=True))
    if size >= 3:
        space.add(depth)
    if size >= 4:
        space.add(EqualsCondition(depth, space["a"], "y"))
    if size >= 5:
        space.add(Constant("c", 1), OrdinalHyperparameter("o", [1, 2, 8]))
    return space


def costs(rng: np.random.Generator, n: int, kind: str) -> np.ndarray:
    plain = rng.random(n)
    return {
        "uniform": plain,
        "constant": np.full(n, 0.5),
        "negative": -1e3 * plain,
        "huge and tiny": 10.0 ** rng.uniform(-300, 300, n),
        "rounded": np.round(plain, 1),
        "few": np.floor(3 * plain),
        "zeros": np.where(plain < 0.5, 0.0, plain),
    }[kind]


def study(seed: int) -> list[Run]:
    """Runs of up to four optimizers on up to two tasks, with or without each thing that a trial may have."""
    rng = np.random.default_rng(seed)
    objectives = [
        Objective(f"y{number}", rng.choice(["minimize", "maximize"])) for number in range(rng.choice([1, 1, 1, 2, 3]))
    ]
    kind, same, space = rng.choice(VALUES), rng.random() < 0.7, space_of(rng.integers(0, 6))
    has = {
        name: rng.random() < 0.4 for name in ("budget", "start", "end", "evaluation", "feasible", "instance", "seed")
    }

    def run(optimizer: int, task: int, number: int) -> Run:
        n, own = int(rng.choice([1, 2, 5, 20, 40])), space if same else space_of(rng.integers(0, 6))
        own.seed(int(rng.integers(1000)))
        ok = rng.random(n) < rng.choice([1.0, 0.9, 0.5, 0.0], p=[0.6, 0.2, 0.15, 0.05])
        ids = rng.integers(0, n, n) if rng.random() < 0.2 else np.arange(n)
        failed, ends = rng.choice(["crashed", "timeout", "aborted"], n), np.cumsum(rng.random(n))
        trials: dict[str, Any] = {"config_id": ids, "status": np.where(ok, "success", failed)}
        for place, objective in enumerate(objectives):
            found = costs(rng, n, rng.choice(VALUES) if place else kind)
            trials[f"cost:{objective.name}"] = np.where(ok, found, np.nan)
        columns = {
            "budget": rng.choice([1.0, 3.0, 9.0], n),
            "start": np.concatenate(([0.0], ends[:-1])),
            "end": ends if has["start"] else [float(end) if rng.random() < 0.8 else None for end in ends],
            "evaluation": np.cumsum(rng.integers(1, 4, n)),
            "feasible": rng.random(n) < 0.5,
            "instance": rng.choice(["i1", "i2"], n),
        }
        trials |= {name: column for name, column in columns.items() if has[name] or (name == "end" and has["start"])}
        return Run.from_columns(
            name=f"o{optimizer}t{task}s{number}",
            optimizer=Optimizer(f"optimizer {optimizer}"),
            space=own,
            objectives=objectives,
            trials=trials,
            configurations={i: dict(own.sample_configuration()) if len(own) else {} for i in set(ids.tolist())},
            provenance=Provenance(task=f"task{task}", seed=number if has["seed"] else None),
        )

    optimizers, tasks = rng.integers(1, 5), rng.integers(1, 3)
    return [run(o, t, s) for o in range(optimizers) for t in range(tasks) for s in range(rng.integers(1, 5))]


@pytest.mark.parametrize("seed", range(12))
def test_a_report_is_made(tmp_path: Path, seed: int) -> None:
    runs = study(seed)
    try:
        encave.report(runs, tmp_path / "report")
    except EncaveError as error:
        assert "\n" not in str(error)
        assert not (tmp_path / "report").exists()
    else:
        assert all(label in (tmp_path / "report" / "report.html").read_text() for label in {run.label for run in runs})


@pytest.mark.drawn
@pytest.mark.parametrize("kind", ["huge and tiny", "zeros"])
def test_curves_of_any_values_are_drawn(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(0)
    runs = [
        Run.from_columns(
            name=f"{optimizer}{seed}",
            optimizer=Optimizer(optimizer),
            space=space_of(2),
            objectives=[Objective("y")],
            trials={
                "config_id": range(20),
                "status": ["success"] * 20,
                "end": range(20),
                "cost:y": costs(rng, 20, kind),
            },
            configurations={i: dict(space_of(2).sample_configuration()) for i in range(20)},
            provenance=Provenance(task="t", seed=seed),
        )
        for optimizer in "ab"
        for seed in range(3)
    ]
    encave.report(runs, tmp_path / "report")
    assert list((tmp_path / "report" / "figures").glob("*.pdf"))
