"""Whether trials are feasible: from what a log knows of the constraints of its task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...run import Note, Status


@dataclass(frozen=True)
class Feasibility:
    """Which trials are feasible."""

    columns: dict[str, list[bool | None]]
    """`feasible`, shape (n,); empty where no trial has a constraint."""
    notes: tuple[Note, ...]
    """What follows for the run."""


def feasibility(holds: Sequence[Sequence[bool]], statuses: Sequence[Status]) -> Feasibility:
    """A trial is feasible if all its constraints hold; without any it is not known, and it counts as feasible.

    Args:
        holds: For each trial whether each of its constraints holds, shape (n,); may be empty.
        statuses: Status of each trial, shape (n,).
    """
    if not any(holds):
        return Feasibility({}, ())
    feasible = [all(own) if own else None for own in holds]
    succeeded = [known for known, status in zip(feasible, statuses, strict=True) if status is Status.SUCCESS]
    notes: list[Note] = []
    if wrong := sum(known is False for known in succeeded):
        notes.append(Note("flagged", "infeasible trials are evaluations, and never the incumbent", wrong))
    if wrong and wrong == len(succeeded):
        text = "no trial is feasible, so the run has no incumbent; a constraint holds where it is at most 0 or true"
        notes.append(Note("flagged", text))
    if unknown := sum(known is None for known in succeeded):
        notes.append(Note("assumed", "trials without values of the constraints count as feasible", unknown))
    return Feasibility({"feasible": feasible}, tuple(notes))
