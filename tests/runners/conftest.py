"""What the tests of the runners share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from encave.run import nasbench201_space as space
from encave.runners.optimizers.adapter import OptimizerAdapter, Problem, load, parse_flags
from encave.runners.studies.execute import NODES
from encave.runners.studies.objective import BUDGET_RANGES, OBJECTIVE
from encave.runners.studies.simulate import SimulatedEvaluation

LOADED = [f"encave.runners.{name}" for name in ("studies.execute", "optimizers.random_search", "optimizers.evolution")]
MakeOptimizer = Callable[..., OptimizerAdapter]


@pytest.fixture(autouse=True)
def _workers_are_forked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Processes of a study are there at once, and share what they have loaded, unless a test is marked `spawned`."""
    if "spawned" in request.keywords or find_spec("distributed") is None:
        yield
        return
    import dask.config
    from distributed.utils import get_mp_context

    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        get_mp_context().set_forkserver_preload(["distributed", "encave.runners.cluster.dispatch", *LOADED])
        yield


@pytest.fixture
def make(tmp_path: Path) -> MakeOptimizer:
    """Makes an optimizer on NAS-Bench-201's space that logs to `tmp_path`."""

    def one(
        adapter: str, *, seed: int = 0, evaluations: int | None = None, folder: Path = tmp_path
    ) -> OptimizerAdapter:
        folder.mkdir(exist_ok=True)
        problem = Problem(
            space=space.configuration_space(),
            objective=OBJECTIVE,
            seed=seed,
            folder=folder,
            home=f"{adapter}/toy/seed-{seed}",
            budget=12.0,
            budget_range=BUDGET_RANGES[200],
            evaluations=evaluations,
            groups=NODES,
            more_objectives=("size",) if load(adapter).needs_several else (),
            flags=parse_flags(adapter),
        )
        return load(adapter)(problem)

    return one


@pytest.fixture
def toy() -> Callable[[Mapping[str, Any], float | None], SimulatedEvaluation]:
    """An objective of which every value can be told from its configuration and budget."""
    worth = {operation: float(code) for code, operation in enumerate(space.OPERATIONS)}

    def evaluate(config: Mapping[str, Any], budget: float | None) -> SimulatedEvaluation:
        digits = [worth[config[name]] for name in space.HYPERPARAMETERS]
        cost = 10.0 + sum((place + 1) * (digit - 2.2) ** 2 for place, digit in enumerate(digits))
        seconds = (budget or 12.0) * (1.0 + sum(digits) / 10)
        final = {"valid_error_200": cost - 1, "test_error_200": cost + 1, "train_seconds": 0.9 * seconds}
        return SimulatedEvaluation(cost + 100 / (budget or 12.0), seconds, final)

    return evaluate


@pytest.fixture
def toys(toy: Callable[..., SimulatedEvaluation]) -> Callable[[Mapping[str, Any], float | None], SimulatedEvaluation]:
    """The same with a second objective, the number of convolutions."""

    def evaluate(config: Mapping[str, Any], budget: float | None) -> SimulatedEvaluation:
        size = sum("conv" in operation for operation in config.values())
        return replace(toy(config, budget), more_costs=(float(size),))

    return evaluate
