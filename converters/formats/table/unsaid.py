"""Columns whose names say more than the mapping does: runs of their own, counts, an order."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from ....run import Note
from ...parts.constant_values import SEED, TASKS
from .rows import TableRows

_REPETITIONS = re.compile(
    rf"{SEED.pattern}|run([_ ]?(id|number|name|no|idx))?|rep(s|eat|etition|lication)?|trial[_ ]?run|study([_ ]?name)?|"
    "experiment([_ ]?(id|name))?|session",
    re.IGNORECASE,
)
_SEARCHERS = re.compile(
    "(optimi[sz]er|algo(rithm)?|sampler|searcher|method|tuner|strategy)([_ ]?name)?|hpo[_ ]?method", re.IGNORECASE
)
_OF_RUNS = {"run": _REPETITIONS, "optimizer": _SEARCHERS, "task": TASKS}
_COUNTS = re.compile(
    r"((n|num|number|function|func|f)[_ ]?(of[_ ]?)?)?(evaluations?|evals?|fevals?|calls?)([_ ]?(count|number))?|nfev",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"trial([_ ]?(id|number|index|num|no))?|number|iter(ation)?|index|idx|id|step", re.IGNORECASE)
_OTHERS = re.compile(
    r"n[_ ]?gen|gen(eration)?|individual|epoch|config(uration)?[_ ]?(id|number)|"
    r"(mean_|std_)?(fit|train(ing)?|eval(uation)?|inference|predict(ion)?|pred|score)[_ ]?time([_ ]?\w*)?|"
    r"status|state|start(ed)?([_ ]?(time|at))?|end(ed)?([_ ]?(time|at))?|finish(ed)?([_ ]?(time|at))?|time(stamp)?|"
    r"date(time)?|duration|elapsed|(run|wall|cpu)[_ ]?time|worker|host(name)?|budget|fidelity|"
    r"training[_ ]?iteration|rung|rank([_ ]?\w*)?|"
    r"instance",
    re.IGNORECASE,
)
FEASIBLE = re.compile(r"(is[_ ]?)?feasib(le|ility)([_ ]?flag)?", re.IGNORECASE)
"""Columns that say whether a trial is feasible."""
CONSTRAINTS = re.compile(r"constr(aint)?s?([_ .:]?\w*)?", re.IGNORECASE)
"""Columns of constraints."""
_KINDS = (*_OF_RUNS.values(), _COUNTS, _NUMBERS, _OTHERS, FEASIBLE, CONSTRAINTS)


def tells_of_the_trial(name: str) -> bool:
    """Whether a column of this name is no hyperparameter by all likelihood, but tells of the trial or its run."""
    return any(kind.fullmatch(name) for kind in _KINDS)


def may_name_a_search(name: str) -> bool:
    """Whether a column of this name tells of searches, or of what was tried, as of the optimizers of a training."""
    return _SEARCHERS.fullmatch(name) is not None


def runs_told(names: Iterable[str]) -> dict[str, list[str]]:
    """Key of a mapping → the columns of these that by their names tell runs apart.

    Args:
        names: Columns.
    """
    told: dict[str, list[str]] = {}
    for name in names:
        key = next((key for key, pattern in _OF_RUNS.items() if pattern.fullmatch(name)), None)
        if key is not None:
            told.setdefault(key, []).append(name)
    return {key: told[key] for key in _OF_RUNS if key in told}


def limits_told(names: Iterable[str]) -> dict[str, str | list[str]]:
    """Key of a mapping → the columns of these that by their names tell which trials are feasible.

    Args:
        names: Columns.
    """
    known = list(names)
    feasible = next((name for name in known if FEASIBLE.fullmatch(name)), None)
    limits = [name for name in known if CONSTRAINTS.fullmatch(name)]
    return {**({"feasible": feasible} if feasible else {}), **({"constraint": limits} if limits else {})}


def unsaid_limits(columns: Sequence[str]) -> Iterator[Note]:
    """That columns of constraints are named in no role, so that infeasible rows may be the incumbent.

    Args:
        columns: The columns without a role.
    """
    for key, names in limits_told(columns).items():
        told = names if isinstance(names, str) else ",".join(names)
        text = f"{told} may tell which rows are feasible, and all count as such: if so, say"
        yield Note("flagged", f"{text} --map {shlex.quote(f'{key}={told}')}")


def mixed_runs(rows: TableRows, columns: Sequence[str]) -> Iterator[Note]:
    """That columns which the mapping names in no role have several values, as where a table holds several runs.

    Args:
        rows: The rows of one run.
        columns: The columns without a role.
    """
    told = runs_told(columns)
    values = {name: list(map(str, rows.raw(name))) for names in told.values() for name in names}
    several = [name for name, own in values.items() if 2 <= len(set(own)) <= len(rows) / 2]
    if not several:
        return
    options = {key: ",".join(name for name in names if name in several) for key, names in told.items()}
    way = " ".join(f"--map {shlex.quote(f'{key}={names}')}" for key, names in options.items() if names)
    counts = [f"{name} has {len(set(values[name]))} values" for name in several]
    text = f"the column {' and '.join(counts)}, and all rows are taken for one run"
    yield Note("flagged", f"{text}: if each is a run of its own, say {way}", len(rows))


def unsaid(rows: TableRows, columns: Sequence[str], *, ordered: bool) -> Iterator[Note]:
    """What columns of counts that the mapping names in no role seem to be, with the option that says it.

    Args:
        rows: The rows of one run, in the order of its trials.
        columns: The columns without a role.
        ordered: Whether the mapping tells the order.
    """
    for name in columns:
        if _COUNTS.fullmatch(name) or _NUMBERS.fullmatch(name):
            yield from _of_counts(rows, name, ordered=ordered)


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
