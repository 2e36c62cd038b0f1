"""Budget correlation, diversity, and the optima of complete tables."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from ConfigSpace import Categorical, ConfigurationSpace, EqualsCondition, Float
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from encave.analysis.grouping.sections import view_runs
from encave.analysis.importance.groups import group_importance
from encave.analysis.importance.methods import importance
from encave.analysis.landscape.budget_correlation import budget_correlation, group_correlation
from encave.analysis.landscape.exploration import exploration, group_exploration, mean_hamming
from encave.analysis.landscape.footprint import footprint
from encave.analysis.landscape.optima import landscape
from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.errors import EncaveError
from encave.run import Provenance, Run
from encave.runners.benchmarks.nasbench201.table import open_table

from ..runs import run_over


def make_run(config_id, cost, budget=None, configurations=None) -> Run:
    """A run over two hyperparameters; without configurations all are of kind p and differ in x."""
    space = ConfigurationSpace()
    space.add([kind := Categorical("kind", ["p", "q"]), x := Float("x", (0, 100))])
    space.add(EqualsCondition(x, kind, "p"))
    given = configurations or [{"kind": "p", "x": float(i)} for i in range(max(config_id) + 1)]
    columns = {} if budget is None else {"budget": np.asarray(budget, dtype=float)}
    return run_over(space, given, cost, config_id=np.asarray(config_id), **columns)


def test_budget_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(0)
    low, high = rng.integers(0, 5, 20).astype(float), rng.integers(0, 5, 15).astype(float)
    low[3] = np.nan  # a crash: of the 15 at both budgets 14 have a result
    run = make_run([*range(20), *range(15), 0, 1], [*low, *high, 1.0, 2.0], [1] * 20 + [3] * 15 + [9] * 2)
    found = budget_correlation(run)
    assert found.budgets == (1.0, 3.0, 9.0)
    assert found.configurations.tolist() == [[19, 14, 2], [14, 15, 2], [2, 2, 2]]
    shared = ~np.isnan(low[:15])
    assert found.spearman[0, 1] == pytest.approx(stats.spearmanr(low[:15][shared], high[shared]).statistic)
    assert found.spearman[0, 1] == found.spearman[1, 0]
    assert found.spearman[0, 0] == pytest.approx(1)
    assert np.isnan(found.spearman[:, 2]).all()  # two configurations carry no correlation


def test_repeats_are_averaged_and_constants_have_no_correlation() -> None:
    run = make_run([0, 0, 1, 2, 0, 1, 2], [1, 9, 4, 3, 5.0, 4.0, 3.0], [1, 1, 1, 1, 3, 3, 3])
    assert budget_correlation(run).spearman[0, 1] == pytest.approx(1)  # 5, 4, 3 at both
    flat = make_run([0, 1, 2, 0, 1, 2], [1, 1, 1, 3, 2, 1], [1, 1, 1, 3, 3, 3])
    assert np.isnan(budget_correlation(flat).spearman[0]).all()
    with pytest.raises(EncaveError, match="no budgets"):
        budget_correlation(make_run([0, 1], [1, 2]))
    with pytest.raises(EncaveError, match="only the budget 3"):
        budget_correlation(make_run([0, 1], [1, 2], [3, 3]))


def test_budgets_are_of_one_configuration_by_its_values() -> None:
    """As in DEHB's logs, where a vector that comes again with another id is the same configuration of choices."""
    given = [{"kind": "p", "x": float(x)} for x in (1, 2, 3, 1, 2, 3)]
    run = make_run([0, 1, 2, 3, 4, 5], [3, 2, 1, 30, 20, 10.0], [1, 1, 1, 3, 3, 3], given)
    found = budget_correlation(run)
    assert found.configurations[0, 1] == 3 and found.spearman[0, 1] == pytest.approx(1)


def test_exploration_compares_values_not_ids() -> None:
    p, q = {"kind": "p", "x": 1.0}, {"kind": "q"}
    configurations = [p, p, {"kind": "p", "x": 2.0}, q]  # the second is the first under another number
    run = make_run([0, 1, 2, 3, 3], [1, 1, 1, 1, 1], [1, 1, 1, 1, 3], configurations)
    found = exploration(run)
    assert (found.trials, found.distinct) == (5, 3)
    assert found.duplicates == pytest.approx(1 / 5)  # 3 at another budget is no duplicate
    assert found.hamming == pytest.approx((1 / 2 + 1 + 1) / 3)
    nothing = exploration(run.where(np.zeros(5, bool)))
    assert nothing.distinct == 0 and np.isnan(nothing.duplicates) and np.isnan(nothing.hamming)


