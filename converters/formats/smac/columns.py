"""The entries of SMAC's `runhistory.json` as columns, without an object for each of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ....errors import in_words
from ....run import Note, Status
from ....run.records import columns_of
from ....run.types import Floats
from ...parts.words import listed
from .rows import DICT_FIELDS, FIELDS, NUMBERED, Entry, entry

_STATUSES = tuple(Status)
_CODES = {status: code for code, status in enumerate(_STATUSES)}
_NAMES = pa.array([status.value for status in _STATUSES])
_NONE = type(None)
_REQUIRED = ("config_id", "instance", "cost", "time", "status")
_NUMBERS = frozenset({int, float, _NONE})
_Column: TypeAlias = "Callable[[str], list[Any]]"


@dataclass(frozen=True)
class Entries:
    """The entries that can be understood, n of them."""

    config_id: NDArray[np.int64]
    """Numbers of the configurations, shape (n,)."""
    instance: list[Any]
    """Instances or null; text, possibly with JSON in it."""
    seed: list[int | None]
    """Seeds."""
    budget: list[float | None]
    """Budgets; null where there is none."""
    cost: Floats
    """Costs, shape (n, objectives), NaN beyond those of an entry; a sentinel or infinite where it failed."""
    objectives: NDArray[np.int64]
    """Number of costs of each entry, shape (n,)."""
    time: Floats
    """Seconds of the target function as SMAC measured them or was told, shape (n,)."""
    cpu_time: Floats
    """CPU seconds, shape (n,), NaN where unknown; 2.3 and later."""
    code: NDArray[np.int64]
    """Position of the status in `Status`, shape (n,)."""
    word: list[str]
    """The statuses in SMAC's own words."""
    start: Floats
    """Seconds, mostly of the clock, shape (n,); 0.0 where nobody told, NaN where there is none."""
    end: Floats
    """As `start`."""
    info: list[dict[str, Any]]
    """`additional_info`."""

    def __len__(self) -> int:
        return len(self.config_id)

    def are(self, status: Status) -> NDArray[np.bool_]:
        """Which entries ended so, shape (n,)."""
        return self.code == _CODES[status]

    def kept(self, mask: NDArray[np.bool_]) -> Entries:
        """Those for which `mask`, shape (n,), is true."""
        columns: dict[str, Any] = {
            name: value[mask] if isinstance(value, np.ndarray) else list(compress(value, mask))
            for name, value in vars(self).items()
        }
        return Entries(**columns)


def status_column(codes: NDArray[np.int64]) -> pa.Array:
    """Names of statuses from their positions in `Status`, shape (n,)."""
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), _NAMES)


def status_code(status: Status) -> int:
    """Position in `Status`."""
    return _CODES[status]


def entries(data: Sequence[Any]) -> tuple[Entries, list[Note]]:
    """The entries that can be understood, and a note on those that cannot.

    Entries of 2.0 and later, all of one form and with values of the types that SMAC writes, are taken column by column,
    else one by one.
    """
    at_once = _uniform(data)
    if at_once is not None:
        return at_once, []
    parsed: list[Entry] = []
    dropped: dict[str, list[int]] = {}
    for number, item in enumerate(data, 1):
        try:
            parsed.append(entry(item))
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            dropped.setdefault(in_words(error), []).append(number)
    return _stacked(parsed), [_note(reason, numbers) for reason, numbers in dropped.items()]


def _note(reason: str, numbers: Sequence[int]) -> Note:
    return Note("dropped", f"entry {listed(numbers)} of data is none of SMAC's: {reason}", len(numbers))


