"""The configuration space of a study of Optuna, which only has the distributions of its trials' parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ....run import Note, configurations
from ...parts.codes import Codes, codes, first_of_each, joint_codes
from ...parts.space import given_instead
from ...reader import Options
from .domains import json_text, parameter
from .study import OptunaStudy

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from ConfigSpace.hyperparameters import Hyperparameter

_Columns = Mapping[str, tuple[list[int], list[Any]]]


@dataclass(frozen=True)
class StudySpace:
    """The space of a study and its trials' configurations."""

    space: ConfigurationSpace
    """What holds all distributions."""
    config_ids: Codes
    """Per trial, its configuration: equal ones have one number."""
    columns: _Columns
    """Parameter → positions of the trials that have it, and its values there."""
    incomplete: bool
    """Whether configurations lack hyperparameters that the space has no condition for."""
    notes: list[Note]
    """What was assumed or changed."""

    def table(self, space: ConfigurationSpace) -> pa.Table:
        """The configurations in a space, one row per number.

        Raises:
            EncaveError: the space does not hold them.
        """
        first = first_of_each(self.config_ids).tolist()
        cells: dict[str, list[Any]] = {}
        for name, (rows, values) in self.columns.items():
            if len(first) == len(rows) == len(self.config_ids):
                cells[name] = values
            else:
                told = dict(zip(rows, values, strict=True))
                cells[name] = [told.get(row, configurations.ABSENT) for row in first]
        return configurations.from_cells(space, range(len(first)), cells)


def study_space(study: OptunaStudy, options: Options) -> StudySpace:
    """The space of the distributions, and the trials' configurations, equal ones once.

    Distributions tell of no conditions: a space that is given is preferred, if it has all that they are of.
    """
    from ConfigSpace import ConfigurationSpace

    given = options.space
    notes: list[Note] = []
    if given is not None and not study.parameters.keys() <= set(given):
        given = None
        notes.append(Note("flagged", "the space given was not used: it lacks hyperparameters of the study"))
    elif given is not None:
        notes += given_instead(given, "Optuna's distributions tell of no conditions").notes
    space = ConfigurationSpace() if given is None else given
    columns: dict[str, tuple[list[int], list[Any]]] = {}
    inferred: list[Hyperparameter[Any, Any]] = []
    for name, tried in study.parameters.items():
        values = tried.values
        if given is None:
            known = parameter(name, tried.domains, values)
            notes += [Note("flagged", remark) for remark in known.remarks]
            values = known.values
            if known.hyperparameter is not None:
                inferred.append(known.hyperparameter)
        columns[name] = tried.rows, _scalars(values)
    if inferred:
        space.add(inferred)
    incomplete, note = _incomplete(study, columns, space)
    count = len(study.trials)
    numbers = joint_codes(_column_codes(columns, count)) if columns else np.zeros(count, dtype=np.int64)
    return StudySpace(space, numbers, columns, incomplete, [*notes, *note])


def _scalars(values: list[Any]) -> list[Any]:
    if {list, tuple, dict}.isdisjoint(map(type, values)):
        return values
    return [json_text(value) if isinstance(value, list | tuple | dict) else value for value in values]


def _incomplete(study: OptunaStudy, columns: _Columns, space: ConfigurationSpace) -> tuple[bool, list[Note]]:
    """Whether configurations lack hyperparameters that the space has no condition for."""
    lacking = np.zeros(len(study.trials), dtype=bool)
    for name in space.unconditional_hyperparameters:
        without = np.ones(len(lacking), dtype=bool)
        without[columns[name][0] if name in columns else []] = False
        lacking |= without
    if not lacking.any():
        return False, []
    ended = sum(study.trials[row].state in ("COMPLETE", "PRUNED") for row in np.flatnonzero(lacking))
    if ended:
        text = "not every trial has every parameter; Optuna logs no conditions, so the space has none for them"
        return True, [Note("assumed", text, ended)]
    return True, [Note("flagged", "trials that did not end lack parameters", int(lacking.sum()))]


def _column_codes(columns: _Columns, count: int) -> Iterator[Codes]:
    """Of each parameter what is equal where the values are, shape (count,): none, or of the same type and text."""
    for rows, values in columns.values():
        numbers = codes(_comparable(values))
        if len(rows) < count:
            present = np.zeros(count, dtype=np.int64)
            present[rows] = numbers + 1
            numbers = codes(pa.array(present))
        yield numbers


def _comparable(values: list[Any]) -> pa.Array:
    kinds = set(map(type, values))
    if kinds == {float}:
        return pa.array(np.array(values).view(np.int64))
    if kinds <= {str}:
        return pa.array(values, pa.string())
    return pa.array([f"{type(value).__name__} {value}" for value in values], pa.string())
