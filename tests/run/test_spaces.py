"""Spaces that ConfigSpace would take hours to make are refused at once; others are made."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, Constant, EqualsCondition, Float, Integer
from hypothesis import given
from hypothesis import strategies as st

from encave.converters import convert
from encave.converters.parts.pcs import read_pcs
from encave.errors import EncaveError
from encave.run import Objective, Optimizer, Run
from encave.run.spaces import check_conditions, is_sound, made_space, shared_space

from ..converters.conftest import random_lines, write_sidecar, write_trials


def choices(count: int) -> list[dict[str, Any]]:
    told = {"type": "categorical", "choices": ["a", "b"], "weights": None, "default_value": "a"}
    return [{"name": f"h{place}", **told} for place in range(count)]


def when(child: int, parent: int) -> dict[str, Any]:
    return {"child": f"h{child}", "parent": f"h{parent}", "type": "EQ", "value": "a"}


def space(hyperparameters: list[dict[str, Any]], conditions: list[dict[str, Any]]) -> dict[str, Any]:
    told = {"name": None, "hyperparameters": hyperparameters, "conditions": conditions, "forbiddens": []}
    return told | {"format_version": 0.4}


CHAIN = space(choices(40), [when(place + 1, place) for place in range(39)])
HOSTILE = {
    "paths": CHAIN,
    "1,999 conditions": space(choices(2000), [when(place + 1, 0) for place in range(1999)]),
    "a condition of 2,000 parts": space(
        choices(20), [{"child": "h19", "type": "OR", "conditions": [when(19, place % 19) for place in range(2000)]}]
    ),
    "ordinals of 50,000 values": space(
        [{"type": "ordinal", "name": "o", "sequence": list(range(50_000)), "default_value": 0}], []
    ),
}


NUMBERS = st.one_of(
    st.integers(-3, 9),
    st.integers(),
    st.floats(),
    st.sampled_from([0, 0.0, -0.0, 1e-9, 1 / 3, 2.0**31, 2**31, 1 + 1e-12, 1 + 1e-5, True, None, "1"]),
)
TEXTS = st.one_of(st.sampled_from(["a", "b", "", " ", "a\0", "\ud800", "é"]), st.text(max_size=3))
RANGES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["uniform_float", "uniform_int"]), "name": TEXTS, "lower": NUMBERS, "upper": NUMBERS,
        "default_value": NUMBERS, "log": st.sampled_from([False, False, True, None]), "meta": st.none(),
    }
)  # fmt: skip
CHOICES = st.fixed_dictionaries(
    {
        "type": st.just("categorical"), "name": TEXTS, "choices": st.lists(st.one_of(TEXTS, NUMBERS), max_size=3),
        "weights": st.sampled_from([None, None, [0.5, 0.5]]), "default_value": TEXTS, "meta": st.none(),
    }
)  # fmt: skip
CONSTANTS = st.fixed_dictionaries(
    {"type": st.just("constant"), "name": TEXTS, "value": st.one_of(TEXTS, NUMBERS), "meta": st.none()}
)


@given(st.lists(st.one_of(RANGES, CHOICES, CONSTANTS), max_size=3))
def test_what_is_told_to_be_sound_is_made(hyperparameters: list[dict[str, Any]]) -> None:
    content = space(hyperparameters, []) | {"python_module_version": "1.2.0"}
    if is_sound(content):
        made = made_space(content)
        assert [one.name for one in made.values()] == sorted(one["name"] for one in hyperparameters)


def test_spaces_are_sound_unless_something_depends_on_something() -> None:
    made = ConfigurationSpace({"lr": Float("lr", (1e-5, 1.0), log=True), "n": Integer("n", (1, 9)), "kind": ["a", "b"]})
    made.add(Constant("c", 1), Constant("d", "x"))
    assert is_sound(made.to_serialized_dict())
    made.add(EqualsCondition(made["lr"], made["kind"], "a"))
    assert not is_sound(made.to_serialized_dict())
    assert not is_sound(CHAIN) and not is_sound({})


@pytest.mark.parametrize("told", HOSTILE)
def test_what_would_take_hours_is_refused_at_once(told: str) -> None:
    start = time.process_time()
    with pytest.raises(ValueError, match=told):
        made_space(HOSTILE[told])
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "wrong", [None, 5, [], {"hyperparameters": 5, "conditions": "x"}, {"conditions": [{"parent": []}]}]
)
def test_what_is_no_space_is_left_to_configspace(wrong: Any) -> None:
    with pytest.raises((TypeError, LookupError, ValueError, AttributeError)):
        made_space(wrong)


def test_conditions_as_people_have_them_are_made() -> None:
    """Fifteen choices with twenty hyperparameters each, of which every fourth has two of its own."""
    made = ConfigurationSpace()
    root = CategoricalHyperparameter("root", [str(place) for place in range(15)])
    seconds = [CategoricalHyperparameter(f"s{place}", ["a", "b"]) for place in range(300)]
    thirds = [CategoricalHyperparameter(f"t{place}", ["a", "b"]) for place in range(150)]
    made.add([root, *seconds, *thirds])
    made.add([EqualsCondition(one, root, str(place % 15)) for place, one in enumerate(seconds)])
    made.add([EqualsCondition(one, seconds[place // 2 * 4], "a") for place, one in enumerate(thirds)])
    assert made_space(made.to_serialized_dict()) == made


def test_no_log_and_no_run_takes_hours(tmp_path: Path) -> None:
    for place in ("encave.json", "configspace.json"):
        write_trials(tmp_path / place, random_lines(3))
    write_sidecar(tmp_path / "encave.json")
    content = json.loads((tmp_path / "encave.json" / "encave.json").read_text())
    (tmp_path / "encave.json" / "encave.json").write_text(json.dumps(content | {"space": CHAIN}))
    (tmp_path / "configspace.json" / "configspace.json").write_text(json.dumps(CHAIN))
    for conversion in convert([tmp_path], tmp_path / "out"):
        assert "depend on each other by" in str(conversion.reason)
    run = Run.from_columns(
        name="r", optimizer=Optimizer("o"), space=made_space(space(choices(40), [])), objectives=[Objective("y")],
        trials={"config_id": [0], "status": ["success"], "cost:y": [1.0]},
        configurations={0: {f"h{place}": "a" for place in range(40)}},
    )  # fmt: skip
    run.save(tmp_path / "run")
    header = json.loads((tmp_path / "run" / "run.json").read_text())
    (tmp_path / "run" / "run.json").write_text(json.dumps(header | {"space": CHAIN}))
    with pytest.raises(EncaveError, match="depend on each other by"):
        _ = Run.load(tmp_path / "run").space
    lines = [f"h{place} {{a, b}} [a]\n" for place in range(40)]
    lines += [f"h{place + 1} | h{place} in {{a}}\n" for place in range(39)]
    (tmp_path / "chain.pcs").write_text("".join(lines))
    with pytest.raises(EncaveError, match="depend on each other by"):
        read_pcs(tmp_path / "chain.pcs")


FLOAT = {
    "type": "uniform_float",
    "name": "x",
    "lower": 0.0,
    "upper": 1.0,
    "default_value": 0.5,
    "log": False,
    "meta": None,
}
INT = FLOAT | {"type": "uniform_int", "lower": 1, "upper": 9, "default_value": 5}
CHOICE = {
    "type": "categorical",
    "name": "k",
    "choices": ["a", "b"],
    "weights": None,
    "default_value": "a",
    "meta": None,
}
CONSTANT = {"type": "constant", "name": "c", "value": 5, "meta": None}


@pytest.mark.parametrize("one", [FLOAT, INT, CHOICE, CONSTANT])
def test_what_is_sound(one: dict[str, Any]) -> None:
    whole = space([one], []) | {"python_module_version": "1.2.0"}
    assert is_sound(whole) and made_space(whole)
    assert is_sound(whole | {"name": "mine"})
    assert not is_sound(whole | {"name": 5}) and not is_sound(whole | {"odd": 5})
    assert not is_sound(whole | {"format_version": 0.5})
    assert not is_sound(whole | {"conditions": [5]}) and not is_sound(whole | {"forbiddens": [5]})
    assert not is_sound(whole | {"conditions": None}) and not is_sound(whole | {"hyperparameters": {}})
    assert not is_sound(whole | {"hyperparameters": [one, 5]})
    assert not is_sound(whole | {"hyperparameters": [one, one]})
    assert is_sound(whole | {"hyperparameters": [one, one | {"name": "other"}]}) and is_sound(
        whole | {"hyperparameters": []}
    )
    for wrong in ({"name": ""}, {"name": 5}, {"name": "a\n"}, {"meta": {}}, {"type": "odd"}, {"odd": 1}):
        assert not is_sound(whole | {"hyperparameters": [one | wrong]})
    for key in one:
        assert not is_sound(whole | {"hyperparameters": [{name: one[name] for name in one if name != key}]})


@pytest.mark.parametrize(
    ("one", "change", "sound"),
    [
        (FLOAT, {"lower": 0, "upper": 1, "default_value": 0}, True),
        (FLOAT, {"default_value": 0.0}, True),
        (FLOAT, {"default_value": 1.0}, True),
        (FLOAT, {"default_value": 1.1}, False),
        (FLOAT, {"default_value": -0.1}, False),
        (FLOAT, {"default_value": None}, False),
        (FLOAT, {"upper": "1"}, False),
        (FLOAT, {"upper": True}, False),
        (FLOAT, {"lower": None}, False),
        (FLOAT, {"log": None}, False),
        (FLOAT, {"log": True}, False),  # from zero
        (FLOAT, {"log": True, "lower": 2.0**-31}, True),
        (FLOAT, {"log": True, "lower": 2.0**-32}, False),
        (FLOAT, {"upper": 2.0**31}, True),
        (FLOAT, {"upper": 2.0**31 + 1}, False),
        (FLOAT, {"lower": -(2.0**31)}, True),
        (FLOAT, {"lower": -(2.0**31) - 1}, False),
        (FLOAT, {"upper": float("nan")}, False),
        (FLOAT, {"lower": 0.5, "upper": 0.5}, False),
        (FLOAT, {"lower": 0.5, "upper": 0.5 + 1.1e-8, "default_value": 0.5}, True),
        (FLOAT, {"lower": 0.5, "upper": 0.5 + 0.9e-8, "default_value": 0.5}, False),
        (FLOAT, {"lower": 50.0, "upper": 50.0 + 5.1e-7, "default_value": 50.0}, True),
        (FLOAT, {"lower": 50.0, "upper": 50.0 + 4.9e-7, "default_value": 50.0}, False),
        (FLOAT, {"lower": -50.0, "upper": -50.0 + 4.9e-7, "default_value": -50.0}, False),
        (INT, {"lower": 5, "upper": 6}, True),
        (INT, {"lower": 5, "upper": 5}, False),
        (INT, {"lower": 1.0}, False),
        (INT, {"default_value": 5.0}, False),
        (INT, {"log": True}, True),
        (INT, {"log": True, "lower": 0}, False),
        (CHOICE, {"choices": ["a"]}, True),
        (CHOICE, {"choices": ["a", "a"]}, False),
        (CHOICE, {"choices": ["b", "c"]}, False),
        (CHOICE, {"choices": ["a", 5]}, False),
        (CHOICE, {"choices": []}, False),
        (CHOICE, {"choices": "ab"}, False),
        (CHOICE, {"default_value": 5}, False),
        (CHOICE, {"default_value": ["a"]}, False),
        (CHOICE, {"weights": [1, 1]}, False),
        (CONSTANT, {"value": "x"}, True),
        (CONSTANT, {"value": 2**31}, True),
        (CONSTANT, {"value": 2**31 + 1}, False),
        (CONSTANT, {"value": True}, False),
        (CONSTANT, {"value": None}, False),
        (CONSTANT, {"value": "a\0"}, False),
    ],
)
def test_bounds_of_what_is_sound(one: dict[str, Any], change: dict[str, Any], sound: bool) -> None:
    whole = space([one | change], []) | {"python_module_version": "1.2.0"}
    assert is_sound(whole) == sound
    if sound:
        made_space(whole)


def test_equal_objects_share_their_space() -> None:
    whole = space([FLOAT, CHOICE], []) | {"python_module_version": "1.2.0"}
    one = shared_space(whole)
    assert shared_space(dict(reversed(whole.items()))) is one
    assert shared_space(whole | {"name": "other"}) is not one
    assert whole == space([FLOAT, CHOICE], []) | {"python_module_version": "1.2.0"}


def chain(length: int) -> list[list[tuple[str, str]]]:
    return [[(f"h{place}", f"h{place + 1}")] for place in range(length)]


@pytest.mark.parametrize(
    ("edges", "told"),
    [
        ([[("a", "b")] * 200], None),
        ([[("a", "b")] * 201], "a condition of 201 parts, more than 200"),
        ([[("a", f"b{place}")] for place in range(1000)], None),
        ([[("a", f"b{place}")] for place in range(1001)], "1,001 conditions, more than 1,000"),
        ([[("a", f"b{place}"), ("a", f"c{place}")] for place in range(501)], "1,002 conditions, more than 1,000"),
        (chain(13), None),  # 2^13 - 1 paths and the start
        (chain(14), "hyperparameters depend on each other by 16,384 paths, more than 10,000"),
        ([*chain(14), [("x", "h0")]], "hyperparameters depend on each other by 32,768 paths, more than 10,000"),
        ([*chain(13), [("x", "y")]], None),
        ([*chain(12), *([(f"r{place}", "h0")] for place in range(1))], None),
        (
            [*chain(12), *([(f"r{place}", "h0")] for place in range(3))],
            "hyperparameters depend on each other by 24,576",
        ),
        ([[("a", "b")], [("b", "a")]], None),  # a circle is for ConfigSpace to refuse
        ([], None),
    ],
)
def test_conditions_are_bounded(edges: list[list[tuple[str, str]]], told: str | None) -> None:
    if told is None:
        check_conditions(edges)
        return
    with pytest.raises(ValueError) as error:
        check_conditions(edges)
    assert str(error.value).startswith(told)


@pytest.mark.parametrize(
    ("counts", "told"), [([10_000], None), ([6_000, 8_000], None), ([10_001], "10,001"), ([8_000, 6_001], "8,000")]
)
def test_values_of_ordinals_are_bounded(counts: list[int], told: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(ConfigurationSpace, "from_serialized_dict", made.append)
    whole = space([{"type": "ordinal", "name": f"o{n}", "sequence": [0] * n} for n in counts], [])
    if told is None:
        made_space(whole)
        assert made == [whole] and made[0] is not whole
        return
    with pytest.raises(ValueError, match=f"^ordinals of {told} values, more than 10,000 together$"):
        made_space(whole)
    assert not made


def test_conditions_within_conditions_are_parts_too() -> None:
    parts = [{"parent": "h0", "child": "h19"}] * 67
    nested = {"type": "AND", "child": "h19", "conditions": [{"type": "OR", "conditions": parts}] * 3}
    with pytest.raises(ValueError, match="a condition of 201 parts"):
        made_space(space(choices(20), [nested]))
