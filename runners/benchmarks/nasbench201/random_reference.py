"""What random search is expected to reach on a table: its anytime curve from the table alone, without running it.

Random search draws architectures uniformly. Its incumbent is the one with the lowest search error (here after the
12-epoch schedule), the first drawn of those that tie; what is reported of the incumbent is another column, its error
after 200 epochs. Sort the N architectures by search error into groups of equal error, and let T(g) be the number of
those in group g or worse. After n draws the incumbent is in group g with probability

    (T(g) / N)^n - (T(g+1) / N)^n                  with replacement,
    C(T(g), n) / C(N, n) - C(T(g+1), n) / C(N, n)  without,

and, since draws are exchangeable, it is each member of the group with the same probability. That is the exact
distribution of the reported value after n evaluations (order statistics; David & Nagaraja, "Order Statistics", 2003,
section 2), from which mean and quantiles follow.

Over simulated time there is no such closed form: evaluations differ in cost, so the number that are done by a time is
random, and it depends on what was drawn. To first order, n evaluations take n times the mean cost. What the variance of
the costs adds is simulated: see `RandomReference.by`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....errors import EncaveError
from ....run.nasbench201_space import SIZE
from ....run.types import Floats
from ..incumbent import incumbents
from .table import Benchmark

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels of the quantiles."""


@dataclass(frozen=True)
class CurveByEvaluations:
    """The exact distribution of the reported value after k numbers of evaluations."""

    evaluations: NDArray[np.int64]
    """Numbers of evaluations, shape (k,)."""

    seconds: Floats
    """Simulated seconds that so many evaluations take on average, shape (k,)."""

    mean: Floats
    """Expected reported value, shape (k,)."""

    std: Floats
    """Its standard deviation between runs, shape (k,)."""

    levels: tuple[float, ...]
    """Levels of the quantiles, in 0 … 1, length q."""

    quantiles: Floats
    """Smallest reported values that are not exceeded with at least these probabilities, shape (k, q)."""


@dataclass(frozen=True)
class CurveBySeconds:
    """The expected reported value at k simulated times; closed form, corrected by simulation for the varying cost."""

    seconds: Floats
    """Simulated seconds, shape (k,)."""

    mean: Floats
    """Expected reported value, shape (k,); NaN while even one evaluation may not be done."""

    standard_error: Floats
    """Of `mean`, from the simulated correction, shape (k,)."""


