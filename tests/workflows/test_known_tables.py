"""The expected curve of random search beside runs on a benchmark that is at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from encave.analysis.grouping.sections import Section, view_runs
from encave.analysis.performance.axis import Axis
from encave.analysis.report import write_report
from encave.analysis.report.settings import Settings
from encave.cli.runs import load_runs
from encave.errors import EncaveError
from encave.run import Provenance, Run
from encave.runners.benchmarks.nasbench201 import opened
from encave.runners.benchmarks.nasbench201.table import open_benchmark
from encave.workflows.known_tables import random_search_of, truth_of, with_table

STORE = Path(__file__).resolve().parents[1] / "studies" / "golden"
EVALUATIONS, TIME = Axis("evaluations", "evaluations", None), Axis("time", "simulated time", "s")


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return [run for run in load_runs((STORE,)) if run.provenance.task == "cifar100"]


@pytest.fixture(scope="module")
def section(runs: list[Run]) -> Section:
    return view_runs(runs).sections[0]


def drawn(count: int, report: str) -> tuple[np.ndarray, np.ndarray]:
    """Reported value after each evaluation and its time, of 4,000 random searches run one by one on the table."""
    rng, benchmark = np.random.default_rng(7), open_benchmark("surrogate")
    searched = benchmark.query(np.arange(15625), "cifar100", schedule=12)
    final = benchmark.query(np.arange(15625), "cifar100")
    picked = rng.integers(15625, size=(4000, count))
    values = np.empty(picked.shape)
    for path, row in enumerate(picked):
        best = row[0]
        for n, index in enumerate(row):
            best = index if searched.valid_error[index] < searched.valid_error[best] else best
            values[path, n] = getattr(final, report)[best]
    return values, np.cumsum(searched.seconds[picked], axis=1)


@pytest.mark.parametrize(("place", "report"), [(0, "valid_error"), (1, "test_error")])
def test_it_is_the_mean_of_random_searches(runs, section, place: int, report: str) -> None:
    expected = random_search_of(runs)
    values, ends = drawn(40, report)
    known = expected(section, EVALUATIONS, section.measures[place], (1.0, 40.0))
    assert known.exact and known.epochs == 12 and known.positions[[0, -1]].tolist() == [1.0, 40.0]
    seen = values[:, known.positions.astype(int) - 1]
    assert (np.abs(known.values - seen.mean(axis=0)) < 4 * seen.std(axis=0) / 4000**0.5).all()
    epochs = expected(section, Axis("epochs", "epochs", None), section.measures[place], (24.0, 480.0))
    assert epochs.positions[[0, -1]].tolist() == [24.0, 480.0]
    assert epochs.values[-1] == pytest.approx(known.values[-1])
    timed = expected(section, TIME, section.measures[place], (300.0, 5000.0))
    assert not timed.exact and timed.positions[-1] == pytest.approx(5000)
    last = values[np.arange(4000), (ends <= 5000).sum(axis=1) - 1].mean()
    assert timed.values[-1] == pytest.approx(last, abs=4 * values[:, -1].std() / 4000**0.5)


def test_it_is_not_known_elsewhere(runs, section) -> None:
    expected, measure = random_search_of(runs), section.measures[0]
    told = expected(section, EVALUATIONS, replace(measure, column="cost:valid_error"), (1.0, 40.0))
    assert told is None
    assert expected(replace(section, task="other"), EVALUATIONS, measure, (1.0, 40.0)) is None
    parallel = [run.replace(provenance=run.provenance.replace(workers=4)) for run in runs]
    (many,) = view_runs(parallel).sections
    assert expected(many, TIME, measure, (300.0, 5000.0)) is None
    assert expected(many, EVALUATIONS, measure, (1.0, 40.0)) is not None
    foreign = [run.replace(provenance=Provenance(task="cifar100")) for run in runs]
    assert random_search_of(foreign) is None


def test_it_is_in_figures_data_and_methods_unless_turned_off(runs, tmp_path: Path) -> None:
    some = [run for run in runs if run.optimizer.name != "DEHB"]
    expected = random_search_of(some)
    report = write_report(some, tmp_path / "on", random_search=expected)
    rows = pd.read_csv(report.folder / "data/random_search.csv").groupby(["measure", "axis"]).last()
    known = expected(view_runs(some).sections[0], EVALUATIONS, view_runs(some).sections[0].measures[0], (1.0, 40.0))
    optimum = view_runs(some).sections[0].measures[0].reference
    at_end = rows.loc["validation regret", "evaluations"]
    assert (at_end["position"], at_end["expected"]) == (40.0, pytest.approx(known.values[-1] - optimum))
    page = report.page.read_text(encoding="utf-8")
    assert page.count("Grey dashes: what random search is expected to reach with 12 epochs") == 3
    assert "David and Nagaraja, 2003" in page
    off = write_report(some, tmp_path / "off", random_search=expected, settings=Settings(random_search=False))
    assert "Grey dashes" not in off.page.read_text(encoding="utf-8")
    assert not (off.folder / "data/random_search.csv").exists()


def named(run: Run, benchmark: dict[str, object] | None) -> Run:
    """The run with this benchmark and nothing to report but its objective."""
    return run.replace(provenance=run.provenance.replace(benchmark=benchmark, reporting=()))


def test_a_table_that_was_opened_by_path_is_at_hand(runs, table_path, monkeypatch) -> None:
    monkeypatch.setattr(opened, "_SETTLED", 0)
    table = open_benchmark(table_path)
    told = {"name": "NAS-Bench-201", "source": "table", "sha256": table.sha256, "schedule": 200}
    own = [named(run, told) for run in runs if run.optimizer.name == "DEHB"]
    (section,) = view_runs(own).sections
    expected, truth = random_search_of(own), truth_of(own)
    assert expected is not None and truth is not None
    curve = expected(section, EVALUATIONS, section.measures[0], (1.0, 40.0))
    assert curve is not None and curve.epochs == 200
    errors = table.query(np.arange(15625), "cifar100").valid_error
    assert curve.values[0] == pytest.approx(errors.mean())  # after one evaluation


def test_report_names_the_table_of_runs_that_do_not(runs) -> None:
    table = open_benchmark("surrogate")
    own = [named(run, None) for run in runs if run.optimizer.name == "DEHB"]
    assert random_search_of(own) is None and truth_of(own) is None
    told = with_table(own, table)
    assert {run.provenance.benchmark.sha256 for run in told} == {table.sha256}
    (section,) = view_runs(told).sections
    expected = random_search_of(told, table)
    assert expected is not None and truth_of(told, table) is not None
    curve = expected(section, EVALUATIONS, section.measures[0], (1.0, 40.0))
    assert curve is not None and curve.epochs == 200
    elsewhere = [run.replace(provenance=run.provenance.replace(task="svhn")) for run in own]
    with pytest.raises(EncaveError, match="no run is of this table"):
        with_table(elsewhere, table)
    assert len(with_table(elsewhere, table, lambda run: "cifar100")) == len(own)
