"""The final table as cells of text, the same for HTML and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..charts.text import decimals, fixed
from ..comparison.overall import Overall
from ..comparison.ranking import Centre, FinalRow, FinalSpread, FinalTable
from ..comparison.significance import Significance
from .contents import TextCell

_MOST_TASKS = 8  # columns of tasks that fit beside each other


def cells(table: FinalTable, significance: Sequence[Significance], centre: Centre = "mean") -> list[list[TextCell]]:
    """For each row: runs, trials, one cell per measure, average rank.

    Best are all cells that print the best mean or median; rows with failed runs are not eligible, since those leave
    them out. With one row nothing is best. Close is judged against the row that is best, by the tests of each measure.
    """
    columns = [_measure_column(table, index, significance, centre) for index in range(len(table.measures))]
    columns.append(_rank_column(table.rows))
    trials = [
        TextCell(fixed(row.trials, 0 if row.trials >= 10 or row.trials == round(row.trials) else 1))
        for row in table.rows
    ]
    runs = [TextCell(f"{row.runs - row.failed} of {row.runs} †" if row.failed else f"{row.runs}") for row in table.rows]
    return [list(row) for row in zip(runs, trials, *columns, strict=True)]


def _measure_column(
    table: FinalTable, index: int, significance: Sequence[Significance], centre: Centre
) -> list[TextCell]:
    spreads = [row.spreads[index] for row in table.rows]
    unit = table.measures[index].unit
    places = decimals([spread.std for spread in spreads], [spread.mean for spread in spreads], unit)
    values = [_centre(spread, centre) for spread in spreads]
    eligible = [
        round(value, places)
        for value, row in zip(values, table.rows, strict=True)
        if not row.failed and not math.isnan(value)
    ]
    choose = min if table.measures[index].lower_is_better else max
    best = choose(eligible, default=math.nan) if len(table.rows) > 1 else math.nan
    close = _close(table, index, significance, values)
    show = _mean_std if centre == "mean" else _median_quartiles
    column: list[TextCell] = []
    for spread, value, row in zip(spreads, values, table.rows, strict=True):
        top = not row.failed and round(value, places) == best
        column.append(TextCell(show(spread, places), top, not top and row.optimizer in close))
    return column


def _centre(spread: FinalSpread, centre: Centre) -> float:
    return spread.mean if centre == "mean" else spread.quartiles[0]


def _close(table: FinalTable, index: int, significance: Sequence[Significance], values: Sequence[float]) -> set[str]:
    """Who is not significantly worse than the optimizer with the best value; nobody without a test."""
    sign = 1.0 if table.measures[index].lower_is_better else -1.0
    able = [
        (sign * value, row.optimizer)
        for value, row in zip(values, table.rows, strict=True)
        if not row.failed and not math.isnan(value)
    ]
    if not significance or not significance[index].tested or not able:
        return set()
    best = min(able, key=lambda one: one[0])[1]
    others = [row.optimizer for row in table.rows if row.optimizer != best]
    return {name for name in others if not significance[index].worse(name, best)}


def _mean_std(spread: FinalSpread, places: int) -> str:
    if math.isnan(spread.mean):
        return "–"
    if math.isnan(spread.std):
        return fixed(spread.mean, places)
    return f"{fixed(spread.mean, places)} ± {fixed(spread.std, places)}"


def _median_quartiles(spread: FinalSpread, places: int) -> str:
    median, lower, upper = spread.quartiles
    if math.isnan(median):
        return "–"
    if len(spread.values) < 2:
        return fixed(median, places)
    return f"{fixed(median, places)} [{fixed(lower, places)}, {fixed(upper, places)}]"


def _rank_column(rows: Sequence[FinalRow]) -> list[TextCell]:
    if len(rows) == 1:
        return [TextCell("–")]
    best = min(round(row.rank, 2) for row in rows)
    return [TextCell(fixed(row.rank, 2), round(row.rank, 2) == best) for row in rows]


def task_heads(overall: Overall) -> list[str]:
    """Titles of the columns of ranks, one per task; none where they would not fit on a page."""
    titles = [one.section.title for one in overall.comparisons]
    return titles if len(titles) <= _MOST_TASKS else []


def overall_cells(overall: Overall) -> list[list[TextCell]]:
    """For each optimizer: its rank on each task of `task_heads`, its average rank."""
    significance = overall.significance
    best = significance.optimizers[0]
    least = np.min(overall.task_ranks, axis=0)
    rows: list[list[TextCell]] = []
    for name, own, rank in zip(significance.optimizers, overall.task_ranks, significance.ranks, strict=True):
        tasks = [TextCell(f"{value:g}", value == low) for value, low in zip(own, least, strict=True)]
        top = round(rank, 2) == round(significance.ranks[0], 2)
        close = not top and significance.tested and not significance.worse(name, best)
        rows.append([*(tasks if task_heads(overall) else []), TextCell(fixed(rank, 2), top, close)])
    return rows
