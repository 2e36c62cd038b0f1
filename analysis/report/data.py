"""The numbers behind every figure and table, as CSV with full precision."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TextIO, TypeAlias

from ..comparison import Comparison
from ..overall import Overall
from .diagnostics import diagnose

_Row: TypeAlias = Sequence[str | int | float]


OVERALL = "all tasks"
"""What stands for the section in rows over tasks."""


@dataclass(frozen=True)
class Rows:
    """A table of numbers."""

    head: tuple[str, ...]
    """Names of the columns."""
    rows: tuple[_Row, ...]
    """Its rows; NaN and empty text where a number does not exist."""

    def records(self) -> list[dict[str, str | int | float | None]]:
        """Column → value of each row; None for NaN and empty text."""
        return [{name: _known(value) for name, value in zip(self.head, row, strict=True)} for row in self.rows]

    def write_csv(self, file: TextIO) -> None:
        """Write as CSV, numbers as the shortest text that reads back as the same."""
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.head)
        writer.writerows([_text(value) for value in row] for row in self.rows)


def curves(comparisons: Sequence[Comparison]) -> Rows:
    """One row per event of a curve."""
    head = ("section", "measure", "optimizer", "axis", "position", "mean", "lower_95", "upper_95")
    return Rows(head, tuple(row for comparison in comparisons for row in _curve_rows(comparison)))


def finals(comparisons: Sequence[Comparison]) -> Rows:
    """One row per optimizer and measure."""
    head = (
        "section", "optimizer", "runs", "failed_runs", "mean_trials", "average_rank", "measure", "mean", "std",
        "lower_95", "upper_95",
    )  # fmt: skip
    return Rows(head, tuple(row for comparison in comparisons for row in _final_rows(comparison)))


def runs(comparisons: Sequence[Comparison]) -> Rows:
    """One row per run and measure."""
    head = ("section", "optimizer", "seed", "run", "trials", "failed_trials", "measure", "final")
    return Rows(head, tuple(row for comparison in comparisons for row in _run_rows(comparison)))


def tests(comparisons: Sequence[Comparison], overall: Overall | None) -> Rows:
    """One row per pair of optimizers and measure."""
    head = (
        "section", "measure", "test", "blocks", "first", "second", "p", "adjusted_p", "different", "favours",
        "probability_of_improvement", "lower_95", "upper_95", "cliffs_delta", "wins", "ties", "losses",
        "mean_gain", "gain_lower_95", "gain_upper_95", "rope", "p_better", "p_equivalent", "p_worse",
    )  # fmt: skip
    return Rows(head, tuple(_test_rows(comparisons, overall)))


def ranks(comparisons: Sequence[Comparison], overall: Overall | None) -> Rows:
    """One row per point of a rank curve; none where there is no such curve."""
    head = ("section", "optimizer", "axis", "position", "average_rank", "lower_95", "upper_95")
    return Rows(head, tuple(_rank_rows(comparisons, overall)))


def write_csv(folder: Path, comparisons: Sequence[Comparison], overall: Overall | None) -> None:
    """Write `curves.csv`, `final.csv`, `runs.csv`, `tests.csv` and, where there are rank curves, `ranks.csv`."""
    folder.mkdir()
    tables = {
        "curves": curves(comparisons),
        "final": finals(comparisons),
        "runs": runs(comparisons),
        "tests": tests(comparisons, overall),
        "ranks": ranks(comparisons, overall),
    }
    for name, table in tables.items():
        if table.rows or name != "ranks":
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                table.write_csv(file)


def _curve_rows(comparison: Comparison) -> Iterable[_Row]:
    for curves in comparison.curves:
        for curve in curves:
            ends = zip(curve.lower.tolist(), curve.upper.tolist(), strict=True)
            bands = dict(zip(curve.band.tolist(), ends, strict=True))
            fixed = (comparison.section.title, curve.measure.name, curve.optimizer, comparison.axis.label)
            events = zip(curve.positions.tolist(), curve.centre.tolist(), strict=True)
            for event, (position, mean) in enumerate(events):
                yield *fixed, position, mean, *bands.get(event, (math.nan, math.nan))


def _final_rows(comparison: Comparison) -> Iterable[_Row]:
    for row in comparison.table.rows:
        for measure, spread in zip(comparison.table.measures, row.spreads, strict=True):
            yield (
                comparison.section.title, row.optimizer, row.runs, row.failed, row.trials, row.rank, measure.name,
                spread.mean, spread.std, spread.lower, spread.upper,
            )  # fmt: skip


def _run_rows(comparison: Comparison) -> Iterable[_Row]:
    members = [one for label in comparison.ordered for one in comparison.trajectories[label]]
    for line, one in zip(diagnose(comparison), members, strict=True):
        seed = "" if one.seed is None else one.seed
        for measure in comparison.measures:
            fixed = (comparison.section.title, line.optimizer, seed, line.name, line.trials, line.failed)
            yield *fixed, measure.name, one.final(measure)


def _test_rows(comparisons: Sequence[Comparison], overall: Overall | None) -> Iterable[_Row]:
    made = [
        (one.section.title, measure.name, significance)
        for one in comparisons
        for measure, significance in zip(one.measures, one.significance, strict=False)
    ]
    if overall:
        made.append((OVERALL, overall.measure, overall.significance))
    for section, measure, significance in made:
        for pair in significance.pairs:
            chance, gain, posterior = pair.improvement, pair.gain, pair.posterior
            yield (
                section, measure, significance.choice.test, significance.blocks, pair.first, pair.second, pair.p,
                pair.adjusted, int(pair.different), pair.favours, chance.value, chance.lower, chance.upper,
                2 * chance.value - 1, *(pair.record or ("", "", "")),
                *((gain.value, gain.lower, gain.upper) if gain else ("", "", "")),
                *(astuple(posterior) if posterior else ("", "", "", "")),
            )  # fmt: skip


def _rank_rows(comparisons: Sequence[Comparison], overall: Overall | None) -> Iterable[_Row]:
    made = [(one.section.title, one.axis.label, one.rank_curves) for one in comparisons]
    if overall:
        made.append((OVERALL, "share of the task's time", overall.curves))
    for section, axis, curves in made:
        for curve in curves:
            columns = (curve.positions, curve.mean, curve.lower, curve.upper)
            for point in zip(*(column.tolist() for column in columns), strict=True):
                yield section, curve.optimizer, axis, *point


def _known(value: str | int | float) -> str | int | float | None:
    return None if value == "" or (isinstance(value, float) and math.isnan(value)) else value


def _text(value: str | int | float) -> str:
    """Shortest text that reads back as the same number; empty for NaN."""
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(float(value))
    return str(value)
