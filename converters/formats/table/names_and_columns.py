"""What names and columns say of a run of a table beside its trials: what searched, and the seed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ....run import Run
from ...parts.constant_values import SEED
from ...parts.searcher import SEARCHES, Searcher, named_in, named_in_path, searcher
from ...parts.seed_names import named_seed
from ...reader import Found
from .frames import KnownFrame
from .rows import TableRows


def seeded(run: Run, of_run: Mapping[str, Any], key: str | None) -> Run:
    """The run with the seed that what tells the runs of a file apart says, where nothing else does.

    Args:
        run: The run.
        of_run: Column that tells the runs apart → the run's value.
        key: The run's name in its file.
    """
    seeds = {name: value for name, value in of_run.items() if SEED.fullmatch(name) and type(value) is int}
    named = named_seed(Path(), key, of="run") if key is not None and not seeds else None
    if run.seed is not None or (len(seeds) != 1 and named is None):
        return run
    if named is not None:
        told = run.provenance.replace(seed=named.seed, seed_from=named.where)
        return run.replace(provenance=told, notes=(*run.notes, named.note()))
    [(name, seed)] = seeds.items()
    return run.replace(provenance=run.provenance.replace(seed=seed, seed_from=f"column {name}"))


def searched_by(found: Found, frame: KnownFrame | None, rows: TableRows, told: Mapping[str, str]) -> Searcher | None:
    """What searched, as the mapping says, else as a known table or names tell; None if nothing does.

    Args:
        found: The run in its file.
        frame: What the table is known as.
        rows: All rows of the file.
        told: What the mapping says of the run.
    """
    path = found.path
    if "optimizer" in told:
        return Searcher(told["optimizer"])
    if frame is None or frame.library is None:
        own = named_in(found.key, SEARCHES, "run's name") if found.key is not None else None
        named = own or named_in_path(path)
        return Searcher(named.label, named) if named else None
    column = frame.searcher_column
    logged = rows.values(column) if column is not None and column in rows.table.columns else []
    values = dict.fromkeys(str(value) for value in logged if value is not None)
    return searcher(frame.library, path, " + ".join([*frame.searchers, *values]) or None, known=frame.samplers)
