"""Hypothesis tests over blocks (tasks or seeds) and between samples, and their corrections.

Everywhere less is better and NaN (a run without a result) is worse than any number and ties with NaN. Small samples get
exact distributions, conditional on the ties that are there; large ones get the normal approximations of scipy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from ...run.types import Floats

EXACT_PAIRS = 50
"""Up to so many non-zero differences the signed-rank distribution is exact (as in scipy)."""
EXACT_POOLED = 40
"""Up to so many values in both samples together the rank-sum distribution is exact."""
_EXACT_WORK = 6e7  # additions for the exact distribution of Friedman's statistic: about a tenth of a second


@dataclass(frozen=True)
class Friedman:
    """Friedman's test of equal average ranks."""

    ranks: Floats
    """Average rank of each method, shape (k,); 1 is best."""
    blocks: int
    """Blocks (tasks or seeds)."""
    statistic: float
    """Chi-squared with k - 1 degrees of freedom, corrected for ties."""
    chi2_p: float
    """Its p-value by the chi-squared approximation, which is rough for few blocks."""
    exact_p: float | None
    """Its p-value over all orders within each block; None where that is too much to count."""
    f_statistic: float
    """The less conservative F of Iman and Davenport (1980); infinite if all blocks agree."""
    f_p: float
    """Its p-value, with k - 1 and (k - 1)(n - 1) degrees of freedom."""

    @property
    def p(self) -> float:
        """The exact p-value where it is known, else that of chi-squared."""
        return self.chi2_p if self.exact_p is None else self.exact_p


def filled(values: Floats) -> Floats:
    """The values with infinity for NaN."""
    return np.where(np.isnan(values), np.inf, values)


def ranks(values: Floats) -> Floats:
    """Rank of each value within its row, shape (n, k) like `values`; ties share the mean of their ranks."""
    known = filled(values)
    less = (known[:, None, :] < known[:, :, None]).sum(axis=2)
    equal = (known[:, None, :] == known[:, :, None]).sum(axis=2)
    return less + (equal + 1) / 2


def ranks_of(values: Floats) -> Floats:
    """Rank of each of many values, shape (n,), as `ranks` has it of a row, in n log n."""
    _, inverse, counts = np.unique(filled(values), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def friedman(values: Floats) -> Friedman:
    """Friedman's test of `values`, shape (n, k): n blocks of k methods.

    Chi-squared of Friedman (1937) as in Demšar, JMLR 7, 2006, section 3.2.2, divided by the usual correction for ties
    (Hollander and Wolfe 1999, section 7.1), with the F of Iman and Davenport (1980) from it.

    Raises:
        ValueError: fewer than three methods or two blocks.
    """
    from scipy.special import chdtrc, fdtrc

    n, k = values.shape
    if k < 3 or n < 2:
        raise ValueError(f"Friedman's test needs three methods and two blocks, not {k} and {n}")
    table = ranks(values)
    mean = table.mean(axis=0)
    largest = n * (k - 1)  # chi-squared if all blocks agree
    within = float(((table - (k + 1) / 2) ** 2).sum())
    # k n^2 var(mean ranks) / within is the statistic with the correction for ties in its denominator
    statistic = largest * n * float(((mean - (k + 1) / 2) ** 2).sum()) / within if within else 0.0
    ratio = (n - 1) * statistic / (largest - statistic) if statistic < largest * (1 - 1e-12) else math.inf
    f_p = float(fdtrc(k - 1, (k - 1) * (n - 1), ratio)) if math.isfinite(ratio) else 0.0
    return Friedman(mean, n, statistic, float(chdtrc(k - 1, statistic)), _friedman_exact(table), ratio, f_p)


def _friedman_exact(table: Floats) -> float | None:
    """P(statistic at least as large) when each row of ranks, shape (n, k), is put in any order.

    Counts the ways to each vector of rank sums block by block; the last sum follows from the others.
    """
    n, k = table.shape
    steps = 2 * table if (table % 1).any() else table
    steps = (steps - steps.min()).astype(int)
    size = int(steps.max(axis=1).sum()) + 1
    if size ** (k - 1) * math.factorial(k) * n > _EXACT_WORK:
        return None
    share = np.zeros((size,) * (k - 1))
    share[(0,) * (k - 1)] = 1.0
    for row in steps.tolist():
        orders = [order[:-1] for order in set(permutations(row))]
        moved = np.zeros_like(share)
        for order in orders:
            moved[tuple(slice(step, None) for step in order)] += share[tuple(slice(size - step) for step in order)]
        share = moved / len(orders)
    sums = np.indices(share.shape)
    sums = np.concatenate((sums, steps.sum() - sums.sum(axis=0, keepdims=True)))
    distance = ((sums - steps.sum() / k) ** 2).sum(axis=0)
    observed = float(((steps.sum(axis=0) - steps.sum() / k) ** 2).sum())
    return min(1.0, float(share[distance >= observed * (1 - 1e-9)].sum()))


def studentized_range_sf(q: Floats, k: int) -> Floats:
    r"""P(Q >= q), any shape, for the range of k standard normal values (infinite degrees of freedom).

    $1 - k \int \varphi(z) [\Phi(z) - \Phi(z - q)]^{k-1} dz$ by Gauss-Legendre quadrature.
    """
    from scipy.special import ndtr

    nodes, weights = _legendre()
    density = weights * np.exp(-(nodes**2) / 2) / math.sqrt(2 * math.pi)
    inside = ndtr(nodes) - ndtr(nodes - np.asarray(q, dtype=float)[..., None])
    return np.maximum(1 - k * (inside ** (k - 1)) @ density, 0.0)  # of many values it may be -1e-13


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    nodes, weights = leggauss(160)
    return 9 * nodes, 9 * weights


def nemenyi(mean_ranks: Floats, blocks: int) -> Floats:
    """p-value of each pair of methods, shape (k, k), from average ranks over blocks (Nemenyi 1963; Demšar 2006)."""
    k = len(mean_ranks)
    difference = np.abs(mean_ranks[:, None] - mean_ranks)
    return studentized_range_sf(difference / math.sqrt(k * (k + 1) / (12 * blocks)), k)


@lru_cache(maxsize=64)
def critical_difference(k: int, blocks: int, alpha: float = 0.05) -> float:
    """Difference of average ranks from which Nemenyi's test rejects: CD of Demšar 2006, section 3.2.2."""
    low, high = 0.0, 20.0
    for _ in range(60):  # bisection to the last bit that matters
        middle = (low + high) / 2
        low, high = (middle, high) if studentized_range_sf(np.array([middle]), k)[0] > alpha else (low, middle)
    return high * math.sqrt(k * (k + 1) / (12 * blocks))


def differences(a: Floats, b: Floats) -> Floats:
    """`a - b` of paired values, shape (n,); two missing values differ by nothing."""
    a, b = filled(a), filled(b)
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, a - b)


