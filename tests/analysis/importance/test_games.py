"""Ablation, local importance and Shapley values: brute force, hand-worked examples, conditions."""

from __future__ import annotations

from itertools import combinations, permutations, product
from math import factorial

import numpy as np
import pytest
from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    EqualsCondition,
    Float,
    Integer,
    LessThanCondition,
    OrConjunction,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from encave.analysis.importance.fanova import decompose, decompose_batch, subsets_of
from encave.analysis.importance.games import ablation, from_forest, from_table, local_importance
from encave.analysis.importance.methods import Method, exact, importance
from encave.analysis.importance.sample import fit, sample
from encave.analysis.importance.shapley import (
    GAMES,
    Game,
    ablation_game,
    interactions,
    sensitivity_game,
    shapley,
    tunability_game,
    variance_game,
)
from encave.analysis.importance.space import encode
from encave.errors import EncaveError
from encave.run import Run

from ..runs import run_over


def test_ablation_takes_the_best_step_first(table: np.ndarray) -> None:
    additive = np.add.outer(np.add.outer([0.0, -1.0], [0.0, -5.0]), [0.0, -3.0])
    path = ablation(from_table(additive), np.zeros(3, int), np.ones(3, int))
    assert path.order == (1, 2, 0)
    assert path.values[0].tolist() == [0, -5, -8, -9] and path.gains[0].tolist() == [5, 3, 1]
    partial = ablation(from_table(table), np.array([0, 1, 2]), np.array([3, 1, 0]))
    assert sorted(partial.order) == [0, 2]
    assert partial.values[0, [0, -1]].tolist() == [table[0, 1, 2], table[3, 1, 0]]


def test_local_importance_is_the_share_of_local_variance() -> None:
    values = np.add.outer([0.0, 2.0], [0.0, 0.0, 3.0])  # variances 1 and 2
    uniform = [np.full(2, 1 / 2), np.full(3, 1 / 3)]
    assert local_importance(from_table(values), np.array([1, 0]), uniform)[0] == pytest.approx([1 / 3, 2 / 3])
    assert local_importance(from_table(np.zeros((2, 3))), np.array([0, 0]), uniform)[0].tolist() == [0, 0]


games = st.integers(1, 5).flatmap(lambda d: st.tuples(st.just(d), st.integers(0, 10**6)))


@settings(max_examples=25)
@given(games)
def test_shapley_is_the_mean_contribution_over_all_orders(game: tuple[int, int]) -> None:
    d, seed = game
    values = np.random.default_rng(seed).normal(size=(2,) * d)
    wanted = np.zeros(d)
    for order in (orders := list(permutations(range(d)))):
        inside = [0] * d
        for player in order:
            before = values[tuple(inside)]
            inside[player] = 1
            wanted[player] += values[tuple(inside)] - before
    found = shapley(values[None])[0]
    assert found == pytest.approx(wanted / len(orders))
    assert found.sum() == pytest.approx(values[(1,) * d] - values[(0,) * d])  # efficiency


def test_shapley_axioms() -> None:
    def of(values: np.ndarray) -> np.ndarray:
        return shapley(values[None])[0]

    game = np.random.default_rng(2).normal(size=(2, 2))
    symmetric = (game + game.T) / 2
    assert of(symmetric)[0] == pytest.approx(of(symmetric)[1])
    dummy = np.stack((game, game))  # the first player changes nothing
    assert of(dummy) == pytest.approx([0, *of(game)])
    other = np.random.default_rng(3).normal(size=(2, 2))
    assert of(game + other) == pytest.approx(of(game) + of(other))


def test_interactions_are_what_two_gain_together() -> None:
    rng = np.random.default_rng(5)
    game, d = rng.normal(size=(2,) * 4), 4
    for number, (i, j) in enumerate(combinations(range(d), 2)):
        others, wanted = [k for k in range(d) if k not in (i, j)], 0.0
        for order in permutations(range(d - 1)):  # the pair enters as one, at its place among the others
            inside = [0] * d
            for place in order[: order.index(d - 2)]:
                inside[others[place]] = 1

            def value(a: int, b: int, at: list[int] = inside, i: int = i, j: int = j) -> float:
                at[i], at[j] = a, b
                return game[tuple(at)]

            wanted += value(1, 1) - value(1, 0) - value(0, 1) + value(0, 0)
        assert interactions(game[None])[0, number] == pytest.approx(wanted / factorial(d - 1))


def test_games_equal_brute_force() -> None:
    rng = np.random.default_rng(6)
    table, weights = rng.normal(size=(2, 3, 2)), [np.array([0.4, 0.6]), np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.5])]
    default = np.array([1, 2, 0])
    points = np.array(list(product(range(2), range(3), range(2))))
    chance = np.array([np.prod([w[v] for w, v in zip(weights, point, strict=True)]) for point in points])
    tune, spread = tunability_game(table[None], default)[0], sensitivity_game(table[None], default, weights)[0]
    total = variance_game(decompose_batch(table[None], weights))[0]
    for coalition in product((0, 1), repeat=3):
        mixed = np.where(coalition, points, default)
        costs = table[tuple(mixed.T)]
        assert tune[coalition] == pytest.approx(costs.min())
        assert spread[coalition] == pytest.approx(chance @ (costs - chance @ costs) ** 2)
        axes = [axis for axis in range(3) if coalition[axis]]
        means = [
            chance[same] @ table[tuple(points[same].T)] / chance[same].sum()
            for point in points
            if len(same := np.flatnonzero((points[:, axes] == point[axes]).all(axis=1)))
        ]
        assert total[coalition] == pytest.approx(chance @ (means - chance @ np.array(means)) ** 2)


