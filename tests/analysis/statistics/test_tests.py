"""Hypothesis tests against scipy, brute force over all orders, and the tables of Demšar (2006)."""

from __future__ import annotations

import math
from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from encave.analysis.statistics import tests

NAN = float("nan")
TIGHT = {"rtol": 0, "atol": 1e-9}

# Demšar 2006, table 6: AUC of C4.5, C4.5+m, C4.5+cf, C4.5+m+cf on 14 data sets of UCI
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)

small_tables = hnp.arrays(np.float64, st.tuples(st.integers(2, 4), st.just(3)), elements=st.integers(0, 3).map(float))
samples = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=6)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.5, float("inf"), NAN]), max_size=20))
def test_ranks_of_many_values_are_those_of_a_row(values: list[float]) -> None:
    many = np.array(values)
    np.testing.assert_array_equal(tests.ranks_of(many), tests.ranks(many[None])[0])
    np.testing.assert_array_equal(tests.ranks_of(many), stats.rankdata(tests.filled(many)))


def test_friedman_on_demsars_table() -> None:
    result = tests.friedman(-DEMSAR)
    # the paper's average ranks 3.143, 2.000, 2.893, 1.964, from which it gets chi-squared 9.28 without the correction
    # for ties, and F 3.69
    np.testing.assert_allclose(result.ranks, [3.143, 2.0, 2.893, 1.964], atol=5e-4)
    n, k = DEMSAR.shape
    uncorrected = 12 * n / (k * (k + 1)) * ((result.ranks**2).sum() - k * (k + 1) ** 2 / 4)
    assert uncorrected == pytest.approx(9.28, abs=5e-3)
    assert (n - 1) * uncorrected / (n * (k - 1) - uncorrected) == pytest.approx(3.69, abs=5e-3)
    theirs = stats.friedmanchisquare(*(-DEMSAR).T)
    assert (result.statistic, result.chi2_p) == (
        pytest.approx(theirs.statistic, abs=1e-9),
        pytest.approx(theirs.pvalue, abs=1e-9),
    )
    f = (n - 1) * theirs.statistic / (n * (k - 1) - theirs.statistic)
    assert result.f_p == pytest.approx(stats.f.sf(f, k - 1, (k - 1) * (n - 1)), abs=1e-9)


def test_nemenyi_on_demsars_table() -> None:
    # the paper: q_0.05 = 2.569 for four classifiers, CD = 1.25; no pair differs, C4.5 and C4.5+m+cf come closest (1.18)
    assert tests.critical_difference(4, 14) == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), abs=5e-4)
    p = tests.nemenyi(tests.friedman(-DEMSAR).ranks, 14)
    assert p[0, 3] == p[~np.eye(4, dtype=bool)].min() > 0.05
    assert tests.cliques(p < 0.05) == ((0, 1, 2, 3),)


@pytest.mark.parametrize("k", [2, 3, 5, 10, 40])
def test_studentized_range_is_that_of_scipy(k: int) -> None:
    q = np.array([0.0, 0.3, 1.0, 2.5, 4.0, 7.0])
    np.testing.assert_allclose(tests.studentized_range_sf(q, k), stats.studentized_range.sf(q, k, np.inf), **TIGHT)


def test_critical_values_of_demsar() -> None:
    # table 5 (a): q at 0.05 over sqrt(2) for 2 to 10 classifiers
    table = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]
    ours = [tests.critical_difference(k, 10) / np.sqrt(k * (k + 1) / 60) for k in range(2, 11)]
    np.testing.assert_allclose(ours, table, atol=1.1e-3)


@given(small_tables)
def test_exact_friedman_counts_all_orders(values) -> None:
    table = tests.ranks(values)
    n, k = table.shape

    def distance(rows) -> float:
        return float(((np.sum(rows, axis=0) - n * (k + 1) / 2) ** 2).sum())

    orders = list(product(*(list(permutations(row)) for row in table.tolist())))
    expected = np.mean([distance(order) >= distance(table) - 1e-9 for order in orders])
    assert tests.friedman(values).exact_p == pytest.approx(expected, abs=1e-9)


