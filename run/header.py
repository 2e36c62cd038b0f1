"""The header of a run, and what must hold of its JSON, so that a damaged one is refused with the reason.

Nothing here imports ConfigSpace: headers are read by commands that need no space.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, get_args

import pyarrow as pa

from ..errors import EncaveError
from .checks import NUMBER, check_fields, is_list, is_object, is_objects, is_of, shown
from .configurations import TEXT, are_among, column_type_of, lie_within
from .notes import NoteKind
from .provenance import Provenance
from .trials import Objective, check_objectives

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
_TOLD = ("name", "optimizer", "objectives", "budget_name", "inferred_space", "provenance")
_OPTIMIZER = {"name": (str,), "version": (str, NoneType)}
_NOTE = {"kind": (str,), "text": (str,), "count": (int,)}
_OBJECTIVE = {"name": (str,), "direction": (str,), "lower": NUMBER, "upper": NUMBER, "unit": (str, NoneType)}
_NUMBERS = frozenset(f"{family}_{kind}" for family in ("uniform", "normal", "beta") for kind in ("int", "float"))
_VALUES = {"categorical": "choices", "ordinal": "sequence"}


@dataclass(frozen=True)
class Optimizer:
    """What proposed the configurations.

    Example:
        >>> encave.Optimizer("DEHB", "0.1.2").name
        'DEHB'
    """

    name: str
    """Name as in the literature, e.g. `DEHB`."""
    version: str | None = None
    """Version of the package, if known."""

    def __post_init__(self) -> None:
        check_fields("optimizer: ", vars(self), _OPTIMIZER)


UNKNOWN_RELEASE = "of unknown release"
"""Stands after an optimizer's label in the place of its version."""


class RunHeader:
    """What is known of a run without its trials, configurations and space: all by which runs are labelled and grouped.

    A `Run` is one too. Read-only.

    Args:
        run: The run.
    """

    name: str
    """Name shown to people."""
    optimizer: Optimizer
    """What proposed the configurations."""
    objectives: tuple[Objective, ...]
    """The objectives, first the one that was optimized."""
    budget_name: str | None
    """What the budget counts."""
    inferred_space: bool
    """Whether the space was inferred from the values."""
    provenance: Provenance
    """Where it comes from and under what it was made."""

    def __init__(self, run: RunHeader) -> None:
        self.__dict__.update({name: getattr(run, name) for name in _TOLD})
        self.__dict__["_known"] = (len(run), run.budgets, run.hyperparameters, run.space_digest)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("the header of a run is read-only")

    def __len__(self) -> int:
        return self._known[0]

    _known: tuple[int, tuple[float, ...], tuple[str, ...], str]

    @property
    def budgets(self) -> tuple[float, ...]:
        """Budgets of the trials, ascending; empty if the optimizer knows none."""
        return self._known[1]

    @property
    def hyperparameters(self) -> tuple[str, ...]:
        """Names of the hyperparameters."""
        return self._known[2]

    @property
    def space_digest(self) -> str:
        """Hash of the names and ranges of the hyperparameters, whatever their order."""
        return self._known[3]

    @property
    def label(self) -> str:
        """What the optimizer is called where runs are compared: the label it was given, else its name.

        Example:
            >>> runs[0].label
            'DEHB'
        """
        return self.provenance.group or self.optimizer.name

    @property
    def task(self) -> str | None:
        """Name of the task, if it is known.

        Example:
            >>> runs[0].task
            'mlp'
        """
        return self.provenance.task

    @property
    def seed(self) -> int | None:
        """Seed of the optimizer, if it is known.

        Example:
            >>> runs[0].seed
            0
        """
        return self.provenance.seed

    @property
    def evaluations(self) -> int | None:
        """How many evaluations the run made in all, if the log says so; its trials may be fewer.

        Example:
            >>> runs[0].evaluations is None
            True
        """
        return self.provenance.evaluations

    @property
    def improvements_only(self) -> bool:
        """Whether the log has fewer trials than the run made evaluations: improvements, mostly.

        Example:
            >>> runs[0].improvements_only
            False
        """
        return bool(self.provenance.improvements_only)


