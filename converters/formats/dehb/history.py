"""The rows of a DEHB log: Parquet of 0.1.2, pickles of 0.0.1 to 0.1.1."""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ....errors import EncaveError
from ....files import pickles
from ....files.parquet import read_table
from ....run import EXTRA, Note
from ....run.types import Floats
from ...parts.extras import extra_columns
from ...parts.numbers import LONG_MAX
from .files import COLUMNS

_WITHOUT_ID, _WITH_ID = 5, 6  # fields of a row of a pickle until 0.1.0, and of 0.1.1
_LARGEST = 2**30
_PROTOCOL = b"\x80"  # the first byte of a pickle
_ROUNDING = 1e-9
_OTHER_ROW = "a row is none of DEHB's"


@dataclass(frozen=True)
class History:
    """The rows of a DEHB log, n of them, in the order in which the evaluations ended."""

    config_ids: NDArray[np.int64]
    """Shape (n,)."""
    vectors: Floats
    """Unit vectors, shape (n, d)."""
    fitness: Floats
    """Shape (n, objectives); may be NaN or infinite."""
    cost: Floats
    """What the objective returned as cost, mostly seconds; shape (n,)."""
    fidelity: Floats
    """Shape (n,)."""
    info: dict[str, pa.Array]
    """Columns of `info`."""
    release: str
    """Releases of DEHB that write such a file."""
    notes: tuple[Note, ...] = ()
    """What was dropped or assumed."""

    ids_logged: bool = True
    """Whether the log has the numbers of the configurations."""

    @property
    def dropped(self) -> int:
        """Number of rows that could not be kept."""
        return sum(note.count for note in self.notes if note.kind == "dropped")

    def kept(self, rows: NDArray[np.bool_], notes: Iterable[Note]) -> History:
        """With these rows only, and with the notes that say why."""
        columns = {name: getattr(self, name)[rows] for name in ("config_ids", "vectors", "fitness", "cost", "fidelity")}
        info = {name: column.filter(pa.array(rows)) for name, column in self.info.items()}
        return replace(self, **columns, info=info, notes=(*self.notes, *notes))


def read(path: Path) -> History:
    """Read a history of any release.

    Raises:
        EncaveError: the file is empty, damaged or no history, or it has no rows.
    """
    size = path.stat().st_size
    if not size:
        raise EncaveError(f"{path} is empty (0 bytes)")
    with path.open("rb") as file:
        pickled = file.read(1) == _PROTOCOL or path.suffix == ".pkl"
    history = _read_pickle(path) if pickled else _from_table(_read_table(path, size), path)
    return distinct(_possible(history, path))


def _possible(history: History, path: Path) -> History:
    """Without the rows that no run of DEHB can have."""
    vectors, fidelity = history.vectors, history.fidelity
    outside = ~((vectors >= -_ROUNDING) & (vectors <= 1 + _ROUNDING)).all(axis=1)
    reasons = {
        "the vector is not in the unit cube": outside,
        "the fidelity is no finite number": ~np.isfinite(fidelity) & ~outside,
    }
    wrong = np.logical_or.reduce(list(reasons.values()))
    if wrong.all():
        raise EncaveError(f"{path}: no row has a vector in the unit cube and a finite fidelity")
    notes = [Note("dropped", reason, int(rows.sum())) for reason, rows in reasons.items() if rows.any()]
    return history.kept(~wrong, notes) if notes else history


def distinct(history: History) -> History:
    """With one vector per number; DEHB 0.1.0 could change a stored vector later."""
    _, first, inverse = np.unique(history.config_ids, return_index=True, return_inverse=True)
    if (history.vectors == history.vectors[first[inverse.reshape(-1)]]).all():
        return history
    text = "one number stands for several vectors: equal vectors are one configuration instead"
    return replace(history, config_ids=numbered(history.vectors), notes=(*history.notes, Note("flagged", text)))


def _read_table(path: Path, size: int) -> pa.Table:
    try:
        table = read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        why = str(error).splitlines()[0]
        raise EncaveError(
            f"{path} is truncated or damaged ({size} bytes: {why}); Parquet without its end cannot be read in part"
        ) from error
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise EncaveError(f"{path} has no column {', '.join(missing)}: it is no history of DEHB")
    return table


