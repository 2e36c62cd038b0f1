"""Which objective is taken from the columns of tables that other programs write, and which way it is better."""

from __future__ import annotations

import pytest

from encave.converters.formats.table.frames import guessed, known_frame

RAY = ["training_iteration", "timestamp", "trial_id", "config/lr"]


@pytest.mark.parametrize(
    ("names", "objective"),
    [
        (["run_id", "params.lr", "metrics.rmsle"], "metrics.rmsle"),  # the only one, whatever it is called
        (["run_id", "params.lr", "metrics.lag", "metrics.accuracy"], "metrics.accuracy:maximize"),
        (["run_id", "params.lr", "metrics.lag", "metrics.steps"], "COLUMN"),
        (["mean_test_score", "params", "param_lr"], "mean_test_score:maximize"),
        (["mean_test_mae", "mean_test_r2", "params", "param_lr"], "COLUMN:maximize"),
        ([*RAY, "odd"], "odd"),
        ([*RAY, "odd", "loss"], "loss"),
        ([*RAY, "odd", "mean_accuracy"], "mean_accuracy:maximize"),
        ([*RAY, "odd", "even"], "COLUMN"),
        (["Name", "State", "Created", "lr", "val_acc"], "val_acc:maximize"),
        (["Name", "State", "Created", "lr", "lag"], "COLUMN"),
        (["trial_index", "arm_name", "lr", "error"], "error"),
        (["#parametrization", "#optimizer", "#session", "lr"], "COLUMN"),
        (["#parametrization", "#optimizer", "#session", "lr", "#loss"], "#loss"),
        (["record_id", "validation_loss", "learner", "config"], "validation_loss"),
        (["target", "params.a", "datetime.datetime"], "target:maximize"),
    ],
)
def test_objectives_of_known_tables(names: list[str], objective: str) -> None:
    frame = known_frame(names)
    assert frame is not None and frame.mapping["objective"] == objective


def test_all_objectives_of_a_study_of_optuna() -> None:
    frame = known_frame(["number", "values_loss", "values_acc", "params_lr", "system_attrs_constraints:0", "state"])
    assert frame is not None and frame.mapping == {
        "objective": ["values_loss", "values_acc:maximize"],
        "hyperparameters": ["params_*"],
        "trial_id": "number",
        "status": "state",
        "constraint": ["system_attrs_constraints:0"],
    }
    assert "values_loss better the lower, values_acc better the higher" in frame.notes[0].text


@pytest.mark.parametrize(
    "names",
    [
        ["number", "value"],
        ["number", "params_lr"],
        ["value", "params_lr"],
        ["run_id", "metrics.loss"],
        ["params.lr", "metrics.loss"],
        ["training_iteration", "loss"],
        ["mean_test_score", "params"],
        ["Name", "State"],
        ["target", "datetime.datetime"],
        ["target", "params.a", "datetime"],
        ["trial_index"],
    ],
)
def test_tables_that_lack_what_tells_them_are_unknown(names: list[str]) -> None:
    assert known_frame(names) is None


@pytest.mark.parametrize(
    ("names", "objective", "hyperparameters"),
    [
        (["lr", "depth", "loss"], "loss", ["lr", "depth"]),
        (["loss", "lr", "best_score"], "best_score:maximize", ["lr"]),  # of several the last; the others are none
        (["param_loss", "param_lr", "acc"], "acc:maximize", ["param_*"]),
        ([*(f"x{place}" for place in range(8)), "y"], "y", [f"x{place}" for place in range(8)]),
        ([*(f"x{place}" for place in range(9)), "y"], "y", ["COLUMN"]),  # too many to be all
        (["lr", "depth"], "COLUMN", "COLUMN"),
        (["params_lr", "state"], "COLUMN", ["params_*"]),
        (["config_id", "hp_lr", "result"], "result", ["hp_*"]),
        (["lr", "fit_time", "Accuracy (%)"], "Accuracy (%):maximize", ["lr"]),
        (["generation", "individual", "x", "epoch", "error_rate"], "error_rate", ["x"]),
        (["Unnamed: 0", "loss"], "COLUMN", "COLUMN"),
    ],
)
def test_a_mapping_to_begin_with(names: list[str], objective: str, hyperparameters: object) -> None:
    told = guessed(names)
    assert (told["objective"], told["hyperparameters"]) == (objective, hyperparameters)


def test_what_an_export_of_wandb_calls_optimizer_is_a_hyperparameter() -> None:
    frame = known_frame(["Name", "State", "Created", "optimizer", "lr", "epoch", "val_acc"])
    assert frame is not None and frame.mapping["hyperparameters"] == ["optimizer", "lr"]
