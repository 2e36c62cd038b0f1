"""What must hold of a stored header and space, with the words of each refusal."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from encave.errors import EncaveError
from encave.run import Optimizer, RunHeader
from encave.run.checks import check_fields, is_of, shown
from encave.run.header import check_header, check_space
from encave.run.saving import stored_header

from .test_model import make_run


def header_of(**changes: Any) -> dict[str, Any]:
    return {**stored_header(make_run()), **changes}


def test_a_header_that_is_sound() -> None:
    check_header(header_of())
    check_header(header_of(budget_name=None, notes=[], optimizer={"name": "o", "version": None}))
    check_header(header_of(notes=[{"kind": "assumed", "text": "", "count": 0}]))


OBJECTIVE = {"name": "error", "direction": "minimize", "lower": None, "upper": 1.0, "unit": None}
NOTE = {"kind": "assumed", "text": "x", "count": 1}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": None}, "name is null, not of its type"),
        ({"trials": True}, "trials is true, not of its type"),
        ({"trials": 4.0}, "trials is 4.0, not of its type"),
        ({"optimizer": {"version": None}}, "optimizer: name is missing"),
        (
            {"optimizer": {"name": "o", "version": None, "b": 1, "a": 2}},
            'optimizer has fields that none has: ["a", "b"]',
        ),
        ({"objectives": [OBJECTIVE, 5]}, "objectives[1] is 5, not an object with name, direction, lower, upper, unit"),
        (
            {"objectives": [{"name": "error"}]},
            'objectives[0] is {"name": "error"}, not an object with name, direction, lower, upper, unit',
        ),
        ({"objectives": [OBJECTIVE, OBJECTIVE | {"direction": "up"}]}, 'objectives[1]: direction is "up"'),
        ({"objectives": [OBJECTIVE | {"lower": "0"}]}, 'objectives[0]: lower is "0", not of its type'),
        (
            {"objectives": [OBJECTIVE, OBJECTIVE]},
            "a run needs at least one objective, with different names; got ['error', 'error']",
        ),
        ({"notes": [NOTE, 5]}, "notes[1] is 5, not an object with kind, text, count"),
        ({"notes": [NOTE | {"kind": "sad"}]}, 'notes[0] is no note: {"kind": "sad", "text": "x", "count": 1}'),
        ({"notes": [NOTE | {"count": -1}]}, 'notes[0] is no note: {"kind": "assumed", "text": "x", "count": -1}'),
        ({"notes": [NOTE | {"count": 1.5}]}, "notes[0]: count is 1.5, not of its type"),
        ({"odd": float("inf")}, "a number in it is not finite, with which it could not be written again"),
    ],
)
def test_headers_that_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(EncaveError) as error:
        check_header(header_of(**changes))
    assert str(error.value) == told


def test_every_field_of_a_header_is_there() -> None:
    whole = header_of()
    for name in whole.keys() - {"encave_run"}:
        with pytest.raises(EncaveError, match=f"^{name} is missing$"):
            check_header({key: value for key, value in whole.items() if key != name})


TEXT = pa.dictionary(pa.int32(), pa.string())


def space_of(*described: Any, **more: Any) -> dict[str, Any]:
    return {"hyperparameters": list(described), "conditions": [], "forbiddens": [], **more}


def table_of(**columns: pa.Array) -> pa.Table:
    return pa.table({"config_id": pa.array([0, 1]), **columns})


FLOAT = {"name": "x", "type": "uniform_float", "lower": 0.0, "upper": 1.0}
FLOATS, INTEGERS = pa.array([0.5, None]), pa.array([3, None])


@pytest.mark.parametrize(
    ("one", "values"),
    [
        (FLOAT, FLOATS),
        (FLOAT | {"lower": 0.5, "upper": 0.5}, FLOATS),
        (FLOAT | {"lower": None, "upper": None, "type": "normal_float"}, FLOATS),
        (FLOAT | {"lower": None}, FLOATS),
        (FLOAT | {"type": "beta_float"}, FLOATS),
        *(
            (FLOAT | {"type": f"{kind}_int", "lower": 1, "upper": 3}, INTEGERS)
            for kind in ("uniform", "normal", "beta")
        ),
        ({"name": "x", "type": "constant", "value": 3}, INTEGERS),
        ({"name": "x", "type": "constant", "value": None}, pa.array(["null", None]).dictionary_encode()),
        ({"name": "x", "type": "categorical", "choices": ["a", "b"]}, pa.array(["a", None]).dictionary_encode()),
        ({"name": "x", "type": "categorical", "choices": [1, "1"]}, pa.array(['"1"', None]).dictionary_encode()),
        ({"name": "x", "type": "ordinal", "sequence": [1, 3]}, INTEGERS),
    ],
)
def test_spaces_that_are_sound(one: dict[str, Any], values: pa.Array) -> None:
    check_space(space_of(one), table_of(x=values))
    check_space({"hyperparameters": [one]}, table_of(x=values))


@pytest.mark.parametrize(
    ("space", "told"),
    [
        ({}, "space: hyperparameters are no list of objects"),
        (space_of(5), "space: hyperparameters are no list of objects"),
        (space_of(FLOAT, conditions=[5]), "space: conditions are no list of objects"),
        (space_of(FLOAT, forbiddens={}), "space: forbiddens are no list of objects"),
        (space_of(), "the configurations' columns do not match the space: x"),
        (space_of(FLOAT, FLOAT | {"name": "y"}), "the configurations' columns do not match the space: y"),
        (space_of(FLOAT | {"name": "y"}), "the configurations' columns do not match the space: x, y"),
        (space_of(FLOAT, FLOAT), "the configurations' columns do not match the space: a name twice"),
        (space_of(FLOAT | {"lower": "0"}), 'space: the bounds of x are "0" and 1.0'),
        (space_of(FLOAT | {"upper": True}), "space: the bounds of x are 0.0 and true"),
        (space_of(FLOAT | {"lower": 2.0}), "space: the bounds of x are 2.0 > 1.0"),
        (space_of(FLOAT | {"upper": 0.4}), "configurations: x has values outside of its space"),
        (space_of(FLOAT | {"lower": 0.6}), "configurations: x has values outside of its space"),
        (space_of(FLOAT | {"type": "uniform_int", "upper": 9}), "configurations: x is double, not int64"),
        (space_of({"name": "x", "type": "categorical", "choices": ["a"]}), "configurations: x is double, not text"),
        (
            space_of({"name": "x", "type": "categorical", "choices": [1.0]}),
            "configurations: x has values outside of its space",
        ),
        (
            space_of({"name": "x", "type": "categorical", "choices": []}),
            'space: x is no hyperparameter of a known type with values: {"name": "x", "type": "categorical…',
        ),
        (
            space_of({"name": "x", "type": "categorical", "choices": "ab"}),
            'space: x is no hyperparameter of a known type with values: {"name": "x", "type": "categorical…',
        ),
        (
            space_of({"name": "x", "type": "constant"}),
            'space: x is no hyperparameter of a known type with values: {"name": "x", "type": "constant"}',
        ),
        (
            space_of({"name": "x", "type": "odd", "value": 1}),
            'space: x is no hyperparameter of a known type with values: {"name": "x", "type": "odd", "value": 1}',
        ),
    ],
)
def test_spaces_that_are_refused(space: dict[str, Any], told: str) -> None:
    with pytest.raises(EncaveError) as error:
        check_space(space, table_of(x=FLOATS))
    if told.endswith("…"):
        assert str(error.value).startswith(told.split(" {")[0])
    else:
        assert str(error.value) == told


def test_types_of_json_values() -> None:
    assert is_of(1, (int,)) and is_of(1.5, (int, float)) and is_of(True, (bool,)) and is_of("a", (str,))
    assert not is_of(True, (int, float)) and not is_of(1, (bool,)) and not is_of(1.5, (int,))
    assert not is_of(float("nan"), (float,)) and not is_of(float("-inf"), (float,))
    with pytest.raises(EncaveError, match=r"^here: a is null, not of its type$"):
        check_fields("here: ", {"a": None}, {"a": (int,)})
    check_fields("", {"a": None, "b": object()}, {"a": (int, type(None))})


def test_a_value_in_a_message_has_at_most_80_characters() -> None:
    assert shown("a" * 78) == '"' + "a" * 78 + '"' and len(shown("a" * 78)) == 80
    assert shown("a" * 79) == '"' + "a" * 78 + "…"
    assert shown({"a": {1}}) == '{"a": "{1}"}'


def test_a_header_has_what_is_known_of_its_run() -> None:
    run = make_run(metadata={"group": "G", "task": "t", "seed": 3, "evaluations": 9, "improvements_only": True})
    header = RunHeader(run)
    for name in (
        "label",
        "task",
        "seed",
        "evaluations",
        "improvements_only",
        "budgets",
        "hyperparameters",
        "space_digest",
    ):
        assert getattr(header, name) == getattr(run, name)
    assert (header.label, header.evaluations, header.improvements_only, len(header)) == ("G", 9, True, 4)
    plain = RunHeader(make_run(metadata={}))
    assert (plain.label, plain.improvements_only, plain.evaluations) == ("DEHB", False, None)
    with pytest.raises(EncaveError, match="optimizer: name is 5"):
        Optimizer(5)  # type: ignore[arg-type]
