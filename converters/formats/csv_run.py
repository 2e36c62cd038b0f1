"""A run as one CSV file with a JSON header beside it, written and read back without loss.

`<name>.csv` has one row per trial: the columns of the trials, then `config:<hyperparameter>`. `<name>.run.json` has the
rest: objectives, space, notes, metadata, the columns' types, and configurations without a trial.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...errors import EncaveError, in_words
from ...files.atomic import atomic_file
from ...files.json_text import read_json
from ...files.spreadsheets import guarded, unguarded
from ...run import CONFIG, Note, Objective, Optimizer, Provenance, Run, split_configurations
from ...run.configurations import CONFIG_ID
from ...run.spaces import made_space
from ..parts.codes import Codes, codes, joint_codes
from ..reader import Found, Listing, Options, ReadResult

HEADER = ".run.json"
LIMITS = ("CSV holds no lists or objects in other fields: they become JSON text",)
"""What the format cannot hold."""

_VERSION = 2  # since then a text that a spreadsheet would compute begins with an apostrophe
_KEY = "encave_csv"


def write(run: Run, folder: Path, name: str) -> list[str]:
    """Write `folder/<name>.csv` and `folder/<name>.run.json`, both or neither.

    Returns:
        What the file does not hold of this run, one sentence each.

    Raises:
        EncaveError: the folder cannot be written.
    """
    from pyarrow import csv

    table = run.joined()
    plain = [_is_plain(field.type) for field in table.schema]
    texts = [column if fits else _as_json(column) for column, fits in zip(table.columns, plain, strict=True)]
    kinds = [column.type if fits else pa.string() for column, fits in zip(table.columns, plain, strict=True)]
    cells = pa.table(dict(zip(table.column_names, map(_cells, texts), strict=True)))
    header = {_KEY: _VERSION} | run.header() | {"columns": dict(zip(table.column_names, map(str, kinds), strict=True))}
    with atomic_file(folder / f"{name}.csv") as rows, atomic_file(folder / f"{name}{HEADER}") as path:
        csv.write_csv(guarded(cells, exact=True), rows)  # neither file without the other
        path.write_text(json.dumps(header, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    nested = [column for column, fits in zip(table.column_names, plain, strict=True) if not fits]
    return [f"{run.name}: the values of {column} are written as JSON text" for column in nested]


def _is_plain(kind: pa.DataType) -> bool:
    """Whether CSV holds the type's values exactly."""
    text = pa.types.is_string(kind) or (pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type))
    return text or pa.types.is_integer(kind) or pa.types.is_floating(kind) or kind in (pa.bool_(), pa.null())


def _as_json(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([None if v is None else json.dumps(v, default=str) for v in column.to_pylist()], pa.string())


def _cells(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    text = pa.types.is_dictionary(column.type) or column.type == pa.null()
    return column.cast(pa.string()) if text else column


class CsvRunReader:
    """Reader of what `write` wrote."""

    name = "encave-csv"
    title = "encave CSV"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """A CSV file with encave's JSON header beside it."""
        for name in listing.names:
            header = listing.folder / f"{name.removesuffix('.csv')}{HEADER}"
            if name.endswith(".csv") and header.is_file() and f'"{_KEY}"'.encode() in listing.head(header.name, 64):
                yield Found(listing.folder / name, (listing.folder / name, header), f"{header.name} beside it")

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read the run; rows that are missing since it was written are an error."""
        path = found.path
        header, whole = read_json(path.with_name(path.name.removesuffix(".csv") + HEADER))
        if not whole or not isinstance(header, dict) or header.get(_KEY) != _VERSION:
            raise EncaveError(f"the header of {path} is damaged or of a newer format. Write it again or update encave.")
        try:
            run = _run(path, header)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, pa.ArrowException) as error:
            raise EncaveError(
                f"{path} and its header do not belong together: {in_words(error)}. Write it again."
            ) from error
        return ReadResult(run, str(_VERSION), len(run))


READER = CsvRunReader()


def _run(path: Path, header: dict[str, Any]) -> Run:
    table = _read(path, header["columns"])
    if table.num_rows != header["trials"]:
        raise EncaveError(f"{path} has {table.num_rows} trials, its header says {header['trials']}. Write it again.")
    own = [name for name in table.column_names if not name.startswith(CONFIG)]
    ids, *values = (_codes(table[name]) for name in table.column_names if name == CONFIG_ID or name not in own)
    if joint_codes((ids, *values)).max(initial=-1) > ids.max(initial=-1):
        raise EncaveError(f"{path}: trials of one configuration have different values of hyperparameters")
    return Run(
        name=header["name"],
        optimizer=Optimizer(**header["optimizer"]),
        space=made_space(header["space"]),
        objectives=[Objective(**objective) for objective in header["objectives"]],
        trials=table.select(own),
        configurations=split_configurations(table, header["configurations_without_trials"]),
        budget_name=header["budget_name"],
        inferred_space=header["inferred_space"],
        provenance=Provenance.from_json(header["metadata"]),
        notes=[Note(**note) for note in header["notes"]],
    )


def _codes(column: pa.ChunkedArray) -> Codes:
    array = column.combine_chunks()
    return codes(array.cast(pa.string()) if pa.types.is_dictionary(array.type) else array)


def _read(path: Path, told: dict[str, str]) -> pa.Table:
    from pyarrow import csv

    kinds = {name: _type(kind) for name, kind in told.items()}
    texts = {name: kind for name, kind in kinds.items() if not pa.types.is_dictionary(kind) and kind != pa.null()}
    options = csv.ConvertOptions(
        column_types=dict.fromkeys(kinds, pa.string()) | texts,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    parse = csv.ParseOptions(newlines_in_values=True)
    table = csv.read_csv(path, parse_options=parse, convert_options=options)
    arrays = {name: table[name].combine_chunks() for name in kinds}
    arrays |= {name: unguarded(array) for name, array in arrays.items() if pa.types.is_string(array.type)}
    return pa.table({name: _typed(array, kinds[name]) for name, array in arrays.items()})


def _type(told: str) -> pa.DataType:
    return pa.dictionary(pa.int32(), pa.string()) if told.startswith("dictionary") else pa.type_for_alias(told)


def _typed(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if kind == pa.null():
        return pa.nulls(len(array))
    return array.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else array
