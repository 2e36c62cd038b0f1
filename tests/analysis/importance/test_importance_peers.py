"""Importance by DeepCAVE's evaluators: ablation and local importance on encave's forest, fANOVA on their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float

from encave.analysis.importance.games import from_forest, local_importance
from encave.analysis.importance.methods import Method, explain, importance
from encave.analysis.importance.sample import Sample, fit, sample
from encave.run import Run

from ..runs import run_over

deepcave = pytest.importorskip("deepcave", reason="DeepCAVE needs Python 3.10")


@pytest.fixture(scope="module")
def run() -> Run:
    space = ConfigurationSpace(seed=0)
    space.add([Float("w", (1e-4, 1.0), log=True), Float("x", (0, 1)), Float("y", (-1, 3)), Float("z", (1, 500))])
    configurations = [dict(one) for one in space.sample_configuration(150)]
    cost = [np.log10(c["w"]) + 3 * c["x"] ** 2 + c["x"] * c["y"] + c["z"] / 1000 for c in configurations]
    return run_over(space, configurations, cost)


@pytest.fixture(scope="module")
def data(run: Run) -> Sample:
    return sample(run)


@pytest.fixture(scope="module")
def theirs(run: Run) -> Any:
    from deepcave.runs.converters.deepcave import DeepCAVERun
    from deepcave.runs.objective import Objective as TheirObjective

    found = DeepCAVERun("toy", configspace=run.space, objectives=[TheirObjective("loss", optimize="lower")])
    for number, cost in enumerate(run.cost()):
        found.add(costs=[float(cost)], config=run.configuration(number), seed=0, budget=1.0)
    return found


class Model:
    """encave's forest, asked in DeepCAVE's unit vectors."""

    def __init__(self, run: Run, data: Sample) -> None:
        self.predict_codes, self.data, self.space = from_forest(fit(data)), data, run.space

    def codes(self, vectors: np.ndarray) -> np.ndarray:
        values = [
            [self.space[axis.name].to_value(vector[self.space.index_of[axis.name]]) for axis in self.data.encoded.axes]
            for vector in np.atleast_2d(vectors)
        ]
        plain = [[value.item() if isinstance(value, np.generic) else value for value in row] for row in values]
        return np.array([[axis.code(v) for axis, v in zip(self.data.encoded.axes, row, strict=True)] for row in plain])

    def fit(self, _x: np.ndarray, _y: np.ndarray) -> None:
        pass

    def predict(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = self.predict_codes(self.codes(vectors))
        return found[0], found[1:].std(axis=0)


def test_the_ablation_path_is_deepcaves(run: Run, data: Sample, theirs: Any) -> None:
    from deepcave.evaluators.ablation import Ablation

    evaluator = Ablation(theirs)
    evaluator.calculate(theirs.get_objectives()[0], 1.0, model=Model(run, data))
    gains = {name: gain for name, (gain, _) in evaluator.get_ablation_improvements().items() if name != "default"}
    ours = explain(data, Method("ablation"))
    assert list(gains)[: len(ours.path)] == [ours.names[axis] for axis in ours.path]
    assert [gains[name] for name in ours.names] == pytest.approx(ours.values, abs=1e-12)


def test_local_importance_is_deepcaves(run: Run, data: Sample, theirs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Theirs is the mean over trees of each tree's share, at 500 values of a hyperparameter where ours is exact."""
    from deepcave.evaluators import lpi

    class Forest(Model):
        def __init__(self, *_: Any, **__: Any) -> None:
            super().__init__(run, data)

        def train(self, _x: np.ndarray, _y: np.ndarray) -> None:
            pass

        def predict_marginalized(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return self.predict(vectors)

        def get_leaf_values(self, vector: np.ndarray) -> list[list[float]]:
            return [[float(value)] for value in self.predict_codes(self.codes(vector))[1:, 0]]

    monkeypatch.setattr(lpi, "FanovaForest", Forest)
    evaluator = lpi.LPI(theirs)
    evaluator.calculate(theirs.get_objectives()[0], 1.0)
    wanted = [evaluator.get_importances([name])[name][0] for name in data.encoded.names]
    trees = local_importance(from_forest(fit(data)), data.incumbent, data.encoded.weights)[1:]
    assert trees.mean(axis=0) == pytest.approx(wanted, abs=0.005)
    # the forest's mean varies less than its trees in what matters little, and the shares say so
    assert explain(data, Method("lpi")).values == pytest.approx(wanted, abs=0.05)


def test_shares_are_near_those_of_deepcave(run: Run, theirs: Any) -> None:
    """Two forests on the same trials: theirs is pyrfr's."""
    from deepcave.evaluators.fanova import fANOVA

    evaluator = fANOVA(theirs)
    evaluator.calculate(budget=1.0)
    found = evaluator.get_importances(list(run.space), depth=2)
    wanted = {frozenset([key] if isinstance(key, str) else key): value[0] for key, value in found.items()}
    ours = importance(run)
    for subset, value in zip(ours.subsets, ours.values, strict=True):
        assert value == pytest.approx(wanted[frozenset(ours.names[axis] for axis in subset)], abs=0.05)
