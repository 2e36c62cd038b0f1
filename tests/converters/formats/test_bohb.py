"""HpBandSter's logs, trial by trial against the raw lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from encave.converters.formats.bohb import READER
from encave.converters.reader import Found, Listing, Options, ReadResult
from encave.errors import EncaveError

from ..reading import read_one

CASES = ("cave_autopytorch", "cave_bohb_mlp", "cave_mixed_categorical_json", "cave_mixed_categorical_missing")


def found_in(folder: Path) -> list[Found]:
    return list(READER.detect(Listing(folder, tuple(sorted(path.name for path in folder.iterdir())))))


def read(folder: Path) -> ReadResult:
    (found,) = found_in(folder)
    return READER.read(found, Options())


def write(folder: Path, results: list[Any], configs: list[Any]) -> Path:
    for name, rows in (("results.json", results), ("configs.json", configs)):
        (folder / name).write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows))
    return folder


def times(start: float) -> dict[str, float]:
    return {"submitted": start, "started": start + 0.5, "finished": start + 2.0}


CONFIGS = [[[0, 0, n], {"x": 0.1 * n, "kind": "ab"[n % 2]}, {"model_based_pick": n == 2}] for n in range(4)]


@pytest.mark.parametrize("case", CASES)
def test_real_logs(shared: Path, case: str) -> None:
    folder = shared / "logs" / "real" / "bohb" / case
    raw = [json.loads(line) for line in (folder / "results.json").read_text().splitlines()]
    configs = {tuple(row[0]): row[1] for row in map(json.loads, (folder / "configs.json").read_text().splitlines())}
    facts = {entry["case"]: entry["facts"] for entry in json.loads((shared / "logs/real/INDEX.json").read_text())}
    result = read(folder)
    run = result.run
    origin = min(row[2]["submitted"] for row in raw)
    assert (result.read, len(run), run.configurations.num_rows) == (len(raw), len(raw), len(configs))
    assert run.configurations.num_rows == facts[f"bohb/{case}"]["configs"]
    for trial, row in zip(run.trials.to_pylist(), raw, strict=True):
        assert trial["cost:loss"] == row[3]["loss"]
        assert trial["budget"] == row[1]
        assert trial["start"] == row[2]["started"] - origin
        assert trial["end"] == row[2]["finished"] - origin
        assert run.configuration(trial["config_id"]) == configs[tuple(row[0])]
    assert run.inferred_space == (not (folder / "configspace.json").exists())


def test_trials_of_a_warm_start_are_kept_without_their_times(tmp_path: Path) -> None:
    old = [[[-1, 0, n], 1.0, times(-3.2e9), {"loss": 0.5, "info": {}}, None] for n in range(2)]
    new = [[[0, 0, 0], 1.0, times(1.6e9), {"loss": 0.25, "info": {}}, None]]
    configs = [[[-1, 0, n], {"x": 0.1 * n, "kind": "a"}, {}] for n in range(2)]
    result = read(write(tmp_path, old + new, configs + CONFIGS))
    assert result.run.trials["start"].to_pylist() == [None, None, 0.5]
    assert result.run.trials["end"].to_pylist() == [None, None, 2.0]
    assert result.run.trials["extra:warm_start"].to_pylist() == [True, True, False]
    assert result.run.trials["cost:loss"].to_pylist() == [0.5, 0.5, 0.25]
    assert any("warm-started" in note.text and note.count == 2 for note in result.run.notes)
    assert not any("no success" in note.text for note in result.run.notes)


def test_crashed_trials_are_no_successes(tmp_path: Path) -> None:
    rows = [
        [[0, 0, 0], 1.0, times(100.0), {"loss": 0.5, "info": {}}, None],
        [[0, 0, 1], 1.0, times(103.0), None, "Traceback: boom"],
        [[0, 0, 2], 1.0, times(106.0), {"loss": float("inf"), "info": {}}, None],
        [[0, 0, 3], 1.0, times(109.0), {"loss": 1.0, "info": {"state": "StatusType.TIMEOUT"}}, None],
        [[0, 0, 3], 3.0, times(112.0), {"loss": 1.0, "info": {"state": "StatusType.CRASHED"}}, None],
        [[0, 0, 0], 3.0, times(115.0), {"loss": None, "info": None}, None],
    ]
    run = read(write(tmp_path, rows, CONFIGS)).run
    assert run.column("status").tolist() == ["success", "crashed", "crashed", "timeout", "crashed", "crashed"]
    assert run.trials["cost:loss"].to_pylist() == [0.5, None, None, None, None, None]
    assert run.trials["extra:raw_loss"].to_pylist()[2:5] == [float("inf"), 1.0, 1.0]
    failed = len(run) - run.status_counts()["success"]
    assert failed and [note.count for note in run.notes if "no success" in note.text] == [failed]
    assert run.trials["extra:exception"][1].as_py() == "Traceback: boom"
    assert run.trials["start"].to_pylist()[:2] == [0.5, 3.5]
    assert run.trials["extra:model_based_pick"].to_pylist()[:3] == [False, False, True]


def test_lines_that_cannot_be_kept_are_counted(tmp_path: Path) -> None:
    good = [[0, 0, 0], 1.0, times(0.0), {"loss": 0.5, "info": {}}, None]
    unknown = [[7, 0, 0], 1.0, times(3.0), {"loss": 0.5, "info": {}}, None]
    rows = [good, unknown, '[[0, 0, 1], 1.0, {"subm', [1, 2], [[0, 0, 1], "a", {}, None, None]]
    result = read(write(tmp_path, rows, CONFIGS))
    assert (result.read, len(result.run), result.dropped) == (5, 1, 4)
    assert sum(note.count for note in result.run.notes if note.kind == "dropped") == 4


def test_an_end_before_the_start_is_left_out(tmp_path: Path) -> None:
    wrong = {"submitted": 10.0, "started": 12.0, "finished": 11.0}
    run = read(write(tmp_path, [[[0, 0, 0], 1.0, wrong, {"loss": 1.0, "info": {}}, None]], CONFIGS)).run
    assert run.trials["end"].to_pylist() == [None]
    assert any("before they started" in note.text for note in run.notes)


@pytest.mark.parametrize("content", ["", "\n", '[[0, 0, 0], 1.0, {"subm'])
def test_empty_and_cut_logs_are_refused_with_the_file(tmp_path: Path, content: str) -> None:
    write(tmp_path, [], CONFIGS)
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(EncaveError, match=r"results\.json"):
        read(tmp_path)


def test_results_without_configurations_are_refused(tmp_path: Path) -> None:
    write(tmp_path, [[[0, 0, 0], 1.0, times(0.0), {"loss": 1.0, "info": {}}, None]], CONFIGS)
    (tmp_path / "configs.json").unlink()
    with pytest.raises(EncaveError, match=r"configs\.json"):
        read(tmp_path)


def test_other_results_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text('{"accuracy": 1.0}')
    assert found_in(tmp_path) == []


def test_an_id_that_stands_for_two_configurations_is_told(tmp_path: Path) -> None:
    results = [[[0, 0, n], 1.0, times(float(n)), {"loss": 0.5, "info": {}}, None] for n in range(4)]
    result = read(write(tmp_path, results, [*CONFIGS, [[0, 0, 1], {"x": 0.9, "kind": "a"}, {}]]))
    assert len(result.run) == 4
    assert result.run.configuration(1)["x"] == 0.9
    assert [note.count for note in result.run.notes if "several configurations" in note.text] == [1]


def test_pairs_with_more_in_their_names(tmp_path: Path) -> None:
    one = write(tmp_path, [[[0, 0, 0], 1.0, times(0.0), {"loss": 1.0, "info": {}}, None]], CONFIGS)
    for old, new in (("results.json", "results_3.json"), ("configs.json", "configs_3.json")):
        (one / old).rename(one / new)
    write(tmp_path, [[[0, 0, 1], 1.0, times(0.0), {"loss": 2.0, "info": {}}, None]], CONFIGS)
    (tmp_path / "my_results.json").write_text(json.dumps([[0, 0, 0], 1.0]))  # nothing beside it
    (tmp_path / "a_results.json").write_text("{}")
    (tmp_path / "a_configs.json").write_text("{}")
    runs = [READER.read(found, Options()).run for found in found_in(tmp_path)]
    assert [run.cost().tolist() for run in runs] == [[2.0], [1.0]]
    assert runs[1].name == f"{runs[0].name}-3"


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("hyperband", "Hyperband"),
        ("randomsearch", "Random Search"),
        ("random_search/seed3", "Random Search"),
        ("adult-HB-1", "Hyperband"),
        ("study_of_hyperband/bohb", "BOHB"),
        ("rs_7", "Random Search"),
        ("random_forest", "HpBandSter"),
        ("hyperband_vs_bohb", "HpBandSter"),
        ("thunderbird", "HpBandSter"),
    ],
)
def test_without_model_based_picks_the_folder_names_the_optimizer(tmp_path: Path, folder: str, label: str) -> None:
    place = tmp_path / "logs" / "of" / "mine" / folder
    place.mkdir(parents=True)
    silent = [[key, values, {}] for key, values, _ in CONFIGS]
    results = [[[0, 0, n], 1.0, times(n), {"loss": 1.0, "info": {}}, None] for n in range(4)]
    run = read(write(place, results, silent)).run
    assert (run.optimizer.name, run.provenance.group) == (label, label)
    told = [note.text for note in run.notes if "label from the folder" in note.text or "which BOHB writes" in note.text]
    assert len(told) == 1
    assert told[0].startswith("the log has no") == (run.provenance.label_from is None)
    # what the log says counts for more than the folder
    run = read(write(place, results, CONFIGS)).run
    assert (run.optimizer.name, run.provenance.group, run.provenance.label_from is not None) == ("BOHB", "BOHB", False)


@pytest.mark.parametrize(("folder", "label"), [("lcnet", "LCNet"), ("H2BO_0", "H2BO"), ("LC-Net", "LCNet")])
def test_other_optimizers_of_hpbandster_are_told_by_the_folder(tmp_path: Path, folder: str, label: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "configs.json").write_text('[[0, 0, 0], {"x": 0.5}, {}]\n')
    stamps = '{"submitted": 1.0, "started": 1.0, "finished": 2.0}'
    line = f'[[0, 0, 0], 3, {stamps}, {{"loss": 1.0, "info": {{}}}}, null]\n'
    (tmp_path / folder / "results.json").write_text(line)
    assert read_one(tmp_path, "bohb").run.label == label
