"""DeepCAVE's own folders, of every release."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from encave.converters.formats.deepcave import native
from encave.converters.reader import Options, ReadResult
from encave.converters.registry import chosen
from encave.converters.survey import find
from encave.errors import EncaveError
from encave.run import Run

SPACE = {
    "hyperparameters": [
        {"name": "op", "type": "categorical", "choices": ["a", "b"], "default": "a", "weights": None},
        {"name": "lr", "type": "uniform_float", "log": False, "lower": 0.0, "upper": 1.0, "default": 0.5, "q": None},
    ],
    "conditions": [],
    "forbiddens": [],
    "python_module_version": "0.4.20",
    "json_format_version": 0.2,
}
ERROR = {"name": "err", "lower": 0, "upper": 9.5, "lock_lower": True, "lock_upper": False, "optimize": "lower"}
SCORE = {"name": "f1 ö", "lower": 0, "upper": 1, "lock_lower": True, "lock_upper": True, "optimize": "upper"}
LINES = {
    "1.0-1.1": [[0, 2, [0.5, 0.9], 0.0, 1.5, 1, {}], [1, 9, [None, None], 1.5, 2.0, 4, {"traceback": "x"}]],
    "1.2-1.3": [[0, 2, 7, [0.5, 0.9], 0.0, 1.5, 1, {}], [1, 9, 7, [None, None], 1.5, 2.0, 4, {"traceback": "x"}]],
    "1.4": [[0, 2, 7, [0.5, 0.9], 0.3, 0.0, 1.5, 1, {}], [1, 9, 7, [None, None], 0.0, 1.5, 2.0, 4, {"traceback": "x"}]],
}


def write_log(folder: Path, lines: list[Any], **files: Any) -> Path:
    content: dict[str, Any] = {
        "meta.json": {"objectives": [ERROR, SCORE], "budgets": [2, 9], "seeds": [7]},
        "configspace.json": SPACE,
        "configs.json": {"0": {"op": "a", "lr": 0.25}, "1": {"op": "b", "lr": 1.0}},
        "origins.json": {"0": "Sobol", "1": None},
    } | {f"{name}.json": value for name, value in files.items()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in content.items():
        if value is not None:
            (folder / name).write_text(value if isinstance(value, str) else json.dumps(value))
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def read(folder: Path) -> ReadResult:
    [candidate] = find(folder, [native.READER])
    return candidate.reader.read(candidate.found, Options())


@pytest.mark.parametrize("release", LINES)
def test_columns_are_those_of_the_release(tmp_path: Path, release: str) -> None:
    result = read(write_log(tmp_path / "run", LINES[release]))
    run = result.run
    assert (result.release, result.read, result.dropped, len(run)) == (release, 2, 0, 2)
    assert run.status_counts() == {"success": 1, "crashed": 1}
    assert run.column("start").tolist() == [0.0, 1.5]
    assert run.column("end").tolist() == [1.5, 2.0]
    assert run.budgets == (2.0, 9.0)
    assert run.trials["seed"].to_pylist() == ([None, None] if release == "1.0-1.1" else [7, 7])
    assert run.trials["cpu_time"].to_pylist() == ([0.3, 0.0] if release == "1.4" else [None, None])
    assert run.trials["cost:err"].to_pylist() == [0.5, None]
    assert run.trials["extra:origin"].to_pylist() == ["Sobol", None]
    assert run.trials["extra:traceback"].to_pylist() == [None, "x"]
    assert run.configuration(1) == {"lr": 1.0, "op": "b"}


def test_hyperparameters_that_are_missing_are_inactive(tmp_path: Path) -> None:
    run = read(write_log(tmp_path / "run", LINES["1.4"], configs={"0": {"op": "a"}, "1": {"op": "b", "lr": 1.0}})).run
    assert run.configuration(0) == {"op": "a"}
    assert run.inferred_space
    assert "1 configurations lack hyperparameters without a condition" in run.notes[0].text


def test_a_run_without_trials_is_one_without_configurations(tmp_path: Path) -> None:
    assert len(read(write_log(tmp_path / "run", [], configs={})).run) == 0
    with pytest.raises(EncaveError, match=r"history\.jsonl is empty"):
        read(write_log(tmp_path / "lost", []))


def test_only_locked_bounds_are_bounds(tmp_path: Path) -> None:
    error, score = read(write_log(tmp_path / "run", LINES["1.4"])).run.objectives
    assert (error.direction, error.lower, error.upper) == ("minimize", 0.0, None)
    assert (score.name, score.direction, score.lower, score.upper) == ("f1 ö", "maximize", 0.0, 1.0)


@pytest.mark.parametrize(
    ("told", "seeds"),
    [({"7": 123}, [123, 8]), ({"7": None, "8": 7}, [None, 7]), ({"7": True, "8": "3"}, [7, 8]), ([123], [7, 8])],
)
def test_seeds_of_the_log_come_back(tmp_path: Path, told: Any, seeds: list[int | None]) -> None:
    meta = {"objectives": [ERROR], "budgets": [2], "seeds": [7, 8], "trial seeds": told}
    lines = [[0, 2, seed, [0.5], 0.0, 1.5, 1, {}] for seed in (7, 8)]
    assert read(write_log(tmp_path / "run", lines, meta=meta)).run.trials["seed"].to_pylist() == seeds


def test_stand_ins_for_no_budget_and_no_seed(tmp_path: Path) -> None:
    folder = write_log(tmp_path / "run", [[0, math.inf, -1, [0.5, 0.9], 0.0, 1.5, 1, {}]])
    result = read(folder)
    assert "Infinity" in (folder / "history.jsonl").read_text()
    assert result.run.trials.select(["budget", "seed"]).to_pylist() == [{"budget": None, "seed": None}]
    assert any("stand for no budget" in note.text for note in result.run.notes)


@pytest.mark.parametrize(
    ("budgets", "kept", "told"),
    [
        ([0.1, 0, 1], [0.1, 0.0, 1.0], None),  # shares, of which one may be none
        ([0.1, -1, math.inf], [0.1, None, None], "a budget of -1, infinity or nothing stands for no budget (2)"),
        ([0, 0, -1], [None] * 3, "budgets of 0, -1 or infinity stand for no budget (3)"),
        ([None] * 3, [None] * 3, None),
    ],
)
def test_which_budgets_are_none(tmp_path: Path, budgets: list[Any], kept: list[Any], told: str | None) -> None:
    lines = [[0, budget, row, [0.5, 0.9], 0.0, 1.5, 1, {}] for row, budget in enumerate(budgets)]
    run = read(write_log(tmp_path / "run", lines)).run
    assert run.trials["budget"].to_pylist() == kept
    notes = [f"{note.text} ({note.count})" for note in run.notes if "no budget" in note.text]
    assert notes == ([] if told is None else [told])


@pytest.mark.parametrize("duration, objectives", [(1.5, ["err"]), (1.25, ["err", "Time"])])
def test_time_is_no_objective_where_it_repeats_the_times(
    tmp_path: Path, duration: float, objectives: list[str]
) -> None:
    meta = {"objectives": [ERROR, {**ERROR, "name": "Time"}], "budgets": [2], "seeds": [7]}
    result = read(write_log(tmp_path / "run", [[0, 2, 7, [0.5, duration], 0.0, 1.5, 1, {}]], meta=meta))
    assert [objective.name for objective in result.run.objectives] == objectives


def test_lines_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    good = LINES["1.2-1.3"][0]
    bad = [
        [7, *good[1:]],
        good[:4],
        [*good[:3], [0.5], *good[4:]],
        [*good[:6], 42, {}],
        {"a": 1},
        [*good[:4], "now", *good[5:]],
    ]
    folder = write_log(tmp_path / "run", [good, *bad])
    with (folder / "history.jsonl").open("a") as file:
        file.write("[1, 2, 7, [0.5, 0.")
    result = read(folder)
    assert (result.read, len(result.run), result.dropped) == (8, 1, 7)
    assert sum(note.count for note in result.run.notes if note.kind == "dropped") == 7


def test_a_success_without_a_value_and_a_failure_with_one(tmp_path: Path) -> None:
    lines = [
        [0, 2, 7, [math.nan, None], 0.0, 1.0, 1, {}],
        [0, 2, 8, [3.0, None], 0.0, 1.0, 7, {}],
        [1, 2, 7, [1.0, 2.0], 5.0, 1.0, 1, {}],
    ]
    run = read(write_log(tmp_path / "run", lines)).run
    assert run.trials["status"].to_pylist() == ["crashed", "crashed", "success"]
    assert run.trials["extra:raw_err"].to_pylist()[1:] == [3.0, None]
    assert run.trials["extra:deepcave_status"].to_pylist() == ["SUCCESS", "FAILED", "SUCCESS"]
    assert run.trials["end"].to_pylist()[2] is None
    assert any("ended before they started" in note.text for note in run.notes)


def test_a_copied_objective_and_copied_trials_are_flagged(tmp_path: Path) -> None:
    lines = [
        [0, 9, [0.5, 0.5], 0.0, 1.5, 1, {}],
        [0, 2, [0.5, 0.5], 1.5, 1.5, 1, {}],
        [1, 9, [0.1, 0.1], 1.5, 2, 1, {}],
    ]
    texts = [note.text for note in read(write_log(tmp_path / "run", lines)).run.notes]
    assert any("err and f1 ö have the same value in every trial" in text for text in texts)
    assert any("no duration with the costs of the trial before" in text for text in texts)


@pytest.mark.parametrize(
    "files, reason",
    [
        ({"configs": ""}, "configs.json is empty"),
        ({"meta": ""}, "meta.json is empty"),
        ({"meta": {"objectives": []}}, "names no objectives"),
        ({"meta": [1]}, "no JSON object"),
        ({"configs": {"x": {}}}, "configs.json is not DeepCAVE's"),
        ({"configspace": "{"}, "is not a ConfigSpace JSON file"),
        ({"configs": {"0": {"op": "c", "lr": 0.5}, "1": {"op": "a", "lr": 0.5}}}, "outside the space"),
    ],
)
def test_damaged_files_are_refused_with_the_reason(tmp_path: Path, files: dict[str, Any], reason: str) -> None:
    with pytest.raises(EncaveError, match=reason):
        read(write_log(tmp_path / "run", LINES["1.4"], **files))


def test_an_empty_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match=r"history\.jsonl is empty"):
        read(write_log(tmp_path / "run", []))


def test_configs_that_break_off_are_read_to_the_break(tmp_path: Path) -> None:
    folder = write_log(tmp_path / "run", LINES["1.4"], configs='{"0": {"op": "a", "lr": 0.25}, "1": {"op": "b", "l')
    result = read(folder)
    assert (len(result.run), result.dropped) == (1, 1)
    assert any("breaks off" in note.text for note in result.run.notes)


def test_without_a_space_it_is_inferred(tmp_path: Path) -> None:
    run = read(write_log(tmp_path / "run", LINES["1.4"], configspace=None)).run
    assert run.inferred_space
    assert run.configuration(0) == {"op": "a", "lr": 0.25}


def test_a_folder_with_encaves_run_is_no_log(tmp_path: Path) -> None:
    folder = write_log(tmp_path / "run", LINES["1.4"])
    (folder / "run.json").write_text("{}")
    (folder / "trials.parquet").write_text("")
    assert find(tmp_path, [native.READER]) == []


def costs_of(line: list[Any]) -> list[float]:
    return next(field for field in line if isinstance(field, list))


@pytest.mark.parametrize(
    "case, release, budgets",
    [
        ("deepcave-native/arlbench_example_run", "1.0-1.1", (20.0, 40.0, 60.0)),
        ("deepcave-native/hypersweeper_deepcave_logs/run_1", "1.2-1.3", (100.0,)),
        ("deepcave-native/hypersweeper_deepcave_logs/run_2", "1.2-1.3", (100.0,)),
        ("regularized_evolution/hpo4nas_re_cifar10_seed0_deepcave_only", "1.0-1.1", (2.0, 7.0, 22.0, 66.0, 199.0)),
        ("dehb/hpo4nas_c10_5min_run1/seed_conversion", "1.0-1.1", (2.0, 7.0, 22.0, 66.0, 199.0)),
        ("dehb/hpo4nas_c10_40min_run30/seed_conversion", "1.0-1.1", (2.0, 7.0, 22.0, 66.0, 199.0)),
    ],
)
def test_real_logs_trial_by_trial(shared: Path, case: str, release: str, budgets: tuple[float, ...]) -> None:
    folder = shared / "logs" / "real" / case
    [candidate] = [found for found in find(folder, chosen(None)) if found.reader.name == "deepcave"]
    result = candidate.reader.read(candidate.found, Options())
    run: Run = result.run
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    meta = json.loads((folder / "meta.json").read_text())
    configs = json.loads((folder / "configs.json").read_text())
    assert (result.read, result.release, run.budgets, len(run)) == (len(lines), release, budgets, len(lines))
    names = [objective["name"] for objective in meta["objectives"]]
    assert [objective.name for objective in run.objectives] == names
    for position, name in enumerate(names):
        assert run.trials[f"cost:{name}"].to_pylist() == [costs_of(line)[position] for line in lines]
    assert run.trials["config_id"].to_pylist() == [line[0] for line in lines]
    assert run.column("budget").tolist() == [line[1] for line in lines]
    assert run.trials["start"].to_pylist() == [line[-4] for line in lines]
    assert run.trials["end"].to_pylist() == [line[-3] for line in lines]
    assert all(run.configuration(int(key)) == value for key, value in list(configs.items())[:50])


def test_real_empty_files_are_refused(shared: Path) -> None:
    with pytest.raises(EncaveError, match="0 bytes"):
        read(shared / "logs" / "real" / "regularized_evolution" / "hpo4nas_npenas_empty_files")


def test_integers_that_pandas_made_floats(tmp_path: Path) -> None:
    lines = [[0.0, 2.0, 7.0, [0.5, 0.9], 0.0, 1.5, 1.0, {}], [1, 9, 7.5, [0.5, 0.9], 1.5, 2.0, 1, {}]]
    result = read(write_log(tmp_path / "run", lines))
    assert (result.read, result.dropped) == (2, 1)
    assert result.run.trials.select(["config_id", "seed"]).to_pylist() == [{"config_id": 0, "seed": 7}]
