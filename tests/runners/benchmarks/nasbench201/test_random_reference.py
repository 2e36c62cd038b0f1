"""The exact anytime curve of random search against brute force and against random search itself."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from encave.errors import EncaveError
from encave.runners.benchmarks.incumbent import incumbents
from encave.runners.benchmarks.nasbench201.random_reference import (
    CurveByEvaluations,
    RandomReference,
    random_reference,
)
from encave.runners.benchmarks.nasbench201.table import Benchmark, load_surrogate, open_benchmark
from encave.runners.benchmarks.nasbench201.task import DATASETS
from encave.runners.reproduce.published import NAS_BENCH_201, VALID
from encave.runners.reproduce.runs import Block, Work
from encave.runners.studies.limit import Limit
from encave.runners.studies.objective import BenchmarkObjective
from encave.runners.studies.simulate import SimulatedEvaluation, simulate

SMALL = st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 5)), min_size=1, max_size=5)
"""Architectures as search error (with ties) and reported value."""


def reference(rows: list[tuple[int, int]], seconds: list[float] | None = None) -> RandomReference:
    error, value = np.array(rows, dtype=float).T
    return RandomReference(error, value, np.array(seconds or [1.0] * len(rows)))


def reported(rows: list[tuple[int, int]], drawn: tuple[int, ...]) -> int:
    return rows[min(drawn, key=lambda place: rows[place][0])][1]  # min keeps the first of those that tie


@given(rows=SMALL, draws=st.integers(1, 4))
@settings(max_examples=60)
def test_with_replacement_equals_the_mean_over_all_draws(rows: list[tuple[int, int]], draws: int) -> None:
    values = [reported(rows, drawn) for drawn in product(range(len(rows)), repeat=draws)]
    curve = reference(rows).after([draws])
    assert curve.mean[0] == pytest.approx(np.mean(values), abs=1e-9)
    assert curve.std[0] == pytest.approx(np.std(values), abs=1e-7)


@given(rows=SMALL, data=st.data())
@settings(max_examples=60)
def test_without_replacement_equals_the_mean_over_all_orders(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    draws = data.draw(st.integers(1, len(rows)))
    values = [reported(rows, drawn) for drawn in permutations(range(len(rows)), draws)]
    curve = reference(rows).after([draws], replacement=False)
    assert curve.mean[0] == pytest.approx(np.mean(values), abs=1e-9)
    assert curve.std[0] == pytest.approx(np.std(values), abs=1e-6)


@given(rows=SMALL, draws=st.integers(1, 4), level=st.sampled_from([0.0313, 0.17, 0.4999, 0.77, 0.951]))
@settings(max_examples=60)
def test_quantiles_are_those_of_all_draws(rows: list[tuple[int, int]], draws: int, level: float) -> None:
    values = sorted(reported(rows, drawn) for drawn in product(range(len(rows)), repeat=draws))
    expected = values[int(np.ceil(level * len(values))) - 1]
    assert reference(rows).after([draws], levels=[level]).quantiles[0, 0] == expected


def test_equal_costs_make_time_a_count_of_evaluations() -> None:
    random = reference([(0, 1), (1, 5), (2, 9)], [2.0, 2.0, 2.0])
    by_time = random.by([1.0, 2.0, 5.9, 8.0], paths=50)
    assert np.isnan(by_time.mean[0])
    assert by_time.mean[3] == pytest.approx(random.after([4]).mean[0])
    assert by_time.standard_error[3] == 0.0
    # 5.9 s are nearest to three evaluations, of which two are done
    assert by_time.mean[2] == pytest.approx(random.after([2]).mean[0], abs=5 * by_time.standard_error[2])


def test_time_corrects_for_costs_that_depend_on_what_is_drawn() -> None:
    """The best takes 3 s, the worst 1 s; by 3 s: the best first (1/2), or worst, worst, worst (1/8), else the worst."""
    random = reference([(0, 0), (1, 1)], [3.0, 1.0])
    curve = random.by([3.0], paths=20_000, seed=1)
    assert curve.mean[0] == pytest.approx(0.5, abs=5 * curve.standard_error[0])
    assert abs(random.after([2]).mean[0] - 0.5) > 0.2  # what 3 s / 2 s would give without the correction
    assert curve.standard_error[0] < 0.01


def test_sampled_random_search_agrees_within_its_confidence_band() -> None:
    benchmark = load_surrogate()
    expected = random_reference(benchmark, "cifar10").by([12_000.0])
    work = Work(NAS_BENCH_201, "surrogate")
    runs = work(Block("random", "cifar10", 0, 200), lambda _: None)
    assert not isinstance(runs, EncaveError)
    errors = np.array([100 - run["cifar10", VALID] for run in runs])
    band = 3.5 * errors.std(ddof=1) / np.sqrt(len(errors))
    assert errors.mean() == pytest.approx(expected.mean[0], abs=band)
    assert band < 0.15


@pytest.fixture(params=["surrogate", "table"])
def benchmark(request: pytest.FixtureRequest) -> Benchmark:
    if request.param == "surrogate":
        return load_surrogate()
    return open_benchmark(request.getfixturevalue("table_path"))


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("replacement", [True, False])
def test_searches_scatter_about_the_exact_curve(benchmark: Benchmark, dataset: str, replacement: bool) -> None:
    """Mean and standard deviation of 1,500 searches, with and without replacement."""
    exact = random_reference(benchmark, dataset)
    counts, rng = np.array([1, 3, 10, 50, 150, 400]), np.random.default_rng(DATASETS.index(dataset))
    drawn = np.array([rng.choice(len(exact.value), counts[-1], replace=replacement) for _ in range(1_500)])
    found = np.array([exact.value[row[incumbents(exact.search_error[row])[counts - 1]]] for row in drawn])
    _assert_within_bands(found, exact.after(counts, replacement=replacement))


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_runner_scatters_about_the_exact_curve(
    benchmark: Benchmark, make: Any, tmp_path: Path, dataset: str
) -> None:
    """The same of 150 runs of the optimizer `random`, which draws with replacement."""
    exact, objective = random_reference(benchmark, dataset), BenchmarkObjective(benchmark, dataset, 12)
    counts = np.array([1, 10, 40])
    found = np.array([_searched(make, objective, seed, tmp_path / str(seed), counts) for seed in range(150)])
    _assert_within_bands(found, exact.after(counts))


def _searched(
    make: Any, objective: BenchmarkObjective, seed: int, folder: Path, counts: NDArray[np.int64]
) -> list[float]:
    """Error after 200 epochs of the incumbent after so many evaluations of one run."""
    optimizer, told = make("random", seed=seed, folder=folder), list[tuple[float, float]]()

    def evaluate(config: Mapping[str, Any], budget: float | None) -> SimulatedEvaluation:
        evaluation = objective(config, budget)
        told.append((evaluation.cost, evaluation.info["valid_error_200"]))
        return evaluation

    simulate(optimizer, evaluate, Limit(evaluations=int(counts[-1])))
    optimizer.close()
    searched, reported_ = np.array(told).T
    return reported_[incumbents(searched)[counts - 1]].tolist()


def _assert_within_bands(found: NDArray[np.float64], exact: CurveByEvaluations) -> None:
    """Means and standard deviations within 4.3 standard errors, those of the latter by the fourth moment.

    All 180 comparisons of these tests together are then wrong with a chance of 0.3 %.
    """
    runs = len(found)
    assert np.all(np.abs(found.mean(axis=0) - exact.mean) < 4.3 * exact.std / runs**0.5)
    fourth = ((found - exact.mean) ** 4).mean(axis=0)
    error = np.sqrt(np.maximum(fourth - exact.std**4, 0.0) / runs) / (2 * exact.std)
    assert np.all(np.abs(found.std(axis=0) - exact.std) < 4.3 * error)


def test_more_evaluations_search_no_worse() -> None:
    benchmark = load_surrogate()
    found = benchmark.query(np.arange(15_625), "cifar100", schedule=12)
    curve = RandomReference(found.valid_error, found.valid_error, found.seconds).after([1, 10, 100, 1000])
    assert (np.diff(curve.mean) < 0).all()
    assert (np.diff(curve.quantiles, axis=1) >= 0).all()
    assert curve.seconds[1] == pytest.approx(10 * found.seconds.mean())


@pytest.mark.parametrize("evaluations", [[0], [1.5], [-1]])
def test_impossible_evaluations_are_refused(evaluations: list[float]) -> None:
    with pytest.raises(EncaveError, match="whole numbers from 1"):
        reference([(0, 0)]).after(evaluations)


def test_more_draws_than_architectures_are_refused_without_replacement() -> None:
    with pytest.raises(EncaveError, match="to 2"):
        reference([(0, 0), (1, 1)]).after([3], replacement=False)


def test_bad_columns_and_times_are_refused() -> None:
    with pytest.raises(EncaveError, match="same length"):
        RandomReference(np.zeros(2), np.zeros(3), np.ones(2))
    with pytest.raises(EncaveError, match="more than 0"):
        reference([(0, 0)], [0.0])
    with pytest.raises(EncaveError, match="at least two paths"):
        reference([(0, 0)]).by([-1.0])
    with pytest.raises(EncaveError, match="valid_error_200 or test_error_200"):
        random_reference(load_surrogate(), "cifar10", report="latency")
