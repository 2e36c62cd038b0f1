"""Effect sizes by hand, by counting, and the Bayesian test where its posterior is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from encave.analysis.statistics import effects, intervals
from encave.analysis.statistics.bootstrap import weights

NAN = float("nan")
samples = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=8)


@given(samples, samples)
def test_a12_counts_pairs_and_is_u_over_nm(a, b) -> None:
    pairs = [1.0 if x < y else 0.5 if x == y else 0.0 for x in a for y in b]
    ours = effects.a12(np.array(a), np.array(b))
    assert ours == pytest.approx(np.mean(pairs), abs=1e-12)
    assert ours == pytest.approx(1 - stats.mannwhitneyu(a, b).statistic / (len(a) * len(b)), abs=1e-9)


def test_failed_runs_lose_and_tie_with_each_other() -> None:
    assert effects.a12(np.array([1.0, NAN]), np.array([2.0, NAN])) == pytest.approx((1 + 1 + 0 + 0.5) / 4)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0.5, "negligible"),
        (0.5599, "negligible"),
        (0.56, "small"),
        (0.44, "small"),
        (0.6399, "small"),
        (0.64, "medium"),
        (0.7099, "medium"),
        (0.71, "large"),
        (0.2901, "medium"),
        (0.29, "large"),
        (1.0, "large"),
    ],
)
def test_magnitudes_of_vargha_and_delaney(value: float, name: str) -> None:
    assert effects.magnitude(value) == name


def test_probability_of_improvement_is_the_mean_over_tasks() -> None:
    a = [np.array([1.0, 2.0]), np.array([5.0, 6.0, 7.0])]
    b = [np.array([3.0, 4.0]), np.array([5.0, 8.0])]
    # all four pairs on the first task; on the second 0.5 + 1, 0 + 1, 0 + 1 of six
    result = effects.probability_of_improvement(a, b)
    assert result.value == pytest.approx((1 + 3.5 / 6) / 2)
    # of 2 + 2 and of 3 + 2 runs no test rejects one half, and each task's distance counts half
    below, above = (np.array(intervals.of_probability(*one)) for one in ((1.0, 2, 2), (3.5 / 6, 3, 2)))
    gaps = np.abs(np.stack([below - 1.0, above - 3.5 / 6]))
    assert result.value - result.lower == pytest.approx(np.hypot(*gaps[:, 0]) / 2)
    assert result.upper - result.value == pytest.approx(np.hypot(*gaps[:, 1]) / 2)
    assert np.isnan(effects.probability_of_improvement([a[0][:1]], [b[0]]).lower)


def test_interval_of_probability_agrees_with_a_plain_bootstrap() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=30), rng.normal(0.5, size=25)
    ours = effects.probability_of_improvement([a], [b], "bootstrap")
    plain = [effects.a12(rng.choice(a, 30), rng.choice(b, 25)) for _ in range(4000)]
    lower, upper = np.quantile(plain, [0.025, 0.975])
    assert (ours.lower, ours.upper) == (pytest.approx(lower, abs=0.02), pytest.approx(upper, abs=0.02))


def test_shifted_draws_are_the_same_resamples_in_another_order() -> None:
    np.testing.assert_array_equal(weights(5, 2)[2:], weights(5)[:-2])
    assert not np.array_equal(weights(5, 2), weights(5))


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ((0.45, 0.9), "unclear"),
        ((0.3, 0.5), "unclear"),
        ((0.5, 0.9), "unclear"),
        ((0.57, 0.9), "small to large"),
        ((0.72, 0.9), "large"),
        ((0.1, 0.3), "medium to large"),
    ],
)
def test_a_size_is_told_of_the_whole_interval(ends: tuple[float, float], told: str) -> None:
    assert effects.magnitudes(effects.Estimate(0.8, *ends)) == told
    assert effects.magnitudes(effects.Estimate(0.8, NAN, NAN)) == ""


def test_a_size_is_told_of_two_that_a_test_tells_apart() -> None:
    estimate = effects.Estimate(0.7, 0.45, 0.9)
    assert effects.magnitudes(estimate, differ=True) == "negligible to large"
    assert effects.magnitudes(effects.Estimate(0.3, 0.1, 0.41), differ=True) == "small to large"


def test_the_probability_of_the_opposite() -> None:
    assert effects.Estimate(0.75, 0.5, 1.0).turned() == effects.Estimate(0.25, 0.0, 0.5)


def _resampled_a12(a: np.ndarray, b: np.ndarray, shift: int) -> np.ndarray:
    """A12 of each resample of both, by the draws of two shifts."""
    ours, theirs = (np.rint(len(one) * weights(len(one), s)).astype(int) for one, s in ((a, shift), (b, shift + 1)))
    return np.array([effects.a12(np.repeat(a, m), np.repeat(b, n)) for m, n in zip(ours, theirs, strict=True)])


@pytest.mark.parametrize("shared", [True, False])
def test_the_bootstrap_of_tasks_is_stratified_or_of_clusters(shared: bool) -> None:
    rng = np.random.default_rng(4)
    a, b = [rng.normal(size=4) for _ in range(3)], [rng.normal(0.5, size=5) for _ in range(3)]
    drawn = [_resampled_a12(x, y, 0 if shared else 2 * task) for task, (x, y) in enumerate(zip(a, b, strict=True))]
    found = effects.probability_of_improvement(a, b, "bootstrap", shared=shared)
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(np.mean(drawn, axis=0), [0.025, 0.975])))


def test_intervals_of_clusters_have_the_correlation_of_their_tasks() -> None:
    """Tasks that vary against each other count as apart, and one that does not vary as bound to all."""
    rng = np.random.default_rng(5)
    first = rng.normal(size=(2, 5))
    other = first + rng.normal(scale=0.5, size=(2, 5))
    tasks = [first, other, -first, np.array([np.zeros(5), np.ones(5)])]
    a, b = [one[0] for one in tasks], [one[1] for one in tasks]
    drawn = np.array([_resampled_a12(x, y, 0) for x, y in zip(a, b, strict=True)])
    related = np.ones((4, 4))
    related[:3, :3] = np.maximum(np.corrcoef(drawn[:3]), 0.0)
    assert related[0, 2] == 0.0 < related[0, 1] < 1.0
    each = [effects.a12(x, y) for x, y in zip(a, b, strict=True)]
    ends = [intervals.of_probability(one, 5, 5) for one in each]
    below, above = (np.abs([end[side] - one for end, one in zip(ends, each, strict=True)]) for side in (0, 1))
    found = effects.probability_of_improvement(a, b, shared=True)
    assert found.value - found.lower == pytest.approx(np.sqrt(below @ related @ below) / 4)
    assert found.upper - found.value == pytest.approx(np.sqrt(above @ related @ above) / 4)
    # of two of which one does not vary, both are bound
    pair = effects.probability_of_improvement(a[2:], b[2:], shared=True)
    assert pair.value - pair.lower == pytest.approx(below[2:].sum() / 2)


def test_one_run_of_either_has_no_interval_of_probability() -> None:
    two, one = [np.array([1.0, 2.0])], [np.array([3.0])]
    for a, b in ((two, one), (one, two)):
        found = effects.probability_of_improvement(a, b)
        assert np.isnan([found.lower, found.upper]).all()
    assert effects.probability_of_improvement(two, two).lower < 0.5


@pytest.mark.parametrize("interval", ["t", "bootstrap"])
def test_the_interval_of_a_mean_gain_is_that_of_the_pairs_there_are(interval: intervals.Interval) -> None:
    a, b = np.array([1.0, 2.0, NAN, 4.0, 3.0]), np.array([3.0, 5.0, 9.0, 4.5, np.inf])
    found = effects.mean_gain(a, b, interval)
    kept = [0, 1, 3]
    known = intervals.of_difference(b[kept], a[kept], paired=True, kind=interval)
    assert (found.value, found.lower, found.upper) == (pytest.approx(5.5 / 3), *known)


def test_a_mean_gain_of_one_pair_or_none_has_no_interval() -> None:
    one = effects.mean_gain(np.array([1.0, NAN]), np.array([3.0, 1.0]))
    assert one.value == 2.0 and np.isnan([one.lower, one.upper]).all()
    none = effects.mean_gain(np.array([NAN]), np.array([3.0]))
    assert np.isnan([none.value, none.lower, none.upper]).all()


def test_mean_gain_by_hand() -> None:
    result = effects.mean_gain(np.array([1.0, 2.0, NAN]), np.array([3.0, 4.0, 9.0]))
    assert (result.value, result.lower, result.upper) == (2.0, pytest.approx(2.0), pytest.approx(2.0))


def test_mean_gain_leaves_out_a_pair_that_lacks_either_value() -> None:
    result = effects.mean_gain(np.array([1.0, 2.0, NAN, 4.0, NAN]), np.array([2.0, 3.5, 9.0, np.inf, NAN]))
    assert result.value == 1.25


def test_win_tie_loss() -> None:
    a, b = np.array([1.0, 2.0, 5.0, NAN, NAN]), np.array([2.0, 2.0, 4.0, NAN, 1.0])
    assert effects.win_tie_loss(a, b) == (1, 2, 2)


def theta_by_loops(gaps, rope: float, seed: int, samples: int) -> np.ndarray:
    """The definition: sums over all pairs of blocks, the prior's among them."""
    z = np.append(0.0, gaps)
    draws = np.random.default_rng(seed).dirichlet([0.5] + [1] * len(gaps), size=samples)
    counts = np.zeros(3)
    for w in draws:
        theta = np.zeros(3)
        for i in range(len(z)):
            for j in range(len(z)):
                walsh = z[i] + z[j]
                theta[0 if walsh < -2 * rope else 2 if walsh > 2 * rope else 1] += w[i] * w[j]
        counts[theta.argmax()] += 1
    return counts / samples


