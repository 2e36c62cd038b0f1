"""IOHprofiler's data format, as IOHexperimenter writes it and as encave does."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from ConfigSpace import ConfigurationSpace

from encave.converters import convert, outputs
from encave.converters.account import Conversion
from encave.converters.formats.ioh.reader import READER
from encave.converters.reader import Listing, Options
from encave.errors import EncaveError
from encave.run import Note, Objective, Optimizer, Provenance, Run

LOGS = Path(__file__).parents[2] / "logs" / "ioh"

DESCRIPTION: dict[str, Any] = {
    "version": "0.3.5",
    "suite": "BBOB",
    "function_id": 1,
    "function_name": "Sphere",
    "maximization": False,
    "algorithm": {"name": "CMA-ES", "info": "restarts"},
    "attributes": ["evaluations", "raw_y"],
    "scenarios": [
        {
            "dimension": 2,
            "path": "data_f1_Sphere/IOHprofiler_f1_DIM2.dat",
            "runs": [
                {"instance": 1, "evals": 100, "best": {"evals": 40, "y": 0.5, "x": [0.5, 0.5]}},
                {"instance": 2, "evals": 3, "best": {"evals": 3, "y": 1.0, "x": [1.0, 0.0]}},
            ],
        }
    ],
}
IMPROVEMENTS = "evaluations raw_y sigma x0 x1\n1 9.5 0.5 3.0 1\n7 4.25 0.25 -2.0 1\n40 0.5 0.125 0.5 2\n"
ALL = "evaluations raw_y sigma x0 x1\n1 2.0 1 1.0 1\n2 nan 1 0.0 3\n3 1.0 1 1.0 1\n"


def write(folder: Path, tables: str = IMPROVEMENTS + ALL, **changes: Any) -> Path:
    table = folder / "data_f1_Sphere" / "IOHprofiler_f1_DIM2.dat"
    table.parent.mkdir(parents=True)
    table.write_text(tables)
    (folder / "IOHprofiler_f1_Sphere.json").write_text(json.dumps(DESCRIPTION | changes, indent=1))
    return folder


def converted(folder: Path, tmp_path: Path, **options: Any) -> tuple[list[Conversion], list[Run]]:
    found = convert([folder], tmp_path / "out", **options)
    return found, [Run.load(result.output) for result in found if result.output]


def told(run: Run) -> str:
    return "; ".join(f"{note.text} ({note.count})" for note in run.notes)


def test_runs_of_ioh_experimenter(tmp_path: Path) -> None:
    results, (first, second) = converted(write(tmp_path / "log"), tmp_path)
    assert [(r.format, r.release, r.read, r.written) for r in results] == [("ioh", "0.3.5", 3, 3)] * 2
    assert first.cost().tolist() == [9.5, 4.25, 0.5]
    assert first.column("extra:sigma").tolist() == [0.5, 0.25, 0.125]
    assert first.configuration(1) == {"x0": -2.0, "x1": 1}
    assert first.optimizer == Optimizer("CMA-ES") and first.provenance.task == "Sphere-DIM2"
    assert first.provenance.extra["ioh"]["run"]["instance"] == 1 and first.provenance.extra["ioh"]["suite"] == "BBOB"
    assert "100 evaluations, of which its logger kept 3" in told(first)
    assert first.column("evaluation").tolist() == [1, 7, 40]
    assert (first.evaluations, first.improvements_only) == (100, True)
    assert (second.evaluations, second.improvements_only) == (3, False)
    assert first.trials["start"].null_count == 3 and "no times" in told(first)
    assert second.status_counts() == {"success": 2, "crashed": 1}
    assert second.column("config_id").tolist() == [0, 1, 0]
    assert "kept" not in told(second)


def test_more_is_better_where_it_says_so(tmp_path: Path) -> None:
    _, (run, _) = converted(write(tmp_path / "log", maximization=True), tmp_path)
    assert run.objectives == (Objective("raw_y", "maximize"),)
    assert run.incumbent().value == 9.5  # type: ignore[union-attr]


def test_rows_that_are_broken_are_counted_with_their_lines(tmp_path: Path) -> None:
    broken = IMPROVEMENTS.replace("7 4.25", "7 what") + "50 0.25 0.1"
    [result, gone], [run] = converted(write(tmp_path / "log", broken), tmp_path)
    assert (result.read, result.written, result.dropped) == (4, 2, 2)
    assert "about line 3, 5: not 5 numbers (2)" in told(run)
    assert gone.status == "refused" and "has 1 runs, its description tells of more" in str(gone.reason)


def test_runs_that_only_the_table_has_are_read_too(tmp_path: Path) -> None:
    results, runs = converted(write(tmp_path / "log", IMPROVEMENTS + ALL + ALL), tmp_path)
    assert len(results) == len(runs) == 3 and runs[2].cost().tolist()[::2] == [2.0, 1.0]


def test_names_in_quotes_and_no_positions(tmp_path: Path) -> None:
    old = '"function evaluation" "raw_y"\n1 3\n2 2\n'
    _, runs = converted(write(tmp_path / "log", old), tmp_path)
    assert runs[0].cost().tolist() == [3.0, 2.0] and "no positions" in told(runs[0])


def test_a_table_without_values_is_refused(tmp_path: Path) -> None:
    [result, *_], _ = converted(write(tmp_path / "log", IMPROVEMENTS.replace("raw_y", "other")), tmp_path)
    assert result.status == "refused" and "has no column raw_y" in str(result.reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scenarios": [{"dimension": 2, "path": "../other.dat", "runs": [{}]}]}, "not below its folder"),
        ({"scenarios": [{"dimension": 2, "path": "none.dat", "runs": [{}]}]}, "none.dat: No such file"),
        ({"scenarios": [{"dimension": 2, "path": "a" * 5000, "runs": [{}]}]}, "no path of a file"),
        ({"scenarios": [{"dimension": 2, "path": "a\0", "runs": [{}]}]}, "no path of a file"),
        ({"scenarios": {}}, "no description of IOHprofiler"),
        ({"scenarios": []}, "tells of no run"),
        ({"scenarios": [3]}, "names no path"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    [result], _ = converted(write(tmp_path / "log", **changes), tmp_path)
    assert result.status == "refused" and reason in str(result.reason)


def test_numbers_that_are_none_and_nested_descriptions(tmp_path: Path) -> None:
    long = "9" * 5000
    _, runs = converted(write(tmp_path / "log", f"evaluations raw_y x0 x{long}\n{long} 1.0 {long[:30]} 2\n"), tmp_path)
    assert runs[0].cost().tolist() == [1.0] and runs[0].configuration(0) == {"x0": float(long[:30])}
    folder = write(tmp_path / "deep")
    path = folder / "IOHprofiler_f1_Sphere.json"
    path.write_text(path.read_text().replace('"BBOB"', "[" * 1000 + "1e999" + "]" * 1000))
    [result] = convert([folder], tmp_path / "deep-out")
    assert result.status == "refused" and "nested too deeply" in str(result.reason)


def test_integers_beyond_64_bits_are_floats(tmp_path: Path) -> None:
    table = ALL.replace("1 2.0 1 ", "1 2.0 9999999999999999999 ")
    _, runs = converted(write(tmp_path / "log", IMPROVEMENTS + table), tmp_path)
    assert runs[1].trials["extra:sigma"].to_pylist() == [1e19, 1.0, 1.0]


def test_a_space_given_tells_the_choices(tmp_path: Path) -> None:
    space = ConfigurationSpace({"a": (-5.0, 5.0), "b": ["p", "q", "r", "s"]})
    _, (first, _) = converted(write(tmp_path / "log"), tmp_path, space=space)
    assert first.configuration(2) == {"a": 0.5, "b": "r"} and not first.inferred_space
    wrong, _ = converted(write(tmp_path / "more"), tmp_path, space=ConfigurationSpace({"a": (0.0, 1.0)}))
    assert "1 hyperparameters, the log 2" in str(wrong[0].reason)


def full_run(seed: int, *, extra: bool) -> Run:
    """A run with everything that IOHprofiler has no place for but text."""
    space = ConfigurationSpace({"op": ["a", 2, True], "lr": (0.0, 1.0), "n": (1, 9)})
    columns: dict[str, Any] = {
        "trial_id": [10, 11, 12, 13],
        "config_id": [5, 6, 5, 7],
        "budget": [1.0, 3.0, 3.0, 3.0],
        "seed": [1, 2**53 + 1, 3, 4],
        "status": ["success", "timeout", "success", "running"],
        "start": [0.0, 1.5, 1.0, 3.0],
        "end": [4.0, 3.0, 2.0, None],
        "cpu_time": [0.1, None, 0.3, None],
        "cost:1-acc": [0.5, None, 0.25, None],
        "cost:size (MB)": [1e-300, None, 3.0, None],
    }
    columns |= {"extra:loss/train": [0.1, 0.2, math.inf, 0.4], "extra:epochs": [3, 4, None, 6]} if extra else {}
    return Run.from_columns(
        name=f"RE {seed}",
        optimizer=Optimizer("RE", "1.2"),
        space=space,
        objectives=[Objective("1-acc", lower=0.0, upper=1.0), Objective("size (MB)", "maximize", unit="MB")],
        configurations={
            5: {"op": "a", "lr": 0.1, "n": 3},
            6: {"op": 2, "lr": 0.5, "n": 1},
            7: {"op": True, "lr": 1 / 3, "n": 9},
        },
        provenance=Provenance(task="digits", seed=seed, group="RE"),
        budget_name="epochs",
        notes=[Note("assumed", "the space is a guess", 3)],
        trials=columns,
    )


def test_there_and_back_is_the_same(tmp_path: Path) -> None:
    runs = [full_run(0, extra=True), full_run(1, extra=False)]
    assert outputs.output("ioh").write(runs, tmp_path / "ioh") == []
    _, back = converted(tmp_path / "ioh", tmp_path)
    for run, again in zip(runs, back, strict=True):
        assert again.same_trials(run)
        assert (again.space, again.objectives, again.optimizer) == (run.space, run.objectives, run.optimizer)
        assert (again.budget_name, again.inferred_space) == (run.budget_name, run.inferred_space)
        assert again.provenance.json().items() >= run.provenance.json().items()
        assert again.notes[:1] == run.notes
        assert again.trials["seed"].to_pylist()[1] == 2**53 + 1 and pa.types.is_int64(again.trials["seed"].type)


def test_what_encave_keeps_there_for_itself_is_read_with_care(tmp_path: Path) -> None:
    outputs.output("ioh").write([full_run(0, extra=True)], tmp_path / "ioh")
    [path] = (tmp_path / "ioh").rglob("*.json")
    content = json.loads(path.read_text())
    content["encave"]["runs"][0]["space"] = 7
    path.write_text(json.dumps(content))
    [result], _ = converted(tmp_path / "ioh", tmp_path)
    assert "remove that key" in str(result.reason)
    [table] = (tmp_path / "ioh").rglob("*.dat")
    whole = table.read_text()
    content["encave"]["runs"][0]["space"] = 0
    path.write_text(json.dumps(content))
    for damaged, reason in (
        (whole.replace("config_id", "config_ix"), "lacks columns of its description: config_id"),
        (whole.replace(" 5 ", " nan "), "a trial has no configuration"),
        (whole.replace(" 5 ", " 5.5 "), "has no whole number"),
    ):
        table.write_text(damaged)
        [result], _ = converted(tmp_path / "ioh", tmp_path)
        assert reason in str(result.reason)
    table.write_text(whole)
    content["encave"]["runs"][0]["objectives"][0]["name"] = "other"
    path.write_text(json.dumps(content))
    [result], _ = converted(tmp_path / "ioh", tmp_path)
    assert "has no column cost_other" in str(result.reason)
    del content["encave"]
    path.write_text(json.dumps(content))
    _, [run] = converted(tmp_path / "ioh", tmp_path)
    assert run.objectives == (Objective("raw_y"),) and run.cost()[0] == 0.25


def test_the_logs_own_count_of_evaluations(tmp_path: Path) -> None:
    _, [run] = converted(LOGS / "improvements_only", tmp_path)
    assert run.column("evaluation").tolist() == [1, 40, 700, 1000]
    assert (run.evaluations, run.improvements_only) == (1000, True)


def test_a_task_is_a_function_in_a_dimension(tmp_path: Path) -> None:
    _, runs = converted(LOGS / "two_dimensions", tmp_path)
    assert sorted(str(run.provenance.task) for run in runs) == ["Toy-DIM2", "Toy-DIM40"]
    _, runs = converted(LOGS / "dims", tmp_path / "more")
    tasks = [run.provenance.task for run in runs]
    assert {task: tasks.count(task) for task in tasks} == {"Sphere-DIM2": 5, "Sphere-DIM5": 5, "Sphere-DIM20": 5}


def test_several_objectives(tmp_path: Path) -> None:
    _, [run] = converted(LOGS / "two_objectives", tmp_path)
    assert [objective.name for objective in run.objectives] == ["raw_y", "F2"]
    assert run.cost("F2").tolist() == [0.1, 2.0, 9.0] and "extra:F2" not in run.trials.column_names
    assert "F2: taken for objectives" in told(run)
    assert run.evaluations is None and not run.improvements_only  # "evals": 0 is no total of a table that counts to 3
    assert "made 0 evaluations, but counts up to 3" in told(run)


def test_counts_that_are_none_are_unknown_and_said(tmp_path: Path) -> None:
    _, [run, _] = converted(write(tmp_path / "log", IMPROVEMENTS.replace("7 4.25", "7.5 4.25") + ALL), tmp_path)
    assert run.trials["evaluation"].to_pylist() == [1, None, 40]
    assert "no count: unknown (1)" in told(run)


def test_rows_that_cannot_be_read_are_no_sign_of_improvements(tmp_path: Path) -> None:
    _, [_, second] = converted(write(tmp_path / "log", IMPROVEMENTS + ALL.replace("2 nan", "2 what")), tmp_path)
    assert len(second) == 2 and not second.improvements_only


def test_counts_there_and_back(tmp_path: Path) -> None:
    _, [run] = converted(LOGS / "improvements_only", tmp_path / "first")
    outputs.output("ioh").write([run], tmp_path / "ioh")
    [table] = (tmp_path / "ioh").rglob("*.dat")
    assert [line.split()[0] for line in table.read_text().splitlines()] == ["evaluations", "1", "40", "700", "1000"]
    [description] = (tmp_path / "ioh").rglob("*.json")
    [[described]] = [one["runs"] for one in json.loads(description.read_text())["scenarios"]]
    assert (described["evals"], described["best"]["evals"]) == (1000, 700)
    _, [again] = converted(tmp_path / "ioh", tmp_path)
    assert again.same_trials(run)
    assert (again.evaluations, again.improvements_only) == (1000, True)


@pytest.mark.parametrize(
    "head",
    [
        '"function evaluation" "current f(x)" "best-so-far f(x)" "current af(x)+b" "best af(x)+b" "x0" "x1"',
        '"function evaluation" "best-so-far f(x)" "x0" "x1"',
        "evaluations raw_y_best x0 x1",
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_earlier_names_and_tables_of_best_values(tmp_path: Path, head: str, sign: int) -> None:
    every = [(1, 9.5, 3), (7, 4.25, -2), (40, 0.5, 0.5), (100, 8.0, 2.5)]
    names = head.count('"') // 2 or len(head.split())
    bests = [sign * best for best in (9.5, 4.25, 0.5, 0.5)]
    rows = [
        (k, *((sign * value, best, sign * value, best) if names == 7 else (best,)), x, 1)
        for (k, value, x), best in zip(every, bests, strict=True)
    ]
    table = "\n".join((head, *(" ".join(map(str, row)) for row in rows), ""))
    _, [run, *_] = converted(write(tmp_path / "log", table, maximization=sign < 0), tmp_path)
    kept = every if names == 7 else every[:3]
    assert run.column("evaluation").tolist() == [k for k, _, _ in kept]
    assert run.trials["cost:raw_y"].to_pylist() == [sign * value for _, value, _ in kept]
    assert (run.incumbent().value, run.evaluations, run.improvements_only) == (sign * 0.5, 100, True)
    assert [run.provenance.accounting[key] for key in ("read", "merged", "dropped")] == [4, 4 - len(kept), 0]


def test_a_log_that_lost_runs_after_it_was_found_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data_f1_Sphere").mkdir()
    (tmp_path / "data_f1_Sphere" / "IOHprofiler_f1_DIM2.dat").write_text(IMPROVEMENTS + IMPROVEMENTS)
    path = tmp_path / "IOHprofiler_f1_Sphere.json"
    path.write_text(json.dumps(DESCRIPTION))
    found = list(READER.detect(Listing(tmp_path, (path.name,))))
    assert [one.key for one in found] == ["1", "2"]
    (tmp_path / "data_f1_Sphere" / "IOHprofiler_f1_DIM2.dat").write_text(IMPROVEMENTS)
    scenario = DESCRIPTION["scenarios"][0]
    path.write_text(json.dumps(DESCRIPTION | {"scenarios": [scenario | {"runs": scenario["runs"][:1]}]}))
    with pytest.raises(EncaveError, match="tells of 1 runs now"):
        READER.read(found[1], Options())
