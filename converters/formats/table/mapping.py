"""Which column of a home-made table is what: from a JSON file beside it, the command line, or the columns' names."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from ....errors import EncaveError, nearest
from ....files.json_text import read_json
from ....run import CONFIG, COST, EXTRA, OPTIONAL_SCHEMA, TRIAL_SCHEMA, Objective, Status

FILE = "encave.map.json"
"""Mapping of all tables of a folder; `<table>.map.json` is that of one."""

ROLES = (*TRIAL_SCHEMA.names, *OPTIONAL_SCHEMA.names, "duration", "trial")
"""Keys that name one column: those of a run's trials, `duration`, and `trial`, of which rows are reports."""

OF_RUNS = ("optimizer", "task")
"""Keys that may name columns, which then tell the runs of one file apart, too."""

_TOLD = ("name", "optimizer", "optimizer_version", "budget_name", "task")
NONE = "none"
"""What `hyperparameters` says of a table of results without configurations."""
_OTHERS = ("objective", "hyperparameters", "run", "constraint", "statuses", "ignore", "time_unit", "decimal")
_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_WORDS: dict[str, Status] = {
    **{status.value: status for status in Status},
    **dict.fromkeys(("ok", "complete", "completed", "finished", "done", "true", "terminated"), Status.SUCCESS),
    **dict.fromkeys(
        ("fail", "failed", "failure", "error", "crash", "false", "diverged", "broken", "invalid"), Status.CRASHED
    ),
    **dict.fromkeys(("timed out", "time-out", "timedout"), Status.TIMEOUT),
    **dict.fromkeys(("memout", "memoryout", "memory out", "oom"), Status.MEMORY_OUT),
    **dict.fromkeys(("abort", "pruned", "stopped", "killed", "cancelled", "canceled", "interrupted"), Status.ABORTED),
    **dict.fromkeys(("abandoned", "early_stopped", "early stopped"), Status.ABORTED),
    **dict.fromkeys(("not_evaluated", "pending", "waiting", "queued", "scheduled", "new"), Status.NOT_EVALUATED),
    **dict.fromkeys(("candidate", "staged", "suspended"), Status.NOT_EVALUATED),
    "reserved": Status.RUNNING,
}


@dataclass(frozen=True)
class Mapped:
    """The columns of a table by what they are."""

    objectives: Mapping[str, Objective]
    """Column → objective."""
    undirected: Sequence[str]
    """Columns of objectives of which the mapping does not say whether less or more is better: less is."""
    hyperparameters: Mapping[str, str]
    """Column → hyperparameter."""
    roles: Mapping[str, str]
    """Role of `ROLES` → column."""
    runs: Sequence[str]
    """Columns whose values together tell the runs of one file apart."""
    extras: Mapping[str, str]
    """Column → name, for the columns that nothing else claims, and for constraints."""
    constraints: Sequence[str]
    """Columns of constraints: numbers that are at most 0, or truth values that are true, where the constraint holds."""
    statuses: Mapping[str, Status]
    """Word in lower case → status."""
    time_unit: float | None
    """Seconds that numbers in columns of times count; None where the mapping does not say it."""
    told: Mapping[str, str]
    """name, optimizer, optimizer_version, budget_name and task as far as they are given."""

    def of_run(self, values: Mapping[str, object]) -> dict[str, str]:
        """What is told of the run that has these values in the columns of `runs`."""
        columns = {key: _all_columns(self.told.get(key), list(values)) for key in OF_RUNS}
        told = {key: ", ".join(_in_words(name, values[name]) for name in own) for key, own in columns.items() if own}
        return {key: text for key, text in {**self.told, **told}.items() if text}


def self_explaining(names: Sequence[str]) -> bool:
    """Whether a table says with its columns' names what they are, as encave's own do."""
    return any(name.startswith(CONFIG) for name in names) and any(name.startswith(COST) for name in names)


