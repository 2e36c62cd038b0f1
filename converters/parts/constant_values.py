"""What a value that all trials of a run have says of it: fields called `dataset`, `problem`, `seed` and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from ...run import EXTRA, Note, Run
from ...run.checks import is_object

SEED = re.compile(r"((random|rng)[_ ]?)?seeds?|rng|random[_ ]?state", re.IGNORECASE)
"""Names of the seed of a run."""
_DIMENSION = r"dim(ension)?s?|fid"
_NAMES = (
    r"(task|data[_ ]?set|problem|function|benchmark|objective[_ ]?function)([_ ]?(id|name))?|"
    r"openml([_ ]?(task|data(set)?))?([_ ]?id)?|did|tid"
)
TASKS = re.compile(rf"{_NAMES}|{_DIMENSION}", re.IGNORECASE)
"""Names of what a run is on."""
_ALONE = re.compile(_NAMES, re.IGNORECASE)  # a dimension names no task without its function
_BEFORE = re.compile(r"^(?:.*[./]|(?:user_attrs|info|config|params)_)", re.DOTALL)  # in linear time
_OF_ANY = frozenset(("classification", "regression", "binary", "multiclass", "minimize", "maximize", "none", "nan"))
_LONGEST = 200  # letters of a name


@dataclass(frozen=True)
class ToldByValues:
    """What constant values say of a run."""

    task: str | None
    """Its task."""
    seed: int | None
    """Its seed."""
    seed_from: str | None
    """Which column or attribute says it, in words."""
    apart: str | None
    """What tells it from others where no task is named: `dim5`."""
    notes: tuple[Note, ...]
    """That these are from values that all trials have."""


def told_by_values(run: Run) -> ToldByValues:
    """What is said of a run that names no task or no seed by columns and by attributes of its study.

    Args:
        run: The run as it was read.
    """
    tasks: dict[str, Any] = {}
    seeds: dict[str, int] = {}
    for name, value in _constants(run):
        short = _short(name)
        if TASKS.fullmatch(short) and _names_something(value):
            tasks.setdefault(short, value)
        elif SEED.fullmatch(short) and type(value) is int and value >= 0:
            seeds[name] = value
    tasks = dict(sorted(tasks.items(), key=lambda item: _ALONE.fullmatch(item[0]) is None))
    words = ", ".join(str(value) if isinstance(value, str) else f"{name} {value}" for name, value in tasks.items())
    named = bool(words) and any(map(_ALONE.fullmatch, tasks)) and run.task is None
    seed = next(iter(seeds.values())) if run.seed is None and len(set(seeds.values())) == 1 else None
    notes: list[Note] = []
    if named:
        notes.append(Note("derived", f"the task is what all trials have as {' and '.join(tasks)}: {words}"))
    if seed is not None:
        notes.append(Note("derived", f"the seed is what all trials have as {next(iter(seeds))}: {seed}"))
    return ToldByValues(
        task=words if named else None,
        seed=seed,
        seed_from=None if seed is None else f"column {next(iter(seeds))}",
        apart=words.replace(" ", "") if words and not named and run.task is None else None,
        notes=tuple(notes),
    )


def _names_something(value: Any) -> bool:
    if isinstance(value, str):
        text = value.strip()
        return 0 < len(text) <= _LONGEST and text[0] not in "[{" and text.lower() not in _OF_ANY
    return isinstance(value, int) and not isinstance(value, bool)


def _constants(run: Run) -> Iterator[tuple[str, Any]]:
    """Names of attributes, columns and settings by which something may be told, with the value that all trials have."""
    study = run.provenance.extra.get("study_user_attrs")
    yield from (study if is_object(study) else {}).items()
    columns = {name.removeprefix(EXTRA): run.trials[name] for name in run.trials.column_names if name.startswith(EXTRA)}
    columns |= {name: run.configurations[name] for name in _not_searched(run)}
    for name, column in columns.items():
        short = _short(name)
        if TASKS.fullmatch(short) or SEED.fullmatch(short):
            values = pc.unique(column)
            if len(values) == 1 and values[0].is_valid:
                yield name, values[0].as_py()


def _short(name: str) -> str:
    """A name without what it is nested in."""
    return _BEFORE.sub("", name)


def _not_searched(run: Run) -> list[str]:
    """Hyperparameters of one value: those that the space fixes, and where it was inferred those of several trials."""
    several = run.inferred_space and run.configurations.num_rows > 1
    told = run.space_json.get("hyperparameters") or ()
    fixed = {one.get("name") for one in told if one.get("type") == "constant" or len(one.get("choices") or "12") == 1}
    return [name for name in run.configurations.column_names if several or (name in fixed and not run.inferred_space)]
