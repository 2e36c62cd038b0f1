"""Optuna: SQLite storages, journals and pickled studies; see `optuna_sqlite`, `optuna_journal`, `optuna_pickle`."""

from __future__ import annotations

from collections.abc import Iterable

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
        for storage in (optuna_sqlite, optuna_pickle):
            if found.path.name.endswith(storage.SUFFIXES):
                return storage.read(found, options)
        return optuna_journal.read(found, options)


READER = OptunaReader()
