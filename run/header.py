"""What must hold of the JSON header of a stored run, so that a damaged one is refused with the reason.

Nothing here imports ConfigSpace: headers are read by commands that need no space.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from types import NoneType
from typing import Any, Literal, TypeAlias, get_args

import pyarrow as pa

from ..errors import EncaveError
from .configurations import TEXT, column_type_of
from .trials import Objective, check_objectives

NoteKind: TypeAlias = Literal["merged", "dropped", "assumed", "derived", "flagged"]
"""merged, dropped: trials that were read but not written; assumed: a guess; derived: computed, not logged."""

_FIELDS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "optimizer": (dict,),
    "objectives": (list,),
    "budget_name": (str, NoneType),
    "inferred_space": (bool,),
    "metadata": (dict,),
    "notes": (list,),
    "space": (dict,),
    "trials": (int,),
    "configurations_without_trials": (list,),
}
_OPTIMIZER = {"name": (str,), "version": (str, NoneType)}
_NOTE = {"kind": (str,), "text": (str,), "count": (int,)}
_BOUND = (int, float, NoneType)
_OBJECTIVE = {"name": (str,), "direction": (str,), "lower": _BOUND, "upper": _BOUND, "unit": (str, NoneType)}
_SCALAR = (str, int, float, NoneType)
_METADATA: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("task", "group", "seed", "source", "source_format", "source_release", "fingerprint"), _SCALAR),
    **dict.fromkeys(("workers", "overhead_seconds"), _BOUND),
    "evaluations": (int, NoneType),
    "improvements_only": (bool, NoneType),
    **dict.fromkeys(("benchmark", "limit", "accounting"), (dict, NoneType)),
    "reporting": (list, NoneType),
}
_LONGEST = 80  # characters of a value in a message
_COUNTS = frozenset({"read", "written", "merged", "dropped"})
_NUMBERS = frozenset(f"{family}_{kind}" for family in ("uniform", "normal", "beta") for kind in ("int", "float"))
_VALUES = {"categorical": "choices", "ordinal": "sequence"}


def check_header(header: Mapping[str, Any]) -> None:
    """Check the types of a header and of all that stands in it.

    Raises:
        EncaveError: something does not hold; the message names the field.
    """
    _check_fields("", header, _FIELDS)
    _check_fields("optimizer: ", header["optimizer"], _OPTIMIZER)
    for place, objective in enumerate(header["objectives"]):
        _check_entry(f"objectives[{place}]", objective, _OBJECTIVE)
        if objective["direction"] not in ("minimize", "maximize"):
            raise EncaveError(f"objectives[{place}]: direction is {_shown(objective['direction'])}")
    for place, note in enumerate(header["notes"]):
        _check_entry(f"notes[{place}]", note, _NOTE)
        if note["kind"] not in get_args(NoteKind) or note["count"] < 0:
            raise EncaveError(f"notes[{place}] is no note: {_shown(note)}")
    check_objectives([Objective(**objective) for objective in header["objectives"]])
    check_metadata(header["metadata"])


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Check the metadata that encave itself uses; the rest may be any JSON.

    Raises:
        EncaveError: a value is of another type.
    """
    known = {key: kinds for key, kinds in _METADATA.items() if key in metadata}
    _check_fields("metadata: ", metadata, known)
    counts = metadata.get("accounting") or {}
    if not counts.keys() <= _COUNTS or not all(_is(count, (int,)) and count >= 0 for count in counts.values()):
        raise EncaveError(f"metadata: accounting is {_shown(counts)}, not counts of trials")
    made = metadata.get("evaluations")
    if made is not None and made < 0:
        raise EncaveError(f"metadata: evaluations is {made}, not how many the run made")
    for entry in metadata.get("reporting") or []:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            raise EncaveError(f"metadata: reporting has {_shown(entry)}, which names nothing to report")


def check_space(space: Mapping[str, Any], configurations: pa.Table) -> None:
    """Check a serialized space, and that the columns of configurations are those of its hyperparameters.

    Args:
        space: As ConfigSpace serializes it.
        configurations: `config_id` and the hyperparameters.

    Raises:
        EncaveError: something does not hold; the message names the hyperparameter.
    """
    described = space.get("hyperparameters")
    if not isinstance(described, list) or not all(isinstance(one, dict) for one in described):
        raise EncaveError("space: hyperparameters are no list of objects")
    for part in ("conditions", "forbiddens"):
        clauses = space.get(part, [])
        if not isinstance(clauses, list) or not all(isinstance(clause, dict) for clause in clauses):
            raise EncaveError(f"space: {part} are no list of objects")
    names = [one.get("name") for one in described]
    columns = configurations.column_names[1:]
    if sorted(map(str, names)) != sorted(columns):
        wrong = ", ".join(sorted(set(map(str, names)) ^ set(columns))) or "a name twice"
        raise EncaveError(f"the configurations' columns do not match the space: {wrong}")
    for one in described:
        _check_hyperparameter(one, configurations[one["name"]].type)


def _check_hyperparameter(one: Mapping[str, Any], found: pa.DataType) -> None:
    name, kind = one["name"], one.get("type")
    if kind in _NUMBERS:
        wanted = pa.int64() if kind.endswith("_int") else pa.float64()
        lower, upper = one.get("lower"), one.get("upper")
        if not (_is(lower, _BOUND) and _is(upper, _BOUND)):
            raise EncaveError(f"space: the bounds of {name} are {_shown(lower)} and {_shown(upper)}")
        if lower is not None and upper is not None and lower > upper:
            raise EncaveError(f"space: the bounds of {name} are {lower} > {upper}")
    elif kind == "constant" and "value" in one:
        wanted = column_type_of([one["value"]])
    elif isinstance(choices := one.get(_VALUES.get(str(kind), "")), list) and choices:
        wanted = column_type_of(choices)
    else:
        raise EncaveError(f"space: {name} is no hyperparameter of a known type with values: {_shown(one)}")
    if found != wanted:
        raise EncaveError(f"configurations: {name} is {found}, not {'text' if wanted == TEXT else wanted}")


def _check_entry(where: str, entry: Any, kinds: Mapping[str, tuple[type, ...]]) -> None:
    if not isinstance(entry, dict) or entry.keys() != kinds.keys():
        raise EncaveError(f"{where} is {_shown(entry)}, not an object with {', '.join(kinds)}")
    _check_fields(f"{where}: ", entry, kinds)


def _check_fields(where: str, content: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> None:
    for name, allowed in kinds.items():
        if name not in content:
            raise EncaveError(f"{where}{name} is missing")
        if not _is(content[name], allowed):
            raise EncaveError(f"{where}{name} is {_shown(content[name])}, not of its type")


def _is(value: Any, kinds: tuple[type, ...]) -> bool:
    """Whether a JSON value is of these types; a truth value is no number, and a number is finite."""
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, kinds) and not (isinstance(value, float) and not math.isfinite(value))


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
