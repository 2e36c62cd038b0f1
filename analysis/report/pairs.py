"""The table of pairs of optimizers: effect sizes, and the test where one was made."""

from __future__ import annotations

from ..charts.text import fixed, plural
from ..comparison.significance import Pair, Significance
from . import captions, tests
from .contents import Details, Prose, ReportTable, Row, TextCell

_MOST_OPEN = 10


def pairs_block(significance: Significance, title: str, note: str) -> Details:
    """The table, folded away where there are many pairs; its caption ends with the note."""
    rows = tests.pair_rows(significance)
    sized = any(row.size for row in rows)
    paired = any(row.record != "–" for row in rows)  # independent runs have no wins
    bayes = any(pair.posterior for pair in significance.pairs)
    heads = [
        *("Pair", "Probability of improvement", *(["Effect"] if sized else [])),
        *(["Wins–ties–losses"] if paired else []),
        *(["P(better / equal / worse)"] if bayes else []),
        "p, corrected",
    ]
    lines = [
        Row(
            f"{row.first} against {row.second}",
            [
                TextCell(text)
                for text in (
                    *(row.improvement, *([row.size] if sized else []), *([row.record] if paired else [])),
                    *([_posterior(pair)] if bayes else []),
                    *(row.p, _verdict(row)),
                )
            ],
        )
        for row, pair in zip(rows, significance.pairs, strict=True)
    ]
    words = frozenset({len(heads), *({2} if sized else ())})
    caption = captions.pairs_caption(significance, note)
    pairs = ReportTable(f"{title} pairs", caption, [*heads, "Differ"], lines, words)
    how = Prose([f"{title}: {tests.describe(significance)}"])
    return Details(_heading(significance), [how, pairs], open=len(rows) <= _MOST_OPEN)


def control_block(significance: Significance, title: str, note: str) -> list[ReportTable]:
    """The table of all others against the control, its caption with the note; none without one."""
    control = significance.control
    if control is None:
        return []
    rows: list[Row] = []
    for one in control.against:
        pair = significance.pair(one.optimizer, control.control)
        chance = pair.improvement if pair.first == one.optimizer else pair.improvement.turned()
        p = tests.p_value(one.adjusted).removeprefix("= ")
        rows.append(
            Row(one.optimizer, [TextCell(tests.estimate(chance)), TextCell(p), TextCell(one.verdict)], one.optimizer)
        )
    caption = (
        f"{title}: every optimizer against {control.control}, the control. Probability that a run of it is better, "
        f"with its 95 % interval. {tests.control_sentence(significance)}{note}"
    )
    heads = ("Optimizer", "Probability of improvement", "p, corrected", f"Than {control.control}")
    return [ReportTable(f"{title} against {control.control}", caption, heads, rows, frozenset({3}))]


def _posterior(pair: Pair) -> str:
    found = pair.posterior
    return "–" if found is None else " / ".join(fixed(p, 2) for p in (found.better, found.equivalent, found.worse))


def _verdict(row: tests.PairRow) -> str:
    return "yes" if row.different else "no" if row.p != "–" else "not tested"


def _heading(significance: Significance) -> str:
    different, of = sum(pair.different for pair in significance.pairs), plural(len(significance.pairs), "pair")
    if not significance.tested:
        return f"Effect sizes of {of}; no test was made"
    return f"Tests: {different} of {of} {'differs' if different == 1 else 'differ'} significantly"
