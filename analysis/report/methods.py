"""The methods paragraphs of a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...run import Run
from ..bootstrap import RESAMPLES
from ..comparison import Comparison
from .text import listing, plural
from .words import origin

_INCUMBENT = (
    "The incumbent of a run is its successful trial with the lowest cost (validation, as the optimizer was told "
    "it) at the highest budget seen so far: a trial at a higher budget replaces an incumbent chosen at a lower "
    "one, at equal budgets only a strictly lower cost does, and the earliest of equals stays. It changes when a "
    "trial ends. Reported values, such as test errors, are those of the incumbent and never take part in the "
    "choice."
)
_CURVES = (
    "Curves are means of right-continuous step functions over {axes}, exact at every event and never "
    "interpolated. A mean begins where every run with a success has an incumbent; nothing is filled in before. A "
    "run that stops early holds its last incumbent up to its own declared limit (without one, to the end of its "
    "last trial), and the mean ends with the first run to end. Bands are percentile bootstrap intervals of the "
    "mean over runs (95 %, {resamples:,} multinomial resamples, fixed seed)."
)
_FINAL = (
    "Final values are those of the last incumbent of each run; standard deviations have divisor n − 1. Where all "
    "optimizers share their seeds, ranks are taken within each seed and averaged; otherwise the rank is the "
    "expected one when a run of each optimizer is drawn at random. Ties share the mean rank; a run without a "
    "successful trial ranks last. Nothing is averaged over tasks."
)


def describe_methods(comparisons: Sequence[Comparison]) -> list[str]:
    """The rules that were used, then what was compared in each section."""
    axes = listing(sorted({comparison.axis.name for comparison in comparisons}))
    rules = [_INCUMBENT, _CURVES.format(axes=axes, resamples=RESAMPLES), _FINAL]
    return [*rules, *(_setting(comparison) for comparison in comparisons)]


def _setting(comparison: Comparison) -> str:
    section = comparison.section
    runs = listing(f"{group.optimizer} ({plural(len(group.runs), 'run')})" for group in section.groups)
    trials = sum(len(run) for run in section.runs)
    parts = [f"{section.title}: {runs}; {plural(trials, 'trial')}; incumbents chosen by {section.objective.name}"]
    limits = sorted({_limit(run) for run in section.runs if run.metadata.get("limit")})
    if limits:
        parts.append(f"limit {listing(limits)}")
    if section.benchmark:
        digest = str(section.benchmark.get("sha256") or "")
        parts.append(origin(section) + (f" (SHA-256 {digest[:12]}…)" if digest else ""))
    return "; ".join(parts) + "."


def _limit(run: Run) -> str:
    limit: dict[str, Any] = run.metadata["limit"]
    return " and ".join(f"{value:,.10g} {name.replace('_', ' ')}" for name, value in limit.items())
