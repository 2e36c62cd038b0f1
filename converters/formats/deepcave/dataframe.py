"""DeepCAVE's DataFrame form: `trials.csv` and `configspace.csv`, the one that DeepCAVE 1.4 reads right."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ....errors import EncaveError, in_words
from ....run import Note, Objective, Optimizer, Provenance, Run
from ...parts.csv_table import LIMIT, CsvTable, header_of, read_csv
from ...parts.fitting import fitted_run
from ...parts.names import study_name
from ...parts.searcher import Searcher, named_in_path
from ...parts.space import LogSpace, own_or_given
from ...parts.words import listed
from ...reader import Found, Listing, Options, ReadResult
from .trials import STATUSES, Cleaned, LoggedColumns, clean

if TYPE_CHECKING:
    from ConfigSpace.hyperparameters import Hyperparameter

TRIALS, SPACE = "trials.csv", "configspace.csv"
_NEEDED = ("start_time", "end_time", "status")
_METRIC = re.compile(r"metric:(.+?) \[(.+?); (.+?)\] \((\w+)\)")
_SEED_BITS = 63
_Cells = list[str | None]


class DataFrameReader:
    """Reader of DeepCAVE's DataFrame form."""

    name = "deepcave-dataframe"
    title = "DeepCAVE DataFrame"

    def detect(self, listing: Listing) -> Iterable[Found]:
        """`trials.csv` with DeepCAVE's columns beside `configspace.csv`, or empty beside it."""
        if {TRIALS, SPACE} <= set(listing.names):
            head = listing.head(TRIALS, 65536)
            names = header_of(head)
            if not head or (set(_NEEDED) <= set(names) and any(name.startswith("metric:") for name in names)):
                files = (listing.folder / TRIALS, listing.folder / SPACE)
                yield Found(files[0], files, f"CSV columns {', '.join(_NEEDED)}, metric:… beside {SPACE}")

    def read(self, found: Found, options: Options) -> ReadResult:
        """Read every row whose status and numbers are what DeepCAVE has, and count the others."""
        table = _read(found.path)
        notes = list(table.notes)
        space = own_or_given(lambda: _space(found.path.with_name(SPACE), notes), options, partial=True)
        assert space is not None  # the table has one, or it is refused
        cells = {name: column.to_pylist() for name, column in table.columns.items()}
        missing = [name for name in (*_NEEDED, *space.space) if name not in cells]
        if missing:
            raise EncaveError(f"{found.path} has no column {', '.join(missing)}")
        wrong = _unreadable(cells, table.rows)
        if wrong:
            kept = [row for row, bad in enumerate(wrong) if not bad]
            cells = {name: [column[row] for row in kept] for name, column in cells.items()}
            where = [row for row, bad in enumerate(wrong, 1) if bad]
            text = f"{TRIALS}, row {listed(where)}: the status is unknown or a number is none"
            notes.append(Note("dropped", text, len(where)))
        if not any(cells.values()):
            raise EncaveError(f"{found.path} has no row that can be read")
        run = _run(found.path, cells, space, notes)
        dropped = table.dropped + sum(wrong)
        return ReadResult(run, None, len(run) + dropped, dropped=dropped)


READER = DataFrameReader()


def _read(path: Path) -> CsvTable:
    size = path.stat().st_size
    if size > LIMIT:
        raise EncaveError(f"{path} has {size} bytes, more than a log of this form can have")
    return read_csv(path.read_bytes(), str(path))


def _unreadable(cells: Mapping[str, _Cells], rows: int) -> list[bool]:
    """Per row whether it cannot be kept; empty if all can."""
    wrong = [status is None or status.upper() not in STATUSES for status in cells["status"]]
    for name in ("start_time", "end_time", "budget", "seed", *(n for n in cells if n.startswith("metric:"))):
        readable = _is_seed if name == "seed" else _is_number
        for row, text in enumerate(cells.get(name, [None] * rows)):
            wrong[row] = wrong[row] or not readable(text)
    return wrong if any(wrong) else []


