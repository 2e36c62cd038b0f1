"""The data model: what it accepts, what it refuses, and that nothing is lost on disk."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    Integer,
    OrdinalHyperparameter,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encave import EncaveError, Note, Objective, Optimizer, Run, Status
from encave.run import HEADER_FILE, TRIALS_FILE, Provenance, find_runs
from encave.run import configurations as space_columns
from encave.run.columns import WORKED_OUT


def make_space() -> ConfigurationSpace:
    space = ConfigurationSpace(name="toy")
    space.add(
        Float("lr", (1e-5, 1.0), log=True),
        Integer("depth", (1, 9)),
        CategoricalHyperparameter("kind", ["a", "b"]),
        CategoricalHyperparameter("mixed", [2, "2", True, None]),
        OrdinalHyperparameter("size", [8, 16, 32]),
        Constant("fixed", "x"),
        Float("momentum", (0.0, 1.0)),
    )
    space.add(EqualsCondition(space["momentum"], space["kind"], "a"))
    return space


CONFIGURATIONS: dict[int, dict[str, Any]] = {
    7: {"lr": 0.1, "depth": 3, "kind": "a", "mixed": "2", "size": 16, "fixed": "x", "momentum": 0.5},
    2: {"lr": 1e-5, "depth": 1, "kind": "b", "mixed": None, "size": 8, "fixed": "x"},
    9: {"lr": 1.0, "depth": 9, "kind": "b", "mixed": True, "size": 32, "fixed": "x"},
}


def make_run(**changes: Any) -> Run:
    trials: dict[str, Any] = {
        "config_id": [7, 2, 7, 7],
        "budget": [1.0, 1.0, 9.0, 9.0],
        "seed": [0, 0, 0, None],
        "instance": ["i", None, None, None],
        "worker": ["w0", "w1", "w0", "w1"],
        "status": [Status.SUCCESS, "crashed", "success", "success"],
        "cost:error": [0.5, None, 0.7, 0.6],
        "cost:accuracy": [1.0, None, 2.0, None],
        "start": [0.0, 0.25, 1.0, None],
        "end": [1.0, 0.5, 2.0, 3.0],
        "cpu_time": [0.1, None, None, None],
        "extra:nested": [{"a": 1}, None, {"a": 2}, None],
    }
    trials.update(changes.pop("trials", {}))
    fields: dict[str, Any] = {
        "name": "toy",
        "optimizer": Optimizer("DEHB", "0.1.2"),
        "space": make_space(),
        "objectives": [Objective("error", upper=1.0), Objective("accuracy", "maximize", unit="%")],
        "budget_name": "epochs",
        "configurations": CONFIGURATIONS,
        "provenance": Provenance.from_json(changes.pop("metadata", {"task": "cifar10", "nested": {"x": [1, 2]}})),
        "notes": [Note("assumed", "times are accumulated costs", 3)],
    }
    return Run.from_columns(trials=trials, **(fields | changes))


def test_repeated_evaluations_stay_separate() -> None:
    run = make_run()
    assert len(run) == 4
    assert run.column("config_id").tolist() == [7, 2, 7, 7]
    assert run.column("trial_id").tolist() == [0, 1, 2, 3]


def test_views() -> None:
    run = make_run()
    assert run.budgets == (1.0, 9.0)
    assert run.hyperparameters == tuple(make_space())
    assert run.status_counts() == {"success": 3, "crashed": 1}
    assert run.configuration(7) == CONFIGURATIONS[7]
    assert run.configuration(2) == CONFIGURATIONS[2]  # mixed is None: a choice, not an inactive hyperparameter
    np.testing.assert_array_equal(run.cost(), [0.5, np.nan, 0.7, 0.6])
    np.testing.assert_array_equal(run.cost("accuracy"), [-1.0, np.nan, -2.0, np.nan])
    frame = run.to_pandas()
    assert frame["config:kind"].tolist() == ["a", "b", "a", "a"]
    assert frame["config:momentum"].isna().tolist() == [False, True, False, False]


def test_spaces_of_one_digest_have_the_same_hyperparameters() -> None:
    def digest(**ranges: Any) -> str:
        configurations = {0: {name: range_[0] for name, range_ in ranges.items()}}
        trials = {"config_id": [0], "status": ["success"], "cost:loss": [1.0]}
        space = ConfigurationSpace(ranges)
        fields = {"name": "x", "optimizer": Optimizer("x"), "objectives": [Objective("loss")], "space": space}
        return Run.from_columns(trials=trials, configurations=configurations, **fields).space_digest  # type: ignore[arg-type]

    same = digest(a=(0.0, 1.0), b=["x", "y"])
    assert digest(b=["x", "y"], a=(0.0, 1.0)) == same
    assert same not in (digest(a=(0.0, 2.0), b=["x", "y"]), digest(a=(0.0, 1.0), c=["x", "y"]), digest(a=(0.0, 1.0)))


def test_incumbent_is_the_best_at_the_highest_budget() -> None:
    run = make_run()
    best = run.incumbent()
    assert best is not None and (best.trial_id, best.config_id, best.budget, best.value) == (3, 7, 9.0, 0.6)
    most = run.incumbent("accuracy")
    assert most is not None and (most.trial_id, most.value) == (2, 2.0)
    crashed = run.where(run.column("status") == "crashed")
    assert len(crashed) == 1 and crashed.incumbent() is None


def test_incumbent_of_a_tie_is_the_earliest() -> None:
    run = make_run(trials={"cost:error": [0.5, None, 0.6, 0.6]})
    best = run.incumbent()
    assert best is not None and best.trial_id == 2


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("config_id", [7, 2, 7, 8], "trial 3 .*configuration 8.*not known"),
        ("end", [1.0, 0.5, 0.9, 3.0], "trial 2 .*ends before it starts"),
        ("start", [0.0, -1.0, 1.0, None], "trial 1 .*before the run"),
        ("start", [float("nan"), 0.25, 1.0, None], "trial 0 .*start is not a finite"),
        ("start", np.array([0.0, 0.25, np.nan, 1.0]), "trial 2 .*start is not a finite"),
        ("end", [1.0, 0.5, float("inf"), 3.0], "trial 2 .*end is not a finite"),
        ("status", ["success", "crashed", "succeeded", "success"], "trial 2 .*unknown status"),
        ("cost:error", [0.5, 0.1, 0.7, 0.6], "trial 1 .*did not succeed but has a error"),
        ("cost:error", [0.5, None, float("inf"), 0.6], "trial 2 .*error is not a finite"),
        ("cost:error", [0.5, None, 0.7, None], "trial 3 .*no objective value"),
        ("trial_id", [0, 1, 1, 2], "not unique"),
        ("seed", [0.5, None, None, None], "column seed does not hold int64"),
        ("seed", ["x", None, None, None], "column seed does not hold int64"),
        ("seed", [1, 2], "differ in length"),
        ("surprise", [1, 2, 3, 4], "unknown trial column 'surprise'"),
    ],
)
def test_construction_refuses_and_names_the_trial(column: str, values: Any, message: str) -> None:
    with pytest.raises(EncaveError, match=message):
        make_run(trials={column: values})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 2.0}, "configuration 7: lr = 2.0 is outside the space"),
        ({"lr": "high"}, "configuration 7: lr = 'high' is not of type"),
        ({"depth": 2.5}, "configuration 7: depth = 2.5 is not of type"),
        ({"depth": "3"}, "configuration 7: depth = '3' is not of type"),
        ({"kind": "c"}, "configuration 7: kind = 'c' is outside the space"),
        ({"mixed": 3}, "configuration 7: mixed = .3. is outside"),
        ({"size": 9}, "configuration 7: size = 9 is outside"),
        ({"fixed": "y"}, "configuration 7: fixed = 'y' is outside"),
        ({"speed": 1}, "configuration 7 has unknown hyperparameters: speed"),
    ],
)
def test_construction_refuses_values_outside_the_space(change: dict[str, Any], message: str) -> None:
    with pytest.raises(EncaveError, match=message):
        make_run(configurations=CONFIGURATIONS | {7: CONFIGURATIONS[7] | change})


def test_a_missing_value_needs_a_condition_or_an_inferred_space() -> None:
    without = {k: v for k, v in CONFIGURATIONS[9].items() if k != "depth"}
    with pytest.raises(EncaveError, match="configuration 9: depth is missing"):
        make_run(configurations=CONFIGURATIONS | {9: without})
    run = make_run(configurations=CONFIGURATIONS | {9: without}, inferred_space=True)
    assert run.configuration(9) == without


def test_objectives_must_differ() -> None:
    with pytest.raises(EncaveError, match="different names"):
        make_run(objectives=[Objective("error"), Objective("error")])
    with pytest.raises(EncaveError, match="do not match the model: cost:accuracy"):
        make_run(objectives=[Objective("error")])


def test_unknown_names_say_what_exists() -> None:
    run = make_run()
    with pytest.raises(EncaveError, match=r"no objective 'loss'.*error.*accuracy"):
        run.cost("loss")
    with pytest.raises(EncaveError, match="no column 'loss'"):
        run.column("loss")
    with pytest.raises(EncaveError, match="no configuration 1"):
        run.configuration(1)


def test_read_only() -> None:
    run = make_run()
    with pytest.raises(AttributeError, match="read-only"):
        run.name = "other"
    with pytest.raises(AttributeError, match="cannot assign"):
        run.provenance.task = "other"  # type: ignore[misc]


def test_save_and_load_lose_nothing(tmp_path: Path) -> None:
    run = make_run()
    run.save(tmp_path / "run")
    loaded = Run.load(tmp_path / "run")
    assert loaded == run
    assert loaded.space == run.space
    assert loaded.configurations.num_rows == 3  # configuration 9 has no trial and is kept all the same
    assert loaded.configuration(9) == CONFIGURATIONS[9]
    assert find_runs(tmp_path) == [tmp_path / "run"]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [HEADER_FILE, TRIALS_FILE]


def test_nan_in_what_else_was_logged_survives(tmp_path: Path) -> None:
    values = [1.0, float("nan"), None, 4.0]
    run = make_run()
    run = run.replace(trials=run.trials.append_column("extra:seen", pa.array(values)))
    run.save(tmp_path)
    assert run == run and Run.load(tmp_path) == run
    null = run.trials.set_column(run.trials.num_columns - 1, "extra:seen", pa.array(values, from_pandas=True))
    assert run != run.replace(trials=null)


def test_an_empty_run_survives(tmp_path: Path) -> None:
    run = make_run()
    empty = run.where(np.zeros(4, dtype=bool))
    empty.save(tmp_path)
    loaded = Run.load(tmp_path)
    assert loaded == empty and len(loaded) == 0 and loaded.incumbent() is None and loaded.budgets == ()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    costs=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6),
    text=st.text(max_size=8),
)
def test_any_number_and_any_text_survive(tmp_path: Path, costs: list[float], text: str) -> None:
    n = len(costs)
    run = Run.from_columns(
        name=text,
        optimizer=Optimizer(text),
        space=make_space(),
        objectives=[Objective("error")],
        configurations=CONFIGURATIONS,
        trials={"config_id": [7] * n, "status": ["success"] * n, "cost:error": costs, "instance": [text] * n},
    )
    run.save(tmp_path)
    assert Run.load(tmp_path) == run


def test_damaged_files_are_told(tmp_path: Path) -> None:
    make_run().save(tmp_path)
    whole = (tmp_path / TRIALS_FILE).read_bytes()
    (tmp_path / TRIALS_FILE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EncaveError, match=r"cannot read .*trials\.parquet"):
        Run.load(tmp_path)
    (tmp_path / TRIALS_FILE).write_bytes(whole)
    header = json.loads((tmp_path / HEADER_FILE).read_text())
    (tmp_path / HEADER_FILE).write_text(json.dumps(header | {"trials": 3}))
    with pytest.raises(EncaveError, match=r"has 4 trials, run\.json says 3"):
        Run.load(tmp_path)
    (tmp_path / HEADER_FILE).write_text(json.dumps(header | {"encave_run": 99}))
    with pytest.raises(EncaveError, match="format 99"):
        Run.load(tmp_path)
    (tmp_path / HEADER_FILE).write_text("{")
    with pytest.raises(EncaveError, match="not the header"):
        Run.load(tmp_path)
    with pytest.raises(EncaveError, match="is not a folder"):
        find_runs(tmp_path / "nowhere")


def test_a_configuration_number_beyond_64_bits_is_an_error_for_people() -> None:
    with pytest.raises(EncaveError, match="too large"):
        space_columns.build(ConfigurationSpace({"x": (0.0, 1.0)}), {10**30: {"x": 0.5}})


def test_a_constant_may_be_null() -> None:
    space = ConfigurationSpace()
    space.add(Constant("nothing", None))
    table = space_columns.build(space, {0: {"nothing": None}})
    space_columns.check(space, table, may_miss=False)
    assert space_columns.decode(space, table.to_pylist()[0]) == {"nothing": None}


def test_text_that_is_no_unicode_is_spelt_out_with_a_note(tmp_path: Path) -> None:
    half = "half \ud800"
    run = make_run(
        name=half, optimizer=Optimizer(half, half), metadata={half: [half], "task": half}, notes=[Note("derived", half)]
    )
    assert (run.name, run.optimizer) == (r"half \ud800", Optimizer(r"half \ud800", r"half \ud800"))
    assert run.provenance.json() == {r"half \ud800": [r"half \ud800"], "task": r"half \ud800"}
    assert [note.kind for note in run.notes] == ["derived", "flagged"] and run.notes[0].text == r"half \ud800"
    run.save(tmp_path)
    assert Run.load(tmp_path) == run
    renamed = make_run().replace(name=half)
    assert renamed.name == r"half \ud800" and len(renamed.notes) == len(make_run().notes) + 1
    assert renamed.replace(name=half).notes == renamed.notes


def test_columns_of_text_that_is_no_unicode_are_refused() -> None:
    with pytest.raises(EncaveError, match="the name or the unit of an objective holds text that is no Unicode"):
        make_run(objectives=[Objective("error", unit="\ud800"), Objective("accuracy", "maximize")])
    space = make_space()
    space.add(CategoricalHyperparameter("half", ["\ud800", "b"]))
    with pytest.raises(EncaveError, match="a hyperparameter or one of its values holds text that is no Unicode"):
        make_run(space=space)


def test_counts_of_evaluations_are_a_column_where_there_are_any(tmp_path: Path) -> None:
    run = make_run(trials={"evaluation": [1, None, 40, 7]}, metadata={"evaluations": 100, "improvements_only": True})
    run.save(tmp_path / "run")
    again = Run.load(tmp_path / "run")
    assert again == run and (again.evaluations, again.improvements_only) == (100, True)
    np.testing.assert_array_equal(again.evaluation, [1, np.nan, 40, 7])
    unknown = make_run(trials={"evaluation": [None] * 4})
    assert unknown == make_run() and np.isnan(unknown.evaluation).all()
    assert unknown.evaluations is None and not unknown.improvements_only


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trials": {"evaluation": [1, 0, 2, 3]}}, "trial 1 .*its evaluation is not positive"),
        ({"trials": {"evaluation": [1, 1.5, 2, 3]}}, "evaluation does not hold int64"),
        ({"metadata": {"evaluations": "many"}}, "evaluations is"),
        ({"metadata": {"evaluations": -1}}, "evaluations is -1"),
        ({"metadata": {"improvements_only": 1}}, "improvements_only is 1"),
    ],
)
def test_counts_of_evaluations_are_checked(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(EncaveError, match=reason):
        make_run(**changes)


def test_what_is_worked_out_once_is_of_this_run_alone() -> None:
    run = make_run()
    costs = run.column("cost:error")
    assert run.column("cost:error") is costs and run.once(len) == len(run)
    with pytest.raises(ValueError, match="read-only"):
        costs[0] = 0.0
    shorter = run.where(np.arange(len(run)) > 0)
    assert shorter.column("cost:error")[1:].tolist() == costs[2:].tolist() and shorter.once(len) == len(run) - 1
    assert WORKED_OUT in run.__dict__ and WORKED_OUT not in pickle.loads(pickle.dumps(run)).__dict__


def test_runs_of_one_space_share_it_and_of_another_do_not(tmp_path: Path) -> None:
    run = make_run()
    run.save(tmp_path / "run")
    first, second = (Run.load(tmp_path / "run") for _ in range(2))
    assert first.space is second.space and first.space == run.space
    other = Run.from_joined({**run.header(), "space": {**run.space_json, "name": "another"}}, run.joined())
    assert other.space is not first.space and other.space.name == "another"


OF_OTHER_TYPES: list[tuple[dict[str, object], str]] = [
    ({"optimizer": "DEHB"}, r"the optimizer of a run is like encave.Optimizer\(\"DEHB\"\), not 'DEHB'"),
    (
        {"provenance": {"task": "mlp"}},
        r"the provenance of a run is like encave.Provenance\(task=\"mlp\", seed=0\), not",
    ),
    ({"name": 3}, "the name of a run is text, not 3"),
    ({"objectives": Objective("error")}, "what is given as objectives is a list like .*, not Objective"),
    ({"objectives": ["error"]}, "one of the objectives is like .*, not 'error'"),
    ({"space": {"lr": (0, 1)}}, "the space of a run is one of ConfigSpace, not dict"),
    ({"trials": [0.5]}, "trials are like .*, not list"),
    (
        {"configurations": [{"lr": 0.1}]},
        r"configurations is like .*; of a list dict\(enumerate\(…\)\), of a data frame",
    ),
    ({"configurations": pd.DataFrame({"lr": [0.1]})}, "configurations is like .*to_dict"),
]


@pytest.mark.parametrize(("wrong", "told"), OF_OTHER_TYPES)
def test_what_is_of_another_type_is_refused_with_what_to_write(wrong: dict[str, object], told: str) -> None:
    given: dict[str, Any] = {
        "name": "mine", "optimizer": Optimizer("DEHB"), "space": ConfigurationSpace({"lr": (0.0, 1.0)}),
        "objectives": [Objective("error")], "configurations": {0: {"lr": 0.1}},
        "trials": {"config_id": [0], "status": ["success"], "cost:error": [0.5]},
    }  # fmt: skip
    run = Run.from_columns(**given)
    with pytest.raises(EncaveError, match=told):
        Run.from_columns(**{**given, **wrong})
    if wrong.keys() <= {"optimizer", "provenance", "name"}:
        with pytest.raises(EncaveError, match=told):
            run.replace(**wrong)


def test_a_data_frame_holds_the_columns_of_trials() -> None:
    frame = pd.DataFrame({"config_id": [0, 1], "status": ["success", "crashed"], "cost:error": [0.5, float("nan")]})
    run = Run.from_columns(
        name="mine", optimizer=Optimizer("DEHB"), space=ConfigurationSpace({"lr": (0.0, 1.0)}),
        objectives=[Objective("error")], trials=frame,
        configurations=pd.DataFrame({"lr": [0.1, 0.9]}).to_dict("index"),
    )  # fmt: skip
    assert run.trials["cost:error"].to_pylist() == [0.5, None]
    assert run.configuration(1) == {"lr": 0.9}


@pytest.mark.parametrize("mask", [[True], "lr > 0", [1, 0], [[True, False]]])
def test_a_mask_has_a_truth_value_for_each_trial(mask: object) -> None:
    run = Run.from_columns(
        name="mine", optimizer=Optimizer("DEHB"), space=ConfigurationSpace({"lr": (0.0, 1.0)}),
        objectives=[Objective("error")], configurations={0: {"lr": 0.1}},
        trials={"config_id": [0, 0], "status": ["success"] * 2, "cost:error": [0.5, 0.25]},
    )  # fmt: skip
    alike = (
        run.column("cost:error") < 0.3,
        [False, True],
        pd.Series([False, True], dtype=object),
        pa.array([False, True]),
    )
    assert [run.where(one).column("cost:error").tolist() for one in alike] == [[0.25]] * 4
    assert len(run.where([False, False]).where([])) == 0
    with pytest.raises(EncaveError, match="run mine: a mask has a truth value for each of 2 trials, not an array of"):
        run.where(mask)  # type: ignore[arg-type]


def test_what_is_no_folder_of_a_run_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(EncaveError, match=r"^\S*nowhere is not there: name the folder of a run$"):
        Run.load(tmp_path / "nowhere")
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(EncaveError, match=r"^\S*run.json is a file, not the folder of a run$"):
        Run.load(tmp_path / "run.json")
