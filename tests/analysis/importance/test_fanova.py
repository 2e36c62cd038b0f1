"""The functional ANOVA: exact against brute force and known shares, the forest's against its own grid."""

from __future__ import annotations

from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encave.analysis.importance.fanova import decompose, decompose_batch, subsets_of
from encave.analysis.importance.forest import grow
from encave.analysis.importance.marginals import tree_shares
from encave.errors import EncaveError
from encave.runners.benchmarks.nasbench201.table import open_table


def brute_force(table: np.ndarray, weights: list[np.ndarray]) -> dict[tuple[int, ...], float]:
    """Components by subtraction of the smaller ones from the marginal mean, point by point: the definition."""
    d = table.ndim
    joint = np.ones(table.shape)
    for axis, weight in enumerate(weights):
        joint = joint * weight.reshape([-1 if a == axis else 1 for a in range(d)])
    components: dict[tuple[int, ...], np.ndarray] = {}
    for subset in chain.from_iterable(combinations(range(d), size) for size in range(d + 1)):
        others = tuple(axis for axis in range(d) if axis not in subset)
        mass = joint.sum(axis=others, keepdims=True)
        component = (table * joint).sum(axis=others, keepdims=True) / mass
        for smaller, known in components.items():
            if set(smaller) < set(subset):
                component = component - known
        components[subset] = component
    return {s: float((c**2 * joint).sum()) for s, c in components.items() if s}


@settings(max_examples=40)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 10**6), st.booleans())
def test_equals_brute_force(shape: list[int], seed: int, uniform: bool) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=shape) + 100
    weights = [np.full(k, 1 / k) if uniform else rng.dirichlet(np.ones(k)) + 1e-9 for k in shape]
    weights = [weight / weight.sum() for weight in weights]
    found = decompose(table, weights)
    for subset, part in brute_force(table, weights).items():
        assert found.part(subset) == pytest.approx(part, rel=1e-9, abs=1e-12)
    joint = np.array(1.0)
    for weight in weights:
        joint = np.multiply.outer(joint, weight)
    mean = (joint * table).sum()
    assert found.mean == pytest.approx(mean)
    assert found.variance == pytest.approx((joint * (table - mean) ** 2).sum(), rel=1e-9, abs=1e-12)


def test_an_additive_function_has_single_effects_only() -> None:
    a, b, c = np.array([0.0, 2.0]), np.array([0.0, 0.0, 3.0]), np.zeros(4)
    found = decompose(a[:, None, None] + b[:, None] + c)
    assert found.part([0]) == pytest.approx(1.0)  # the variance of 0, 2
    assert found.part([1]) == pytest.approx(2.0)  # of 0, 0, 3
    assert found.shares() == pytest.approx([1 / 3, 2 / 3, 0, 0, 0, 0, 0], abs=1e-12)


def test_a_product_of_centred_factors_is_pure_interaction() -> None:
    found = decompose(np.multiply.outer([-1.0, 1.0], np.multiply.outer([-1.0, 0.0, 1.0], [1.0, 1.0])))
    assert found.share([0, 1]) == pytest.approx(1.0)
    assert found.total_share(0) == pytest.approx(1.0)
    assert found.total_share(2) == pytest.approx(0.0)


def test_a_product_has_the_shares_of_sobols_formula() -> None:
    """V of Π f_j over U is Π of variances in U times Π of squared means outside."""
    factors = [np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0]), np.array([0.5, 1.0, 1.5, 7.0])]
    found = decompose(np.einsum("i,j,k->ijk", *factors))
    for subset in subsets_of(3):
        wanted = np.prod([f.var() if j in subset else f.mean() ** 2 for j, f in enumerate(factors)])
        assert found.part(subset) == pytest.approx(wanted)


def test_a_large_mean_costs_no_digits() -> None:
    table = np.random.default_rng(0).normal(size=(3, 4))
    assert decompose(table + 1e9).shares() == pytest.approx(decompose(table).shares(), abs=1e-6)


def test_a_constant_table_has_no_shares() -> None:
    found = decompose(np.full((2, 3), 7.0))
    assert found.variance == 0
    assert found.shares().tolist() == [0, 0, 0]
    assert found.total_share(0) == 0


def test_a_batch_is_its_tables() -> None:
    tables = np.random.default_rng(1).normal(size=(3, 2, 4))
    parts = decompose_batch(tables)
    for table, part in zip(tables, parts, strict=True):
        assert part == pytest.approx(decompose(table).parts)


def test_what_is_wrong_with_a_table_is_said() -> None:
    with pytest.raises(EncaveError, match="1 of 4 values"):
        decompose([[1.0, 2.0], [np.nan, 3.0]])
    with pytest.raises(EncaveError, match="weights of axis 1"):
        decompose(np.ones((2, 2)), [[0.5, 0.5], [0.5, 0.6]])
    with pytest.raises(EncaveError, match="do not fit"):
        decompose(np.ones((2, 2)), [[0.5, 0.5]])


