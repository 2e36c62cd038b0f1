"""The final table as cells of text, the same for HTML and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..overall import Overall
from ..ranking import FinalRow, FinalTable, Spread
from ..significance import Significance
from .contents import Cell
from .text import decimals, fixed

_MOST_TASKS = 8  # columns of tasks that fit beside each other


def cells(table: FinalTable, significance: Sequence[Significance]) -> list[list[Cell]]:
    """For each row: runs, trials, one cell per measure, average rank.

    Best are all cells that print the best mean; rows with failed runs are not eligible, since their means leave those
    out. With one row nothing is best. Close is judged against the row with the best mean, by the tests of each measure.
    """
    columns = [_measure_column(table, index, significance) for index in range(len(table.measures))]
    columns.append(_rank_column(table.rows))
    trials = [
        Cell(fixed(row.trials, 0 if row.trials >= 10 or row.trials == round(row.trials) else 1)) for row in table.rows
    ]
    runs = [Cell(f"{row.runs - row.failed} of {row.runs} †" if row.failed else f"{row.runs}") for row in table.rows]
    return [list(row) for row in zip(runs, trials, *columns, strict=True)]


def _measure_column(table: FinalTable, index: int, significance: Sequence[Significance]) -> list[Cell]:
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
    close = _close(table, index, significance)
    column: list[Cell] = []
    for spread, row in zip(spreads, table.rows, strict=True):
        top = not row.failed and round(spread.mean, places) == best
        column.append(Cell(_mean_std(spread, places), top, not top and row.optimizer in close))
    return column


def _close(table: FinalTable, index: int, significance: Sequence[Significance]) -> set[str]:
    """Who is not significantly worse than the optimizer with the best mean; nobody without a test."""
    sign = 1.0 if table.measures[index].lower_is_better else -1.0
    able = [row for row in table.rows if not row.failed and not math.isnan(row.spreads[index].mean)]
    if not significance or not significance[index].tested or not able:
        return set()
    best = min(able, key=lambda row: sign * row.spreads[index].mean).optimizer
    others = [row.optimizer for row in table.rows if row.optimizer != best]
    return {name for name in others if not significance[index].worse(name, best)}


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


def task_heads(overall: Overall) -> list[str]:
    """Titles of the columns of ranks, one per task; none where they would not fit on a page."""
    titles = [one.section.title for one in overall.comparisons]
    return titles if len(titles) <= _MOST_TASKS else []


def overall_cells(overall: Overall) -> list[list[Cell]]:
    """For each optimizer: its rank on each task of `task_heads`, its average rank."""
    significance = overall.significance
    best = significance.optimizers[0]
    least = np.min(overall.task_ranks, axis=0)
    rows: list[list[Cell]] = []
    for name, own, rank in zip(significance.optimizers, overall.task_ranks, significance.ranks, strict=True):
        tasks = [Cell(f"{value:g}", value == low) for value, low in zip(own, least, strict=True)]
        top = round(rank, 2) == round(significance.ranks[0], 2)
        close = not top and significance.tested and not significance.worse(name, best)
        rows.append([*(tasks if task_heads(overall) else []), Cell(fixed(rank, 2), top, close)])
    return rows
