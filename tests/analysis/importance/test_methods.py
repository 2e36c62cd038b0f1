"""Importance of hyperparameters from runs, against the truth; ablation, local importance and Shapley values."""

from __future__ import annotations

import numpy as np
import pytest
from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    Integer,
    OrdinalHyperparameter,
)

from encave.analysis.grouping.sections import view_runs
from encave.analysis.importance.bias import UNIFORM, estimate_bias, uniform_groups
from encave.analysis.importance.fanova import decompose
from encave.analysis.importance.groups import ALL, POWERS, group_importance
from encave.analysis.importance.methods import Method, importance, over_runs
from encave.analysis.importance.sample import sample
from encave.analysis.importance.space import encode
from encave.errors import EncaveError
from encave.run import Objective, Run

from ..runs import run_over


def test_the_estimate_comes_near_the_truth(complete: Run, table: np.ndarray) -> None:
    exact, found = decompose(table), importance(complete, method=Method(trees=64))
    assert found.names == ("x", "y", "z")
    assert np.abs(found.values - exact.shares(found.subsets)).mean() < 0.04
    assert found.value("x") == max(found.values)
    assert found.value("y", "x") == found.value("x", "y")
    assert found.label((0, 2)) == "x × z"
    assert (found.trees, found.sample.trials, found.sample.excluded) == (64, 64, 0)
    assert found.spread.shape == found.values.shape and (found.spread > 0).any()


def test_all_orders_of_a_finite_space_sum_to_one(complete: Run) -> None:
    assert importance(complete, method=Method(order=3)).values.sum() == pytest.approx(1)


def test_the_direction_does_not_matter_and_the_same_seed_gives_the_same(complete: Run) -> None:
    flipped = complete.replace(objectives=(Objective("loss", "maximize"),))
    assert importance(flipped).values == pytest.approx(importance(complete).values, abs=0.01)
    assert (importance(complete).values == importance(complete).values).all()
    assert (importance(complete, method=Method(seed=1)).values != importance(complete).values).any()


def test_the_error_falls_with_the_trials(complete: Run, table: np.ndarray) -> None:
    groups, refused = group_importance(view_runs([complete]).sections, first=POWERS, truth=lambda run, data: table)
    (found,) = estimate_bias(groups)
    assert not refused and found.trials.tolist() == [16, 32, 64] and found.runs.tolist() == [1, 1, 1]
    assert found.single_error[2] < found.single_error[0] and found.pair_error[2] < found.pair_error[0]
    last, exact = importance(complete).values, decompose(table).shares(found.subsets[:6])
    assert found.bias[2] == pytest.approx(last - exact)
    assert found.single_error[2] == pytest.approx(np.abs(last - exact)[:3].mean())
    assert found.pair_error[2] == pytest.approx(np.abs(last - exact)[3:].mean())
    assert np.isnan(found.single_spread).all() and found.label(4) == "x × z"


def test_a_uniform_sample_is_the_reference(complete: Run, table: np.ndarray) -> None:
    groups, _ = group_importance(view_runs([complete]).sections, first=POWERS, truth=lambda run, data: table)
    uniform = uniform_groups(groups, draws=3)
    assert [(one.optimizer, one.trials, len(one.runs)) for one in uniform] == [(UNIFORM, n, 3) for n in (16, 32, 64)]
    whole = uniform[-1].estimates[0]  # 64 draws without replacement are the whole table
    assert sorted(whole.sample.cost) == pytest.approx(sorted(table.reshape(-1)))
    first = uniform[0].estimates[0].sample
    assert table[tuple(first.codes.T)] == pytest.approx(first.cost) and len({*map(tuple, first.codes)}) == 16
    assert len(estimate_bias([*groups, *uniform])) == 2


def test_the_first_trials_are_those_that_ended_first(complete: Run) -> None:
    ends = np.arange(64.0)[::-1]
    costs = np.where(np.arange(64) == 60, np.nan, complete.cost())
    run = run_over(complete.space, [complete.configuration(i) for i in range(64)], costs, end=ends)
    start = sample(run).first(5)
    assert start.cost == pytest.approx(costs[[63, 62, 61, 59, 58]])
    assert (start.trials, start.excluded, start.until) == (5, 1, 5.0)


def test_failed_trials_are_left_out_and_counted(complete: Run) -> None:
    costs = complete.cost()
    costs[::4] = np.nan
    run = run_over(complete.space, [complete.configuration(i) for i in range(len(complete))], costs)
    found = importance(run)
    assert (found.sample.trials, found.sample.excluded) == (48, 16)
    succeeded = run.where(np.isfinite(costs))
    assert found.values == pytest.approx(importance(succeeded).values)


