"""Importance of hyperparameters from runs, against the truth; ablation, local importance and Shapley values."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from ConfigSpace import (
    Categorical,
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    Integer,
    OrdinalHyperparameter,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from encave.analysis.fanova import decompose
from encave.analysis.importance import estimate_error, fit, importance, importance_by_budget, over_runs, sample
from encave.analysis.importance_games import (
    ablation,
    coalition_values,
    default_and_incumbent,
    from_forest,
    from_table,
    local_importance,
    shapley,
)
from encave.analysis.importance_space import encode
from encave.errors import EncaveError
from encave.run import Objective, Optimizer, Run

CHOICES = ("a", "b", "c", "d")
SHAPE = (4, 4, 4)


def make_run(space: ConfigurationSpace, configurations: list[dict], costs, direction="minimize", **columns) -> Run:
    costs = np.asarray(costs, dtype=float)
    trials = {
        "config_id": np.arange(len(costs)),
        "status": ["success" if np.isfinite(cost) else "crashed" for cost in costs],
        "cost:loss": np.where(np.isfinite(costs), costs, np.nan),
    }
    return Run.from_columns(
        name="toy",
        optimizer=Optimizer("random"),
        space=space,
        objectives=[Objective("loss", direction)],
        trials=trials | columns,
        configurations=dict(enumerate(configurations)),
    )


@pytest.fixture(scope="module")
def table() -> np.ndarray:
    return 10 + 3 * np.random.default_rng(0).normal(size=SHAPE) + np.array([0.0, 9.0, 2.0, 7.0])[:, None, None]


@pytest.fixture(scope="module")
def complete(table: np.ndarray) -> Run:
    """A run that evaluated the whole table in random order."""
    space = ConfigurationSpace()
    space.add([CategoricalHyperparameter(name, CHOICES) for name in "xyz"])
    codes = np.indices(SHAPE).reshape(3, -1).T[np.random.default_rng(1).permutation(table.size)]
    return make_run(space, [dict(zip("xyz", (CHOICES[c] for c in row))) for row in codes], table[tuple(codes.T)])


def test_the_estimate_comes_near_the_truth(complete: Run, table: np.ndarray) -> None:
    exact, found = decompose(table), importance(complete, trees=64)
    assert found.names == ("x", "y", "z")
    assert np.abs(found.shares - exact.shares(found.subsets)).mean() < 0.04
    assert found.share("x") == max(found.shares)
    assert found.share("y", "x") == found.share("x", "y")
    assert found.label((0, 2)) == "x × z"
    assert (found.trees, found.sample.trials, found.sample.excluded) == (64, 64, 0)
    assert found.spread.shape == found.shares.shape and (found.spread > 0).any()


def test_all_orders_of_a_finite_space_sum_to_one(complete: Run) -> None:
    assert importance(complete, order=3).shares.sum() == pytest.approx(1)


def test_the_direction_does_not_matter_and_the_same_seed_gives_the_same(complete: Run) -> None:
    flipped = complete.replace(objectives=(Objective("loss", "maximize"),))
    assert importance(flipped).shares == pytest.approx(importance(complete).shares, abs=0.01)
    assert (importance(complete).shares == importance(complete).shares).all()
    assert (importance(complete, seed=1).shares != importance(complete).shares).any()


def test_the_error_falls_with_the_trials(complete: Run, table: np.ndarray) -> None:
    error = estimate_error(table, complete, [16, 64, 1000])
    assert error.trials.tolist() == [16, 64]
    assert error.singles[1] < error.singles[0] and error.pairs[1] < error.pairs[0]
    last, exact = importance(complete), decompose(table)
    assert error.singles[1] == pytest.approx(np.abs(last.shares[:3] - exact.shares(last.subsets)[:3]).mean())
    assert error.signed[1] == pytest.approx((last.shares[:3] - exact.shares(last.subsets)[:3]).mean())
    with pytest.raises(EncaveError, match="a table of shape"):
        estimate_error(table[:3], complete, [16])


def test_failed_trials_are_left_out_and_counted(complete: Run) -> None:
    costs = complete.cost()
    costs[::4] = np.nan
    run = make_run(complete.space, [complete.configuration(i) for i in range(len(complete))], costs)
    found = importance(run)
    assert (found.sample.trials, found.sample.excluded) == (48, 16)
    succeeded = run.where(np.isfinite(costs))
    assert found.shares == pytest.approx(importance(succeeded).shares)


def test_each_budget_has_its_own_importance(complete: Run) -> None:
    codes = [complete.configuration(i) for i in range(64)]
    by_y = {"a": 0.0, "b": 4.0, "c": 1.0, "d": 9.0}
    low = [by_y[row["y"]] + 0.01 * number for number, row in enumerate(codes)]
    run = make_run(
        complete.space,
        codes * 2 + codes[:3],
        [*low, *complete.cost(), 1.0, 2.0, 3.0],
        budget=np.repeat([1.0, 3.0, 9.0], [64, 64, 3]),
    )
    found = importance_by_budget(run)
    assert list(found) == [1.0, 3.0, 9.0]
    assert found[1.0].share("y") > 0.8 and found[3.0].share("x") > found[3.0].share("y")
    assert "only 3 configurations" in found[9.0]
    with pytest.raises(EncaveError, match="budgets: 1, 3, 9"):
        importance(run, budget=2.0)
    assert sample(run).budget == 9.0


def test_repeated_evaluations_are_averaged(complete: Run) -> None:
    configurations = [complete.configuration(i) for i in range(64)]
    noisy = make_run(
        complete.space,
        configurations,
        np.concatenate((complete.cost() - 5, complete.cost() + 5)),
        config_id=np.tile(np.arange(64), 2),
    )
    assert importance(noisy).shares == pytest.approx(importance(complete).shares)
    assert sample(noisy).trials == 128 and len(sample(noisy).cost) == 64


def test_what_cannot_be_explained_is_refused(complete: Run) -> None:
    few = complete.where(np.arange(64) < 9)
    with pytest.raises(EncaveError, match="at least 10"):
        importance(few)
    same = make_run(complete.space, [complete.configuration(i) for i in range(64)], np.full(64, 2.0))
    with pytest.raises(EncaveError, match="2 for every configuration"):
        importance(same)
    with pytest.raises(EncaveError, match="no trial has a result"):
        importance(make_run(complete.space, [complete.configuration(i) for i in range(64)], np.full(64, np.nan)))
    with pytest.raises(EncaveError, match="ask for a higher order"):
        importance(complete, order=1).share("x", "y")
    with pytest.raises(EncaveError, match="the hyperparameters are x, y, z"):
        importance(complete).share("w")


def mixed_space() -> ConfigurationSpace:
    space = ConfigurationSpace()
    kind = Categorical("kind", ["sgd", "adam"], default="adam")
    momentum = Float("momentum", (0, 1), default=0.9)
    space.add(
        [kind, momentum, Float("rate", (1e-4, 1.0), log=True), Integer("depth", (1, 3)), Integer("wide", (1, 999))]
    )
    space.add([OrdinalHyperparameter("size", ["s", "m", "l"]), Categorical("odd", [1, "1", 2.5]), Constant("fix", 3)])
    space.add(EqualsCondition(momentum, kind, "sgd"))
    space.seed(0)
    return space


@pytest.fixture(scope="module")
def mixed() -> Run:
    space = mixed_space()
    configurations = [dict(configuration) for configuration in space.sample_configuration(400)]
    return make_run(space, configurations, [np.log10(c["rate"]) + 0.1 * c["depth"] for c in configurations])


def test_every_kind_of_hyperparameter_is_cut_into_bins(mixed: Run) -> None:
    encoded = encode(mixed)
    axes = {axis.name: axis for axis in encoded.axes}
    assert [axes[name].nominal for name in ("kind", "odd", "size", "rate")] == [True, True, False, False]
    assert axes["size"].values == ("s", "m", "l") and axes["depth"].values == (1, 2, 3) and axes["fix"].bins == 1
    assert axes["rate"].bins == axes["wide"].bins == 32
    assert all(axis.weights.sum() == pytest.approx(1) for axis in encoded.axes)
    assert not encoded.finite
    inactive = sum("momentum" not in mixed.configuration(i) for i in range(len(mixed)))
    assert encoded.imputed == inactive > 0
    for number in (0, 7, 399):
        assert encoded.code(mixed.configuration(number)).tolist() == encoded.codes[number].tolist()
    momentum = axes["momentum"]
    without = next(i for i in range(400) if "momentum" not in mixed.configuration(i))
    assert encoded.codes[without, encoded.names.index("momentum")] == momentum.code(0.9)


def test_bins_weigh_what_a_uniform_sample_puts_into_them() -> None:
    """Also on a logarithmic scale: the truth is ConfigSpace's own sampling."""
    space = ConfigurationSpace()
    space.add([Float("f", (1e-3, 10), log=True), Integer("i", (1, 20), log=True), Integer("j", (0, 7))])
    space.seed(1)
    configurations = [dict(configuration) for configuration in space.sample_configuration(6_000)]
    encoded = encode(make_run(space, configurations, np.arange(6_000)))
    for axis, codes in zip(encoded.axes, encoded.codes.T, strict=True):
        share = np.bincount(codes, minlength=axis.bins) / len(codes)
        assert share == pytest.approx(axis.weights, abs=0.025), axis.name


