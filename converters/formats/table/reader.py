"""Home-made logs: CSV, Parquet or JSON with one row per trial and a mapping that says what the columns are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ....errors import EncaveError
from ...parts.space import SPACE_FILE
from ...reader import TABLE, Found, Listing, Options, ReadResult
from .mapping import mapping_file, run_columns, self_explaining
from .source import column_names, may_be_table


class TableReader:
    """Reader of home-made tables.

    Args:
        mapping: What the columns are, as in `--map`; every table is then taken for a log. Without it only tables with a
            mapping beside them, with encave's names of columns, or with those of a program that is known.
    """

    name = TABLE
    title = "table (CSV, Parquet, JSON)"

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        self._mapping = mapping

    def detect(self, listing: Listing) -> Iterable[Found]:
        """Tables with a mapping; of a file with several runs each one."""
        for name in listing.names:
            path = listing.folder / name
            if may_be_table(path) and (evidence := self._evidence(path)):
                yield from self._runs(path, evidence)

    def _evidence(self, path: Path) -> str | None:
        """Why a table can be read; None if its columns are not known."""
        if self._mapping is not None:
            return "--map"
        if beside := mapping_file(path):
            return beside.name
        names = column_names(path)
        if not names:
            return None
        from .frames import known_frame

        frame = known_frame(names)
        if frame is not None and frame.whole:
            return f"columns of {frame.kind}"
        return "columns config:…, cost:…" if self_explaining(names) else None

    def _runs(self, path: Path, evidence: str) -> Iterable[Found]:
        beside, space = mapping_file(path), path.with_name(SPACE_FILE)
        files = (path, *([beside] if beside else []), *([space] if space.is_file() else []))
        for key in self._keys(path):
            yield Found(path, files, evidence, key)

    def _keys(self, path: Path) -> list[str | None]:
        """The runs of a file; one without a name where the file cannot be read, so that `read` says why."""
        from .reading import run_keys, spec_of, table_of

        try:
            names = column_names(path)
            spec, frame = spec_of(path, self._mapping, names)
            columns = run_columns(spec, names, str(path))
            if not columns:
                return [None]
            keys: list[str | None] = list(dict.fromkeys(run_keys(table_of(path, spec), columns)))
            return [None] if frame is not None and len(keys) == 1 else keys
        except (EncaveError, KeyError, TypeError):
            return [None]

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read the rows of one run."""
        from .reading import read

        return read(found, options, options.mapping if options.mapping is not None else self._mapping)


READER = TableReader()
