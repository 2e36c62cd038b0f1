"""Accuracies of single training seeds, measured and modelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from encave.runners.benchmarks.nasbench201.measured_curves import MeasuredCurves
from encave.runners.benchmarks.nasbench201.surrogate import function_classes
from encave.runners.benchmarks.nasbench201.table import load_surrogate
from encave.runners.benchmarks.nasbench201.training_seeds import seed_accuracies


def test_the_scatter_of_single_seeds_is_recovered() -> None:
    """From means of two seeds alone, where the truth is known: each seed scatters by 0.8 about its function."""
    rng = np.random.default_rng(0)
    task = load_surrogate().task("cifar10")
    truth = np.linspace(60.0, 85.0, function_classes().max() + 1)[function_classes()]
    seeds = truth + 0.8 * rng.standard_normal((2, len(truth)))
    found = seed_accuracies(replace(task, valid_accuracy_12=seeds.mean(axis=0)), two_seeds=True)
    assert found.deviation.mean() == pytest.approx(0.8 / np.sqrt(2), rel=0.05)
    world = rng.standard_normal(len(truth))
    drawn = np.array([found.draw(index, world, rng) for index in range(len(truth))])
    assert np.std(drawn - truth) == pytest.approx(0.8, rel=0.05)
    values = {found.draw(5, world, rng) for _ in range(50)}
    assert len(values) == 2
    assert np.mean(list(values)) == pytest.approx(found.mean[5])


def test_measured_seeds_are_drawn_as_they_are() -> None:
    task = load_surrogate().task("cifar10")
    first, second = np.full((15_625, 12), 50.0, dtype=np.float32), np.full((15_625, 12), 60.0, dtype=np.float32)
    second[7] = np.nan
    measured = replace(task, curves={12: MeasuredCurves("x-valid", {111: first, 777: second})})
    found, rng = seed_accuracies(measured, two_seeds=True), np.random.default_rng(0)
    assert {found.draw(3, np.zeros(15_625), rng) for _ in range(50)} == {50.0, 60.0}
    assert {found.draw(7, np.zeros(15_625), rng) for _ in range(20)} == {50.0}


def test_of_one_seed_nothing_is_modelled() -> None:
    found = seed_accuracies(load_surrogate().task("cifar100"), two_seeds=False)
    rng = np.random.default_rng(0)
    assert found.draw(9, rng.standard_normal(15_625), rng) == found.mean[9]
