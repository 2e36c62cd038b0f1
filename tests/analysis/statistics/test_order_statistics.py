"""Summaries as weights of order statistics: names, weights, and infinite values."""

from __future__ import annotations

import numpy as np
import pytest

from encave.analysis.statistics import bootstrap, order_statistics
from encave.analysis.statistics.order_statistics import Statistic
from encave.errors import EncaveError

INF = float("inf")


@pytest.mark.parametrize(
    ("name", "share", "title"),
    [
        ("mean", None, "mean"),
        ("iqm", None, "interquartile mean"),
        ("median", 0.5, "median"),
        ("q0.5", 0.5, "0.5 quantile"),
        ("q0", 0.0, "0 quantile"),
        ("q1", 1.0, "1 quantile"),
        ("q0.25", 0.25, "0.25 quantile"),
    ],
)
def test_names_of_statistics(name: str, share: float | None, title: str) -> None:
    assert (Statistic(name).share, Statistic(name).title) == (share, title)


@pytest.mark.parametrize("name", ["q-0.01", "q1.01", "0.5", "qq", "qnan", ""])
def test_what_is_no_statistic_is_told_with_the_choices(name: str) -> None:
    with pytest.raises(EncaveError) as error:
        Statistic(name)
    assert str(error.value) == f"no statistic {name!r}: choose mean, median, iqm, or a quantile such as q0.9"


@pytest.mark.parametrize(
    ("name", "n", "weights"),
    [
        ("mean", 4, [0.25] * 4),
        ("iqm", 3, [1 / 3] * 3),
        ("iqm", 4, [0, 0.5, 0.5, 0]),
        ("iqm", 9, [0, 0, 0.2, 0.2, 0.2, 0.2, 0.2, 0, 0]),
        ("median", 1, [1]),
        ("median", 4, [0, 0.5, 0.5, 0]),
        ("median", 5, [0, 0, 1, 0, 0]),
        ("q0", 3, [1, 0, 0]),
        ("q1", 3, [0, 0, 1]),
        ("q0.75", 4, [0, 0, 0.75, 0.25]),
        ("q0.9", 2, [0.1, 0.9]),
    ],
)
def test_weights_of_order_statistics(name: str, n: int, weights: list[float]) -> None:
    found = Statistic(name).weights(n)
    np.testing.assert_allclose(found, weights)
    values = np.random.default_rng(n).normal(size=(n, 3))
    np.testing.assert_allclose(Statistic(name).of(values), np.sort(values, axis=0).T @ found)


def test_an_infinite_value_counts_only_where_it_has_a_weight() -> None:
    values = np.array([[INF, 1.0], [2.0, 5.0], [1.0, INF], [3.0, INF]])
    assert Statistic("q0.5").of(values).tolist() == [2.5, INF]
    assert Statistic("q0").of(values).tolist() == [1.0, 1.0]
    assert Statistic("iqm").of(values).tolist() == [2.5, INF]
    assert Statistic("q1").of(np.array([[1.0, 2.0], [INF, 0.0]])).tolist() == [INF, 2.0]


@pytest.mark.parametrize("name", ["mean", "median", "iqm"])
@pytest.mark.parametrize("shift", [0, 2])
def test_resamples_are_those_of_the_shift(name: str, shift: int) -> None:
    values = np.sort(np.random.default_rng(3).normal(size=(6, 2)), axis=0)
    counts = np.rint(6 * bootstrap.weights(6, shift)).astype(int)
    expected = np.array([Statistic(name).of(np.repeat(values, own, axis=0)) for own in counts]).T
    np.testing.assert_allclose(Statistic(name).resampled(values, shift), expected)


def test_weights_of_resamples_are_kept_and_not_to_be_written() -> None:
    kept = order_statistics._resampled_weights(Statistic("median"), 6, 0)
    assert order_statistics._resampled_weights(Statistic("median"), 6, 0) is kept
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 1.0
