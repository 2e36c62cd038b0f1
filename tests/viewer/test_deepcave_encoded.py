"""Encoded configurations, colours and the data of the forests are DeepCAVE's own, only faster."""

from __future__ import annotations

import types
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)
from deepcave.constants import COMBINED_BUDGET
from deepcave.runs import AbstractRun
from deepcave.runs.objective import Objective
from deepcave.runs.status import Status
from deepcave.utils import styled_plotty

from encave.viewer.colors import repeat_colors
from encave.viewer.deepcave_group import EncaveGroup
from encave.viewer.deepcave_run import EncaveRun

from .conftest import write_run


def mixed() -> EncaveRun:
    """Every kind of hyperparameter, two objectives of which one is maximised, two budgets, failures."""
    space = ConfigurationSpace(seed=0)
    kind = CategoricalHyperparameter("kind", ["a", "b", "1", 1, None, False])
    rate = UniformFloatHyperparameter("rate", 1e-4, 1, log=True)
    depth = UniformIntegerHyperparameter("depth", 1, 1024, log=True)
    inner = CategoricalHyperparameter("inner", [0.1, 0.2, 0.3])
    space.add([kind, rate, depth, inner, Constant("always", "c"), UniformIntegerHyperparameter("count", -3, 7)])
    space.add([EqualsCondition(depth, kind, "a"), EqualsCondition(inner, kind, "b")])
    run = EncaveRun("mixed", configspace=space, objectives=[Objective("loss"), Objective("gain", optimize="upper")])
    rng = np.random.default_rng(0)
    for number, config in enumerate(space.sample_configuration(40)):
        status = Status.CRASHED if number % 7 == 0 else Status.SUCCESS
        costs = [None, None] if status == Status.CRASHED else rng.random(2).tolist()
        told = {"start_time": float(number), "end_time": number + 1.0, "budget": 1.0 + number % 2, "seed": number % 3}
        run.add(costs=costs, config=config, status=status, **told)  # type: ignore[arg-type]
    return run


def stock_data(run: AbstractRun, **options: object) -> np.ndarray:
    """DeepCAVE's own table, its own encoding of each configuration included."""
    run.encode_config = types.MethodType(AbstractRun.encode_config, run)  # type: ignore[method-assign]
    try:
        return AbstractRun.get_encoded_data(run, **options).to_numpy(dtype=float)  # type: ignore[arg-type]
    finally:
        del run.encode_config


@pytest.mark.parametrize("budget", [1.0, COMBINED_BUDGET])
def test_the_data_of_the_forests_are_those_of_deepcave(budget: float) -> None:
    run = mixed()
    for specific, statuses, combined, seed in product((False, True), (None, Status.SUCCESS), (False, True), (None, 1)):
        options = {"budget": budget, "seed": seed, "statuses": statuses, "specific": specific}
        options |= {"include_config_ids": True, "include_combined_cost": combined}
        ours = run.get_encoded_data(**options)  # type: ignore[arg-type]
        np.testing.assert_array_equal(ours.to_numpy(dtype=float), stock_data(run, **options))
    assert list(ours.columns) == ["config_id", *run.configspace, "loss", "gain", "Combined Cost"]


def test_a_configuration_is_encoded_by_its_number_as_by_itself(tmp_path: Path) -> None:
    for seed in (0, 1):
        write_run(tmp_path / f"run-{seed}", seed=seed)
    group = EncaveGroup("group", [EncaveRun.from_path(tmp_path / f"run-{seed}") for seed in (0, 1)])
    for run in (mixed(), group):
        for number, specific in product(run.configs, (False, True)):
            stock = AbstractRun.encode_config(run, number, specific)
            np.testing.assert_array_equal(run.encode_config(number, specific), stock)


def test_there_are_colours_for_more_than_36_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(styled_plotty, "get_color", styled_plotty.get_color)
    with pytest.raises(IndexError):
        styled_plotty.get_color(36)
    repeat_colors()
    assert styled_plotty.get_color(36, 0.5) == styled_plotty.get_color(0, 0.5)
    assert len({styled_plotty.get_color(number) for number in range(100)}) == 36