def check_header(header: Mapping[str, Any]) -> None:
    """Check the types of a header and of all that stands in it.

    Raises:
        EncaveError: something does not hold; the message names the field.
    """
    check_fields("", header, _FIELDS)
    check_fields("optimizer: ", header["optimizer"], _OPTIMIZER)
    if unknown := header["optimizer"].keys() - _OPTIMIZER.keys():
        raise EncaveError(f"optimizer has fields that none has: {shown(sorted(unknown))}")
    for place, objective in enumerate(header["objectives"]):
        _check_entry(f"objectives[{place}]", objective, _OBJECTIVE)
        if objective["direction"] not in ("minimize", "maximize"):
            raise EncaveError(f"objectives[{place}]: direction is {shown(objective['direction'])}")
    for place, note in enumerate(header["notes"]):
        _check_entry(f"notes[{place}]", note, _NOTE)
        if note["kind"] not in get_args(NoteKind) or note["count"] < 0:
            raise EncaveError(f"notes[{place}] is no note: {shown(note)}")
    check_objectives([Objective(**objective) for objective in header["objectives"]])
    try:
        json.dumps(header, allow_nan=False)
    except ValueError as error:
        raise EncaveError("a number in it is not finite, with which it could not be written again") from error


def check_space(space: Mapping[str, Any], configurations: pa.Table) -> None:
    """Check a serialized space, and that the columns of configurations are those of its hyperparameters.

    Args:
        space: As ConfigSpace serializes it.
        configurations: `config_id` and the hyperparameters.

    Raises:
        EncaveError: something does not hold; the message names the hyperparameter.
    """
    described = space.get("hyperparameters")
    if not is_objects(described):
        raise EncaveError("space: hyperparameters are no list of objects")
    for part in ("conditions", "forbiddens"):
        if not is_objects(space.get(part, [])):
            raise EncaveError(f"space: {part} are no list of objects")
    names = [one.get("name") for one in described]
    columns: list[str] = configurations.column_names[1:]
    if sorted(map(str, names)) != sorted(columns):
        wrong = ", ".join(sorted(set(map(str, names)) ^ set(columns))) or "a name twice"
        raise EncaveError(f"the configurations' columns do not match the space: {wrong}")
    for one in described:
        _check_hyperparameter(one, configurations[one["name"]])


def _check_hyperparameter(one: Mapping[str, Any], column: pa.ChunkedArray) -> None:
    name, kind = one["name"], str(one.get("type"))
    values: Sequence[Any] | None = None
    if kind in _NUMBERS:
        wanted = pa.int64() if kind.endswith("_int") else pa.float64()
        lower, upper = one.get("lower"), one.get("upper")
        if not (is_of(lower, NUMBER) and is_of(upper, NUMBER)):
            raise EncaveError(f"space: the bounds of {name} are {shown(lower)} and {shown(upper)}")
        if lower is not None and upper is not None and lower > upper:
            raise EncaveError(f"space: the bounds of {name} are {lower} > {upper}")
    elif kind == "constant" and "value" in one:
        values = [one["value"]]
        wanted = column_type_of(values)
    elif is_list(choices := one.get(_VALUES.get(kind, ""))) and choices:
        values = choices
        wanted = column_type_of(choices)
    else:
        raise EncaveError(f"space: {name} is no hyperparameter of a known type with values: {shown(one)}")
    if column.type != wanted:
        raise EncaveError(f"configurations: {name} is {column.type}, not {'text' if wanted == TEXT else wanted}")
    within = lie_within(column, one.get("lower"), one.get("upper")) if values is None else are_among(column, values)
    if not within:
        raise EncaveError(f"configurations: {name} has values outside of its space")


def _check_entry(where: str, entry: Any, kinds: Mapping[str, tuple[type, ...]]) -> None:
    if not is_object(entry) or entry.keys() != kinds.keys():
        raise EncaveError(f"{where} is {shown(entry)}, not an object with {', '.join(kinds)}")
    check_fields(f"{where}: ", entry, kinds)
