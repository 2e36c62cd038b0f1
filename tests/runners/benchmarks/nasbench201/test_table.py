"""Queries: values of the real table, of small made-up tables, and of the surrogate."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encave import EncaveError
from encave.run import nasbench201_space as space
from encave.runners.benchmarks.nasbench201.table import Benchmark, load_surrogate, open_benchmark, open_table
from encave.runners.benchmarks.nasbench201.task import DATASETS

EVERY = np.arange(space.SIZE)
OPTIMA = {
    "cifar10": (91.6067, 6111, 94.3733, 6111),
    "cifar100": (73.4933, 9930, 73.5133, 9930),
    "ImageNet16-120": (46.7333, 10676, 47.3111, 857),
}
"""Best accuracies (percent) and architectures on validation and test set, means over seeds, of NATS-Bench."""


@pytest.fixture(scope="module")
def table(table_path: Path) -> Benchmark:
    return open_benchmark(table_path)


@pytest.fixture(scope="module")
def surrogate() -> Benchmark:
    return load_surrogate()


def _write(path: Path, **columns: Any) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three architectures on CIFAR-10, out of order, one without seed 999."""
    return _write(
        tmp_path / "small.parquet",
        arch_index=[7, 0, 3],
        c10valid_valid_acc_200_mean=[90.0, 80.0, 70.0],
        c10valid_valid_acc_200_s777=[89.0, 81.0, 70.0],
        c10valid_valid_acc_200_s888=[91.0, 79.0, 70.0],
        c10valid_valid_acc_200_s999=[90.0, None, 70.0],
        c10_test_acc_200_mean=[92.0, 82.0, 72.0],
        train_time_per_epoch_s_c10valid=[10.0, 8.0, 6.0],
        eval_time_per_10k_images_s=[1.0, 2.0, 3.0],
    )


@pytest.mark.parametrize("dataset", DATASETS)
def test_published_optima(table: Benchmark, dataset: str) -> None:
    valid, best_valid, test, best_test = OPTIMA[dataset]
    evaluation = table.query(EVERY, dataset)
    assert table.optimum(dataset) == pytest.approx(
        {"valid_error_200": 100 - valid, "test_error_200": 100 - test}, abs=5e-5
    )
    assert (np.argmin(evaluation.valid_error), np.argmin(evaluation.test_error)) == (best_valid, best_test)


def test_cost_is_training_plus_one_validation(table: Benchmark) -> None:
    for schedule in (12, 200):
        for dataset, ratio, images in zip(DATASETS, (1, 2, 6.068), (25_000, 5_000, 3_000), strict=True):
            at = table.query(11, dataset, epochs=schedule, schedule=schedule)
            assert at.train_seconds == pytest.approx(schedule * 12.462056795756 * ratio)
            assert at.seconds - at.train_seconds == pytest.approx(1.608174 * images / 10_000, rel=1e-5)


def test_seeds_average_to_the_mean(table: Benchmark) -> None:
    three = np.flatnonzero(np.isfinite(table.tasks["cifar10"].seed_deviation_200[999]))
    seeds = [table.query(three, "cifar10", seed=seed).valid_error for seed in (777, 888, 999)]
    assert np.mean(seeds, axis=0) == pytest.approx(table.query(three, "cifar10").valid_error, abs=1e-9)
    assert len(three) == 8_169
    assert 100 - table.query(6111, "cifar10", seed=888).valid_error[0] == pytest.approx(91.72)


def test_noise_is_the_deviation_between_seeds(table: Benchmark) -> None:
    medians = [float(np.median(table.tasks[dataset].noise_200)) for dataset in DATASETS]
    assert medians == pytest.approx([0.21, 0.34, 0.34], abs=0.005)


def test_a_seed_that_an_architecture_lacks(table: Benchmark) -> None:
    lacking = int(np.flatnonzero(np.isnan(table.tasks["cifar10"].seed_deviation_200[999]))[0])
    with pytest.raises(EncaveError, match=f"architecture {lacking} was not trained with seed 999.* 777, 888$"):
        table.query([0, lacking], "cifar10", seed=999)


def test_shorter_training_is_modelled_and_says_so(table: Benchmark) -> None:
    at = table.query([5, 6], "cifar10", epochs=[50, 200])
    assert at.modelled.tolist() == [True, False]
    assert np.isnan(at.test_error).tolist() == [True, False]
    per_epoch = table.tasks["cifar10"].train_seconds_per_epoch[[5, 6]]
    assert at.train_seconds == pytest.approx(per_epoch * [50, 200])
    assert not table.query(5, "cifar10", epochs=12, schedule=12).modelled.any()


def test_queries_are_fast(table: Benchmark) -> None:
    """Five times slower than measured would still pass: all in 0.6 ms, one in 30 µs."""

    def best_seconds(query: Callable[[], object], times: int) -> float:
        durations: list[float] = []
        for _ in range(5):
            start = time.process_time()
            for _ in range(times):
                query()
            durations.append((time.process_time() - start) / times)
        return min(durations)

    assert best_seconds(lambda: table.query(EVERY, "cifar100"), 3) < 5e-3
    assert best_seconds(lambda: table.query(77, "cifar100"), 100) < 300e-6


