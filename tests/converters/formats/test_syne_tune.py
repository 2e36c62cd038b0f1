"""Syne Tune's results.csv.zip and metadata.json: one trial per report."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from encave.analysis.performance.axis import Axis
from encave.converters.reader import ReadResult
from encave.errors import EncaveError

from ..reading import LOGS, notes, read_one

REAL = sorted((LOGS / "syne-tune").iterdir())
SPACE: dict[str, Any] = {
    "lr": {
        "domain_cls": "Float",
        "domain_kwargs": {"lower": 1e-4, "upper": 1.0},
        "sampler_cls": "LogUniform",
        "sampler_kwargs": {"base": 10},
    },
    "units": {"domain_cls": "Integer", "domain_kwargs": {"lower": 8, "upper": 64}, "sampler_cls": "Uniform"},
    "width": {"domain_cls": "FiniteRange", "domain_kwargs": {"lower": 1, "upper": 9, "size": 5, "cast_int": True}},
    "batch": {"domain_cls": "Ordinal", "domain_kwargs": {"categories": [16, 32], "kind": "equal"}},
    "op": {"domain_cls": "Categorical", "domain_kwargs": {"categories": ["none", "1", True]}, "sampler_cls": "Uniform"},
    "data": "cifar10",
    "gpus": None,
}
HEADER = ["acc", "st_worker_time", "trial_id", *(f"config_{name}" for name in SPACE if name != "gpus"), "st_tuner_time"]
ROWS = [
    [0.5, 3.0, 0, 0.1, 8, 3, 16, "none", "cifar10", 4.0],
    [0.7, 2.0, 2, 1e-4, 64, 9, 32, "True", "cifar10", 5.0],
    ["nan", 2.0, 3, 1.0, 9, 1, 16, "1", "cifar10", 9.5],
]


def write(folder: Path, rows: list[list[Any]], metadata: dict[str, Any] | None = None) -> Path:
    told = {
        "st_tuner_creation_timestamp": 1795311069.6,
        "scheduler_name": "REA",
        "scheduler_kwargs": {"random_seed": 7},
        "config_space": json.dumps(SPACE),
        "metric_names": ["acc"],
        "metric_mode": "max",
    }
    (folder / "metadata.json").write_text(json.dumps(told | (metadata or {})))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
    with zipfile.ZipFile(folder / "results.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("results.csv", text.getvalue())
    return folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(folder / "results.csv.zip") as archive:
        return list(csv.DictReader(io.StringIO(archive.read("results.csv").decode())))


@pytest.mark.parametrize("folder", REAL, ids=lambda folder: folder.name[:8])
def test_real_logs_report_by_report(folder: Path) -> None:
    rows = rows_of(folder)
    result = read_one(folder, "syne-tune")
    run = result.run
    assert (result.read, len(run)) == (len(rows), len(rows))
    assert run.budget_name == "epoch"
    for trial, row in zip(run.trials.to_pylist(), rows, strict=True):
        assert trial["config_id"] == int(row["trial_id"])
        assert trial["budget"] == float(row["epoch"])
        assert trial["cost:val_err"] == float(row["val_err"])
        assert trial["end"] == float(row["st_tuner_time"])
        assert 0 <= trial["start"] <= trial["end"]
        assert trial["extra:st_decision"] == row["st_decision"]
        logged = {name: str(value) for name, value in run.configuration(trial["config_id"]).items()}
        assert logged == {k.removeprefix("config_"): v for k, v in row.items() if k.startswith("config_")}
    assert not run.inferred_space
    assert "1 trials up to number" in notes(result)  # one crashed before its first report


def test_labels_and_seeds_of_real_logs() -> None:
    asha, re = (read_one(folder, "syne-tune") for folder in REAL)
    assert (asha.run.optimizer.name, re.run.optimizer.name) == ("ASHA", "RE")
    assert asha.run.provenance.seed == 1
    assert "taken as the budget" not in notes(asha)  # ASHA names its resource
    assert "taken as the budget" in notes(re)


def test_every_kind_of_domain(tmp_path: Path) -> None:
    result = read_one(write(tmp_path, ROWS), "syne-tune")
    run = result.run
    expected = {"lr": 1e-4, "units": 64, "width": 9, "batch": 32, "op": True, "data": "cifar10"}
    assert run.configuration(2) == expected
    assert run.configuration(3)["op"] == "1"
    assert run.space["lr"].log and not run.space["units"].log
    assert "left out: gpus" in notes(result)
    assert run.objectives[0].direction == "maximize"
    assert run.status_counts() == {"success": 2, "crashed": 1}
    assert run.column("extra:raw_acc").tolist() == ["0.5", "0.7", "nan"]
    assert run.column("start").tolist() == [1.0, 3.0, 7.5]
    assert run.budgets == ()
    assert run.provenance.seed == 7


def test_several_metrics_with_their_own_directions(tmp_path: Path) -> None:
    told = {"metric_names": ["acc", "st_worker_time"], "metric_mode": ["max", "min"]}
    run = read_one(write(tmp_path, ROWS, told), "syne-tune").run
    assert [o.direction for o in run.objectives] == ["maximize", "minimize"]


def test_bad_rows_are_counted(tmp_path: Path) -> None:
    rows = [*ROWS, [0.9, 1.0, 4], [0.9, 1.0, "x", *ROWS[0][3:]]]
    result = read_one(write(tmp_path, rows), "syne-tune")
    assert (result.read, len(result.run), result.dropped) == (5, 3, 2)
    assert "another number of cells" in notes(result)


@pytest.mark.parametrize("name", ["metadata.json", "results.csv.zip"])
def test_half_a_log_is_refused(tmp_path: Path, name: str) -> None:
    write(tmp_path, ROWS)
    (tmp_path / name).unlink()
    with pytest.raises(EncaveError, match=f"has no {name}"):
        read_one(tmp_path, "syne-tune")


@pytest.mark.parametrize("kept", [0, 10, 200])
def test_a_truncated_archive_is_refused(tmp_path: Path, kept: int) -> None:
    path = write(tmp_path, ROWS) / "results.csv.zip"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(EncaveError, match="not a whole zip archive"):
        read_one(tmp_path, "syne-tune")


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    with zipfile.ZipFile(tmp_path / "results.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("results.csv", b"acc,trial_id\n" + b"1" * (32 * 1024 * 1024))
    with pytest.raises(EncaveError, match="unpacks from"):
        read_one(tmp_path, "syne-tune")


@pytest.mark.parametrize(
    "told",
    [
        {"config_space": "{"},
        {"config_space": "[]"},
        {"config_space": {"x": {"domain_cls": "Magic", "domain_kwargs": {}}}},
        {"config_space": {"x": {"domain_cls": "Float"}}},
        {"config_space": {"other": 1}},
        {"metric_names": ["nothing"]},
    ],
)
def test_metadata_that_does_not_fit_is_refused(tmp_path: Path, told: dict[str, Any]) -> None:
    with pytest.raises(EncaveError):
        read_one(write(tmp_path, ROWS, told), "syne-tune")


def test_the_shared_logs(shared: Path) -> None:
    for folder in sorted((shared / "logs" / "generated" / "syne-tune").iterdir()):
        assert len(read_one(folder, "syne-tune").run) == len(rows_of(folder))


@pytest.mark.parametrize("folder", REAL, ids=lambda folder: folder.name[:8])
def test_fidelity_axes_are_what_was_trained(folder: Path) -> None:
    last: dict[str, float] = {}
    for row in rows_of(folder):
        last[row["trial_id"]] = float(row["epoch"])  # no trial was resumed
    run = read_one(folder, "syne-tune").run
    full = Axis("full-evaluations", "full evaluations", None, 9.0)
    epochs, evaluations = Axis("epochs", "epochs", None), Axis("evaluations", "evaluations", None)
    assert epochs.end(run, epochs.positions(run)) == sum(last.values())
    assert full.end(run, full.positions(run)) == pytest.approx(sum(last.values()) / 9)
    assert evaluations.end(run, evaluations.positions(run)) == len(last)


REPORTS = ["epoch", "acc", "st_worker_iter", "trial_id", "config_lr", "st_tuner_time"]


def report(folder: Path, rows: list[list[Any]], header: list[str] = REPORTS) -> ReadResult:
    write(folder, [], {"config_space": json.dumps({"lr": SPACE["lr"]}), "scheduler_kwargs": {"time_attr": "epoch"}})
    text = "\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n"
    with zipfile.ZipFile(folder / "results.csv.zip", "w") as archive:
        archive.writestr("results.csv", text)
    return read_one(folder, "syne-tune")


def test_a_resumed_trial_is_another_evaluation_and_goes_on_where_it_was(tmp_path: Path) -> None:
    rows = [[1, 0.1, 0, 0, 0.1, 1], [2, 0.2, 1, 0, 0.1, 2], [1, 0.1, 0, 1, 0.2, 3], [3, 0.3, 0, 0, 0.1, 4]]
    result = report(tmp_path, rows)
    assert result.run.trials["continues"].to_pylist() == [None, 0, None, 1]
    assert result.run.evaluation.tolist() == [1, 1, 2, 3]
    assert "derived 2: reports at a higher budget continue" in notes(result)
    assert "derived 1: further reports of one call of the objective" in notes(result)


def test_a_trial_that_begins_anew_trains_anew(tmp_path: Path) -> None:
    rows = [[1, 0.1, 0, 0, 0.1, 1], [3, 0.2, 1, 0, 0.1, 2], [1, 0.1, 0, 0, 0.1, 3], [9, 0.3, 1, 0, 0.1, 4]]
    run = report(tmp_path, rows).run
    assert run.spent().tolist() == [1.0, 2.0, 1.0, 8.0]
    assert run.evaluation.tolist() == [1, 1, 2, 2]


def test_without_the_workers_count_a_lower_budget_tells(tmp_path: Path) -> None:
    rows = [[1, 0.1, 0, 0.1, 1], [3, 0.2, 0, 0.1, 2], [1, 0.1, 0, 0.1, 3]]
    run = report(tmp_path, rows, [name for name in REPORTS if name != "st_worker_iter"]).run
    assert run.spent().tolist() == [1.0, 2.0, 1.0]


def test_one_report_a_trial_continues_nothing(tmp_path: Path) -> None:
    run = report(tmp_path, [[9, 0.1, 0, 0, 0.1, 1], [9, 0.2, 0, 1, 0.1, 2]]).run
    assert not {"continues", "evaluation"} & set(run.trials.column_names)
