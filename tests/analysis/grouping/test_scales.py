"""Runs of which some count percent and others fractions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
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


@pytest.mark.parametrize(("name", "told"), [("error (%)", 1), ("error_pct", 1), ("error_share", 0)])
def test_names_may_say_percent(errors, name: str, told: int) -> None:
    small = _measured(errors("B", 0, 0.05, 0.9), name, "minimize", lambda error: error * 2)
    assert len(view_runs([errors("A", 0, 0.05, 0.9), small]).remarks) == told


def test_values_without_a_gap_are_of_one_measure(errors) -> None:
    runs = [errors("A", 0, 0.01, 0.9), errors("A", 1, 0.5, 9), errors("A", 2, 0.1, 1.3)]
    assert view_runs(runs).remarks == ()
    apart = [runs[0], errors("A", 1, 3, 9)]
    assert len(view_runs(apart).remarks) == 1
    improved = [run.replace(provenance=run.provenance.replace(improvements_only=True)) for run in apart]
    assert view_runs(improved).remarks == ()


def _measured(run: Run, name: str, direction: Literal["minimize", "maximize"], turn: Callable[[float], float]) -> Run:
    """The run with its errors logged as something else."""
    values = [turn(float(value)) for value in run.column("cost:loss")]
    own = Objective(name, direction)
    trials = run.trials.rename_columns([f"cost:{name}" if at == "cost:loss" else at for at in run.trials.column_names])
    place = trials.column_names.index(f"cost:{name}")
    return run.replace(objectives=(own,), trials=trials.set_column(place, f"cost:{name}", pa.array(values)))


@pytest.mark.parametrize(
    ("name", "direction", "turn", "line"),
    [
        ("accuracy", "maximize", lambda error: 1 - error, 'direction = "minimize", negate = true, add = 1'),
        ("acc", "maximize", lambda error: 100 - 100 * error,
         'direction = "minimize", scale = "percent", negate = true, add = 1'),
        ("negative_accuracy", "minimize", lambda error: error - 1, "add = 1"),
        ("neg_acc", "minimize", lambda error: 100 * error - 100, 'scale = "percent", add = 1'),
        ("negated", "maximize", lambda error: -error, 'direction = "minimize", negate = true'),
    ],
)  # fmt: skip
def test_the_line_that_is_told_makes_one_measure_of_two(
    errors, tmp_path: Path, name: str, direction: Any, turn: Callable[[float], float], line: str
) -> None:
    plain = [errors("SMAC", seed, 0.05, 0.9) for seed in (0, 1, 2)]
    runs = [*plain, *(_measured(errors("DEHB", seed, 0.05, 0.9), name, direction, turn) for seed in (0, 1))]
    (remark,) = view_runs(runs).remarks
    told = f'runs = [{{match = "DEHB-toy-*", {line}}}]'
    assert remark.endswith(told)
    (tmp_path / "report.toml").write_text(told, encoding="utf-8")
    mended = read_settings(tmp_path / "report.toml").applied(runs)
    view = view_runs(mended)
    assert view.remarks == () and len(view.sections) == 1
    assert mended[3].cost().tolist() == pytest.approx(plain[0].cost().tolist())
    assert mended[3].incumbent().value == pytest.approx(plain[0].incumbent().value)


def test_the_line_tells_of_percent_that_most_runs_count(errors, tmp_path: Path) -> None:
    percent = [
        _measured(errors("SMAC", seed, 0.05, 0.9), "accuracy", "maximize", lambda error: 100 - 100 * error)
        for seed in (0, 1, 2)
    ]
    runs = [*percent, errors("DEHB", 0, 0.05, 0.9)]
    (remark,) = view_runs(runs).remarks
    line = remark[remark.index("runs = [") :]
    assert 'negate = true, add = 1}, {match = "SMAC-toy-*", scale = "percent"}]' in line
    (tmp_path / "report.toml").write_text(line, encoding="utf-8")
    mended = read_settings(tmp_path / "report.toml").applied(runs)
    assert view_runs(mended).remarks == ()
    assert mended[3].incumbent().value == pytest.approx(mended[0].incumbent().value) == pytest.approx(0.95)


def test_signs_of_functions_or_of_one_optimizer_are_not_told(errors) -> None:
    assert view_runs([errors("A", 0, -500, -90), errors("B", 0, 5, 90)]).remarks == ()
    assert view_runs([errors("A", 0, -0.9, -0.1), errors("B", 0, -0.5, 0.5)]).remarks == ()
