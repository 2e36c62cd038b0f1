r"""Tests of runs on several tasks, stratified by task: what is compared is compared within each task only.

They say whether optimizers differ on these tasks, from all runs, and nothing of other tasks; tests with tasks as blocks
(`tests.friedman`) speak of other tasks and need many. Everywhere less is better and NaN is the worst.

* Independent runs: van Elteren's test, the rank sums of all tasks with the weights $1 / (N_j + 1)$ (P. van Elteren, "On
  the combination of independent two-sample tests of Wilcoxon", Bulletin of the ISI 37, 1960), over all assignments of
  the runs of a task to the two optimizers.
* Runs paired by seed: signed ranks of each task with the weights $1 / (n_j + 1)$, over all signs.
* Seeds that are shared between tasks are clusters: what is assigned, or gets a sign, is a seed with its runs on all
  tasks, and its score is the weighted sum of its ranks.

Exact where all tasks have as many runs, so that scores are whole numbers, and there are not too many; else by the
normal approximation with the variance of these permutations, which has ties in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal, TypeAlias

import numpy as np

from .tests import (
    EXACT_PAIRS,
    EXACT_POOLED,
    Floats,
    assignment_chances,
    differences,
    ranks,
    ranks_of,
    sign_chances,
    two_sided,
    two_sided_normal,
)

Blocks: TypeAlias = Literal["runs", "pairs", "clusters", "paired clusters"]
"""What is permuted within a task, or with its runs on all tasks: single runs, or pairs of equal seeds."""
PERMUTATIONS = 9_999
_MOST_DRAWN = 20_000_000  # values of all permutations together
_EXACT_STRATA = 20


@dataclass(frozen=True)
class Stratified:
    """The test of two optimizers."""

    p: float
    """Two-sided."""
    favours: int
    """1 where the statistic favours the first, -1 the second, 0 neither."""
    exact: bool
    """Whether over all permutations; else a normal approximation."""


def smallest(blocks: Blocks, tasks: int, runs: int) -> float:
    """Smallest two-sided p-value that so many runs of each on every task can give."""
    units = runs if blocks.endswith("clusters") else runs * tasks
    if blocks.startswith("pair"):
        return min(1.0, 2.0 ** (1 - units))
    return min(1.0, 2.0 * math.comb(2 * runs, runs) ** -(1 if blocks == "clusters" else tasks))


def compare_two(a: Sequence[Floats], b: Sequence[Floats], blocks: Blocks) -> Stratified:
    """Test whether one of two optimizers is better on these tasks.

    Args:
        a: Values of the runs on each task, less is better.
        b: The same of the other, tasks in the same order; of pairs also the seeds, of clusters all tasks have them.
        blocks: What is permuted.
    """
    if blocks.startswith("pair"):
        scores, weights = _signed(a, b)
        units = [_together(scores, weights)] if blocks == "paired clusters" else _scaled(scores, weights)
        return _over_signs(np.concatenate(units))
    scores, weights = _pooled(a, b)
    strata = [_together(scores, weights)] if blocks == "clusters" else _scaled(scores, weights)
    sizes = [len(own) for own in a][: len(strata)]
    return _over_assignments(strata, sizes)


def _signed(a: Sequence[Floats], b: Sequence[Floats]) -> tuple[list[Floats], Floats]:
    """Twice the signed ranks of each task, positive where the first is worse; and the weights."""
    gaps = [differences(ours, theirs) for ours, theirs in zip(a, b, strict=True)]
    scores: list[Floats] = []
    for gap in gaps:
        own, some = np.zeros(len(gap)), gap != 0
        own[some] = 2 * ranks_of(np.abs(gap[some])) * np.sign(gap[some])
        scores.append(own)
    return scores, np.array([1 / (len(gap) + 1) for gap in gaps])


def _pooled(a: Sequence[Floats], b: Sequence[Floats]) -> tuple[list[Floats], Floats]:
    """Twice the pooled ranks of each task, those of the first optimizer first; and van Elteren's weights."""
    scores = [2 * ranks_of(np.concatenate((ours, theirs))) for ours, theirs in zip(a, b, strict=True)]
    return scores, np.array([1 / (len(own) + 1) for own in scores])


def _scaled(scores: Sequence[Floats], weights: Floats) -> list[Floats]:
    """Scores times their weights; whole numbers where these are all the same."""
    same = len(set(weights.tolist())) == 1
    return [own if same else own * weight for own, weight in zip(scores, weights, strict=True)]