@settings(max_examples=30)
@given(st.integers(2, 12), st.integers(1, 4), st.integers(0, 10**6))
def test_mean_hamming_is_the_mean_over_pairs(n: int, d: int, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 3, size=(n, d))
    wanted = np.mean([(codes[i] != codes[j]).mean() for i, j in combinations(range(n), 2)])
    assert mean_hamming(codes) == pytest.approx(wanted)


def walk(table: np.ndarray, start: tuple[int, ...]) -> tuple[int, ...]:
    """Steepest descent, step by step."""
    while True:
        best = start
        for axis, size in enumerate(table.shape):
            for value in range(size):
                there = (*start[:axis], value, *start[axis + 1 :])
                if table[there] < table[best]:
                    best = there
        if best == start:
            return start
        start = best


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.booleans())
def test_optima_and_basins_equal_a_walk_from_every_point(seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 6, size=(3, 4, 2)).astype(float) if ties else rng.normal(size=(3, 4, 2))
    found = landscape(table)
    ends = [int(np.ravel_multi_index(walk(table, tuple(start)), table.shape)) for start in np.argwhere(table == table)]
    assert {int(o): int(b) for o, b in zip(found.optima, found.basins)} == {e: ends.count(e) for e in set(ends)}
    assert found.values.tolist() == sorted(table.reshape(-1)[found.optima])
    assert ties or found.plateaus == 0


def test_one_basin_and_its_fitness_distance() -> None:
    table = np.add.outer(np.add.outer([0.0, 1.0], [0.0, 1.0]), [0.0, 1.0])
    found = landscape(table)
    assert (found.optima.tolist(), found.basins.tolist(), found.plateaus) == ([0], [8], 0)
    assert found.fitness_distance == pytest.approx(1)
    assert np.isnan(landscape(np.ones((2, 2))).fitness_distance)
    assert landscape(np.ones((2, 2))).plateaus == 4


def test_two_global_optima_count_the_nearer() -> None:
    table = np.array([[0.0, 1.0, 5.0], [1.0, 5.0, 5.0], [5.0, 5.0, 0.0]])
    distance = np.array([[0, 1, 1], [1, 2, 1], [1, 1, 0]])
    assert landscape(table).fitness_distance == pytest.approx(stats.pearsonr(table.ravel(), distance.ravel()).statistic)
    with pytest.raises(EncaveError, match="not complete"):
        landscape([[1.0, np.nan]])


def test_the_real_table(table_path: Path) -> None:
    codes = np.indices((5,) * 6).reshape(6, -1).T
    table = open_table(table_path).query(codes, "cifar10").valid_error.reshape((5,) * 6)
    found = landscape(table)
    assert found.basins.sum() == table.size
    assert found.values[0] == table.min()
    for optimum in found.optima[:5]:
        point = np.unravel_index(optimum, table.shape)
        assert walk(table, tuple(int(i) for i in point)) == point
    for start in np.random.default_rng(0).integers(0, 5, size=(10, 6)):
        assert np.ravel_multi_index(walk(table, tuple(start)), table.shape) in found.optima
    assert 0 < found.fitness_distance < 1


def test_a_log_of_improvements_tells_nothing_of_all_configurations() -> None:
    run = make_run([0, 1, 2, 0, 1, 2], [1, 2, 3, 3, 2, 1], [1, 1, 1, 3, 3, 3])
    kept = run.replace(name="some", provenance=Provenance(evaluations=1000, improvements_only=True))
    reason = "run some: its log keeps 6 trials of 1,000 evaluations, improvements only, and this needs all of them"
    for analysis in (exploration, budget_correlation, importance):
        with pytest.raises(EncaveError, match=reason):
            analysis(kept)
    evaluations = Axis("evaluations", "evaluations", None)
    with pytest.raises(EncaveError, match=reason):
        footprint({"A": [trajectory(run, evaluations, ()), trajectory(kept, evaluations, ())]})
    for analysis in (group_exploration, group_importance, group_correlation):
        _, refused = analysis(view_runs([kept]).sections)
        assert [one.run for one in refused] == ["some"] and reason in refused[0].reason
