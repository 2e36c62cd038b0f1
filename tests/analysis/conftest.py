"""Runs made by hand for the analysis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, Float

from encave.run import Objective, Optimizer, Provenance, Run

from .runs import run_over

NAN = float("nan")
BENCHMARK = {"name": "NAS-Bench-201", "source": "surrogate", "sha256": "ab" * 32, "schedule": 200}
REPORTING = [
    {"name": "validation regret", "column": "valid", "optimum": 1.0, "unit": "%"},
    {"name": "test error", "column": "test", "optimum": None, "unit": "%"},
]


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Run]:
    """A run from costs (NaN: the trial crashed), ends and whatever else matters for a test."""
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))

    def make(
        optimizer: str = "A",
        seed: int | None = 0,
        costs: Sequence[float] = (3.0, 2.0, 1.0),
        ends: Sequence[float | None] | None = None,
        *,
        version: str | None = None,
        budgets: Sequence[float | None] | None = None,
        direction: str = "minimize",
        task: str | None = "toy",
        reported: Sequence[float] | None = None,
        configurations: Sequence[int] | None = None,
        starts: Sequence[float | None] | None = None,
        notes: Sequence[Any] = (),
        **metadata: Any,
    ) -> Run:
        n = len(costs)
        trials: dict[str, Any] = {
            "config_id": np.arange(n) if configurations is None else np.array(configurations, dtype=np.int64),
            "status": ["crashed" if np.isnan(cost) else "success" for cost in costs],
            "cost:loss": np.array(costs, dtype=float),
            "end": list(ends) if ends is not None else [float(i + 1) for i in range(n)],
        }
        if budgets is not None:
            trials["budget"] = list(budgets)
        if starts is not None:
            trials["start"] = list(starts)
        if reported is not None:
            trials |= {"extra:valid": np.array(reported, float), "extra:test": np.array(reported, float) + 4}
            metadata |= {"reporting": REPORTING, "benchmark": BENCHMARK}
        if task is not None:
            metadata["task"] = task
        if seed is not None:
            metadata["seed"] = seed
        return Run.from_columns(
            name=f"{optimizer}-{task}-{seed}",
            optimizer=Optimizer(optimizer, version),
            space=space,
            objectives=[Objective("loss", direction)],  # type: ignore[arg-type]
            trials=trials,
            configurations={i: {"x": (i + 0.5) / (n + 1)} for i in range(n)} or {0: {"x": 0.5}},
            provenance=Provenance.from_json(metadata),
            notes=notes,
        )

    return make


@pytest.fixture(scope="session")
def table() -> np.ndarray:
    """Costs of all 64 configurations of `complete`; the first hyperparameter matters most."""
    return 10 + 3 * np.random.default_rng(0).normal(size=(4, 4, 4)) + np.array([0.0, 9.0, 2.0, 7.0])[:, None, None]


@pytest.fixture(scope="session")
def complete(table: np.ndarray) -> Run:
    """A run that evaluated the whole table in random order."""
    space = ConfigurationSpace()
    space.add([CategoricalHyperparameter(name, tuple("abcd")) for name in "xyz"])
    codes = np.indices(table.shape).reshape(3, -1).T[np.random.default_rng(1).permutation(table.size)]
    return run_over(space, [dict(zip("xyz", ("abcd"[c] for c in row))) for row in codes], table[tuple(codes.T)])
