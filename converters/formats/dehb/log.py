"""DEHB's text log: when each evaluation began, joined to the rows of the history where that is certain.

With the log level INFO (until 0.1.1: `verbose=True`) DEHB writes a line before each evaluation, and before that line
the number of evaluations done. With one worker that number is the evaluation's place in the history.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .history import History

_LONGEST = 1 << 12  # characters of a line that are read at once
_STAMP = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+[+-]\d{4}) INFO "
_BEGINS = re.compile(
    _STAMP + r"Evaluating (?:a configuration|configuration (\d{1,18})) with (?:budget|fidelity) (\S+) under"
)
_DONE = re.compile(_STAMP + r"(\d{1,18})/\d+ function evaluation\(s\) done")
_ERROR = re.compile(r"\S+ ERROR (.{1,200})")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Exit)\b")
_SHOWN = 200


@dataclass(frozen=True)
class Begun:
    """The beginning of an evaluation."""

    stamp: float
    """Seconds since 1970."""
    config_id: int | None
    """Number of the configuration; 0.1.0 and later."""
    fidelity: float
    """Fidelity."""
    done: int | None
    """Evaluations done before, if the log says."""


@dataclass(frozen=True)
class Joined:
    """What the log adds to a history of n rows."""

    begun: int
    """Number of evaluations that the log tells of."""
    starts: NDArray[np.float64] | None
    """Seconds from the first evaluation's start, shape (n,); None where the join is not certain."""
    config_ids: NDArray[np.int64] | None
    """Numbers of the configurations, shape (n,), if the log has them and the join is certain."""
    reason: str | None
    """Why the join is not certain."""


def join(path: Path, history: History) -> Joined | None:
    """Join the log to the history; None if the log tells of no evaluation.

    The join is certain if the history is a beginning of the log (same fidelities and, where both have them, same
    numbers of configurations) and the counts in between say that there was one worker.
    """
    begun = list(_evaluations(path))
    if not begun:
        return None
    rows = len(history.fidelity)
    reason = _doubt(begun, history)
    if reason is not None:
        return Joined(len(begun), None, None, reason)
    first = begun[:rows]
    starts = np.array([evaluation.stamp for evaluation in first]) - first[0].stamp
    numbers = [evaluation.config_id for evaluation in first]
    known = None if None in numbers else np.array(numbers, dtype=np.int64)
    return Joined(len(begun), starts, known, None)


def last_error(path: Path) -> str | None:
    """What ended the run: the exception of the last error in the log, else its first line; None without an error."""
    found: str | None = None
    failing = False
    for line in _lines(path):
        if match := _ERROR.match(line):
            found, failing = match[1], True
        elif failing and _EXCEPTION.match(line):
            found = line[:_SHOWN]
    return found and found.strip()


def unsaved(path: Path) -> int:
    """How often DEHB could not save its history, as its log says."""
    return sum("WARNING History not saved" in line for line in _lines(path))


def _doubt(begun: list[Begun], history: History) -> str | None:
    rows = len(history.fidelity)
    if len(begun) < rows:
        return f"it tells of {len(begun)} evaluations, the history of {rows}"
    first = begun[:rows]
    if [evaluation.done for evaluation in first] != list(range(rows)):
        return "its counts of evaluations do not say that there was one worker"
    if not np.array_equal([evaluation.fidelity for evaluation in first], history.fidelity):
        return "its fidelities are not those of the history"
    ids: list[Any] = [evaluation.config_id for evaluation in first]
    if history.ids_logged and None not in ids and ids != history.config_ids.tolist():
        return "its numbers of configurations are not those of the history"
    if not (np.diff([evaluation.stamp for evaluation in first]) >= 0).all():
        return "its clock was set back"
    return None


def _evaluations(path: Path) -> Iterator[Begun]:
    done: int | None = None
    for line in _lines(path):
        counted = _DONE.match(line)
        if counted:
            done = int(counted[2])
        begins = None if counted else _BEGINS.match(line)
        if begins:
            yield Begun(_stamp(begins[1]), None if begins[2] is None else int(begins[2]), _number(begins[3]), done)


def _stamp(text: str) -> float:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
    except (ValueError, OverflowError):
        return float("nan")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _lines(path: Path) -> Iterator[str]:
    """Beginnings of the lines, so that a line without end costs no memory."""
    with path.open(encoding="utf-8", errors="replace") as file:
        whole = True
        while line := file.readline(_LONGEST):
            if whole:
                yield line
            whole = line.endswith("\n")
