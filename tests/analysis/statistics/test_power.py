"""Power by resampling, and what the summary makes of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy import stats

from encave.analysis.comparison.section import compare
from encave.analysis.grouping.sections import view_runs
from encave.analysis.report.words import lead_sentences
from encave.analysis.statistics import power
from encave.analysis.statistics.tests import differences, wilcoxon
from encave.run import Run


@pytest.mark.parametrize(("n", "pairs"), [(10, 1), (20, 3)])
def test_power_is_the_share_of_resampled_studies_that_scipy_rejects(n: int, pairs: int) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=30).round(1), rng.normal(1, 1, size=30).round(1)
    draws = np.random.default_rng(5)
    rejected = [
        stats.mannwhitneyu(draws.choice(a, n), draws.choice(b, n), method="asymptotic").pvalue * pairs < 0.05
        for _ in range(400)
    ]
    assert power.power(a, b, n, pairs) == pytest.approx(np.mean(rejected), abs=0.08)


@pytest.mark.parametrize("values", [2, 3, 1000])
def test_p_values_are_scipys_with_and_without_ties(values: int) -> None:
    ours, theirs = np.random.default_rng(2).integers(0, values, size=(2, 40, 6)).astype(float)
    expected = [stats.mannwhitneyu(a, b, method="asymptotic").pvalue for a, b in zip(ours, theirs, strict=True)]
    np.testing.assert_allclose(power.p_values(ours, theirs), expected)


@pytest.mark.parametrize("paired", [False, True])
def test_power_is_of_400_studies_of_seed_0(paired: bool) -> None:
    a, b = np.random.default_rng(7).normal([[0.0], [0.8]], size=(2, 9))
    a[0] = np.nan
    draws = np.random.default_rng(0)
    if paired:
        p = power.paired_p_values(differences(a, b), draws.choice(np.arange(9), size=(400, 12)))
    else:
        worst = np.where(np.isnan(a), 99.0, a)
        ours = draws.choice(worst, size=(400, 12))
        p = power.p_values(ours, draws.choice(b, size=(400, 12)))
    known = (p * 2 < 0.05).mean()
    assert 0 < known < 1
    assert power.power(a, b, 12, 2, paired=paired) == known


def test_equal_values_have_a_p_value_of_one() -> None:
    assert power.p_values(np.ones((2, 5)), np.ones((2, 5))).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("n", "exact"), [(20, True), (21, False)])
def test_signed_ranks_of_up_to_20_pairs_are_exact(n: int, exact: bool) -> None:
    gaps = np.random.default_rng(n).normal(0.5, 1, size=n)
    (found,) = power.paired_p_values(gaps, np.arange(n)[None])
    assert (found == pytest.approx(stats.wilcoxon(gaps, method="exact").pvalue)) == exact
    assert (found == pytest.approx(stats.wilcoxon(gaps, method="approx").pvalue)) != exact


def test_three_runs_of_each_are_asked_and_the_first_number_that_is_enough_is_told() -> None:
    low, high = np.array([1.0, 2.0, 3.0]), np.array([11.0, 12.0, 13.0])
    assert power.seeds_needed(low, high, 1) == 5
    for a, b in ((low[:2], high), (low, high[:2])):
        assert power.seeds_needed(a, b, 1) is None
    # 2 / C(2 n, n) corrected for so many pairs is too much below 7 seeds
    assert power.seeds_needed(low, high, 20) == 7


def test_the_level_is_held_where_nothing_differs() -> None:
    same = np.random.default_rng(0).normal(size=50)
    assert power.power(same, same, 20, 1) < 0.09
    assert power.seeds_needed(same, same, 1) is None


def test_a_larger_difference_needs_fewer_seeds() -> None:
    base = np.random.default_rng(3).normal(size=12)
    needed = [power.seeds_needed(base, base + shift, 3) for shift in (0.7, 2.0, 5.0)]
    assert None not in needed and needed[0] > needed[1] > needed[2]  # type: ignore[operator]
    assert power.seeds_needed(base[:2], base, 1) is None


@pytest.mark.parametrize("n", [3, 12, 200])
@pytest.mark.parametrize("digits", [0, 9])
def test_p_values_of_samples_of_pairs_are_those_of_each(n: int, digits: int) -> None:
    """With ties, pairs that do not differ, and a run that failed."""
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=(2, 9)).round(digits)
    a[0], b[1] = np.nan, a[1]
    drawn = np.vstack((rng.integers(9, size=(50, n)), np.full(n, 1)))
    expected = [wilcoxon(a[rows], b[rows]) for rows in drawn]
    np.testing.assert_allclose(power.paired_p_values(differences(a, b), drawn), expected)


def test_of_paired_runs_pairs_are_resampled() -> None:
    """Seeds differ far more than the two do: independent runs would not tell them apart, pairs do."""
    seeds = np.random.default_rng(4).normal(0, 10, size=12)
    other = seeds + np.random.default_rng(5).normal(1, 1, size=12)
    draws = np.random.default_rng(6).integers(12, size=(400, 10))
    signs = np.array(list(product((-1, 1), repeat=10)))
    found = []
    for gaps in (other - seeds)[draws]:  # over all signs, since scipy takes minutes where draws repeat a pair
        ranks = stats.rankdata(np.abs(gaps))
        found.append((np.abs(signs @ ranks) >= abs((np.sign(gaps) * ranks).sum()) - 1e-9).mean() * 3 < 0.05)
    known = np.mean(found)
    assert power.power(seeds, other, 10, 3, paired=True) == pytest.approx(known, abs=0.08)
    assert power.seeds_needed(seeds, other, 3) is None
    needed = power.seeds_needed(seeds, other, 3, paired=True)
    assert needed is not None and power.power(seeds, other, needed, 3, paired=True) >= power.POWER


def test_the_summary_says_of_paired_runs_how_many_pairs(make_run: Callable[..., Run]) -> None:
    runs = [
        make_run(name, seed, costs=(90.0, 10.0 * seed + shift + 0.1 * (seed % 2) * shift))
        for name, shift in (("A", 1.0), ("B", 2.0), ("C", 3.0), ("D", 4.0))
        for seed in range(4)
    ]
    told = " ".join(lead_sentences(compare(view_runs(runs).sections[0])))
    assert "shared seeds of each would tell A from B with 10 and A from D with 10, in 80% of studies (Wilcoxon" in told


def test_the_summary_says_with_how_many_seeds(make_run: Callable[..., Run]) -> None:
    finals = {"A": (1.0, 1.4, 1.8), "B": (1.5, 1.9, 2.2), "C": (7.0, 8.0, 9.0)}
    runs = [
        make_run(name, seed, costs=(20.0, own[seed]), common_start=False)
        for name, own in finals.items()
        for seed in range(3)
    ]
    told = " ".join(lead_sentences(compare(view_runs(runs).sections[0])))
    needed = power.seeds_needed(np.array(finals["A"]), np.array(finals["B"]), 3)
    assert f"would tell A from B with {needed} and A from C with 5, in 80% of studies" in told
    assert "seeds of each would tell" not in " ".join(
        lead_sentences(compare(view_runs([run for run in runs if run.provenance.seed < 2]).sections[0]))
    )
