"""`encave groups`: the table, the JSON, and a report.toml that says the same."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from encave.analysis.grouping.sections import view_runs
from encave.analysis.report.chapters.reproducibility import _repeated
from encave.analysis.report.settings import read_settings
from encave.cli import cli
from encave.run import COST, Objective, Run
from encave.viewer.selection import Grouping, Selection, select

LOGS = Path(__file__).parents[1] / "logs"


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def runs(make_run, tmp_path: Path) -> Path:
    """Two optimizers on two tasks that only the folders tell, the second with two runs without a seed."""
    for task in ("adult", "letter"):
        for number in range(2):
            costs = [3.0, 2.0 - number, float(len(task))]
            run = make_run("BOHB", None, costs, task=None, source=f"/logs/{task}/bohb/{number}/results.json")
            run.replace(name=f"BOHB-{number}-{task}").save(tmp_path / f"runs/{task}-{number}")
        run = make_run(
            "Hyperband", 7, [4.0, len(task)], task=None, source=f"/logs/{task}/hb/results.json", label_from="hb"
        )
        run.replace(name=f"HB-{task}").save(tmp_path / f"runs/{task}-hb")
    return tmp_path / "runs"


def test_table_and_json_say_who_is_with_whom_and_why(runs: Path) -> None:
    done = invoke("groups", runs, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [(one["task"], one["optimizer"], one["seed"], one["runs"]) for one in told["groups"]] == [
        ("adult", "BOHB", None, ["BOHB-0-adult", "BOHB-1-adult"]),
        ("adult", "Hyperband", 7, ["HB-adult"]),
        ("letter", "BOHB", None, ["BOHB-0-letter", "BOHB-1-letter"]),
        ("letter", "Hyperband", 7, ["HB-letter"]),
    ]
    assert told["groups"][0]["why"] == "optimizer from the log, task from the path or study, no seed"
    assert told["groups"][1]["why"].startswith("label from the folder (hb), ")
    assert len(told["remarks"]) == 1
    table = invoke("groups", runs)
    assert table.exit_code == 0 and "BOHB-1-letter" in table.stdout
    assert "each counts as a task of its own: adult, letter" in table.stderr


def test_the_file_says_the_same_and_can_be_corrected(runs: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.toml"
    done = invoke("groups", runs, "--write", path)
    assert done.exit_code == 0, done.output
    loaded = [Run.load(folder) for folder in sorted(runs.iterdir())]
    view = view_runs(read_settings(path).applied(loaded))
    assert view.remarks == ()
    found = {one.title: {group.optimizer: len(group.runs) for group in one.groups} for one in view.sections}
    assert found == {task: {"BOHB": 2, "Hyperband": 1} for task in ("adult", "letter")}
    path.write_text(path.read_text().replace('"letter"', '"adult"'))
    assert [one.title for one in view_runs(read_settings(path).applied(loaded)).sections] == ["adult"]
    again = invoke("groups", runs, "--write", path)
    assert again.exit_code == 2 and "is there already" in again.stderr


VERBS = [
    ("curves",),
    ("runtimes",),
    ("ranks",),
    ("tests",),
    ("exploration",),
    ("incumbents",),
    ("importance",),
    ("correlation",),
]


@pytest.mark.parametrize("verb", [verb for (verb,) in VERBS])
def test_who_is_with_whom_is_said_before_an_analysis_and_not_in_its_json(runs: Path, verb: str) -> None:
    done = invoke("analyze", verb, runs, "--json")
    json.loads(done.stdout)
    assert "Groups: adult: BOHB (2 runs), Hyperband (1 run, seed 7); letter: BOHB (2 runs)" in done.stderr
    assert done.stderr.count("each counts as a task of its own: adult, letter") == 1


def test_many_groups_are_counted_on_one_line(make_run) -> None:
    from encave.analysis.grouping.overview import in_one_line

    some = [
        make_run(f"Optimizer {name}", seed, task=f"task {k}") for name in "ABC" for seed in range(4) for k in range(9)
    ]
    line = in_one_line(view_runs(some).sections)
    assert line.startswith("108 runs of 3 optimizers on 9 tasks (task 0: Optimizer A (4 runs, seeds 0–3), ")
    assert line.endswith("encave groups shows all.") and len(line) < 400
    named = make_run("A", 3, seed_from="folder's name 'run_3'")
    assert in_one_line(view_runs([named]).sections) == "toy: A (1 run, seed 3 by name)"
    hashed = [make_run("A", seed, costs=(9.0, 1.0 + seed / 1e10)) for seed in (7, 160_674_647, 2**63 - 1)]
    assert in_one_line(view_runs(hashed).sections) == "toy: A (3 runs, seeds 7, 160674647, 9223372036854775807)"
    assert "seeds 7, 160674647, 9223372036854775807" in _repeated(view_runs(hashed).sections)


def two_objectives(run: Run, names: tuple[str, str]) -> Run:
    """The run with a second objective that is the first, from its other end."""
    first, second = (Objective(name) for name in names)
    told = run.trials.rename_columns([COST + first.name if c == f"{COST}loss" else c for c in run.trials.column_names])
    place = told.column_names.index(COST + first.name) + 1
    more = told.add_column(place, COST + second.name, told[COST + first.name].combine_chunks()[::-1])
    return run.replace(trials=more, objectives=(first, second))


@pytest.fixture
def mixed(make_run, tmp_path: Path) -> Path:
    """A and B on one task: A has one objective, B has two of which the second is it."""
    for seed in range(3):
        make_run("A", seed, [5.0, 4.0, 3.0 + seed]).save(tmp_path / f"runs/A{seed}")
        two_objectives(make_run("B", seed, [1.0, 6.0, 7.0 + seed]), ("seconds", "loss")).save(
            tmp_path / f"runs/B{seed}"
        )
    return tmp_path / "runs"


def test_objectives_that_differ_are_said_first_with_the_line_that_joins_them(mixed: Path, tmp_path: Path) -> None:
    done = invoke("report", mixed, "--out", tmp_path / "report", "--jobs", 1)
    assert done.exit_code == 0, done.output
    line = 'runs = [{match = "B-toy-*", use = "loss"}]'
    assert "toy: objectives differ and are kept apart" in done.stderr and line in done.stderr
    page = (tmp_path / "report/report.html").read_text(encoding="utf-8")
    summary = page.partition("<h2>Summary</h2>")[2].lstrip()
    assert summary.startswith("<p>toy: objectives differ and are kept apart (loss is minimized by A; seconds")
    assert page.count("objectives differ and are kept apart") == 1
    body = (tmp_path / "report/main.tex").read_text(encoding="utf-8").partition("\\section{Results}")[2].lstrip()
    assert body.startswith("toy: objectives differ and are kept apart")
    (tmp_path / "report.toml").write_text(line, encoding="utf-8")
    joined = invoke("report", mixed, "--out", tmp_path / "report", "--jobs", 1, "--settings", tmp_path / "report.toml")
    assert joined.exit_code == 0, joined.output
    assert "Groups: toy: A (3 runs, seeds 0–2), B (3 runs, seeds 0–2)" in joined.stderr
    assert "kept apart" not in joined.stderr


@pytest.mark.parametrize("verb", ["curves", "runtimes", "ranks", "tests", "exploration", "incumbents"])
def test_objective_chooses_what_runs_of_several_are_compared_by(mixed: Path, verb: str) -> None:
    done = invoke("analyze", verb, mixed, "--objective", "loss", "--json")
    assert "Groups: toy: A (3 runs, seeds 0–2), B (3 runs, seeds 0–2)" in done.stderr
    some = invoke("analyze", verb, mixed, "--objective", "seconds", "--json")
    assert "3 of 6 runs have no objective 'seconds' but loss" in some.stderr
    none = invoke("analyze", verb, mixed, "--objective", "latency")
    assert none.exit_code == 2 and "no run has an objective 'latency'; there are loss, seconds" in none.stderr


def test_objective_of_curves_is_that_of_a_report(mixed: Path, tmp_path: Path) -> None:
    curves = json.loads(invoke("analyze", "curves", mixed, "--objective", "loss", "--json").stdout)["curves"]
    last = {row["optimizer"]: row["value"] for row in curves if row["measure"] == "loss"}
    ranks = json.loads(invoke("analyze", "ranks", mixed, "--objective", "loss", "--json").stdout)["final"]
    finals = {row["optimizer"]: row["mean"] for row in ranks if row["measure"] == "loss"}
    assert last == finals == {"A": pytest.approx(11 / 3), "B": 1.0}
    done = invoke("report", mixed, "--out", tmp_path / "report", "--jobs", 1, "--objective", "loss")
    assert done.exit_code == 0 and "Groups: toy: A (3 runs, seeds 0–2), B (3 runs, seeds 0–2)" in done.stderr


@pytest.mark.parametrize(
    "case", ["cases/two_tasks", "cases/hpbandster_three", "ioh/dims", "cases/optuna_two_tasks.log"]
)
def test_deepcave_is_shown_the_groups_that_are_printed(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Selection] = []

    def open_runs(folders: Sequence[Path], *, grouping: Grouping, **_: object) -> None:
        shown.append(select(folders, grouping=grouping))

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("encave.viewer.open_runs", open_runs)
    logs = shutil.copytree(LOGS / case, tmp_path / "logs" / "own") if (LOGS / case).is_dir() else LOGS / case
    settings = tmp_path / "report.toml"
    for options in ((), ("--settings", settings)):
        found = json.loads(invoke("groups", logs, "--json", *options).stdout)["groups"]
        sizes = Counter[str]()
        for one in found:
            sizes[f"{one['optimizer']} ({one['task']})"] += len(one["runs"])
        done = invoke("open", logs, "--no-browser", *options)
        assert done.exit_code == 0, done.output
        several = {name: size for name, size in sizes.items() if size > 1}
        groups = {name: len(folders) for name, folders in shown[-1].groups.items()}
        unmerged = "\n".join(shown[-1].notes)
        # spaces of values that were tried differ, and DeepCAVE merges equal ones only
        assert all(groups.get(name) == size or f"not grouped with {name}" in unmerged for name, size in several.items())
        assert groups.keys() <= several.keys()
        settings.write_text('runs = [{match = "*", task = "one"}]', encoding="utf-8")
    assert sum(sizes.values()) > 1 and {one["task"] for one in found} == {"one"}


def test_a_table_is_read_with_the_mapping_that_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.csv").write_text("lr,loss\n0.1,3\n0.2,2\n")
    told = invoke("groups", tmp_path / "own")
    assert told.exit_code == 2 and "Every verb that reads logs takes --map" in told.output
    mapping = ("--map", "objective=loss", "--map", "hyperparameters=lr")
    for verb in (("groups",), ("analyze", "curves")):
        assert invoke(*verb, tmp_path / "own", *mapping, "--json").exit_code == 0
    turned = invoke("groups", tmp_path / "own", *mapping[2:], "--map", "objective=loss:maximize", "--json")
    assert [json.loads(turned.stdout)["groups"][0][key] for key in ("task", "runs")]
    assert "is not KEY=COLUMN" in invoke("groups", tmp_path / "own", "--map", "loss").output
    shutil.copytree(LOGS / "bohb", tmp_path / "bohb")
    assert "--map objective, hyperparameters is ignored for" in invoke("groups", tmp_path / "bohb", *mapping).output
