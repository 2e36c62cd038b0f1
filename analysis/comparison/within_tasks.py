"""Tests of the runs on all tasks together, stratified by task: of these tasks, however few, and of no others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..statistics import stratified, tests
from ..statistics.design import ALPHA, needed
from ..statistics.stratified import Blocks, Stratified
from ..statistics.tests import Floats
from .control import Against
from .ranking import expected_ranks, mean_ranks


@dataclass(frozen=True)
class PairWithin:
    """Two optimizers, the one with the better average rank of runs first."""

    first: str
    """Better by rank."""
    second: str
    """Worse by rank."""
    p: float
    """Two-sided p-value, not corrected; NaN where no test was made."""
    adjusted: float
    """Corrected for all pairs by Holm's procedure."""
    favours: int
    """Whom the statistic favours: 1 the first, -1 the second, 0 neither."""
    exact: bool
    """Whether over all permutations."""

    @property
    def different(self) -> bool:
        """Whether the two differ at the level."""
        return self.adjusted < ALPHA


@dataclass(frozen=True)
class WithinTasks:
    """The tests of one measure."""

    blocks: Blocks
    """What is permuted."""
    tasks: int
    """How many there are."""
    runs: int
    """Fewest runs of an optimizer on a task."""
    optimizers: tuple[str, ...]
    """By average rank of runs."""
    ranks: tuple[float, ...]
    """Mean over tasks of the average rank of the runs of each, as it ends the curves of ranks over time."""
    statistic: float
    """Of all optimizers at once."""
    p: float
    """Its p-value by random permutations; NaN with two optimizers or one run."""
    pairs: tuple[PairWithin, ...]
    """All pairs, by the ranks of the first and the second."""
    control: str | None
    """The optimizer that was named."""
    against: tuple[Against, ...]
    """Every other one against it, corrected for k - 1; empty without a control."""
    enough: int
    """With how many runs of each on every task pairs can be tested."""

    @property
    def tested(self) -> bool:
        """Whether pairs were tested."""
        return self.runs >= self.enough

    def worse(self, other: str, best: str) -> bool:
        """Whether `other` is significantly worse than `best`."""
        pair = next(pair for pair in self.pairs if {pair.first, pair.second} == {other, best})
        return pair.different and pair.favours == (1 if pair.first == best else -1)


def compare_within_tasks(
    samples: Mapping[str, Sequence[Floats]], *, paired: bool, shared: bool, control: str | None = None
) -> WithinTasks:
    """Test the runs of all tasks, each with the weight of its rank sums.

    Args:
        samples: Optimizer → for each task the values of its runs, less is better, NaN for a failed run.
        paired: Whether all optimizers have the same seeds on a task, in the same order.
        shared: Whether the runs of all tasks have the same seeds in the same order, which are then clusters.
        control: The optimizer that all others are compared with, besides all pairs.
    """
    blocks = _blocks(paired=paired, shared=shared)
    tasks = len(next(iter(samples.values())))
    runs = min(len(values) for own in samples.values() for values in own)
    rank = _ranks(samples, paired=paired)
    order = tuple(sorted(samples, key=lambda name: (rank[name], name)))
    able = runs > 1 and len(order) > 2
    statistic, p = stratified.compare_all([samples[name] for name in order], blocks) if able else (math.nan, math.nan)

    def smallest(n: int) -> float:
        return stratified.smallest(blocks, tasks, n)

    pairs = list(combinations(order, 2))
    enough = needed(smallest, len(pairs))
    found = _tests(pairs, samples, blocks) if runs >= enough else [_NONE] * len(pairs)
    adjusted = tests.holm([one.p for one in found]) if runs >= enough else np.full(len(pairs), np.nan)
    named = control if control in samples else None
    return WithinTasks(
        *(blocks, tasks, runs, order, tuple(rank[name] for name in order), statistic, p),
        pairs=tuple(
            PairWithin(*pair, one.p, float(corrected), one.favours, one.exact)
            for pair, one, corrected in zip(pairs, found, adjusted, strict=True)
        ),
        control=named,
        against=_against(named, order, samples, blocks, smallest) if named else (),
        enough=enough,
    )


_NONE = Stratified(math.nan, 0, exact=False)


def _blocks(*, paired: bool, shared: bool) -> Blocks:
    if paired:
        return "paired clusters" if shared else "pairs"
    return "clusters" if shared else "runs"


def _ranks(samples: Mapping[str, Sequence[Floats]], *, paired: bool) -> dict[str, float]:
    values = list(samples.values())
    each = [
        mean_ranks(np.stack([own[task] for own in values], axis=1))
        if paired
        else expected_ranks([own[task] for own in values])
        for task in range(len(values[0]))
    ]
    return dict(zip(samples, np.mean(each, axis=0).tolist(), strict=True))


def _tests(
    pairs: Sequence[tuple[str, str]], samples: Mapping[str, Sequence[Floats]], blocks: Blocks
) -> list[Stratified]:
    return [stratified.compare_two(samples[one], samples[other], blocks) for one, other in pairs]


def _against(
    control: str,
    order: Sequence[str],
    samples: Mapping[str, Sequence[Floats]],
    blocks: Blocks,
    smallest: Callable[[int], float],
) -> tuple[Against, ...]:
    others = [name for name in order if name != control]
    fewest = min(len(values) for own in samples.values() for values in own)
    if fewest < needed(smallest, len(others)):
        return tuple(Against(name, math.nan, math.nan, 0) for name in others)
    found = _tests([(name, control) for name in others], samples, blocks)
    adjusted = tests.holm([one.p for one in found])
    return tuple(
        Against(name, one.p, float(corrected), one.favours)
        for name, one, corrected in zip(others, found, adjusted, strict=True)
    )
