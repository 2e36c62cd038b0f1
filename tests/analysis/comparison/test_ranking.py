"""Ranks, spreads and leads against scipy and hand-worked tables with ties and failed runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from encave.analysis.comparison.ranking import expected_ranks, final_table, is_paired, lead, mean_ranks, spread
from encave.analysis.grouping.measure import Measure
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis

NAN = float("nan")
TIME = Axis("time", "time", "s")
LOSS = Measure("loss", "cost:loss")

tables = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.sampled_from([1.0, 2.0, 3.0])
)


@given(tables)
def test_ranks_are_those_of_scipy(values) -> None:
    np.testing.assert_allclose(mean_ranks(values), stats.rankdata(values, axis=1).mean(axis=0))


def test_failed_runs_rank_last_and_tie() -> None:
    np.testing.assert_allclose(mean_ranks(np.array([[1.0, NAN, NAN], [2.0, 1.0, NAN]])), [1.5, 1.75, 2.75])


@given(st.lists(st.lists(st.sampled_from([1.0, 2.0, 3.0, 4.0]), min_size=1, max_size=5), min_size=2, max_size=4))
def test_expected_ranks_are_those_of_all_combinations(samples) -> None:
    from itertools import product

    combinations = np.array(list(product(*samples)))
    np.testing.assert_allclose(expected_ranks([np.array(s) for s in samples]), mean_ranks(combinations))


def test_pairing_needs_the_same_known_seeds_once() -> None:
    assert is_paired([[0, 1], [1, 0]])
    assert not is_paired([[0, 1], [0, 2]])
    assert not is_paired([[0, 0], [0, 0]])
    assert not is_paired([[None, 1], [None, 1]])


def test_spread_has_divisor_n_minus_one() -> None:
    one = spread(np.array([1.0, 3.0, NAN]))
    assert (one.mean, one.std) == (2.0, pytest.approx(np.sqrt(2)))
    assert np.isnan(spread(np.array([1.0])).std)
    assert np.isnan(spread(np.array([NAN])).mean)


def table_of(make_run, finals: dict[str, list[float]], measure: Measure = LOSS, **options):
    groups = {
        label: [
            trajectory(make_run(label, seed, [cost], **options), TIME, [measure.column])
            for seed, cost in enumerate(costs)
        ]
        for label, costs in finals.items()
    }
    return final_table(groups, [measure])


def test_table_by_hand(make_run) -> None:
    table = table_of(make_run, {"A": [1.0, 2.0, 4.0], "B": [1.0, 3.0, 3.0], "C": [9.0, 9.0, NAN]})
    # seed 0: 1.5 1.5 3; seed 1: 1 2 3; seed 2: 2 1 3
    assert table.paired
    assert [row.optimizer for row in table.rows] == ["A", "B", "C"]  # equal ranks, equal means: by label
    np.testing.assert_allclose([row.rank for row in table.rows], [1.5, 1.5, 3.0])
    assert [row.failed for row in table.rows] == [0, 0, 1]
    assert table.rows[2].spreads[0].mean == 9.0
    assert [row.trials for row in table.rows] == [1.0, 1.0, 1.0]


def test_more_is_better(make_run) -> None:
    accuracy = Measure("accuracy", "cost:loss", maximize=True)
    table = table_of(make_run, {"A": [0.5, 0.6], "B": [0.7, 0.9]}, accuracy, direction="maximize")
    assert [row.optimizer for row in table.rows] == ["B", "A"]
    ahead = lead(table)
    assert ahead is not None
    assert ahead.best.optimizer == "B"
    assert ahead.difference == pytest.approx(0.25)


def test_lead_by_hand(make_run) -> None:
    ahead = lead(table_of(make_run, {"A": [1.0, 2.0, 3.0], "B": [2.0, 3.0, 4.0], "C": [0.0, NAN, 0.0]}))
    assert ahead is not None
    # C has the best mean but lost a run, so it comes after the others
    assert (ahead.best.optimizer, ahead.second.optimizer, ahead.paired) == ("A", "B", True)
    assert ahead.difference == pytest.approx(1.0)
    # every pair differs by exactly one, so every resample does
    assert (ahead.lower, ahead.upper) == (pytest.approx(1.0), pytest.approx(1.0))


def test_lead_without_pairs_has_a_wider_interval(make_run) -> None:
    ahead = lead(table_of(make_run, {"A": [1.0, 2.0, 3.0], "B": [2.0, 3.0, 4.0, 3.0]}))
    assert ahead is not None
    assert not ahead.paired
    assert ahead.lower < 0 < ahead.upper


def test_no_lead_alone(make_run) -> None:
    assert lead(table_of(make_run, {"A": [1.0], "B": [NAN]})) is None
    single = lead(table_of(make_run, {"A": [1.0], "B": [2.0]}))
    assert single is not None
    assert np.isnan(single.lower)