def test_importance_of_a_mixed_space(mixed: Run) -> None:
    found = importance(mixed)
    assert found.share("rate") > 0.9
    assert [found.share("fix"), found.share("fix", "rate")] == pytest.approx([0, 0], abs=1e-12)
    assert found.sample.encoded.imputed > 0
    assert found.shares.sum() <= 1 + 1e-9
    with pytest.raises(EncaveError, match="without conditions"):
        importance(mixed, order=3)


def test_over_runs(complete: Run) -> None:
    estimates = [importance(complete, seed=seed) for seed in range(3)]
    mean, spread = over_runs(estimates)
    assert mean == pytest.approx(np.mean([e.shares for e in estimates], axis=0))
    assert spread == pytest.approx(np.std([e.shares for e in estimates], axis=0, ddof=1))
    assert np.isnan(over_runs(estimates[:1])[1]).all()
    with pytest.raises(EncaveError, match="same hyperparameters"):
        over_runs([])


def test_ablation_takes_the_best_step_first(table: np.ndarray) -> None:
    additive = np.add.outer(np.add.outer([0.0, -1.0], [0.0, -5.0]), [0.0, -3.0])
    path = ablation(from_table(additive), np.zeros(3, int), np.ones(3, int))
    assert path.order == (1, 2, 0)
    assert path.values.tolist() == [0, -5, -8, -9] and path.gains.tolist() == [5, 3, 1]
    partial = ablation(from_table(table), np.array([0, 1, 2]), np.array([3, 1, 0]))
    assert sorted(partial.order) == [0, 2]
    assert partial.values[[0, -1]].tolist() == [table[0, 1, 2], table[3, 1, 0]]


