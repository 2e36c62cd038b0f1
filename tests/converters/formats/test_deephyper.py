"""DeepHyper's results.csv; the logs were made with DeepHyper 0.13.2."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from ConfigSpace import ConfigurationSpace

from encave.errors import EncaveError

from ..reading import LOGS, notes, read_one

RE = LOGS / "deephyper" / "re"
MULTI = LOGS / "deephyper" / "multi-objective"
HEADER = "p:x,p:op,objective,job_id,job_status,m:timestamp_submit,m:timestamp_gather\n"


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def write(folder: Path, text: str) -> Path:
    (folder / "results.csv").write_text(HEADER + text)
    return folder


def test_a_real_log_row_by_row() -> None:
    rows = rows_of(RE)
    result = read_one(RE, "deephyper")
    run = result.run
    assert (result.read, len(run)) == (40, 40)
    assert run.objectives[0].direction == "maximize"
    for trial, row in zip(run.trials.to_pylist(), rows, strict=True):
        failed = row["objective"].startswith("F_")
        assert trial["status"] == ("crashed" if failed else "success")
        assert trial["cost:objective"] == (None if failed else float(row["objective"]))
        assert trial["extra:raw_objective"] == row["objective"]
        assert trial["start"] == float(row["m:timestamp_submit"])
        assert trial["end"] == float(row["m:timestamp_gather"])
        logged = {name: str(value) for name, value in run.configuration(trial["config_id"]).items()}
        assert logged.pop("lr") == str(float(row["p:lr"]))
        assert logged == {k.removeprefix("p:"): v for k, v in row.items() if k.startswith("p:") and k != "p:lr"}
    assert run.inferred_space
    assert "F_nan_loss" in notes(result)
    best = max(float(row["objective"]) for row in rows if not row["objective"].startswith("F_"))
    incumbent = run.incumbent()
    assert incumbent is not None and incumbent.value == best


def test_several_objectives() -> None:
    rows = rows_of(MULTI)
    run = read_one(MULTI, "deephyper").run
    assert [objective.name for objective in run.objectives] == ["objective_0", "objective_1"]
    assert run.column("cost:objective_1").tolist() == [float(row["objective_1"]) for row in rows]


def test_statuses_and_inactive_hyperparameters(tmp_path: Path) -> None:
    text = (
        "1,a,2.5,0,DONE,0.1,0.2\n"
        "2,,F_out_of_memory,1,DONE,0.1,0.3\n"
        "2,a,F_CANCELLED,2,CANCELLED,0.1,0.4\n"
        "3,a,F_timeout,3,DONE,0.2,0.4\n"
        "3,a,,4,RUNNING,0.2,\n"
        "1,a,inf,5,DONE,0.2,0.5\n"
    )
    run = read_one(write(tmp_path, text), "deephyper").run
    assert run.status_counts() == {"success": 1, "crashed": 2, "timeout": 1, "aborted": 1, "running": 1}
    assert run.configuration(1) == {"x": 2}
    assert run.column("config_id").tolist() == [0, 1, 2, 3, 3, 0]
    assert math.isnan(run.column("end")[4])


def test_the_space_given_is_used(tmp_path: Path) -> None:
    space = ConfigurationSpace({"x": (0, 9), "op": ["a", "b"]})
    run = read_one(write(tmp_path, "1,a,2.5,0,DONE,0.1,0.2\n"), "deephyper", space).run
    assert run.space == space
    with pytest.raises(EncaveError, match="outside the space"):
        read_one(write(tmp_path, "1,c,2.5,0,DONE,0.1,0.2\n"), "deephyper", space)


def test_a_log_that_breaks_off(tmp_path: Path) -> None:
    result = read_one(write(tmp_path, "1,a,2.5,0,DONE,0.1,0.2\n1,a,2."), "deephyper")
    assert (result.read, len(result.run), result.dropped) == (2, 1, 1)
    assert "may be cut off" in notes(result)


def test_a_log_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match="no row"):
        read_one(write(tmp_path, ""), "deephyper")


def test_objectives_that_stand_as_a_list_in_each_column(tmp_path: Path) -> None:
    header = ",p:x,objective_0,objective_1,job_id,m:timestamp_start,m:timestamp_end\n"
    rows = ("0,0.1,1.5,-2,0,1700000005,1700000007\n", '1,0.2,"[3, -4.5]","[3, -4.5]",1,1700000002,1700000003\n')
    (tmp_path / "results.csv").write_text(header + "".join(rows) + '2,0.3,"[3]","[3]",2,1700000006,1700000009\n')
    result = read_one(tmp_path, "deephyper")
    run = result.run
    assert run.trials["cost:objective_0"].to_pylist() == [1.5, 3.0, None]
    assert run.trials["cost:objective_1"].to_pylist() == [-2.0, -4.5, None]
    assert run.trials["status"].to_pylist() == ["success", "success", "crashed"]
    assert "list of all in its place" in notes(result)
    assert run.trials["start"].to_pylist() == [3.0, 0.0, 4.0]
    assert run.trials["end"].to_pylist() == [5.0, 1.0, 7.0]
    assert "a trial lasts as long as its job ran" in notes(result)
    assert "extra:" not in run.trials.column_names


def test_the_objective_that_is_no_number_is_quoted(tmp_path: Path) -> None:
    head = "p:x,objective_0,objective_1,job_id,m:timestamp_submit,m:timestamp_gather\n"
    rows = "0.1,0.5,1.0,0,0.1,1.0\n0.2,0.9,inf,1,0.2,2.0\n0.3,0.7,F_timeout,2,0.3,3.0\n0.4,F_CANCELLED,2.0,3,0.4,4.0\n"
    (tmp_path / "results.csv").write_text(head + rows)
    result = read_one(tmp_path, "deephyper")
    assert result.run.column("status").tolist() == ["success", "crashed", "timeout", "aborted"]
    assert 'flagged 3: the objective is no finite number ("inf", "F_timeout", "F_CANCELLED")' in notes(result)
    assert result.run.trials["cost:objective_0"].to_pylist() == [0.5, None, None, None]
    assert result.run.trials["extra:raw_objective_0"].to_pylist() == ["0.5", "0.9", "0.7", "F_CANCELLED"]
