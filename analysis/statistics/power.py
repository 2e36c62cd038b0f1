"""How many seeds it would take to tell two optimizers apart, if the runs that there are are typical.

Runs of each are resampled to samples of n, and the share of samples that the test rejects is the power (bootstrap
power; Efron and Tibshirani 1993, chapter 25). The answer is no better than the runs it is from: with few it is
rough.
"""

from __future__ import annotations

import numpy as np

from ...run.types import Floats, Ints
from .design import ALPHA
from .tests import differences, filled, sign_chances, two_sided

POWER = 0.8
"""Share of studies in which a difference is to be found."""
SEEDS = (5, 7, 10, 15, 20, 30, 50, 75, 100)
"""Numbers of seeds that are tried."""
FEWEST = 3
"""Runs of each below which nothing is said."""
_STUDIES = 400
_EXACT = 20  # pairs from which the normal approximation is good enough for a share of studies


def power(a: Floats, b: Floats, n: int, pairs: int, seed: int = 0, *, paired: bool = False) -> float:
    """Share of studies of n runs of each that a test, corrected for `pairs` comparisons, finds different.

    Args:
        a: Values of the runs of one optimizer, less is better, NaN for a failed run.
        b: Of the other.
        n: Runs of each.
        pairs: Comparisons, as in Holm's first step.
        seed: Of the resampling.
        paired: Whether runs are resampled by pairs of equal seeds, and the test is Wilcoxon's and not Mann and
            Whitney's.
    """
    rng = np.random.default_rng(seed)
    if paired:
        drawn = rng.choice(np.arange(len(a)), size=(_STUDIES, n))
        p = paired_p_values(differences(a, b), drawn)
    else:
        ours, theirs = (rng.choice(filled(one), size=(_STUDIES, n)) for one in (a, b))
        p = p_values(ours, theirs)
    return float((p * pairs < ALPHA).mean())


def p_values(ours: Floats, theirs: Floats) -> Floats:
    """Two-sided p-values of Mann-Whitney tests in each row of samples of equal size, shape (studies, n).

    By the normal approximation with ties in its variance and a correction for continuity.
    """
    from scipy.special import ndtr

    n = ours.shape[1]
    pooled = np.concatenate((ours, theirs), axis=1)
    above = (ours[:, :, None] < theirs[:, None, :]).sum(axis=(1, 2)) + 0.5 * (
        ours[:, :, None] == theirs[:, None, :]
    ).sum(axis=(1, 2))
    total = 2 * n
    # of each value the number of its equals, summed: the cubes of the sizes of all ties
    equal = (pooled[:, :, None] == pooled[:, None, :]).sum(axis=2)
    ties = (equal.astype(float) ** 2 - 1).sum(axis=1)
    spread = np.sqrt(np.maximum(n * n / 12 * (total + 1 - ties / (total * (total - 1))), 1e-300))
    z = np.maximum(np.abs(above - n * n / 2) - 0.5, 0.0) / spread
    return 2 * ndtr(-z)


def paired_p_values(gaps: Floats, drawn: Ints) -> Floats:
    """Two-sided p-values of Wilcoxon's signed-rank tests of samples of pairs, as `wilcoxon` has them of one.

    Exact up to 20 differences, else the normal approximation with the correction for ties.

    Args:
        gaps: Difference of each pair, shape (pairs,).
        drawn: Pairs in each sample, shape (studies, n).
    """
    from scipy.special import ndtr

    sizes, group = np.unique(np.abs(gaps), return_inverse=True)
    place = np.arange(len(drawn))[:, None] * len(sizes) + group[drawn]  # one column for all differences of one size
    counts, positive = (
        np.bincount(place.ravel(), weights.ravel(), len(drawn) * len(sizes)).reshape(len(drawn), -1)[:, sizes > 0]
        for weights in (np.ones(drawn.shape), (gaps > 0)[drawn].astype(float))
    )
    ranks = np.cumsum(counts, axis=1) - (counts - 1) / 2
    kept, half = counts.sum(axis=1), (ranks * counts).sum(axis=1) / 2
    ranked = (ranks * positive).sum(axis=1)
    deviation = np.sqrt((ranks**2 * counts).sum(axis=1) / 4)
    p: Floats = 2 * ndtr(-np.abs(ranked - half) / np.where(kept > 0, deviation, 1))
    known: dict[tuple[bytes, float], float] = {}  # of few pairs most samples occur several times
    for row in np.flatnonzero(kept <= _EXACT):
        sample = counts[row].tobytes(), float(ranked[row])
        if sample not in known:
            doubled = np.repeat(2 * ranks[row], counts[row].astype(int)).astype(int)
            chances = sign_chances(tuple(doubled.tolist()))
            known[sample] = two_sided(chances, round(2 * ranked[row])) if len(doubled) else 1.0
        p[row] = known[sample]
    return p


def seeds_needed(a: Floats, b: Floats, pairs: int, *, paired: bool = False) -> int | None:
    """Fewest of `SEEDS` with at least `POWER`; None where even the most have less, or runs are too few to tell."""
    if min(len(a), len(b)) < FEWEST:
        return None
    return next((n for n in SEEDS if power(a, b, n, pairs, paired=paired) >= POWER), None)