def test_friedman_textbook_value_and_limits() -> None:
    agree = np.tile([1.0, 2.0, 3.0], (3, 1))
    result = tests.friedman(agree)
    assert (result.statistic, result.exact_p) == (pytest.approx(6.0), pytest.approx(1 / 36))  # P(6) = 0.028 in tables
    assert (result.f_statistic, result.f_p) == (np.inf, 0.0)
    equal = tests.friedman(np.ones((4, 3)))
    assert (equal.statistic, equal.p) == (0.0, 1.0)
    many = tests.friedman(np.random.default_rng(0).normal(size=(50, 10)))
    assert many.exact_p is None
    assert many.p == many.chi2_p
    for shape, told in (((4, 2), "2 and 4"), ((1, 3), "3 and 1"), ((1, 2), "2 and 1")):
        with pytest.raises(ValueError, match=f"^Friedman's test needs three methods and two blocks, not {told}$"):
            tests.friedman(np.ones(shape))


@pytest.mark.parametrize(("blocks", "exact"), [(17, True), (18, False)])
def test_orders_are_counted_while_there_are_not_too_many(blocks: int, exact: bool) -> None:
    """Of distinct values; ties halve the steps of ranks, so that fewer blocks are counted."""
    values = np.random.default_rng(1).normal(size=(blocks, 4))
    assert (tests.friedman(values).exact_p is not None) == exact
    values[0, :2] = 0.0
    assert tests.friedman(values).exact_p is None
    assert tests.friedman(values[:7]).exact_p is not None


def test_the_exact_p_of_friedman_is_the_p() -> None:
    values = np.random.default_rng(2).normal(size=(5, 3))
    found = tests.friedman(values)
    assert found.p == found.exact_p != found.chi2_p
    assert found.blocks == 5


def test_the_tail_of_the_studentized_range_is_never_negative() -> None:
    found = tests.studentized_range_sf(np.linspace(0.0, 60.0, 400), 100)
    assert found[0] == 1.0 and found.min() == 0.0


def test_distributions_that_are_asked_for_again_are_kept() -> None:
    assert tests.critical_difference(7, 9, 0.01) is tests.critical_difference(7, 9, 0.01)
    assert tests.sign_chances((2, 4, 6)) is tests.sign_chances((2, 4, 6))
    assert tests.assignment_chances((2, 4, 6), 2) is tests.assignment_chances((2, 4, 6), 2)


@given(st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=9))
def test_exact_wilcoxon_counts_all_signs(gaps) -> None:
    values = np.array([gap for gap in gaps if gap])
    sizes = stats.rankdata(np.abs(values))
    sums = np.array([np.dot(signs, sizes) for signs in product([0, 1], repeat=len(sizes))])
    at = sizes[values > 0].sum()
    expected = min(1.0, 2 * min((sums <= at + 1e-9).mean(), (sums >= at - 1e-9).mean()))
    assert tests.wilcoxon(np.array(gaps), np.zeros(len(gaps))) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("n", "method"), [(6, "exact"), (25, "exact"), (50, "exact"), (51, "approx")])
def test_wilcoxon_is_that_of_scipy(n: int, method: str) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=n), rng.normal(0.2, size=n)
    assert tests.wilcoxon(a, b) == pytest.approx(stats.wilcoxon(a, b, method=method).pvalue, abs=1e-9)


def test_wilcoxon_on_demsars_example() -> None:
    # section 3.1.2: C4.5 against C4.5+m, T = 12 from 13 data sets that differ (one tie is dropped here, split there)
    p = tests.wilcoxon(DEMSAR[:, 0], DEMSAR[:, 1])
    assert 0.005 < p < 0.05
    assert tests.wilcoxon(DEMSAR[:, 0], DEMSAR[:, 0]) == 1.0


