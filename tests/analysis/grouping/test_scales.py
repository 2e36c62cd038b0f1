"""Runs of which some count percent and others fractions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from encave.analysis.grouping.sections import view_runs
from encave.analysis.report.settings import read_settings
from encave.run import Objective, Run


@pytest.fixture
def errors(make_run):
    """A run whose errors lie between these."""

    def make(optimizer: str, seed: int, low: float, high: float, unit: str | None = None) -> Run:
        costs = np.linspace(high, low, 10) * (1 - seed / 100)
        return make_run(optimizer, seed, costs.tolist()).replace(objectives=(Objective("loss", unit=unit),))

    return make


def test_percent_beside_fractions_is_told_with_the_line_that_mends_it(errors, tmp_path: Path) -> None:
    runs = [errors("SMAC", seed, 0.05, 0.9) for seed in (0, 1)] + [errors("DEHB", seed, 5, 90) for seed in (0, 1)]
    (remark,) = view_runs(runs).remarks
    assert "runs of DEHB seem to count percent (values around 47.3), others fractions (around 0.473)" in remark
    line = 'runs = [{match = "DEHB-toy-*", scale = "percent"}]'
    assert line in remark
    (tmp_path / "report.toml").write_text(line, encoding="utf-8")
    mended = read_settings(tmp_path / "report.toml").applied(runs)
    assert view_runs(mended).remarks == ()
    assert mended[2].cost().tolist() == pytest.approx(mended[0].cost().tolist())
    (tmp_path / "report.toml").write_text('runs = [{scale = "fraction"}]', encoding="utf-8")
    said = read_settings(tmp_path / "report.toml").applied(runs)
    assert view_runs(said).remarks == () and said[2].cost().max() == 90


def test_within_one_optimizer_and_by_unit(errors) -> None:
    (remark,) = view_runs([errors("A", 0, 0.05, 0.9), errors("A", 1, 5, 90)]).remarks
    assert 'match = "A-toy-1", scale = "percent"' in remark
    (remark,) = view_runs([errors("A", 0, 0.05, 0.9), errors("B", 1, 0.4, 2.0, "%")]).remarks
    assert 'match = "B-toy-1", scale = "percent"' in remark


@pytest.mark.parametrize(
    ("low", "high", "unit"),
    [(0.1, 3.0, None), (0.01, 0.9, None), (200.0, 900.0, None), (-5.0, 90.0, None)],
)
def test_what_may_count_the_same_is_not_told(errors, low: float, high: float, unit: str | None) -> None:
    assert view_runs([errors("A", 0, 0.05, 0.9), errors("B", 0, low, high, unit)]).remarks == ()
    assert view_runs([errors("A", 0, 5, 90, "%"), errors("B", 0, 3, 80, "%")]).remarks == ()
