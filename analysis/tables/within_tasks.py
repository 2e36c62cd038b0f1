"""Tests of runs stratified by task, as a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .result import Result, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..comparison.within_tasks import WithinTasks


@dataclass(frozen=True, eq=False, repr=False)
class StratifiedTests(Result):
    """Tests of the runs on these tasks, pair by pair, stratified by task (van Elteren, 1960)."""

    measure: str
    """What was compared."""
    found: WithinTasks
    """The tests."""

    def table(self) -> pa.Table:
        """One row per pair, and one per optimizer against the control.

        `measure`; `compared`: `pair` or `control`; `blocks` that were permuted; `tasks`; `first` and `second`
        optimizer, the control second; `p`, `adjusted_p` (Holm, over the rows of its kind), `favours`: 1 the first, -1
        the second.
        """
        columns = {
            "measure": "string", "compared": "string", "blocks": "string", "tasks": "int64", "first": "string",
            "second": "string", "p": "float64", "adjusted_p": "float64", "favours": "int64",
        }  # fmt: skip
        one = self.found
        pairs = [("pair", own.first, own.second, own.p, own.adjusted, own.favours) for own in one.pairs]
        against = [("control", own.optimizer, one.control, own.p, own.adjusted, own.favours) for own in one.against]
        return table_of(
            columns,
            ((self.measure, kind, one.blocks, one.tasks, *row) for kind, *row in (*pairs, *against)),
        )