def as_options(mapping: Mapping[str, Any]) -> str:
    """A mapping as options of the command line, quoted for a shell."""
    pairs = ((key, value if isinstance(value, str) else ",".join(value)) for key, value in mapping.items())
    return " ".join(f"--map {shlex.quote(f'{key}={value}')}" for key, value in pairs if value)


def mapping_file(table: Path) -> Path | None:
    """The mapping beside a table; None if there is none."""
    candidates = (table.with_name(f"{table.stem}.map.json"), table.with_name(FILE))
    return next((path for path in candidates if path.is_file()), None)


def read_mapping(path: Path) -> dict[str, Any]:
    """The JSON object of a mapping file.

    Raises:
        EncaveError: it is not one.
    """
    content, whole = read_json(path)
    if not whole or not isinstance(content, dict):
        raise EncaveError(f'{path} is not a JSON object such as {{"objective": "loss", "hyperparameters": ["lr"]}}')
    return content


def resolve(spec: Mapping[str, Any], names: Sequence[str], where: str) -> Mapped:
    """Apply a mapping to the columns of a table; without one the names must explain themselves.

    Args:
        spec: Keys as in docs/formats.md; values are a text (`loss`, `lr,depth`, `accuracy:maximize`), a list of texts,
            or an object.
        names: The table's columns.
        where: The table, for messages.

    Raises:
        EncaveError: a key is unknown, a column does not exist, or objective or hyperparameters are not named; that
            there are no hyperparameters is to be said.
    """
    spec = (_own_names(names) if self_explaining(names) else {}) | dict(spec)
    unknown = sorted(set(spec) - {*ROLES, *_TOLD, *_OTHERS})
    if unknown:
        known = (*_OTHERS, *ROLES, *_TOLD)
        told = f"{', '.join(unknown)}; there are {', '.join(known)}{''.join(nearest(key, known) for key in unknown)}"
        raise EncaveError(f"{where}: the mapping has unknown keys {told}")
    roles = {role: _column(spec[role], role, names, where) for role in ROLES if role in spec}
    told = list(_objectives(spec.get("objective"), names, where))
    objectives = {name: Objective(short, way or "minimize") for name, short, way in told}
    bare = NONE not in names and _listed(spec.get("hyperparameters"), names) == [NONE]
    parameters = {} if bare else dict(_matches(spec.get("hyperparameters"), names, where))
    if not objectives or not (parameters or bare):
        missing = "objective" if not objectives else f"hyperparameters (hyperparameters={NONE} if it has none)"
        raise EncaveError(f"{where}: the mapping names no {missing}; the columns are {', '.join(names)}")
    constraints = list(dict(_matches(spec.get("constraint"), names, where)))
    runs = run_columns(spec, names, where)
    claimed = {*roles.values(), *runs, *objectives, *parameters, *dict(_matches(spec.get("ignore"), names, where))}
    twice = sorted(
        {*objectives, *parameters, *constraints} & {*roles.values(), *runs}
        | objectives.keys() & parameters.keys()
        | {*objectives, *parameters} & set(constraints)
    )
    if twice:
        raise EncaveError(f"{where}: the mapping uses the column {twice[0]} twice")
    return Mapped(
        objectives=objectives,
        undirected=[name for name, _, way in told if way is None],
        hyperparameters=parameters,
        roles=roles,
        runs=runs,
        extras={name: name.removeprefix(EXTRA) for name in names if name not in claimed or name in constraints},
        constraints=constraints,
        statuses=_WORDS | dict(_statuses(spec.get("statuses"), where)),
        time_unit=_unit(spec.get("time_unit"), where),
        told={key: str(spec[key]) for key in _TOLD if spec.get(key) is not None},
    )


def run_columns(spec: Mapping[str, Any], names: Sequence[str], where: str) -> list[str]:
    """The columns whose values together tell the runs of one file apart: of `run`, and of an optimizer or a task.

    Raises:
        EncaveError: `run` names a column that does not exist.
    """
    told = [_column(name, "run", names, where) for name in _listed(spec.get("run"), names)]
    return list(dict.fromkeys([*told, *(name for key in OF_RUNS for name in _all_columns(spec.get(key), names))]))


