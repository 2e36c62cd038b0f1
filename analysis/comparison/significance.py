"""The tests of one comparison: which pairs of optimizers differ, by how much, and who cannot be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ...run.types import Floats
from ..statistics import tests
from ..statistics.design import ALPHA, Choice, StudyDesign, choose_test
from ..statistics.effects import (
    Estimate,
    WinTieLoss,
    bayesian_signed_rank,
    mean_gain,
    probability_of_improvement,
    win_tie_loss,
)
from ..statistics.intervals import Interval
from ..statistics.tests import Friedman
from .control import ControlTests, against_control
from .ranking import expected_ranks, mean_ranks

_FAR = 1e150


@dataclass(frozen=True)
class Practical:
    """Probabilities that, on a new block, the difference most probably is one of three (Benavoli et al., JMLR 18)."""

    rope: float
    """Half-width of the region of practical equivalence, in the measure's unit."""
    better: float
    """The first is better by more than that."""
    equivalent: float
    """The difference is within the region."""
    worse: float
    """The second is better by more than that."""


@dataclass(frozen=True)
class Pair:
    """Two optimizers, the one with the better average rank first."""

    first: str
    """Better by rank."""
    second: str
    """Worse by rank."""
    p: float
    """Two-sided p-value, not corrected; NaN where no test was made. Nemenyi's p is corrected by itself."""
    adjusted: float
    """p-value after the correction for all pairs."""
    different: bool
    """Whether `adjusted` is below 0.05 and, where there is an omnibus test, that one rejects too."""
    favours: int
    """Whom the test's statistic favours: 1 the first, -1 the second, 0 neither."""
    improvement: Estimate
    """Probability that a run of the first is better than one of the second (A12, its mean over tasks)."""
    record: WinTieLoss | None
    """Wins, ties and losses of the first over blocks; None where runs are not paired."""
    gain: Estimate | None
    """By how much the mean over blocks of the first is better, blocks resampled; None where runs are not paired."""
    posterior: Practical | None
    """Bayesian signed-rank test; None without a region of equivalence, and where blocks are none or too few."""

    @property
    def cliffs_delta(self) -> float:
        """P(first is better) - P(second is), over tasks their mean (Cliff, Psychological Bulletin 114, 1993)."""
        return 2 * self.improvement.value - 1


@dataclass(frozen=True)
class OmnibusTest:
    """A test of all optimizers at once, which may say something where pairs cannot be tested."""

    name: str
    """`Friedman` over blocks, or `Kruskal–Wallis` of independent runs."""
    statistic: float
    """Chi-squared, or H."""
    p: float
    """Its p-value."""
    how: str
    """`exact`, `permutation` or `approximate`."""


@dataclass(frozen=True)
class Significance:
    """The tests of one measure."""

    choice: Choice
    """Which test, and why."""
    optimizers: tuple[str, ...]
    """By average rank."""
    ranks: tuple[float, ...]
    """Average rank of each over the blocks."""
    blocks: int
    """Blocks, or the fewest runs of an optimizer where they are not paired."""
    over_tasks: bool
    """Whether the blocks are tasks; else they are seeds, or there are none."""
    friedman: Friedman | None
    """The omnibus test, if there is one."""
    critical_difference: float | None
    """Nemenyi's, if that is the test."""
    pairs: tuple[Pair, ...]
    """All pairs, by the ranks of the first and the second."""
    omnibus: OmnibusTest | None
    """All optimizers at once; None with fewer than three, or where one has a single run or there is one block."""
    control: ControlTests | None
    """Every other optimizer against one that was named; None where none was."""
    groups: tuple[tuple[str, ...], ...]
    """Largest groups of two or more among which no pair differs; empty without a test."""

    @property
    def tested(self) -> bool:
        """Whether a test was made."""
        return self.choice.test != "none"

    def pair(self, a: str, b: str) -> Pair:
        """The pair of these two, in whichever order."""
        return next(pair for pair in self.pairs if {pair.first, pair.second} == {a, b})

    def worse(self, other: str, best: str) -> bool:
        """Whether `other` is significantly worse than `best`."""
        pair = self.pair(other, best)
        return pair.different and pair.favours == (1 if pair.first == best else -1)


def compare_runs(
    samples: Mapping[str, Floats],
    paired: bool,
    rope: float | None = None,
    interval: Interval = "t",
    control: str | None = None,
) -> Significance:
    """Tests of the runs of one task.

    Args:
        samples: Optimizer → value of each run, less is better, NaN for a failed run; in the same order of seeds if
            `paired`.
        paired: Whether all optimizers have the same seeds, each once.
        rope: Half-width of the region of practical equivalence, for the Bayesian test; without it there is none.
        interval: Which intervals effect sizes have.
        control: The optimizer that all others are tested against, besides all pairs.
    """
    design = StudyDesign(len(samples), 1, min(map(len, samples.values())), paired)
    values = list(samples.values())
    mean = mean_ranks(np.stack(values, axis=1)) if paired else expected_ranks(values)
    ranks = dict(zip(samples, mean.tolist(), strict=True))
    return _test({name: [own] for name, own in samples.items()}, samples, ranks, design, False, rope, interval, control)


