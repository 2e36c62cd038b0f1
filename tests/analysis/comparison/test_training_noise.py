"""The training-seed component of a lead: by simulation, and of the real table from its own seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from encave.analysis.comparison.section import compare
from encave.analysis.comparison.training_noise import noise_of_lead
from encave.analysis.grouping.sections import view_runs
from encave.analysis.report import write_report
from encave.runners.benchmarks.nasbench201.table import open_benchmark
from encave.runners.benchmarks.nasbench201.training_seeds import deviation_of_means

SCATTER = {0: 0.1, 1: 0.4, 2: 0.2, 3: 0.3}


def noise(section: object, measure: object, configurations: Sequence[Mapping[str, Any]]) -> list[tuple[int, float]]:
    """Entries by the one hyperparameter, which is (i + 0.5) / 5 in the runs below."""
    entries = [round(5 * float(one["x"]) - 0.5) for one in configurations]
    return [(entry, SCATTER[entry]) for entry in entries]


@pytest.fixture
def runs(make_run):
    """A ends with entries 1, 1, 2 and B with 2, 3, 3."""
    ends = {"A": (1, 1, 2), "B": (2, 3, 3)}
    costs = {0: 9.0, 1: 1.0, 2: 2.0, 3: 3.0}
    found = []
    for name, own in ends.items():
        for seed, entry in enumerate(own):
            found.append(make_run(name, seed, [9.0 if k != entry else costs[entry] for k in range(4)]))
    return found


def test_it_is_what_entries_that_vary_do_to_the_difference(runs) -> None:
    (section,) = view_runs(runs).sections
    found = noise_of_lead(compare(section), noise)
    assert found is not None and (found.best, found.second, found.shared) == ("A", "B", 1)
    drawn = np.random.default_rng(0).normal(size=(400_000, 4)) * np.array([SCATTER[k] for k in range(4)])
    differences = drawn[:, [2, 3, 3]].mean(axis=1) - drawn[:, [1, 1, 2]].mean(axis=1)
    assert found.deviation == pytest.approx(differences.std(), rel=0.01)
    assert found.difference == pytest.approx((2 + 3 + 3) / 3 - (1 + 1 + 2) / 3)


def test_it_is_unknown_without_a_table(runs) -> None:
    (section,) = view_runs(runs).sections
    assert noise_of_lead(compare(section), None) is None
    assert noise_of_lead(compare(section), lambda *_: None) is None


def test_the_report_has_it(runs, tmp_path) -> None:
    report = write_report(runs, tmp_path / "report", noise=noise)
    told = pd.read_parquet(report.folder / "data" / "training_noise.parquet")
    expected = ((2 / 3 * 0.4) ** 2 + (1 / 3 - 1 / 3) ** 2 + (2 / 3 * 0.3) ** 2) ** 0.5
    assert told["training_std"].tolist() == [pytest.approx(expected)]
    page = report.page.read_text(encoding="utf-8")
    assert "from their seeds alone the difference of A and B has a standard deviation of" in page
    assert "training-seed component of a lead" in page


def test_of_the_real_table_it_is_the_scatter_of_its_seeds(table_path) -> None:
    task = open_benchmark(table_path).task("cifar10")
    deviation = deviation_of_means(task)
    assert deviation is not None
    raw = pd.read_parquet(table_path).sort_values("arch_index")
    each = raw[[f"c10valid_valid_acc_200_s{seed}" for seed in (777, 888, 999)]].to_numpy(dtype=float)
    seeds = np.isfinite(each).sum(axis=1)
    good = raw["c10valid_valid_acc_200_mean"].to_numpy() > 85
    own = np.nanvar(each[good], axis=1, ddof=1) / seeds[good]  # of single architectures, so rough, but right on average
    assert np.sqrt(np.mean(deviation[good] ** 2)) == pytest.approx(np.sqrt(np.nanmean(own)), rel=0.1)
    assert deviation_of_means(open_benchmark("surrogate").task("cifar10")) is None