@given(samples, samples)
def test_exact_mann_whitney_counts_all_choices(a, b) -> None:
    pooled = stats.rankdata([*a, *b])
    sums = np.array([sum(pooled[list(chosen)]) for chosen in combinations(range(len(pooled)), len(a))])
    at = pooled[: len(a)].sum()
    expected = min(1.0, 2 * min((sums <= at + 1e-9).mean(), (sums >= at - 1e-9).mean()))
    assert tests.mann_whitney(np.array(a), np.array(b)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("n", "m", "method"), [(5, 5, "exact"), (20, 20, "exact"), (20, 21, "asymptotic"), (30, 40, "asymptotic")]
)
def test_mann_whitney_is_that_of_scipy(n: int, m: int, method: str) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=n), rng.normal(0.5, size=m)
    if method == "asymptotic":
        a, b = a.round(1), b.round(1)  # with ties
    expected = stats.mannwhitneyu(a, b, method=method).pvalue
    assert tests.mann_whitney(a, b) == pytest.approx(expected, abs=1e-9)


def test_rank_sums_next_to_their_mean_are_no_difference() -> None:
    """Within the correction for continuity the deviate would be negative."""
    values = np.arange(84.0)
    inner = np.isin(values % 4, (0, 3))  # of every four the first and the last: the sums are equal
    assert tests.mann_whitney(values[inner], values[~inner]) == 1.0
    assert tests.two_sided_normal(-0.1) == 1.0
    assert tests.two_sided_normal(1.96) == pytest.approx(2 * stats.norm.sf(1.96), rel=1e-12)


@pytest.mark.parametrize(
    ("test", "a", "b", "who"),
    [
        ("none", [1.0, 2.0], [3.0, 4.0], 0),
        ("mann-whitney", [1.0, 2.0], [3.0, 4.0, 5.0], 1),
        ("mann-whitney", [3.0, 4.0, 5.0], [1.0, 2.0], -1),
        ("mann-whitney", [1.0, 4.0], [2.0, 3.0], 0),
        ("mann-whitney", [5.0, 6.0, 7.0], [1.0, 100.0], 0),  # mean ranks 3 and 3, means 6 and 50
        ("wilcoxon", [1.0, 2.0, 9.0], [2.0, 3.0, 1.0], 0),  # ranks 1.5 + 1.5 against 3
        ("wilcoxon", [1.0, 2.0, 9.0, 4.0], [2.0, 3.0, 1.0, 4.0], 0),
        ("wilcoxon", [1.0, 2.0, 4.0], [3.0, 5.0, 3.0], 1),
        ("wilcoxon", [3.0, 5.0, 3.0], [1.0, 2.0, 4.0], -1),
        ("friedman-wilcoxon", [1.0, 5.0], [2.0, 5.0], 1),
        ("wilcoxon", [1.0, 2.0], [1.0, 2.0], 0),
        ("wilcoxon", [NAN, 2.0, 3.0], [NAN, 1.0, NAN], 1),
    ],
)
def test_whom_a_test_favours(test: str, a: list[float], b: list[float], who: int) -> None:
    assert tests.favoured(np.array(a), np.array(b), test) == who


@pytest.mark.parametrize("sizes", [(100, 60, 80), (9, 12, 11)])
@pytest.mark.parametrize("values", [4, 10_000])
def test_kruskal_is_that_of_scipy(sizes: tuple[int, ...], values: int) -> None:
    rng = np.random.default_rng(3)
    groups = [rng.integers(0, values, size) + place * values / 8 for place, size in enumerate(sizes)]
    expected = stats.kruskal(*groups)
    h, p = tests.kruskal(groups)
    assert h == pytest.approx(expected.statistic)
    # of few values by permutations, which agree with chi-squared about as well as these are many
    assert p == pytest.approx(expected.pvalue, abs=1e-12 if sum(sizes) > 200 else 0.02)


