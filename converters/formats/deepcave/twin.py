"""`trials.csv` and `configspace.csv`: the form in which stock DeepCAVE 1.4.1 opens a run with right times and statuses.

What the form cannot hold: conditions, weights and priors of the space, budgets closer than 0.01, times finer than
0.01 s. Objectives have locked bounds in their column's name; `align` gives the runs of a study the same ones.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ....files.atomic import atomic_file
from ....files.parquet import opened, read_own
from ....run import COST, EXTRA, HEADER_FILE, TRIALS_FILE, Note, Objective, Run
from ....run import configurations as space_columns
from ...parts.text_columns import Cells, csv_cell, csv_cells, each, json_text, json_texts, whole
from .exact_text import exact_cells, exact_texts, within
from .files import SPACE, TRIALS
from .rows import FIELDS, ShownRows

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace
    from ConfigSpace.hyperparameters import Hyperparameter

STATUS_NAMES = {
    "success": "SUCCESS",
    "timeout": "TIMEOUT",
    "memory-out": "MEMORYOUT",
    "crashed": "CRASHED",
    "aborted": "ABORTED",
    "running": "NOT_EVALUATED",
    "not-evaluated": "NOT_EVALUATED",
}
"""Status → DeepCAVE's name of it."""

MISSING = frozenset(
    {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"}
    | {"NULL", "NaN", "None", "n/a", "nan", "null"}
)
"""What pandas reads as missing, of which it need not be loaded here."""

_LONGEST = 1 << 26  # bytes of the line of the names
_DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, pa.ArrowException)
_WIDTH = 1e-6  # of a value, where the bounds would be equal
_OWN = ("config_id", "seed", "budget", "start_time", "end_time", "status")


_spaces: dict[str, str] = {}
"""The last space as JSON, and its lines: the runs of a study have one, which takes as long as a small run's trials."""


def write_space(run: Run, folder: Path) -> None:
    """Write `configspace.csv`."""
    described = json_text(run.space_json)
    if (lines := _spaces.get(described)) is None:
        _spaces.clear()
        lines = _spaces[described] = "".join(map(_csv_line, _space_rows(run.space)))
    (folder / SPACE).write_bytes(lines.encode())


def begin(run: Run, shown: ShownRows, columns: Mapping[str, pa.Array], file: BinaryIO) -> list[str | Cells]:
    """Write the first line of `trials.csv`.

    Args:
        run: The run.
        shown: Its trials as DeepCAVE is shown them, one per row.
        columns: Those of `shown`.
        file: The file.

    Returns:
        The parts of each further line, for `write_lines`.
    """
    cells = dict(_columns(run, shown, columns))
    file.write(_csv_line(cells).encode())
    separated = [part for parts in cells.values() for part in (",", *parts)]
    return [*separated[1:], "\n"]


def notes(run: Run, shown: ShownRows) -> Iterator[Note]:
    """What the form changes of this run."""
    space = run.space
    if space.conditions or space.forbidden_clauses:
        text = "stock DeepCAVE opens the run without the conditions and forbidden clauses of its space"
        yield Note("flagged", text + ": inactive hyperparameters have their default value")
    renamed = [name for name in space if _column_name(name) != name]
    if renamed:
        yield Note("flagged", f"stock DeepCAVE shows hyperparameters under other names: {', '.join(renamed)}")
    merged = _merged_by_rounding(shown)
    if merged:
        yield Note("flagged", "stock DeepCAVE rounds budgets to two decimals and so overwrites trials", merged)
    if len(shown.starts) and shown.starts[0] > 0:
        text = f"stock DeepCAVE counts times from the first trial's start, {shown.starts[0]:.2f} s after the run's"
        yield Note("flagged", text)


def align(folders: Iterable[Path]) -> None:
    """Give the runs of a study (same task, space, objectives) equal bounds: the range of all their costs.

    DeepCAVE groups only runs with equal locked bounds, and takes the upper bound for the cost of a failed trial. Only
    the first line of `trials.csv` changes. Damaged runs are left as they are: whoever reads them tells of them.

    Raises:
        EncaveError: a folder cannot be written.
    """
    studies: dict[str, dict[Path, dict[str, list[float]]]] = {}
    for folder in folders:
        with suppress(*_DAMAGED):
            studies.setdefault(_study(folder), {})[folder] = _ranges(folder / TRIALS_FILE)
    for members in studies.values():
        ranges: dict[str, list[float]] = {}
        for name, ends in chain.from_iterable(told.items() for told in members.values()):
            ranges.setdefault(name, []).extend(ends)
        bounds = {name: bounds_of(np.array(ends)) for name, ends in ranges.items()}
        for folder in members:
            _rewrite_bounds(folder / TRIALS, bounds)