def _is_number(text: str | None) -> bool:
    try:
        return text is None or isinstance(float(text), float)
    except ValueError:
        return False


def _is_seed(text: str | None) -> bool:
    try:
        return (_integer(text) or 0).bit_length() <= _SEED_BITS
    except (ValueError, OverflowError):
        return False


def _numbers(texts: Iterable[str | None]) -> list[float | None]:
    """Python's `float` reads the digit groups with which encave makes pandas exact."""
    values = [None if text is None else float(text) for text in texts]
    return [None if value is None or math.isnan(value) else value for value in values]


def _run(path: Path, cells: Mapping[str, _Cells], found: LogSpace, notes: list[Note]) -> Run:
    hyperparameters = {name: _values(found.space[name], cells[name], path) for name in found.space}
    keys = list(zip(*hyperparameters.values(), strict=True))
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    configurations = {
        number: {name: value for name, value in zip(hyperparameters, key, strict=True) if value is not None}
        for key, number in numbers.items()
    }
    cleaned = _clean(path, cells, hyperparameters)
    cleaned.columns["config_id"] = [numbers[key] for key in keys]
    named = named_in_path(path)
    return fitted_run(
        name=study_name(path, "DeepCAVE"),
        optimizer=Optimizer("unknown"),
        space=found.space,
        objectives=cleaned.objectives,
        trials=cleaned.columns,
        configurations=configurations,
        inferred_space=found.inferred,
        provenance=Provenance.from_json(Searcher(named.label, named).metadata if named else {}),
        notes=[*notes, *found.notes, *cleaned.notes, *([named.note()] if named else [])],
    )


def _clean(path: Path, cells: Mapping[str, _Cells], hyperparameters: Iterable[str]) -> Cleaned:
    metrics = [name for name in cells if name.startswith("metric:")]
    objectives = [_objective(name, path) for name in metrics]
    count = len(cells["status"])
    own = {*metrics, *_NEEDED, *hyperparameters, "budget", "seed", "config_id"}
    others = {name: _typed(column) for name, column in cells.items() if name not in own and any(column)}
    additional = [dict(zip(others, row, strict=True)) for row in zip(*others.values(), strict=True)]
    logged = LoggedColumns(
        budget=_numbers(cells.get("budget", [None] * count)),
        seed=[_integer(text) for text in cells.get("seed", [None] * count)],
        status=[str(status).upper() for status in cells["status"]],
        start=_finite(cells["start_time"]),
        end=_finite(cells["end_time"]),
        costs={o.name: _numbers(cells[metric]) for o, metric in zip(objectives, metrics, strict=True)},
        additional=additional or [{}] * count,
    )
    return clean(logged, objectives)


def _integer(text: str | None) -> int | None:
    """An integer, which pandas writes as 3.0 where another one is missing; None for a missing one and for NaN."""
    try:
        return None if text is None else int(text)
    except ValueError:
        value = float(text or "")
        return None if math.isnan(value) else int(value)


def _finite(texts: _Cells) -> list[float | None]:
    return [None if value is None or math.isinf(value) else value for value in _numbers(texts)]


def _objective(column: str, path: Path) -> Objective:
    match = _METRIC.fullmatch(column)
    if match is None:
        raise EncaveError(f"{path}: the column {column!r} is not `metric:<name> [<lower>; <upper>] (<direction>)`")
    readable = _is_number(match[2]) and _is_number(match[3])
    lower, upper = _finite([match[2], match[3]]) if readable else (None, None)
    direction: Literal["minimize", "maximize"] = "maximize" if match[4] == "maximize" else "minimize"
    return Objective(match[1], direction, lower, upper)


def _typed(column: _Cells) -> list[Any]:
    for kind in (int, float):
        try:
            return [None if text is None else kind(text) for text in column]
        except ValueError:
            pass
    if set(column) <= {"True", "False", None}:
        return [None if text is None else text == "True" for text in column]
    return list(column)


def _label(text: str) -> Any:
    """A choice as encave writes it: `'16'` is the number 16, since pandas would take the bare text for a number too."""
    if len(text) > 2 and text.startswith("'") and text.endswith("'"):
        try:
            return json.loads(text[1:-1])
        except ValueError:
            pass
    return text


