"""The rows of a DEHB log: Parquet of 0.1.2, pickles of 0.0.1 to 0.1.1."""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from .. import safe_pickle
from ..errors import EncaveError
from ..run import EXTRA, Note
from .extras import extra_columns

COLUMNS = ("config_id", "config", "fitness", "cost", "fidelity")
_WITHOUT_ID, _WITH_ID = 5, 6  # fields of a row of a pickle until 0.1.0, and of 0.1.1
_LARGEST = 2**30
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """The rows of a DEHB log, n of them, in the order in which the evaluations ended."""

    config_ids: NDArray[np.int64]
    """Shape (n,)."""
    vectors: _Floats
    """Unit vectors, shape (n, d)."""
    fitness: _Floats
    """Shape (n,); may be NaN or infinite."""
    cost: _Floats
    """What the objective returned as cost, mostly seconds; shape (n,)."""
    fidelity: _Floats
    """Shape (n,)."""
    info: dict[str, pa.Array]
    """Columns of `info`."""
    release: str
    """Releases of DEHB that write such a file."""
    notes: tuple[Note, ...] = ()
    """What was dropped or assumed."""

    @property
    def dropped(self) -> int:
        """Number of rows that could not be kept."""
        return sum(note.count for note in self.notes if note.kind == "dropped")


def read(path: Path) -> History:
    """Read a history of any release.

    Raises:
        EncaveError: the file is empty, damaged or no history, or it has no rows.
    """
    size = path.stat().st_size
    if not size:
        raise EncaveError(f"{path} is empty (0 bytes)")
    return _read_pickle(path) if path.suffix == ".pkl" else _from_table(_read_table(path, size), path)


def _read_table(path: Path, size: int) -> pa.Table:
    try:
        table = pq.read_table(path)
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
    try:
        lists = table["config"].combine_chunks()
        lengths = np.unique(np.asarray(lists.value_lengths()))
        if len(lengths) > 1:
            raise EncaveError(f"{path}: the vectors differ in length ({lengths.tolist()}): no single space has them")
        vectors = np.asarray(lists.flatten(), dtype=np.float64).reshape(table.num_rows, -1)
        fitness, cost, fidelity = (table[name].to_numpy().astype(np.float64) for name in COLUMNS[2:])
        ids = table["config_id"].to_numpy().astype(np.int64)
    except (AttributeError, TypeError, ValueError, pa.ArrowInvalid) as error:
        raise EncaveError(f"{path}: a column has another type than DEHB gives it: {error}") from error
    return History(ids, vectors, fitness, cost, fidelity, _info(table), "0.1.2")


def _info(table: pa.Table) -> dict[str, pa.Array]:
    if "info" not in table.column_names or not pa.types.is_struct(table["info"].type):
        return {}
    info = table["info"].combine_chunks()
    names = [field.name for field in info.type]
    columns = {name: info.field(name) for name in names}
    nested = [name for name in names if pa.types.is_nested(columns[name].type)]
    texts = extra_columns([{name: row.get(name) for name in nested} for row in info.to_pylist()]) if nested else {}
    return {name: texts[EXTRA + name] if name in nested else columns[name] for name in names}


def _read_pickle(path: Path) -> History:
    with path.open("rb") as file:
        rows = safe_pickle.load(file, name=str(path), limit=_LARGEST)
    if isinstance(rows, np.ndarray):
        rows = rows.tolist()
    if not isinstance(rows, list):
        raise EncaveError(f"{path} holds a {type(rows).__name__}, no list: it is no history of DEHB")
    width = Counter(len(row) for row in rows if isinstance(row, Sequence)).most_common(1)
    if rows and (not width or width[0][0] not in (_WITHOUT_ID, _WITH_ID)):
        raise EncaveError(f"{path}: the rows are not the five or six fields of DEHB")
    with_id = bool(width) and width[0][0] == _WITH_ID
    kept = [row for row in rows if _is_row(row, with_id)]
    notes = [Note("dropped", "a row is none of DEHB's", len(rows) - len(kept))] if len(kept) < len(rows) else []
    if not kept:
        raise EncaveError(f"{path} has no rows of DEHB ({len(rows)} others)")
    vectors = _vectors([row[-5] for row in kept], path)
    ids = np.array([row[0] for row in kept], dtype=np.int64) if with_id else _numbered(vectors)
    if not with_id:
        notes.append(Note("derived", "the log numbers no configurations: equal vectors are one configuration"))
    fitness, cost, fidelity = np.array([row[-4:-1] for row in kept], dtype=np.float64).T
    info = extra_columns([{str(key): value for key, value in row[-1].items()} for row in kept])
    columns = {name.removeprefix(EXTRA): column for name, column in info.items()}
    release = "0.1.1" if with_id else "0.0.1-0.1.0"
    return History(ids, vectors, fitness, cost, fidelity, columns, release, tuple(notes))


def _is_row(row: Any, with_id: bool) -> bool:
    if not isinstance(row, Sequence) or len(row) != (_WITH_ID if with_id else _WITHOUT_ID):
        return False
    *numbered, vector, fitness, cost, fidelity, info = row
    scalars = (fitness, cost, fidelity, *(vector if isinstance(vector, (Sequence, np.ndarray)) else [None]))
    real = all(isinstance(value, numbers.Real) for value in scalars)
    return real and isinstance(info, Mapping) and all(isinstance(number, numbers.Integral) for number in numbered)


def _vectors(vectors: list[Sequence[float]], path: Path) -> _Floats:
    lengths = {len(vector) for vector in vectors}
    if len(lengths) > 1:
        raise EncaveError(f"{path}: the vectors differ in length ({sorted(lengths)}): no single space has them")
    return np.array(vectors, dtype=np.float64)


def _numbered(vectors: _Floats) -> NDArray[np.int64]:
    """Numbers of the distinct vectors in order of appearance, shape (n,)."""
    _, first, inverse = np.unique(vectors, axis=0, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.reshape(-1)]
