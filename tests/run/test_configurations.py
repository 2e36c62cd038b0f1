"""Columns of configurations: their types, what they hold, and each refusal."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from ConfigSpace import (
    CategoricalHyperparameter,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    Float,
    Integer,
    NormalFloatHyperparameter,
    OrdinalHyperparameter,
)

from encave.errors import EncaveError
from encave.run.configurations import (
    ABSENT,
    TEXT,
    are_among,
    build,
    check,
    choices,
    column_type,
    decode,
    decode_by_json,
    from_cells,
    holds_json,
    lie_within,
    unfit,
)


def space_of(*hyperparameters: Any) -> ConfigurationSpace:
    space = ConfigurationSpace()
    space.add(*hyperparameters)
    return space


def column(values: list[Any], kind: pa.DataType | None = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


KINDS: list[tuple[Any, pa.DataType, bool, tuple[Any, ...] | None]] = [
    (Float("x", (0.0, 1.0)), pa.float64(), False, None),
    (Integer("x", (0, 9)), pa.int64(), False, None),
    (NormalFloatHyperparameter("x", 0.0, 1.0, lower=-5.0, upper=5.0), pa.float64(), False, None),
    (CategoricalHyperparameter("x", ["a", "b"]), TEXT, False, ("a", "b")),
    (CategoricalHyperparameter("x", [1, 2]), pa.int64(), False, (1, 2)),
    (CategoricalHyperparameter("x", [0.5, 2.0]), pa.float64(), False, (0.5, 2.0)),
    (CategoricalHyperparameter("x", [True, False]), pa.bool_(), False, (True, False)),
    (CategoricalHyperparameter("x", [1, "1"]), TEXT, True, (1, "1")),
    (CategoricalHyperparameter("x", [1, 2.5]), TEXT, True, (1, 2.5)),
    (CategoricalHyperparameter("x", ["a", None]), TEXT, True, ("a", None)),
    (OrdinalHyperparameter("x", [8, 16]), pa.int64(), False, (8, 16)),
    (Constant("x", 5), pa.int64(), False, (5,)),
    (Constant("x", "y"), TEXT, False, ("y",)),
    (Constant("x", None), TEXT, True, (None,)),
]


@pytest.mark.parametrize(("hyperparameter", "kind", "as_json", "values"), KINDS)
def test_kinds_of_hyperparameters(hyperparameter: Any, kind: pa.DataType, as_json: bool, values: Any) -> None:
    assert (column_type(hyperparameter), holds_json(hyperparameter), choices(hyperparameter)) == (kind, as_json, values)
    space = space_of(hyperparameter)
    told = values or (0.5,) if kind != pa.int64() or values else (3,)
    table = build(space, {n: {"x": value} for n, value in enumerate(told)})
    assert table["x"].type == kind
    check(space, table, may_miss=False)
    written = space.to_serialized_dict()["hyperparameters"]
    for row, value in zip(table.to_pylist(), told, strict=True):
        for back in (decode(space, row), decode_by_json(written, row)):
            assert back == {"x": value} and type(back["x"]) is type(value)
    assert decode(space, {"x": None}) == decode_by_json(written, {"x": None}) == {}


def test_a_table_is_ascending_and_of_plain_values() -> None:
    space = space_of(Float("x", (0.0, 1.0)), CategoricalHyperparameter("k", [1, "1"]))
    space.add(Integer("n", (0, 9)))
    table = build(space, {7: {"x": np.float64(0.5), "n": np.int64(3)}, 2: {"k": "1", "x": 0.25}})
    assert table.to_pylist() == [
        {"config_id": 2, "x": 0.25, "k": '"1"', "n": None},
        {"config_id": 7, "x": 0.5, "k": None, "n": 3},
    ]
    assert table.column_names[0] == "config_id" and build(space, {}).num_rows == 0


def test_null_is_inactive_unless_it_is_a_choice() -> None:
    one, other = CategoricalHyperparameter("k", [1, "1"]), CategoricalHyperparameter("k", [1, None])
    assert build(space_of(one), {0: {"k": None}})["k"].to_pylist() == [None]
    assert build(space_of(other), {0: {"k": None}, 1: {}})["k"].to_pylist() == ["null", None]


@pytest.mark.parametrize(
    ("configurations", "told"),
    [
        ({0: {"x": 0.5}, 3: {"y": 1, "a": 2}}, "configuration 3 has unknown hyperparameters: a, y"),
        ({0: {"x": 0.5, "y": 1}, 3: {"x": 0.5, "y": 1}}, "configuration 0 has unknown hyperparameters: y"),
        ({0: {"x": 0.5}, 3: {"x": "high"}}, "configuration 3: x = 'high' is not of type double"),
        ({0: {"x": 0.5, "k": 5}}, "configuration 0: k = 5 is not of type text"),
    ],
)
def test_what_no_column_holds_is_refused(configurations: dict[int, dict[str, Any]], told: str) -> None:
    space = space_of(Float("x", (0.0, 1.0)), CategoricalHyperparameter("k", ["a", "b"]))
    with pytest.raises(EncaveError) as error:
        build(space, configurations)
    assert str(error.value) == told


def test_columns_of_cells_name_what_a_configuration_has() -> None:
    space = space_of(Float("x", (0.0, 1.0)))
    cells = {"x": [0.5, ABSENT, 0.25], "y": [ABSENT, ABSENT, ABSENT]}
    assert from_cells(space, [1, 2, 3], cells)["x"].to_pylist() == [0.5, None, 0.25]
    assert from_cells(space, [1, 2], {})["x"].to_pylist() == [None, None]
    with pytest.raises(EncaveError, match=r"^configuration 2 has unknown hyperparameters: y$"):
        from_cells(space, [1, 2, 3], cells | {"y": [ABSENT, 1, 2]})
    wrong = space_of(Float("config_id", (0.0, 1.0)))
    with pytest.raises(EncaveError) as error:
        from_cells(wrong, [0], {"config_id": [0.5]})
    told = "a hyperparameter is called config_id, as the numbers of configurations are: rename it"
    assert str(error.value) == told


SPACE = space_of(
    Float("x", (0.0, 1.0)),
    Integer("n", (1, 9)),
    CategoricalHyperparameter("k", ["a", "b"]),
    CategoricalHyperparameter("m", [1, "1", None]),
    Float("only", (0.0, 1.0)),
    OrdinalHyperparameter("o", list(range(9))),
    Constant("c", "y"),
)
SPACE.add(EqualsCondition(SPACE["only"], SPACE["k"], "a"))
WHOLE: dict[str, Any] = {"x": 0.5, "n": 3, "k": "a", "m": 1, "only": 0.25, "o": 4, "c": "y"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"x": -0.1}, "x = -0.1 is outside the space (0.0 … 1.0)"),
        ({"x": 1.1}, "x = 1.1 is outside the space (0.0 … 1.0)"),
        ({"x": float("nan")}, "x = nan is outside the space (0.0 … 1.0)"),
        ({"x": ABSENT}, "x is missing"),
        ({"n": 0}, "n = 0 is outside the space (1 … 9)"),
        ({"n": 10}, "n = 10 is outside the space (1 … 9)"),
        ({"k": "c"}, "k = 'c' is outside the space ('a', 'b')"),
        ({"m": "2"}, "m = '\"2\"' is outside the space (1, '1', None)"),
        ({"m": ABSENT}, "m is missing"),
        ({"only": 2.0}, "only = 2.0 is outside the space (0.0 … 1.0)"),
        ({"o": 9}, "o = 9 is outside the space (0, 1, 2, 3, 4, 5, 6, 7, …)"),
        ({"c": "z"}, "c = 'z' is outside the space ('y')"),
        ({"only": ABSENT}, None),
        ({"m": None}, None),
        ({"x": 1.0, "n": 9}, None),
        ({"x": 0.0, "n": 1}, None),
        ({"x": 1.0 + 0.9e-9}, None),  # what a log loses when it prints a float
        ({"x": -0.9e-9}, None),
        ({"x": 1.0 + 2e-9}, "x = 1.000000002 is outside the space (0.0 … 1.0)"),
        ({"x": -2e-9}, "x = -2e-09 is outside the space (0.0 … 1.0)"),
    ],
)
def test_values_outside_the_space_are_told(change: dict[str, Any], told: str | None) -> None:
    values = {name: value for name, value in (WHOLE | change).items() if value is not ABSENT}
    configurations = {4: WHOLE, 5: values, 6: WHOLE}
    table = build(SPACE, configurations)
    assert unfit(SPACE, configurations) == ({} if told is None else {5: told})
    if told is None:
        check(SPACE, table, may_miss=False)
        return
    with pytest.raises(EncaveError) as error:
        check(SPACE, table, may_miss=False)
    assert str(error.value) == f"configuration 5: {told}"
    if told.endswith("missing"):
        check(SPACE, table, may_miss=True)
    else:
        with pytest.raises(EncaveError, match="is outside the space"):
            check(SPACE, table, may_miss=True)


def test_configurations_that_fit_no_column_are_told() -> None:
    configurations = {
        0: WHOLE,
        1: WHOLE | {"x": "high"},
        2: WHOLE | {"odd": 1, "even": 2, "x": 7.0},
        3: {**WHOLE, "n": 2.5},
        4: WHOLE | {"n": 2**70, "k": "c"},
        5: {name: value for name, value in WHOLE.items() if name != "x"},
    }
    assert unfit(SPACE, configurations) == {
        1: "x = 'high' is not of type double",
        2: "unknown hyperparameters: even, odd",
        3: "n = 2.5 is not of type int64",
        4: "k = 'c' is outside the space ('a', 'b')",  # the first one, by name
        5: "x is missing",
    }
    assert unfit(SPACE, {4: WHOLE | {"n": 2**70}}) == {4: f"n = {2**70} is not of type int64"}


def test_columns_that_are_not_those_of_the_space_are_told() -> None:
    table = build(SPACE, {0: WHOLE})
    with pytest.raises(EncaveError, match=r"^the configurations' columns do not match the space: n$"):
        check(SPACE, table.drop_columns(["n"]), may_miss=True)
    with pytest.raises(EncaveError, match=r"^the configurations' columns do not match the space: n, z$"):
        check(SPACE, table.drop_columns(["n"]).append_column("z", pa.array([1])), may_miss=True)
    check(SPACE, table.select(table.column_names[::-1]), may_miss=False)


def test_the_first_of_several_that_are_wrong_is_told() -> None:
    space = space_of(Float("x", (0.0, 1.0)))
    table = build(space, {n: {"x": x} for n, x in ((3, 0.5), (5, 4.0), (6, 3.0))} | {7: {}})
    with pytest.raises(EncaveError, match=r"^configuration 5: x = 4\.0 is outside"):
        check(space, table, may_miss=False)
    missing = build(space, {3: {}, 5: {"x": 4.0}})
    with pytest.raises(EncaveError, match=r"^configuration 3: x is missing$"):
        check(space, missing, may_miss=False)
    with pytest.raises(EncaveError, match=r"^configuration 5: x = 4\.0"):
        check(space, missing, may_miss=True)


@pytest.mark.parametrize(
    ("values", "lower", "upper", "within"),
    [
        ([0.0, 1.0], 0, 1, True),
        ([0.0, 1.1], 0, 1, False),
        ([-0.1, 1.0], 0, 1, False),
        ([None, 0.5], 0, 1, True),
        ([None], 0, 1, True),
        ([], 0, 1, True),
        ([float("nan"), 0.5], 0, 1, False),
        ([0.5, float("nan")], 0, 1, False),
        ([1e300, -1e300], None, None, True),
        ([5.0], None, 4, False),
        ([5.0], None, 5, True),
        ([5.0], 6, None, False),
        ([5.0], 5, None, True),
        ([1e6 + 0.9e-3], 0, 1e6, True),
        ([1e6 + 1.1e-3], 0, 1e6, False),
        ([5.0 + 0.9e-13], 5.0, 5.0, True),  # ConfigSpace rounds bounds to 13 places
        ([5.0 + 2e-13], 5.0, 5.0, False),
        ([1e308], -(10**400), 10**400, True),  # beyond floats
        ([float("inf")], 0, None, True),
    ],
)
def test_numbers_within_bounds(values: list[Any], lower: Any, upper: Any, within: bool) -> None:
    assert lie_within(column(values, pa.float64()), lower, upper) == within


@pytest.mark.parametrize(
    ("values", "kind", "known", "among"),
    [
        (["a", "b", None], TEXT, ["a", "b", "c"], True),
        (["a", "d"], TEXT, ["a", "b"], False),
        (["1", '"1"'], TEXT, [1, "1"], True),
        (["1", '"2"'], TEXT, [1, "1"], False),
        (["1"], TEXT, ["1", "2"], True),
        ([1, 2, None], pa.int64(), [1, 2], True),
        ([1, 3], pa.int64(), [1, 2], False),
        ([1], pa.int64(), [1, 2**70], False),
        ([True], pa.bool_(), [False], False),
        ([], pa.int64(), [1], True),
        ([None], pa.int64(), [1], True),
    ],
)
def test_values_among_choices(values: list[Any], kind: pa.DataType, known: list[Any], among: bool) -> None:
    assert are_among(column(values, kind), known) == among


def test_words_that_do_not_occur_are_no_values() -> None:
    coded = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int32()), pa.array(["a", "gone"]))
    assert are_among(pa.chunked_array([coded]), ["a"]) and not are_among(pa.chunked_array([coded]), ["b"])


def test_integers_that_no_column_has_are_no_choices_of_one() -> None:
    space = space_of(CategoricalHyperparameter("k", [1, 2**70]))
    assert unfit(space, {0: {"k": 1}, 1: {"k": 2**70}}) == {1: f"k = {2**70} is not of type int64"}
    with pytest.raises(EncaveError, match=f"configuration 1: k = {2**70} is not of type int64"):
        build(space, {0: {"k": 1}, 1: {"k": 2**70}})
    table = build(space, {0: {"k": 1}})
    check(space, table, may_miss=False)
    with pytest.raises(EncaveError, match=r"k = 3 is outside"):
        check(space, build(space, {0: {"k": 3}}), may_miss=False)


def test_json_of_a_hyperparameter_as_configspace_writes_it() -> None:
    row = {"a": "1", "b": "1", "c": 1, "d": "x"}
    told = [
        {"name": "a", "choices": [1, "x"]},
        {"name": "b", "sequence": ["1", "2"]},
        {"name": "c", "value": 1},
        {"name": "d", "lower": 0.0, "upper": 1.0},
    ]
    with pytest.raises(json.JSONDecodeError):
        decode_by_json([{"name": "d", "choices": [1, "x"]}], row)
    assert decode_by_json(told[:3], row) == {"a": 1, "b": "1", "c": 1}
    assert decode_by_json(told[3:], {"d": 0.5}) == {"d": 0.5}


def test_columns_of_cells_are_as_long_as_there_are_configurations() -> None:
    with pytest.raises(EncaveError, match="x = 'a' is not of type double"):
        from_cells(space_of(Float("x", (0.0, 1.0))), [1, 2], {"x": [0.5, "a"]})
    with pytest.raises(ValueError, match=r"is (longer|shorter) than"):
        from_cells(space_of(Float("x", (0.0, 1.0))), [1, 2], {"x": [0.5, 0.5, "a"]})


def test_integers_that_no_float_has_may_round() -> None:
    space = space_of(Integer("n", (0, 2**62)))
    assert unfit(space, {0: {"n": 2**60 + 1}, 1: {"n": 2**63 - 1}}) == {
        1: f"n = {2**63 - 1} is outside the space (0 … {2**62})"
    }
    check(space, build(space, {0: {"n": 2**60 + 1}}), may_miss=False)
    with pytest.raises(EncaveError, match=r"configuration 1: n = .* is outside"):
        check(space, build(space, {0: {"n": 2**60 + 1}, 1: {"n": 2**63 - 1}}), may_miss=False)
