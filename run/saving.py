"""A run as it is stored: its header and its table, and the folder with both, each written as a whole, and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import EncaveError
from ..files.atomic import atomic_file
from ..files.json_text import indented, read_text
from ..files.parquet import read_own, schema_of
from .folders import HEADER_FILE, LARGEST_HEADER, TRIALS_FILE, find_runs
from .header import Optimizer, check_header
from .joined import CONFIG, split_configurations, without_trials
from .notes import Note
from .provenance import Provenance
from .trials import Objective, check_types, check_values, ordered

if TYPE_CHECKING:
    from .model import Run

FORMAT_VERSION = 1


def write_run(folder: Path, header: Mapping[str, Any], table: pa.Table) -> None:
    """Write `trials.parquet` and `run.json` into a folder, each atomically, the header last.

    Raises:
        EncaveError: the folder cannot be written.
    """
    with atomic_file(folder / TRIALS_FILE) as path:
        # numbers hardly repeat: a dictionary of them costs more time and more room than it saves
        coded = [field.name for field in table.schema if not pa.types.is_primitive(field.type)]
        pq.write_table(table, path, compression="zstd", use_dictionary=coded)
    with atomic_file(folder / HEADER_FILE) as path:
        path.write_text(indented(header) + "\n", encoding="utf-8")


def read_run(folder: Path, *, configurations: bool) -> tuple[dict[str, Any], pa.Table]:
    """The header and the table that `write_run` wrote; what is in them is not checked.

    Args:
        folder: Where they are.
        configurations: Whether to read the values of configurations; without, their columns are null.

    Raises:
        EncaveError: a file is missing, damaged or of a newer format.
    """
    if not folder.is_dir():
        raise EncaveError(f"{folder} is {'a file, not' if folder.exists() else 'not there: name'} the folder of a run")
    if not (folder / HEADER_FILE).exists() and (runs := find_runs(folder)):
        told = f"there are {len(runs)} in it: load {runs[0]}, or all with [Run.load(run) for run in find_runs(…)]"
        raise EncaveError(f"{folder} is not the folder of one run; {told}")
    header = _read_header(folder / HEADER_FILE)
    try:
        table = _read_table(folder / TRIALS_FILE, configurations=configurations)
    except (OSError, pa.ArrowException) as error:
        raise EncaveError(f"cannot read {folder / TRIALS_FILE}: {error}. Convert the log again.") from error
    return header, table


def _read_table(path: Path, *, configurations: bool) -> pa.Table:
    """The columns of trials, and those of configurations, which may be without their values.

    Raises:
        EncaveError: it would unpack to more than any run has.
    """
    if configurations:
        return read_own(path)
    schema = schema_of(path)
    table = read_own(path, [name for name in schema.names if not name.startswith(CONFIG)])
    for field in schema:
        if field.name.startswith(CONFIG):
            table = table.append_column(field.name, pa.nulls(table.num_rows, field.type))
    return table


def _read_header(path: Path) -> dict[str, Any]:
    try:
        header = json.loads(read_text(path, LARGEST_HEADER))
        version = header["encave_run"]
    except EncaveError as error:
        raise EncaveError(f"{error}. It is not the header of a converted run.") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise EncaveError(f"cannot read {path}: {error}. It is not the header of a converted run.") from error
    if version is True or version != FORMAT_VERSION:
        raise EncaveError(f"{path} is of format {version}; this encave reads format {FORMAT_VERSION}. Update encave.")
    return header


def stored_header(run: Run) -> dict[str, Any]:
    """All of a run but its trials and the configurations that they use, as JSON."""
    return {
        "encave_run": FORMAT_VERSION,
        "name": run.name,
        "optimizer": asdict(run.optimizer),
        "objectives": [asdict(objective) for objective in run.objectives],
        "budget_name": run.budget_name,
        "inferred_space": run.inferred_space,
        "metadata": run.provenance.json(),
        "notes": [asdict(note) for note in run.notes],
        "space": run.space_json,
        "trials": len(run),
        "configurations_without_trials": without_trials(run.trials, run.configurations),
    }


def stored_fields(header: Mapping[str, Any], table: pa.Table, *, configurations: bool) -> dict[str, Any]:
    """The fields of the run of a header and a table that were stored, checked as far as the space is not needed.

    Args:
        header: As `stored_header` gives it.
        table: As `joined.join` gives it.
        configurations: As for `read_run`.

    Raises:
        EncaveError: they contradict the model or each other; the message names the field or the trial.
    """
    check_header(header)
    if table.num_rows != header["trials"]:
        raise EncaveError(f"the table has {table.num_rows} trials, {HEADER_FILE} says {header['trials']}")
    own = [name for name in table.column_names if not name.startswith(CONFIG)]
    objectives = tuple(Objective(**objective) for objective in header["objectives"])
    trials = ordered(table.select(own), objectives)
    check_types(trials)
    check_values(trials, objectives)
    untried: list[dict[str, Any]] = header["configurations_without_trials"] if configurations else []
    return {
        "name": header["name"],
        "optimizer": Optimizer(**header["optimizer"]),
        "objectives": objectives,
        "trials": trials,
        "configurations": split_configurations(table if configurations else table[:0], untried),
        "budget_name": header["budget_name"],
        "inferred_space": header["inferred_space"],
        "provenance": Provenance.from_json(header["metadata"]),
        "notes": tuple(Note(**note) for note in header["notes"]),
        "space_json": header["space"],
    }
