"""Spaces inferred from values hold exactly the values."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encave.converters.parts.inferred_space import infer, infer_column
from encave.run import Objective, Optimizer, Run
from encave.run.configurations import choices


def as_run(configurations: dict[int, dict[str, Any]]) -> Run:
    inferred = infer(configurations)
    return Run.from_columns(
        name="x",
        optimizer=Optimizer("x"),
        objectives=[Objective("loss")],
        space=inferred.space,
        inferred_space=True,
        configurations=inferred.configurations,
        trials={"config_id": list(configurations), "status": ["success"] * len(configurations)}
        | {"cost:loss": [1.0] * len(configurations)},
    )


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.5, 1.5], "UniformFloatHyperparameter"),
        ([1, 3], "UniformIntegerHyperparameter"),
        ([1, 2.5], "UniformFloatHyperparameter"),
        (["a", "b"], "CategoricalHyperparameter"),
        ([True, False], "CategoricalHyperparameter"),
        ([3, "auto"], "CategoricalHyperparameter"),
        (["only", "only"], "Constant"),
        ([1.0, math.nextafter(1.0, 2.0)], "CategoricalHyperparameter"),
        ([-1e308, 1e308], "CategoricalHyperparameter"),
        ([2**62, 2**63 - 1], "CategoricalHyperparameter"),
        ([1.1e-12, 2.2e-12], "CategoricalHyperparameter"),
    ],
)
def test_kind_of_hyperparameter(values: list[Any], kind: str) -> None:
    column = infer_column("x", values)
    assert type(column.hyperparameter).__name__ == kind
    assert column.values == values
    assert column.fault is None


@pytest.mark.parametrize("values", [[0.0, 5.960464477539063e-08], [1.23456789012345e-05, 0.7, 0.9876543210987654321]])
def test_the_range_holds_values_of_many_digits(values: list[float]) -> None:
    hyperparameter = infer_column("x", values).hyperparameter
    assert hyperparameter.lower <= min(values) and max(values) <= hyperparameter.upper
    run = as_run({number: {"x": value} for number, value in enumerate(values)})
    assert [run.configuration(number)["x"] for number in range(len(values))] == values


def test_texts_that_numpy_would_shorten_stay_apart() -> None:
    column = infer_column("x", ["a", "a\0"])
    assert (column.values, column.fault) == (['"a"', '"a\\u0000"'], "json")
    assert list(column.hyperparameter.choices) == sorted(column.values)


def test_values_that_cannot_stay_as_they_are() -> None:
    lists = infer_column("x", [[1, 2], [3]])
    assert lists.values == ["[1, 2]", "[3]"]
    assert lists.fault == "json"
    alike = infer_column("x", [1, True])  # equal in Python, not in the log
    assert alike.values == ["1", "true"]
    endless = infer_column("x", [1.0, float("inf"), 2.0])
    assert (endless.values, endless.fault, endless.changed) == ([1.0, None, 2.0], "not finite", 1)
    assert infer_column("x", [None, None]).hyperparameter is None


def test_notes_say_what_was_assumed_and_left_out() -> None:
    notes = infer({0: {"a": 1, "b": None}, 1: {"a": 2, "b": None}}).notes
    assert notes[0].kind == "assumed"
    assert any("b has no value" in note.text for note in notes)


def test_null_is_a_choice_beside_texts_and_truth_values_that_all_have() -> None:
    rows = [{"a": "x", "b": True, "c": 1, "d": "x"}, {"a": None, "b": None, "c": None}, {"a": "y", "b": None, "c": 2}]
    found = infer(dict(enumerate(rows)))
    assert choices(found.space["a"]) == ("x", "y", None)
    assert choices(found.space["b"]) == (True, None)
    assert choices(found.space["c"]) is None  # numbers: inactive
    assert found.configurations[1] == {"a": None, "b": None}
    told = {note.text: note.count for note in found.notes if "is taken for a choice" in note.text}
    assert [(text[:9], count) for text, count in told.items()] == [("null of a", 1), ("null of b", 2)]
    half = infer({0: {"a": "x"}, 1: {"a": None}, 2: {}})
    assert half.configurations == {0: {"a": "x"}, 1: {}, 2: {}}  # not every configuration has it: inactive


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.lists(st.integers(0, 3), max_size=2)
)


@settings(max_examples=150)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), scalars), min_size=1, max_size=6))
def test_any_configurations_become_a_run(rows: list[dict[str, Any]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = as_run(dict(enumerate(rows)))
    for number, row in enumerate(rows):
        kept = {k for k, v in row.items() if v is not None and not (isinstance(v, float) and not math.isfinite(v))}
        chosen = {k for k, v in row.items() if v is None and k in run.space and None in (choices(run.space[k]) or ())}
        assert run.configuration(number).keys() == kept | chosen


@settings(max_examples=50)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_floats_come_back_unchanged(values: list[float]) -> None:
    run = as_run({number: {"x": value} for number, value in enumerate(values)})
    assert [run.configuration(number)["x"] for number in range(len(values))] == values