def test_shapley_effects_share_out_the_components() -> None:
    """Owen 2014, theorem 1: the Shapley value of the variance game is the sum of V_U / |U| over the subsets with j."""
    parts = decompose(np.random.default_rng(7).normal(size=(3, 2, 4)))
    wanted = [sum(parts.part(U) / len(U) for U in subsets_of(3) if j in U) for j in range(3)]
    assert shapley(variance_game(parts.parts[None]))[0] == pytest.approx(wanted)


@pytest.fixture(scope="module")
def space() -> ConfigurationSpace:
    """`x` only where `kind` is p, `y` only where x is below 0.5 or `kind` is q."""
    space = ConfigurationSpace()
    space.add([kind := Categorical("kind", ["p", "q"]), x := Float("x", (0, 1)), y := Integer("y", (0, 3), default=3)])
    space.add(EqualsCondition(x, kind, "p"))
    space.add(OrConjunction(LessThanCondition(y, x, 0.5), EqualsCondition(y, kind, "q")))
    return space


@pytest.fixture(scope="module")
def conditional(space: ConfigurationSpace) -> Run:
    space.seed(0)
    configurations = [dict(one) for one in space.sample_configuration(80)]
    costs = [one.get("x", 2.0) + one.get("y", 0) for one in configurations]
    return run_over(space, configurations, costs)


def test_activity_of_bins_is_that_of_the_configurations(conditional: Run) -> None:
    encoded = encode(conditional)
    wanted = [[name in conditional.configuration(i) for name in encoded.names] for i in range(80)]
    assert encoded.conditions.active(encoded.codes).tolist() == wanted
    settled = encoded.conditions.settle(np.array([[1, 0, 0]]))  # q: x inactive
    assert dict(zip(encoded.names, settled[0], strict=True))["x"] == dict(zip(encoded.names, encoded.default))["x"]


def test_an_inactive_hyperparameter_waits_for_its_parent(conditional: Run) -> None:
    encoded = encode(conditional)
    kind, x = encoded.names.index("kind"), encoded.names.index("x")
    start, target = encoded.default.copy(), encoded.default.copy()
    start[kind], target[x] = 1, 0  # from q to p with a small x
    costs = from_table(np.zeros(encoded.sizes))
    assert ablation(costs, start, target, encoded.conditions).order[0] == kind
    local = local_importance(
        from_table(np.random.default_rng(0).normal(size=encoded.sizes)), start, encoded.weights, encoded.conditions
    )
    assert local[0, x] == 0 and local.sum() == pytest.approx(1)


@pytest.mark.parametrize("method", [Method("lpi"), Method("ablation"), Method("shapley")])
def test_methods_of_a_space_with_conditions(conditional: Run, method: Method) -> None:
    found = importance(conditional, method=method)
    assert np.isfinite(found.values).all() and found.spread.shape == found.values.shape
    if method.name != "lpi":
        predict = from_forest(fit(found.sample), found.sample.encoded.conditions)
        ends = predict(np.stack((found.sample.encoded.default, found.sample.incumbent)))[0]
        assert found.values[:3].sum() == pytest.approx(ends[0] - ends[1])


@pytest.mark.parametrize("game", GAMES)
def test_estimates_from_the_whole_table_come_near_its_games(complete: Run, table: np.ndarray, game: Game) -> None:
    method = Method("shapley", game=game, trees=64)
    found, wanted = importance(complete, method=method), exact(table, sample(complete), method)
    assert np.corrcoef(found.values, wanted)[0, 1] > 0.85
    if method.shares:
        assert wanted[:3].sum() == pytest.approx(1)
    assert (
        np.abs(exact(table, sample(complete), Method("lpi")) - importance(complete, method=Method("lpi")).values).max()
        < 0.3
    )


def test_shapley_of_the_incumbent_of_a_run(complete: Run, table: np.ndarray) -> None:
    data = sample(complete)
    start, target = data.encoded.default, data.incumbent
    assert start.tolist() == [0, 0, 0]
    assert tuple(target) == np.unravel_index(table.argmin(), table.shape)
    values = shapley(ablation_game(from_table(table), start, target))[0]
    assert values.sum() == pytest.approx(table.min() - table[0, 0, 0])
    predict = from_forest(fit(data))
    modelled = shapley(ablation_game(predict, start, target))[0]
    both = predict(np.stack((start, target)))[0]
    assert modelled.sum() == pytest.approx(both[1] - both[0])
    assert local_importance(predict, target, data.encoded.weights)[0].sum() == pytest.approx(1)


def test_too_many_players_are_refused() -> None:
    with pytest.raises(EncaveError, match="up to 12"):
        ablation_game(lambda codes: codes[None, :, 0], np.zeros(13, int), np.ones(13, int))