def _all_columns(value: Any, names: Sequence[str]) -> list[str]:
    """The columns that a value names if it names nothing else; a text that is none is what it says."""
    listed = _listed(value, names)
    return listed if all(name in names for name in listed) else []


def _in_words(column: str, value: object) -> str:
    """A name as it stands, a number with its column."""
    return "" if value is None else f"{column} {value}" if isinstance(value, int | float) else str(value)


def decimal_comma(spec: Mapping[str, Any], where: str) -> bool:
    """Whether the mapping says that numbers have commas for points.

    Raises:
        EncaveError: it says something else.
    """
    if spec.get("decimal") not in (None, ".", ","):
        raise EncaveError(f"{where}: decimal is {spec['decimal']!r}; it can be a point or a comma")
    return spec.get("decimal") == ","


def _unit(told: Any, where: str) -> float | None:
    if told is not None and (not isinstance(told, str) or told not in _UNITS):
        raise EncaveError(f"{where}: time_unit is {told!r}; there are {', '.join(_UNITS)}")
    return None if told is None else _UNITS[told]


def _own_names(names: Sequence[str]) -> dict[str, Any]:
    """The mapping of a table with encave's own names."""
    roles = {role: role for role in (*ROLES, "run") if role in names}
    return {"objective": [COST + "*"], "hyperparameters": [CONFIG + "*"], **roles}


def _listed(value: Any, names: Sequence[str]) -> list[str]:
    """A text that is a column, or its parts between commas; a list as it is."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value] if value in names else [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple | dict):
        raise EncaveError(f"the mapping has {value!r:.60} where names of columns are to be")
    return [str(part) for part in value]


def _column(value: Any, role: str, names: Sequence[str], where: str) -> str:
    if value not in names:
        raise EncaveError(f"{where}: {role} is to be the column {value!r}; the columns are {', '.join(names)}")
    return str(value)


def _matches(value: Any, names: Sequence[str], where: str) -> Iterator[tuple[str, str]]:
    """Columns and their names: `hp_*` stands for all columns that begin so, under the rest of their names."""
    for pattern in _listed(value, names):
        found = [pattern] if pattern in names else [name for name in names if fnmatchcase(name, pattern)]
        if not found:
            raise EncaveError(f"{where}: there is no column {pattern!r}; the columns are {', '.join(names)}")
        prefix = pattern[:-1] if pattern.endswith("*") and pattern not in names else ""
        yield from ((name, name.removeprefix(prefix) or name) for name in found)


def _objectives(
    value: Any, names: Sequence[str], where: str
) -> Iterator[tuple[str, str, Literal["minimize", "maximize"] | None]]:
    """Column, name and direction of each objective; None for a direction that is not told."""
    told = {str(key): f"{key}:{direction}" for key, direction in value.items()} if isinstance(value, dict) else {}
    for text in told.values() or _listed(value, names):
        column, _, direction = (text, "", "") if text in names else text.rpartition(":")
        way = _direction(direction)
        if not column or way is None:
            column = text
        for name, short in _matches([column], names, where):
            yield name, short, way


def _direction(text: str) -> Literal["minimize", "maximize"] | None:
    if text in ("maximize", "max", "maximise"):
        return "maximize"
    return "minimize" if text in ("minimize", "min", "minimise") else None


def _statuses(value: Any, where: str) -> Iterator[tuple[str, Status]]:
    """The words of a log, from `COMPLETE:success,FAIL:crashed` or an object."""
    pairs = value.items() if isinstance(value, dict) else (part.rpartition(":")[::2] for part in _listed(value, ()))
    for word, name in pairs:
        try:
            yield str(word).lower(), Status(str(name).strip())
        except ValueError:
            known = ", ".join(status.value for status in Status)
            raise EncaveError(f"{where}: {word} is to be the status {name!r}; there are {known}") from None
