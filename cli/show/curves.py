"""What `encave analyze curves` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape
from rich.table import Table

from .common import Console, print_table

if TYPE_CHECKING:
    from ...analysis.performance.curves import Curve
    from ...analysis.performance.section_curves import AnyCurves

_MOMENTS = (0.1, 0.25, 0.5)
"""Shares of the shortest curve at which curves are shown; all events are in the JSON and CSV."""


def print_curves(sets: Sequence[AnyCurves], over_tasks: Sequence[Curve]) -> None:
    """A table for each section and measure, a row per optimizer; below, what was counted and what left out."""
    for one in sets:
        for curves in one.curves:
            _print_table(f"{one.section.title}: {curves[0].measure.label}", curves, one.axis.unit)
        told = [f"{one.summary.statistic.title} over {one.axis.label}, incumbents by {one.rule}"]
        if one.baseline:
            told.append(f"one is {one.baseline}")
        averaged = sum(run.averaged for members in one.trajectories.values() for run in members)
        if averaged:
            told.append(f"{averaged:,} runs on several instances or seeds, over which costs are means")
        late = sum(run.late for members in one.trajectories.values() for run in members)
        if late:
            told.append(f"{late:,} trials ended after the limit of their run and do not count")
        _say("; ".join(told))
    if over_tasks:
        _print_table(f"all tasks: {over_tasks[0].measure.label}", over_tasks, None)
        _say(f"mean over {len(sets)} tasks of each one's {sets[0].summary.statistic.title}, over the share of its axis")


def _print_table(title: str, curves: Sequence[Curve], unit: str | None) -> None:
    stop = min((curve.stop for curve in curves if curve.runs), default=0.0)
    heads = [f"at {share * stop:,.4g}{f' {unit}' if unit else ''}" for share in _MOMENTS]
    table = Table(
        "optimizer", "from", *heads, "at its end", "to", "runs", "no incumbent", "held", "cut", title=escape(title)
    )
    for curve in curves:
        start = f"{curve.positions[0]:,.4g}" if len(curve.positions) else "–"
        cells = [*(_at(curve, share * stop) for share in _MOMENTS), _at(curve, curve.stop), f"{curve.stop:,.4g}"]
        counts = (curve.runs, curve.without_incumbent, curve.held, curve.cut)
        table.add_row(escape(curve.optimizer), start, *cells, *(f"{count:,}" for count in counts))
    print_table(table)


def _at(curve: Curve, position: float) -> str:
    """The curve's value at a position with the band of the last event that has one."""
    event = int(np.searchsorted(curve.positions, position, side="right")) - 1
    if event < 0:
        return "–"
    if np.isnan(curve.centre[event]):
        return "–"
    value = f"{curve.centre[event]:.4g}"
    band = int(np.searchsorted(curve.band, event, side="right")) - 1
    return value if band < 0 else f"{value} [{curve.lower[band]:.4g}, {curve.upper[band]:.4g}]"


def _say(text: str) -> None:
    Console().print(escape(text), highlight=False, soft_wrap=True)