def test_each_budget_has_its_own_importance(complete: Run) -> None:
    codes = [complete.configuration(i) for i in range(64)]
    by_y = {"a": 0.0, "b": 4.0, "c": 1.0, "d": 9.0}
    low = [by_y[row["y"]] + 0.01 * number for number, row in enumerate(codes)]
    run = run_over(
        complete.space,
        codes * 2 + codes[:3],
        [*low, *complete.cost(), 1.0, 2.0, 3.0],
        budget=np.repeat([1.0, 3.0, 9.0], [64, 64, 3]),
    )
    groups, refused = group_importance(view_runs([run]).sections, budget=ALL)
    found = {group.budget: group.estimates[0] for group in groups}
    assert list(found) == [1.0, 3.0]
    assert found[1.0].value("y") > 0.8 and found[3.0].value("x") > found[3.0].value("y")
    assert ["only 3 configurations" in one.reason for one in refused] == [True]
    with pytest.raises(EncaveError, match="budgets: 1, 3, 9"):
        importance(run, budget=2.0)
    assert sample(run).budget == 9.0


def test_repeated_evaluations_are_averaged(complete: Run) -> None:
    configurations = [complete.configuration(i) for i in range(64)]
    noisy = run_over(
        complete.space,
        configurations,
        np.concatenate((complete.cost() - 5, complete.cost() + 5)),
        config_id=np.tile(np.arange(64), 2),
    )
    assert importance(noisy).values == pytest.approx(importance(complete).values)
    assert sample(noisy).trials == 128 and len(sample(noisy).cost) == 64


def test_what_cannot_be_explained_is_refused(complete: Run) -> None:
    few = complete.where(np.arange(64) < 9)
    with pytest.raises(EncaveError, match="at least 10"):
        importance(few)
    same = run_over(complete.space, [complete.configuration(i) for i in range(64)], np.full(64, 2.0))
    with pytest.raises(EncaveError, match="2 for every configuration"):
        importance(same)
    with pytest.raises(EncaveError, match="no trial has a result"):
        importance(run_over(complete.space, [complete.configuration(i) for i in range(64)], np.full(64, np.nan)))
    with pytest.raises(EncaveError, match="ask for a higher order"):
        importance(complete, method=Method(order=1)).value("x", "y")
    with pytest.raises(EncaveError, match="the hyperparameters are x, y, z"):
        importance(complete).value("w")


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
    return run_over(space, configurations, [np.log10(c["rate"]) + 0.1 * c["depth"] for c in configurations])


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
        full = {"momentum": mixed.space["momentum"].default_value, **mixed.configuration(number)}
        assert [axis.code(full[axis.name]) for axis in encoded.axes] == encoded.codes[number].tolist()
    momentum = axes["momentum"]
    without = next(i for i in range(400) if "momentum" not in mixed.configuration(i))
    assert encoded.codes[without, encoded.names.index("momentum")] == momentum.code(0.9)


def test_bins_weigh_what_a_uniform_sample_puts_into_them() -> None:
    """Also on a logarithmic scale: the truth is ConfigSpace's own sampling."""
    space = ConfigurationSpace()
    space.add([Float("f", (1e-3, 10), log=True), Integer("i", (1, 20), log=True), Integer("j", (0, 7))])
    space.seed(1)
    configurations = [dict(configuration) for configuration in space.sample_configuration(6_000)]
    encoded = encode(run_over(space, configurations, np.arange(6_000)))
    for axis, codes in zip(encoded.axes, encoded.codes.T, strict=True):
        share = np.bincount(codes, minlength=axis.bins) / len(codes)
        assert share == pytest.approx(axis.weights, abs=0.025), axis.name


def test_importance_of_a_mixed_space(mixed: Run) -> None:
    found = importance(mixed)
    assert found.value("rate") > 0.9
    assert [found.value("fix"), found.value("fix", "rate")] == pytest.approx([0, 0], abs=1e-12)
    assert found.sample.encoded.imputed > 0
    assert found.values.sum() <= 1 + 1e-9
    with pytest.raises(EncaveError, match="without conditions"):
        importance(mixed, method=Method(order=3))


def test_over_runs(complete: Run) -> None:
    estimates = [importance(complete, method=Method(seed=seed)) for seed in range(3)]
    mean, spread = over_runs(estimates)
    assert mean == pytest.approx(np.mean([e.values for e in estimates], axis=0))
    assert spread == pytest.approx(np.std([e.values for e in estimates], axis=0, ddof=1))
    assert np.isnan(over_runs(estimates[:1])[1]).all()
    with pytest.raises(EncaveError, match="same hyperparameters"):
        over_runs([])