def test_small_table(small: Path) -> None:
    table = open_table(small)
    at = table.query([7, 3], "cifar10")
    assert at.valid_error.tolist() == [10.0, 30.0]
    assert at.test_error.tolist() == [8.0, 28.0]
    assert at.seconds.tolist() == [2_002.5, 1_207.5]
    assert table.optimum("cifar10") == {"valid_error_200": 10.0, "test_error_200": 8.0}
    assert table.tasks["cifar10"].noise_200[[7, 0]] == pytest.approx([1.0, np.sqrt(2)])
    assert np.isnan(table.tasks["cifar10"].noise_200[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architectures": 1}, "nothing for architecture 1 on cifar10, 200 epochs"),
        ({"architectures": [0, 1, 2]}, r"architecture 1 \(and for 1 more"),
        ({"epochs": 12, "schedule": 12}, "nothing for architecture 0 on cifar10, 12 epochs"),
        ({"dataset": "cifar100"}, "is not in this table; there are: cifar10$"),
        ({"dataset": "mnist"}, "not a dataset of NAS-Bench-201"),
        ({"seed": 5}, "no results of seed 5 on cifar10; seeds in it: 777, 888, 999"),
        ({"seed": 999}, "architecture 0 was not trained with seed 999"),
        ({"seed": 777, "schedule": 12}, "no single seeds are known"),
        ({"schedule": 100}, "schedules of 12 and of 200 epochs, not of 100"),
        ({"epochs": 0}, "1 … 200, not 0"),
        ({"epochs": 201}, "1 … 200, not 201"),
        ({"epochs": 7.5}, "whole numbers"),
        ({"epochs": float("nan")}, "whole numbers"),
        ({"epochs": 6, "schedule": 12}, "after its 12th epoch only"),
        ({"epochs": [1, 2, 3]}, r"1 architectures, but epochs of shape \(3,\)"),
        ({"architectures": 15_625}, "0 … 15624, not 15625"),
        ({"architectures": -1}, "not -1"),
        ({"architectures": "resnet"}, "not an architecture string"),
        ({"architectures": [0.5]}, "not architectures"),
        ({"architectures": {"op_0_1": "none"}}, "op_0_2"),
        ({"architectures": np.zeros((1, 5), int)}, r"\(1, 5\)"),
    ],
)
def test_bad_queries_say_what_is_wrong(small: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(EncaveError, match=message):
        open_table(small).query(**{"architectures": 0, "dataset": "cifar10", **arguments})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [1]}, "no column arch_index"),
        ({"arch_index": [1]}, "no table of NAS-Bench-201: for no dataset"),
        ({"arch_index": [15_625]}, "outside 0 … 15624"),
        ({"arch_index": [1, 1]}, "arch_index 1 stands in more than one row"),
        ({"arch_index": ["x"]}, "does not hold numbers"),
        ({"arch_index": [1], "arch_str": ["|none~0|"]}, "row 0 calls"),
        (
            {"arch_index": [4], "c10valid_valid_acc_200_mean": [101.0], "train_time_per_epoch_s_c10valid": [1.0]},
            "c10valid_valid_acc_200_mean of architecture 4 is 101, which is outside 0 … 100",
        ),
        (
            {"arch_index": [4], "c10valid_valid_acc_200_mean": [1.0], "train_time_per_epoch_s_c10valid": [-1.0]},
            "outside 0",
        ),
    ],
)
def test_wrong_tables_are_refused(tmp_path: Path, columns: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(EncaveError, match=message):
        open_table(_write(tmp_path / "wrong.parquet", **columns))


def test_what_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "no.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(EncaveError, match="not a readable Parquet file"):
        open_benchmark(tmp_path / "no.parquet")
    with pytest.raises(EncaveError, match="there is no benchmark"):
        open_benchmark(tmp_path / "absent.parquet")
    with pytest.raises(EncaveError, match="cannot read the table"):
        open_benchmark(tmp_path)


def test_the_surrogate_says_that_it_is_a_model(surrogate: Benchmark) -> None:
    assert (surrogate.source, len(surrogate.sha256)) == ("surrogate", 64)
    assert open_benchmark(None).sha256 == open_benchmark("surrogate").sha256 == surrogate.sha256
    for dataset in DATASETS:
        assert surrogate.query(EVERY, dataset).modelled.all()
        assert surrogate.query(EVERY, dataset, epochs=12, schedule=12).modelled.all()


def test_seeds_of_the_surrogate_are_reproducible_and_of_the_measured_size(surrogate: Benchmark) -> None:
    mean = surrogate.query(EVERY, "cifar10").valid_error
    first = surrogate.query(EVERY, "cifar10", seed=3).valid_error
    assert surrogate.query([9, 4_000], "cifar10", seed=3).valid_error.tolist() == first[[9, 4_000]].tolist()
    for dataset, seed in (("cifar10", 4), ("cifar10", -1), ("cifar10", 3 + 2**32), ("cifar100", 3)):
        deviation = surrogate.query(EVERY, dataset, seed=seed).valid_error - surrogate.query(EVERY, dataset).valid_error
        scaled = deviation / surrogate.tasks[dataset].noise_200
        assert abs(np.corrcoef(scaled, first - mean)[0, 1]) < 0.05
        assert (np.mean(scaled), np.std(scaled)) == pytest.approx((0, 1), abs=0.05)


def test_the_surrogate_is_deterministic_at_every_epoch(surrogate: Benchmark) -> None:
    epochs = np.arange(1, 201)
    first = surrogate.query(np.full(200, 77), "cifar10", epochs=epochs)
    again = surrogate.query(np.full(200, 77), "cifar10", epochs=epochs)
    assert first.valid_error.tolist() == again.valid_error.tolist()
    assert (np.diff(first.seconds) > 0).all()
