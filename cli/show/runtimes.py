"""What `encave analyze runtimes` prints."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from .analyze import number
from .common import print_line, print_table

if TYPE_CHECKING:
    from ...analysis.performance.section_runtimes import SectionRuntimes
    from ...analysis.statistics.effects import Estimate

_MOST = 6
"""Targets in a table; the JSON and CSV have all."""


def print_runtimes(found: Sequence[SectionRuntimes]) -> None:
    """A table for each section, a row per optimizer: area, and expected running time to some targets."""
    for one in found:
        values, unit, axis = one.targets.values, one.measure.unit, one.curves.axis
        shown = np.unique(np.linspace(0, len(values) - 1, _MOST).round().astype(int)).tolist()
        heads = [escape(f"to {values[target]:.4g}{f' {unit}' if unit else ''}") for target in shown]
        title = escape(f"{one.curves.section.title}: {one.measure.name}")
        table = Table("optimizer", "runs", "area", *heads, title=title)
        for runtime in one.runtimes:
            cells = [f"{_told(runtime.expected(k))} ({runtime.hits(k)}/{runtime.runs})" for k in shown]
            row = (runtime.optimizer, str(runtime.runs), _told(runtime.area), *cells)
            table.add_row(*map(escape, row))
        print_table(table)
        print_line(
            f"expected running time over {axis.label}, incumbents by {one.curves.summary.rule}, with its 95 % interval "
            "and the runs that hit; area over the curve between the easiest and the hardest target: 1 is best"
        )


def _told(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "–"
    known = math.isfinite(estimate.value) and not math.isnan(estimate.lower)
    return _short(estimate.value) + (f" [{_short(estimate.lower)}, {_short(estimate.upper)}]" if known else "")


def _short(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "∞"


def runtimes_json(found: Sequence[SectionRuntimes]) -> dict[str, Any]:
    """All targets, with the time of every run; null where it was not hit, or a number does not exist or is infinite."""
    return {"runtimes": [record for one in found for record in _records(one)]}


def _records(one: SectionRuntimes) -> Iterator[dict[str, Any]]:
    for runtime in one.runtimes:
        members = one.curves.trajectories[runtime.optimizer]
        expected = [runtime.expected(target) for target in range(len(one.targets.values))]
        yield {
            "section": one.curves.section.title,
            "measure": one.measure.name,
            "unit": one.measure.unit,
            "reference": one.measure.reference,
            "optimizer": runtime.optimizer,
            "axis": one.curves.axis.label,
            "rule": one.curves.summary.rule,
            "targets": one.targets.values.tolist(),
            "hits": [runtime.hits(target) for target in range(len(expected))],
            "expected": [number(own.value) for own in expected],
            "lower_95": [number(own.lower) for own in expected],
            "upper_95": [number(own.upper) for own in expected],
            "area": number(runtime.area.value),
            "area_lower_95": number(runtime.area.lower),
            "area_upper_95": number(runtime.area.upper),
            "runs": [
                {"run": run.run.name, "seed": run.seed, "spent": spent, "times": [number(time) for time in times]}
                for run, spent, times in zip(members, runtime.spent.tolist(), runtime.times.tolist(), strict=True)
            ],
        }
