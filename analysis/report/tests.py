"""The tests in words, and their table of pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..charts.text import capital, fixed, listing, plural
from ..comparison.significance import Pair, Significance
from ..statistics.design import ALPHA
from ..statistics.effects import Estimate, magnitudes

_MOST_NAMES = 5
_SHORT = {
    "wilcoxon": "Wilcoxon signed-rank",
    "friedman-wilcoxon": "Wilcoxon signed-rank, Holm-corrected",
    "friedman-nemenyi": "Nemenyi",
    "mann-whitney": "Mann–Whitney, Holm-corrected",
}
_AGAINST = {**_SHORT, "friedman-nemenyi": "average ranks as normal deviates"}
_NAMES = {
    "wilcoxon": "Wilcoxon's signed-rank test",
    "friedman-wilcoxon": "Friedman's test, then Wilcoxon's signed-rank tests with Holm's correction",
    "friedman-nemenyi": "Friedman's test, then Nemenyi's",
    "mann-whitney": "Mann–Whitney tests with Holm's correction",
}


@dataclass(frozen=True)
class PairRow:
    """One line of the table of pairs, as text."""

    first: str
    """Better by rank."""
    second: str
    """Worse by rank."""
    improvement: str
    """Probability of improvement with its interval."""
    size: str
    """Its size in words, by both ends of the interval; empty over tasks and without an interval."""
    record: str
    """Wins–ties–losses, or a dash."""
    p: str
    """Corrected p-value, or a dash."""
    different: bool
    """Whether the pair differs significantly."""


def name_test(significance: Significance) -> str:
    """The test's name; without a correction where there is one pair only."""
    if significance.choice.test == "mann-whitney" and len(significance.pairs) == 1:
        return "Mann–Whitney test"
    return _NAMES[significance.choice.test]


def units(significance: Significance) -> str:
    """What the test was made on: `10 seeds`, `3 tasks`, `at least 5 runs each`."""
    if significance.over_tasks:
        return plural(significance.blocks, "task")
    if significance.choice.test == "mann-whitney":
        return f"{plural(significance.blocks, 'run')} or more of each"
    return plural(significance.blocks, "seed")


def describe(significance: Significance) -> str:
    """Which test, why, and what the omnibus test says; or why there is none and what would carry one."""
    choice = significance.choice
    if not significance.tested:
        untested = f"No pair was tested. {choice.reason} {choice.suggestion or ''}".strip()
        return " ".join(filter(None, (untested, omnibus_sentence(significance))))
    text = f"{capital(name_test(significance))} ({units(significance)}, two-sided), chosen because {choice.reason}"
    omnibus = significance.friedman
    if omnibus is None:
        return " ".join(filter(None, (text, omnibus_sentence(significance))))
    freedom = len(significance.optimizers) - 1
    how = "approximate" if omnibus.exact_p is None else "exact"
    verdict = "ranks differ" if omnibus.p < ALPHA else "it does not reject equal ranks, so no pair counts as different"
    return f"{text} Friedman: χ²({freedom}) = {omnibus.statistic:.2f}, {how} p {p_value(omnibus.p)}; {verdict}."


def omnibus_sentence(significance: Significance) -> str | None:
    """What the test of all optimizers at once says; None without one."""
    found = significance.omnibus
    if found is None:
        return None
    sign = "χ²" if found.name == "Friedman" else "H"
    verdict = "not all are alike" if found.p < ALPHA else "all may be alike"
    freedom = len(significance.optimizers) - 1
    return (
        f"All {len(significance.optimizers)} at once: {found.name}, {sign}({freedom}) = {found.statistic:.2f}, "
        f"{found.how} p {p_value(found.p)}; {verdict}."
    )


def control_sentence(significance: Significance) -> str | None:
    """Who is better and who worse than the control; None without one."""
    control = significance.control
    if control is None:
        return None
    by = {
        verdict: [one.optimizer for one in control.against if one.verdict == verdict]
        for verdict in ("better", "worse", "not different", "not tested")
    }
    if by["not tested"]:
        suggestion = f" {control.choice.suggestion}" if control.choice.suggestion else ""
        return f"Against {control.control} nothing was tested. {control.choice.reason}{suggestion}"
    told = (
        f"significantly {verdict}: {listing(names)}"
        if verdict in ("better", "worse")
        else f"{verdict}: {listing(names)}"
        for verdict, names in by.items()
        if names
    )
    kind = _AGAINST[control.choice.test].partition(",")[0]
    how = f"{kind}, Holm over {plural(control.counted, 'comparison')}"
    return f"Against {control.control} ({how}), {'; '.join(told)}."


