"""Whether a mapping may be meant otherwise: numbers of trials that occur twice, a direction that is not told."""

from __future__ import annotations

import re
from collections import Counter

from ....errors import EncaveError
from ....run import Note
from ...parts.metrics import more_is_better
from .mapping import Mapped, as_options
from .rows import TableRows
from .unsaid import runs_told


def directions(mapped: Mapped) -> list[Note]:
    """That an objective counts as better the lower whose name says otherwise; of `f1` and `f2` no name does."""
    letters = Counter(re.sub("[0-9]", "", name) for name in mapped.objectives)
    return [
        Note("flagged", f"{name} counts as better the lower: if more is better, say --map objective={name}:maximize")
        for name in mapped.undirected
        if more_is_better(name) and letters[re.sub("[0-9]", "", name)] == 1
    ]


def check_numbers(rows: TableRows, mapped: Mapped) -> None:
    """Refuse numbers of trials that occur twice, as where a table holds several runs."""
    column = mapped.roles.get("trial_id")
    numbers = [] if column is None else rows.integers(column)
    twice = next((number for number, count in Counter(numbers).items() if count > 1 and number is not None), None)
    if twice is not None:
        way = as_options(runs_told(mapped.extras)) or "--map run=… for the column that tells them apart"
        raise EncaveError(
            f"{rows.path}: the column {column} has the number {twice} more than once. If the table holds several runs, "
            f"say {way}; if {column} is no number of trials, leave trial_id out"
        )
