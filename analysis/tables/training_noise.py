"""The training-seed component of a lead, as a result."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from .result import Result, table_of

if TYPE_CHECKING:
    import pyarrow as pa

    from ..comparison.training_noise import NoiseOfLead


@dataclass(frozen=True, eq=False, repr=False)
class LeadNoise(Result):
    """How much of a lead on one task is noise of the table's training seeds."""

    task: str
    """The task."""
    measure: str
    """What is compared."""
    found: NoiseOfLead
    """The component."""

    def table(self) -> pa.Table:
        """One row.

        `task`, `measure`, `best`, `second`; `difference` of their means; `training_std` of it from training seeds
        alone; `shared_entries` of the table with which runs of both end.
        """
        columns = {
            "task": "string", "measure": "string", "best": "string", "second": "string", "difference": "float64",
            "training_std": "float64", "shared_entries": "int64",
        }  # fmt: skip
        return table_of(columns, [(self.task, self.measure, *astuple(self.found))])