def p_value(p: float) -> str:
    """`= 0.012` or `< 0.001`, with as many digits as show on which side of the level it is; a dash for NaN."""
    if math.isnan(p):
        return "–"
    if p < 0.001 or p >= 0.1:
        return "< 0.001" if p < 0.1 else f"= {p:.2f}"
    texts = (f"{p:.{digits}g}" for digits in range(2, 18))
    return f"= {next(text for text in texts if (float(text) < ALPHA) == (p < ALPHA))}"


def pair_rows(significance: Significance) -> list[PairRow]:
    """The table of pairs."""
    return [
        PairRow(
            first=pair.first,
            second=pair.second,
            improvement=estimate(pair.improvement),
            size="" if significance.over_tasks else size_in_words(pair, significance),
            record="–" if pair.record is None else "–".join(map(str, pair.record)),
            p=p_value(pair.adjusted).removeprefix("= "),
            different=pair.different,
        )
        for pair in significance.pairs
    ]


def size_in_words(pair: Pair, significance: Significance) -> str:
    """How large the probability of improvement is, by both ends of its interval; a size only where the test finds one.

    `unclear` where the two do not differ by the test, or it favours the other one; `not tested` without a test.
    """
    chance = pair.improvement
    if math.isnan(chance.lower):
        return ""
    if not significance.tested:
        return "not tested"
    side = int(math.copysign(1, chance.value - 0.5))
    if not pair.different or pair.favours != side:
        return "unclear"
    if side > 0:
        return magnitudes(Estimate(chance.value, max(chance.lower, 0.5), chance.upper), differ=True)
    return magnitudes(Estimate(chance.value, chance.lower, min(chance.upper, 0.5)), differ=True)


def estimate(found: Estimate) -> str:
    """`0.81 [0.60, 0.93]`; the number alone without an interval."""
    if math.isnan(found.lower):
        return fixed(found.value, 2)
    return f"{fixed(found.value, 2)} [{fixed(found.lower, 2)}, {fixed(found.upper, 2)}]"


def pair_sentence(significance: Significance, best: str, second: str) -> str:
    """How often the best beats the second, and whether that is significant."""
    pair = significance.pair(best, second)
    chance = pair.improvement if pair.first == best else pair.improvement.turned()
    text = f"A run of {best} is better than one of {second} with probability {estimate(chance)}"
    if not significance.tested:
        return f"{text}. {describe(significance)}"
    name = _SHORT[significance.choice.test] if len(significance.pairs) > 1 else name_test(significance)
    return f"{text}; {_verdict(pair, best)} ({name}, p {p_value(pair.adjusted)})."


def _verdict(pair: Pair, best: str) -> str:
    if not pair.different:
        return "the two do not differ significantly"
    favoured = pair.first if pair.favours == 1 else pair.second
    return "the difference is significant" if favoured == best else f"by ranks {favoured} is significantly better"


def others_sentence(significance: Significance, best: str, named: str | None = None) -> str | None:
    """Who is not significantly worse than the best; None without a test, with two optimizers, or if only `named` is."""
    others = [name for name in significance.optimizers if name != best]
    if not significance.tested or len(others) < 2:
        return None
    close = [name for name in others if not significance.worse(name, best)]
    # what is compared with a control alone is corrected for less, and may differ
    than = f"significantly worse than {best}{', with all pairs corrected for' if significance.control else ''}"
    if not close:
        return f"Every other optimizer is significantly worse than {best}."
    if close == [named]:
        return None
    if len(close) == len(others):
        return f"No optimizer is {than}."
    if len(close) > _MOST_NAMES:
        return f"Of the other {len(others)} optimizers {len(close)} are not {than}."
    return f"Not {than}: {listing(close)}."


def overall_sentences(significance: Significance, measure: str) -> list[str]:
    """The summary over tasks."""
    control = control_sentence(significance)
    return [*_overall(significance, measure), *([control] if control else [])]


def _overall(significance: Significance, measure: str) -> list[str]:
    best, rank = significance.optimizers[0], significance.ranks[0]
    tied = [name for name, own in zip(significance.optimizers, significance.ranks, strict=True) if own == rank]
    what = "the best average rank of medians"
    who = f"{listing(tied)} share {what}" if len(tied) > 1 else f"{best} has {what}"
    lead = (
        f"Over {plural(significance.blocks, 'task')} {who} by {measure}: {fixed(rank, 2)} of {len(significance.ranks)}."
    )
    if not significance.tested:
        return [lead, describe(significance)]
    omnibus = significance.friedman
    if omnibus is None:
        return [lead, pair_sentence(significance, best, significance.optimizers[1])]
    if omnibus.p >= ALPHA:
        return [
            lead,
            f"Friedman's test does not reject equal ranks (p {p_value(omnibus.p)}); these tasks do not separate them.",
        ]
    close = others_sentence(significance, best)
    return [lead, f"Friedman's test finds that ranks differ (p {p_value(omnibus.p)}). {close}"]
