"""The embedded surrogate: its size, its agreement with the real table, and the learning curves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import spearmanr

from encave.run import nasbench201_space as space
from encave.runners.benchmarks.nasbench201 import curves, surrogate
from encave.runners.benchmarks.nasbench201.table import open_table
from encave.runners.benchmarks.nasbench201.task import DATASETS, Task

ALL = np.arange(space.SIZE)
ARCHITECTURES = st.integers(0, space.SIZE - 1)
# Spearman correlation with the final accuracy on 200 random architectures of cifar10, by epoch.
RANK_CORRELATIONS = {1: 0.41, 5: 0.68, 12: 0.79, 22: 0.83, 50: 0.87, 100: 0.90, 150: 0.98, 180: 0.998}


@pytest.fixture(scope="module")
def real(table_path: Path) -> dict[str, Task]:
    return dict(open_table(table_path).tasks)


@pytest.fixture(scope="module")
def measured_curves(shared: Path) -> NDArray[np.float64]:
    """Measured validation accuracy of architectures 0-199 of cifar10, shape (200 architectures, 200 epochs)."""
    import pandas as pd

    rows = pd.read_parquet(shared / "data" / "nb201" / "lc_c10valid_200ep_first200.parquet")
    return rows.pivot(index="arch_index", columns="epoch", values="valid_acc").to_numpy()


def modelled_curves(task: Task, index: NDArray[np.int64], seed: int = 0) -> NDArray[np.float64]:
    epochs = np.arange(1, 201)
    flat = curves.valid_accuracy(task, np.repeat(index, 200), np.tile(epochs, len(index)), seed)
    return flat.reshape(len(index), 200)


# Without the real table


def test_the_shipped_file_is_small_and_not_the_table_in_other_clothes() -> None:
    assert Path(surrogate.__file__).with_name("surrogate.npz").stat().st_size <= 1_000_000
    for quantity in (*surrogate.QUANTITIES, "train_seconds_per_epoch", "valid_seconds"):
        assert surrogate.fitted_values(quantity) <= space.SIZE // 4


def test_the_count_of_fitted_values_is_what_the_file_holds() -> None:
    held = {name: array.size for name, array in surrogate.parameters().items()}
    shared_by_all = held["hidden_weight"] + held["hidden_bias"]
    own = [name for name in held if name.startswith(("output", "knot", "effect"))]
    total = 12 * shared_by_all + sum(held[name] for name in own)
    assert total == 12 * surrogate.fitted_values("valid_accuracy_12")
    assert (
        surrogate.TIME_COEFFICIENTS == held["time_coefficients"] == surrogate.fitted_values("train_seconds_per_epoch")
    )


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_array_has_one_plausible_value_per_architecture(dataset: str) -> None:
    task = surrogate.load()[dataset]
    assert task.dataset == dataset
    assert task.seed_deviation_200 == {}
    for quantity in surrogate.QUANTITIES:
        accuracy = getattr(task, quantity)
        assert accuracy.shape == (space.SIZE,)
        assert accuracy.min() >= 0
        assert accuracy.max() <= 100
    for positive in (task.noise_200, task.train_seconds_per_epoch, task.valid_seconds):
        assert positive.shape == (space.SIZE,)
        assert positive.min() > 0


def test_times_keep_the_ratios_of_nats_bench() -> None:
    tasks = surrogate.load()
    base = tasks["cifar10"].train_seconds_per_epoch
    np.testing.assert_allclose(tasks["cifar100"].train_seconds_per_epoch, 2 * base, atol=1e-5)
    np.testing.assert_allclose(tasks["ImageNet16-120"].train_seconds_per_epoch, 6.068 * base, atol=1e-5)
    np.testing.assert_allclose(tasks["cifar10"].valid_seconds, 2.5 * (0.4549 + 0.0925 * base), atol=1e-5)


def test_loading_needs_numpy_only_and_repeats_itself() -> None:
    code = (
        "import sys, hashlib; from encave.runners.benchmarks.nasbench201.surrogate import load;"
        "print(hashlib.sha256(b''.join(t.valid_accuracy_200.tobytes() for t in load().values())).hexdigest());"
        "print(sorted({'scipy', 'pandas', 'sklearn', 'ConfigSpace'} & set(sys.modules)))"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout for _ in "ab"
    }
    assert len(runs) == 1
    assert runs.pop().splitlines()[1] == "[]"


def canonical_expression(ops: list[int]) -> object:
    """The function of a cell as nested, sorted sums: a slow and independent way to the classes."""
    edges = dict(zip(space.EDGES, ops, strict=True))
    nodes: list[tuple[object, ...]] = [("input",)]
    for target in (1, 2, 3):
        terms: list[object] = []
        for source in range(target):
            operation = space.OPERATIONS[edges[f"{source}_{target}"]]
            if operation == "skip_connect":
                terms.extend(nodes[source])
            elif operation != "none" and nodes[source]:
                terms.append((operation, nodes[source]))
        nodes.append(tuple(sorted(terms, key=repr)))
    return nodes[3]


def test_function_classes_are_those_of_the_canonical_expressions() -> None:
    expressions = [canonical_expression(row) for row in space.from_index(ALL).tolist()]
    classes = surrogate.function_classes()
    assert len(set(expressions)) == len(set(classes.tolist())) == len(surrogate.class_features()) == 4_930
    assert len(set(zip(expressions, classes.tolist(), strict=True))) == 4_930


@given(ARCHITECTURES, st.sampled_from(DATASETS))
def test_the_same_function_has_the_same_accuracies(index: int, dataset: str) -> None:
    members = np.flatnonzero(surrogate.function_classes() == surrogate.function_classes()[index])
    for quantity in surrogate.QUANTITIES:
        assert len(set(getattr(surrogate.load()[dataset], quantity)[members])) == 1


def test_operations_on_dead_edges_take_time_but_change_no_accuracy() -> None:
    # Nothing leaves node 1, so what enters it has no effect.
    idle, busy = space.to_index([[0, 3, 0, 3, 0, 3], [3, 3, 0, 3, 0, 3]])
    task = surrogate.load()["cifar10"]
    assert task.valid_accuracy_200[idle] == task.valid_accuracy_200[busy]
    assert task.train_seconds_per_epoch[idle] < task.train_seconds_per_epoch[busy]


def test_cells_that_let_nothing_through_guess() -> None:
    (blocked,) = space.to_index([[3, 3, 3, 0, 0, 0]])
    for dataset, chance in zip(DATASETS, surrogate.CHANCE, strict=True):
        assert surrogate.load()[dataset].valid_accuracy_200[blocked] == pytest.approx(chance, abs=0.5)


@given(
    st.sampled_from(DATASETS),
    st.lists(st.tuples(ARCHITECTURES, st.integers(1, 200)), min_size=1, max_size=20),
    st.integers(-(2**70), 2**70),
)
def test_a_curve_is_the_same_however_it_is_asked_for(dataset: str, asked: list[tuple[int, int]], seed: int) -> None:
    task = surrogate.load()[dataset]
    index, epochs = np.array(asked).T
    together = curves.valid_accuracy(task, index, epochs, seed)
    alone = [curves.valid_accuracy(task, index[i : i + 1], epochs[i : i + 1], seed)[0] for i in range(len(asked))]
    assert together.tolist() == alone
    assert (together >= 0).all()
    assert (together <= 100).all()


@pytest.mark.parametrize("dataset", DATASETS)
def test_curves_end_exactly_at_the_final_accuracy_and_rise_on_average(dataset: str) -> None:
    task = surrogate.load()[dataset]
    np.testing.assert_array_equal(curves.valid_accuracy(task, ALL, np.array(200), 3), task.valid_accuracy_200)
    means = [curves.valid_accuracy(task, ALL, np.array(e), 0).mean() for e in (1, 3, 8, 23, 67, 120, 160, 185, 200)]
    assert means == sorted(means)
    late = curves.valid_accuracy(task, ALL, np.array(199), 0)
    assert np.abs(late - task.valid_accuracy_200).max() < 0.5


def test_the_seed_changes_the_scatter() -> None:
    task = surrogate.load()["cifar10"]
    first, second = (curves.valid_accuracy(task, ALL, np.array(50), seed) for seed in (0, 1))
    assert 1.5 < np.std(first - second) / np.sqrt(2) < 4
    assert np.corrcoef(first, second)[0, 1] > 0.9


@pytest.mark.parametrize("epoch", [0, 201, -1])
def test_epochs_outside_the_schedule_are_refused(epoch: int) -> None:
    with pytest.raises(ValueError, match="epochs 1 … 200"):
        curves.valid_accuracy(surrogate.load()["cifar10"], np.array([0]), np.array([epoch]), 0)


@pytest.mark.parametrize(("epoch", "expected"), RANK_CORRELATIONS.items())
def test_rank_correlations_of_the_surrogates_curves(epoch: int, expected: float) -> None:
    task = surrogate.load()["cifar10"]
    accuracy = curves.valid_accuracy(task, ALL, np.array(epoch), 0)
    assert spearmanr(accuracy, task.valid_accuracy_200)[0] == pytest.approx(expected, abs=0.04 if epoch < 5 else 0.015)


# With the real table


def test_quality_against_the_real_table(real: dict[str, Task]) -> None:
    rows = surrogate.quality(real)
    assert [(row.dataset, row.quantity) for row in rows[:4]] == [("cifar10", name) for name in surrogate.QUANTITIES]
    assert len(rows) == 3 * 6
    for row in rows:
        assert row.r2 >= 0.99, row
        assert row.tau >= 0.92, row
        if row.quantity in surrogate.QUANTITIES:
            assert row.rank_of_best <= 25, row


def test_quality_is_measured_on_what_is_there(real: dict[str, Task]) -> None:
    assert {row.dataset for row in surrogate.quality({"cifar100": real["cifar100"]})} == {"cifar100"}
    perfect = surrogate.quality(surrogate.load())
    assert all(row.r2 == 1 and row.rank_of_best == 1 and row.max_error == 0 for row in perfect)


@pytest.mark.parametrize(("dataset", "expected"), list(zip(DATASETS, (0.21, 0.34, 0.34), strict=True)))
def test_seeds_scatter_as_measured(dataset: str, expected: float, table_path: Path) -> None:
    import pandas as pd

    seeds = pd.read_parquet(table_path, columns=["n_seeds_200"])["n_seeds_200"].to_numpy()
    drawn = np.random.default_rng(0).standard_normal((3, space.SIZE)) * surrogate.load()[dataset].noise_200
    drawn[2, seeds == 2] = np.nan
    assert np.median(np.nanstd(drawn, axis=0, ddof=1)) == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(("epoch", "expected"), RANK_CORRELATIONS.items())
def test_rank_correlations_on_the_real_table(
    epoch: int, expected: float, real: dict[str, Task], measured_curves: NDArray[np.float64]
) -> None:
    assert spearmanr(measured_curves[:, epoch - 1], measured_curves[:, -1])[0] == pytest.approx(expected, abs=0.006)
    accuracy = curves.valid_accuracy(real["cifar10"], ALL, np.array(epoch), 0)
    final = real["cifar10"].valid_accuracy_200
    assert spearmanr(accuracy, final)[0] == pytest.approx(expected, abs=0.04 if epoch < 5 else 0.015)


def test_levels_and_jitter_follow_the_measured_curves(
    real: dict[str, Task], measured_curves: NDArray[np.float64]
) -> None:
    modelled = modelled_curves(real["cifar10"], np.arange(200))
    for epoch in (1, 5, 12, 22, 50, 100, 150, 180, 195):
        assert modelled[:, epoch - 1].mean() == pytest.approx(measured_curves[:, epoch - 1].mean(), abs=1.0)
        assert modelled[:, epoch - 1].std() == pytest.approx(measured_curves[:, epoch - 1].std(), abs=1.0)
    for first, last, expected, tolerance in ((20, 100, 1.82, 0.2), (181, 200, 0.03, 0.01)):
        steps = np.abs(np.diff(modelled[:, first - 1 : last - 1], axis=1))
        assert np.median(steps) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("dataset", DATASETS[1:])
def test_levels_of_the_other_datasets_follow_the_measured_points(
    dataset: str, real: dict[str, Task], shared: Path
) -> None:
    import pandas as pd

    points = pd.read_parquet(shared / "data" / "nb201" / "lc_points_s888.parquet").query("dataset == @dataset")
    for epoch in (3, 8, 23, 67):
        rows = points[points["epoch"] == epoch]
        modelled = curves.valid_accuracy(real[dataset], rows["arch_index"].to_numpy(), np.array(epoch), 0)
        assert modelled.mean() == pytest.approx(rows["valid_acc"].mean(), abs=0.6)
        assert np.corrcoef(modelled, rows["valid_acc"])[0, 1] > 0.8
