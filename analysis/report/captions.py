"""Captions and alternative texts of figures and tables, from the result that they show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..charts.scales import Scale, vertical_scale
from ..charts.text import capital, fixed, plural, quantity, short
from ..comparison.overall import Overall
from ..comparison.rank_curves import RankCurve
from ..comparison.ranking import Centre
from ..comparison.section import Comparison
from ..comparison.significance import Significance
from ..grouping.measure import Measure
from ..grouping.sections import modelled_parts, origins
from ..performance.curves import Curve
from ..performance.pareto import HYPERVOLUME
from ..performance.section_curves import SectionCurves
from ..statistics.design import ALPHA
from . import tests
from .words import objective_note

_SPREADS = {"mean": "mean ± standard deviation", "median": "median [lower, upper quartile]"}


def curve_caption(comparison: SectionCurves, index: int, most_bands: int) -> str:
    """Caption of the curves of one measure."""
    measure, curves = comparison.measures[index], [c for c in comparison.curves[index] if len(c.positions)]
    axis = comparison.axis
    what = f"{comparison.summary.statistic.title} {measure.name}"
    banded = [curve for curve in curves if (~np.isnan(curve.lower) & ~np.isnan(curve.upper)).any()]
    band = f" with its 95 % band over {_run_counts(banded)}" if banded else ""
    parts = [
        f"{comparison.section.title}: {what} of {_whose(measure)} over {axis.name}{band}.",
        objective_note(comparison.section),
        _reference(measure) if curves else "",
        f"One is {comparison.baseline}." if comparison.baseline and not index else "",
    ]
    if banded:
        parts.append(bounds_note(measure, curves))
    if banded and len(curves) > most_bands:
        parts.append(f"Only the {most_bands} best by rank carry a band.")
    parts.append(zero_note(vertical_scale(curves, most_bands)))
    if comparison.section.benchmark:
        parts.append(f"{capital(comparison.section.origin)}.")
    return " ".join(part for part in parts if part)


def _whose(measure: Measure) -> str:
    return "all trials so far" if measure == HYPERVOLUME else "the incumbent"


def bounds_note(measure: Measure, curves: Sequence[Curve]) -> str:
    """At which bounds of the measure bands were cut, as a sentence; empty where none was."""
    least, most = measure.bounds
    at = [
        quantity(bound, measure.unit)
        for bound, ends in ((least, [c.lower for c in curves]), (most, [c.upper for c in curves]))
        if any((own == bound).any() for own in ends)
    ]
    return f"Bands are cut at {' and '.join(at)}, beyond which no value can be." if at else ""


def zero_note(scale: Scale) -> str:
    """How zero is shown on a logarithmic axis; empty where it is not."""
    linear = f"The vertical axis is linear below {short(scale.threshold)}, to show zero."
    return linear if scale.kind == "log with zero" else ""


def _reference(measure: Measure) -> str:
    if measure.regret == "best seen":
        best = quantity(measure.reference or 0.0, measure.unit)
        return f"No optimum is known: regret is against the best incumbent of all these runs ({best})."
    if measure.regret == "given":
        return f"Regret is against {quantity(measure.reference or 0.0, measure.unit)}."
    if measure.regret == "optimum" and measure.reference is not None:
        return f"Regret is against the benchmark's optimum ({quantity(measure.reference, measure.unit)})."
    return ""


def _run_counts(curves: Sequence[Curve]) -> str:
    counts = sorted({curve.runs for curve in curves})
    return plural(counts[0], "run") if len(counts) == 1 else f"{counts[0]} to {plural(counts[-1], 'run')}"


def curve_alt(comparison: SectionCurves, index: int) -> str:
    """The figure in words: where each line begins and ends."""
    measure, axis = comparison.measures[index], comparison.axis
    ends = [
        f"{curve.optimizer} from {quantity(curve.centre[0], measure.unit)} "
        f"at {quantity(curve.positions[0], axis.unit)} "
        f"to {quantity(curve.centre[-1], measure.unit)} at {quantity(curve.stop, axis.unit)}"
        for curve in comparison.curves[index]
        if len(curve.positions)
    ]
    what = f"{comparison.summary.statistic.title} {measure.name}"
    return f"Line chart of {what} over {axis.name}: {'; '.join(ends) or 'no line'}."


def table_caption(comparison: Comparison, centre: Centre) -> str:
    """Caption of the final table."""
    table = comparison.table
    how = "within each seed" if table.paired else "expected over all combinations of runs"
    parts = [
        f"{comparison.section.title}: final performance, {_SPREADS[centre]} over runs; best in bold.",
        objective_note(comparison.section),
        underline_note(comparison.significance[0]) if comparison.significance else "",
        "Trials: the mean of a run.",
        f"Average rank by {table.measures[0].name}, {how}." if len(table.rows) > 1 else "",
        *(_reference(measure) for measure in table.measures if any(row.runs > row.failed for row in table.rows)),
        "† Some runs had no successful trial: they rank last and are not in the other numbers."
        if any_failed(comparison)
        else "",
        f"{capital(comparison.section.origin)}." if comparison.section.benchmark else "",
    ]
    return " ".join(part for part in parts if part)


def any_failed(comparison: Comparison) -> bool:
    """Whether a row of the table needs the dagger."""
    return any(row.failed for row in comparison.table.rows)


def underline_note(significance: Significance) -> str:
    """What underlined cells mean, with the test; or why none are."""
    if not significance.tested:
        return f"Nothing is underlined, since no test was made: {significance.choice.reason}"
    return (
        f"Underlined: not significantly worse than the best at level {ALPHA} ({tests.name_test(significance)}, "
        f"{tests.units(significance)})."
    )


def rank_caption(comparison: Comparison) -> str:
    """Caption of the ranks over time of one task."""
    how = "within each seed" if comparison.table.paired else "expected when one run of each optimizer is drawn"
    band = " with its 95 % band over runs" if any(row.runs > 1 for row in comparison.table.rows) else ""
    measure = comparison.measures[0]
    return (
        f"{comparison.section.title}: average rank by {measure.name} of {_whose(measure)} over "
        f"{comparison.axis.name}, {how}{band}; 1 is best.{origin_note([comparison])}"
    )


def origin_note(comparisons: Sequence[Comparison]) -> str:
    """Where the values come from, as a last sentence; empty without a benchmark."""
    return "".join(f" {capital(text)}." for text in origins(one.section for one in comparisons))


def modelled_note(comparisons: Sequence[Comparison]) -> str:
    """What of the values is a model's, as a last sentence; empty where nothing is."""
    return "".join(f" {capital(text)}." for text in modelled_parts(one.section for one in comparisons))


