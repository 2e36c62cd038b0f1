"""Shapley values and interactions against shapiq and HyperSHAP on the same games.

Neither is a dependency, since they bring numba: `uv run --with shapiq --with hypershap pytest` with this file.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from ConfigSpace import CategoricalHyperparameter, Configuration, ConfigurationSpace

from encave.analysis.importance.games import from_forest
from encave.analysis.importance.methods import Method, explain
from encave.analysis.importance.sample import fit, sample
from encave.analysis.importance.shapley import interactions, shapley
from encave.run import Run

from ..runs import run_over

shapiq = pytest.importorskip("shapiq", reason="needs uv run --with shapiq")
SHAPE = (3, 4, 2, 5)
PAIRS = list(combinations(range(4), 2))


@pytest.mark.parametrize("players", [2, 3, 6])
def test_values_and_interactions_are_those_of_shapiq(players: int) -> None:
    game = np.random.default_rng(players).normal(size=(2,) * players)

    def value(coalitions: np.ndarray) -> np.ndarray:
        return game[tuple(np.atleast_2d(coalitions).astype(int).T)]

    theirs = shapiq.ExactComputer(value, n_players=players)
    single, joint = theirs("SV", 1), theirs("SII", 2)
    np.testing.assert_allclose(shapley(game[None])[0], [single[(i,)] for i in range(players)], atol=1e-12)
    pairs = combinations(range(players), 2)
    np.testing.assert_allclose(interactions(game[None])[0], [joint[pair] for pair in pairs], atol=1e-12)


@pytest.fixture(scope="module")
def run() -> Run:
    """Half of a table of four categorical hyperparameters."""
    rng = np.random.default_rng(0)
    space = ConfigurationSpace()
    choices = [[f"v{i}" for i in range(size)] for size in SHAPE]
    space.add(
        [
            CategoricalHyperparameter(name, values, default_value=values[-1])
            for name, values in zip("abcd", choices, strict=True)
        ]
    )
    codes = rng.permutation(np.indices(SHAPE).reshape(4, -1).T)[:60]
    configurations = [{n: f"v{code}" for n, code in zip("abcd", row, strict=True)} for row in codes]
    return run_over(space, configurations, rng.normal(size=60))


@pytest.mark.parametrize("game", ["ablation", "tunability", "sensitivity"])
def test_games_on_the_forest_are_those_of_hypershap(run: Run, game: Any) -> None:
    hypershap = pytest.importorskip("hypershap", reason="needs uv run --with hypershap")
    data = sample(run)
    predict = from_forest(fit(data))

    class Surrogate:
        """The same forest; HyperSHAP wants more to be better."""

        def predict(self, codes: np.ndarray) -> np.ndarray:
            return -predict(np.atleast_2d(codes).astype(int))[0]

    theirs = hypershap.HyperSHAP(hypershap.ExplanationTask.from_base_model(run.space, Surrogate()))
    ends = {}
    if game == "ablation":
        best = {name: f"v{code}" for name, code in zip("abcd", data.incumbent, strict=True)}
        ends["config_of_interest"] = Configuration(run.space, values=best)
    ends["baseline_config"] = run.space.get_default_configuration()
    single, joint = (
        getattr(theirs, game)(**ends, index=index, order=order) for index, order in (("SV", 1), ("SII", 2))
    )
    wanted = np.array([*(single[(i,)] for i in range(4)), *(joint[pair] for pair in PAIRS)])
    ours = explain(data, Method("shapley", game=game)).values
    if game == "sensitivity":  # they draw 10,000 configurations, where ours is exact; and ours is a share
        np.testing.assert_allclose(ours, wanted / wanted[:4].sum(), atol=0.05)
    else:
        np.testing.assert_allclose(ours, wanted, atol=1e-12)