def _values(hyperparameter: Hyperparameter[Any, Any], texts: _Cells, path: Path) -> list[Any]:
    try:
        if "Integer" in type(hyperparameter).__name__:
            return [_integer(text) for text in texts]
        if hasattr(hyperparameter, "lower"):
            return _numbers(texts)
        return [None if text is None else _label(text) for text in texts]
    except (ValueError, ArithmeticError) as error:
        raise EncaveError(f"{path}: {hyperparameter.name} has a value that is no number: {error}") from error


def _space(path: Path, notes: list[Note]) -> LogSpace:
    """The space of `configspace.csv`.

    Raises:
        EncaveError: a row is not one of DeepCAVE's.
    """
    from ConfigSpace import ConfigurationSpace

    rows = _space_rows(path)
    hyperparameters: list[Hyperparameter[Any, Any]] = []
    for row in rows:
        try:
            hyperparameters.append(_hyperparameter(row))
        except (KeyError, ValueError, TypeError, ArithmeticError) as error:
            raise EncaveError(f"{path}: the row of {row.get('name')!r} is not DeepCAVE's: {in_words(error)}") from error
    if not rows:
        raise EncaveError(f"{path} names no hyperparameter")
    space = ConfigurationSpace()
    try:
        space.add(hyperparameters)
    except (KeyError, ValueError, TypeError, ArithmeticError) as error:
        raise EncaveError(f"{path} is not DeepCAVE's: {in_words(error)}") from error
    labels = [text for row in rows for key, text in row.items() if key.startswith("item_") and text is not None]
    if any(_label(text) is not text for text in labels):
        notes.append(Note("assumed", "a choice such as '16' stands for the value in the quotes, as encave writes it"))
    return LogSpace(space)


def _space_rows(path: Path) -> list[dict[str, str | None]]:
    """Rows as column → text, None for an empty cell; rows can be shorter than the header, as pandas allows."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [dict(row) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EncaveError(f"cannot read {path}: {error}") from error
    return [{str(key): text if isinstance(text, str) and text else None for key, text in row.items()} for row in rows]


def _hyperparameter(row: Mapping[str, str | None]) -> Hyperparameter[Any, Any]:
    from ConfigSpace import Categorical, Float, Integer

    name, kind = str(row["name"]), row["type"]
    if kind == "categorical":
        items = [_label(text) for key, text in row.items() if key.startswith("item_") and text is not None]
        told = {} if row.get("default") is None else {"default": _label(str(row["default"]))}
        return Categorical(name, items, ordered=_true(row, "ordered"), **told)
    bounds, log = (float(row["lower"] or ""), float(row["upper"] or "")), _true(row, "log")
    default = None if row.get("default") is None else float(row["default"] or "")
    if kind == "integer":
        whole = None if default is None else int(default)
        return Integer(name, (int(bounds[0]), int(bounds[1])), distribution=_prior(row), default=whole, log=log)
    if kind == "float":
        return Float(name, bounds, distribution=_prior(row), default=default, log=log)
    raise ValueError(f"the type {kind!r} is not float, integer or categorical")


def _prior(row: Mapping[str, str | None]) -> Any:
    from ConfigSpace import Beta, Normal, Uniform

    kind = row.get("distribution") or "uniform"
    if kind == "uniform":
        return Uniform()
    if kind not in ("normal", "beta"):
        raise ValueError(f"the distribution {kind!r} is not uniform, normal or beta")
    family, names = (Normal, ("mu", "sigma")) if kind == "normal" else (Beta, ("alpha", "beta"))
    first, second = (float(row[f"distribution_{name}"] or "") for name in names)
    if not (math.isfinite(first) and math.isfinite(second)):
        raise ValueError(f"the distribution {kind} has {names[0]} {first} and {names[1]} {second}")
    return family(first, second)


def _true(row: Mapping[str, str | None], key: str) -> bool:
    return (row.get(key) or "").lower() == "true"
