"""IOHprofiler's files (format 0.3): a description in JSON, and tables in which the runs follow each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PureWindowsPath
from typing import Any

from ....errors import EncaveError
from ....files.json_text import read_json
from ....run import Note
from ...parts.json_lines import numbered_lines
from ...parts.words import listed

_KEYS = frozenset({"function_id", "algorithm", "scenarios"})
_EVALUATIONS = frozenset({"evaluations", "function evaluation"})
_EARLIER = {"current f(x)": "raw_y", "best-so-far f(x)": "raw_y_best"}  # names of columns before 0.3.3, in quotes
_DIGITS = 20
_LONGEST = 200
Section = tuple[int, list[str], list[bytes]]
"""Number of a run's header line, the names in it, and the lines below it."""


@dataclass(frozen=True)
class Described:
    """A run as the description has it."""

    description: Mapping[str, Any]
    """The whole description."""
    dimension: int | None
    """Number of hyperparameters."""
    table: Path
    """The table, whether it is there or not."""
    place: int
    """Which of the table's runs it is, from 0."""
    run: Mapping[str, Any]
    """What is told of the run: instance, evaluations, best, attributes; empty where the table has more runs."""


def described(path: Path) -> list[Described]:
    """The runs of a description; those that only a table has too.

    Raises:
        EncaveError: the description cannot be read or is none, or a table lies elsewhere than below its folder.
    """
    try:
        content = _finite(read_json(path)[0])
    except RecursionError as error:
        raise EncaveError(f"{path} is nested too deeply to be a description") from error
    if not isinstance(content, dict) or not content.keys() >= _KEYS or not isinstance(content["scenarios"], list):
        raise EncaveError(f"{path} is no description of IOHprofiler: {', '.join(sorted(_KEYS))} are needed")
    found: list[Described] = []
    for scenario in content["scenarios"]:
        if not isinstance(scenario, dict) or not isinstance(scenario.get("path"), str):
            raise EncaveError(f"{path}: a scenario names no path of its table")
        table = _below(path, scenario["path"])
        told = scenario.get("runs")
        runs = [run if isinstance(run, dict) else {} for run in told] if isinstance(told, list) else []
        runs += [{}] * ((_count(*_stamped(table)) if table.is_file() else 0) - len(runs))
        dimension = scenario.get("dimension")
        size = dimension if isinstance(dimension, int) else None
        found += [Described(content, size, table, place, run) for place, run in enumerate(runs)]
    return found


def _finite(value: Any) -> Any:
    """The value with null for numbers that are not finite, which no JSON of ours holds."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def whole(text: str) -> bool:
    """Whether a number is an integer of at most 64 bits or so."""
    return len(text) <= _DIGITS and text.removeprefix("-").isdecimal()


def _below(description: Path, told: str) -> Path:
    """The path of a table; written on Windows too."""
    table = description.parent.joinpath(*PureWindowsPath(told).parts)
    try:
        inside = table.resolve().is_relative_to(description.parent.resolve())
        table.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a zero character, a loop of links
        raise EncaveError(f"{description} names no path of a file: {told[:_LONGEST]!r}") from error
    if not inside:
        raise EncaveError(f"{description} names the table {told[:_LONGEST]!r}, which is not below its folder")
    return table


def sections(table: Path) -> Sequence[Section]:
    """The runs in a table: each begins with a line of names.

    Raises:
        EncaveError: the table cannot be read.
    """
    return _sections(*_stamped(table))


def _stamped(table: Path) -> tuple[Path, int, int]:
    """A table with its size and time of change, by which what was found in it is kept."""
    try:
        status = table.stat()
    except OSError as error:
        raise EncaveError(f"cannot read {table}: {error.strerror or error}") from error
    return table, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=4096)  # every run of a description asks for the number in each of its tables
def _count(table: Path, size: int, changed: int) -> int:
    return len(_sections(table, size, changed))


@lru_cache(maxsize=1)
def _sections(table: Path, size: int, changed: int) -> Sequence[Section]:
    found: list[Section] = []
    for number, line in numbered_lines(table):
        if line.lstrip()[:1].isalpha() or line.lstrip()[:1] == b'"':
            names = _names(line)
            if names and names[0] in _EVALUATIONS:
                found.append((number, names, []))
                continue
        if found:
            found[-1][2].append(line)
    return tuple(found)


def _names(line: bytes) -> list[str]:
    text = line.decode(errors="replace").strip()
    names = [name for name in text.split('"') if name.strip()] if '"' in text else text.split()
    own = {new for new in _EARLIER.values() if new in names}
    return [name if _EARLIER.get(name, name) in own else _EARLIER.get(name, name) for name in names]


def rows_of(found: Described) -> tuple[dict[str, list[str]], list[Note]]:
    """Name → values as text, shape (n,), of a run's rows that are whole, and a note on those that are not.

    Raises:
        EncaveError: the table has no such run, or no row of it can be read.
    """
    runs = sections(found.table)
    if found.place >= len(runs):
        raise EncaveError(f"{found.table} has {len(runs)} runs, its description tells of more")
    first, names, lines = runs[found.place]
    rows: list[list[str]] = []
    wrong: list[int] = []
    for number, line in enumerate(lines, first + 1):
        cells = line.decode(errors="replace").split()
        if len(cells) == len(names) and all(map(_is_number, cells)):
            rows.append(cells)
        else:
            wrong.append(number)
    if not rows:
        raise EncaveError(f"{found.table}: run {found.place + 1} (line {first}) has no row that can be read")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    where = listed(wrong)
    text = f"{found.table.name}, about line {where}: not {len(names)} numbers"
    return columns, [Note("dropped", text, len(wrong))] if wrong else []


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
