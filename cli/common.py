"""What several verbs share: paths, runs to read, JSON, exit statuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    import pyarrow as pa

    from ..run import Run

ANY_PATH = click.Path(path_type=Path)


def run_folders(paths: tuple[Path, ...]) -> list[Path]:
    """Converted runs at or below the paths; the logs among them are converted into the user's cache."""
    from ..prepared import prepare
    from ..terminal.conversions import convert_with_progress

    prepared = prepare(paths, convert_with_progress)
    for log in prepared.refused:
        click.echo(f"encave: {log.source} is left out: {log.reason}", err=True)
    return list(prepared.folders)


def load_runs(paths: tuple[Path, ...]) -> list[Run]:
    """The runs at or below the paths, loaded."""
    from ..run import Run

    return [Run.load(folder) for folder in run_folders(paths)]


def exit_status(statuses: Sequence[str], *, strict: bool = False) -> int:
    """0 if nothing was refused, 1 if something was, 2 if everything was; with `strict` 1 also then."""
    refused = statuses.count("refused")
    return (2 if refused == len(statuses) and not strict else 1) if refused else 0


def left_out(done: Sequence[object], refused: Sequence[object]) -> int:
    """0 if all was analysed, 1 if something was left out, 2 if nothing could be analysed."""
    return (1 if done else 2) if refused else 0


def print_json(content: dict[str, Any]) -> None:
    """Print JSON on standard output."""
    click.echo(json.dumps(content, indent=1, allow_nan=False))


def print_csv(tables: Sequence[pa.Table]) -> None:
    """Print tables of equal columns as one CSV on standard output; nothing without tables."""
    if not tables:
        return
    import pyarrow as pa
    import pyarrow.csv

    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(pa.concat_tables(tables), sink)
    click.echo(sink.getvalue().to_pybytes(), nl=False)