def compare_over_tasks(
    samples: Mapping[str, Sequence[Floats]],
    rope: float | None = None,
    interval: Interval = "t",
    control: str | None = None,
    *,
    shared: bool = False,
) -> Significance:
    """Tests over tasks: each task is a block, with the median over runs as an optimizer's value.

    The median of Demšar's per-data-set score; a failed run counts as the worst value, so that an optimizer is not
    better for failing. Probabilities of improvement come from the runs themselves.

    Args:
        samples: Optimizer → for each task the values of its runs, less is better, NaN for a failed run.
        rope: As in `compare_runs`, for differences of the medians.
        interval: As in `compare_runs`.
        control: As in `compare_runs`.
        shared: Whether the runs of all tasks have the same seeds in the same order.
    """
    blocks = {
        name: np.array([float(np.median(tests.filled(values))) for values in tasks]) for name, tasks in samples.items()
    }
    mean = mean_ranks(np.stack(list(blocks.values()), axis=1)).tolist()
    tasks = len(next(iter(blocks.values())))
    fewest = min(len(values) for own in samples.values() for values in own)
    design = StudyDesign(len(samples), tasks, fewest, paired=True)
    return _test(
        samples, blocks, dict(zip(samples, mean, strict=True)), design, True, rope, interval, control, shared=shared
    )


def _test(
    runs: Mapping[str, Sequence[Floats]],
    blocks: Mapping[str, Floats],
    ranks: Mapping[str, float],
    design: StudyDesign,
    over_tasks: bool,
    rope: float | None,
    interval: Interval,
    control: str | None,
    *,
    shared: bool = False,
) -> Significance:
    order = tuple(sorted(blocks, key=lambda name: (ranks[name], name)))
    mean = np.array([ranks[name] for name in order])
    n = min(map(len, blocks.values()))
    values = [blocks[name] for name in order]
    choice, paired = choose_test(design), design.paired
    omnibus = tests.friedman(np.stack(values, axis=1)) if choice.test.startswith("friedman") else None
    p, adjusted = _p_values(values, mean, n, choice)
    posterior = _posterior(values, rope) if paired and rope is not None and choice.test != "none" else None
    rejects = omnibus is None or omnibus.p < ALPHA
    pairs = [
        Pair(
            first=a,
            second=b,
            p=float(p[number]),
            adjusted=float(adjusted[number]),
            different=bool(rejects and adjusted[number] < ALPHA),
            favours=_favours(blocks[a], blocks[b], choice),
            improvement=probability_of_improvement(runs[a], runs[b], interval, shared=shared),
            record=win_tie_loss(blocks[a], blocks[b]) if paired else None,
            gain=mean_gain(blocks[a], blocks[b], interval) if paired else None,
            posterior=None if posterior is None else posterior[number],
        )
        for number, (a, b) in enumerate(combinations(order, 2))
    ]
    critical = tests.critical_difference(len(order), n, ALPHA) if choice.test == "friedman-nemenyi" else None
    return Significance(
        choice=choice,
        optimizers=order,
        ranks=tuple(mean.tolist()),
        blocks=n,
        over_tasks=over_tasks,
        friedman=omnibus,
        critical_difference=critical,
        pairs=tuple(pairs),
        omnibus=_omnibus(values, paired),
        control=against_control({name: blocks[name] for name in order}, control, design)
        if control is not None and control in blocks
        else None,
        groups=groups_of(order, pairs) if choice.test != "none" else (),
    )


def _omnibus(values: Sequence[Floats], paired: bool) -> OmnibusTest | None:
    if len(values) < 3 or min(map(len, values)) < 2:
        return None
    if not paired:
        statistic, p = tests.kruskal(values)
        pooled = sum(map(len, values))
        how = "approximate" if pooled > 5 * tests.EXACT_POOLED else "permutation"
        return OmnibusTest("Kruskal–Wallis", statistic, p, how)
    found = tests.friedman(np.stack(values, axis=1))
    return OmnibusTest("Friedman", found.statistic, found.p, "approximate" if found.exact_p is None else "exact")


def _p_values(values: Sequence[Floats], ranks: Floats, n: int, choice: Choice) -> tuple[Floats, Floats]:
    """p-values of all pairs before and after correction."""
    indices = list(combinations(range(len(values)), 2))
    if choice.test == "none":
        nothing = np.full(len(indices), np.nan)
        return nothing, nothing
    if choice.test == "friedman-nemenyi":
        matrix = tests.nemenyi(ranks, n)
        p = np.array([matrix[pair] for pair in indices])
        return p, p
    test = tests.mann_whitney if choice.test == "mann-whitney" else tests.wilcoxon
    p = np.array([test(values[i], values[j]) for i, j in indices])
    return p, tests.holm(p)


def _posterior(values: Sequence[Floats], rope: float) -> list[Practical]:
    gaps = [tests.differences(a, b) for a, b in combinations(values, 2)]
    # a missing run is worse than any number; so far off, no sum of two differences changes its sign
    found = bayesian_signed_rank(np.clip(np.stack(gaps, axis=1), -_FAR, _FAR), rope)
    shares = np.stack((found.better, found.equivalent, found.worse), axis=1)
    return [Practical(rope, *map(float, row)) for row in shares]


def _favours(a: Floats, b: Floats, choice: Choice) -> int:
    """Whom the statistic behind the p-value favours: 1 for `a`, -1 for `b`, 0 for neither."""
    if choice.test == "friedman-nemenyi":
        return 1  # pairs are in order of the ranks that it tests
    return tests.favoured(a, b, choice.test)


def groups_of(order: Sequence[str], pairs: Sequence[Pair]) -> tuple[tuple[str, ...], ...]:
    """Largest groups of optimizers of which no pair differs."""
    place = {name: index for index, name in enumerate(order)}
    different = np.zeros((len(order), len(order)), dtype=bool)
    for pair in pairs:
        i, j = place[pair.first], place[pair.second]
        different[i, j] = different[j, i] = pair.different
    return tuple(tuple(order[i] for i in group) for group in tests.cliques(different))
