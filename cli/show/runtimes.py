"""What `encave analyze runtimes` prints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape
from rich.table import Table

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
            f"expected running time over {axis.label}, incumbents by {one.curves.rule}, with its 95 % interval "
            "and the runs that hit; area over the curve between the easiest and the hardest target: 1 is best"
        )


def _told(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "–"
    known = math.isfinite(estimate.value) and not math.isnan(estimate.lower)
    return _short(estimate.value) + (f" [{_short(estimate.lower)}, {_short(estimate.upper)}]" if known else "")


def _short(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "∞"
