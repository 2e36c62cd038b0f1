"""How often 95 % intervals hold the truth, for few and many runs: simulated from final regrets of random searches.

    uv run python benchmarks/interval_coverage.py [--benchmark PATH] [--samples 2000]

A population is 20,000 searches on one dataset: random search of so many evaluations, the best after 12 epochs reported
by its validation regret after 200. What is true of the population is known; samples of n runs are drawn from it, and
the table has the share of samples whose interval holds it, the mean over datasets with the least and the greatest.
For the probability of improvement two populations are compared. A dash: so few runs have no such interval.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from encave.analysis.statistics import effects, intervals, simultaneous
from encave.analysis.statistics.intervals import Interval
from encave.analysis.statistics.order_statistics import MEAN, Statistic
from encave.run.nasbench201_space import SIZE
from encave.run.types import Floats
from encave.runners.benchmarks.nasbench201.table import Benchmark, open_benchmark
from encave.runners.benchmarks.nasbench201.task import DATASETS

Populations: TypeAlias = "dict[int, Floats]"

RUNS = (3, 5, 10, 30, 100)
POPULATION = 20_000
EVALUATIONS = (20, 50, 150, 400)
MOMENTS = np.unique(np.geomspace(15, 300, 100).astype(int))  # evaluations, from 5 % of them on
MEDIAN, IQM = Statistic("median"), Statistic("iqm")
KINDS: tuple[Interval, ...] = intervals.INTERVALS


def populations(benchmark: Benchmark, dataset: str) -> Populations:
    """Number of evaluations → validation regret with which each search ends, shape (POPULATION,)."""
    every = np.arange(SIZE)
    search = benchmark.query(every, dataset, schedule=12).valid_error
    final = benchmark.query(every, dataset).valid_error
    regret = np.maximum(final - benchmark.optimum(dataset)["valid_error_200"], 0.0)
    rng = np.random.default_rng(0)
    found: Populations = {}
    for count in EVALUATIONS:
        drawn = rng.integers(SIZE, size=(POPULATION, count))
        found[count] = regret[drawn[np.arange(POPULATION), search[drawn].argmin(axis=1)]]
    return found


def of_statistic(population: Floats, statistic: Statistic, kind: Interval, n: int, samples: int) -> float:
    """Share of samples of n runs whose interval of a statistic holds that of the population; NaN without intervals."""
    drawn = np.random.default_rng(n).choice(population, size=(n, samples))
    lower, upper = intervals.over_runs(drawn, statistic, kind)
    truth = float(statistic.of(population[:, None])[0])
    if np.isnan(lower).any():
        return float("nan")
    return float(((lower <= truth) & (truth <= upper)).mean())


def of_difference(first: Floats, second: Floats, kind: Interval, n: int, samples: int) -> float:
    """The same for the difference of the means of two independent samples."""
    truth = first.mean() - second.mean()
    return _held(
        lambda a, b: intervals.of_difference(a, b, paired=False, kind=kind), truth, first, second, n, samples
    )  # fmt: skip


def of_improvement(first: Floats, second: Floats, kind: Interval, n: int, samples: int) -> float:
    """The same for the probability that a run of the first is better."""
    ordered = np.sort(second)
    below = len(ordered) - np.searchsorted(ordered, first, side="right")
    equal = np.searchsorted(ordered, first, side="right") - np.searchsorted(ordered, first, side="left")
    truth = float((below + equal / 2).mean() / len(ordered))

    def ends(a: Floats, b: Floats) -> tuple[float, float]:
        found = effects.probability_of_improvement([a], [b], kind)
        return found.lower, found.upper

    return _held(ends, truth, first, second, n, samples)


def _held(ends: Any, truth: float, first: Floats, second: Floats, n: int, samples: int) -> float:
    rng = np.random.default_rng(n)
    pairs = zip(rng.choice(first, size=(samples, n)), rng.choice(second, size=(samples, n)), strict=True)
    return float(np.mean([lower <= truth <= upper for lower, upper in (ends(a, b) for a, b in pairs)]))


ROWS: Sequence[tuple[str, Callable[[Populations, Interval, int, int], float]]] = (
    ("mean", lambda known, kind, n, samples: of_statistic(known[150], MEAN, kind, n, samples)),
    ("median", lambda known, kind, n, samples: of_statistic(known[150], MEDIAN, kind, n, samples)),
    ("interquartile mean", lambda known, kind, n, samples: of_statistic(known[150], IQM, kind, n, samples)),
    ("difference of means", lambda known, kind, n, samples: of_difference(known[50], known[150], kind, n, samples)),
    *(
        (
            f"P(improvement), {more} against {less} evaluations",
            lambda known, kind, n, samples, more=more, less=less: of_improvement(
                known[more], known[less], kind, n, min(samples, 1000)
            ),
        )
        for more, less in ((150, 150), (150, 50), (400, 20))
    ),
)
"""What is covered, and the share of samples in which it is."""


def table(benchmark: Benchmark, samples: int, runs: Sequence[int] = RUNS) -> list[str]:
    """Lines of a table in Markdown."""
    known = [populations(benchmark, dataset) for dataset in DATASETS if dataset in benchmark.tasks]
    heads = ["of", "interval", *(f"n = {n}" for n in runs)]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for name, share in ROWS:
        for kind in KINDS:
            cells = [_cell([share(one, kind, n, samples) for one in known]) for n in runs]
            lines.append(f"| {' | '.join([name, kind, *cells])} |")
    return lines


def _cell(shares: Sequence[float]) -> str:
    if np.isnan(shares).any():
        return "–"
    return f"{np.mean(shares):.3f} ({min(shares):.2f}–{max(shares):.2f})"


def paths(benchmark: Benchmark, dataset: str, among: float, seed: int) -> Floats:
    """Validation regret of searches after each of `MOMENTS` evaluations, shape (4000, moments).

    They draw from the best share `among` of the architectures, by their error after 12 epochs.
    """
    every = np.arange(SIZE)
    search = benchmark.query(every, dataset, schedule=12).valid_error
    final = benchmark.query(every, dataset).valid_error
    regret = np.maximum(final - benchmark.optimum(dataset)["valid_error_200"], 0.0)
    pool = np.argsort(search)[: int(among * SIZE)]
    drawn = pool[np.random.default_rng(seed).integers(len(pool), size=(4000, MOMENTS[-1]))]
    costs = search[drawn]
    holder = np.where(costs == np.minimum.accumulate(costs, axis=1), np.arange(MOMENTS[-1]), 0)
    holder = np.maximum.accumulate(holder, axis=1)
    return regret[drawn[np.arange(len(drawn))[:, None], holder]][:, MOMENTS - 1]


def of_band(known: Sequence[Floats], n: int, samples: int) -> float:
    """Share of studies of n runs whose simultaneous bands against the first hold all true differences everywhere."""
    rng = np.random.default_rng(n)
    truth = [other.mean(axis=0) - known[0].mean(axis=0) for other in known[1:]]
    held = 0
    for _ in range(samples):
        control, *others = (own[rng.integers(len(own), size=n)] for own in known)
        bands = simultaneous.differences(others, control, paired=False)
        held += all(
            bool(((band.lower <= value) & (value <= band.upper)).all())
            for band, value in zip(bands, truth, strict=True)
        )
    return held / samples


def band_line(benchmark: Benchmark, samples: int, runs: Sequence[int]) -> str:
    """The line of the table: random search twice, and once among the better third, against random search."""
    known = [
        [paths(benchmark, dataset, share, seed) for seed, share in enumerate((1.0, 1.0, 1 / 3))]
        for dataset in DATASETS
        if dataset in benchmark.tasks
    ]
    cells = [_cell([of_band(one, n, samples) for one in known]) for n in runs]
    return f"| {' | '.join(['differences over time, everywhere at once', 't', *cells])} |"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", type=Path, default=None, help="Parquet table, or the name of an imported one.")
    parser.add_argument("--samples", type=int, default=2000)
    given = parser.parse_args()
    benchmark = open_benchmark(None if given.benchmark is None else str(given.benchmark))
    print("\n".join(table(benchmark, given.samples)))
    print(band_line(benchmark, min(given.samples, 300), RUNS), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
