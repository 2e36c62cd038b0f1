"""Reports of several objectives: they lead with hypervolume, and nobody's first objective is the best."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float

from encave.analysis.comparison.anytime_summary import summarise
from encave.analysis.comparison.section import Comparison, compare
from encave.analysis.grouping.sections import view_runs
from encave.analysis.performance.axis import Axis
from encave.analysis.performance.pareto import compare_fronts
from encave.analysis.performance.section_curves import Summary
from encave.analysis.report import write_report
from encave.analysis.report.settings import read_settings
from encave.analysis.report.words import lead_sentences
from encave.analysis.statistics.order_statistics import Statistic
from encave.run import Objective, Optimizer, Provenance, Run


def run_of(label: str, seed: int, loss: list[float], size: list[float]) -> Run:
    """A's losses are the lowest of all, its fronts the smallest."""
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))
    count = len(loss)
    return Run.from_columns(
        name=f"{label}-{seed}", optimizer=Optimizer(label), space=space,
        objectives=[Objective("loss"), Objective("size", unit="MB")],
        trials={
            "config_id": np.arange(count), "status": ["success"] * count, "end": np.arange(1.0, count + 1),
            "cost:loss": np.array(loss) + seed / 100, "cost:size": size,
        },
        configurations={i: {"x": (i + 0.5) / count} for i in range(count)},
        provenance=Provenance(task="toy", seed=seed),
    )  # fmt: skip


def runs() -> list[Run]:
    of = {"A": ([5.0, 0.0], [9.0, 9.0]), "B": ([5.0, 1.0, 0.5], [1.0, 2.0, 5.0]), "C": ([3.0, 4.0], [3.0, 1.0])}
    return [run_of(label, seed, *costs) for label, costs in of.items() for seed in range(6)]


def comparison(own: list[Run], **options: object) -> Comparison:
    return compare(view_runs(own).sections[0], **options)  # type: ignore[arg-type]


def test_table_lead_tests_and_ranks_are_of_hypervolume() -> None:
    one = comparison(runs())
    assert [measure.name for measure in one.measures] == ["hypervolume"]
    assert one.ordered[0] == "B"
    assert one.lead is not None
    assert one.lead.best.optimizer == "B"
    pareto = compare_fronts(one.section, one.axis)
    assert pareto is not None
    finals = {label: [run.final(one.measures[0]) for run in own] for label, own in pareto.trajectories.items()}
    assert {row.optimizer: list(row.spreads[0].values) for row in one.table.rows} == finals
    assert len(one.significance) == 1
    assert one.rank_curves[0].optimizer == "B"
    told = " ".join(lead_sentences(one))
    assert told.startswith("B ends with the highest mean hypervolume")
    assert "Runs of several objectives (loss and size) are compared by hypervolume" in told
    assert "loss regret" not in told


def test_other_axes_and_targets_are_of_hypervolume_too() -> None:
    summary = summarise(comparison(runs()))
    assert [curves.measures[0].name for curves in summary.other_axes] == ["hypervolume"] * len(summary.other_axes)
    assert summary.other_axes
    assert summary.targets is not None
    assert summary.section_runtimes.measure.name == "hypervolume"
    assert 0 <= min(summary.targets.values) <= max(summary.targets.values) <= 1


def test_the_statistic_asked_for_is_taken() -> None:
    own = runs()
    median = comparison(own, summary=Summary(Statistic("median"), reference=0.0, normalise=True))
    finals = [run.final(median.measures[0]) for run in median.trajectories["A"]]
    (curve,) = [curve for curve in median.curves[0] if curve.optimizer == "A"]
    assert curve.centre[-1] == pytest.approx(np.median(finals))


def test_one_of_them_is_compared_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "report.toml").write_text('[[runs]]\nmatch = "*"\nuse = "size"\n')
    settings = read_settings(tmp_path / "report.toml")
    one = comparison([settings.told(run) for run in runs()])
    assert [measure.name for measure in one.measures] == ["size regret", "size"]
    assert "hypervolume" not in " ".join(lead_sentences(one))


def test_without_any_front_the_first_objective_is_told() -> None:
    one = run_of("A", 0, [1.0], [1.0])
    nothing = one.where([False])
    assert comparison([nothing, run_of("B", 0, [1.0], [1.0]).where([False])]).measures[0].name == "loss regret"


def test_the_report_leads_with_it(tmp_path: Path) -> None:
    folder = write_report(runs(), tmp_path / "report").folder
    with (folder / "data" / "final.csv").open() as file:
        assert {row["measure"] for row in csv.DictReader(file)} == {"hypervolume"}
    figures = {path.stem for path in (folder / "figures").glob("*.svg")}
    assert {"toy-hypervolume", "toy-hypervolume-over-evaluations", "toy-attainment", "toy-ranks"} <= figures
    assert not any("regret" in name or "incumbents" in name for name in figures)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "compared by the hypervolume of loss and size" in page
    assert "B ends with the highest mean hypervolume" in page
    assert "of the incumbent over" not in page


def test_axis_of_the_comparison_is_heeded() -> None:
    one = comparison(runs(), axis="evaluations")
    assert one.axis == Axis("evaluations", "evaluations", None)
    assert one.trajectories["A"][0].last == 2.0
