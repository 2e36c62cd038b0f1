"""Every optimizer is what its label says: in a run of usual length its model proposes; and streams are its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave.analysis.grouping.origins import initial_share
from encave.converters.conversion import convert
from encave.run import Run
from encave.runners.benchmarks.nasbench201.table import load_surrogate
from encave.runners.optimizers.adapter import ADAPTERS, load
from encave.runners.optimizers.quiet import quiet
from encave.runners.studies.affordable import affordable_trials, mean_budget
from encave.runners.studies.execute import RunSpec, stream_seed
from encave.runners.studies.limit import Limit
from encave.runners.studies.simulate import SimulatedEvaluation, simulate
from encave.runners.studies.study import run_study

EXPENSIVE = "ImageNet16-120"
PACKAGES = {"dehb": "dehb", "bore": "syne_tune", "bohb": "syne_tune"}
AVAILABLE = [name for name in ADAPTERS if name not in PACKAGES or find_spec(PACKAGES[name])]
WITHOUT_MODEL = ("random", "hyperband")


def runs_of(folder: Path, specs: list[RunSpec]) -> dict[str, Run]:
    result = run_study(folder / "study", specs)
    assert not result.failed
    converted = convert([folder / "study"], folder / "runs")
    found = [Run.load(one.output) for one in converted if one.output]
    return {f"{run.task}/{run.optimizer.name}/{run.seed}": run for run in found}


@pytest.mark.end_to_end
@pytest.mark.parametrize("name", [name for name in AVAILABLE if name not in WITHOUT_MODEL])
def test_what_is_proposed_depends_on_what_was_told(
    make: Any, toys: Callable[..., SimulatedEvaluation], tmp_path: Path, name: str
) -> None:
    """The same seed on an objective and on its opposite: after the initial design the configurations differ."""
    several = load(name).needs_several

    def proposals(sign: float) -> list[tuple[Any, ...]]:
        told: list[tuple[Any, ...]] = []

        def evaluate(config: Mapping[str, Any], budget: float | None) -> SimulatedEvaluation:
            told.append(tuple(config.values()))
            found = toys(config, budget)
            return replace(found, cost=sign * found.cost + 2000, more_costs=found.more_costs if several else ())

        optimizer = make(name, evaluations=wanted, folder=tmp_path / f"{sign:g}")
        with quiet():
            simulate(optimizer, evaluate, Limit(evaluations=wanted))
        optimizer.close()
        return told

    wanted = {"nsga2": 120, "dehb": 80, "smac-bb": 14, "smac": 30, "smac-exact": 30, "smac-parego": 30}.get(name, 48)
    there, opposite = proposals(1.0), proposals(-1.0)
    different = np.mean([one != other for one, other in zip(there, opposite, strict=True)])
    assert different > 0.4


@pytest.mark.parametrize("name", ["smac", "smac-exact", "tpe", "re", "smac-mf"])
def test_the_initial_design_is_a_small_part_of_the_dearest_run(tmp_path: Path, name: str) -> None:
    """The usual budget pays for few trials on the dearest dataset; SMAC's cap on its design is a quarter of them."""
    seconds = 600_000.0 if load(name).multi_fidelity else 20_000.0
    (run,) = runs_of(tmp_path, [RunSpec(name, EXPENSIVE, 0, Limit(simulated_seconds=seconds))]).values()
    share = initial_share(run)
    assert share is not None and 0 < share < 0.5
    if name.startswith("smac"):
        origins = Counter(origin for origin in run.trials["extra:origin"].to_pylist())
        assert any("Acquisition Function" in origin for origin in origins if origin)
        assert run.provenance.settings["n_trials"] == pytest.approx(len(run), rel=0.5)


def test_the_trials_that_a_limit_pays_for() -> None:
    task = load_surrogate().task(EXPENSIVE)
    assert affordable_trials(Limit(evaluations=7), task, 12) == 7
    each = (12 * task.train_seconds_per_epoch + task.valid_seconds).mean()
    assert affordable_trials(Limit(simulated_seconds=10.5 * each), task, 12) == 10
    assert affordable_trials(Limit(simulated_seconds=10.5 * each), task, 12, workers=2) == 21
    assert affordable_trials(Limit(simulated_seconds=1.0), task, 12) == 1
    # 9 + 3 + 1 trials in the first bracket, 5 + 1 in the second, 3 in the last
    spent = (9 * 1 + 3 * 3 + 1 * 9) + (5 * 3 + 1 * 9) + 3 * 9
    assert mean_budget(1, 9, 3) == pytest.approx(spent / 22)


def test_streams_differ_by_optimizer_dataset_and_seed() -> None:
    keys = [(name, dataset, seed) for name in AVAILABLE for dataset in ("cifar10", EXPENSIVE) for seed in range(50)]
    assert len({stream_seed(*key) for key in keys}) == len(keys)
    assert all(0 <= stream_seed(*key) < 2**31 for key in keys)
    assert stream_seed("re", "cifar10", 3, common_start=True) == stream_seed("random", "cifar10", 3, common_start=True)
    assert stream_seed("re", "cifar10", 3, common_start=True) != stream_seed("re", "cifar100", 3, common_start=True)


@pytest.mark.parametrize("common", [False, True])
def test_the_first_architectures_are_common_only_if_that_is_declared(tmp_path: Path, common: bool) -> None:
    names, datasets = ("re", "random", "local"), ("cifar10", "cifar100")
    limit = Limit(evaluations=10)
    runs = runs_of(
        tmp_path,
        [RunSpec(name, dataset, 5, limit, common_start=common) for name in names for dataset in datasets],
    )
    first = {key: run.configurations.to_pylist()[0] | {"config_id": 0} for key, run in runs.items()}
    assert all(run.provenance.common_start is common for run in runs.values())
    of_task = [[str(first[f"{dataset}/{label}/5"]) for label in ("RE", "Random", "LS")] for dataset in datasets]
    assert [len(set(own)) for own in of_task] == ([1, 1] if common else [3, 3])
    assert not set(of_task[0]) & set(of_task[1])
