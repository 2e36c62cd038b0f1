"""The chapter on anytime performance: its table, figures and data say what was computed."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from ConfigSpace import ConfigurationSpace, Float

from encave.analysis.comparison.anytime_summary import other_axes, summarise
from encave.analysis.comparison.section import compare
from encave.analysis.grouping.sections import view_runs
from encave.analysis.report import write_report
from encave.analysis.report.chapters import anytime
from encave.analysis.report.contents import Figures, ReportTable
from encave.run import Objective, Optimizer, Provenance, Run

NAN = float("nan")


def comparison_of(runs):
    return compare(view_runs(runs).sections[0])


@pytest.fixture(scope="module")
def hand_made(make_run):
    limit = {"simulated_seconds": 100.0}
    return [
        make_run("A", 0, [11.0, 2.0], [10.0, 50.0], reported=[11.0, 2.0], budgets=[3.0, 9.0], limit=limit),
        make_run("A", 1, [101.0, 11.0], [10.0, 20.0], reported=[101.0, 11.0], budgets=[3.0, 9.0], limit=limit),
        make_run("B", 0, [NAN, 101.0], [5.0, 10.0], reported=[NAN, 101.0], budgets=[9.0, 9.0], limit=limit),
        make_run("B", 1, [NAN, NAN], [5.0, 10.0], reported=[NAN, NAN], budgets=[9.0, 9.0], limit=limit),
    ]


@pytest.fixture(scope="module")
def chapter(hand_made, tmp_path_factory):
    runs = hand_made
    folder = write_report(runs, tmp_path_factory.mktemp("anytime") / "report").folder
    with (folder / "data" / "runtimes.csv").open() as file:
        rows = list(csv.DictReader(file))
    return folder, rows


def test_table_by_hand(hand_made) -> None:
    summary = summarise(comparison_of(hand_made))
    # targets in regret from 100 to 1; the last is hit by one run of A, after 50 and 100 seconds
    table = anytime._table(summary)
    assert table.heads[0] == "Optimizer" and table.heads[-1] == "ERT to 1 %"
    a, b = table.rows
    assert (a.head, a.cells[-1].text, a.cells[-1].best) == ("A", "150 (1/2)", True)
    assert (b.head, b.cells[-1].text, b.cells[-1].best) == ("B", "∞ (0/2)", False)
    # 10 s of nothing, 40 of a half and 50 of a whole; and from 20 on a half
    assert a.cells[0].text.startswith(f"{((40 * 0.5 + 50) / 100 + 80 * 0.5 / 100) / 2:.3f} [")


def test_data_holds_every_target(chapter) -> None:
    folder, rows = chapter
    easiest = next(row for row in rows if row["optimizer"] == "B")
    assert float(easiest["target"]) == 100.0 and (easiest["hits"], easiest["runs"]) == ("1", "2")
    assert float(easiest["expected_running_time"]) == 110.0  # 10, and 100 of the run that failed
    assert {row["optimizer"] for row in rows} == {"A", "B"} and len(rows) == 2 * 51
    assert math.isinf(float([row for row in rows if row["optimizer"] == "B"][-1]["expected_running_time"]))
    with (folder / "data" / "ecdf.csv").open() as file:
        last = [row for row in csv.DictReader(file) if row["optimizer"] == "A"][-1]
    assert float(last["position"]) == 50.0 and float(last["share"]) == pytest.approx((51 + 26) / 102)
    with (folder / "data" / "curves_on_other_axes.csv").open() as file:
        axes = {row["axis"] for row in csv.DictReader(file)}
    assert axes == {"evaluations", "budget spent"}


def test_figures_are_there_and_infinity_is_set(chapter) -> None:
    folder, _ = chapter
    names = {path.stem for path in (folder / "figures").glob("*.pdf")}
    assert names >= {"toy-ecdf", "toy-validation-regret-over-evaluations", "toy-validation-regret-over-epochs"}
    assert r"$\infty$ (0/" in (folder / "tables" / "toy-running-times.tex").read_text(encoding="utf-8")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Hansen" in page and "share of pairs of run and target" in page


def test_axes_that_say_nothing_new_are_left_out(make_run) -> None:
    same = [make_run(seed=seed, budgets=[9.0] * 3) for seed in range(2)]
    assert [axis.kind for axis in other_axes(comparison_of(same))] == ["evaluations"]
    untimed = [make_run(seed=seed, ends=[None] * 3, budgets=[1.0, 3.0, 9.0]) for seed in range(2)]
    assert [axis.kind for axis in other_axes(comparison_of(untimed))] == ["epochs"]
    mixed = [make_run("A", budgets=[1.0, 3.0, 9.0]), make_run("B")]
    assert [axis.kind for axis in other_axes(comparison_of(mixed))] == ["evaluations", "full-evaluations"]


def test_no_chapter_without_any_incumbent(make_run, tmp_path) -> None:
    folder = write_report([make_run(costs=[NAN])], tmp_path / "report").folder
    assert "Anytime performance" not in (folder / "report.html").read_text(encoding="utf-8")


def two_objectives(label: str, seed: int) -> Run:
    space = ConfigurationSpace()
    space.add(Float("x", (0, 1)))
    rng = np.random.default_rng(seed + (label == "B") * 100)
    return Run.from_columns(
        name=f"{label}-{seed}", optimizer=Optimizer(label), space=space, configurations={0: {"x": 0.5}},
        objectives=[Objective("accuracy", "maximize"), Objective("size", unit="MB")],
        trials={
            "config_id": np.zeros(30, dtype=np.int64), "status": ["success"] * 30, "end": np.arange(1.0, 31.0),
            "cost:accuracy": rng.random(30), "cost:size": rng.random(30),
        },
        provenance=Provenance(task="toy", seed=seed),
    )  # fmt: skip


def test_several_objectives(tmp_path) -> None:
    runs = [two_objectives(label, seed) for label in "AB" for seed in range(3)]
    summary = summarise(comparison_of(runs))
    figures = list(anytime._figures(summary, [None] * len(summary.other_axes), _study(runs)))
    assert [figure.name for figure in figures][-2:] == ["toy hypervolume", "toy attainment"]
    stairs = figures[-1].chart.lines[0]
    # more accuracy costs size: from left to right the boundary rises
    assert (np.diff(stairs.x) >= 0).all() and (np.diff(stairs.y) >= 0).all()
    folder = write_report(runs, tmp_path / "report").folder
    with (folder / "data" / "hypervolume.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["measure"] for row in rows} == {"hypervolume"}
    assert all(0 <= float(row["value"]) <= 1 for row in rows)


def _study(runs):
    from encave.analysis.charts.style import line_styles

    class Shown:
        styles = line_styles(["A", "B"])

    return Shown()


def test_blocks_of_a_chapter(hand_made) -> None:
    summary = summarise(comparison_of(hand_made))
    assert isinstance(anytime._table(summary), ReportTable) and summary.pareto is None
    assert (
        Figures(tuple(anytime._figures(summary, [None] * len(summary.other_axes), _study(hand_made)))).figures[-1].name
        == "toy ECDF"
    )
