"""Rows of a table that are reports of one trial, at one budget after the other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ....run import Note
from ...parts.continued import Reports, reports
from .mapping import Mapped
from .rows import TableRows

_INSTANCES = re.compile(
    r"(cv[_ ]?|data[_ ]?)?(fold|split|instance|inst|replicate|replication)s?([_ ]?(id|name|number|no))?", re.I
)


def going_on(rows: TableRows, mapped: Mapped, columns: Mapping[str, Any]) -> Reports:
    """What follows from rows that are reports of one trial, where a column says of which."""
    if "trial" not in mapped.roles or "budget" not in columns:
        return Reports({}, ())
    numbers: dict[str, int] = {}
    training = [numbers.setdefault(str(value), len(numbers)) for value in rows.raw(mapped.roles["trial"])]
    found = reports(training, columns["budget"], columns["end"], [False] * len(training))
    ids, continues = columns.get("trial_id"), found.columns.get("continues")
    kept = {name: values for name, values in found.columns.items() if name not in mapped.roles}
    if ids is not None and continues is not None:
        kept["continues"] = [None if row is None else ids[row] for row in continues]
    return Reports(kept, found.notes)


def unsaid_reports(mapped: Mapped, columns: Mapping[str, Any], ids: Sequence[int]) -> list[Note]:
    """That rows of one configuration at one budget after the other count as trainings from the start, each."""
    if "budget" not in columns or {"trial", "continues"} & mapped.roles.keys():
        return []
    budgets: defaultdict[int, list[float]] = defaultdict(list)
    for config_id, budget in zip(ids, columns["budget"], strict=True):
        if budget is not None:
            budgets[config_id].append(budget)
    steps = [own for own in budgets.values() if len(own) > 2 and all(b - a == 1.0 for a, b in pairwise(own))]
    rows = sum(map(len, steps))
    if 2 * rows < len(ids) or not rows:
        return []
    text = "rows of one configuration at one budget after the other count as trainings from the start"
    return [
        Note("flagged", f"{text}: if they are reports of one, say --map trial=… for the column that tells it", rows)
    ]


def unsaid_instances(rows: TableRows, mapped: Mapped, ids: Sequence[int]) -> list[Note]:
    """That a column of folds or instances differs within configurations, of which each row counts for itself.

    Args:
        rows: The rows of one run.
        mapped: What the columns are.
        ids: Number of each row's configuration.
    """
    if "instance" in mapped.roles:
        return []
    notes: list[Note] = []
    for name in filter(_INSTANCES.fullmatch, mapped.extras):
        within: defaultdict[int, set[str]] = defaultdict(set)
        for config_id, value in zip(ids, rows.raw(name), strict=True):
            within[config_id].add(str(value))
        several = sum(len(own) > 1 for own in within.values())
        if 2 * several > len(within):
            text = f"configurations have several values of {name}, and each of these rows counts for itself"
            notes.append(Note("flagged", f"{text}: to judge by their mean say --map instance={name}", several))
    return notes
