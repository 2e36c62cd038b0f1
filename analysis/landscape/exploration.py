"""How varied the configurations of a run are: duplicates, diversity, share of the space, footprint."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ...errors import EncaveError
from ...run import Run
from ...run.configurations import CONFIG_ID
from ...run.types import Ints
from ..grouping.sections import Section, by_group
from ..importance.groups import Refused
from ..importance.sample import check_all_trials
from ..importance.space import rows_of

_MOST_KINDS = 2**62  # of rows, as one number


@dataclass(frozen=True)
class Exploration:
    """How varied the configurations of a run are."""

    trials: int
    """Number of trials."""
    distinct: int
    """Number of different configurations, by their values."""
    duplicates: float
    """Share of trials whose configuration had been evaluated before at the same budget, 0 … 1; NaN without trials."""
    hamming: float
    """Mean over pairs of different configurations of the share of hyperparameters with another value, 0 … 1; NaN with
    fewer than two. Inactive is a value of its own."""
    late_hamming: float
    """The same among the configurations of the last half of the trials: small where the search has closed in."""
    coverage: float
    """Different configurations as a share of the space; NaN where it is not finite or has conditions."""


@dataclass(frozen=True)
class GroupExploration:
    """How varied the configurations of one optimizer on one task are, each run by itself and all together."""

    task: str
    """Title of the task."""
    optimizer: str
    """Label of the optimizer."""
    runs: tuple[str, ...]
    """Names of the runs."""
    each: tuple[Exploration, ...]
    """One for each run."""
    together: int
    """Different configurations over all runs."""

    def mean(self, field: str) -> tuple[float, float]:
        """Mean and standard deviation (n - 1; NaN for one) of a field over the runs in which it is defined."""
        values = np.array([getattr(one, field) for one in self.each], dtype=np.float64)
        values = values[~np.isnan(values)]
        spread = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
        return float(values.mean()) if len(values) else float("nan"), spread


def exploration(run: Run) -> Exploration:
    """Duplicate share, diversity and coverage of a run.

    Raises:
        EncaveError: its log keeps improvements only.
    """
    check_all_trials(run)
    rows = rows_of(run)
    values = _values(run)
    codes, distinct = values[rows], _distinct(run, values)
    budget = np.nan_to_num(run.column("budget").astype(np.float64), nan=-np.inf)
    seen = distinct_rows(np.stack((distinct, np.unique(budget, return_inverse=True)[1]), axis=1))[0]
    tried, late = (_without_repeats(codes[part], distinct[part]) for part in (slice(None), slice(len(run) // 2, None)))
    duplicates = 1 - len(seen) / len(run) if len(run) else float("nan")
    varied, coverage = (mean_hamming(tried), mean_hamming(late)), len(tried) / space_size(run)
    return Exploration(len(run), len(tried), duplicates, *varied, coverage)


def group_exploration(sections: Sequence[Section]) -> tuple[tuple[GroupExploration, ...], tuple[Refused, ...]]:
    """`exploration` of every run, by task and optimizer."""
    alike: defaultdict[tuple[str, str], list[tuple[Run, Exploration]]] = defaultdict(list)
    refused: list[Refused] = []
    for task, optimizer, run in by_group(sections):
        try:
            alike[task, optimizer].append((run, exploration(run)))
        except EncaveError as error:
            refused.append(Refused(task, optimizer, run.name, str(error)))
    return tuple(_group(*key, members) for key, members in alike.items() if members), tuple(refused)


def _group(task: str, optimizer: str, members: Sequence[tuple[Run, Exploration]]) -> GroupExploration:
    runs, each = zip(*members, strict=True)
    return GroupExploration(task, optimizer, tuple(run.name for run in runs), each, _together(runs))


def space_size(run: Run) -> float:
    """Number of configurations of the run's space; NaN where it is not finite or has conditions or forbidden parts."""
    space = run.space
    if space.conditions or space.forbidden_clauses:
        return float("nan")
    sizes = [float(one.size) for one in space.values()]
    size = float(np.prod(sizes))
    return size if np.isfinite(size) and min(sizes, default=0.0) > 0 else float("nan")


def mean_hamming(codes: Ints) -> float:
    """Mean over pairs of rows of the share of columns in which they differ; NaN of fewer than two or of no columns.

    Counted by value and column, in time linear in the n rows: of n (n - 1) ordered pairs c (c - 1) agree in a value
    that occurs c times.
    """
    n = len(codes)
    if n < 2 or not codes.shape[1]:
        return float("nan")
    agree = [(counts * (counts - 1)).sum() for counts in (np.bincount(column) for column in codes.T)]
    return float(1 - np.sum(agree) / (codes.shape[1] * n * (n - 1)))


def distinct_of(run: Run) -> Ints:
    """For each trial a number of its configuration, the same where all values are: logs may have it under several ids.

    DEHB's vectors are such: many of them are one configuration of choices.
    """
    return _distinct(run, _values(run))


def _distinct(run: Run, values: Ints) -> Ints:
    rows = rows_of(run)
    return distinct_rows(values)[1][rows] if values.shape[1] else rows


def distinct_rows(codes: Ints) -> tuple[Ints, Ints]:
    """Where each different row of an array (n, d) of numbers from 0 is first, and the number of each row's kind.

    As `numpy.unique` with `axis=0`, in the same order, but sorting one number a row.
    """
    key, kinds = np.zeros(len(codes), dtype=np.int64), 1
    for column in codes.T:
        size = int(column.max(initial=0)) + 1
        if kinds * size > _MOST_KINDS:
            key = np.unique(key, return_inverse=True)[1].reshape(-1)
            kinds = int(key.max(initial=0)) + 1
        key, kinds = key * size + column, kinds * size
    _, first, kind = np.unique(key, return_index=True, return_inverse=True)
    return first, kind.reshape(-1)


def _without_repeats(codes: Ints, kinds: Ints) -> Ints:
    """The first row of each kind."""
    return codes[np.unique(kinds, return_index=True)[1]]


def _values(run: Run) -> Ints:
    """A number for each different value of each hyperparameter, inactive being one, shape (configurations, d)."""
    names = [name for name in run.configurations.column_names if name != CONFIG_ID]
    columns = [_codes(run.configurations[name].combine_chunks()) for name in names]
    return np.stack(columns, axis=1) if columns else np.zeros((run.configurations.num_rows, 0), dtype=np.int64)


def _codes(column: pa.Array) -> Ints:
    plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    return plain.dictionary_encode(null_encoding="encode").indices.to_numpy().astype(np.int64)


def _together(runs: Sequence[Run]) -> int:
    names = sorted({name for run in runs for name in run.configurations.column_names} - {CONFIG_ID})
    found = [
        run.configurations.take(np.unique(rows_of(run))).select(names)
        for run in runs
        if len(run) and set(names) <= set(run.configurations.column_names)
    ]
    keys = [f"c{place}" for place in range(len(names))]  # Arrow would take a name that begins with a dot for a path
    plain = [pa.table([_plain(table[name].combine_chunks()) for name in names], keys) for table in found]
    if not plain:
        return 0
    return pa.concat_tables(plain, promote_options="permissive").group_by(keys).aggregate([]).num_rows


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
