"""The configuration space of a study of Optuna, which only has the distributions of its trials' parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..run import Note
from .optuna_domains import json_text, parameter
from .optuna_study import Study
from .reader import Options

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace


@dataclass(frozen=True)
class StudySpace:
    """The space of a study and its trials' configurations."""

    space: ConfigurationSpace
    """What holds all distributions."""
    configurations: dict[int, dict[str, Any]]
    """config_id → parameter → value."""
    config_ids: list[int]
    """Per trial, its configuration."""
    incomplete: bool
    """Whether configurations lack hyperparameters that the space has no condition for."""
    notes: list[Note]
    """What was assumed or changed."""


def study_space(study: Study, options: Options) -> StudySpace:
    """The space of the distributions, or the one given, and the trials' configurations, equal ones once."""
    from ConfigSpace import ConfigurationSpace

    names = list(dict.fromkeys(chain.from_iterable(trial.params for trial in study.trials)))
    rows: list[dict[str, Any]] = [{} for _ in study.trials]
    space = ConfigurationSpace() if options.space is None else options.space
    notes: list[Note] = []
    for name in names:
        tried = [row for row, trial in enumerate(study.trials) if name in trial.params]
        values = [study.trials[row].params[name] for row in tried]
        if options.space is None:
            several = (study.trials[row].domains[name] for row in tried)
            domains = list(dict.fromkeys({id(domain): domain for domain in several}.values()))
            known = parameter(name, domains, values)
            notes += [Note("flagged", remark) for remark in known.remarks]
            values = known.values
            if known.hyperparameter is not None:
                space.add(known.hyperparameter)
        for row, value in zip(tried, _scalars(values), strict=True):
            rows[row][name] = value
    if options.space is not None:
        notes.append(Note("flagged", "the configuration space is the one given, not one from the log"))
    incomplete, note = _incomplete(study, rows, space)
    config_ids, configurations = _distinct(rows)
    return StudySpace(space, configurations, config_ids, incomplete, [*notes, *note])


def _scalars(values: list[Any]) -> list[Any]:
    return [json_text(value) if isinstance(value, list | tuple | dict) else value for value in values]


def _incomplete(study: Study, rows: Sequence[Mapping[str, Any]], space: ConfigurationSpace) -> tuple[bool, list[Note]]:
    """Whether configurations lack hyperparameters that the space has no condition for."""
    needed = set(space.unconditional_hyperparameters)
    lacking = [trial.state for trial, row in zip(study.trials, rows, strict=True) if not needed <= row.keys()]
    if not lacking:
        return False, []
    ended = sum(state in ("COMPLETE", "PRUNED") for state in lacking)
    if ended:
        text = "not every trial has every parameter; Optuna logs no conditions, so the space has none for them"
        return True, [Note("assumed", text, ended)]
    return True, [Note("flagged", "trials that did not end lack parameters", len(lacking))]


def _distinct(rows: Sequence[Mapping[str, Any]]) -> tuple[list[int], dict[int, dict[str, Any]]]:
    numbers: dict[Any, int] = {}
    ids: list[int] = []
    configurations: dict[int, dict[str, Any]] = {}
    for row in rows:
        key = frozenset(zip(row, map(type, row.values()), map(str, row.values()), strict=True))
        number = numbers.setdefault(key, len(numbers))
        ids.append(number)
        configurations.setdefault(number, dict(row))
    return ids, configurations