def _study(folder: Path) -> str:
    """What is equal in the runs of a study."""
    header = json.loads((folder / HEADER_FILE).read_text(encoding="utf-8"))
    return json.dumps([header["metadata"].get("task"), header["space"], header["objectives"]], sort_keys=True)


def _ranges(trials: Path) -> dict[str, list[float]]:
    """Objective → least and greatest values of a run."""
    ranges: dict[str, list[float]] = {}
    for name, ends in _measured(trials):
        ranges.setdefault(_metric_name(name), []).extend(end for end in map(float, ends) if math.isfinite(end))
    return ranges


def _measured(trials: Path) -> Iterator[tuple[str, list[float]]]:
    """Objectives of a run, and the least and greatest value of each as the file's statistics tell; empty without."""
    with opened(trials) as file:
        footer = file.metadata
        paths = [footer.schema.column(place).path for place in range(footer.num_columns)]
        if "feasible" in paths:
            yield from _measured_feasible(trials, paths)
            return
        for group in map(footer.row_group, range(footer.num_row_groups)):
            for place, path in enumerate(paths):
                if path.startswith(COST):
                    told = group.column(place).statistics
                    ends = [told.min, told.max] if told is not None and told.has_min_max else []
                    yield path.removeprefix(COST), ends


def _measured_feasible(trials: Path, columns: Iterable[str]) -> Iterator[tuple[str, list[float]]]:
    """The same without the costs of infeasible trials, which DeepCAVE is not shown."""
    names = [name for name in columns if name.startswith(COST)]
    table = read_own(trials, [*names, "feasible"])
    kept = table.filter(pc.fill_null(table["feasible"], True))
    for name in names:
        values = kept[name].drop_null()
        yield name.removeprefix(COST), [pc.min(values).as_py(), pc.max(values).as_py()] if len(values) else []


def _rewrite_bounds(path: Path, bounds: Mapping[str, tuple[float, float]]) -> None:
    with path.open("rb") as file:
        try:
            names = next(csv.reader([file.readline(_LONGEST).decode()]))
        except (ValueError, StopIteration, csv.Error):
            return  # damaged
        changed = [_rebound(name, bounds) for name in names]
        if changed == names:
            return
        with atomic_file(path) as temporary, temporary.open("wb") as out:
            out.write(_csv_line(changed).encode())
            while block := file.read(1 << 20):
                out.write(block)


def _rebound(column: str, bounds: Mapping[str, tuple[float, float]]) -> str:
    match = re.fullmatch(r"metric:(\w+) \[.*\] \((\w+)\)", column)
    return _metric(match[1], *bounds[match[1]], match[2]) if match and match[1] in bounds else column


def _csv_line(cells: Iterable[Any]) -> str:
    return ",".join(map(csv_cell, cells)) + "\n"


def bounds_of(values: NDArray[np.float64]) -> tuple[float, float]:
    """Lower and upper bound of values, shape (n,), of which there may be none; they differ: DeepCAVE divides by it."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()) + 0.0, float(values.max()) + 0.0  # -0.0 is 0.0
    return low, high if high > low else low + max(1.0, abs(low) * _WIDTH)


def _metric(name: str, lower: float, upper: float, direction: str) -> str:
    low, high = (np.format_float_positional(bound, trim="0") for bound in (lower, upper))
    return f"metric:{name} [{low}; {high}] ({direction})"


def _metric_name(name: str) -> str:
    """DeepCAVE reads objectives' names as letters, digits and underscores only."""
    return re.sub(r"\W", "_", name)


def _merged_by_rounding(shown: ShownRows) -> int:
    rounded = np.round(shown.budgets, 2)
    if (rounded == shown.budgets).all():
        return 0  # no two rows have the same configuration, budget and seed
    keys = np.stack([shown.config_ids, rounded, shown.seeds])
    return int(keys.shape[1] - np.unique(keys, axis=1).shape[1])


