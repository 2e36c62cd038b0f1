"""Optuna: SQLite storages, journals and pickled studies; see `optuna_sqlite`, `optuna_journal`, `optuna_pickle`."""

from __future__ import annotations

from collections.abc import Iterable

from ....files.sqlite import MAGIC
from ...reader import Found, Listing, Options, ReadResult
from . import journal, pickled, sqlite


class OptunaReader:
    """Reader of Optuna's studies, wherever they are stored."""

    name = "optuna"
    title = "Optuna"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """One run per study of each storage."""
        yield from sqlite.detect(listing)
        yield from journal.detect(listing)
        yield from pickled.detect(listing)

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read one study."""
        if found.path.name.endswith(pickled.SUFFIXES):
            return pickled.read(found, options)
        with found.path.open("rb") as file:
            head = file.read(len(MAGIC))
        named = found.path.name.endswith(sqlite.SUFFIXES) and not head.startswith(b"{")
        storage = sqlite if named or head == MAGIC else journal
        return storage.read(found, options)


READER = OptunaReader()
