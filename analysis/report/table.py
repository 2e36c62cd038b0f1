"""The final table as cells of text, the same for HTML and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..ranking import FinalRow, FinalTable, Spread
from .text import decimals, fixed


@dataclass(frozen=True)
class Cell:
    """One cell."""

    text: str
    """`0.32 ± 0.30`, or `–` where there is no value."""
    best: bool = False
    """Whether it is the best of its column, as printed."""


def cells(table: FinalTable) -> list[list[Cell]]:
    """For each row: trials, one cell per measure, average rank.

    Best are all cells that print the best mean; rows with failed runs are not eligible, since their means leave those
    out. With one row nothing is best.
    """
    columns = [_measure_column(table, index) for index in range(len(table.measures))]
    columns.append(_rank_column(table.rows))
    trials = [
        Cell(fixed(row.trials, 0 if row.trials >= 10 or row.trials == round(row.trials) else 1)) for row in table.rows
    ]
    return [list(row) for row in zip(trials, *columns, strict=True)]


def _measure_column(table: FinalTable, index: int) -> list[Cell]:
    spreads = [row.spreads[index] for row in table.rows]
    unit = table.measures[index].unit
    places = decimals([spread.std for spread in spreads], [spread.mean for spread in spreads], unit)
    eligible = [
        round(spread.mean, places)
        for spread, row in zip(spreads, table.rows, strict=True)
        if not row.failed and not math.isnan(spread.mean)
    ]
    choose = min if table.measures[index].lower_is_better else max
    best = choose(eligible, default=math.nan) if len(table.rows) > 1 else math.nan
    return [
        Cell(_mean_std(spread, places), not row.failed and round(spread.mean, places) == best)
        for spread, row in zip(spreads, table.rows, strict=True)
    ]


def _mean_std(spread: Spread, places: int) -> str:
    if math.isnan(spread.mean):
        return "–"
    if math.isnan(spread.std):
        return fixed(spread.mean, places)
    return f"{fixed(spread.mean, places)} ± {fixed(spread.std, places)}"


def _rank_column(rows: Sequence[FinalRow]) -> list[Cell]:
    if len(rows) == 1:
        return [Cell("–")]
    best = min(round(row.rank, 2) for row in rows)
    return [Cell(fixed(row.rank, 2), round(row.rank, 2) == best) for row in rows]