def test_bayesian_signed_rank_follows_its_definition() -> None:
    gaps = np.random.default_rng(3).normal(-0.15, 0.4, size=(7, 2))
    result = effects.bayesian_signed_rank(gaps, 0.1, samples=200, seed=5)
    for pair in range(2):
        ours = [result.better[pair], result.equivalent[pair], result.worse[pair]]
        np.testing.assert_allclose(ours, theta_by_loops(gaps[:, pair], 0.1, 5, 200), atol=1e-12)


def test_a_difference_at_the_edge_of_the_region_is_within_it() -> None:
    gaps = np.array([[1.0, -1.0, 1.5, -1.5]])  # with itself twice, with the prior's zero once
    result = effects.bayesian_signed_rank(gaps, 1.0)
    assert result.equivalent[:2].tolist() == [1.0, 1.0]
    assert result.worse[2] == result.better[3] > 0.5


def test_draws_of_the_posterior_are_2000_of_seed_0_with_half_a_prior() -> None:
    gaps = np.random.default_rng(6).normal(-0.1, 0.4, size=(5, 1))
    ours = effects.bayesian_signed_rank(gaps, 0.1)
    same = effects.bayesian_signed_rank(gaps, 0.1, samples=2000, prior=0.5, seed=0)
    assert (ours.better[0], ours.worse[0]) == (same.better[0], same.worse[0])
    assert float(2000 * ours.better[0]).is_integer() and ours.better[0] != 0
    for other in ({"prior": 0.6}, {"seed": 1}):
        assert effects.bayesian_signed_rank(gaps, 0.1, **other).better[0] != ours.better[0]


def test_bayesian_signed_rank_in_clear_cases() -> None:
    gaps = np.stack([np.full(20, -1.0), np.full(20, 1.0), np.full(20, 0.01)], axis=1)
    result = effects.bayesian_signed_rank(gaps, 0.1)
    np.testing.assert_allclose(result.better, [1, 0, 0])
    np.testing.assert_allclose(result.worse, [0, 1, 0])
    np.testing.assert_allclose(result.equivalent, [0, 0, 1])
    np.testing.assert_allclose(result.better + result.equivalent + result.worse, 1)


def test_probabilities_are_of_the_same_tasks() -> None:
    one, two = [np.arange(3.0)], [np.arange(3.0), np.arange(3.0)]
    for a, b in ((one, two), (two, one)):
        with pytest.raises(ValueError, match=r"is (longer|shorter) than"):
            effects.probability_of_improvement(a, b)
