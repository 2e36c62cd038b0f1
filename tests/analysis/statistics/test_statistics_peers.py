"""Our statistics against scikit-posthocs and baycomp on the same data: `uv run --group peers pytest`."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from encave.analysis.comparison.significance import compare_over_tasks, compare_runs
from encave.analysis.statistics import effects, tests

posthocs = pytest.importorskip("scikit_posthocs", reason="needs the dependency group peers")
baycomp = pytest.importorskip("baycomp", reason="needs the dependency group peers")

TIGHT = {"rtol": 0, "atol": 1e-9}


@pytest.fixture(params=["distinct", "ties"])
def table(request: pytest.FixtureRequest) -> np.ndarray:
    """Costs of 5 methods in 20 blocks, shape (20, 5)."""
    values = np.random.default_rng(3).normal(size=(20, 5)) + 0.4 * np.arange(5)
    return values if request.param == "distinct" else np.round(2 * values) / 2


def test_nemenyi_is_that_of_scikit_posthocs(table: np.ndarray) -> None:
    ours = tests.nemenyi(tests.friedman(table).ranks, len(table))
    theirs = posthocs.posthoc_nemenyi_friedman(table).to_numpy()
    pairs = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(ours[pairs], theirs[pairs], **TIGHT)


def test_wilcoxon_with_holm_is_that_of_scikit_posthocs() -> None:
    # without ties: with them scipy, which they call, approximates where ours is exact
    values = np.random.default_rng(4).normal(size=(20, 5)) + 0.4 * np.arange(5)
    found = compare_runs({str(i): column for i, column in enumerate(values.T)}, paired=True)
    assert found.choice.test == "friedman-wilcoxon"
    theirs = posthocs.posthoc_wilcoxon(list(values.T), p_adjust="holm").to_numpy()
    for pair in found.pairs:
        assert pair.adjusted == pytest.approx(theirs[int(pair.first), int(pair.second)], abs=1e-9)


def test_mann_whitney_with_holm_is_that_of_scikit_posthocs() -> None:
    samples = [np.random.default_rng(i).normal(0.5 * i, size=30 + i) for i in range(4)]  # large: both approximate
    found = compare_runs({str(i): sample for i, sample in enumerate(samples)}, paired=False)
    assert found.choice.test == "mann-whitney"
    theirs = posthocs.posthoc_mannwhitney(samples, p_adjust="holm").to_numpy()
    for pair in found.pairs:
        assert pair.adjusted == pytest.approx(theirs[int(pair.first), int(pair.second)], abs=1e-9)


@pytest.mark.parametrize("rope", [0.05, 0.3])
def test_bayesian_signed_rank_is_that_of_baycomp(
    table: np.ndarray, rope: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # off the edges of the region, where they count half and ours counts equal
    table = table + 1e-3 * np.random.default_rng(0).normal(size=table.shape)
    monkeypatch.setattr(np.random, "default_rng", np.random.RandomState)  # the same draws of the weights
    pairs = list(combinations(range(5), 2))
    gaps = np.stack([table[:, i] - table[:, j] for i, j in pairs], axis=1)
    ours = effects.bayesian_signed_rank(gaps, rope, samples=500, seed=7)
    for number, (i, j) in enumerate(pairs):
        # of their two scores the higher wins, so costs change sides
        theirs = baycomp.two_on_multiple(table[:, j], table[:, i], rope, nsamples=500, random_state=7)
        own = (ours.better[number], ours.equivalent[number], ours.worse[number])
        np.testing.assert_allclose(own, theirs, **TIGHT)


def test_the_comparison_over_tasks_carries_the_bayesian_test(table: np.ndarray) -> None:
    found = compare_over_tasks({str(i): list(column[:, None]) for i, column in enumerate(table.T)}, 0.3)
    for pair in found.pairs:
        assert pair.posterior is not None and pair.posterior.rope == 0.3
        theirs = baycomp.two_on_multiple(table[:, int(pair.second)], table[:, int(pair.first)], 0.3, random_state=1)
        own = (pair.posterior.better, pair.posterior.equivalent, pair.posterior.worse)
        np.testing.assert_allclose(own, theirs, atol=0.05)  # two Monte Carlo estimates
