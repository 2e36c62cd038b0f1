"""What became of a log: the row of the table that `encave convert` prints and the object of its `--json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ..run import Note, Run


@dataclass(frozen=True)
class Conversion:
    r"""What became of one log. Counts are of trials.

    Example:
        >>> _ = (folder / "trials.csv").write_text("lr,loss\n0.1,2.0\n0.2,1.0\n0.3,3.0\n")
        >>> told = {"objective": "loss", "hyperparameters": "lr"}
        >>> [done] = encave.convert(folder / "trials.csv", folder / "converted", map=told)
        >>> done.status, done.dropped, done.notes == ()
        ('converted', 0, False)
    """

    source: Path
    """The log."""
    format: str
    """Format as in `--from`."""
    release: str | None
    """Release of the optimizer that wrote it, as far as the log tells."""
    status: Literal["converted", "refused", "unchanged"]
    """unchanged: an earlier conversion of the same files is there."""
    reason: str | None
    """Why it was refused."""
    read: int = 0
    """Trials in the log."""
    written: int = 0
    """Trials in the run."""
    merged: int = 0
    """Trials that another one stands for."""
    dropped: int = 0
    """Trials that could not be kept."""
    configurations: int = 0
    """Configurations of the run."""
    budgets: tuple[float, ...] = ()
    """Budgets, ascending."""
    statuses: Mapping[str, int] | None = None
    """Status → number of trials."""
    incumbent: Mapping[str, Any] | None = None
    """`cost` and `configuration` of the best trial at the highest budget, by the first objective; None without one."""
    notes: tuple[Note, ...] = ()
    """What was merged, dropped, derived, assumed or flagged."""
    output: Path | None = None
    """The run's folder; of an export where all runs went."""

    def to_json(self) -> dict[str, Any]:
        """The object that `encave convert --json` prints for this log.

        Example:
            >>> _ = (folder / "no-run").mkdir()
            >>> _ = (folder / "no-run" / "runhistory.json").write_text('{"stats": {}, "data": 5, "configs": {}}')
            >>> [done] = encave.convert(folder / "no-run", folder / "nothing")
            >>> done.to_json()["status"]
            'refused'
        """
        return asdict(self) | {
            "source": str(self.source),
            "budgets": list(self.budgets),
            "statuses": dict(self.statuses or {}),
            "notes": [asdict(note) for note in self.notes],
            "output": None if self.output is None else str(self.output),
        }


def refused(source: Path, format_name: str, reason: str) -> Conversion:
    """The account of a log that could not be converted."""
    return Conversion(source, format_name, None, "refused", reason)


def accounted(
    source: Path, format_name: str, status: Literal["converted", "unchanged"], run: Run, folder: Path
) -> Conversion:
    """The account of a run; release and counts are those of its provenance, if there are any."""
    counts = {"read": len(run), "written": len(run)} | dict(run.provenance.accounting)
    return Conversion(
        source=source,
        format=format_name,
        release=run.provenance.source_release,
        status=status,
        reason=None,
        **counts,
        configurations=run.configurations.num_rows,
        budgets=run.budgets,
        statuses=run.status_counts(),
        incumbent=best_of(run),
        notes=run.notes,
        output=folder,
    )


def best_of(run: Run) -> dict[str, Any] | None:
    """`cost` and `configuration` of the incumbent; None without one."""
    best = run.incumbent()
    return best and {"cost": best.value, "configuration": run.configuration(best.config_id)}
