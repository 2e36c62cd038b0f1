"""Parameters, FLOPs and latencies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from encave.run import nasbench201_space as space
from encave.runners.benchmarks.nasbench201 import complexity
from encave.runners.benchmarks.nasbench201.table import load_surrogate, open_benchmark, open_table
from encave.runners.benchmarks.nasbench201.task import DATASETS

EVERY = np.arange(space.SIZE)


def test_counted_by_hand() -> None:
    """A network of 3x3 convolutions only: 15 cells of 6, widths 16, 32, 64, each with its batch normalisation."""
    convolutions = 5 * 6 * sum(9 * width * width + 2 * width for width in (16, 32, 64))
    nothing = space.to_index([[0] * 6])[0]
    everywhere = space.to_index([[3] * 6])[0]
    for dataset, classes in zip(DATASETS, (10, 100, 120), strict=True):
        found = complexity.parameters(dataset)
        assert found[everywhere] - found[nothing] == pytest.approx(convolutions / 1e6)
        assert found[nothing] - complexity.parameters("cifar10")[nothing] == pytest.approx(65 * (classes - 10) / 1e6)
    pixels = {16: 32 * 32, 32: 16 * 16, 64: 8 * 8}
    products = 5 * 6 * sum(9 * width * width * area for width, area in pixels.items())
    difference = complexity.flops("cifar10")[everywhere] - complexity.flops("cifar10")[nothing]
    assert difference == pytest.approx(products / 1e6)


@pytest.mark.parametrize(("dataset", "suffix"), list(zip(DATASETS, ("c10", "c100", "im"), strict=True)))
def test_the_closed_form_is_the_tables(table_path: Path, dataset: str, suffix: str) -> None:
    import pyarrow.parquet as pq

    stored = pq.read_table(table_path, columns=[f"params_M_{suffix}", f"flops_M_{suffix}"])
    at = open_benchmark(table_path).query(EVERY, dataset)
    assert at.params_M == pytest.approx(stored[0].to_numpy(), abs=1e-6)
    assert at.flops_M == pytest.approx(stored[1].to_numpy(), abs=1e-4)


def test_latencies_of_a_table(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "arch_index": [3, 9],
        "c10valid_valid_acc_200_mean": [90.0, 80.0],
        "train_time_per_epoch_s_c10valid": [10.0, 8.0],
        "latency_ms_raspi4_c10": [5.5, None],
        "latency_ms_edge_gpu_c10": [1.0, 2.0],
        "latency_ms_raspi4_c100": [7.0, 7.0],
    }
    pq.write_table(pa.table(columns), tmp_path / "table.parquet")
    at = open_table(tmp_path / "table.parquet").query([9, 3], "cifar10")
    assert set(at.latency_ms) == {"raspi4", "edge_gpu"}
    assert at.latency_ms["edge_gpu"].tolist() == [2.0, 1.0]
    assert np.isnan(at.latency_ms["raspi4"]).tolist() == [True, False]


def test_the_surrogate_knows_sizes_but_no_latency() -> None:
    at = load_surrogate().query([0, 1], "ImageNet16-120")
    assert (at.params_M > 0.08).all()
    assert (at.flops_M > 1.9).all()
    assert at.latency_ms == {}