def wilcoxon(a: Floats, b: Floats) -> float:
    """Two-sided p-value of Wilcoxon's signed-rank test of paired values, each shape (n,); zeros are dropped.

    Exact up to `EXACT_PAIRS` differences, also with ties (all signs of the same absolute ranks), else the normal
    approximation with the correction for ties. 1 if no pair differs (Wilcoxon 1945).
    """
    kept = differences(a, b)
    kept = kept[kept != 0]
    if not len(kept):
        return 1.0
    sizes = ranks_of(np.abs(kept))
    positive = float(sizes[kept > 0].sum())
    if len(kept) > EXACT_PAIRS:
        deviation = math.sqrt(float((sizes**2).sum()) / 4)
        return two_sided_normal(abs(positive - float(sizes.sum()) / 2) / deviation)
    chances = sign_chances(tuple(np.sort(2 * sizes).astype(int).tolist()))
    return two_sided(chances, round(2 * positive))


@lru_cache(maxsize=512)
def sign_chances(doubled: tuple[int, ...]) -> Floats:
    """P(sum = s) for s = 0, 1, ... of twice the ranks that get a positive sign, each with probability one half."""
    share = np.zeros(sum(doubled) + 1)
    share[0] = 1.0
    reach = 0
    for rank in doubled:
        moved = share[: reach + 1].copy()
        share[: reach + 1] /= 2
        share[rank : rank + reach + 1] += moved / 2
        reach += rank
    return share


def two_sided(chances: Floats, at: int) -> float:
    """Two-sided p-value of a sum, twice the smaller tail, from P(sum = s) for s = 0, 1, ..."""
    # both tails summed, so that a small one keeps its digits
    return float(min(1.0, 2 * min(chances[: at + 1].sum(), chances[at:].sum())))


def two_sided_normal(z: float) -> float:
    """Two-sided p-value of a normal deviate's absolute value; 1 where a correction makes that negative."""
    return min(1.0, math.erfc(z / math.sqrt(2)))


