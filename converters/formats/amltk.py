"""AutoML-Toolkit: the history of its trials as Parquet (`history.parquet`), one row per trial.

Columns: `status`, `trial_seed`, `metric:<name> [lower, upper] (minimize|maximize)`, `config:<hyperparameter>`, and
whatever the user summarised or profiled. The index holds the trial's name, in which an optimizer writes its budget.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...errors import EncaveError
from ...files.parquet import may_have, read_table, schema_of
from ...run import COST, EXTRA, Note, Objective, Optimizer, Provenance, Run, Status
from ...run.configurations import choices
from ..parts.extras import extra_columns
from ..parts.fitting import fitted_run
from ..parts.inferred_space import infer
from ..parts.names import study_name
from ..parts.numbers import finite, finite_text
from ..parts.outcomes import unknown_words
from ..parts.searcher import searcher
from ..parts.space import SPACE_FILE, LogSpace, known_space
from ..parts.times import since_start
from ..reader import Found, Listing, Options, ReadResult

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

_NAME = "history.parquet"
_METRIC, _CONFIG = "metric:", "config:"
_OBJECTIVE = re.compile(r"metric:(.+?)(?: \[([^,]+), ([^\]]+)\])? \((minimize|maximize)\)")
_FIELD = re.compile(r"(config_id|seed|budget|instance)=(.*?)(?=_(?:config_id|seed|budget|instance)=|$)")
_SIGNS = {"config_id=": "SMAC", "trial_number=": "Optuna"}  # how these optimizers of AutoML-Toolkit name trials
_STATUSES = {"success": Status.SUCCESS, "fail": Status.CRASHED, "crashed": Status.CRASHED}
_UNREPORTED = "unknown"
_TIMES = ("profile:trial:time", "deepcave:time")
_MARKS = frozenset({"status", "trial_seed"})


class AmltkReader:
    """Reader of AutoML-Toolkit's histories."""

    name = "amltk"
    title = "AutoML-Toolkit"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """Parquet files with AutoML-Toolkit's columns, and an empty or damaged `history.parquet`."""
        beside = tuple(listing.folder / name for name in (SPACE_FILE,) if name in listing.names)
        for name in listing.names:
            path = listing.folder / name
            if path.suffix == ".parquet" and _is_history(path, listing.head(name, 4)):
                yield Found(path, (path, *beside), "Parquet columns status, trial_seed, metric:… (minimize|maximize)")

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read every row."""
        table = _table(found.path)
        run = _run(table, found.path, options)
        return ReadResult(run, None, len(run))


READER = AmltkReader()


def _is_history(path: Path, head: bytes) -> bool:
    if head != b"PAR1":
        return path.name == _NAME and not head
    try:
        names = schema_of(path).names if path.name == _NAME or may_have(path, _MARKS) else ()
    except (OSError, ValueError, pa.ArrowException):
        return path.name == _NAME
    return set(names) >= _MARKS and any(_OBJECTIVE.fullmatch(name) for name in names)


def _table(path: Path) -> pa.Table:
    try:
        table = read_table(path)
        names = table.column_names
    except (OSError, ValueError, pa.ArrowException) as error:
        size = path.stat().st_size
        raise EncaveError(f"{path} is truncated or damaged ({size} bytes: {str(error).splitlines()[0]})") from error
    if not table.num_rows:
        raise EncaveError(f"{path} has no rows")
    if missing := sorted(_MARKS.difference(names)):
        raise EncaveError(f"{path} has no column {', '.join(missing)}")
    if not any(_OBJECTIVE.fullmatch(name) for name in names):
        raise EncaveError(f"{path} has no column metric:<name> [lower, upper] (minimize|maximize)")
    return table


def _run(table: pa.Table, path: Path, options: Options) -> Run:
    metrics = {name: _objective(name) for name in table.column_names if _OBJECTIVE.fullmatch(name)}
    found = known_space(path, options, None)
    ids, configurations = _configurations(table, set() if found is None else _null_choices(found.space))
    if found is None:
        inferred = infer(configurations)
        configurations = inferred.configurations
        found = LogSpace(inferred.space, True, inferred.notes)
    columns, metadata, notes = _columns(table, metrics)
    first = next(iter(_names(table)), "")
    logged = next((label for sign, label in _SIGNS.items() if first.startswith(sign)), None)
    searched = searcher("AutoML-Toolkit", path, logged, own=False)
    budgeted = any(budget is not None for budget in columns["budget"])
    return fitted_run(
        name=study_name(path, "AMLTK"),
        optimizer=Optimizer(searched.label),
        space=found.space,
        objectives=list(metrics.values()),
        trials={"config_id": ids, **columns},
        configurations=configurations,
        budget_name="budget" if budgeted else None,
        inferred_space=found.inferred,
        provenance=Provenance.from_json({"library": "AutoML-Toolkit", **metadata, **searched.metadata}),
        notes=[*found.notes, *notes, *searched.notes],
    )


def _objective(column: str) -> Objective:
    match = _OBJECTIVE.fullmatch(column)
    assert match is not None  # columns are chosen by this pattern
    lower, upper = (finite_text(text) for text in match.group(2, 3))
    return Objective(match[1], "maximize" if match[4] == "maximize" else "minimize", lower, upper)


def _null_choices(space: ConfigurationSpace) -> set[str]:
    """Hyperparameters of which null is a choice."""
    return {name for name, hyperparameter in space.items() if None in (choices(hyperparameter) or ())}


def _configurations(table: pa.Table, chosen: Collection[str]) -> tuple[list[int], dict[int, dict[str, Any]]]:
    """Number of each row's configuration, equal ones once; null is a value of the `chosen` hyperparameters only."""
    names = [name for name in table.column_names if name.startswith(_CONFIG)]
    numbers: dict[str, int] = {}
    ids: list[int] = []
    configurations: dict[int, dict[str, Any]] = {}
    for row in table.select(names).to_pylist():
        told = {name.removeprefix(_CONFIG): value for name, value in row.items()}
        values = {name: value for name, value in told.items() if value is not None or name in chosen}
        number = numbers.setdefault(json.dumps(values, sort_keys=True, default=str), len(numbers))
        ids.append(number)
        configurations.setdefault(number, values)
    return ids, configurations


