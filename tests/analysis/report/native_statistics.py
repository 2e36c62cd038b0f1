"""Intervals, tests and corrections by other means than encave's."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
import pytest
from scipy import optimize, stats

CLOSE = {"rel": 1e-9, "abs": 1e-9}


def student(values: np.ndarray) -> tuple[float, float]:
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean() - half, values.mean() + half


def of_independent_means(samples: Sequence[np.ndarray], level: float = 0.95) -> tuple[float, float]:
    """Welch and Satterthwaite of the sum of means."""
    parts = [one.var(ddof=1) / len(one) for one in samples]
    total, spread = sum(parts), sum(part**2 / (len(one) - 1) for part, one in zip(parts, samples, strict=True))
    centre = sum(one.mean() for one in samples)
    half = stats.t.ppf((1 + level) / 2, total**2 / spread) * np.sqrt(total) if spread > 0 else 0.0
    return centre - half, centre + half


def improvement(a: np.ndarray, b: np.ndarray) -> float:
    gaps = np.subtract.outer(a, b)
    return float((gaps < -1e-12).mean() + (np.abs(gaps) <= 1e-12).mean() / 2)


def newcombe(theta: float, n: int, m: int) -> tuple[float, float]:
    """Roots of |t - theta| = z sqrt(V(t)), Newcombe 2006, method 5."""
    more = (n + m) / 2 - 1

    def outside(t: float) -> float:
        variance = t * (1 - t) * (1 + more * ((1 - t) / (2 - t) + t / (1 + t))) / (n * m)
        return abs(t - theta) - stats.norm.ppf(0.975) * np.sqrt(variance)

    inside = min(max(theta, 1e-9), 1 - 1e-9)  # at 0 and at 1 itself both sides are zero
    low = 0.0 if theta == 0 else optimize.brentq(outside, 1e-13, inside, xtol=1e-14)
    high = 1.0 if theta == 1 else optimize.brentq(outside, inside, 1 - 1e-13, xtol=1e-14)
    return (min(low, 0.5), max(high, 0.5)) if 2 / comb(n + m, n) > 0.05 else (low, high)


def rank_sums(ranks: np.ndarray, n: int) -> dict[int, float]:
    """Twice the sum of n of the ranks → its probability, over all choices, by counting."""
    counts: list[dict[int, int]] = [{0: 1}, *({} for _ in range(n))]
    for rank in (2 * ranks).round().astype(int).tolist():
        for size in range(n, 0, -1):
            for total, ways in counts[size - 1].items():
                counts[size][total + rank] = counts[size].get(total + rank, 0) + ways
    return {total: ways / comb(len(ranks), n) for total, ways in counts[n].items()}


def two_sided(chances: dict[int, float], seen: int) -> float:
    below = sum(chance for total, chance in chances.items() if total <= seen)
    above = sum(chance for total, chance in chances.items() if total >= seen)
    return min(1.0, 2 * min(below, above))


def mann_whitney(a: np.ndarray, b: np.ndarray) -> float:
    pooled = np.concatenate([a, b]).round(12)
    if len(pooled) > 40:
        return float(stats.mannwhitneyu(a.round(12), b.round(12), method="asymptotic").pvalue)
    ranks = stats.rankdata(pooled)
    return two_sided(rank_sums(ranks, len(a)), round(2 * ranks[: len(a)].sum()))


def holm(p: Sequence[float]) -> np.ndarray:
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(np.array(p)[order] * np.arange(len(p), 0, -1))
    return np.minimum(steps, 1)[np.argsort(order, kind="stable")]


def weights(n: int) -> np.ndarray:
    """The bootstrap's draws, as docs/analysis.md has them: 1,000 multinomial ones with a fixed seed."""
    return np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=1000)


def near(told: object, known: object, **tolerance: float) -> None:
    assert told == pytest.approx(known, **(tolerance or CLOSE), nan_ok=True)