def test_the_real_table_in_one_pass(table_path: Path) -> None:
    benchmark = open_table(table_path)
    codes = np.indices((5,) * 6).reshape(6, -1).T
    table = benchmark.query(codes, "cifar10").valid_error.reshape((5,) * 6)
    found = decompose(table)
    assert found.shares().shape == (63,)
    assert found.shares().sum() == pytest.approx(1, abs=1e-12)
    assert found.variance == pytest.approx(table.var())
    uniform = [np.full(5, 0.2)] * 6
    for subset, part in brute_force(table, uniform).items():
        assert found.part(subset) == pytest.approx(part, rel=1e-9, abs=1e-9)


def sampled_forest(shape: tuple[int, ...], nominal: tuple[bool, ...], seed: int = 0):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=shape)
    codes = np.indices(shape).reshape(len(shape), -1).T
    rows = rng.choice(len(codes), len(codes) // 2, replace=False)
    return grow(codes[rows], table.reshape(-1)[rows], shape, nominal, trees=5, seed=seed), codes


def test_leaves_partition_the_space_and_predict_it() -> None:
    shape, nominal = (3, 4, 2, 5), (True, False, True, False)
    forest, codes = sampled_forest(shape, nominal)
    predicted = forest.predict_trees(codes)
    starts = np.concatenate(([0], np.cumsum(shape)[:-1]))
    inside = forest.boxes[:, codes + starts].all(axis=2)  # (leaves, points)
    for tree in range(forest.trees):
        mine = forest.leaf_tree == tree
        assert (inside[mine].sum(axis=0) == 1).all()
        values = forest.value[forest.leaves[mine]] @ inside[mine]
        assert predicted[tree] == pytest.approx(values)


@pytest.mark.parametrize("nominal", [True, False])
def test_shares_from_boxes_equal_the_decomposition_of_the_predicted_grid(nominal: bool) -> None:
    shape = (3, 4, 2, 5)
    forest, codes = sampled_forest(shape, (nominal,) * 4, seed=3)
    weights = [np.random.default_rng(k).dirichlet(np.ones(k)) for k in shape]
    subsets, shares = tree_shares(forest, weights)
    for tree, row in enumerate(shares):
        exact = decompose(forest.predict_trees(codes)[tree].reshape(shape), weights)
        assert row == pytest.approx(exact.shares(subsets), abs=1e-10)
    all_subsets, all_shares = tree_shares(forest, weights, order=4)
    assert all_subsets == subsets_of(4)
    assert all_shares[:, : len(subsets)] == pytest.approx(shares, abs=1e-10)
    assert all_shares.sum(axis=1) == pytest.approx(np.ones(5))


def test_a_forest_does_not_depend_on_the_numbers_of_nominal_choices() -> None:
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 5, size=(200, 3))
    values = np.array([0.0, 9.0, 1.0, 8.0, 2.0])[codes[:, 0]] + rng.normal(size=200)
    renamed = np.array([3, 0, 4, 1, 2])[codes]
    weights = [np.full(5, 0.2)] * 3
    one = tree_shares(grow(codes, values, (5,) * 3, (True,) * 3, seed=1), weights)[1]
    two = tree_shares(grow(renamed, values, (5,) * 3, (True,) * 3, seed=1), weights)[1]
    assert one == pytest.approx(two)
    assert one[:, 0].mean() > 0.8


def test_a_nominal_split_takes_any_set_of_choices() -> None:
    codes = np.arange(6)[:, None].repeat(20, axis=0)
    forest = grow(codes, (codes[:, 0] % 2).astype(float), (6,), (True,), trees=4)
    assert forest.predict(np.arange(6)[:, None]) == pytest.approx([0, 1, 0, 1, 0, 1])
    assert len(forest.leaves) == 2 * 4  # one split: odd against even
    assert forest.r2 == pytest.approx(1)


def test_an_ordered_threshold_lies_in_the_middle_of_the_gap() -> None:
    codes = np.repeat([[0], [9]], 20, axis=0)
    forest = grow(codes, (codes[:, 0] > 5).astype(float), (10,), (False,), trees=2)
    assert forest.predict(np.arange(10)[:, None]).tolist() == [0] * 5 + [1] * 5


def test_a_grid_too_large_is_refused() -> None:
    forest = grow(np.zeros((4, 7), dtype=int), np.arange(4.0), (32,) * 7, (False,) * 7)
    with pytest.raises(EncaveError, match="ask for singles and pairs"):
        tree_shares(forest, [np.full(32, 1 / 32)] * 7, order=3)
