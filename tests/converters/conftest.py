"""Small native logs, of the real packages or as encave's runners write them, and stock DeepCAVE's way to open a run."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace

CHOICES = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ("op_0_1", "op_0_2", "op_1_2", "op_0_3", "op_1_3", "op_2_3")
OBJECTIVE = "valid_error"


def nas_space() -> ConfigurationSpace:
    """Six edges with five operations."""
    space = ConfigurationSpace(name="NAS-Bench-201", seed=0)
    space.add([CategoricalHyperparameter(edge, CHOICES) for edge in EDGES])
    return space


def error_of(config: Any, budget: float = 200.0) -> float:
    """A made-up validation error with many digits."""
    return (
        10.0
        + sum(math.sin(3.0 + i + CHOICES.index(config[edge])) ** 2 for i, edge in enumerate(EDGES)) * 10 / 3
        + 7 / budget
    )


def write_sidecar(
    folder: Path,
    *,
    optimizer: str = "DEHB",
    seed: int = 0,
    task: str = "cifar10",
    space: ConfigurationSpace | None = None,
    **more: Any,
) -> None:
    """`encave.json` as encave's runners write it."""
    content = {
        "encave_log": 1,
        "optimizer": {"name": optimizer, "version": "0.1.2", "adapter": optimizer.lower(), "settings": {"eta": 3}},
        "space": (space or nas_space()).to_serialized_dict(),
        "objectives": [{"name": OBJECTIVE, "direction": "minimize", "lower": 0.0, "upper": 100.0, "unit": "%"}],
        "budget_name": "epochs",
        "task": task,
        "seed": seed,
        "workers": 1,
        "benchmark": {"name": "NAS-Bench-201", "source": "surrogate", "sha256": "0" * 64, "schedule": 200},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "encave.json").write_text(json.dumps(content | more))


def trial_line(trial: int, config: dict[str, Any], start: float, end: float, **more: Any) -> dict[str, Any]:
    """One line of `trials.jsonl`."""
    line = {"trial": trial, "config": config, "budget": 12.0, "seed": None, "worker": 0, "status": "success"}
    line |= {"cost": {OBJECTIVE: error_of(config)}, "start": start, "end": end}
    return line | {"info": {"valid_error_200": 9.1 + trial, "origin": "random", "parent": None}} | more


def write_trials(folder: Path, lines: Iterable[dict[str, Any]]) -> Path:
    """A `trials.jsonl`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "trials.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def random_lines(count: int, *, seed: int = 0, seconds: float = 97.137) -> list[dict[str, Any]]:
    """Trials of random configurations one after the other; some repeat."""
    space = nas_space()
    space.seed(seed)
    configs = [dict(config) for config in space.sample_configuration(max(count, 2))][:count]
    configs[count // 2] = configs[0]
    return [trial_line(i, config, i * seconds, (i + 1) * seconds) for i, config in enumerate(configs)]


def write_dehb(folder: Path, count: int = 40, *, seed: int = 0, info: bool = True) -> Any:
    """A log of the real DEHB driven by ask and tell; returns the optimizer."""
    dehb = pytest.importorskip("dehb")
    folder.mkdir(parents=True, exist_ok=True)
    optimizer = dehb.DEHB(
        cs=nas_space(),
        min_fidelity=12,
        max_fidelity=200,
        eta=3,
        seed=seed,
        n_workers=1,
        save_freq="end",
        output_path=folder,
    )
    clock = 0.0
    for _ in range(count):
        job = optimizer.ask()
        seconds = job["fidelity"] * 1.7
        told: dict[str, Any] = {"fitness": error_of(job["config"], job["fidelity"]), "cost": seconds}
        if info:
            times = {"start": clock, "end": clock + seconds, "worker": 0.0}
            told["info"] = times | {"valid_error_200": error_of(job["config"])}
        optimizer.tell(job, told)
        clock += seconds
    optimizer.save()
    return optimizer


def write_smac(folder: Path, count: int = 12, *, seed: int = 0) -> Path:
    """A log of the real SMAC driven by ask and tell, with two crashes; returns the folder of its files."""
    from smac import RandomFacade, Scenario
    from smac.runhistory import StatusType, TrialValue

    scenario = Scenario(
        nas_space(), name="smac", output_directory=folder, n_trials=count, seed=seed, objectives=OBJECTIVE
    )
    smac = RandomFacade(scenario, lambda config, seed=0: 0.0, overwrite=True, logging_level=False)
    for i in range(count):
        trial = smac.ask()
        crashed = i in (3, 5)
        told = {"worker": 0, "valid_error_200": error_of(trial.config)}
        value = TrialValue(
            cost=math.inf if crashed else error_of(trial.config),
            time=10.25,
            starttime=i * 10.25,
            endtime=(i + 1) * 10.25,
            status=StatusType.CRASHED if crashed else StatusType.SUCCESS,
            additional_info=told,
        )
        smac.tell(trial, value, save=False)
    smac.optimizer.save()
    return Path(scenario.output_directory)


@pytest.fixture
def open_in_stock_deepcave() -> Callable[[Path], Any]:
    """Stock DeepCAVE's own loop over its converters, of which the last success wins."""
    pytest.importorskip("deepcave", reason="DeepCAVE runs on Python 3.10 only")
    from deepcave.config import Config
    from deepcave.runs.handler import RunHandler

    def open_run(folder: Path) -> Any:
        handler = SimpleNamespace(
            runs={}, rc=Mock(), logger=logging.getLogger("deepcave"), available_run_classes=Config().CONVERTERS
        )
        run = RunHandler.update_run(handler, str(folder))  # type: ignore[arg-type]
        assert run is not None
        return run

    return open_run