def overall_rank_caption(overall: Overall) -> str:
    """Caption of the ranks over time over all tasks."""
    return (
        f"Average rank of the runs (not of their medians, as in the table) by {overall.measure} over "
        f"{plural(len(overall.comparisons), 'task')} against the share of each "
        "task's time, with 95 % bands over the runs within tasks (not over tasks); 1 is best."
        f"{origin_note(overall.comparisons)}"
    )


def rank_alt(curves: Sequence[RankCurve]) -> str:
    """The figure in words: where each line begins and ends."""
    ends = [f"{curve.optimizer} from {fixed(curve.mean[0], 2)} to {fixed(curve.mean[-1], 2)}" for curve in curves]
    return f"Line chart of average ranks over time: {'; '.join(ends)}."


def critical_difference_caption(significance: Significance, title: str, blocks: str, footer: str) -> str:
    """Caption of a critical-difference diagram."""
    return (
        f"{title}: average ranks{' of the medians over runs' if significance.over_tasks else ''} over "
        f"{plural(significance.blocks, blocks)} (1 is best). A bar joins optimizers of "
        f"which no pair differs significantly at level {ALPHA}, with a dot on each member "
        f"({tests.name_test(significance)})."
        + ("" if significance.groups else " All pairs differ.")
        + (f" {capital(footer)}." if footer else "")
    )


def critical_difference_alt(significance: Significance) -> str:
    """The diagram in words."""
    ranked = zip(significance.optimizers, significance.ranks, strict=True)
    listed = ", ".join(f"{name} {fixed(rank, 2)}" for name, rank in ranked)
    joined = "; ".join(", ".join(group) for group in significance.groups) or "none"
    return f"Critical-difference diagram. Average ranks: {listed}. Groups without a significant difference: {joined}."


def overall_caption(overall: Overall) -> str:
    """Caption of the table over all tasks."""
    return (
        f"Rank on each task by the median {overall.measure} over runs (a failed run counts as the worst value), and "
        f"its average; best in bold. {underline_note(overall.significance)}{origin_note(overall.comparisons)}"
    )


def pairs_caption(significance: Significance, note: str) -> str:
    """Caption of the table of pairs, with a note on what was modelled."""
    mean = ", the mean over tasks" if significance.over_tasks else ""
    made = f" {capital(tests.name_test(significance))} ({tests.units(significance)})." if significance.tested else ""
    return (
        "Pairs, the better by rank first. Probability of improvement: that a run of the first is better than one of "
        "the "
        f"second, with its 95 % interval{mean}.{made}{_bayes(significance)}{note}"
    )


def _bayes(significance: Significance) -> str:
    posterior = next((pair.posterior for pair in significance.pairs if pair.posterior), None)
    if posterior is None:
        return ""
    return (
        f" P(better / equal / worse): Bayesian signed-rank test, where differences up to {posterior.rope:g} are "
        "practically equal."
    )
