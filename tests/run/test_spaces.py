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
from encave.run.spaces import is_sound, made_space

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
