"""Ranks with tasks resampled, against all resamples."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from encave.analysis.comparison.robustness import rank_robustness

RANKS = [[1.0, 1.0, 3.0, 1.5], [2.0, 3.0, 1.0, 1.5], [3.0, 2.0, 2.0, 3.0]]


def test_against_every_resample() -> None:
    found = rank_robustness("ABC", RANKS)
    drawn = np.array([np.array(RANKS)[:, list(chosen)].mean(axis=1) for chosen in product(range(4), repeat=4)])
    leading = drawn <= drawn.min(axis=1, keepdims=True) + 1e-9
    shares = (leading / leading.sum(axis=1, keepdims=True)).mean(axis=0)
    for k, one in enumerate(found):
        assert one.rank == pytest.approx(np.mean(RANKS[k]))
        assert one.first == pytest.approx(shares[k], abs=0.05)  # 1,000 random ones of 256
        low, high = np.percentile(drawn[:, k], (2.5, 97.5))
        assert (one.lower, one.upper) == (pytest.approx(low, abs=0.26), pytest.approx(high, abs=0.26))
    assert sum(one.first for one in found) == pytest.approx(1)


def test_tasks_left_out_by_hand() -> None:
    # without the first: A 5.5, B 5.5, C 7; second: A 5.5, B 4.5; third: A 3.5; fourth: A 5, B 6
    assert [one.best_without for one in rank_robustness("ABC", RANKS)] == [3, 2, 0]


def test_two_tasks_are_too_few() -> None:
    assert rank_robustness("AB", [[1.0, 2.0], [2.0, 1.0]]) == ()
