"""What `encave analyze ranks` and `encave analyze tests` print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape
from rich.table import Table

from .common import Console, print_table

if TYPE_CHECKING:
    from ...analysis.comparison.overall import Overall
    from ...analysis.comparison.rank_curves import RankCurve
    from ...analysis.comparison.section import Comparison
    from ...analysis.comparison.significance import Significance

_MOMENTS = (0.1, 0.25, 0.5)
"""Shares of the axis at which ranks over time are shown; all points are in the JSON and CSV."""


def print_ranks(comparisons: Sequence[Comparison], overall: Overall | None) -> None:
    """A table for each section: final ranks and values, ranks on the way; below, the ranks over tasks."""
    for comparison in comparisons:
        section, measures = comparison.section, comparison.table.measures
        moments = [f"at {share:.0%}" for share in _MOMENTS] if comparison.rank_curves else []
        names = [escape(measure.label) for measure in measures]
        table = Table("optimizer", "rank", *moments, *names, "runs", "failed", title=escape(section.title))
        curves = {curve.optimizer: curve for curve in comparison.rank_curves}
        for row in comparison.table.rows:
            on_the_way = _on_the_way(curves[row.optimizer]) if curves else []
            values = [f"{_number(spread.mean)} ± {_number(spread.std)}" for spread in row.spreads]
            table.add_row(
                escape(row.optimizer), f"{row.rank:.2f}", *on_the_way, *values, str(row.runs), str(row.failed)
            )
        print_table(table)
        how = "within each seed" if comparison.table.paired else "expected of one run of each, drawn at random"
        shares = f"; columns “at” are shares of the {comparison.axis.name}" if moments else ""
        _say(f"ranks by {measures[0].name}, {how}{shares}")
    if overall:
        table = Table(
            "optimizer", "rank", *(escape(one.section.title) for one in overall.comparisons), title="all tasks"
        )
        for name, rank, own in zip(overall.optimizers, overall.significance.ranks, overall.task_ranks, strict=True):
            table.add_row(escape(name), f"{rank:.2f}", *(f"{value:.1f}" for value in own))
        print_table(table)
        _say("ranks by the median over runs on each task")


def print_tests(comparisons: Sequence[Comparison], overall: Overall | None) -> None:
    """For each section and measure, and over tasks: which test and why, and a row per pair."""
    for comparison in comparisons:
        if not comparison.significance:
            _say(f"{comparison.section.title}: there is only one optimizer, so nothing is tested.")
        for measure, significance in zip(comparison.measures, comparison.significance, strict=False):
            _print_significance(f"{comparison.section.title}, {measure.name}", significance)
    if overall:
        _print_significance(f"all tasks, {overall.measure}", overall.significance)


def _print_significance(title: str, significance: Significance) -> None:
    from ...analysis.report.tests import control_sentence, describe, pair_rows

    bayes = any(pair.posterior for pair in significance.pairs)
    table = Table(
        *("better by rank", "worse", "P(improvement)", "size", "Cliff's δ", "wins–ties–losses", "mean gain"),
        *(("P(better)", "P(equivalent)", "P(worse)") if bayes else ()),
        *("p corrected", ""),
        title=escape(title),
    )
    for row, pair in zip(pair_rows(significance), significance.pairs, strict=True):
        gain, posterior = pair.gain, pair.posterior
        told = "–" if gain is None else f"{_number(gain.value)} [{_number(gain.lower)}, {_number(gain.upper)}]"
        probable = (
            [f"{posterior.better:.3f}", f"{posterior.equivalent:.3f}", f"{posterior.worse:.3f}"] if posterior else []
        )
        table.add_row(
            *(escape(row.first), escape(row.second), row.improvement, row.size or "–"),
            *(f"{pair.cliffs_delta:+.2f}", row.record, escape(told)),
            *(probable or (["–"] * 3 if bayes else [])),
            *(row.p, "[bold]differ[/]" if row.different else ""),
        )
    print_table(table)
    _say(describe(significance))
    against = control_sentence(significance)
    if against:
        _say(against)
    if not significance.over_tasks and not bayes and significance.pairs and significance.pairs[0].gain is None:
        _say("Runs are not paired by seed: no wins, gains or Bayesian test.")


def _on_the_way(curve: RankCurve) -> list[str]:
    places = np.searchsorted(curve.positions, np.array(_MOMENTS) * curve.positions[-1], side="right") - 1
    return ["–" if place < 0 else f"{curve.mean[place]:.2f}" for place in places]


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4g}"


def _say(text: str) -> None:
    Console().print(escape(text), highlight=False, soft_wrap=True)
