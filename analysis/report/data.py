"""The numbers behind every figure and table, as CSV with full precision."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..comparison import Comparison
from ..overall import Overall
from .diagnostics import diagnose

_Row = Sequence[str | int | float]


OVERALL = "all tasks"
"""What stands for the section in rows over tasks."""


def write_csv(folder: Path, comparisons: Sequence[Comparison], overall: Overall | None) -> None:
    """Write the numbers.

    `curves.csv` (one row per event), `final.csv` (per optimizer and measure), `runs.csv` (per run), `tests.csv` (per
    pair and measure) and `ranks.csv` (per point of a rank curve; only where there is one).
    """
    folder.mkdir()
    curve_head = ("section", "measure", "optimizer", "axis", "position", "mean", "lower_95", "upper_95")
    _write(folder / "curves.csv", curve_head, (row for comparison in comparisons for row in _curve_rows(comparison)))
    final_head = (
        "section", "optimizer", "runs", "failed_runs", "mean_trials", "average_rank", "measure", "mean", "std",
        "lower_95", "upper_95",
    )  # fmt: skip
    _write(folder / "final.csv", final_head, (row for comparison in comparisons for row in _final_rows(comparison)))
    run_head = ("section", "optimizer", "seed", "run", "trials", "failed_trials", "measure", "final")
    _write(folder / "runs.csv", run_head, (row for comparison in comparisons for row in _run_rows(comparison)))
    test_head = (
        "section", "measure", "test", "blocks", "first", "second", "p", "adjusted_p", "different", "favours",
        "probability_of_improvement", "lower_95", "upper_95", "wins", "ties", "losses",
    )  # fmt: skip
    _write(folder / "tests.csv", test_head, _test_rows(comparisons, overall))
    rank_head = ("section", "optimizer", "axis", "position", "average_rank", "lower_95", "upper_95")
    ranked = list(_rank_rows(comparisons, overall))
    if ranked:
        _write(folder / "ranks.csv", rank_head, ranked)


def _curve_rows(comparison: Comparison) -> Iterable[_Row]:
    for curves in comparison.curves:
        for curve in curves:
            ends = zip(curve.lower.tolist(), curve.upper.tolist(), strict=True)
            bands = dict(zip(curve.band.tolist(), ends, strict=True))
            fixed = (comparison.section.title, curve.measure.name, curve.optimizer, comparison.axis.label)
            events = zip(curve.positions.tolist(), curve.mean.tolist(), strict=True)
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
            chance = pair.improvement
            yield (
                section, measure, significance.choice.test, significance.blocks, pair.first, pair.second, pair.p,
                pair.adjusted, int(pair.different), pair.favours, chance.value, chance.lower, chance.upper,
                *(pair.record or ("", "", "")),
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


def _write(path: Path, head: Sequence[str], rows: Iterable[_Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows([_text(value) for value in row] for row in rows)


def _text(value: str | int | float) -> str:
    """Shortest text that reads back as the same number; empty for NaN."""
    if isinstance(value, float):
        return "" if math.isnan(value) else repr(float(value))
    return str(value)
