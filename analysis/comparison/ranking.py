"""Final performance: mean and spread over runs, and average ranks with ties by the mean rank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...run import Run
from ..grouping.measure import Measure
from ..performance.anytime import Trajectory
from ..statistics import tests
from ..statistics.effects import a12
from ..statistics.intervals import Interval, of_difference, over_runs
from ..statistics.scaling import scaled

Centre: TypeAlias = Literal["mean", "median"]
"""What stands for the runs of an optimizer in a table."""


@dataclass(frozen=True)
class FinalSpread:
    """A final value over the runs of a group."""

    values: NDArray[np.float64]
    """Value of each run that has one, in order of the runs, shape (n,)."""
    mean: float
    """Their mean; NaN if no run has one."""
    std: float
    """Their sample standard deviation (divisor n - 1); NaN with fewer than two."""
    lower: float
    """Lower end of the 95 % interval of the mean; NaN with fewer than two."""
    upper: float
    """Its upper end."""

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """Median, lower and upper quartile (Hyndman & Fan type 7); NaN without values."""
        if not len(self.values):
            return float("nan"), float("nan"), float("nan")
        lower, median, upper = np.percentile(self.values, (25, 50, 75)).tolist()
        return median, lower, upper


@dataclass(frozen=True)
class FinalRow:
    """One optimizer's line of the final table."""

    optimizer: str
    """Label."""
    runs: int
    """Runs given."""
    failed: int
    """Runs of these without a value of the first measure; they rank as the worst and are not in the means."""
    trials: float
    """Trials per run, mean over all runs."""
    spreads: tuple[FinalSpread, ...]
    """One for each measure of the table."""
    rank: float
    """Average rank by the first measure, 1 is best."""


@dataclass(frozen=True)
class FinalTable:
    """Final performance on one task."""

    measures: tuple[Measure, ...]
    """Columns."""
    rows: tuple[FinalRow, ...]
    """By rank, then by mean, then by label."""
    paired: bool
    """Whether every optimizer has the same seeds, each once, and none says that its start is its own.

    Ranks are then within each seed.
    """


@dataclass(frozen=True)
class Lead:
    """How far the best optimizer is ahead of the second at the end, by the mean of the first measure.

    Optimizers with failed runs come after those without, since their means leave the failed runs out.
    """

    best: FinalRow
    """Best mean."""
    second: FinalRow
    """Next best."""
    difference: float
    """How much better the mean of the best is; negative only if the second has failed runs."""
    lower: float
    """Lower end of its 95 % interval, which holds for all pairs at once; NaN where one has fewer than two runs."""
    upper: float
    """Its upper end."""
    paired: bool
    """Whether the interval is of the differences within equal seeds."""


def mean_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average rank of each column over the rows, shape (k,), from values of shape (n, k) where less is better.

    Ties share the mean of their ranks; NaN is worse than any number and ties with NaN (Demšar 2006, section 3.2.2).
    """
    return tests.ranks(values).mean(axis=0)


def expected_ranks(samples: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Expected rank of each optimizer when one run of each is drawn at random, shape (k,); less is better.

    1 + the sum over the others of P(other less) + P(equal)/2, the Vargha-Delaney A12 of each pair (2000); for runs that
    cannot be paired by seed.
    """
    return np.array(
        [1 + sum(a12(other, own) for j, other in enumerate(samples) if j != i) for i, own in enumerate(samples)]
    )


def final_table(
    groups: Mapping[str, Sequence[Trajectory]], measures: Sequence[Measure], interval: Interval = "t"
) -> FinalTable:
    """The final table of one task from the trajectories of each optimizer."""
    finals = {
        label: np.array([[one.final(measure) for measure in measures] for one in members]).reshape(-1, len(measures))
        for label, members in groups.items()
    }
    own_starts = any(has_own_start(one.run) for members in groups.values() for one in members)
    paired = not own_starts and is_paired([[one.seed for one in members] for members in groups.values()])
    sign = 1.0 if measures[0].lower_is_better else -1.0
    ranked = [sign * values[:, 0] for values in finals.values()]
    ranks = mean_ranks(np.stack(ranked, axis=1)) if paired else expected_ranks(ranked)
    rows = [
        FinalRow(
            optimizer=label,
            runs=len(members),
            failed=int(np.isnan(finals[label][:, 0]).sum()),
            trials=float(np.mean([len(one.run) for one in members])),
            spreads=tuple(
                spread(column, interval, measure) for column, measure in zip(finals[label].T, measures, strict=True)
            ),
            rank=float(rank),
        )
        for (label, members), rank in zip(groups.items(), ranks, strict=True)
    ]
    rows.sort(key=lambda row: (row.rank, np.nan_to_num(sign * row.spreads[0].mean, nan=np.inf), row.optimizer))
    return FinalTable(tuple(measures), tuple(rows), paired)


def is_paired(seeds: Sequence[Sequence[int | None]]) -> bool:
    """Whether every group has the same seeds, all known and each once."""
    first = set(seeds[0])
    known = None not in first
    return known and all(set(group) == first and len(group) == len(first) for group in seeds)


def has_own_start(run: Run) -> bool:
    """Whether the run says that what it draws has nothing to do with what other optimizers draw for its seed."""
    return run.provenance.common_start is False


def spread(values: NDArray[np.float64], interval: Interval = "t", measure: Measure | None = None) -> FinalSpread:
    """Mean, sample standard deviation and interval of the mean of the values that are not NaN.

    Args:
        values: Final value of each run, shape (n,).
        interval: Which interval.
        measure: What they are of, whose bounds the interval keeps.
    """
    known = values[~np.isnan(values)]
    nan = float("nan")
    mean = float(known.mean()) if len(known) else nan
    if len(known) < 2:
        return FinalSpread(known, mean, nan, nan, nan)
    ends = over_runs(known[:, None], kind=interval)
    if measure is not None:
        ends = measure.cut(*ends, known)
    lower, upper = float(ends[0][0]), float(ends[1][0])
    [unit], power = scaled([known])
    return FinalSpread(known, mean, float(np.ldexp(unit.std(ddof=1), power)), lower, upper)


def lead(table: FinalTable, interval: Interval = "t", *, by_pairs: bool = True) -> Lead | None:
    """The best and the second by the mean of the first measure; None if fewer than two optimizers have a value.

    Args:
        table: The final table.
        interval: Which interval.
        by_pairs: Whether equal seeds may be paired; not where the test of the two takes runs as independent.
    """
    sign = 1.0 if table.measures[0].lower_is_better else -1.0
    able = [row for row in table.rows if not np.isnan(row.spreads[0].mean)]
    if len(able) < 2:
        return None
    best, second = sorted(able, key=lambda row: (row.failed > 0, sign * row.spreads[0].mean))[:2]
    ours, theirs = best.spreads[0], second.spreads[0]
    pairs = by_pairs and table.paired and len(ours.values) == len(theirs.values) == best.runs
    of = len(table.rows) * (len(table.rows) - 1) // 2  # the two were picked by the same data
    lower, upper = of_difference(sign * theirs.values, sign * ours.values, paired=pairs, kind=interval, pairs=of)
    return Lead(best, second, sign * (theirs.mean - ours.mean), lower, upper, pairs)