def _from_table(table: pa.Table, path: Path) -> History:
    if not table.num_rows:
        raise EncaveError(f"{path} has no rows")
    rows = table.num_rows
    try:
        lengths = pc.list_value_length(table["config"]).to_numpy()
        usable = _most_common(lengths, path) & _are_whole(table["config_id"].to_numpy())
        table = table if usable.all() else table.filter(pa.array(usable))
        lists = table["config"].combine_chunks()
        vectors = np.asarray(lists.flatten(), dtype=np.float64).reshape(table.num_rows, -1)
        cost, fidelity = (table[name].to_numpy().astype(np.float64) for name in COLUMNS[3:])
        fitness = _fitness(table["fitness"].to_pylist() if _is_list(table["fitness"]) else table["fitness"].to_numpy())
        ids = table["config_id"].to_numpy().astype(np.int64)
    except (AttributeError, TypeError, ValueError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        told = ", ".join(f"{name} {str(table[name].type).partition('<')[0]}" for name in COLUMNS)
        raise EncaveError(f"{path}: a column has another type than DEHB gives it: {told}") from error
    notes = (Note("dropped", _OTHER_ROW, rows - len(ids)),) if len(ids) < rows else ()
    return History(ids, vectors, fitness, cost, fidelity, _info(table), "0.1.2", notes)


def _is_list(column: pa.ChunkedArray) -> bool:
    return pa.types.is_list(column.type) or pa.types.is_large_list(column.type)


def _fitness(values: Any) -> Floats:
    """Shape (n, objectives); forks for several objectives log a list."""
    fitness = np.array(values if isinstance(values, np.ndarray) else list(values), dtype=np.float64)
    return fitness.reshape(len(fitness), -1)


def _are_whole(numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """Which are whole numbers of 64 bits, shape (n,); Arrow has integers with null among them as floats."""
    if numbers.dtype.kind != "f":
        return np.ones(len(numbers), dtype=bool)
    return (numbers == np.floor(numbers)) & (np.abs(numbers) < LONG_MAX)


def _most_common(lengths: NDArray[Any], path: Path) -> NDArray[np.bool_]:
    """Rows whose vector has the length that most have, shape (n,).

    Raises:
        EncaveError: no length is that of more than half of the rows.
    """
    values, counts = np.unique(lengths, return_counts=True)
    if counts.max() * 2 <= len(lengths):
        told = [None if np.isnan(value) else int(value) for value in values.tolist()]
        raise EncaveError(f"{path}: the vectors differ in length ({told}): no single space has them")
    return lengths == values[counts.argmax()]


def _info(table: pa.Table) -> dict[str, pa.Array]:
    if "info" not in table.column_names or not pa.types.is_struct(table["info"].type):
        return {}
    info = table["info"].combine_chunks()
    names = [field.name for field in info.type]
    columns = dict(zip(names, info.flatten(), strict=True))
    nested = [name for name in names if pa.types.is_nested(columns[name].type)]
    texts = (
        extra_columns([{name: (row or {}).get(name) for name in nested} for row in info.to_pylist()]) if nested else {}
    )
    return {name: texts[EXTRA + name] if name in nested else columns[name] for name in names}


def _read_pickle(path: Path) -> History:
    with path.open("rb") as file:
        rows = pickles.load(file, name=str(path), limit=_LARGEST)
    if isinstance(rows, np.ndarray):
        rows = rows.tolist()
    if not isinstance(rows, list):
        raise EncaveError(f"{path} holds a {type(rows).__name__}, no list: it is no history of DEHB")
    width = Counter(len(row) for row in rows if isinstance(row, list | tuple)).most_common(1)
    if rows and (not width or width[0][0] not in (_WITHOUT_ID, _WITH_ID)):
        raise EncaveError(f"{path}: the rows are not the five or six fields of DEHB")
    with_id = bool(width) and width[0][0] == _WITH_ID
    kept = [row for row in rows if _is_row(row, with_id)]
    if not kept:
        raise EncaveError(f"{path} has no rows of DEHB ({len(rows)} others)")
    usual = _most_common(np.array([len(row[-5]) for row in kept], dtype=np.float64), path)
    kept = [row for row, keep in zip(kept, usual.tolist(), strict=True) if keep]
    notes = (Note("dropped", _OTHER_ROW, len(rows) - len(kept)),) if len(kept) < len(rows) else ()
    vectors = np.array([row[-5] for row in kept], dtype=np.float64)
    ids = np.array([row[0] for row in kept], dtype=np.int64) if with_id else numbered(vectors)
    try:
        fitness = _fitness([row[-4] for row in kept])
    except ValueError as error:
        raise EncaveError(f"{path}: the rows differ in their number of objectives") from error
    cost, fidelity = np.array([row[-3:-1] for row in kept], dtype=np.float64).T
    info = extra_columns([_as_mapping(row[-1]) for row in kept])
    columns = {name.removeprefix(EXTRA): column for name, column in info.items()}
    release = "0.1.1" if with_id else "0.0.1-0.1.0"
    return History(ids, vectors, fitness, cost, fidelity, columns, release, notes, ids_logged=with_id)


def _is_row(row: Any, with_id: bool) -> bool:
    if not isinstance(row, list | tuple) or len(row) != (_WITH_ID if with_id else _WITHOUT_ID):
        return False
    *ids, vector, fitness, cost, fidelity, _ = row
    if not isinstance(vector, list | tuple | np.ndarray) or (isinstance(vector, np.ndarray) and vector.ndim != 1):
        return False
    if isinstance(fitness, np.ndarray) and fitness.ndim == 0:
        fitness = fitness[()]  # a number
    several = fitness if isinstance(fitness, list | tuple | np.ndarray) else [fitness]
    return _are((*several, cost, fidelity, *vector), numbers.Real) and _are(ids, numbers.Integral)


def _are(values: Sequence[Any], kind: type) -> bool:
    """Whether they are numbers of this kind, the whole ones of 64 bits.

    Asked of each type once, as an abstract class answers slowly.
    """
    types = set(map(type, values))
    whole = tuple(known for known in types if issubclass(known, numbers.Integral))
    return all(issubclass(known, kind) for known in types) and all(
        abs(int(value)) <= LONG_MAX for value in (values if whole else ()) if isinstance(value, whole)
    )


def _as_mapping(info: Any) -> dict[str, Any]:
    """`info` as columns' names and values; None is what an objective without any returns."""
    if isinstance(info, Mapping):
        return {str(key): value for key, value in info.items()}
    return {} if info is None else {"info": info}


def numbered(vectors: Floats) -> NDArray[np.int64]:
    """Numbers of the distinct vectors in order of appearance, shape (n,)."""
    _, first, inverse = np.unique(vectors, axis=0, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.reshape(-1)]
