"""The account of what was passed over: a line a kind, counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

PACKED = "packed file"
"""Kind of what has to be unpacked to see what it is."""

EVENTS = "event file of TensorBoard"
"""Kind of what trainings leave beside the log of a search."""


class Unread(NamedTuple):
    """A file or folder that was not read."""

    path: Path
    """The file or folder."""
    kind: str
    """What it is, or why it could not be looked into."""
    way_in: str | None = None
    """What to do to have it read; None if nothing is known."""
    whole: bool = False
    """Whether everything below the folder is part of it."""
    told: Literal["always", "alone", "never"] = "always"
    """Whether it is told of: also beside logs that were read, only where there are none, or not at all."""


@dataclass(frozen=True)
class PassedOver:
    """Files or folders of one kind that were not read."""

    kind: str
    """What they are, or why they could not be looked into."""
    count: int
    """How many."""
    example: str
    """The first of them."""
    way_in: str | None
    """What to do to have that one read; None if nothing is known."""

    def to_json(self) -> dict[str, Any]:
        """The object in `passed_over` of `--json`."""
        return asdict(self)


def counted(unread: Iterable[Unread]) -> list[PassedOver]:
    """One entry per kind, in the order of the first of each; a project that several files tell of counts once."""
    kinds: dict[str, dict[Path, Unread]] = {}
    for each in unread:
        kinds.setdefault(each.kind, {}).setdefault(each.path, each)
    firsts = {kind: next(iter(found.values())) for kind, found in kinds.items()}
    return [PassedOver(kind, len(kinds[kind]), str(one.path), one.way_in) for kind, one in firsts.items()]


def in_words(passed: Sequence[PassedOver]) -> str:
    """One sentence for each kind, with a blank before it; and which verbs take the options that are named."""
    told = "".join(f" Not read: {_one(each)}." for each in passed)
    mapped = any("--map" in (each.way_in or "") for each in passed)
    return f"{told}{' Every verb that reads logs takes --map.' if mapped else ''}"


def _one(each: PassedOver) -> str:
    place = each.example if each.count == 1 else f"{each.count:,}, e.g. {each.example}"
    return f"{each.kind} ({place}){f'; {each.way_in}' if each.way_in else ''}"
