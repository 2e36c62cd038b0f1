"""Which tests are counted together where p-values are corrected: those of a task, or those of all tasks of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from ..statistics import tests
from ..statistics.design import ALPHA
from .section import Comparison
from .significance import Pair, Significance, groups_of

Family: TypeAlias = Literal["task", "report"]
"""`task`: Holm's procedure counts the pairs of a task and measure. `report`: those of all tasks, measure by measure."""
FAMILIES: tuple[Family, ...] = ("task", "report")


def counted_together(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The comparisons with the p-values of each measure corrected for the pairs of all tasks, and of all controls."""
    made = {one.section.title: list(one.significance) for one in comparisons}
    for name in dict.fromkeys(measure.name for one in comparisons for measure in one.measures):
        places = [
            (one.section.title, index)
            for one in comparisons
            for index, measure in enumerate(one.measures[: len(one.significance)])
            if measure.name == name
        ]
        corrected = together([made[title][index] for title, index in places])
        for (title, index), significance in zip(places, corrected, strict=True):
            made[title][index] = significance
    return tuple(replace(one, significance=tuple(made[one.section.title])) for one in comparisons)


def together(several: Sequence[Significance]) -> list[Significance]:
    """Tests of several tasks, corrected for all of their pairs by Holm's procedure, and so against the control."""
    pairs = _corrected([pair.p for one in several for pair in one.pairs])
    against = _corrected([each.p for one in several if one.control for each in one.control.against])
    counted = sum(not np.isnan(p) for p in against)
    found: list[Significance] = []
    for one in several:
        rejects = one.friedman is None or one.friedman.p < ALPHA
        own = [_adjusted(pair, pairs.pop(0), rejects=rejects) for pair in one.pairs]
        control = one.control
        if control is not None:
            tested = tuple(replace(each, adjusted=against.pop(0)) for each in control.against)
            control = replace(control, against=tested, counted=counted)
        groups = groups_of(one.optimizers, own) if one.tested else ()
        found.append(replace(one, pairs=tuple(own), control=control, groups=groups))
    return found


def _adjusted(pair: Pair, adjusted: float, *, rejects: bool) -> Pair:
    return replace(pair, adjusted=adjusted, different=bool(rejects and adjusted < ALPHA))


def _corrected(p: Sequence[float]) -> list[float]:
    """Holm's over those that are numbers."""
    values = np.array(p, dtype=float)
    known = ~np.isnan(values)
    values[known] = tests.holm(values[known])
    return values.tolist()
