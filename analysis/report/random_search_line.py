"""The expected curve of random search as a reference line: the line, its caption, its numbers, how it was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..charts.line_chart import Line
from ..charts.style import MUTED, LineStyle
from ..charts.text import short
from ..grouping.measure import Measure
from ..grouping.sections import Section
from ..performance.axis import Axis
from ..performance.curves import Curve
from ..performance.random_search import ExpectedCurve
from ..statistics.order_statistics import MEAN
from ..tables.result import table_of
from .contents import ReportInput
from .references import cite

if TYPE_CHECKING:
    import pyarrow as pa

LABEL = "Random (expected)"
"""Its entry in legends."""
LOOK = LineStyle(MUTED, (4, 2), "")
METHODS = (
    f"The expected curve of random search{cite('bergstra2012random')} is computed from all values of the benchmark "
    "and not run: architectures are drawn uniformly with replacement, and its incumbent after n of them is distributed "
    f"as the order statistics say{cite('david2003order')}, which is exact by the number of evaluations. Over simulated "
    "time the difference that varying costs make is simulated and added."
)


def expected_curve(
    study: ReportInput, section: Section, axis: Axis, measure: Measure, curves: Sequence[Curve]
) -> ExpectedCurve | None:
    """The curve from where the first of the lines begins to where the last one ends; None where it is not known."""
    drawn = [curve for curve in curves if len(curve.positions)]
    if study.random_search is None or not drawn or drawn[0].statistic != MEAN:
        return None  # what is expected is a mean
    ends = min(float(curve.positions[0]) for curve in drawn), max(curve.stop for curve in drawn)
    return study.random_search(section, axis, measure, ends)


def line(curve: ExpectedCurve, measure: Measure) -> Line:
    """The line to draw below the others."""
    return Line(LABEL, LOOK, curve.positions, measure.report(curve.values), steps=False)


def caption(curve: ExpectedCurve) -> str:
    """What the line is, as a sentence."""
    error = "" if curve.exact else short(float(np.nanmax(curve.standard_error)))
    how = "exact" if curve.exact else f"standard error at most {error} percentage points"
    return (
        f"Grey dashes: what random search is expected to reach with {curve.epochs} epochs per evaluation, computed "
        f"from all values of the benchmark ({how})."
    )


def tables(known: Iterable[tuple[Section, Axis, Measure, ExpectedCurve | None]]) -> dict[str, pa.Table]:
    """The numbers behind the lines, a row per position; nothing where none is known."""
    columns = {
        "task": "string", "measure": "string", "axis": "string", "epochs": "int64", "position": "float64",
        "expected": "float64", "standard_error": "float64",
    }  # fmt: skip
    records = [
        (section.title, measure.name, axis.label, curve.epochs, *row)
        for section, axis, measure, curve in known
        if curve
        for row in zip(curve.positions.tolist(), measure.report(curve.values).tolist(), curve.standard_error.tolist())
    ]
    return {"random_search": table_of(columns, records)} if records else {}