@dataclass(frozen=True, eq=False)
class RandomReference:
    """Random search on N architectures.

    Raises:
        EncaveError: the columns differ in length, are empty or hold values that are not finite, or a cost is not
            positive.
    """

    search_error: Floats
    """What the incumbent is chosen by, lower is better, shape (N,)."""

    value: Floats
    """What is reported of the incumbent, shape (N,)."""

    seconds: Floats
    """Cost of one evaluation, simulated seconds, shape (N,)."""

    def __post_init__(self) -> None:
        columns = (self.search_error, self.value, self.seconds)
        if self.search_error.ndim != 1 or not self.search_error.size or len({one.shape for one in columns}) > 1:
            raise EncaveError("search error, value and seconds must be columns of the same length, at least 1")
        if not all(np.isfinite(one).all() for one in columns) or self.seconds.min() <= 0:
            raise EncaveError("search error, value and seconds must be finite, and the seconds more than 0")

    def after(
        self, evaluations: ArrayLike, *, levels: Sequence[float] = LEVELS, replacement: bool = True
    ) -> CurveByEvaluations:
        """The reported value after so many evaluations; exact.

        Args:
            evaluations: whole numbers from 1, shape (k,); up to N without replacement.
            levels: of the quantiles, in 0 … 1.
            replacement: whether an architecture can be drawn again.

        Raises:
            EncaveError: a number of evaluations that cannot be.
        """
        counts = self._counts(evaluations, replacement=replacement)
        by_value = np.argsort(self.value, kind="stable")
        mean, std, quantiles = np.empty(len(counts)), np.empty(len(counts)), np.empty((len(counts), len(levels)))
        groups = self._groups()
        for row, count in enumerate(counts):
            chances = self._chances(int(count), groups, replacement=replacement)
            mean[row] = chances @ self.value
            std[row] = np.sqrt(chances @ (self.value - mean[row]) ** 2)
            total = np.cumsum(chances[by_value])
            places = np.searchsorted(total, np.asarray(levels) * total[-1] * (1 - 1e-12))
            quantiles[row] = self.value[by_value[places]]
        return CurveByEvaluations(counts, counts * self.seconds.mean(), mean, std, tuple(levels), quantiles)

    def by(self, seconds: ArrayLike, *, paths: int = 2000, seed: int = 0) -> CurveBySeconds:
        """The expected reported value at simulated times, of random search with replacement on one worker.

        At time t the exact expectation after t / (mean cost) evaluations is corrected by the mean difference, over
        simulated runs, between the value at t and the value after that number of evaluations. The estimate is unbiased
        (the exact part is a control variate), and its standard error is that of the small difference only.

        Args:
            seconds: times, at least 0, shape (k,).
            paths: simulated runs, at least 2.
            seed: of the simulation.

        Raises:
            EncaveError: a time is negative or not finite, or there are fewer than two paths.
        """
        times = np.atleast_1d(np.asarray(seconds, dtype=np.float64))
        if not np.isfinite(times).all() or (times < 0).any() or paths < 2:
            raise EncaveError("a curve over time needs times of at least 0 seconds, all finite, and at least two paths")
        nominal = np.maximum(1, np.rint(times / self.seconds.mean())).astype(np.int64)
        exact = self.after(nominal, levels=()).mean
        differences = self._differences(times, nominal, paths, np.random.default_rng(seed))
        possible = times >= self.seconds.max()  # before that, a run may have no incumbent
        mean = np.where(possible, exact + differences.mean(axis=0), np.nan)
        error = np.where(possible, differences.std(axis=0, ddof=1) / paths**0.5, np.nan)
        return CurveBySeconds(times, mean, error)

    def _differences(self, times: Floats, nominal: NDArray[np.int64], paths: int, rng: np.random.Generator) -> Floats:
        """Value at each time minus value after the nominal number of evaluations, shape (paths, k)."""
        differences = np.empty((paths, len(times)))
        latest = float(times.max(initial=0.0))
        for path in range(paths):
            drawn = np.empty(0, dtype=np.int64)
            ends = np.empty(0)
            while not len(ends) or ends[-1] < latest or len(ends) < nominal.max(initial=1):
                size = int(1.2 * latest / self.seconds.mean()) + 10
                drawn = np.concatenate([drawn, rng.integers(len(self.value), size=size)])
                ends = np.cumsum(self.seconds[drawn])
            values = self.value[drawn[incumbents(self.search_error[drawn])]]
            done = np.searchsorted(ends, times, side="right")
            differences[path] = values[np.maximum(done, 1) - 1] - values[nominal - 1]
        return differences

    def _counts(self, evaluations: ArrayLike, *, replacement: bool) -> NDArray[np.int64]:
        given = np.atleast_1d(np.asarray(evaluations))
        counts = given.astype(np.int64)
        most = np.inf if replacement else len(self.value)
        if (counts != given).any() or (counts < 1).any() or (counts > most).any():
            limit = "" if replacement else f" to {len(self.value)}, since none is drawn again"
            raise EncaveError(f"evaluations are whole numbers from 1{limit}, not {given.tolist()}")
        return counts

    def _groups(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Group of each architecture, shape (N,), and size of each group, best first."""
        _, group, sizes = np.unique(self.search_error, return_inverse=True, return_counts=True)
        return group.reshape(-1), sizes

    def _chances(self, count: int, groups: tuple[NDArray[np.int64], NDArray[np.int64]], *, replacement: bool) -> Floats:
        """Chance of each architecture to be the incumbent after `count` draws, shape (N,)."""
        group, sizes = groups
        size = len(self.value)
        tail = np.append(size - np.cumsum(sizes) + sizes, 0)  # architectures in this group or a worse one
        if replacement:
            no_better = (tail / size) ** count
        else:
            logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size + 1)))])  # log n!
            enough = np.maximum(tail, count)
            no_better = np.exp(logs[enough] - logs[enough - count] - logs[size] + logs[size - count])
            no_better[tail < count] = 0.0
        return ((no_better[:-1] - no_better[1:]) / sizes)[group]


def random_reference(
    benchmark: Benchmark, dataset: str, *, schedule: int = 12, report: str = "valid_error_200"
) -> RandomReference:
    """Random search on one dataset of NAS-Bench-201.

    Args:
        benchmark: a table or the surrogate.
        dataset: one of its datasets.
        schedule: epochs of the schedule that is searched with, 12 or 200.
        report: `valid_error_200` or `test_error_200`, percent, means over seeds.

    Raises:
        EncaveError: the benchmark has no such dataset or lacks architectures, or there is no such schedule or column.
    """
    every = np.arange(SIZE)
    searched = benchmark.query(every, dataset, schedule=schedule)
    final = benchmark.query(every, dataset)
    values = {"valid_error_200": final.valid_error, "test_error_200": final.test_error}
    if report not in values:
        raise EncaveError(f"random search can be reported by {' or '.join(values)}, not by {report!r}")
    return RandomReference(searched.valid_error, values[report], searched.seconds)
