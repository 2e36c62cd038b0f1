"""Ray Tune's experiment folders, made here with the structure that Ray 1.x, 2.0 and 2.7+ write."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from encave.converters.conversion import convert
from encave.converters.formats.ray_tune.reader import READER
from encave.converters.reader import Found, Listing, Options, ReadResult
from encave.errors import EncaveError

START = 1_700_000_000.0
STATE = "experiment_state-2023-11-14_22-13-20.json"
PICKLED = {"_type": "CLOUDPICKLE_FALLBACK", "value": pickle.dumps(print).hex()}


def result(number: int, iteration: int, **metrics: Any) -> dict[str, Any]:
    """A line of `result.json`."""
    return {
        **metrics,
        "timestamp": int(START) + 10 * number + iteration,
        "time_this_iter_s": 1.0,
        "done": False,
        "training_iteration": iteration,
        "trial_id": f"ab12_{number:05d}",
        "date": "2023-11-14_22-13-21",
        "time_total_s": float(iteration),
        "pid": 4000 + number,
        "hostname": "node",
        "node_ip": "10.0.0.1",
        "config": {"lr": 0.1 * (number + 1), "net": {"layers": [8, number]}},
        "time_since_restore": float(iteration),
        "iterations_since_restore": iteration,
    }


def trial_folder(experiment: Path, number: int, results: list[Any], error: str | None = None) -> Path:
    folder = experiment / f"train_ab12_{number:05d}_{number}_lr={number}_2023-11-14_22-13-20"
    folder.mkdir(parents=True)
    config = {"lr": 0.1 * (number + 1), "net": {"layers": [8, number]}}
    (folder / "params.json").write_text(json.dumps(config))
    (folder / "params.pkl").write_bytes(b"never read")
    lines = [line if isinstance(line, str) else json.dumps(line) for line in results]
    (folder / "result.json").write_text("".join(line + "\n" for line in lines))
    if error:
        (folder / "error.txt").write_text(error)
    return folder


def trial_state(number: int, status: str, folder: Path | None) -> dict[str, Any]:
    """What Ray keeps of a trial, apart from run metadata."""
    return {
        "stub": False,
        "trainable_name": "train",
        "trial_id": f"ab12_{number:05d}",
        "storage": PICKLED,
        "config": {"lr": 0.1 * (number + 1), "net": {"layers": [8, number]}},
        "experiment_tag": f"{number}_lr={number}",
        "evaluated_params": {"lr": 0.1 * (number + 1)},
        "status": status,
        "relative_logdir": folder.name if folder else None,
        "placement_group_factory": "80049529",
        "_state_json": None,
    }


def experiment(
    root: Path, form: str = "trial_data", metric: str | None = "score", extra: dict[str, Any] | None = None
) -> Path:
    """Four trials: ended, ended early, crashed after a result, and pending."""
    root.mkdir(parents=True, exist_ok=True)
    more = extra or {}
    folders: list[Path | None] = [
        trial_folder(root, 0, [result(0, i, score=float(i), loss=9.0 - i, **more) for i in range(1, 10)]),
        trial_folder(root, 1, [result(1, i, score=0.5 * i, loss=5.0, **more) for i in range(1, 4)]),
        trial_folder(root, 2, [result(2, 1, score=0.25, loss=7.0)], error="Failure # 1\nValueError: boom\n"),
        None,
    ]
    states = [
        trial_state(number, status, folder)
        for number, (status, folder) in enumerate(
            zip(("TERMINATED", "TERMINATED", "ERROR", "PENDING"), folders, strict=True)
        )
    ]
    if form == "trial_data":
        entries: list[Any] = [
            [json.dumps(state), json.dumps({"start_time": START + 10 * n, "last_result": {}, "metric_analysis": {}})]
            for n, state in enumerate(states)
        ]
    elif form == "texts":
        entries = [json.dumps(state | {"start_time": START + 10 * n}) for n, state in enumerate(states)]
    else:
        entries = [state | {"start_time": START + 10 * n} for n, state in enumerate(states)]
    content = {
        "trial_data" if form == "trial_data" else "checkpoints": entries,
        "runner_data": {"_metric": metric, "_stopper": PICKLED},
        "stats": {"start_time": START},
    }
    (root / STATE).write_text(json.dumps(content))
    return root


def found_in(folder: Path) -> list[Found]:
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    return list(READER.detect(Listing(folder, tuple(names))))


def read(folder: Path) -> ReadResult:
    (found,) = found_in(folder)
    return READER.read(found, Options())


@pytest.mark.parametrize("form", ["trial_data", "texts", "objects"])
def test_every_form_of_the_state(tmp_path: Path, form: str) -> None:
    read_result = read(experiment(tmp_path / "exp", form))
    run = read_result.run
    assert (read_result.read, read_result.dropped, len(run)) == (4, 0, 4)
    assert run.column("status").tolist() == ["success", "success", "crashed", "not-evaluated"]
    assert run.trials["cost:score"].to_pylist() == [9.0, 1.5, None, None]
    assert run.trials["extra:raw_score"].to_pylist() == [None, None, 0.25, None]
    assert run.trials["budget"].to_pylist() == [9.0, 3.0, 1.0, None]
    assert run.trials["start"].to_pylist() == [0.0, 10.0, 20.0, 30.0]
    assert run.trials["end"].to_pylist() == [9.0, 13.0, 21.0, None]
    assert run.objectives[0].direction == "maximize"
    assert run.name == "Ray-Tune-exp"
    assert run.configuration(1) == {"lr": 0.2, "net/layers": "[8, 1]"}
    assert json.loads(run.trials["extra:intermediate_values"][1].as_py()) == {"1": 0.5, "2": 1.0, "3": 1.5}
    assert "boom" in run.trials["extra:error"][2].as_py()
    assert any("mode is only in a pickle" in note.text for note in run.notes)
    incumbent = run.incumbent()
    assert incumbent is not None
    assert (incumbent.budget, incumbent.value) == (9.0, 9.0)


def test_without_a_metric_one_is_assumed_and_said(tmp_path: Path) -> None:
    run = read(experiment(tmp_path / "exp", metric=None)).run
    assert (run.objectives[0].name, run.objectives[0].direction) == ("loss", "minimize")
    assert any("does not say what was optimised" in note.text and "score" in note.text for note in run.notes)
    assert run.trials["extra:score"].to_pylist() == [9.0, 1.5, 0.25, None]


def test_folders_without_a_state(tmp_path: Path) -> None:
    root = experiment(tmp_path / "exp")
    (root / STATE).unlink()
    run = read(root).run
    assert len(run) == 3
    assert run.status_counts() == {"success": 2, "crashed": 1}
    assert run.trials["start"].to_pylist() == [0.0, 10.0, 20.0]
    assert any("no experiment state" in note.text for note in run.notes)
    assert run.name == "Ray-Tune-exp"


def test_the_newest_state_counts(tmp_path: Path) -> None:
    root = experiment(tmp_path / "exp")
    older = {"trial_data": [], "runner_data": {}, "stats": {}}
    (root / "experiment_state-2022-01-01_00-00-00.json").write_text(json.dumps(older))
    assert len(read(root).run) == 4


def test_nothing_is_unpickled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = experiment(tmp_path / "exp")
    state = json.loads((root / STATE).read_text())
    trial = json.loads(state["trial_data"][3][0])
    trial["config"]["fn"] = PICKLED
    state["trial_data"][3][0] = json.dumps(trial)
    (root / STATE).write_text(json.dumps(state))
    run = read(root).run
    assert run.configuration(3)["fn"] == "(pickled object)"
    assert any("pickled objects" in note.text for note in run.notes)
    assert capsys.readouterr().out == ""


def test_not_finite_results_and_damaged_lines(tmp_path: Path) -> None:
    root = tmp_path / "exp"
    folder = trial_folder(root, 0, [result(0, 1, score=float("nan"))])
    other = trial_folder(root, 1, [result(1, 1, score=1.0), '{"score": 2.0, "time'])
    states = [json.dumps(trial_state(n, "TERMINATED", path)) for n, path in enumerate((folder, other))]
    state = {"checkpoints": [*states, "{broken"], "runner_data": {"_metric": "score"}}
    (root / STATE).write_text(json.dumps(state))
    read_result = read(root)
    run = read_result.run
    assert (read_result.read, read_result.dropped) == (3, 1)
    assert run.column("status").tolist() == ["crashed", "success"]
    assert run.trials["cost:score"].to_pylist() == [None, 1.0]
    assert run.trials["budget"].to_pylist() == [None, None]
    assert any("result.json" in note.text for note in run.notes)


def test_progress_csv_where_there_is_no_result_json(tmp_path: Path) -> None:
    root = experiment(tmp_path / "exp")
    for folder in root.iterdir():
        if folder.is_dir():
            rows = [json.loads(line) for line in (folder / "result.json").read_text().splitlines()]
            (folder / "result.json").unlink()
            with (folder / "progress.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, [key for key in rows[0] if key != "config"], extrasaction="ignore")
                writer.writeheader()
                writer.writerows(rows)
    run = read(root).run
    assert run.trials["cost:score"].to_pylist() == [9.0, 1.5, None, None]
    assert run.trials["budget"].to_pylist() == [9.0, 3.0, 1.0, None]


def test_a_state_cut_in_the_middle_keeps_what_is_whole(tmp_path: Path) -> None:
    root = experiment(tmp_path / "exp")
    text = (root / STATE).read_text()
    (root / STATE).write_text(text[: int(len(text) * 0.6)])
    read_result = read(root)
    assert len(read_result.run) >= 3
    assert any("breaks off" in note.text for note in read_result.run.notes)


@pytest.mark.parametrize("content", ["", "[]", '{"trial_data": 3}', '{"trial_data": []}'])
def test_empty_and_foreign_states_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / STATE).write_text(content)
    with pytest.raises(EncaveError, match="experiment_state"):
        read(tmp_path)


def test_the_conversion_finds_one_run_and_notices_a_new_result(tmp_path: Path) -> None:
    root, out = experiment(tmp_path / "logs" / "exp"), tmp_path / "out"
    (first,) = convert([tmp_path / "logs"], out)
    assert (first.status, first.read, first.written) == ("converted", 4, 4)
    assert [done.status for done in convert([tmp_path / "logs"], out)] == ["unchanged"]
    folder = next(path for path in root.iterdir() if path.is_dir())
    with (folder / "result.json").open("a") as file:
        file.write(json.dumps(result(0, 10, score=10.0)) + "\n")
    assert [done.status for done in convert([tmp_path / "logs"], out)] == ["converted"]


@pytest.mark.parametrize(
    ("known", "end"), [({"last_result_time": START + 0.75}, 0.35), ({"last_result_time": START - 9.0}, 0.2), ({}, 0.2)]
)
def test_end_of_a_trial_that_takes_less_than_a_second(tmp_path: Path, known: dict[str, float], end: float) -> None:
    line = result(0, 1, score=1.0) | {"timestamp": int(START), "time_total_s": 0.2}
    state = trial_state(0, "TERMINATED", trial_folder(tmp_path, 0, [line]))
    metadata = {"start_time": START + 0.4, "last_result": {}, **known}
    content = {"trial_data": [[json.dumps(state), json.dumps(metadata)]], "runner_data": {"_metric": "score"}}
    (tmp_path / STATE).write_text(json.dumps(content))
    [found] = READER.detect(Listing(tmp_path, (STATE,)))
    run = READER.read(found, Options()).run
    assert run.trials["start"].to_pylist() == [0.0]
    assert run.trials["end"].to_pylist() == pytest.approx([end], abs=1e-6)
