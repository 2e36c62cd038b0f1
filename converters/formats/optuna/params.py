"""Parameters of a relational storage of Optuna: one row per trial and parameter, taken as columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...parts.codes import Codes, codes
from .domains import Domain, parse
from .study import Tried

_UNREADABLE = (ValueError, TypeError, IndexError, OverflowError)
_NUMBERS = frozenset({int, float})


class Parameters:
    """The parameters of all trials of a study.

    Args:
        rows: Of each value its trial's id, the parameter's name, the number stored, and the distribution's text, in the
            order in which they were stored; names and texts in UTF-8.
    """

    def __init__(self, rows: Sequence[tuple[int, bytes | None, Any, bytes | None]]) -> None:
        self.broken: set[int] = set()
        """Ids of the trials with a row that Optuna does not write."""
        self._trials, names, numbers, texts = zip(*rows, strict=True) if rows else ((), (), (), ())
        self._name_codes, self._names = _coded(names)
        self._domain_codes, distinct = _coded(texts)
        self._domains = [_domain(text) for text in distinct]
        self._values: list[Any] = [None] * len(rows)
        for where in _groups(self._name_codes * len(distinct) + self._domain_codes):
            named = self._names[self._name_codes[where[0]]] is not None
            domain = self._domains[self._domain_codes[where[0]]] if named else None
            self._take(where.tolist(), domain, [numbers[row] for row in where.tolist()])

    def _take(self, rows: list[int], domain: Domain | None, numbers: list[Any]) -> None:
        """Take in the rows of one parameter with one distribution."""
        try:
            if domain is None or not _NUMBERS.issuperset(map(type, numbers)):
                raise TypeError("something else than Optuna writes")
            values = domain.externals(np.array(numbers, dtype=np.float64))
        except _UNREADABLE:
            values = [self._external(row, domain, number) for row, number in zip(rows, numbers, strict=True)]
        for row, value in zip(rows, values, strict=True):
            self._values[row] = value

    def _external(self, row: int, domain: Domain | None, number: Any) -> Any:
        try:
            if domain is not None:
                return domain.external(number)
        except _UNREADABLE:
            pass
        self.broken.add(self._trials[row])
        return None

    def of_trials(self, ids: Sequence[int]) -> dict[str, Tried]:
        """Parameter → what was tried of it in these trials, whose order is that of the ids."""
        place = {key: position for position, key in enumerate(ids)}
        positions = np.array([place.get(key, -1) for key in self._trials], dtype=np.int64)
        found: list[tuple[int, int, str, Tried]] = []
        for rows in _groups(self._name_codes):
            rows = rows[positions[rows] >= 0]
            rows = rows[np.argsort(positions[rows], kind="stable")]
            if len(rows):
                begin, name = (int(positions[rows[0]]), int(rows[0])), self._names[self._name_codes[rows[0]]]
                last = np.append(np.diff(positions[rows]) > 0, True)  # of a name that a trial has twice
                found.append((*begin, str(name), self._tried(rows[last], positions)))
        return {name: tried for *_, name, tried in sorted(found, key=lambda item: item[:2])}

    def _tried(self, rows: Codes, positions: Codes) -> Tried:
        domains = [self._domains[code] for code in dict.fromkeys(self._domain_codes[rows].tolist())]
        values = [self._values[row] for row in rows.tolist()]
        return Tried(positions[rows].tolist(), values, [domain for domain in domains if domain is not None])


def _coded(texts: Sequence[bytes | None]) -> tuple[Codes, list[str | None]]:
    """Number of each text, shape (n,), and the distinct texts."""
    column = pa.array(texts, pa.binary())
    distinct = column.unique().to_pylist()
    return codes(column), [None if text is None else text.decode("utf-8", "replace") for text in distinct]


def _domain(text: str | None) -> Domain | None:
    """The distribution; None for what is none."""
    try:
        return None if text is None else parse(text)
    except ValueError:
        return None


def _groups(numbers: Codes) -> Iterator[NDArray[np.int64]]:
    """Positions of each number, ascending."""
    if len(numbers):
        order = np.argsort(numbers, kind="stable")
        yield from np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)
