"""What a run says of its columns, as people ask for it, and what is told where it has none."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from encave.errors import EncaveError
from encave.run import HEADER_FILE, TRIALS_FILE, Run, find_runs
from encave.run.arrays import exact_array, is_plain
from encave.run.equality import same_table
from encave.run.joined import join, split_configurations, without_trials
from encave.run.records import columns_of
from encave.run.several import several_runs

from .test_model import CONFIGURATIONS, make_run


def told(call: Any, *given: Any, **named: Any) -> str:
    with pytest.raises(EncaveError) as error:
        call(*given, **named)
    return str(error.value)


def test_columns_are_worked_out_once_and_read_only() -> None:
    run = make_run()
    assert run.column("budget") is run.column("budget") and run.column("seed")[3] != run.column("seed")[3]
    with pytest.raises(ValueError, match="read-only"):
        run.column("budget")[0] = 5.0
    assert run.column("instance") is not run.column("instance")  # texts take many times their memory
    assert run.column("instance").tolist() == ["i", None, None, None]
    calls: list[Run] = []

    def look(one: Run) -> int:
        calls.append(one)
        return len(one)

    assert run.once(look) == run.once(look) == 4 and calls == [run]
    assert run.replace(name="other").once(look) == 4 and len(calls) == 2


def test_what_is_not_there_is_told_with_what_is() -> None:
    run = make_run()
    names = ", ".join(run.trials.column_names)
    assert told(run.column, "loss") == f"run toy: no column 'loss'; there are {names}"
    assert told(run.objective, "loss") == "run toy: no objective 'loss'; there are ['error', 'accuracy']"
    assert told(run.configuration, 1) == "run toy: no configuration 1"
    assert told(run.labelled, " ") == "run toy: a label is text, not ' '"
    assert told(run.replace, nam="x").startswith("no field of a run 'nam'; there are budget_name, ")
    mask = "run toy: a mask has a truth value for each of 4 trials, not an array of int64 of shape (4,)"
    assert told(run.where, [1, 0, 1, 0]) == mask


def test_objectives_and_costs() -> None:
    run = make_run()
    assert (run.objective().name, run.objective("accuracy").name) == ("error", "accuracy")
    np.testing.assert_array_equal(run.cost("accuracy"), [-1.0, np.nan, -2.0, np.nan])
    assert run.able().tolist() == [True, False, True, True] and run.able("accuracy").tolist() == [
        True,
        False,
        True,
        False,
    ]
    led = run.led_by("accuracy")
    assert [one.name for one in led.objectives] == ["accuracy", "error"] and led.provenance.compared_by == "accuracy"
    assert led.trials.column_names.index("cost:accuracy") < led.trials.column_names.index("cost:error")


def test_infeasible_trials_are_those_that_succeeded_and_violate() -> None:
    assert make_run(trials={"feasible": [False, False, None, True]}).infeasible().tolist() == [
        True,
        False,
        False,
        False,
    ]
    assert make_run().infeasible().tolist() == [False] * 4


def test_the_digest_of_a_space_is_of_its_hyperparameters_in_any_order() -> None:
    run = make_run()
    turned = [dict(reversed(one.items())) for one in reversed(run.space_json["hyperparameters"])]
    assert run.replace(space_json={**run.space_json, "hyperparameters": turned}).space_digest == run.space_digest
    assert run.replace(space_json={**run.space_json, "hyperparameters": turned[1:]}).space_digest != run.space_digest
    assert run.replace(space_json={}).space_digest == run.replace(space_json={"hyperparameters": []}).space_digest
    assert len(run.space_digest) == 32


def test_counts_budgets_and_how_a_run_is_shown() -> None:
    run = make_run(trials={"budget": [9.0, 1.0, None, 1.0]})
    assert run.budgets == (1.0, 9.0) and make_run(trials={"budget": [None] * 4}).budgets == ()
    assert list(run.status_counts().items()) == [("success", 3), ("crashed", 1)]
    assert repr(run) == "Run('toy', DEHB, 4 trials of 3 configurations)"
    assert run != "toy" and run == make_run(trials={"budget": [9.0, 1.0, None, 1.0]})
    assert run != run.replace(name="other") and run != run.where([True, True, True, False])
    assert run.same_trials(run.replace(name="other")) and not run.same_trials(run.where([True, True, True, False]))
    np.testing.assert_array_equal(run.evaluation, [np.nan] * 4)
    np.testing.assert_array_equal(
        make_run(trials={"penalty": [None, 2.0, None, None]}).penalty, [np.nan, 2, np.nan, np.nan]
    )


def test_lists_of_runs_and_nothing_else() -> None:
    run = make_run()
    assert several_runs([run, run]) == several_runs(iter((run, run))) == (run, run) and several_runs([]) == ()
    assert told(several_runs, "a") == "'a' is no list of runs; encave.read('a') reads those that are there"
    assert told(several_runs, Path("a")) == told(several_runs, "a")
    assert told(several_runs, run) == "one run was given where a list of runs is wanted: write [run], here of toy"
    assert told(several_runs, 5) == "a list of runs is wanted, as encave.read gives it, not int"
    assert told(several_runs, [run, 5]) == "number 1 of the list of runs is no run but int"


@pytest.mark.parametrize("count", [0, 1, 3, 255, 256, 257, 600])
def test_columns_of_records(count: int) -> None:
    records = [{"a": n, "b": -n} for n in range(count)]
    expected = {"a": list(range(count)), "b": [-n for n in range(count)]} if count else {}
    assert columns_of(records) == expected
    if count > 1:
        for wrong in ({"b": 1, "a": 2}, {"a": 1}, {"a": 1, "b": 2, "c": 3}):
            assert columns_of([*records[:-1], wrong]) is None and columns_of([*records, wrong]) is None


@pytest.mark.parametrize(
    ("values", "kind", "held"),
    [
        ([1, 2.0, None], pa.int64(), [1, 2, None]),
        ([1, 2], pa.float64(), [1.0, 2.0]),
        (["a", None], pa.string(), ["a", None]),
        (["a", None], pa.dictionary(pa.int32(), pa.string()), ["a", None]),
        ([True, None], pa.bool_(), [True, None]),
        ([None], pa.null(), [None]),
        (np.array([1.0, np.nan]), pa.float64(), [1.0, None]),
        (pa.array([1, 2], pa.int32()), pa.int64(), [1, 2]),
        (pa.chunked_array([["a"], ["b"]]), pa.dictionary(pa.int32(), pa.string()), ["a", "b"]),
    ],
)
def test_arrays_of_a_type(values: Any, kind: pa.DataType, held: list[Any]) -> None:
    found = exact_array(values, kind, nan_is_null=True)
    assert (found.type, found.to_pylist()) == (kind, held)


def test_what_an_array_does_not_take() -> None:
    assert told(exact_array, [None, "2"], pa.int64()) == "text such as '2' is not of type int64"
    assert told(exact_array, ["a"], pa.null()) == "text such as 'a' is not of type null"
    for values, kind in (
        ([2.5], pa.int64()),
        (["2"], pa.int64()),
        (["true"], pa.bool_()),
        ([1], pa.string()),
        ([10**30], pa.int64()),
        ([1, "a"], pa.int64()),
        ([object()], pa.float64()),
        (pa.array(["1"]), pa.float64()),
    ):
        assert str(kind) in told(exact_array, values, kind)
    assert told(exact_array, pa.array([None, "2"]), pa.int64()) == "text such as '2' is not of type int64"
    assert np.isnan(exact_array(np.array([np.nan]), pa.float64()).to_pylist()[0])
    assert [is_plain(kind) for kind in (pa.int32(), pa.int64(), pa.float64(), pa.float32(), pa.string())] == [
        *(True, True, True, False, False)
    ]


def test_tables_that_hold_the_same() -> None:
    def table(values: Any, kind: pa.DataType | None = None, **more: Any) -> pa.Table:
        return pa.table({"a": pa.array(values, kind), **more})

    nan = float("nan")
    for one, other, same in (
        (table([1.0, nan, None]), table([1.0, nan, None]), True),
        (table([1.0, nan]), table([1.0, None]), False),
        (table([nan, 1.0]), table([nan, 2.0]), False),
        (table([1]), table([1.0]), False),
        (table([1]), table([1, 2]), False),
        (table([1]), table([1], b=[2]), False),
        (table([1], b=[2]), table([1], b=[3]), False),
        (table(["a", None]), pa.table({"a": pa.array(["a", None]).dictionary_encode()}), True),
        (table(["a"]), pa.table({"a": pa.array(["b"]).dictionary_encode()}), False),
        (table([[nan]]), table([[nan]]), True),
        (table([[nan]]), table([[1.0]]), False),
        (table([{"x": nan}]), table([{"x": nan}]), True),
        (table([]), table([]), True),
    ):
        assert same_table(one, other) == same_table(other, one) == same
    chunked = pa.table({"a": pa.chunked_array([[1.0, nan], [2.0]])})
    assert same_table(chunked, table([1.0, nan, 2.0]))


def test_configurations_are_stored_with_trials_and_those_without_apart() -> None:
    run = make_run()
    table = join(run.trials, run.configurations)
    assert table["config:kind"].to_pylist() == ["a", "b", "a", "a"] and table.num_columns == run.trials.num_columns + 7
    rest = without_trials(run.trials, run.configurations)
    assert [row["config_id"] for row in rest] == [9]
    assert split_configurations(table, rest).equals(run.configurations)
    assert split_configurations(table, [])["config_id"].to_pylist() == [2, 7]
    ascending = table.take([1, 0])
    assert split_configurations(ascending, [])["config_id"].to_pylist() == [2, 7]
    twice = "configurations_without_trials have an id twice, or that of one with trials"
    for wrong in ([*rest, *rest], [{**rest[0], "config_id": 7}], [{**rest[0], "config_id": None}]):
        assert told(split_configurations, table, wrong) == twice
    start = "configurations_without_trials do not fit the space: "
    for wrong in ([{"config_id": 9}], [5], [{**rest[0], "lr": "a"}]):
        assert told(split_configurations, table, wrong).startswith(start)


def test_folders_of_runs(tmp_path: Path) -> None:
    for name in ("b", "a", "a/inner", ".hidden"):
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for file in (HEADER_FILE, TRIALS_FILE):
            (folder / file).write_text("")
    for name, file in (("c", HEADER_FILE), ("d", TRIALS_FILE)):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("")
    assert find_runs(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert told(find_runs, tmp_path / "none") == f"{tmp_path / 'none'} is not a folder"


def test_what_is_no_folder_of_a_run_is_told(tmp_path: Path) -> None:
    make_run().save(tmp_path / "runs" / "one")
    make_run().save(tmp_path / "runs" / "two")
    first = tmp_path / "runs" / "one"
    assert told(Run.load, tmp_path / "runs") == (
        f"{tmp_path / 'runs'} is not the folder of one run; there are 2 in it: load {first}, or all with "
        "[Run.load(run) for run in find_runs(…)]"
    )
    assert told(Run.load, tmp_path / "none") == f"{tmp_path / 'none'} is not there: name the folder of a run"
    header = json.loads((first / HEADER_FILE).read_text())
    for version in (True, 2, "1"):
        (first / HEADER_FILE).write_text(json.dumps(header | {"encave_run": version}))
        expected = f"{first / HEADER_FILE} is of format {version}; this encave reads format 1. Update encave."
        assert told(Run.load, first) == expected
    (first / HEADER_FILE).write_text(json.dumps(header | {"trials": 5}))
    end = "Convert the log again."
    assert told(Run.load, first) == f"{first} is damaged: the table has 4 trials, run.json says 5. {end}"
    (first / TRIALS_FILE).unlink()
    assert told(Run.load, first).startswith(f"cannot read {first / TRIALS_FILE}: ") and told(Run.load, first).endswith(
        end
    )


def test_without_configurations_their_columns_are_there_and_no_rows(tmp_path: Path) -> None:
    run = make_run()
    run.save(tmp_path)
    loaded = Run.load(tmp_path, configurations=False)
    assert loaded.trials.equals(run.trials) and loaded.configurations.schema == run.configurations.schema
    assert loaded.configurations.num_rows == 0 and Run.load(tmp_path).configuration(9) == CONFIGURATIONS[9]


def test_texts_are_stored_by_dictionaries_and_numbers_as_they_are(tmp_path: Path) -> None:
    make_run().save(tmp_path)
    group = pq.ParquetFile(tmp_path / TRIALS_FILE).metadata.row_group(0)
    coded = {}
    for place in range(group.num_columns):
        column = group.column(place)
        assert column.compression == "ZSTD"
        coded[column.path_in_schema] = any("DICTIONARY" in encoding for encoding in column.encodings)
    assert coded["status"] and coded["worker"] and coded["config:kind"]
    assert not coded["trial_id"] and not coded["cost:error"] and not coded["config:lr"]


def test_what_was_worked_out_of_a_run_is_not_handed_on() -> None:
    run = make_run()
    assert run.space is run.space and len(run.column("budget")) == 4
    state = run.__getstate__()
    assert "space" not in state and "_known" not in state and {"trials", "space_json"} <= state.keys()
    again = pickle.loads(pickle.dumps(run))
    assert again == run and again.space == run.space
    other = run.replace(trials=run.trials.slice(0, 2), configurations=run.configurations)
    assert len(other.column("budget")) == 2 and other.space is run.space
    assert "trials" in told(run.replace, trials=5)


def test_a_space_that_is_damaged_is_told_when_it_is_asked_for() -> None:
    run = make_run()
    damaged = pickle.loads(pickle.dumps(run)).replace(space_json={"hyperparameters": 5})
    with pytest.raises(EncaveError, match=r"^run toy: its space is damaged \(\w+: .*\)\. Convert the log again\.$"):
        _ = damaged.space


def test_what_is_no_run_is_told() -> None:
    run = make_run()
    given = {
        "name": "mine",
        "optimizer": run.optimizer,
        "space": run.space,
        "objectives": run.objectives,
        "trials": {"config_id": [7], "status": ["success"], "cost:error": [0.5], "cost:accuracy": [None]},
        "configurations": CONFIGURATIONS,
    }
    assert len(Run.from_columns(**given)) == 1
    assert told(Run.from_columns, **{**given, "trials": [1]}) == 'trials are like {"config_id": [0, 1], …}, not list'
    assert "configurations" in told(Run.from_columns, **{**given, "configurations": [1]})
    fields = {name: given[name] for name in ("name", "optimizer", "objectives")}
    tables = {"trials": run.trials, "configurations": run.configurations}
    assert told(Run, space={}, **fields, **tables) == "the space of a run is one of ConfigSpace, not dict"
    made = Run(space=run.space, **fields, **tables)
    assert made.provenance.json() == {} and made.notes == () and made.budget_name is None and not made.inferred_space
    mixed = Run(space=run.space, **fields, trials=run.trials, configurations=run.configurations.take([2, 0, 1]))
    assert mixed.configurations.equals(run.configurations)


def test_headers_of_64_mib_are_the_longest(tmp_path: Path) -> None:
    make_run().save(tmp_path)
    with (tmp_path / HEADER_FILE).open("wb") as file:
        file.truncate((1 << 26) + 1)
    reason = told(Run.load, tmp_path)
    assert "has 67,108,865 bytes; encave reads such files up to 64 MiB" in reason
    assert reason.endswith("It is not the header of a converted run.")