def _together(scores: Sequence[Floats], weights: Floats) -> Floats:
    """One score for each cluster: clusters have a run on every task, so the weights are all the same."""
    return np.sum(_scaled(scores, weights), axis=0)


def _over_signs(scores: Floats) -> Stratified:
    kept = np.abs(scores[scores != 0])
    total = float(scores.sum())
    if not len(kept):
        return Stratified(1.0, 0, exact=True)
    favours = -int(np.sign(total))
    if len(kept) > 2 * EXACT_PAIRS or not _whole(kept):
        return Stratified(two_sided_normal(abs(total) / math.sqrt(float((kept**2).sum()))), favours, exact=False)
    chances = sign_chances(tuple(np.sort(kept).astype(int).tolist()))
    return Stratified(two_sided(chances, round(float(scores[scores > 0].sum()))), favours, exact=True)


def _over_assignments(strata: Sequence[Floats], sizes: Sequence[int]) -> Stratified:
    """Each stratum has the scores of the first optimizer first, of which `sizes` says how many there are."""
    total = sum(float(own[:n].sum()) for own, n in zip(strata, sizes, strict=True))
    away = total - sum(n * float(own.mean()) for own, n in zip(strata, sizes, strict=True))
    favours = -int(np.sign(round(away, 9)))
    small = max(map(len, strata)) <= EXACT_POOLED and len(strata) <= _EXACT_STRATA
    if small and all(map(_whole, strata)):
        each = [
            assignment_chances(tuple(np.sort(own).astype(int).tolist()), n)
            for own, n in zip(strata, sizes, strict=True)
        ]
        return Stratified(two_sided(reduce(np.convolve, each), round(total)), favours, exact=True)
    variance = sum(
        n * (len(own) - n) / (len(own) * (len(own) - 1)) * float(((own - own.mean()) ** 2).sum())
        for own, n in zip(strata, sizes, strict=True)
    )
    if not variance:
        return Stratified(1.0, 0, exact=False)
    return Stratified(two_sided_normal(abs(away) / math.sqrt(variance)), favours, exact=False)


def _whole(scores: Floats) -> bool:
    return bool((scores == np.round(scores)).all())


def compare_all(samples: Sequence[Sequence[Floats]], blocks: Blocks, seed: int = 0) -> tuple[float, float]:
    """Whether all of k optimizers may be alike on these tasks: the statistic, and its p-value by permutations.

    The statistic is the sum over optimizers of the squared distance of the mean over tasks of its mean rank, in units
    of the number of ranked values, from that of all: ranks are within each task, or within each seed of it where runs
    are paired. At most 9,999 random permutations, (1 + those with as large a one) / (1 + all).

    Args:
        samples: For each optimizer the values of its runs on each task.
        blocks: What is permuted.
        seed: Of the permutations.
    """
    k, tasks = len(samples), len(samples[0])
    sizes = [[len(own[task]) for own in samples] for task in range(tasks)]
    count = max(999, min(PERMUTATIONS, _MOST_DRAWN // sum(map(sum, sizes))))
    paired, joint = blocks.startswith("pair"), blocks.endswith("clusters")
    observed, drawn = np.zeros(k), np.zeros((count, k))
    for task in range(tasks):
        rng = np.random.default_rng([seed, 0 if joint else task])  # clusters move together on all tasks
        own = [one[task] for one in samples]
        mean, permuted = (_within_seeds if paired else _within_task)(own, count, rng)
        observed += mean / tasks
        drawn += permuted / tasks
    statistic = float(((observed - observed.mean()) ** 2).sum())
    as_large = int(
        (((drawn - drawn.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) >= statistic * (1 - 1e-9) - 1e-12).sum()
    )
    return statistic, (1 + as_large) / (1 + count)


def _within_seeds(own: Sequence[Floats], count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    table = ranks(np.stack(own, axis=1)) / (len(own) + 1)
    order = np.argsort(rng.random((count, *table.shape)), axis=2)
    return table.mean(axis=0), np.take_along_axis(table[None], order, axis=2).mean(axis=1)


def _within_task(own: Sequence[Floats], count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    sizes = np.array([len(one) for one in own])
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    pooled = ranks_of(np.concatenate(own)) / (sizes.sum() + 1)
    order = np.argsort(rng.random((count, len(pooled))), axis=1)
    return np.add.reduceat(pooled, starts) / sizes, np.add.reduceat(pooled[order], starts, axis=1) / sizes
