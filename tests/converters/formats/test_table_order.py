"""The order of a home-made table's rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from encave.analysis.performance.anytime import trajectory
from encave.analysis.performance.axis import Axis
from encave.converters.formats.table.frames import guessed
from encave.converters.formats.table.reader import TableReader
from encave.converters.parts.metrics import more_is_better
from encave.converters.reader import Options, ReadResult
from encave.converters.survey import find
from encave.errors import EncaveError

from ..reading import LOGS, notes

EVALUATIONS = Axis("evaluations", "evaluations", None)
LOSS = {"objective": "loss", "hyperparameters": "x"}


def read(path: Path, **mapping: str) -> ReadResult:
    (found,) = find(path, [TableReader(mapping)])
    return found.reader.read(found.found, Options(mapping=mapping))


def a_table(folder: Path, text: str, **mapping: str) -> ReadResult:
    (folder / "log.csv").write_text(text, encoding="utf-8")
    return read(folder / "log.csv", **LOSS, **mapping)


def best_so_far(result: ReadResult, objective: str = "loss") -> list[float]:
    found = trajectory(result.run, EVALUATIONS, ["cost:" + objective])
    (values,) = found.values.values()
    return [float(values[found.positions <= at][-1]) for at in range(1, len(result.run) + 1)]


def test_rows_are_put_in_the_order_of_the_trials() -> None:
    mapping = {"objective": "value:minimize", "hyperparameters": "params_*", "trial_id": "number"}
    result = read(LOGS / "odd" / "table_sorted", **mapping)
    assert result.run.column("trial_id").tolist() == [0, 1, 2, 3, 4]
    assert best_so_far(result, "value") == [0.5, 0.5, 0.3, 0.3, 0.1]
    assert [result.run.configuration(int(i))["x"] for i in result.run.column("config_id")] == [3, 4, 2, 5, 1]
    assert "derived 5: rows are put in the order of number" in notes(result)
    assert "sorted by value" not in notes(result)


def test_a_frame_of_optuna_tells_its_order_itself() -> None:
    result = read(LOGS / "odd" / "table_sorted", objective="value:minimize", hyperparameters="params_*")
    assert "derived 5: rows are put in the order of number" in notes(result)
    assert result.run.trials["cost:value"].to_pylist() == [0.5, 0.7, 0.3, 0.9, 0.1]


def test_without_an_order_a_sorted_table_is_flagged(tmp_path: Path) -> None:
    result = a_table(tmp_path, "x,loss\n1,0.1\n2,0.3\n3,0.5\n4,0.7\n5,0.9\n")
    assert "flagged 5: rows look sorted by value (loss): say the order with trial_id=" in notes(result)
    assert result.run.trials["cost:loss"].to_pylist() == [0.1, 0.3, 0.5, 0.7, 0.9]  # nothing is guessed


@pytest.mark.parametrize(
    ("losses", "flagged"),
    [
        ([5, 4, 3, 2, 2], True),
        ([1, 1, 1, 2, 3], True),
        ([1, 2, 3, 4, 0], False),
        ([1, 1, 1, 1, 1], False),
        ([1, 2, 3, 4], False),
        (["", 1, 2, "", 3, 4, 5], True),
    ],
)
def test_what_looks_sorted(tmp_path: Path, losses: list[Any], flagged: bool) -> None:
    text = "x,loss\n" + "".join(f"{place},{loss}\n" for place, loss in enumerate(losses))
    assert ("sorted by value" in notes(a_table(tmp_path, text))) == flagged


@pytest.mark.parametrize(
    ("mapping", "column", "cells"),
    [
        ({"evaluation": "at"}, "at", [30, 1, 20]),
        ({"end": "at"}, "at", [9.5, 1.25, 3.0]),
        ({"start": "at"}, "at", [9.5, 1.25, 3.0]),
        ({"end": "at"}, "at", ["2024-03-01T10:00:09", "2024-03-01T09:59:59", "2024-03-01T10:00:00"]),
        ({"trial_id": "at", "end": "other"}, "at", [7, -1, 3]),
    ],
)
def test_counts_and_times_tell_the_order(
    tmp_path: Path, mapping: dict[str, str], column: str, cells: list[Any]
) -> None:
    rows = zip(cells, [3.0, 1.0, 2.0], [1, 2, 3], strict=True)
    text = f"x,loss,{column},other\n" + "".join(f"{loss},{loss},{cell},{n}\n" for cell, loss, n in rows)
    assert a_table(tmp_path, text, **mapping).run.trials["cost:loss"].to_pylist() == [1.0, 2.0, 3.0]


def test_rows_without_the_order_go_last_and_durations_follow_it(tmp_path: Path) -> None:
    text = "x,loss,at,took\n1,1,,1\n2,2,2,10\n3,3,1,100\n"
    result = a_table(tmp_path, text, evaluation="at", duration="took")
    assert result.run.trials["cost:loss"].to_pylist() == [3.0, 2.0, 1.0]
    assert result.run.trials["end"].to_pylist() == [100.0, 110.0, 111.0]


def test_each_run_of_a_table_has_its_own_order(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("run,n,x,loss\na,1,1,1\nb,1,2,2\na,0,3,3\nb,0,4,4\n")
    mapping = {**LOSS, "run": "run", "trial_id": "n"}
    found = find(tmp_path, [TableReader(mapping)])
    runs = [one.reader.read(one.found, Options(mapping=mapping)).run for one in found]
    assert [run.trials["cost:loss"].to_pylist() for run in runs] == [[3.0, 1.0], [4.0, 2.0]]


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("n_evals", (1, 9, 40, 200), "the column n_evals counts up to 200, and there are 4 rows: if it counts "
         "evaluations, say --map evaluation=n_evals"),
        ("number", (3, 2, 1, 0), "rows are not in the order of the column number: if trials were made in that, "
         "say --map trial_id=number"),
        ("seed", (7, 7, 9, 9), "the column seed has 2 values, and all rows are taken for one run: if each is "
         "a run of its own, say --map run=seed"),
        ("dataset", ("a", "b", "a", "b"), "if each is a run of its own, say --map task=dataset"),
        ("algorithm", ("a", "b", "a", "b"), "if each is a run of its own, say --map optimizer=algorithm"),
    ],
)  # fmt: skip
def test_what_columns_without_a_role_tell_is_flagged(
    tmp_path: Path, column: str, values: Sequence[Any], told: str
) -> None:
    costs = (3, 1, 2, 0)
    rows = "".join(f"{row},{costs[row]},{value}\n" for row, value in enumerate(values))
    assert told in notes(a_table(tmp_path, f"x,loss,{column}\n{rows}"))
    role = told.rpartition("--map ")[2]
    key, _, value = role.partition("=")
    mapping = {**LOSS, key: value}
    for found in find(tmp_path, [TableReader(mapping)]):
        assert "--map" not in notes(found.reader.read(found.found, Options(mapping=mapping)))


def test_what_tells_of_the_trial_is_no_hyperparameter_of_the_way_in() -> None:
    names = ["lr", "depth", "seed", "n_evals", "trial_id", "status", "timestamp", "loss"]
    assert guessed(names) == {"objective": "loss", "hyperparameters": ["lr", "depth"], "run": ["seed"]}


LONG = "algorithm,dataset,fold,seed,n,lr,loss\n" + "".join(
    f"{algorithm},{dataset},{fold},{seed},{n},0.{seed}{n},{n + fold}\n"
    for algorithm in ("RS", "TPE")
    for dataset in ("adult", "letter")
    for fold in (0, 1)
    for seed in (3, 4)
    for n in (1, 0)
)


def test_a_table_of_several_optimizers_tasks_and_seeds_is_told_and_read(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text(LONG)
    [result] = _read(tmp_path, {"objective": "loss", "hyperparameters": "lr"})
    way = "--map run=seed --map optimizer=algorithm --map task=dataset"
    assert "seed has 2 values and algorithm has 2 values and dataset has 2 values" in notes(result)
    assert way in notes(result)
    assert guessed(LONG.splitlines()[0].split(",")) == {
        "objective": "loss",
        "hyperparameters": ["fold", "n", "lr"],
        "run": ["seed"],
        "optimizer": ["algorithm"],
        "task": ["dataset"],
    }
    mapping = {**LOSS, "hyperparameters": "lr", "optimizer": "algorithm", "task": "dataset,fold", "run": "seed"}
    runs = [one.run for one in _read(tmp_path, mapping | {"trial_id": "n"})]
    found = {(run.optimizer.name, run.task, run.seed) for run in runs}
    tasks = [f"{name}, fold {fold}" for name in ("adult", "letter") for fold in (0, 1)]
    assert found == {(name, task, seed) for name in ("RS", "TPE") for task in tasks for seed in (3, 4)}
    assert len(runs) == 16 and {run.provenance.seed_from for run in runs} == {"column seed"}
    assert {tuple(run.trials["cost:loss"].to_pylist()) for run in runs} == {(0.0, 1.0), (1.0, 2.0)}


def test_numbers_of_trials_that_occur_twice_are_refused_with_the_way_in(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text("number,value,params_x,study_name\n0,1,1,a\n0,2,2,b\n")
    with pytest.raises(EncaveError, match=r"the number 0 more than once.*say --map run=study_name;"):
        _read(tmp_path, {})
    assert len(_read(tmp_path, {"run": "study_name"})) == 2


@pytest.mark.parametrize(
    ("names", "told", "flagged"),
    [("accuracy", "accuracy", True), ("accuracy", "accuracy:minimize", False), ("accuracy", "accuracy:max", False),
     ("neg_accuracy", "neg_accuracy", False), ("f1", "f1", True), ("f1,f2", "f1,f2", False), ("loss", "loss", False)],
)  # fmt: skip
def test_a_direction_that_is_not_told_is_flagged_where_the_name_says_another(
    tmp_path: Path, names: str, told: str, flagged: bool
) -> None:
    (tmp_path / "t.csv").write_text(f"x,{names}\n1{',2' * len(names.split(','))}\n")
    [result] = _read(tmp_path, {"objective": told, "hyperparameters": "x"})
    assert ("counts as better the lower" in notes(result)) == flagged


def _read(folder: Path, mapping: dict[str, str]) -> list[ReadResult]:
    options = Options(mapping=mapping)
    return [one.reader.read(one.found, options) for one in find(folder, [TableReader(mapping)])]


REPORTS = "trial,epoch,lr,loss\n" + "".join(
    f"t{trial},{epoch},0.{trial},{3 - epoch + trial}\n" for epoch in (1, 2, 3) for trial in (1, 2)
)


def test_rows_that_are_reports_of_one_trial_cost_the_difference(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(REPORTS)
    mapping = {**LOSS, "hyperparameters": "lr", "budget": "epoch"}
    [result] = _read(tmp_path, mapping)
    assert "count as trainings from the start: if they are reports of one, say --map trial=" in notes(result)
    assert result.run.spent().tolist() == [1, 1, 2, 2, 3, 3] and result.run.evaluations is None
    [result] = _read(tmp_path, mapping | {"trial": "trial"})
    assert "--map trial" not in notes(result)
    assert result.run.trials["continues"].to_pylist() == [None, None, 0, 1, 2, 3]
    assert result.run.trials["evaluation"].to_pylist() == [1, 2, 2, 2, 2, 2]
    assert result.run.spent().tolist() == [1] * 6


def test_rungs_of_a_schedule_are_no_reports(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("epoch,lr,loss\n1,.1,3\n3,.1,2\n9,.1,1\n1,.2,4\n")
    [result] = _read(tmp_path, {**LOSS, "hyperparameters": "lr", "budget": "epoch"})
    assert "reports" not in notes(result)


def test_every_report_of_rays_trials_is_read_as_such(tmp_path: Path) -> None:
    rows = "a,0.4,0.1,1,148,10\na,0.5,0.1,2,158,20\nb,0.3,0.2,1,149,11\n"
    (tmp_path / "t.csv").write_text(f"trial_id,val_acc,config/lr,training_iteration,timestamp,time_total_s\n{rows}")
    [result] = _read(tmp_path, {})
    assert result.run.trials["continues"].to_pylist() == [None, None, 0]
    assert result.run.trials["evaluation"].to_pylist() == [1, 2, 2]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["target", "params.x", "params.y"], {"objective": "target", "hyperparameters": ["params.*"]}),
        (
            ["score", "config.lr", "training_iteration"],
            {"objective": "score:maximize", "hyperparameters": ["config.*"]},
        ),
        (["rank", "lr", "loss"], {"objective": "loss", "hyperparameters": ["lr"]}),
        (["x", "y", "train_loss", "val_loss"], {"objective": "val_loss", "hyperparameters": ["x", "y"]}),
        (["x", "y", "loss", "val_loss"], {"objective": "val_loss", "hyperparameters": ["x", "y"]}),
        (["x", "y"], {"objective": "y", "hyperparameters": ["x"]}),
        (
            ["n_gen", "n_eval", "x0", "x1", "f1", "f2", "g1"],
            {"objective": ["f1", "f2"], "hyperparameters": ["x0", "x1"], "constraint": ["g1"]},
        ),
    ],
)
def test_the_way_in_takes_no_parameter_for_the_objective(names: list[str], told: dict[str, Any]) -> None:
    assert guessed(names) == told


def _clock(tmp_path: Path, day: str, **roles: str) -> ReadResult:
    times = [("02:59:00", "02:59:40"), ("02:59:50", "02:00:05"), ("02:00:20", "02:00:30"), ("02:00:40", "02:01:30")]
    rows = "".join(f"{n},{n},{9 - n},{day} {start},{day}T{end}\n" for n, (start, end) in enumerate(times))
    (tmp_path / "t.csv").write_text(f"n,x,loss,began,ended\n{rows}")
    [result] = _read(tmp_path, LOSS | {"start": "began", "end": "ended", **roles})
    return result


@pytest.mark.parametrize("roles", [{}, {"trial_id": "n"}])
def test_the_hour_that_comes_twice_when_summer_time_ends(tmp_path: Path, roles: dict[str, str]) -> None:
    result = _clock(tmp_path, "2023-10-29", **roles)
    assert "the clock went back an hour" in notes(result)
    assert result.run.trials["cost:loss"].to_pylist() == [9.0, 8.0, 7.0, 6.0]
    assert result.run.trials["start"].to_pylist() == [0.0, 50.0, 80.0, 100.0]
    assert result.run.trials["end"].to_pylist() == [40.0, 65.0, 90.0, 150.0]


def test_rows_of_two_workers_one_after_the_other_are_no_change_of_the_clock(tmp_path: Path) -> None:
    result = _clock(tmp_path, "2023-10-30")
    assert "the clock" not in notes(result)


@pytest.mark.parametrize(
    ("day", "hours", "told"),
    [
        ("2024-03-31", ("01:50", "01:58", "03:01", "03:09"), True),
        ("2024-03-10", ("00:00", "01:58", "04:01", "04:09"), True),
        ("2024-03-31", ("01:50", "02:10", "03:01", "03:09"), False),
        ("2024-03-24", ("01:50", "01:58", "03:01", "03:09"), False),
        ("2024-03-31", ("01:50Z", "01:58Z", "03:01Z", "03:09Z"), False),
        ("2024-03-31", ("03:01", "03:09", "03:10", "03:19"), False),
    ],
)
def test_the_hour_that_does_not_exist_when_summer_time_begins(
    tmp_path: Path, day: str, hours: tuple[str, ...], told: bool
) -> None:
    rows = "".join(f"{n},{n},{9 - n},{day}T{at}\n" for n, at in enumerate(hours))
    (tmp_path / "t.csv").write_text(f"n,x,loss,ended\n{rows}")
    [result] = _read(tmp_path, LOSS | {"end": "ended"})
    assert ("clocks go forward an hour" in notes(result)) == told


@pytest.mark.parametrize(
    ("name", "more"),
    [
        *((name, True) for name in ("accuracy", "top_1_acc", "top-1-accuracy", "neg_log_loss", "neg_max_error")),
        *((name, False) for name in ("val_loss", "1-accuracy", "neg_accuracy", "minus_reward", "rmse", "neg_value")),
    ],
)
def test_which_way_is_better_by_the_name(name: str, more: bool) -> None:
    assert more_is_better(name) is more
