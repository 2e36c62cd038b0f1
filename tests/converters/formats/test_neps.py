"""NePS' trial folders; the logs were made with NePS 0.12.2 and 0.17.0."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from ConfigSpace import CategoricalHyperparameter, UniformFloatHyperparameter

from encave.converters.formats.neps.space import fidelity_of
from encave.errors import EncaveError

from ..reading import LOGS, notes, read_one

HYPERBAND = LOGS / "neps" / "0.17-hyperband"
MULTI = LOGS / "neps" / "0.17-multi-objective"
OLD = LOGS / "neps" / "0.12-regularized-evolution"


def write(folder: Path, trial: str, config: dict[str, Any], loss: float | None, kind: str = "results") -> None:
    path = folder / kind / f"config_{trial}"
    path.mkdir(parents=True)
    (path / "config.yaml").write_text(yaml.safe_dump(config))
    (path / "metadata.yaml").write_text(yaml.safe_dump({"time_sampled": 100.0, "time_end": 101.0}))
    if loss is not None:
        (path / "result.yaml").write_text(yaml.safe_dump({"loss": loss}))


def test_a_real_hyperband_log_trial_by_trial() -> None:
    result = read_one(HYPERBAND, "neps")
    run = result.run
    assert (result.read, len(run), result.release) == (15, 15, "0.13 or later")
    assert run.budget_name == "epochs" and run.budgets == (1.0, 3.0, 9.0)
    for trial in run.trials.to_pylist():
        folder = HYPERBAND / "configs" / f"config_{trial['extra:neps_id']}"
        config = yaml.safe_load((folder / "config.yaml").read_text())
        report = yaml.safe_load((folder / "report.yaml").read_text())
        metadata = json.loads((folder / "metadata.json").read_text())
        assert trial["budget"] == config.pop("ENVIRONMENT__epochs")
        assert trial["cost:objective_to_minimize"] == report["objective_to_minimize"]
        assert trial["status"] == metadata["state"]  # success or crashed
        assert trial["end"] - trial["start"] == pytest.approx(metadata["time_end"] - metadata["time_started"], abs=1e-6)
        assert trial["worker"] == metadata["evaluating_worker_id"]
        named = {key.removeprefix("SAMPLING__Resolvable.").partition("::")[0]: value for key, value in config.items()}
        assert run.configuration(trial["config_id"]) == named
    assert run.configurations.num_rows == 11  # four were promoted
    assert run.column("end").tolist() == sorted(run.column("end").tolist())


def test_the_space_is_read_from_the_names() -> None:
    result = read_one(HYPERBAND, "neps")
    space = result.run.space
    assert space["lr"] == UniformFloatHyperparameter("lr", 1e-4, 1.0, log=True)
    assert (space["units"].lower, space["units"].upper, space["units"].log) == (8, 64, False)
    assert space["op_0"] == CategoricalHyperparameter("op_0", [0, 1, 2])
    assert not result.run.inferred_space
    assert "choices are numbers" in notes(result)


def test_several_objectives() -> None:
    run = read_one(MULTI, "neps").run
    assert [objective.name for objective in run.objectives] == ["objective_to_minimize_0", "objective_to_minimize_1"]
    for trial in run.trials.to_pylist():
        path = MULTI / "configs" / f"config_{trial['extra:neps_id']}" / "report.yaml"
        wanted = yaml.safe_load(path.read_text())["objective_to_minimize"]
        assert [trial["cost:objective_to_minimize_0"], trial["cost:objective_to_minimize_1"]] == wanted


def test_a_real_log_of_release_0_12() -> None:
    result = read_one(OLD, "neps")
    run = result.run
    assert (len(run), result.release, run.optimizer.name) == (14, "0.12 or earlier", "RE")
    assert run.status_counts() == {"success": 13, "crashed": 1}
    for trial in run.trials.to_pylist():
        folder = OLD / "results" / f"config_{trial['extra:neps_id']}"
        if trial["status"] == "success":
            assert trial["cost:loss"] == yaml.safe_load((folder / "result.yaml").read_text())["loss"]
        else:
            assert trial["extra:err"] == yaml.safe_load((folder / "error.yaml").read_text())["err"]
        assert run.configuration(trial["config_id"]) == yaml.safe_load((folder / "config.yaml").read_text())


def test_rungs_tell_which_hyperparameter_is_the_fidelity(tmp_path: Path) -> None:
    for base, x in enumerate((0.25, 0.5, 0.75)):
        write(tmp_path, f"{base}_0", {"x": x, "epochs": 3, "n": base}, 1.0)
    write(tmp_path, "1_1", {"x": 0.5, "epochs": 9, "n": 1}, 0.5)
    run = read_one(tmp_path, "neps").run
    assert (run.budget_name, run.budgets) == ("epochs", (3.0, 9.0))
    assert run.configurations.num_rows == 3
    assert list(run.space) == ["n", "x"]


def test_further_results_whose_names_are_numbers(tmp_path: Path) -> None:
    write(tmp_path, "1", {"x": 1}, 2.0)
    report = tmp_path / "results" / "config_1" / "result.yaml"
    report.write_text(yaml.safe_dump({**yaml.safe_load(report.read_text()), "info_dict": {200: 0.5, "cost": 3}}))
    run = read_one(tmp_path, "neps").run
    assert run.trials["extra:200"].to_pylist() == [0.5]
    assert run.trials["extra:cost"].to_pylist() == [3]


def test_trials_that_have_not_ended(tmp_path: Path) -> None:
    write(tmp_path, "1", {"x": 1}, 2.0)
    write(tmp_path, "2", {"x": 2}, None)
    write(tmp_path, "10", {"x": 3}, float("nan"))
    result = read_one(tmp_path, "neps")
    statuses = dict(zip(result.run.column("extra:neps_id"), result.run.column("status"), strict=True))
    assert statuses == {"1": "success", "2": "not-evaluated", "10": "crashed"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 1\n",
        "x: [1, 2",
        "x: !!python/object/apply:os.system ['echo executed']",
        "\x00\x01",
        # a few hundred bytes that stand for 9^9 values
        "a: &a [1,1,1,1,1,1,1,1,1]\n"
        + "\n".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    ],
)
def test_a_trial_that_cannot_be_read_is_counted(tmp_path: Path, text: str) -> None:
    shutil.copytree(MULTI, tmp_path / "log")
    (tmp_path / "log" / "configs" / "config_2" / "config.yaml").write_text(text)
    result = read_one(tmp_path / "log", "neps")
    assert (result.read, len(result.run), result.dropped) == (6, 5, 1)
    assert "config_2" in notes(result)


@pytest.mark.parametrize("text", ["[1]", "3", "null", "{", "[" * 100_000])
def test_a_trial_whose_metadata_cannot_be_read_is_counted(tmp_path: Path, text: str) -> None:
    write(tmp_path, "1", {"x": 1}, 2.0)
    write(tmp_path, "2", {"x": 2}, 3.0)
    (tmp_path / "results" / "config_2" / "metadata.json").write_text(text)
    result = read_one(tmp_path, "neps")
    assert (result.read, len(result.run), result.dropped) == (2, 1, 1)
    assert "metadata.json is damaged" in notes(result)


def test_a_log_without_a_readable_trial_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "1", {"x": 1}, 2.0)
    (tmp_path / "results" / "config_1" / "config.yaml").write_text("")
    with pytest.raises(EncaveError, match="0 bytes"):
        read_one(tmp_path, "neps")


def test_other_folders_named_results_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "1", {"x": 1}, 2.0, kind="outcomes")
    (tmp_path / "results").mkdir()
    with pytest.raises(AssertionError):
        read_one(tmp_path, "neps")


def test_lone_values_that_releases_to_0_11_wrote(tmp_path: Path) -> None:
    for number, result in enumerate(("0.5\n...\n", "error\n...\n", "loss: 0.25\n")):
        write(tmp_path, str(number + 1), {"x": 0.1 * number}, None)
        (tmp_path / "results" / f"config_{number + 1}" / "result.yaml").write_text(result)
    result = read_one(tmp_path, "neps")
    assert (result.read, result.dropped) == (3, 0)
    assert result.run.trials["status"].to_pylist() == ["success", "crashed", "success"]
    assert result.run.trials["cost:loss"].to_pylist() == [0.5, None, 0.25]


def test_a_promoted_trial_continues_the_one_before() -> None:
    result = read_one(HYPERBAND, "neps")
    run = result.run
    rows = {row["trial_id"]: row for row in run.trials.to_pylist()}
    promoted = [row for row in rows.values() if row["continues"] is not None]
    assert len(promoted) == 4
    for row in promoted:
        assert rows[row["continues"]]["extra:neps_id"] == row["extra:previous_trial_id"]
        assert rows[row["continues"]]["config_id"] == row["config_id"]
    trained = {}
    for row in sorted(rows.values(), key=lambda row: row["budget"]):
        trained[row["config_id"]] = row["budget"]
    assert run.spent().sum() == sum(trained.values())
    assert "derived 4: trials on a higher rung continue" in notes(result)


def test_without_the_name_of_the_one_before_the_id_tells(tmp_path: Path) -> None:
    levels = [("1_rung_0", 1), ("2_rung_0", 1), ("1_rung_1", 3), ("1_rung_2", 9), ("3_rung_1", 3)]
    for trial, epochs in levels:
        write(tmp_path, trial, {"x": float(trial[0]), "epochs": epochs}, 1.0 / epochs)
    run = read_one(tmp_path, "neps").run
    ids = dict(zip(run.column("trial_id").tolist(), run.column("extra:neps_id").tolist(), strict=True))
    told = {ids[t]: ids.get(c) for t, c in zip(ids, run.trials["continues"].to_pylist(), strict=True)}
    assert {key: value for key, value in told.items() if value} == {"1_rung_1": "1_rung_0", "1_rung_2": "1_rung_1"}
    assert run.spent().sum() == 1 + 9 + 3


@pytest.mark.parametrize("other", ["adam", True])
def test_what_is_no_number_is_no_fidelity(other: object) -> None:
    """Also where it stands first and differs from rung to rung."""
    configurations = [{"first": other, "epochs": 3}, {"first": other, "epochs": 9}, {"first": "sgd", "epochs": 9}]
    rungs = [("1", 0), ("1", 1), ("2", 1)]
    assert fidelity_of(configurations, rungs) == "epochs"
    assert fidelity_of([{"first": other}, {"first": "sgd"}], rungs[:2]) is None


@pytest.mark.parametrize("more", [{"plain": 1}, {}])
def test_a_space_is_that_of_the_names_where_all_of_them_tell_it(tmp_path: Path, more: dict[str, Any]) -> None:
    for trial in range(2):
        write(tmp_path, str(trial), {"SAMPLING__lr::float__0.125_1.0_True": 0.25 * (trial + 1), **more}, 1.0)
    run = read_one(tmp_path, "neps").run
    assert run.inferred_space is bool(more)
    assert run.configuration(1) == {"lr": 0.5, **more}
