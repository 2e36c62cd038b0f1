"""Columns whose names say more than the mapping does: runs of their own, counts, an order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ....run import Note
from .rows import TableRows

_RUNS = re.compile(
    r"(random[_ ]?)?seed|run([_ ]?(id|number|name))?|rep(s|eat|etition)?|optimi[sz]er|algorithm|sampler|task|"
    r"data[_ ]?set|problem|function|benchmark",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"((n|num|number|function|func|f)[_ ]?(of[_ ]?)?)?(evaluations?|evals?|fevals?|calls?)([_ ]?(count|number))?|nfev",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"trial([_ ]?(id|number|index|num|no))?|number|iter(ation)?|index|idx|id|step", re.IGNORECASE)
_OTHERS = re.compile(
    r"status|state|start(ed)?([_ ]?(time|at))?|end(ed)?([_ ]?(time|at))?|finish(ed)?([_ ]?(time|at))?|time(stamp)?|"
    r"date(time)?|duration|elapsed|(run|wall|cpu)[_ ]?time|worker|host(name)?|budget|fidelity|feasible|"
    r"constr(aint)?s?([_ ]?\w*)?|instance",
    re.IGNORECASE,
)
_KINDS = (_RUNS, _COUNTS, _NUMBERS, _OTHERS)


def tells_of_the_trial(name: str) -> bool:
    """Whether a column of this name is no hyperparameter by all likelihood, but tells of the trial or its run."""
    return any(kind.fullmatch(name) for kind in _KINDS)


def unsaid(rows: TableRows, columns: Sequence[str], *, ordered: bool) -> Iterator[Note]:
    """What columns that the mapping names in no role seem to be, with the option that says it.

    Args:
        rows: The rows of one run, in the order of its trials.
        columns: The columns without a role.
        ordered: Whether the mapping tells the order.
    """
    for name in columns:
        if _RUNS.fullmatch(name):
            yield from _of_runs(rows, name)
        elif _COUNTS.fullmatch(name) or _NUMBERS.fullmatch(name):
            yield from _of_counts(rows, name, ordered=ordered)


def _of_runs(rows: TableRows, name: str) -> Iterator[Note]:
    several = len(set(map(str, rows.raw(name))))
    if 2 <= several <= len(rows) / 2:
        text = f"the column {name} has {several} values, and all rows are taken for one run"
        yield Note("flagged", f"{text}: if each is a run of its own, say --map run={name}", len(rows))


def _of_counts(rows: TableRows, name: str, *, ordered: bool) -> Iterator[Note]:
    counts = _whole(rows.raw(name))
    if counts is None or len(set(counts)) < len(counts) or len(counts) < 2:
        return
    if _COUNTS.fullmatch(name) and max(counts) > len(counts):
        text = f"the column {name} counts up to {max(counts)}, and there are {len(counts)} rows"
        yield Note("flagged", f"{text}: if it counts evaluations, say --map evaluation={name}", len(rows))
    elif not ordered and counts != sorted(counts):
        role = "evaluation" if _COUNTS.fullmatch(name) else "trial_id"
        text = f"rows are not in the order of the column {name}"
        yield Note("flagged", f"{text}: if trials were made in that, say --map {role}={name}", len(rows))


def _whole(values: Sequence[object]) -> list[int] | None:
    """The values as whole numbers; None if one is none."""
    found: list[int] = []
    for value in values:
        try:
            number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
        except (ValueError, OverflowError):
            return None
        if number is None or not number.is_integer():
            return None
        found.append(int(number))
    return found
