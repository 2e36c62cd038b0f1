"""What of SMAC is computed in another way: to the last bit as the package does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("smac")

from ConfigSpace import ConfigurationSpace
from smac.model.random_forest import RandomForest
from smac.runhistory import RunHistory, StatusType

from encave.run import nasbench201_space as space
from encave.runners.optimizers.smac.forest import leaf_values, slim
from encave.runners.optimizers.smac.search import _Rejected, widen_bounds


@given(st.integers(0, 2**32 - 1), st.integers(1, 3000), st.sampled_from([1, 3, 20, 300, 5000]))
def test_leaf_values(seed: int, trials: int, leaves: int) -> None:
    rng = np.random.default_rng(seed)
    leaf, costs = rng.integers(0, leaves, trials), rng.normal(2.0, 0.5, trials)
    found, values = leaf_values(leaf, costs)
    assert found.tolist() == np.unique(leaf).tolist()
    assert values.tolist() == [np.log(np.exp(costs[leaf == one]).mean()) for one in found]


@pytest.mark.parametrize("log_y", [True, False])
def test_the_forest_predicts_the_same(log_y: bool) -> None:
    def forest() -> RandomForest:
        return RandomForest(space.configuration_space(), log_y=log_y, n_trees=10, seed=1)

    rng = np.random.default_rng(0)
    vectors, costs = rng.integers(0, 5, (300, 6)).astype(float), rng.normal(2.0, 0.5, (300, 1))
    stock, quick = forest(), forest()
    assert slim(quick, 300)["n_jobs"] == 1
    asked = rng.integers(0, 5, (1000, 6)).astype(float)
    for ours, theirs in zip(
        quick.train(vectors, costs).predict_marginalized(asked),
        stock.train(vectors, costs).predict_marginalized(asked),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("objectives", [1, 2])
def test_bounds(objectives: int) -> None:
    configs = ConfigurationSpace({"x": (0.0, 1.0)}, seed=0).sample_configuration(60)
    stock, quick = RunHistory(), RunHistory()
    widen_bounds(quick)
    rng = np.random.default_rng(0)
    for config in configs:
        cost = rng.normal(size=objectives).tolist() if objectives > 1 else float(rng.normal())
        status = StatusType(int(rng.choice([StatusType.SUCCESS, StatusType.CRASHED, StatusType.RUNNING])))
        for history in (stock, quick):
            history.add(config, cost=cost, status=status)
        assert quick.objective_bounds == stock.objective_bounds
    assert np.isfinite(quick.objective_bounds).all()


def test_rejected_configurations() -> None:
    configs = space.configuration_space().sample_configuration(4)
    history = SimpleNamespace(_ids_config=dict(enumerate(configs)))
    intensifier: Any = SimpleNamespace(runhistory=history, _rejected_config_ids=[])
    rejected = _Rejected(intensifier)
    for ids in ([], [2], [2, 0], [2, 0], [0], [0, 3, 1], []):
        intensifier._rejected_config_ids[:] = ids
        assert list(rejected()) == [configs[one] for one in ids]
        assert [config in rejected() for config in configs] == [one in ids for one in range(4)]