def mann_whitney(a: Floats, b: Floats) -> float:
    """Two-sided p-value of the Mann-Whitney U test of independent samples, shapes (n,) and (m,).

    Exact up to `EXACT_POOLED` values in all, also with ties (all choices of n of the pooled ranks), else the normal
    approximation with corrections for ties and continuity (Mann and Whitney 1947).
    """
    n, m = len(a), len(b)
    pooled = ranks_of(np.concatenate((a, b)))
    total = float(pooled[:n].sum())
    if n + m <= EXACT_POOLED:
        chances = assignment_chances(tuple(np.sort(2 * pooled).astype(int).tolist()), n)
        return two_sided(chances, round(2 * total))
    spread = float(((pooled - (n + m + 1) / 2) ** 2).sum()) * n * m / ((n + m) * (n + m - 1))
    if not spread:
        return 1.0
    return two_sided_normal((abs(total - n * (n + m + 1) / 2) - 0.5) / math.sqrt(spread))


@lru_cache(maxsize=512)
def assignment_chances(doubled: tuple[int, ...], n: int) -> Floats:
    """P(sum = s) for s = 0, 1, ... of twice the ranks of n values drawn from all without replacement."""
    ways = np.zeros((n + 1, sum(doubled[-n:]) + 1))
    ways[0, 0] = 1.0
    for rank in doubled:
        ways[1:, rank:] += ways[:-1, : ways.shape[1] - rank].copy()
    return ways[n] / math.comb(len(doubled), n)


def kruskal(samples: Sequence[Floats], permutations: int = 9_999, seed: int = 0) -> tuple[float, float]:
    """Kruskal and Wallis' H (1952), corrected for ties, of independent samples, and its p-value.

    The p-value is that of random assignments of the pooled ranks to the samples, (1 + those with an H as large) / (1 +
    all); for more than `EXACT_POOLED` times five values that of chi-squared.
    """
    from scipy.special import chdtrc

    sizes = np.array([len(one) for one in samples])
    pooled, total = ranks_of(np.concatenate(samples)), int(sizes.sum())
    spread = float(((pooled - (total + 1) / 2) ** 2).sum())
    if not spread:
        return 0.0, 1.0
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))

    def statistic(table: Floats) -> Floats:
        means = np.add.reduceat(table, starts, axis=1) / sizes
        return (total - 1) * (sizes * (means - (total + 1) / 2) ** 2).sum(axis=1) / spread

    observed = float(statistic(pooled[None])[0])
    if total > 5 * EXACT_POOLED:
        return observed, float(chdtrc(len(samples) - 1, observed))
    drawn = np.random.default_rng(seed).permuted(np.tile(pooled, (permutations, 1)), axis=1)
    as_large = int((statistic(drawn) >= observed * (1 - 1e-9)).sum())
    return observed, (1 + as_large) / (1 + permutations)


def favoured(a: Floats, b: Floats, test: str) -> int:
    """Whom the statistic of a test of two favours, one of `design.Test`: 1 for `a`, -1 for `b`, 0 for neither."""
    if test == "none":
        return 0
    if test == "mann-whitney":
        pooled = ranks_of(np.concatenate((a, b)))
        return int(np.sign(pooled[len(a) :].mean() - pooled[: len(a)].mean()))
    gap = differences(a, b)
    gap = gap[gap != 0]
    return -int(np.sign((np.sign(gap) * ranks_of(np.abs(gap))).sum())) if len(gap) else 0


def holm(p: Sequence[float] | Floats) -> Floats:
    """p-values adjusted for their number by Holm's step-down procedure (1979), shape (m,) in the order given."""
    values = np.asarray(p, dtype=float)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def cliques(different: NDArray[np.bool_]) -> tuple[tuple[int, ...], ...]:
    """Largest groups of two or more methods of which no pair differs, from a symmetric matrix of shape (k, k).

    They are the maximal cliques of the graph of pairs that do not differ (Bron and Kerbosch 1973), each ascending,
    sorted. The bars of a critical-difference diagram join them.
    """
    near = [set(np.flatnonzero(~row).tolist()) - {i} for i, row in enumerate(different)]
    found: list[tuple[int, ...]] = []

    def extend(group: set[int], candidates: set[int], done: set[int]) -> None:
        if not candidates and not done and len(group) > 1:
            found.append(tuple(sorted(group)))
        pivot = max(candidates | done, key=lambda i: len(near[i] & candidates), default=-1)
        for i in sorted(candidates - near[pivot]) if pivot >= 0 else ():
            extend(group | {i}, candidates & near[i], done & near[i])
            candidates = candidates - {i}
            done = done | {i}

    extend(set(), set(range(len(near))), set())
    return tuple(sorted(found))