def _columns(table: pa.Table, metrics: Mapping[str, Objective]) -> tuple[dict[str, Any], dict[str, Any], list[Note]]:
    """Columns of the trials, metadata, and notes."""
    names = _names(table)
    fields = [dict(_FIELD.findall(name)) for name in names]
    notes: list[Note] = []
    starts, ends = _stamps(table, notes)
    times = since_start(starts, ends)
    costs = {objective.name: _numbers(table, column) for column, objective in metrics.items()}
    words = [str(status).lower() for status in table["status"].to_pylist()]
    notes += unknown_words(words, {*_STATUSES, _UNREPORTED}, "not evaluated")
    statuses = [_STATUSES.get(word, Status.NOT_EVALUATED) for word in words]
    unmeasured = 0
    for row, status in enumerate(statuses):
        if status is Status.SUCCESS and any(values[row] is None for values in costs.values()):
            statuses[row] = Status.CRASHED
            unmeasured += 1
    if unmeasured:
        notes.append(
            Note("derived", "a success without a finite value of every metric is taken for crashed", unmeasured)
        )
    columns: dict[str, Any] = {
        "budget": [finite_text(field.get("budget")) for field in fields],
        "seed": table["trial_seed"],
        "instance": [None if field.get("instance") in (None, "None") else field["instance"] for field in fields],
        "status": statuses,
        "start": times.start,
        "end": times.end,
    }
    for name, values in costs.items():
        kept = [value if s is Status.SUCCESS else None for value, s in zip(values, statuses, strict=True)]
        columns[COST + name] = kept
        if kept != values:
            columns[EXTRA + f"raw_{name}"] = pa.array(values, pa.float64())
    columns[EXTRA + "name"] = pa.array(names, pa.string())
    for name in table.column_names:
        if name not in (*metrics, "status", "trial_seed", "name") and not name.startswith((_CONFIG, "__")):
            columns[EXTRA + name] = _extra(table[name], name)
    return columns, {"started_at": times.origin}, [*notes, *times.notes]


def _names(table: pa.Table) -> list[str]:
    """The trials' names, which pandas writes as the index's column."""
    for name in ("name", "__index_level_0__"):
        if name in table.column_names:
            return [str(value) for value in table[name].to_pylist()]
    return [""] * table.num_rows


def _stamps(table: pa.Table, notes: list[Note]) -> tuple[list[float | None], list[float | None]]:
    """Starts and ends in seconds: measured around the trial, else as given for DeepCAVE, else as the trial was kept."""
    for prefix in _TIMES:
        if {f"{prefix}:start", f"{prefix}:end"} <= set(table.column_names):
            notes.append(Note("derived", f"times are those of {prefix}:start and {prefix}:end"))
            return _numbers(table, f"{prefix}:start"), _numbers(table, f"{prefix}:end")
    if {"created_at", "reported_at"} <= set(table.column_names):
        notes.append(Note("derived", "times are created_at and reported_at, waiting included"))
        pairs = [
            [
                None if moment is None else moment.timestamp()
                for moment in table[name].cast(pa.timestamp("us", "UTC")).to_pylist()
            ]
            for name in ("created_at", "reported_at")
        ]
        return pairs[0], pairs[1]
    return [None] * table.num_rows, [None] * table.num_rows


def _numbers(table: pa.Table, column: str) -> list[float | None]:
    return [finite(value) for value in table[column].to_pylist()]


def _extra(column: pa.ChunkedArray, name: str) -> pa.Array:
    array = column.combine_chunks()
    if pa.types.is_timestamp(array.type):
        return array.cast(pa.string())
    if pa.types.is_nested(array.type) or pa.types.is_null(array.type):
        return extra_columns([{name: value} for value in array.to_pylist()])[EXTRA + name]
    return array
