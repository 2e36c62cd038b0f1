"""Trials: what their table takes, and each refusal with the trial that is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from encave.errors import EncaveError
from encave.run import Objective
from encave.run.trials import TRIAL_SCHEMA, Status, build, check, check_objectives, is_one_of, ordered

LOSS = [Objective("loss")]
IDS = pa.chunked_array([[0, 1]])


def table_of(**columns: Any) -> pa.Table:
    given = {"config_id": [0, 1, 0], "status": ["success", "crashed", "success"], "cost:loss": [0.5, None, 0.25]}
    return build({**given, **{name.replace("__", ":"): values for name, values in columns.items()}})


def test_what_is_not_given_is_null_and_trials_are_numbered() -> None:
    table = table_of()
    assert table.column_names == [*TRIAL_SCHEMA.names, "cost:loss"]
    assert table["trial_id"].to_pylist() == [0, 1, 2] and table["seed"].null_count == 3
    assert table_of(trial_id=[7, 5, 6])["trial_id"].to_pylist() == [7, 5, 6]
    assert build({}).num_rows == 0


def test_optional_columns_are_there_where_they_have_a_value() -> None:
    for name, value in (("evaluation", 4), ("continues", 0), ("feasible", True), ("penalty", 2.0), ("incumbent", 1)):
        assert name in table_of(**{name: [None, value, None]}).column_names
        assert name not in table_of(**{name: [None] * 3}).column_names
    assert build({"feasible": []}).column_names == TRIAL_SCHEMA.names


def test_nan_of_numpy_and_pandas_is_null_but_for_times() -> None:
    array = np.array([1.0, np.nan, 2.0])
    for values in (array, pd.Series(array)):
        assert table_of(budget=values)["budget"].to_pylist() == [1.0, None, 2.0]
        assert table_of(cost__loss=values)["cost:loss"].to_pylist() == [1.0, None, 2.0]
        for name in ("start", "end"):
            assert np.isnan(table_of(**{name: values})[name].to_pylist()[1])
    assert np.isnan(table_of(budget=[1.0, float("nan"), 2.0])["budget"].to_pylist()[1])


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"odd": [1, 2, 3]}, "unknown trial column 'odd'; other fields of a log are named extra:<name>"),
        ({"seed": ["a", None, None]}, "trial column seed does not hold int64: "),
        ({"cost__loss": ["a", None, None]}, "trial column cost:loss does not hold double: "),
        ({"seed": [1]}, "trial columns differ in length: "),
    ],
)
def test_columns_that_are_none(columns: dict[str, Any], told: str) -> None:
    with pytest.raises(EncaveError) as error:
        table_of(**columns)
    assert str(error.value).startswith(told)


def test_columns_are_put_in_one_order() -> None:
    table = table_of(extra__b=[1, 2, 3], penalty=[None, 1.0, None], evaluation=[1, 2, 3])
    mixed = table.select(table.column_names[::-1]).replace_schema_metadata({"a": "b"})
    wanted = [*TRIAL_SCHEMA.names, "evaluation", "penalty", "cost:loss", "extra:b"]
    assert ordered(mixed, LOSS).column_names == wanted and ordered(mixed, LOSS).schema.metadata is None
    with pytest.raises(EncaveError, match=r"do not match the model: cost:other missing or unknown$"):
        ordered(table, [*LOSS, Objective("other")])
    with pytest.raises(EncaveError, match=r"do not match the model: cost:loss missing or unknown$"):
        ordered(table, [])


@pytest.mark.parametrize("objectives", [[], [Objective("a"), Objective("b"), Objective("a")]])
def test_objectives_have_names_of_their_own(objectives: list[Objective]) -> None:
    with pytest.raises(EncaveError) as error:
        check_objectives(objectives)
    names = [one.name for one in objectives]
    assert str(error.value) == f"a run needs at least one objective, with different names; got {names}"


@pytest.mark.parametrize(
    ("columns", "row", "reason"),
    [
        ({"config_id": [0, 5, 7]}, 1, "its configuration is not known"),
        ({"config_id": [0, 1, None]}, 2, "it has no configuration"),
        ({"continues": [None, 0, 2]}, 2, "it continues itself"),
        ({"status": ["success", "crashed", "done"]}, 2, "unknown status"),
        ({"status": ["success", None, "success"]}, 1, "unknown status"),
        ({"budget": [1.0, float("inf"), None]}, 1, "budget is not a finite number"),
        ({"budget": [1.0, float("nan"), None]}, 1, "budget is not a finite number"),
        ({"start": [0.0, None, float("-inf")]}, 2, "start is not a finite number"),
        ({"end": [0.0, float("nan"), 1.0]}, 1, "end is not a finite number"),
        ({"cpu_time": [0.0, float("nan"), 1.0]}, 1, "cpu_time is not a finite number"),
        ({"start": [0.0, -0.5, 1.0]}, 1, "it starts before the run does"),
        ({"start": [0.0, 1.0, 1.0], "end": [0.0, 0.5, None]}, 1, "it ends before it starts"),
        ({"evaluation": [1, None, 0]}, 2, "its evaluation is not positive; the first one is 1"),
        ({"penalty": [None, float("inf"), None]}, 1, "its penalty is not a finite number"),
        ({"penalty": [None, 1.0, 2.0]}, 2, "it succeeded but has a penalty"),
        ({"cost__loss": [0.5, None, float("inf")]}, 2, "loss is not a finite number; a failed trial has null"),
        ({"cost__loss": [0.5, 0.1, 0.25]}, 1, "it did not succeed but has a loss"),
        ({"cost__loss": [0.5, None, None]}, 2, "it succeeded but has no objective value"),
    ],
)
def test_the_trial_that_is_wrong_is_named(columns: dict[str, Any], row: int, reason: str) -> None:
    table = table_of(**columns)
    with pytest.raises(EncaveError) as error:
        check(table, LOSS, IDS)
    trial = table.slice(row, 1).to_pylist()[0]
    assert str(error.value) == (
        f"trial {row} (row {row}, configuration {trial['config_id']}): {reason}, start {trial['start']}, "
        f"end {trial['end']}, status {trial['status']}"
    )


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"start": [0.0, 0.0, 1.0], "end": [0.0, None, 1.0]},
        {"end": [-1.0, None, 2.0]},
        {"evaluation": [1, None, 1]},
        {"continues": [None, 0, 0]},
        {"penalty": [None, 1.0, None]},
        {"trial_id": [5, 3, 4]},
        {"status": ["success", "not-evaluated", "success"]},
        {"cost__loss": [0.0, None, -1.0]},
    ],
)
def test_trials_that_are_sound(columns: dict[str, Any]) -> None:
    check(table_of(**columns), LOSS, IDS)


def test_one_objective_of_several_is_enough() -> None:
    both = [*LOSS, Objective("size")]
    check(table_of(cost__size=[None, None, 2.0]), both, IDS)
    with pytest.raises(EncaveError, match="it succeeded but has no objective value"):
        check(table_of(cost__loss=[0.5, None, None], cost__size=[1.0, None, None]), both, IDS)
    with pytest.raises(EncaveError, match=r"trial 1 .*it did not succeed but has a size"):
        check(table_of(cost__size=[None, 1.0, 2.0]), both, IDS)


def test_ids_and_types_of_columns() -> None:
    for ids in ([0, 1, 1], [2, 1, 2], [0, None, 1]):
        with pytest.raises(EncaveError, match=r"^trial ids are not unique$"):
            check(table_of(trial_id=ids), LOSS, IDS)
    table = table_of(extra__odd=["a", "b", "c"])
    check(table, LOSS, IDS)
    for name, kind in (("seed", pa.float64()), ("cost:loss", pa.float32()), ("trial_id", pa.int32())):
        place = table.column_names.index(name)
        changed = table.set_column(place, name, table[name].cast(kind))
        with pytest.raises(EncaveError, match=f"^trial column {name} is {kind}, not {table[name].type}$"):
            check(changed, LOSS, IDS)


def test_statuses_are_found_by_their_words() -> None:
    words = ["success", None, "crashed", "running"]
    plain = pa.chunked_array([words[:2], words[2:], []], pa.string())
    coded = pa.chunked_array([chunk.dictionary_encode() for chunk in plain.chunks])
    for column in (plain, coded):
        assert is_one_of(column, {"success", "running"}).tolist() == [True, False, False, True]
        assert is_one_of(column, set()).tolist() == [False] * 4
    assert is_one_of(pa.chunked_array([], pa.string()), {"success"}).tolist() == []
    assert [status.value for status in Status] == [
        *("success", "crashed", "timeout", "memory-out", "aborted", "running", "not-evaluated")
    ]