def test_local_importance_is_the_share_of_local_variance() -> None:
    values = np.add.outer([0.0, 2.0], [0.0, 0.0, 3.0])  # variances 1 and 2
    uniform = [np.full(2, 1 / 2), np.full(3, 1 / 3)]
    assert local_importance(from_table(values), np.array([1, 0]), uniform) == pytest.approx([1 / 3, 2 / 3])
    assert local_importance(from_table(np.zeros((2, 3))), np.array([0, 0]), uniform).tolist() == [0, 0]


games = st.integers(1, 5).flatmap(lambda d: st.tuples(st.just(d), st.integers(0, 10**6)))


@settings(max_examples=25, deadline=None)
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
    found = shapley(values)
    assert found == pytest.approx(wanted / len(orders))
    assert found.sum() == pytest.approx(values[(1,) * d] - values[(0,) * d])  # efficiency


def test_shapley_axioms() -> None:
    game = np.random.default_rng(2).normal(size=(2, 2))
    symmetric = (game + game.T) / 2
    assert shapley(symmetric)[0] == pytest.approx(shapley(symmetric)[1])
    dummy = np.stack((game, game))  # the first player changes nothing
    assert shapley(dummy) == pytest.approx([0, *shapley(game)])
    other = np.random.default_rng(3).normal(size=(2, 2))
    assert shapley(game + other) == pytest.approx(shapley(game) + shapley(other))


def test_shapley_of_the_incumbent_of_a_run(complete: Run, table: np.ndarray) -> None:
    data = sample(complete)
    ends = default_and_incumbent(complete, data)
    assert ends.start.tolist() == [0, 0, 0]
    assert tuple(ends.target) == np.unravel_index(table.argmin(), SHAPE)
    values = shapley(coalition_values(from_table(table), ends.start, ends.target))
    assert values.sum() == pytest.approx(table.min() - table[0, 0, 0])
    predict = from_forest(fit(data))
    modelled = shapley(coalition_values(predict, ends.start, ends.target))
    both = predict(np.stack((ends.start, ends.target)))
    assert modelled.sum() == pytest.approx(both[1] - both[0])
    assert local_importance(predict, ends.target, data.encoded.weights).sum() == pytest.approx(1)


def test_too_many_players_are_refused() -> None:
    with pytest.raises(EncaveError, match="up to 12"):
        coalition_values(lambda codes: codes[:, 0], np.zeros(13, int), np.ones(13, int))
