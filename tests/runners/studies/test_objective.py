from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from encave.run import nasbench201_space as space
from encave.runners.benchmarks.nasbench201.table import load_surrogate
from encave.runners.studies.objective import BenchmarkObjective, Objectives


@pytest.fixture(scope="module")
def benchmark_() -> Any:
    return load_surrogate()


@pytest.mark.parametrize(
    ("schedule", "budget", "epochs"), [(12, None, 12), (12, 12.0, 12), (200, None, 200), (200, 22.2222, 22)]
)
def test_an_evaluation_is_what_the_benchmark_says(
    benchmark_: Any, schedule: int, budget: float | None, epochs: int
) -> None:
    objective = BenchmarkObjective(benchmark_, "cifar100", schedule)
    index = np.random.default_rng(0).integers(0, space.SIZE, 50)
    direct = benchmark_.query(index, "cifar100", epochs=epochs, schedule=schedule)
    final = benchmark_.query(index, "cifar100")
    for place, config in enumerate(space.to_configurations(space.from_index(index))):
        evaluation = objective(config, budget)
        assert evaluation.cost == direct.valid_error[place]
        assert evaluation.seconds == direct.seconds[place]
        assert evaluation.info == {
            "valid_error_200": final.valid_error[place],
            "test_error_200": final.test_error[place],
            "train_seconds": direct.train_seconds[place],
        }


def test_a_budget_is_rounded_to_at_least_one_epoch(benchmark_: Any) -> None:
    objective = BenchmarkObjective(benchmark_, "cifar10", 200)
    config = space.to_configurations(space.from_index(3))[0]
    assert objective(config, 0.2) == objective(config, 1.0)
    assert objective(config, 66.67) == objective(config, 67.0)


def test_objectives_are_made_once_and_travel_empty() -> None:
    objectives = Objectives()
    assert objectives.objective(None, "cifar10", 12) is objectives.objective(None, "cifar10", 12)
    assert len(pickle.dumps(objectives)) < 1000
