"""The numbers behind every figure and table, as CSV with full precision."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..comparison import Comparison
from .diagnostics import diagnose

_Row = Sequence[str | int | float]


def write_csv(folder: Path, comparisons: Sequence[Comparison]) -> None:
    """Write `curves.csv` (one row per event), `final.csv` (per optimizer and measure) and `runs.csv` (per run)."""
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
