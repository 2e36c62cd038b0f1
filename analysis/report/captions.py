"""Captions and alternative texts of figures and tables, from the result that they show."""

from __future__ import annotations

from collections.abc import Sequence

from ..anytime import Curve
from ..comparison import Comparison
from ..study_view import Measure
from .scales import vertical_scale
from .text import capital, plural, quantity, short
from .words import origin


def curve_caption(comparison: Comparison, index: int, most_bands: int) -> str:
    """Caption of the curves of one measure."""
    measure, curves = comparison.measures[index], [c for c in comparison.curves[index] if len(c.positions)]
    axis = comparison.axis
    band = (
        f" with its 95 % bootstrap band over {_run_counts(curves)}" if any(len(curve.band) for curve in curves) else ""
    )
    parts = [
        f"{comparison.section.title}: mean {measure.name} of the incumbent over {axis.name}{band}.",
        _reference(measure),
    ]
    if len(curves) > most_bands:
        parts.append(f"Only the {most_bands} best by rank carry a band.")
    if curves:
        starts, stops = [curve.positions[0] for curve in curves], [curve.stop for curve in curves]
        parts.append(f"A line begins where every run of the optimizer has an incumbent ({_range(starts, axis.unit)})")
        parts.append(f"and ends with its first run to end ({_range(stops, axis.unit)}).")
    scale = vertical_scale(curves, most_bands)
    if scale.kind == "log with zero":
        parts.append(f"The vertical axis is linear below {short(scale.threshold)}, to show zero.")
    if comparison.section.benchmark:
        parts.append(f"{capital(origin(comparison.section))}.")
    return " ".join(part for part in parts if part)


def _reference(measure: Measure) -> str:
    if measure.regret == "best seen":
        best = quantity(measure.reference or 0.0, measure.unit)
        return f"No optimum is known: regret is against the best incumbent of all these runs ({best})."
    if measure.regret == "optimum" and measure.reference is not None:
        return f"Regret is against the benchmark's optimum ({quantity(measure.reference, measure.unit)})."
    return ""


def _run_counts(curves: Sequence[Curve]) -> str:
    counts = sorted({curve.runs for curve in curves})
    return plural(counts[0], "run") if len(counts) == 1 else f"{counts[0]} to {plural(counts[-1], 'run')}"


def _range(values: Sequence[float], unit: str | None) -> str:
    low, high = min(values), max(values)
    if quantity(low, unit) == quantity(high, unit):
        return quantity(low, unit)
    return f"{quantity(low, None)} to {quantity(high, unit)}"


def curve_alt(comparison: Comparison, index: int) -> str:
    """The figure in words: where each line begins and ends."""
    measure, axis = comparison.measures[index], comparison.axis
    ends = [
        f"{curve.optimizer} from {quantity(curve.mean[0], measure.unit)} at {quantity(curve.positions[0], axis.unit)} "
        f"to {quantity(curve.mean[-1], measure.unit)} at {quantity(curve.stop, axis.unit)}"
        for curve in comparison.curves[index]
        if len(curve.positions)
    ]
    return f"Line chart of mean {measure.name} over {axis.name}: {'; '.join(ends) or 'no line'}."


def table_caption(comparison: Comparison) -> str:
    """Caption of the final table."""
    table = comparison.table
    how = "within each seed" if table.paired else "expected over all combinations of runs, since seeds are not shared"
    parts = [
        f"{comparison.section.title}: final performance, mean ± standard deviation over runs; best in bold.",
        f"Average rank by {table.measures[0].name}, {how}; ties share the mean rank." if len(table.rows) > 1 else "",
        *(_reference(measure) for measure in table.measures),
        "† Some runs had no successful trial: they rank last and are not in the means."
        if any_failed(comparison)
        else "",
        f"{capital(origin(comparison.section))}." if comparison.section.benchmark else "",
    ]
    return " ".join(part for part in parts if part)


def any_failed(comparison: Comparison) -> bool:
    """Whether a row of the table needs the dagger."""
    return any(row.failed for row in comparison.table.rows)
