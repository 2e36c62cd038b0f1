"""Curves as rows of numbers and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from .curves import Curve, Floats
from .section_curves import SectionCurves

OVER_TASKS = "all tasks"
"""What stands for the section in rows over tasks."""


def curve_rows(sets: Sequence[SectionCurves], over_tasks: Sequence[Curve] = ()) -> pa.Table:
    """One row per event of a curve; null where there is no band, or a value is missing."""
    parts: list[pa.Table] = []
    for title, axis, rule, curve in _named(sets, over_tasks):
        names = {
            "section": title, "measure": curve.measure.name, "optimizer": curve.optimizer, "axis": axis, "rule": rule,
            "statistic": curve.statistic.name,
        }  # fmt: skip
        numbers = dict(zip(("position", "value", "lower_95", "upper_95"), _columns(curve), strict=True))
        m = len(curve.positions)
        parts.append(
            pa.table(
                {name: pa.repeat(pa.scalar(text), m) for name, text in names.items()}
                | {name: pa.array(column, from_pandas=True) for name, column in numbers.items()}
            )
        )
    return pa.concat_tables(parts)


def curves_json(sets: Sequence[SectionCurves], over_tasks: Sequence[Curve] = ()) -> dict[str, Any]:
    """All curves with their runs counted; null where a number does not exist or is infinite."""
    found: list[dict[str, Any]] = []
    for title, axis, rule, curve in _named(sets, over_tasks):
        positions, values, lower, upper = ([_number(value) for value in column.tolist()] for column in _columns(curve))
        found.append(
            {
                "section": title, "measure": curve.measure.name, "unit": curve.measure.unit,
                "reference": curve.measure.reference, "optimizer": curve.optimizer, "axis": axis, "rule": rule,
                "statistic": curve.statistic.name, "runs": curve.runs, "without_incumbent": curve.without_incumbent,
                "cut": curve.cut, "held": curve.held, "stop": curve.stop, "positions": positions, "values": values,
                "lower_95": lower, "upper_95": upper,
            }
        )  # fmt: skip
    return {"curves": found, "normalised_by": {one.section.title: one.baseline for one in sets if one.baseline}}


def _named(sets: Sequence[SectionCurves], over_tasks: Sequence[Curve]) -> Iterator[tuple[str, str, str, Curve]]:
    for one in sets:
        for curves in one.curves:
            for curve in curves:
                yield one.section.title, one.axis.label, one.summary.rule, curve
    for curve in over_tasks:
        yield OVER_TASKS, f"share of the task's {sets[0].axis.name}", sets[0].summary.rule, curve


def _columns(curve: Curve) -> tuple[Floats, Floats, Floats, Floats]:
    """Position, value, lower and upper end of each event; NaN where there is no band."""
    lower, upper = np.full(len(curve.positions), np.nan), np.full(len(curve.positions), np.nan)
    lower[curve.band], upper[curve.band] = curve.lower, curve.upper
    return curve.positions, curve.centre, lower, upper


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
