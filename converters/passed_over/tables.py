"""Tables whose columns say too little to read them without being told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..formats.table.frames import guessed, known_frame
from ..formats.table.mapping import as_options
from ..formats.table.source import column_names, first_object, has_decimal_commas, may_be_table
from ..parts.metrics import is_measured, usual
from ..parts.numbers import finite_text
from ..reader import Listing
from .account import Unread

_TEXT = (".csv", ".tsv")
_THEN = "--map objective=… --map hyperparameters=…"
_MOST = 12  # columns that are listed


def of_file(listing: Listing, name: str) -> Unread | None:
    """The table that a file is, with the options that read it; None if it is none."""
    path = listing.folder / name
    if not may_be_table(path):
        return None
    names = column_names(path)
    if len(names) < 2 and (names or path.suffix.lower() in _TEXT):  # a list of values, or nothing
        return None
    frame = known_frame(names)
    if frame is None and path.suffix.lower() not in (*_TEXT, ".parquet") and not _has_numbers(path, names):
        return None
    if frame is not None:
        return Unread(path, frame.kind, frame.way_in)
    if why := _unusable(names):
        return Unread(path, f"table ({_form(path)})", why)
    if _is_training(names):
        instead = "it has no configurations: write a table with a row for each training"
        return Unread(path, "curve of one training (Lightning)", instead)
    columns = ", ".join(names[:_MOST]) + ", …" * (len(names) > _MOST)
    options = as_options({**guessed(names), **({"decimal": ","} if has_decimal_commas(path) else {})})
    way_in = f"say what its columns are, as in {options}{f' (of {columns})' if names else ''}"
    return Unread(path, f"table ({_form(path)})", way_in)


def _form(path: Path) -> str:
    return path.suffix[1:].upper() if path.suffix.lower() in (*_TEXT, ".parquet") else "JSON"


def _unusable(names: Sequence[str]) -> str | None:
    """What has to be done before its columns can be named."""
    if names and all(finite_text(name) is not None for name in names):
        return f"its first line has no names: write one above it, then {_THEN}"
    twice = next((name for name in names if name and names.count(name) > 1), None)
    return None if twice is None else f"two columns are called {twice}: rename one, then {_THEN}"


def _is_training(names: Sequence[str]) -> bool:
    """Whether columns are those of Lightning's logger: steps of one training and what was measured at them."""
    measured = [name for name in names if name not in ("epoch", "step")]
    return len(measured) == len(names) - 2 and all(is_measured(name) for name in measured)


def _has_numbers(path: Path, names: Sequence[str]) -> bool:
    """Whether objects may be trials: one has a number, or a field that is called like an objective, or is too long."""
    first = first_object(path)
    return not first or bool(usual(names)) or any(type(value) in (int, float) for value in first.values())
