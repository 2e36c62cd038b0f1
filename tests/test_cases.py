"""Small logs that were read wrongly once, each with the value that is right, by the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .cli.test_convert import invoke

LOGS = Path(__file__).parent / "logs"
CASES, ODD, IOH, OPTUNA = LOGS / "cases", LOGS / "odd", LOGS / "ioh", LOGS / "optuna"


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def told(*arguments: object) -> dict[str, Any]:
    """What a verb prints as JSON."""
    done = invoke(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def inspected(source: Path, *options: str) -> list[dict[str, Any]]:
    return told("inspect", source, *options)["runs"]


def noted(run: dict[str, Any]) -> str:
    return "\n".join(note["text"] for note in run["notes"])


def groups(source: Path) -> set[tuple[str, str, int]]:
    """Task, optimizer and number of runs of each group."""
    found = told("groups", source)["groups"]
    return {(one["task"], one["optimizer"], len(one["runs"])) for one in found}


def cells(*arguments: object) -> list[dict[str, str]]:
    """The rows of the table that a verb prints, by the heads of its columns."""
    lines = invoke(*arguments).stdout.splitlines()
    [heads, *_] = [[cell.strip() for cell in line.strip("┃").split("┃")] for line in lines if line[:1] == "┃"]
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line[:1] == "│"]
    return [dict(zip(heads, row, strict=True)) for row in rows]


def curves(source: Path) -> list[dict[str, str]]:
    return cells("analyze", "curves", source, "--axis", "evaluations")


def improvements(source: Path) -> None:
    [curve] = curves(source)
    assert (curve["to"], curve["at its end"], curve["at 100"]) == ("1,000", "0.5", "4")


def same_as_in_full(source: Path) -> None:
    found = curves(source)
    assert len(found) == 4 and {curve["to"] for curve in found} == {"100"}  # of the value and of its regret
    rows = cells("analyze", "runtimes", source, "--target", "1", "--axis", "evaluations")
    assert [row["to 1"].split()[0] for row in rows] == ["18.2", "18.2"]


def one_task_a_dimension(source: Path) -> None:
    assert groups(source) == {("Toy-DIM2", "A", 1), ("Toy-DIM40", "A", 1)}


def one_task_a_dimension_with_runs(source: Path) -> None:
    assert groups(source) == {(f"Sphere-DIM{dimension}", "RS", 5) for dimension in (2, 5, 20)}


def two_objectives(source: Path) -> None:
    [run] = inspected(source)
    assert [one["name"] for one in run["objectives"]] == ["raw_y", "F2"]


def three_optimizers(source: Path) -> None:
    found = told("groups", source)["groups"]
    assert {one["optimizer"] for one in found} == {"BOHB", "Hyperband", "Random Search"}
    assert {one["optimizer"] for one in found if "label from the folder" in one["why"]} == {
        "Hyperband",
        "Random Search",
    }


def two_tasks(source: Path) -> None:
    assert groups(source) == {("adult", "BOHB", 1), ("letter", "BOHB", 1)}


def four_groups(source: Path) -> None:
    names = {(task, f"Optuna ({sampler})", 2) for task in ("shifted", "sphere") for sampler in ("Random", "TPE")}
    assert groups(source) == names


def feasible_best(source: Path) -> None:
    [run] = inspected(source)
    assert run["incumbent"]["cost"] == pytest.approx(0.5448831829968969)


def order_of_numbers(source: Path) -> None:
    [run] = inspected(source)
    assert "the clock went back an hour" in noted(run) and run["statuses"] == {"success": 4}
    assert run["seconds"] == [0.0, 150.0]


def five_decimals(source: Path) -> None:
    [run] = inspected(source)
    assert (run["trials"], run["dropped"], run["statuses"]) == (4, 0, {"success": 4})


def null_is_a_choice(source: Path) -> None:
    [run] = inspected(source)
    assert (run["status"], run["trials"], run["hyperparameters"]) == ("readable", 40, 2)


def act_explains_all(source: Path) -> None:
    shares = {row["effect"]: float(row["share %"]) for row in cells("analyze", "importance", source)}
    assert shares["act"] > 99 > 1 > shares["x"]


def nothing_to_explain(source: Path) -> None:
    done = invoke("analyze", "importance", source)
    assert done.exit_code != 0 and "only 1 configuration has a result" in done.stderr


def a_crash_that_is_told(source: Path) -> None:
    [run] = inspected(source)
    assert run["statuses"] == {"success": 14, "crashed": 1}
    assert "a success without a finite value of every objective is taken for crashed" in noted(run)


def read_with(trials: int, best: float) -> Callable[[Path], None]:
    def check(source: Path) -> None:
        [run] = inspected(source)
        assert (run["status"], run["trials"]) == ("readable", trials)
        assert run["incumbent"]["cost"] == pytest.approx(best)

    return check


def times_from_the_start(source: Path) -> None:
    [run] = inspected(source)
    assert run["seconds"] == [0.0, 20.0]


def refused_with_the_reason(source: Path) -> None:
    done = invoke("inspect", source, "--map", "objective=loss", "--map", "hyperparameters=hp,config_id", "--json")
    [run] = json.loads(done.stdout)["runs"]
    assert "a hyperparameter is called config_id" in run["reason"] and done.exit_code == 2


def as_its_copy(source: Path) -> None:
    first, second = inspected(source)
    assert {first.pop("source"), second.pop("source")} == {str(source / n) for n in ("logs.json", "renamed.jsonl")}
    assert first.pop("name") != second.pop("name") and first == second and first["incumbent"]["cost"] == 0.7
    mapped = inspected(source, "--map", "objective=target:maximize", "--map", "hyperparameters=params.*")
    assert [run["incumbent"] for run in mapped] == [first["incumbent"]] * 2


def known_by_its_columns(source: Path) -> None:
    [run] = inspected(source)
    assert (run["format"], run["optimizer"]["name"], run["hyperparameters"]) == ("table", "Ray Tune", 2)
    assert run["incumbent"] == {"cost": 0.58, "configuration": {"bs": 64, "lr": 0.002}}


def named_beside_the_log(source: Path) -> None:
    found = told("inspect", source)
    assert [run["format"] for run in found["runs"]] == ["bohb"]
    assert [one["kind"] for one in found["passed_over"]] == ["KerasTuner project", "table (CSV)"]


def named_as(kind: str) -> Callable[[Path], None]:
    def check(source: Path) -> None:
        done = invoke("inspect", source, "--json")
        [one] = json.loads(done.stdout)["passed_over"]
        assert done.exit_code == 2 and one["kind"] == kind and "--map objective=" in one["way_in"]

    return check


class Case(NamedTuple):
    """A log and what is right of it."""

    source: Path
    right: Callable[[Path], None]


EVERY = (
    Case(IOH / "improvements_only", improvements),
    Case(IOH / "sparse", same_as_in_full),
    Case(IOH / "two_dimensions", one_task_a_dimension),
    Case(IOH / "dims", one_task_a_dimension_with_runs),
    Case(IOH / "two_objectives", two_objectives),
    Case(CASES / "hpbandster_three", three_optimizers),
    Case(CASES / "two_tasks", two_tasks),
    Case(CASES / "optuna_two_tasks.log", four_groups),
    Case(CASES / "optuna_constraints.log", feasible_best),
    Case(ODD / "optuna_dst.db", order_of_numbers),
    Case(ODD / "optuna_goptuna_time.db", five_decimals),
    Case(ODD / "none_choice_smac", null_is_a_choice),
    Case(ODD / "none_choice_table", act_explains_all),
    Case(ODD / "none_choice_table_with_space", act_explains_all),
    Case(ODD / "onetrial", nothing_to_explain),
    Case(ODD / "partial", a_crash_that_is_told),
    Case(LOGS / "dehb" / "dehb_protocol_5", read_with(12, 0.31024187555895566)),
    Case(OPTUNA / "optuna_joblib_new.pkl", read_with(3, 0.009531032662651796)),
    Case(OPTUNA / "optuna_joblib_zlib.pkl", read_with(3, 0.009531032662651796)),
    Case(OPTUNA / "optuna_sklearn_joblib.pkl", read_with(3, 0.009531032662651796)),
    Case(ODD / "endsonly", times_from_the_start),
    Case(ODD / "config_id", refused_with_the_reason),
    Case(CASES / "bayes_opt", as_its_copy),
    Case(CASES / "ray_df", known_by_its_columns),
    Case(CASES / "mixed_folder", named_beside_the_log),
    Case(CASES / "nested_table", named_as("table (CSV)")),
    Case(CASES / "kerastuner", named_as("KerasTuner project")),
)


@pytest.mark.parametrize("case", EVERY, ids=[case.source.name for case in EVERY])
def test_it_is_read_as_is_right(case: Case) -> None:
    case.right(case.source)


def test_failed_trials_widen_no_bounds(tmp_path: Path) -> None:
    assert invoke("convert", ODD / "allfailed", "--out", tmp_path).exit_code == 0
    heads = [next(csv.reader(path.read_text().splitlines())) for path in sorted(tmp_path.glob("*/trials.csv"))]
    assert len(heads) == 2 and all("metric:cost [-899.0; -895.0] (minimize)" in head for head in heads)


@pytest.mark.parametrize("case", ["conditional", "traceback"])
def test_what_pages_failed_at_is_converted(case: str, tmp_path: Path) -> None:
    """The pages themselves are opened in `viewer/test_deepcave_pages`."""
    [run] = told("convert", CASES / case, "--out", tmp_path)["runs"]
    assert run["status"] == "converted" and run["dropped"] == 0


@pytest.mark.parametrize(
    "source", [ODD / "bigint", CASES / "longnames", CASES / "samelabels"], ids=lambda path: path.name
)
def test_there_is_a_report(source: Path, tmp_path: Path) -> None:
    done = invoke("report", source, "--out", tmp_path / "report", "--jobs", "1")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    if source.name == "samelabels":
        for number in range(4):
            assert f"number {number} with population {number}0" in page
