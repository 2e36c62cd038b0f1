"""The configuration space as DeepCAVE's pages can take it.

They know neither ordinal hyperparameters nor priors, and put the columns of hyperparameters, objectives and their own
into one table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

_OWN = frozenset({"config_id", "Combined Cost", "highlighted"})
"""Names of columns that DeepCAVE puts beside those of hyperparameters."""
_SIDES: dict[str, Callable[[int, list[Any]], list[Any]]] = {
    "GT": lambda place, choices: choices[place + 1 :],
    "LT": lambda place, choices: choices[:place],
}
_NAMING = ("name", "child", "parent", "left", "right")
"""Keys of the JSON whose value is the name of a hyperparameter."""
_UNIFORM = {f"{prior}_{kind}": f"uniform_{kind}" for prior in ("normal", "beta") for kind in ("int", "float")}


@dataclass(frozen=True)
class ShownSpace:
    """A space, and how its hyperparameters are called in it."""

    text: str
    """As ConfigSpace writes it, in JSON."""
    names: Mapping[str, str]
    """Hyperparameter → its name on the pages, for those that have another one there."""
    notes: tuple[str, ...]
    """What was changed, one sentence each."""


def shown_space(text: str, objectives: Collection[str]) -> ShownSpace:
    """A space without ordinals and priors, in which no hyperparameter has the name of an objective or of a column."""
    space = json.loads(text)
    parts = space["hyperparameters"]
    known = {part["name"] for part in parts}
    names = {name: _free(name, known | set(objectives)) for name in known & (_OWN | set(objectives))}
    ordinals = {part["name"]: list(part["sequence"]) for part in parts if part["type"] == "ordinal"}
    notes = [
        f"the hyperparameter {old} is called {new}, since {old} means something else here" for old, new in names.items()
    ]
    if priors := sorted(part["name"] for part in parts if part["type"] in _UNIFORM):
        notes.append(f"shown without their prior: {', '.join(priors)}")
    if ordinals:
        notes.append(f"ordered choices are shown as choices without order: {', '.join(sorted(ordinals))}")
    parents = set(_values_of("parent", space["conditions"]))
    single = {part["name"] for part in parts if _is_single(part)} - parents
    if not notes and not single:
        return ShownSpace(text, {}, ())
    space["hyperparameters"] = [_constant(part) if part["name"] in single else _shown(part) for part in parts]
    space["conditions"] = [_on_choices(condition, ordinals) for condition in space["conditions"]]
    changed = {key: _renamed(space[key], names) for key in ("hyperparameters", "conditions", "forbiddens")}
    return ShownSpace(json.dumps(space | changed), names, tuple(sorted(notes)))


def _free(name: str, taken: Collection[str]) -> str:
    wanted = f"{name} (hyperparameter)"
    while wanted in taken:
        wanted += "'"
    return wanted


def _is_single(part: Mapping[str, Any]) -> bool:
    choices = part["choices"] if part["type"] == "categorical" else ()
    return len(choices) == 1 and type(choices[0]) in (str, int, float)


def _constant(part: Mapping[str, Any]) -> dict[str, Any]:
    """A hyperparameter with a single choice: DeepCAVE divides by the number of choices less one."""
    return {"type": "constant", "name": part["name"], "value": part["choices"][0], "meta": part.get("meta")}


def _shown(part: dict[str, Any]) -> dict[str, Any]:
    """A hyperparameter of a kind that all pages know."""
    kept = {key: part[key] for key in ("name", "default_value", "meta") if key in part}
    if part["type"] == "ordinal":
        return {"type": "categorical", **kept, "choices": part["sequence"], "weights": None}
    if kind := _UNIFORM.get(part["type"]):
        return {"type": kind, **kept, **{key: part[key] for key in ("lower", "upper", "log")}}
    return part


def _on_choices(condition: Mapping[str, Any], ordinals: Mapping[str, list[Any]]) -> dict[str, Any]:
    """A condition in which above and below a choice are choices."""
    if "conditions" in condition:
        return {**condition, "conditions": [_on_choices(part, ordinals) for part in condition["conditions"]]}
    choices = ordinals.get(condition.get("parent", ""))
    if choices is None or condition["type"] not in _SIDES:
        return dict(condition)
    values = _SIDES[condition["type"]](choices.index(condition["value"]), choices)
    kept = {key: condition[key] for key in ("child", "parent")}
    return {"type": "IN", **kept, "values": values}


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    """The same JSON with other names where a hyperparameter is named."""
    if isinstance(node, list):
        return [_renamed(part, names) for part in node]
    if not isinstance(node, dict):
        return node
    return {
        key: names.get(value, value) if key in _NAMING and isinstance(value, str) else _renamed(value, names)
        for key, value in node.items()
    }


def names_in(node: Any) -> set[str]:
    """The hyperparameters that a condition or a forbidden clause names."""
    return {name for key in _NAMING for name in _values_of(key, node)}


def _values_of(wanted: str, node: Any) -> Iterator[str]:
    """Texts under a key, anywhere in JSON."""
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _values_of(wanted, part)
    if isinstance(node, dict) and isinstance(node.get(wanted), str):
        yield node[wanted]


def free_of_others(space: ConfigurationSpace) -> set[str]:
    """Hyperparameters on whose value nothing depends, whether it is there or whether it is allowed."""
    told = space.to_serialized_dict()
    parents = {name for name in space if space.children_of[name]}
    return set(space) - parents - names_in(told["forbiddens"])
