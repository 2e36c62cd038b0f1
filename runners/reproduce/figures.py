"""Published results run again on the real table: published and measured side by side.

`reproduce` returns what it found and prints nothing. Its runs leave no logs: they are the runs that `encave run` makes
of the same optimizers, seeds and budgets, but only what is reported of them is kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import EncaveError
from ..benchmarks.nasbench201.store import SURROGATE, stored_tables
from ..benchmarks.nasbench201.table import Benchmark
from ..cluster.dispatch import work_through
from ..cluster.places import Cluster
from .published import SECONDS, Publication, Published, publication
from .runs import Block, Measured, Work

BLOCK = 25
"""Runs that a process makes before it reports back."""


@dataclass(frozen=True)
class MeasuredFigure:
    """A published figure beside the measured one."""

    published: Published
    """What was published."""

    mean: float
    """Measured mean over runs, percent."""

    std: float
    """Measured standard deviation over runs (division by n), percentage points."""

    runs: int
    """Number of runs measured; 0 where the figure is of the table itself."""

    @property
    def difference(self) -> float | None:
        """Measured minus published mean, percentage points; None where nothing was published."""
        return None if self.published.mean is None else self.mean - self.published.mean

    @property
    def within(self) -> bool | None:
        """Whether the difference is within the bar; None where there is no bar."""
        bar, difference = self.published.bar, self.difference
        return None if bar is None or difference is None else abs(difference) <= bar


@dataclass(frozen=True)
class Reproduction:
    """What became of one publication's figures."""

    publication: Publication
    """What was published, and how a run goes."""

    figures: tuple[MeasuredFigure, ...]
    """One for each published figure, in their order."""

    sha256: str
    """Of the table's file."""

    notes: tuple[str, ...]
    """What to know when reading the figures, one sentence or a few each."""

    @property
    def off(self) -> tuple[MeasuredFigure, ...]:
        """The figures that count and are not within their bar."""
        return tuple(figure for figure in self.judged if not figure.within)

    @property
    def judged(self) -> tuple[MeasuredFigure, ...]:
        """The figures that count: those with a bar that decide whether the publication is reproduced."""
        return tuple(figure for figure in self.figures if figure.published.counted and figure.within is not None)


def reproduce(
    name: str,
    benchmark: str | None = None,
    *,
    runs: int | None = None,
    jobs: int = 1,
    one_seed: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
) -> Reproduction:
    """Run a publication's searches again.

    Args:
        name: one of `published.PUBLICATIONS`.
        benchmark: a Parquet table, or the name of an imported one; None if only one is imported.
        runs: runs per figure, with the seeds 0, 1, …; None for the publication's `default_runs`.
        jobs: processes.
        one_seed: whether searches by simulated time are rewarded with one training seed, as the published ones, or
            with the mean over seeds.
        on_progress: told the numbers of runs done and wanted.

    Raises:
        EncaveError: nothing of this name was published; there is no table, it is the surrogate or incomplete; or a
            process died.
    """
    published = publication(name)
    count = published.default_runs if runs is None else runs
    if count < 1 or jobs < 1:
        raise EncaveError(f"to reproduce something takes at least one run and one process, not {count} and {jobs}")
    work = Work(published, benchmark or _only_table(), one_seed)
    table = _measured_table(work)
    measured: dict[tuple[str, str, str], list[float]] = {}
    blocks = _blocks(published, count)
    done = 0
    for block, results in _results(work, blocks, jobs):
        for result in results:
            for (dataset, quantity), value in result.items():
                measured.setdefault((block.adapter, dataset, quantity), []).append(value)
        done += block.count
        if on_progress is not None:
            on_progress(done, sum(each.count for each in blocks))
    figures = tuple(
        _figure(one, sorted(measured[one.adapter, one.dataset, one.quantity])) if one.adapter else _optimum(one, table)
        for one in published.figures
    )
    return Reproduction(published, figures, table.sha256, (*published.notes, *_scatter(published, figures)))


def _figure(published: Published, values: Sequence[float]) -> MeasuredFigure:
    return MeasuredFigure(published, float(np.mean(values)), float(np.std(values)), len(values))


def _optimum(published: Published, table: Benchmark) -> MeasuredFigure:
    return MeasuredFigure(published, table.optimum(published.dataset)["valid_error_200"], 0.0, 0)


def _only_table() -> str:
    names = [table.name for table in stored_tables()]
    if len(names) == 1:
        return names[0]
    if not names:
        raise EncaveError(
            "published figures need the real table of NAS-Bench-201, and none is imported; "
            "give it with --benchmark PATH, or import it with `encave benchmark import PATH`"
        )
    raise EncaveError(f"several tables are imported; choose one with --benchmark: {', '.join(names)}")


def _measured_table(work: Work) -> Benchmark:
    table = None if work.benchmark == SURROGATE else work.objectives.benchmark(work.benchmark)
    if table is None or table.source == "surrogate":
        raise EncaveError(
            "the surrogate is a model fitted to the table, so what it gives neither confirms nor refutes a published "
            "figure; give the real table with --benchmark PATH"
        )
    return table


def _blocks(published: Publication, runs: int) -> list[Block]:
    datasets = SECONDS.get(published.name, {"cifar10": 0.0})
    adapters = dict.fromkeys(figure.adapter for figure in published.figures if figure.adapter)
    return [
        Block(adapter, dataset, first, min(BLOCK, runs - first))
        for dataset in datasets
        for adapter in adapters
        for first in range(0, runs, BLOCK)
    ]


def _results(work: Work, blocks: Sequence[Block], jobs: int) -> Generator[tuple[Block, list[Measured]], None, None]:
    """Each block and what its runs gave, as it is done."""
    with closing(work_through(blocks, work, Cluster(jobs), shared=Path(tempfile.gettempdir()))) as events:
        for event in events:
            if event.kind == "died":
                raise EncaveError(f"{event.payload} processes ended; perhaps memory ran out. Try --jobs 1")
            if isinstance(event.payload, EncaveError):
                raise event.payload
            yield blocks[event.task], event.payload


def _scatter(published: Publication, figures: Sequence[MeasuredFigure]) -> list[str]:
    """What chance alone does to the means."""
    told: list[str] = []
    for figure in figures:
        bar = figure.published.bar
        if bar is None or not figure.runs:
            continue
        error = figure.std / figure.runs**0.5
        if figure.runs == 1 or error > bar / 2:
            told.append(
                f"{figure.runs} runs are few: the mean of {figure.published.optimizer} on {figure.published.dataset} "
                f"({figure.published.quantity}) has a standard error of {error:.2f}, the bar is {bar:.2f}."
            )
    for figure in figures:
        if figure.within is False and figure.difference is not None and figure.runs:
            behind = figure.published.runs or published.runs
            expected = figure.std * (1 / behind + 1 / figure.runs) ** 0.5
            low, high = (figure.difference + side * 1.96 * expected for side in (-1, 1))
            told.append(
                f"{figure.published.optimizer} on {figure.published.dataset} ({figure.published.quantity}) differs by "
                f"{figure.difference:+.3f}. Means of {behind} and of {figure.runs} runs that scatter by "
                f"{figure.std:.3f} as measured differ by {expected:.3f} by chance (one standard error): the 95 % "
                f"interval of the difference is {low:+.3f} … {high:+.3f}."
            )
    return told
