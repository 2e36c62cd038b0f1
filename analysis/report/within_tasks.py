"""Tests of runs stratified by task: their table, their sentence, how they were made; and what else counts all tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..charts.text import capital, listing, plural
from ..comparison.families import Family, together
from ..comparison.overall import Overall
from ..comparison.section import Comparison
from ..comparison.within_tasks import WithinTasks
from ..statistics.design import ALPHA
from . import captions, tests
from .contents import ReportTable, Row, TextCell
from .references import cite

_MOST_NAMES = 5
NAMES = {
    "runs": "van Elteren's rank-sum tests",
    "clusters": "rank-sum tests of seeds with their runs on all tasks",
    "pairs": "stratified signed-rank tests",
    "paired clusters": "signed-rank tests of seeds with their runs on all tasks",
}
"""Name of the test of each design."""
_HOW = {
    "runs": f"van Elteren's rank-sum test{cite('vanelteren1960combination')}, over all ways to "
    "assign the runs of a task",
    "clusters": "the rank sums of all tasks, over all assignments of seeds, which have a run on every task",
    "pairs": "the signed ranks of all tasks, over all signs of the pairs of equal seeds",
    "paired clusters": "the signed ranks of all tasks, over all signs of the seeds, which have a run on every task",
}


def methods(found: WithinTasks) -> str:
    """What was tested on all tasks together, and how."""
    return (
        "Besides tests with tasks as blocks, which speak of other tasks and need many, pairs are tested by their runs "
        f"on these tasks, stratified by task, which speaks of these tasks alone: {_HOW[found.blocks]}. They are "
        f"corrected for all pairs by Holm's procedure{cite('holm1979simple')}; whether all optimizers may be alike is "
        "tested by "
        "random permutations."
    )


def family_methods(family: Family, comparisons: Sequence[Comparison]) -> str:
    """Which tests are corrected together."""
    if family == "report":
        return (
            "Holm's procedure counts the pairs of all tasks together, for each measure; tests over tasks, and those of "
            "anytime performance, are families of their own."
        )
    rest = " and of each task" if len(comparisons) > 1 else ""
    more = " (with all tasks counted together: encave report --family report)" if len(comparisons) > 1 else ""
    return (
        f"The tests of final values of each measure{rest} are a family of their own in the correction, and so are "
        f"those of anytime performance{more}."
    )


def table(overall: Overall, title: str) -> ReportTable:
    """All pairs, and every optimizer against the control."""
    found = overall.within
    rows = [
        Row(f"{pair.first} against {pair.second}", _cells(overall, pair.first, pair.second, pair.adjusted))
        for pair in found.pairs
    ]
    control = found.control
    if control is not None:
        rows += [
            Row(f"{one.optimizer} against {control} (control)", _cells(overall, one.optimizer, control, one.adjusted))
            for one in found.against
        ]
    caption = (
        f"Tests of {overall.measure} on these {plural(found.tasks, 'task')}, runs stratified by task; the better by "
        f"average rank of runs first. Probability of improvement: its mean over tasks. {_tested(found)}"
        f"{captions.modelled_note(overall.comparisons)}"
    )
    heads = ("Pair", "Probability of improvement", "p, corrected", "Differ")
    return ReportTable(f"{title} stratified tests", caption, heads, rows, frozenset({3}))


def _cells(overall: Overall, first: str, second: str, adjusted: float) -> list[TextCell]:
    pair = overall.significance.pair(first, second)
    chance = pair.improvement if pair.first == first else pair.improvement.turned()
    verdict = "not tested" if math.isnan(adjusted) else "yes" if adjusted < ALPHA else "no"
    return [TextCell(text) for text in (tests.estimate(chance), tests.p_value(adjusted).removeprefix("= "), verdict)]


def _tested(found: WithinTasks) -> str:
    """Which test it is, and what it says of all at once."""
    alike = "" if math.isnan(found.p) else f" {_alike(found)}"
    if not found.tested:
        fewer = any(one.verdict != "not tested" for one in found.against)
        but = "; comparisons with the control alone need fewer, and were made" if fewer else ""
        return f"No pair was tested: that needs {plural(found.enough, 'run')} of each on every task{but}.{alike}"
    exact = "exact" if all(pair.exact for pair in found.pairs) else "approximate"
    return f"{capital(NAMES[found.blocks])} ({exact}, two-sided), Holm-corrected.{alike}"


def _alike(found: WithinTasks) -> str:
    verdict = "not all are alike" if found.p < ALPHA else "all may be alike"
    return f"All {len(found.optimizers)} at once: permutation p {tests.p_value(found.p)}; {verdict}."


def sentences(found: WithinTasks) -> list[str]:
    """Who is better on these tasks, by this test and no other."""
    best, others = found.optimizers[0], found.optimizers[1:]
    ahead = [n for n, rank in zip(found.optimizers, found.ranks, strict=True) if math.isclose(rank, found.ranks[0])]
    leads = f"{listing(ahead)} share" if len(ahead) > 1 else f"{best} has"
    where = f"On these {plural(found.tasks, 'task')}, runs stratified by task"
    if not found.tested:
        told = "" if math.isnan(found.p) else f" {_alike(found)}"
        return [f"{where}, no pair was tested: that needs {plural(found.enough, 'run')} of each on every task.{told}"]
    worse = [name for name in others if found.worse(name, best)]
    close = [name for name in others if name not in worse]
    pairs = plural(len(found.pairs), "pair")
    how = f"{NAMES[found.blocks]}, Holm-corrected for {pairs}" if len(found.pairs) > 1 else NAMES[found.blocks]
    parts: list[str] = []
    if worse:
        parts.append(f"{_who(worse)} {'is' if len(worse) == 1 else 'are'} significantly worse than {best}")
    if close:
        than = "it" if worse else best
        parts.append(f"{_who(close)} {'does' if len(close) == 1 else 'do'} not differ significantly from {than}")
    return [f"{where} ({how}): {leads} the best average rank of runs; {'; '.join(parts)}.", *_against(found)]


def _against(found: WithinTasks) -> list[str]:
    if not found.against:
        return []
    by = {
        verdict: [one.optimizer for one in found.against if one.verdict == verdict]
        for verdict in ("better", "worse", "not different", "not tested")
    }
    told = "; ".join(
        f"{f'significantly {verdict}' if verdict in ('better', 'worse') else verdict}: {_who(names)}"
        for verdict, names in by.items()
        if names
    )
    return [
        f"Against {found.control} on these tasks, corrected for {plural(len(found.against), 'comparison')}, {told}."
    ]


def _who(names: Sequence[str]) -> str:
    return listing(names) if len(names) <= _MOST_NAMES else f"{len(names)} of the others"


def family_sentence(comparisons: Sequence[Comparison], family: Family) -> str | None:
    """How many pairs that differ on their task do so if all tasks are counted; None where that was done or is idle."""
    made = [one.significance[0] for one in comparisons if one.significance]
    tested = sum(not math.isnan(pair.p) for one in made for pair in one.pairs)
    before = [(n, pair) for n, one in enumerate(made) for pair in one.pairs if pair.different]
    if family == "report" or len(made) < 2 or not before:
        return None
    after = together(made)
    lost = [
        f"{pair.first} and {pair.second} on {comparisons[n].section.title}"
        for n, pair in before
        if not after[n].pair(pair.first, pair.second).different
    ]
    kept = len(before) - len(lost)
    rest = "all of them also differ" if not lost else f"{kept or 'none'} also differ{'s' if kept < 2 else ''}"
    named = f" (not {listing(lost)})" if kept and 0 < len(lost) <= _MOST_NAMES else ""
    return (
        f"Of the {plural(len(before), 'pair')} that differ on a task {rest} when Holm's procedure counts all {tested} "
        f"pairs of all tasks{named}."
    )
