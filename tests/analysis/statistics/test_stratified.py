"""Tests stratified by task against counts over all permutations, and against scipy where one task is left."""

from __future__ import annotations

from itertools import combinations, permutations, product

import numpy as np
import pytest
from scipy import stats

from encave.analysis.statistics import stratified, tests

NAN = float("nan")


@pytest.fixture(params=["distinct", "ties"])
def samples(request: pytest.FixtureRequest) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Two optimizers on three tasks of other scales with four runs each."""
    rng = np.random.default_rng(2)
    a = [scale * rng.normal(size=4) for scale in (1, 10, 100)]
    b = [scale * rng.normal(0.8, size=4) for scale in (1, 10, 100)]
    if request.param == "distinct":
        return a, b
    a, b = ([np.round(2 * own / scale) for own, scale in zip(both, (1, 10, 100))] for both in (a, b))
    a[0][1] = b[2][0] = NAN
    return a, b


def pooled(a, b) -> list[np.ndarray]:
    return [stats.rankdata(np.nan_to_num(np.concatenate(both), nan=np.inf)) for both in zip(a, b)]


def signed(a, b) -> list[np.ndarray]:
    found = []
    for ours, theirs in zip(a, b):
        gap = tests.differences(ours, theirs)
        own = np.zeros(len(gap))
        own[gap != 0] = stats.rankdata(np.abs(gap[gap != 0])) * np.sign(gap[gap != 0])
        found.append(own)
    return found


def two_sided(drawn: np.ndarray, observed: float) -> float:
    return min(1.0, 2 * min((drawn <= observed + 1e-9).mean(), (drawn >= observed - 1e-9).mean()))


def test_independent_runs_over_all_assignments(samples) -> None:
    a, b = samples
    each = [[sum(own[list(chosen)]) for chosen in combinations(range(8), 4)] for own in pooled(a, b)]
    drawn = np.array([sum(one) for one in product(*each)])
    observed = sum(own[:4].sum() for own in pooled(a, b))
    found = stratified.compare_two(a, b, "runs")
    assert found.exact and found.p == pytest.approx(two_sided(drawn, observed), abs=1e-12)
    assert found.favours == np.sign(drawn.mean() - observed)


def test_clusters_over_all_assignments_of_seeds(samples) -> None:
    a, b = samples
    scores = np.sum(pooled(a, b), axis=0)
    drawn = np.array([scores[list(chosen)].sum() for chosen in combinations(range(8), 4)])
    found = stratified.compare_two(a, b, "clusters")
    assert found.exact and found.p == pytest.approx(two_sided(drawn, scores[:4].sum()), abs=1e-12)


@pytest.mark.parametrize("blocks", ["pairs", "paired clusters"])
def test_pairs_over_all_signs(samples, blocks) -> None:
    a, b = samples
    scores = np.concatenate(signed(a, b)) if blocks == "pairs" else np.sum(signed(a, b), axis=0)
    drawn = np.array([np.dot(signs, np.abs(scores)) for signs in product((-1, 1), repeat=len(scores))])
    found = stratified.compare_two(a, b, blocks)
    assert found.exact and found.p == pytest.approx(two_sided(drawn, scores.sum()), abs=1e-12)
    assert found.favours == -np.sign(scores.sum())


def test_of_one_task_it_is_scipys() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=12), rng.normal(0.7, size=12)
    whole = stratified.compare_two([a], [b], "runs")
    assert whole.p == pytest.approx(stats.mannwhitneyu(a, b, method="exact").pvalue, abs=1e-12)
    assert stratified.compare_two([a], [b], "pairs").p == pytest.approx(stats.wilcoxon(a, b).pvalue, abs=1e-12)


def test_unequal_runs_are_van_elterens(monkeypatch) -> None:
    """By its formula: rank sums with the weights 1 / (N + 1), the variance with ties."""
    rng = np.random.default_rng(6)
    a = [np.round(rng.normal(size=n), 1) for n in (6, 9, 14)]
    b = [np.round(rng.normal(0.5, size=n), 1) for n in (8, 9, 11)]
    total = variance = 0.0
    for ours, theirs in zip(a, b):
        own = stats.rankdata(np.concatenate((ours, theirs)))
        n, m = len(ours), len(theirs)
        total += (own[:n].sum() - n * (n + m + 1) / 2) / (n + m + 1)
        variance += n * m / (n + m) * own.var(ddof=1) / (n + m + 1) ** 2
    found = stratified.compare_two(a, b, "runs")
    assert not found.exact and found.p == pytest.approx(2 * stats.norm.sf(abs(total) / variance**0.5), abs=1e-12)


def test_weighted_scores_are_no_whole_numbers_whatever_their_fractions() -> None:
    # the weighted ranks are 4/5, 8/5 and 5/7, 11/7: all of them are nearer to the whole number above
    a, b = [np.array([1.0, 1.0]), np.array([1.0, 1.0, 1.0])], [np.array([1.0, 2.0]), np.array([1.0, 2.0, 2.0])]
    scores = [[4 / 5] * 3 + [8 / 5], [5 / 7] * 4 + [11 / 7] * 2]
    drawn = [sum(map(sum, one)) for one in product(combinations(scores[0], 2), combinations(scores[1], 3))]
    found = stratified.compare_two(a, b, "runs")
    away = 2 * 4 / 5 + 3 * 5 / 7 - np.mean(drawn)
    assert not found.exact and found.p == pytest.approx(2 * stats.norm.sf(abs(away) / np.std(drawn)), abs=1e-12)


def test_exact_and_approximate_agree() -> None:
    rng = np.random.default_rng(7)
    a, b = ([rng.normal(shift, size=15) for _ in range(3)] for shift in (0, 0.4))
    near = stratified.compare_two([*a, np.zeros(2)], [*b, np.zeros(3)], "runs")  # another size: not exact
    assert not near.exact and near.p == pytest.approx(stratified.compare_two(a, b, "runs").p, abs=0.005)


@pytest.mark.parametrize("blocks", ["runs", "clusters", "pairs", "paired clusters"])
def test_the_level_holds_and_a_difference_is_found(blocks) -> None:
    """Where seeds are clusters with a part of their own, runs taken as independent would err far more often."""
    rng = np.random.default_rng(8)
    errs = found = 0
    for _ in range(300):
        seeds = rng.normal(size=(3, 6)) if blocks.startswith("pair") else rng.normal(size=(2, 6))
        ours, theirs = (seeds[0], seeds[0]) if blocks.startswith("pair") else seeds
        part = 1.0 if blocks.endswith("clusters") else 0.0
        shift = 0.0 if not blocks.startswith("pair") else part * rng.normal(size=6)
        a = [part * ours + shift + rng.normal(size=6) for _ in range(4)]
        b = [part * theirs + rng.normal(size=6) for _ in range(4)]
        errs += stratified.compare_two(a, b, blocks).p < 0.05
        found += stratified.compare_two(a, [own + 3 for own in b], blocks).p < 0.05
    assert errs <= 0.05 * 300 + 2 * (300 * 0.05 * 0.95) ** 0.5
    assert found > 200


@pytest.mark.parametrize("blocks", ["runs", "clusters", "pairs", "paired clusters"])
def test_smallest_is_that_of_total_agreement(blocks) -> None:
    a, b = [np.arange(4.0)] * 2, [np.arange(4.0) + 10] * 2
    assert stratified.compare_two(a, b, blocks).p == pytest.approx(stratified.smallest(blocks, 2, 4))


def test_all_at_once_is_friedmans_and_kruskals_of_one_task() -> None:
    rng = np.random.default_rng(9)
    own = [rng.normal(0.5 * place, size=10) for place in range(3)]
    _, paired = stratified.compare_all([[one] for one in own], "pairs")
    _, single = stratified.compare_all([[one] for one in own], "runs")
    exact = tests.friedman(np.stack(own, axis=1)).exact_p
    assert paired == pytest.approx(exact, abs=0.01)
    assert single == pytest.approx(tests.kruskal(own)[1], abs=0.01)
    _, alike = stratified.compare_all([[one, one] for one in [own[0]] * 3], "runs")
    assert alike == 1.0


@pytest.mark.parametrize("fraction", [0.25, 0.75])
def test_scores_with_any_fraction_are_not_whole(fraction: float) -> None:
    assert stratified._whole(np.array([1.0, 2.0]))
    assert not stratified._whole(np.array([1.0, 2.0 + fraction]))


@pytest.mark.parametrize(
    ("blocks", "tasks", "runs", "p"),
    [
        ("runs", 2, 3, 2 / 20**2),
        ("clusters", 2, 3, 2 / 20),
        ("pairs", 2, 3, 2 / 2**6),
        ("paired clusters", 2, 3, 2 / 2**3),
        ("runs", 1, 1, 1.0),
        ("pairs", 1, 1, 1.0),
        ("runs", 1, 0, 1.0),
        ("pairs", 1, 0, 1.0),
    ],
)
def test_smallest_by_hand(blocks, tasks: int, runs: int, p: float) -> None:
    assert stratified.smallest(blocks, tasks, runs) == pytest.approx(p)


@pytest.mark.parametrize(("pairs", "exact"), [(100, True), (101, False)])
def test_signs_of_up_to_100_pairs_are_exact(pairs: int, exact: bool) -> None:
    gaps = np.random.default_rng(1).normal(0.2, 1, size=pairs)
    found = stratified.compare_two([gaps], [np.zeros(pairs)], "pairs")
    known = stats.wilcoxon(gaps, method="exact" if exact else "approx").pvalue
    assert (found.exact, found.p, found.favours) == (exact, pytest.approx(known, rel=1e-9), -1)


@pytest.mark.parametrize(("n", "tasks", "exact"), [(20, 1, True), (21, 1, False), (2, 20, True), (2, 21, False)])
def test_assignments_of_up_to_40_runs_on_20_tasks_are_exact(n: int, tasks: int, exact: bool) -> None:
    rng = np.random.default_rng(n)
    a, b = ([rng.normal(shift, size=n) for _ in range(tasks)] for shift in (0.0, 0.3))
    found = stratified.compare_two(a, b, "runs")
    assert found.exact == exact
    ranks = [stats.rankdata(np.concatenate(both)) for both in zip(a, b)]
    away = sum(own[:n].sum() - own.sum() / 2 for own in ranks)
    normal = 2 * stats.norm.sf(abs(away) / sum(n * n * own.var(ddof=1) / (2 * n) for own in ranks) ** 0.5)
    assert found.favours == -np.sign(away) != 0
    assert (found.p == pytest.approx(normal, abs=1e-12)) != exact


def test_where_nothing_differs_nobody_is_favoured() -> None:
    same = [np.ones(3), np.arange(3.0)]
    for blocks in ("runs", "clusters", "pairs", "paired clusters"):
        assert stratified.compare_two(same, same, blocks) == stratified.Stratified(1.0, 0, exact=True)
    many = [np.ones(21)]
    assert stratified.compare_two(many, many, "runs") == stratified.Stratified(1.0, 0, exact=False)


def test_weights_of_unequal_tasks_of_pairs_are_those_of_their_sizes() -> None:
    a, b = [np.array([1.0, 2.0]), np.array([3.0, 5.0, 9.0])], [np.array([2.0, 4.0]), np.array([2.0, 7.0, 4.0])]
    scores = np.array([-1 / 3, -2 / 3, 1 / 4, -2 / 4, 3 / 4])  # signed ranks over 3 and 4
    found = stratified.compare_two(a, b, "pairs")
    known = 2 * stats.norm.sf(abs(scores.sum()) / (scores**2).sum() ** 0.5)
    assert (found.exact, found.favours, found.p) == (False, 1, pytest.approx(known))


def _of_all(samples, orders_of_tasks) -> tuple[float, float]:
    """The statistic from pooled ranks of each task, (ranks, sizes), and its share of all orders as large."""

    def statistic(tables) -> float:
        each = []
        for ranks, sizes in tables:
            parts = np.split(np.asarray(ranks), np.cumsum(sizes)[:-1])
            each.append([part.mean() for part in parts])
        mean = np.mean(each, axis=0)
        return float(((mean - mean.mean()) ** 2).sum())

    observed = statistic(samples)
    drawn = [statistic(order) for order in orders_of_tasks]
    return observed, float(np.mean(np.array(drawn) >= observed - 1e-9))


def test_all_at_once_over_all_assignments_of_unequal_tasks() -> None:
    sizes = [(2, 2, 1), (1, 1, 2)]
    rng = np.random.default_rng(10)
    samples = [[rng.normal(0.7 * k, size=sizes[task][k]) for task in (0, 1)] for k in range(3)]
    pooled = [stats.rankdata(np.concatenate([one[task] for one in samples])) for task in (0, 1)]
    scaled = [own / (len(own) + 1) for own in pooled]
    orders = ([(one, sizes[0]), (two, sizes[1])] for one in permutations(scaled[0]) for two in permutations(scaled[1]))
    statistic, p = _of_all(list(zip(scaled, sizes)), orders)
    found = stratified.compare_all(samples, "runs")
    assert found == (pytest.approx(statistic), pytest.approx(p, abs=0.015))


def test_all_at_once_over_all_orders_of_paired_clusters() -> None:
    """Within a seed the optimizers change places, on all tasks alike where seeds are clusters."""
    rng = np.random.default_rng(11)
    tables = [rng.normal((0.0, 0.5, 1.5), size=(3, 3)) for _ in range(2)]
    ranks = [np.apply_along_axis(stats.rankdata, 1, table) / 4 for table in tables]
    samples = [[table[:, k] for table in tables] for k in range(3)]
    moves = list(product(permutations(range(3)), repeat=3))

    def columns(table: np.ndarray, move) -> tuple[np.ndarray, list[int]]:
        return np.stack([row[list(own)] for row, own in zip(table, move)]).T.ravel(), [3, 3, 3]

    straight = [columns(own, [range(3)] * 3) for own in ranks]
    statistic, together = _of_all(straight, ([columns(own, move) for own in ranks] for move in moves))
    _, apart = _of_all(straight, ([columns(ranks[0], m), columns(ranks[1], moves[-n])] for n, m in enumerate(moves)))
    found = stratified.compare_all(samples, "paired clusters")
    assert found == (pytest.approx(statistic), pytest.approx(together, abs=0.015))
    assert stratified.compare_all(samples, "pairs")[0] == pytest.approx(statistic)
    assert abs(stratified.compare_all(samples, "pairs")[1] - together) > 0.02 < abs(apart - together)


def test_the_number_of_permutations_is_bounded_by_the_values_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [[np.arange(2.0)], [np.arange(2.0) + 5], [np.arange(2.0) + 9]]
    for most, count in ((20_000_000, 9_999), (6 * 5_000 + 5, 5_000), (6 * 900, 999)):
        monkeypatch.setattr(stratified, "_MOST_DRAWN", most)
        _, p = stratified.compare_all(samples, "runs")
        assert (p * (count + 1)) == pytest.approx(round(p * (count + 1)), abs=1e-9) and p < 0.15
    monkeypatch.undo()
    assert stratified.compare_all(samples, "runs") == stratified.compare_all(samples, "runs", seed=0)
    assert stratified.compare_all(samples, "runs") != stratified.compare_all(samples, "runs", seed=1)


@pytest.mark.parametrize("blocks", ["runs", "clusters", "pairs", "paired clusters"])
def test_both_have_the_same_tasks(blocks) -> None:
    one, two = [np.arange(3.0)], [np.arange(3.0), np.arange(3.0)]
    for a, b in ((one, two), (two, one)):
        with pytest.raises(ValueError, match=r"is (longer|shorter) than"):
            stratified.compare_two(a, b, blocks)
