"""What a reader of a run must know of its conversion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

NoteKind: TypeAlias = Literal["merged", "dropped", "assumed", "derived", "flagged"]
"""merged, dropped: trials that were read but not written; assumed: a guess; derived: computed, not logged."""


@dataclass(frozen=True)
class Note:
    """Something a reader of the run must know of the conversion.

    Example:
        >>> encave.Note("assumed", "seed taken from the folder's name", count=1).kind
        'assumed'
    """

    kind: NoteKind
    """merged, dropped: trials that were read but not written; assumed: a guess; derived: computed, not logged."""
    text: str
    """One sentence."""
    count: int = 0
    """Number of trials concerned; 0 where it concerns the whole run."""
