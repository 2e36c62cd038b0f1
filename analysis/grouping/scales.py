"""Runs that are compared of which some count percent and others fractions, or some the negative of the others."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from statistics import median

from ...run import RunHeader
from .design import DesignOf
from .objectives import patterns, range_of

_TIMES = 10  # what lies between a fraction and the same in percent, whatever the optimizer
_PERCENT = frozenset(("%", "percent", "pct"))
_PERCENT_IN_NAME = re.compile(r"(?:%|(?<![a-z])(?:percent|pct))\W*$", re.IGNORECASE)


def tell_scales(title: str, runs: Sequence[RunHeader], every: Sequence[RunHeader], design: DesignOf) -> list[str]:
    """That some of these runs seem to count percent and others fractions, with the line of `report.toml` that mends it.

    Fractions are runs whose values all lie in [0, 1]. Percent are those whose unit or name says so, and those whose
    values all lie in [0, 100] if they are by far the larger ones, with a gap between both.

    Args:
        title: Of their task.
        runs: Runs on one task.
        every: All runs that are compared, of which the line must match no other.
        design: Gives the design of a run.
    """
    values = {id(run): told for run in runs if (told := design(run).values)}
    # what improved alone is of all sizes, and seldom a share
    known = [run for run in runs if id(run) in values and not run.provenance.improvements_only]
    fractions = [run for run in known if _said(run) or (_within(values[id(run)], 1.0) and not _in_percent(run))]
    small = {id(run) for run in fractions}
    percent = [run for run in known if id(run) not in small and (_in_percent(run) or _within(values[id(run)], 100.0))]
    if not fractions or not percent:
        return []
    typical = [median(values[id(run)][1] for run in some) for some in (fractions, percent)]
    if not any(map(_in_percent, percent)):
        # values that pass from one to the other without a gap are of one measure, as those of a function
        gap = min(values[id(run)][1] for run in percent) > max(values[id(run)][2] for run in fractions)
        if not gap or typical[1] <= _TIMES * typical[0]:
            return []
    rules = [f'{{match = {json.dumps(one)}, scale = "percent"}}' for one in patterns(percent, every)]
    who = ", ".join(sorted({run.label for run in percent}))
    return [
        f"{title}: runs of {who} seem to count percent (values around {typical[1]:.3g}), others fractions (around "
        f"{typical[0]:.3g}), and are compared as they are. If so, say it in report.toml: runs = [{', '.join(rules)}]; "
        'if all count the same, say scale = "fraction" of them'
    ]


def tell_signs(title: str, runs: Sequence[RunHeader], every: Sequence[RunHeader], design: DesignOf) -> list[str]:
    """That runs of some optimizers have negative values only and those of others positive only.

    Args:
        title: Of their task.
        runs: Runs on one task.
        every: All runs that are compared, of which the line must match no other.
        design: Gives the design of a run.
    """
    known = [(run, values) for run in runs if (values := design(run).values)]
    negative = [run for run, values in known if values[2] <= 0 > values[0]]
    positive = [run for run, values in known if values[0] >= 0 < values[2]]
    names = {run.label for run in negative}, {run.label for run in positive}
    if not negative or not positive or len(negative) + len(positive) < len(known) or names[0] & names[1]:
        return []
    (low, _), (_, high) = (range_of(some, design) or (0.0, 0.0) for some in (negative, positive))
    # of functions both are as they are; of an error and a negated accuracy the difference is the whole
    if low < -100 or high > 100:
        return []
    whole = "add = 1" if low >= -1 else 'scale = "percent", add = 1' if high <= 1 else "add = 100"
    rules = [f"{{match = {json.dumps(one)}, {whole}}}" for one in patterns(negative, every)]
    return [
        f"{title}: runs of {', '.join(sorted(names[0]))} have negative values only (from {low:.3g}), those of "
        f"{', '.join(sorted(names[1]))} positive only (up to {high:.3g}), and are compared as they are. If they "
        "measure different things (a log loss, an accuracy), give each a task of its own in [[runs]]. If the former "
        f"are the negative of what is better the higher, as an accuracy is of an error, say in report.toml: "
        f"runs = [{', '.join(rules)}]"
    ]


def _said(run: RunHeader) -> bool:
    """Whether a person said what it counts in, so that it counts fractions by now."""
    return "scale" in run.provenance.said


def _in_percent(run: RunHeader) -> bool:
    first = run.objectives[0]
    named = first.unit.casefold() in _PERCENT if first.unit else _PERCENT_IN_NAME.search(first.name) is not None
    return named and not _said(run)


def _within(values: tuple[float, float, float], most: float) -> bool:
    return values[0] >= 0 and values[2] <= most