def _stacked(rows: Sequence[Entry]) -> Entries:
    widest = max((len(row.cost) for row in rows), default=1)
    padded = [row.cost + [math.nan] * (widest - len(row.cost)) for row in rows]
    return Entries(
        config_id=np.array([row.config_id for row in rows], dtype=np.int64),
        instance=[row.instance for row in rows],
        seed=[row.seed for row in rows],
        budget=[row.budget for row in rows],
        cost=np.array(padded, dtype=np.float64).reshape(len(rows), widest),
        objectives=np.array([len(row.cost) for row in rows], dtype=np.int64),
        time=_floats([row.time for row in rows]),
        cpu_time=_floats([row.cpu_time for row in rows]),
        code=np.array([_CODES[row.status] for row in rows], dtype=np.int64),
        word=[row.logged_status for row in rows],
        start=_floats([row.start for row in rows]),
        end=_floats([row.end for row in rows]),
        info=[row.info for row in rows],
    )


def _uniform(data: Sequence[Any]) -> Entries | None:
    """The entries as columns; None where one of them must be looked at on its own."""
    column = _by_key(data) or _by_place(data)
    if column is None:
        return None
    try:
        return _checked(column)
    except (KeyError, TypeError, OverflowError):
        return None


def _by_key(data: Sequence[Any]) -> _Column | None:
    if set(map(type, data)) != {dict}:
        return None
    columns = columns_of(data)
    if columns is not None:
        return lambda name: columns[name] if name in _REQUIRED else columns.get(name, [None] * len(data))
    return lambda name: [item[name] for item in data] if name in _REQUIRED else [item.get(name) for item in data]


def _by_place(data: Sequence[Any]) -> _Column | None:
    names = next((names for names in (FIELDS, DICT_FIELDS) if data and set(map(_length, data)) == {len(names)}), None)
    if names is None:
        return None
    listed = dict(zip(names, zip(*data, strict=True), strict=True))
    return lambda name: list(listed[name]) if name in listed else [None] * len(data)


def _length(item: Any) -> int:
    return len(item) if isinstance(item, list) else -1


def _checked(column: _Column) -> Entries | None:
    """Entries whose values all have the types that SMAC writes.

    Raises:
        KeyError: a field is missing, or a status is unknown.
        TypeError: a value has another type.
        OverflowError: a number does not fit into 64 bits.
    """
    ids, seeds, statuses = _typed(column("config_id"), {int}), _typed(column("seed"), {int, _NONE}), column("status")
    np.array([0 if seed is None else seed for seed in seeds], dtype=np.int64)
    outcomes = {number: NUMBERED[number] for number in set(_typed(statuses, {int}))}
    budgets = _typed(column("budget"), _NUMBERS)
    known = np.isfinite(_floats(budgets))
    if not (known | np.array([budget is None for budget in budgets], dtype=bool)).all():
        return None
    costs = column("cost")
    several = set(map(type, costs)) == {list}
    flat = _floats(_typed([part for cost in costs for part in cost] if several else costs, _NUMBERS))
    widths = np.array(list(map(len, costs)) if several else [1] * len(costs), dtype=np.int64)
    if not (widths == widths[0]).all() or not widths[0]:
        return None
    infos = _typed(column("additional_info"), {dict, _NONE})
    return Entries(
        config_id=np.array(ids, dtype=np.int64),
        instance=column("instance"),
        seed=seeds,
        budget=budgets,
        cost=flat.reshape(len(costs), -1),
        objectives=widths,
        code=np.array([_CODES[outcomes[number][0]] for number in statuses], dtype=np.int64),
        word=[outcomes[number][1] for number in statuses],
        info=[info or {} for info in infos],
        **{
            name: _floats(_typed(column(key), _NUMBERS))
            for name, key in (("time", "time"), ("cpu_time", "cpu_time"), ("start", "starttime"), ("end", "endtime"))
        },
    )


def _typed(values: list[Any], kinds: frozenset[type] | set[type]) -> list[Any]:
    if not kinds.issuperset(map(type, values)):
        raise TypeError("another type than SMAC writes")
    return values


def _floats(values: list[Any]) -> Floats:
    """Null becomes NaN."""
    return np.array(values, dtype=np.float64)
