"""Optuna: SQLite storages, journals and pickled studies; see `optuna_sqlite`, `optuna_journal`, `optuna_pickle`."""

from __future__ import annotations

from collections.abc import Iterable

from ..safe_sqlite import MAGIC
from . import optuna_journal, optuna_pickle, optuna_sqlite
from .reader import Found, Listing, Options, ReadResult


class OptunaReader:
    """Reader of Optuna's studies, wherever they are stored."""

    name = "optuna"
    title = "Optuna"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """One run per study of each storage."""
        yield from optuna_sqlite.detect(listing)
        yield from optuna_journal.detect(listing)
        yield from optuna_pickle.detect(listing)

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read one study."""
        if found.path.name.endswith(optuna_pickle.SUFFIXES):
            return optuna_pickle.read(found, options)
        with found.path.open("rb") as file:
            head = file.read(len(MAGIC))
        named = found.path.name.endswith(optuna_sqlite.SUFFIXES) and not head.startswith(b"{")
        storage = optuna_sqlite if named or head == MAGIC else optuna_journal
        return storage.read(found, options)


READER = OptunaReader()
