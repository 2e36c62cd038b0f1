"""What shows that the values of a table were damaged, though each lies in its range.

Most files have no checksum. But an accuracy of one training run is a whole number of images; validation and test set
together have the mean of their accuracies; little changes at the last epoch, where the learning rate has fallen to
zero; and times differ by a factor of seven between architectures. The real table has no exception. A flipped bit makes
one, unless it changes an accuracy by a whole number of images and there is nothing to compare it with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ....run.nasbench201_space import SIZE
from .columns import VALID_PREFIX, wanted_columns
from .measured_curves import MEAN, X_VALID

IMAGES = {
    **{"c10valid_valid": 25_000, "c10_test": 10_000},
    **{"c100_valid": 5_000, "c100_test": 5_000, "c100_valtest": 10_000},
    **{"im_valid": 3_000, "im_test": 3_000, "im_valtest": 6_000},
}
"""First part of a column's name → images that its accuracies are of."""

_POINTS = 3.0  # percentage points; the real tables have at most 1.0 (c100 and im: valid and test against valtest)
_LEAST = 0.1  # percent; a network that always answers the same has 0.8 or more, and the worst in the real table 0.2
_FACTOR = 10.0
_ROWS = 1_000  # of curves at once, so that memory does not grow with them
_ACCURACY = re.compile(r"(\w+)_acc_((?:12|200)_(?:s\d+|mean))(?:_derived)?")
_SECONDS = re.compile(r"(?:train_time_per_epoch|(?:modelled_)?eval_time_per_10k_images)_s\w*")


@dataclass(frozen=True, eq=False)
class CurvesOfSeed:
    """Learning curves of one dataset, one schedule and one seed."""

    dataset: str
    """One of `DATASETS`."""

    split: str
    """Official name of what the accuracies are of."""

    seed: int
    """The seed, or `MEAN`."""

    values: NDArray[np.float32]
    """Percent, shape (15625, epochs), NaN where absent."""


def columns_of(path: Path) -> dict[str, NDArray[np.float64]]:
    """The columns of accuracies and times of a Parquet table that `read_table` reads, shape (15625,)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = wanted_columns(pq.read_schema(path).names)
    names = [name for name in wanted if _ACCURACY.fullmatch(name) or _SECONDS.fullmatch(name)]
    rows = pq.read_table(path, columns=["arch_index", *names])
    numbers = {name: rows[name].cast(pa.float64()).to_numpy() for name in ("arch_index", *names)}
    placed = {name: np.full(SIZE, np.nan) for name in names}
    for name, values in placed.items():
        values[numbers["arch_index"].astype(np.int64)] = numbers[name]
    return placed


def oddities(columns: Mapping[str, NDArray[np.float64]], curves: Iterable[CurvesOfSeed]) -> list[str]:
    """What cannot be right, one sentence for each kind; empty for the real tables.

    Args:
        columns: those of a table (see `columns`), shape (15625,), NaN where absent; others are passed over.
        curves: learning curves of the same table.
    """
    found: dict[str, list[tuple[str, int]]] = {}
    for kind, where, rows in (*_odd_columns(columns), *_odd_curves(curves)):
        found.setdefault(kind, []).extend((where, int(row)) for row in rows)
    return [
        f"{len(places):,} {kind}, the first in {places[0][0]}, architecture {places[0][1]}: the file is damaged, or "
        "not the original"
        for kind, places in found.items()
        if places
    ]


_Odd = tuple[str, str, NDArray[np.int64]]
_FRACTION = "accuracies of one training run are no whole number of images, or next to none"
_TOGETHER = "accuracies on validation and test set together are not the mean of the two"
_LAST = "learning curves jump at the last epoch"
_TIMES = "times are ten times shorter or longer than usual"


def _odd_columns(columns: Mapping[str, NDArray[np.float64]]) -> Iterator[_Odd]:
    named = {match.groups(): name for name in columns if (match := _ACCURACY.fullmatch(name))}
    for (stem, kind), name in named.items():
        if "_s" in kind and stem in IMAGES:
            yield _FRACTION, name, np.flatnonzero(_fractions(columns[name], IMAGES[stem]))
        parts = [named.get((stem.replace("valtest", split), kind)) for split in ("valid", "test")]
        if stem.endswith("valtest") and parts[0] and parts[1]:
            apart = columns[name] - (columns[parts[0]] + columns[parts[1]]) / 2
            yield _TOGETHER, name, np.flatnonzero(np.abs(apart) > _POINTS)
    for name in filter(_SECONDS.fullmatch, columns):
        known = columns[name][np.isfinite(columns[name])]
        usual = float(np.median(known)) if known.size else 1.0
        strange = (columns[name] < usual / _FACTOR) | (columns[name] > usual * _FACTOR)
        yield _TIMES, name, np.flatnonzero(strange)


def _odd_curves(curves: Iterable[CurvesOfSeed]) -> Iterator[_Odd]:
    for curve in curves:
        images = IMAGES[f"{VALID_PREFIX[curve.dataset]}_{'valid' if curve.split == X_VALID else 'valtest'}"]
        epochs = curve.values.shape[1]
        where = f"the curves of {curve.dataset}, {epochs} epochs, seed {curve.seed}"
        for start in range(0, len(curve.values), _ROWS):
            rows = curve.values[start : start + _ROWS].astype(np.float64)
            if curve.seed != MEAN:
                yield _FRACTION, where, start + np.nonzero(_fractions(rows, images))[0]
            if epochs == 200:
                yield _LAST, where, start + np.flatnonzero(np.abs(rows[:, -1] - rows[:, -2]) > _POINTS)


def _fractions(accuracy: NDArray[np.float64], images: int) -> NDArray[np.bool_]:
    """Where an accuracy in percent is no whole number of images, or nearly 0; the files have 32-bit rounding errors."""
    right = accuracy * (images / 100)
    return (np.abs(right - np.rint(right)) > 0.01) | (accuracy < _LEAST)
