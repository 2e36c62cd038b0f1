"""The expected curve of random search as a person sees it, and as files."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from ..files import atomic_file
from .common import Console, print_table

if TYPE_CHECKING:
    from ..runners.nasbench201.random_reference import CurveByEvaluations, CurveBySeconds

Rows = list[dict[str, "float | None"]]
_SHOWN = (1, 2, 5)
_TIMES = 61  # so that every decade has 20 steps


def time_grid(last: float) -> NDArray[np.float64]:
    """Seconds at which the curve is given by time, evenly spaced in their logarithm over three decades up to `last`."""
    return np.geomspace(last / 1000, last, _TIMES)


def curve_rows(curve: CurveByEvaluations) -> Rows:
    """A row per number of evaluations: mean seconds, and mean, standard deviation and quantiles of the value."""
    quantiles = (f"quantile_{level:g}" for level in curve.levels)
    return _rows(
        evaluations=curve.evaluations,
        seconds=curve.seconds,
        mean=curve.mean,
        std=curve.std,
        **dict(zip(quantiles, curve.quantiles.T, strict=True)),
    )


def time_rows(curve: CurveBySeconds) -> Rows:
    """A row per time: mean of the value and its standard error; None while a run may have evaluated nothing."""
    return _rows(seconds=curve.seconds, mean=curve.mean, standard_error=curve.standard_error)


def _rows(**columns: NDArray[Any]) -> Rows:
    lists = [[None if np.isnan(value) else value for value in column.tolist()] for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def write_csv(path: Path, rows: Rows) -> None:
    """Write the rows of a curve.

    Raises:
        EncaveError: the file cannot be written.
    """
    with atomic_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def print_curve(rows: Rows, title: str) -> None:
    """A table of some of the rows: at 1, 2, 5, 10, … evaluations, or ten times in a decade of seconds; and the last."""
    Console().print(f"[bold]{title}[/]", highlight=False)
    table = Table(*(name.replace("_", " ") for name in rows[0]))
    wanted = {step * 10**power for power in range(9) for step in _SHOWN}
    for place, row in enumerate(rows, start=1):
        if (row["mean"] is not None and (place in wanted if "evaluations" in row else place % 2)) or place == len(rows):
            table.add_row(*(_told(name, value) for name, value in row.items()))
    print_table(table)


def _told(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if name in ("evaluations", "seconds") else f"{value:.3f}"