def _columns(run: Run, shown: ShownRows, columns: Mapping[str, pa.Array]) -> Iterator[tuple[str, list[str | Cells]]]:
    """Header and cells of each column."""
    ids = pa.array(shown.config_ids)
    for name, hyperparameter in run.space.items():
        yield _column_name(name), [_values(hyperparameter, whole(shown.configurations[name]).take(ids))]
    for objective in run.objectives:
        column = columns[COST + objective.name]
        yield _objective_column(objective, column.to_numpy(zero_copy_only=False)), exact_cells(column)
    yield "config_id", [csv_cells(columns["config_id"])]
    yield "seed", [csv_cells(columns["seed"])]
    yield "budget", exact_cells(columns["budget"])
    yield "start_time", exact_cells(columns["start"])
    yield "end_time", exact_cells(columns["end"])
    yield "status", [Cells(columns["status"], _status_names)]
    taken = {*_OWN, *(_column_name(name) for name in run.space)}
    for name in columns:
        if name in FIELDS or name.startswith(EXTRA):
            plain = name.removeprefix(EXTRA)
            told = name if plain in (*taken, *FIELDS) or plain.startswith("metric") else plain
            yield told, [csv_cells(columns[name])]


def _status_names(names: pa.Array) -> pa.Array:
    return each(names, STATUS_NAMES.__getitem__)


def _objective_column(objective: Objective, values: NDArray[np.float64]) -> str:
    values = values[~np.isnan(values)]
    low, high = bounds_of(values)
    return _metric(_metric_name(objective.name), low, high, objective.direction)


def _column_name(hyperparameter: str) -> str:
    clashes = hyperparameter in (*_OWN, *FIELDS) or hyperparameter.startswith("metric")
    return f"hp:{hyperparameter}" if clashes or _is_ambiguous(hyperparameter) else hyperparameter


def _is_ambiguous(text: str) -> bool:
    """Whether pandas reads this text as something else: a number, a truth value, or missing."""
    if text in MISSING or text.lower() in ("true", "false") or text.startswith("'"):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def _label(choice: Any) -> str:
    """Text of a choice that pandas leaves as it is: `'16'` for the number 16, whose bare text would become a number."""
    return choice if isinstance(choice, str) and not _is_ambiguous(choice) else f"'{json.dumps(choice)}'"


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _values(hyperparameter: Hyperparameter[Any, Any], column: pa.Array) -> Cells:
    """Cells of a hyperparameter; inactive ones have its default, numbers stay within its bounds."""
    choices = space_columns.choices(hyperparameter)
    default = _plain(hyperparameter.default_value)
    if choices is None:
        lower, upper = getattr(hyperparameter, "lower", -np.inf), getattr(hyperparameter, "upper", np.inf)
        numbers = column.fill_null(default).to_numpy(zero_copy_only=False)
        integer = "Integer" in type(hyperparameter).__name__
        kept = np.clip(numbers, lower, upper).astype(np.int64) if integer else within(numbers, lower, upper)
        return Cells(pa.array(kept), json_texts)
    decode = json.loads if space_columns.holds_json(hyperparameter) else _plain

    def labels(cells: pa.Array) -> pa.Array:
        return pc.fill_null(each(cells, lambda cell: csv_cell(_label(decode(cell)))), csv_cell(_label(default)))

    return Cells(column, labels)


def _space_rows(space: ConfigurationSpace) -> Iterator[list[Any]]:
    names = list(space.keys())
    items = {name: space_columns.choices(space[name]) for name in names}
    width = max((len(choices) for choices in items.values() if choices), default=0)
    yield ["name", "type", "lower", "upper", "default", "log", "ordered", *(f"item_{i}" for i in range(width))]
    numbers = [name for name in names if items[name] is None]
    limits = {
        key: dict(zip(numbers, _limits(space, numbers, key), strict=True))
        for key in ("lower", "upper", "default_value")
    }
    for name in names:
        hyperparameter, choices = space[name], items[name]
        kind = type(hyperparameter).__name__
        if choices is None:
            told = "integer" if "Integer" in kind else "float"
            row = [told, *(limits[key][name] for key in limits), bool(getattr(hyperparameter, "log", False)), ""]
        else:
            default = _plain(hyperparameter.default_value)
            row = ["categorical", "", "", _label(default), "", "Ordinal" in kind, *map(_label, choices)]
        yield [_column_name(name), *row, *[""] * (width - len(choices or ()))]


def _limits(space: ConfigurationSpace, names: list[str], attribute: str) -> list[Any]:
    """A bound or default of the numeric hyperparameters; integers stay plain, since DeepCAVE calls `int` on them."""
    values = [getattr(space[name], attribute) for name in names]
    texts = exact_texts(np.array(values, dtype=np.float64)).to_pylist()
    return [int(v) if "Integer" in type(space[n]).__name__ else t for n, v, t in zip(names, values, texts, strict=True)]
