"""The files of one folder that look like a log, a table or a tracker's, and that no format claimed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from ..reader import Listing
from . import parts, trackers
from .account import Unread

_OF_PROGRAMS = frozenset({"site-packages", "node_modules", "__pycache__"})
_HEAD = 1 << 16


@dataclass(frozen=True)
class _Remembering(Listing):
    """A listing that reads the beginning of a file once, though several look at it."""

    _last: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def head(self, name: str, size: int = 4096) -> bytes:
        """As a listing's."""
        if size > _HEAD:
            return super().head(name, size)
        if name not in self._last:
            self._last.clear()
            self._last[name] = super().head(name, _HEAD)
        return self._last[name][:size]


def unread_in(listing: Listing, claimed: Collection[Path]) -> list[Unread]:
    """What was not read in a folder; the files are looked into, so this is for a process that reads.

    Args:
        listing: The folder, with all its files.
        claimed: Files that belong to a log, or that were refused with a reason.
    """
    if _OF_PROGRAMS.intersection(listing.folder.parts):
        return []
    listing = _Remembering(listing.folder, listing.names)
    found = trackers.of_folder(listing) or parts.of_folder(listing)
    if found is not None and found.whole:
        return [found]
    left = [name for name in listing.names if listing.folder / name not in claimed and not name.startswith((".", "~"))]
    beside = parts.sidecars(listing)
    told = [_of_file(listing, name) for name in left if name not in beside]
    return [each for each in (found, *told) if each is not None]


def _of_file(listing: Listing, name: str) -> Unread | None:
    from . import dumps, tables

    kinds = (trackers.of_file, parts.of_file, dumps.of_file, tables.of_file)
    try:
        return next((found for look in kinds if (found := look(listing, name)) is not None), None)
    except OSError as error:
        return Unread(listing.folder / name, error.strerror or str(error))
