"""The percentile bootstrap: its draws, and its percentiles against numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from encave.analysis.statistics import bootstrap

INF = float("inf")


def test_draws_are_multinomial_always_the_same_and_not_to_be_written() -> None:
    found = bootstrap.weights(7)
    expected = np.random.default_rng(0).multinomial(7, [1 / 7] * 7, size=1000) / 7
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(bootstrap.weights(7, 3), np.concatenate((expected[-3:], expected[:-3])))
    assert bootstrap.weights(7) is found
    for drawn in (found, bootstrap.weights(7, 3)):
        with pytest.raises(ValueError, match="read-only"):
            drawn[0, 0] = 1.0


@pytest.mark.parametrize("level", [0.95, 0.5, 0.0, 1.0])
def test_percentiles_are_numpys(level: float) -> None:
    means = np.random.default_rng(1).normal(size=(3, 1000))
    lower, upper = bootstrap.interval(means, level)
    np.testing.assert_allclose([lower, upper], np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=1))
    if level == 0.95:
        np.testing.assert_array_equal(bootstrap.interval(means), [lower, upper])


def test_percentiles_between_infinite_means_are_infinite() -> None:
    means = np.tile(np.array([1.0] * 500 + [INF] * 500), (1, 1))
    assert [end.tolist() for end in bootstrap.interval(means)] == [[1.0], [INF]]


def test_means_over_runs_of_each_resample() -> None:
    values = np.random.default_rng(2).normal(size=(5, 2))
    counts = np.rint(5 * bootstrap.weights(5)).astype(int)
    expected = np.array([np.repeat(values, own, axis=0).mean(axis=0) for own in counts]).T
    np.testing.assert_allclose(bootstrap.resampled_means(values), expected)
    np.testing.assert_allclose(bootstrap.mean_interval(values), np.quantile(expected, [0.025, 0.975], axis=1))
