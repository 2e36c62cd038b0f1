"""`report.toml`: which runs a report shows and how it calls them."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from encave import EncaveError
from encave.analysis.report import write_report
from encave.analysis.report.settings import Rule, Settings, read_settings
from encave.run import Objective

NAN = float("nan")


def settings(folder: Path, text: str):
    (folder / "report.toml").write_text(text, encoding="utf-8")
    return read_settings(folder / "report.toml")


def test_labels_order_colours_and_tables(make_run, tmp_path: Path) -> None:
    wanted = settings(
        tmp_path,
        """
        title = "Ours & theirs"
        table = "median"
        optimizers = ["Z (ours)", "A"]
        tasks = ["toy"]
        [labels]
        Z = "Z (ours)"
        [colours]
        "Z (ours)" = "#123456"
        """,
    )
    runs = [make_run(label, seed, [5.0, 1.0 + seed]) for label in "ABZ" for seed in range(5)]
    report = write_report([*runs, make_run("A", 9, task="other")], tmp_path / "report", settings=wanted)
    page = report.page.read_text(encoding="utf-8")
    assert "<h1>Ours &amp; theirs</h1>" in page and "#123456" in page
    tex = report.tables[0].read_text(encoding="utf-8")
    assert [path.stem for path in report.tables] == ["toy", "toy-pairs", "toy-over-time", "toy-running-times"]
    assert "Z (ours)" in tex and "\nB &" not in tex
    assert "$\\mathbf{3.0\\ [2.0, 4.0]}$" in tex and "median [lower, upper quartile]" in tex


def test_rules_say_what_runs_are(make_run, tmp_path: Path) -> None:
    wanted = settings(
        tmp_path,
        r"""
        [[runs]]
        match = "old-*"
        optimizer = "Old"
        task = "renamed"
        seed = "old-to(.*)-"
        """,
    )
    told = wanted.applied([make_run("old", 0, task="to7"), make_run("x", 3)])
    assert (told[0].provenance.group, told[0].provenance.task, told[0].provenance.seed) == ("Old", "renamed", 7)
    assert told[1].provenance.task == "toy" and told[1].provenance.seed == 3


def test_rules_say_unit_and_scale(make_run, tmp_path: Path) -> None:
    wanted = settings(tmp_path, 'runs = [{match = "P-*", scale = "percent"}, {match = "*", unit = "error"}]')
    run = make_run("P", 0, [50.0, float("nan"), 12.5]).replace(objectives=(Objective("loss", "minimize", 0, 100, "%"),))
    percent, fraction = wanted.applied([run, make_run("F", 0, [0.5, 0.25])])
    assert percent.cost().tolist() == pytest.approx([0.5, NAN, 0.125], nan_ok=True)
    assert percent.objectives == (Objective("loss", "minimize", 0.0, 1.0, "error"),)
    assert fraction.cost().tolist() == [0.5, 0.25] and fraction.objectives[0].unit == "error"
    bare = settings(tmp_path, 'runs = [{scale = "percent"}]').applied([run])[0]
    assert bare.objectives[0].unit is None
    with pytest.raises(EncaveError, match='there are "percent" and "fraction"'):
        settings(tmp_path, 'runs = [{scale = "permille"}]')
    with pytest.raises(EncaveError, match="unit = 3 is no text"):
        settings(tmp_path, "runs = [{unit = 3}]")


def test_a_region_of_equivalence_adds_the_bayesian_test(make_run, tmp_path: Path) -> None:
    runs = [
        make_run(label, seed, [5.0, 1.0 + 2 * place + seed / 10])
        for place, label in enumerate("AB")
        for seed in range(8)
    ]
    report = write_report(runs, tmp_path / "report", settings=settings(tmp_path, "rope = 0.5"))
    page = report.page.read_text(encoding="utf-8")
    assert (
        "P(better / equal / worse)" in page
        and re.search(r"(1.00|0.99) / 0.0[01] / 0.00", page)
        and "up to 0.5 are" in page
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour = 1", "knows no key 'colour'"),
        ("title = 1", "title = 1 is not of the kind"),
        ("title = ", "is not TOML"),
        ('table = "mode"', 'there are "mean" and "median"'),
        ("[colours]\nA = 'red'", "not of the form #0072B2"),
        ("[[runs]]\nname = 'x'", "number 1: a report knows no key 'name'"),
        ("[[runs]]\nseed = '('", "no regular expression"),
        ("[[runs]]\nseed = '(a{99999999999})'", "no regular expression"),
        ("[[runs]]\nseed = '" + "(" * 5000 + ")" * 5000 + "'", "no regular expression"),
        ("[[runs]]\nseed = 'x'", "has no group"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(EncaveError, match=r"report\.toml") as raised:
        settings(tmp_path, text)
    assert told in str(raised.value)


def test_what_no_run_has_is_told(make_run, tmp_path: Path) -> None:
    for text, told in (('optimizers = ["C"]', "there are A"), ('tasks = ["C"]', "there are toy")):
        with pytest.raises(EncaveError, match=told):
            settings(tmp_path, text).applied([make_run()])
    with pytest.raises(EncaveError, match="finds no seed in"):
        settings(tmp_path, "[[runs]]\nseed = 'seed-(.*)'").applied([make_run()])


@pytest.mark.parametrize("seed", [r"(\d)?A", "(²)", "(A)"])
def test_what_is_found_is_no_seed(make_run, seed: str) -> None:
    with pytest.raises(EncaveError, match="finds no seed in"):
        Settings(runs=(Rule("*", seed=seed),)).applied([make_run().replace(name="A²")])


@pytest.mark.parametrize("seed", ["((a+)+)$", "(a|aa)+$", ".*.*.*.*.*.*(b)"])
def test_an_expression_that_would_take_for_ever_is_refused(make_run, seed: str) -> None:
    begun = time.process_time()
    with pytest.raises(EncaveError, match=r"report\.toml: the expression .* takes more than 1 s"):
        Settings(runs=(Rule("*", seed=seed),)).applied([make_run().replace(name="a" * 300 + "!")])
    assert time.process_time() - begun < 10
    assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] == 0.0


def test_rules_add_up_by_key(make_run) -> None:
    rules = (Rule("A-*", task="a"), Rule("*", task="all", seed=7), Rule("*", seed=8, optimizer="X"))
    (run,) = Settings(runs=rules).applied([make_run("A")])
    assert (run.provenance.task, run.provenance.seed, run.provenance.group) == ("a", 7, "X")


def test_objectives_are_renamed_and_directed(make_run) -> None:
    run = make_run("A", costs=[3.0, 1.0, 2.0])
    (told,) = Settings(runs=(Rule(objective="accuracy", direction="maximize"),)).applied([run])
    assert [(one.name, one.direction) for one in told.objectives] == [("accuracy", "maximize")]
    assert told.column("cost:accuracy").tolist() == [3.0, 1.0, 2.0]
    with pytest.raises(EncaveError, match=r"report\.toml uses the objective 'f1'.*there are \['loss'\]"):
        Settings(runs=(Rule(use="f1"),)).applied([run])


def test_values_are_turned_with_their_bounds_and_penalties(make_run, tmp_path: Path) -> None:
    run = make_run("P", 0, [50.0, float("nan"), 12.5]).replace(objectives=(Objective("acc", "maximize", 0, 80, "%"),))
    trials = run.trials.rename_columns([name.replace(":loss", ":acc") for name in run.trials.column_names])
    run = run.replace(trials=trials)
    text = 'runs = [{scale = "percent", negate = true, add = 1, objective = "error"}]'
    (told,) = settings(tmp_path, text).applied([run])
    assert told.column("cost:error").tolist() == pytest.approx([0.5, NAN, 0.875], nan_ok=True)
    [objective] = told.objectives
    assert objective == Objective("error", "minimize", objective.lower, 1.0)
    assert objective.lower == pytest.approx(0.2)
    with pytest.raises(EncaveError, match="negate = 1 is neither true nor false"):
        settings(tmp_path, "runs = [{negate = 1}]")
    with pytest.raises(EncaveError, match="add = '1' is no number"):
        settings(tmp_path, "runs = [{add = '1'}]")


def test_a_rule_says_a_direction_that_there_is(tmp_path) -> None:
    path = tmp_path / "report.toml"
    path.write_text('[[runs]]\ndirection = "up"\n')
    with pytest.raises(EncaveError, match='there are "minimize" and "maximize"'):
        read_settings(path)
    path.write_text("[[runs]]\nuse = 3\n")
    with pytest.raises(EncaveError, match="use = 3 is no text"):
        read_settings(path)