@pytest.mark.parametrize(("size", "drawn"), [(100, True), (101, False)])
def test_kruskal_draws_permutations_of_up_to_200_values(size: int, drawn: bool) -> None:
    rng = np.random.default_rng(4)
    groups = [rng.normal(size=size), rng.normal(size=100)]
    _, p = tests.kruskal(groups, permutations=19)
    assert ((20 * p).is_integer(), p == pytest.approx(stats.kruskal(*groups).pvalue)) == (drawn, not drawn)


def test_kruskal_draws_9999_permutations_from_seed_0() -> None:
    rng = np.random.default_rng(5)
    groups = [rng.normal(shift, size=6) for shift in (0.0, 0.5, 1.0)]
    pooled = stats.rankdata(np.concatenate(groups))
    drawn = np.random.default_rng(0).permuted(np.tile(pooled, (9_999, 1)), axis=1)
    means = np.stack([drawn[:, at : at + 6].mean(axis=1) for at in (0, 6, 12)])
    statistics = (means**2).sum(axis=0)  # grows with H where samples are of equal size
    observed = sum(pooled[at : at + 6].mean() ** 2 for at in (0, 6, 12))
    assert tests.kruskal(groups)[1] == (1 + int((statistics >= observed - 1e-9).sum())) / 10_000


def test_kruskal_of_values_that_are_all_alike_or_wholly_apart() -> None:
    assert tests.kruskal([np.ones(4), np.ones(3)]) == (0.0, 1.0)
    # 2 of the 20 assignments of six values are as far apart
    _, p = tests.kruskal([np.arange(3.0), np.arange(10.0, 13.0)])
    assert p == pytest.approx(0.1, abs=0.01)
    assert tests.kruskal([np.arange(20.0), np.arange(100.0, 120.0)], permutations=99)[1] == 0.01  # none is as far


def test_failed_runs_are_the_worst() -> None:
    a, b = np.array([NAN, NAN, 1.0, 2.0]), np.array([NAN, 3.0, 4.0, 5.0])
    worst = 1e6
    full = [np.nan_to_num(values, nan=worst) for values in (a, b)]
    assert tests.wilcoxon(a, b) == tests.wilcoxon(*full)
    assert tests.mann_whitney(a, b) == tests.mann_whitney(*full)
    assert tests.mann_whitney(np.full(60, NAN), np.full(60, NAN)) == 1.0


def test_holm_by_hand() -> None:
    # 0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04 * 1 raised to what came before
    np.testing.assert_allclose(tests.holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(tests.holm([0.9, 0.8]), [1.0, 1.0])
    assert len(tests.holm([])) == 0


@given(hnp.arrays(bool, st.integers(1, 6).map(lambda k: (k, k))))
def test_cliques_are_the_largest_groups_that_do_not_differ(matrix) -> None:
    different = np.triu(matrix, 1)
    different = different | different.T
    k = len(different)
    groups = [
        set(group)
        for size in range(2, k + 1)
        for group in combinations(range(k), size)
        if not different[np.ix_(group, group)].any()
    ]
    largest = sorted(tuple(sorted(group)) for group in groups if not any(group < other for other in groups))
    assert list(tests.cliques(different)) == largest


def test_tiny_p_values_are_the_same_from_either_side() -> None:
    low, high = np.arange(20.0), np.arange(20.0) + 100
    assert tests.mann_whitney(low, high) == pytest.approx(2 / math.comb(40, 20), rel=1e-12)
    assert tests.mann_whitney(high, low) == pytest.approx(2 / math.comb(40, 20), rel=1e-12)
    ahead = np.arange(1.0, 51)
    for a, b in ((ahead, 0 * ahead), (0 * ahead, ahead)):
        assert tests.wilcoxon(a, b) == pytest.approx(2.0**-49, rel=1e-12)
