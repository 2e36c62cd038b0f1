"""Complete tables that runs searched, so that what their trials suggest stands beside the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..analysis.grouping.objectives import FIRST_OBJECTIVE
from ..analysis.grouping.schedules import schedule_of
from ..analysis.landscape.optima import KnownTable
from ..analysis.performance.random_search import ExpectedCurve
from ..errors import EncaveError
from ..run import COST, EXTRA

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..analysis.comparison.training_noise import TrainingNoise
    from ..analysis.grouping.measure import Measure
    from ..analysis.grouping.sections import Section
    from ..analysis.importance.groups import Truth
    from ..analysis.importance.sample import Sample
    from ..analysis.importance.space import Encoded
    from ..analysis.performance.axis import Axis
    from ..analysis.performance.random_search import RandomSearch
    from ..run import BenchmarkFacts, Run
    from ..runners.benchmarks.nasbench201.random_reference import RandomReference
    from ..runners.benchmarks.nasbench201.table import Benchmark

_REPORTED = ("valid_error_200", "test_error_200")
_POINTS = 100  # of a curve of random search


def nasbench201_truth(benchmark: Benchmark) -> Truth:
    """The table of validation errors that a run on NAS-Bench-201 searched, at the budget of its sample.

    None for runs on other spaces, on tasks that the benchmark does not have, or of other objectives.
    """
    tables: dict[tuple[Any, ...], NDArray[np.float64]] = {}

    def truth(run: Run, data: Sample) -> Any:
        encoded, task = data.encoded, str(run.task)
        if task not in benchmark.tasks or data.objective != "valid_error" or not _has_all(run):
            return None
        schedule = _schedule(run)
        epochs = None if data.budget is None else int(data.budget)
        key = (task, epochs, schedule, *((axis.name, axis.values) for axis in encoded.axes))
        if key not in tables:
            found = benchmark.query(_architectures(encoded), task, epochs=epochs, schedule=schedule)
            tables[key] = found.valid_error.reshape(encoded.sizes)
        return tables[key]

    return truth


def truth_of(runs: Sequence[Run], table: Benchmark | None = None) -> Truth | None:
    """The truth for runs on benchmarks that are at hand, by the hash that they name; None without such.

    At hand are the surrogate that encave ships, the imported tables, and those that were opened by path and are kept.

    Args:
        runs: The runs.
        table: The benchmark of runs that name none.
    """
    truths = {digest: nasbench201_truth(benchmark) for digest, benchmark in _at_hand(runs, table).items()}

    def truth(run: Run, data: Sample) -> Any:
        known = truths.get(_digest(run.provenance.benchmark))
        return known(run, data) if known else None

    return truth if truths else None


def random_search_of(runs: Sequence[Run], table: Benchmark | None = None) -> RandomSearch | None:
    """The expected curves of random search on benchmarks that are at hand, as in `truth_of`; None without such.

    Random search draws from the whole space with replacement and trains each architecture on the shorter of the
    schedules of the section's runs. Over time it is known for one worker.
    """
    benchmarks = _at_hand(runs, table)

    def expected(section: Section, axis: Axis, measure: Measure, ends: tuple[float, float]) -> ExpectedCurve | None:
        benchmark = benchmarks.get(_digest(section.benchmark))
        epochs = min(map(_schedule, section.runs))
        column = measure.column.removeprefix(EXTRA)
        if epochs == 200 and column in (FIRST_OBJECTIVE, COST + "valid_error"):
            column = _REPORTED[0]  # on this schedule the objective is what is reported
        if benchmark is None or not _searches_all(section, benchmark) or column not in _REPORTED:
            return None
        from ..runners.benchmarks.nasbench201.random_reference import random_reference

        reference = random_reference(benchmark, section.task, schedule=epochs, report=column)
        if axis.kind == "time":
            serial = all(run.provenance.workers in (None, 1) for run in section.runs)
            return _over_time(reference, ends, epochs) if serial else None
        step = {"evaluations": 1.0, "epochs": float(epochs), "full-evaluations": epochs / (axis.full or epochs)}
        return _over_evaluations(reference, ends, epochs, step[axis.kind]) if axis.kind in step else None

    return expected if benchmarks else None


def _over_time(reference: RandomReference, ends: tuple[float, float], epochs: int) -> ExpectedCurve | None:
    low, high = max(ends[0], float(reference.seconds.max())), ends[1]  # before, a run may have no incumbent
    if low >= high:
        return None
    curve = reference.by(np.geomspace(low, high, _POINTS))
    return ExpectedCurve(curve.seconds, curve.mean, curve.standard_error, epochs)


def _over_evaluations(
    reference: RandomReference, ends: tuple[float, float], epochs: int, step: float
) -> ExpectedCurve | None:
    low, high = max(1.0, np.ceil(ends[0] / step)), np.floor(ends[1] / step)
    if low >= high:
        return None
    curve = reference.after(np.unique(np.geomspace(low, high, _POINTS).round()), levels=())
    return ExpectedCurve(curve.evaluations * step, curve.mean, np.zeros(len(curve.mean)), epochs)


def _searches_all(section: Section, benchmark: Benchmark) -> bool:
    """Whether the runs minimise the validation error over the whole space of the benchmark."""
    if section.task not in benchmark.tasks or section.objective.name != "valid_error":
        return False
    return all(_has_all(group.runs[0]) for group in section.groups)


def known_tables(benchmark: Benchmark) -> tuple[KnownTable, ...]:
    """The complete tables of a benchmark after 200 epochs, one for each of its datasets."""
    from ..run.nasbench201_space import HYPERPARAMETERS, OPERATIONS

    shape = (len(OPERATIONS),) * len(HYPERPARAMETERS)
    ops = np.indices(shape).reshape(len(shape), -1).T
    return tuple(
        KnownTable(task, HYPERPARAMETERS, OPERATIONS, benchmark.query(ops, task).valid_error.reshape(shape))
        for task in benchmark.tasks
    )


def _has_all(run: Run) -> bool:
    """Whether a run's space is that of NAS-Bench-201, all of it."""
    from ..run.nasbench201_space import HYPERPARAMETERS, OPERATIONS

    choices = {name: getattr(one, "choices", ()) for name, one in run.space.items()}
    return set(choices) == set(HYPERPARAMETERS) and all(set(own) == set(OPERATIONS) for own in choices.values())


def training_noise_of(runs: Sequence[Run], table: Benchmark | None = None) -> TrainingNoise | None:
    """What entries of measured tables that are at hand scatter by since they are means of few trainings.

    Known of validation errors after 200 epochs, of which tables have the seeds; None where no table is at hand.
    """
    from ..runners.benchmarks.nasbench201.architectures import to_indices
    from ..runners.benchmarks.nasbench201.training_seeds import deviation_of_means

    benchmarks = {digest: one for digest, one in _at_hand(runs, table).items() if one.source == "table"}

    def noise(
        section: Section, measure: Measure, configurations: Sequence[Mapping[str, Any]]
    ) -> Sequence[tuple[int, float]] | None:
        benchmark = benchmarks.get(_digest(section.benchmark))
        if benchmark is None or section.task not in benchmark.tasks or measure.column != EXTRA + _REPORTED[0]:
            return None
        deviation = deviation_of_means(benchmark.task(section.task))
        if deviation is None or not all(map(_has_all, section.runs[:1])):
            return None
        return [(index, float(deviation[index])) for index in to_indices(list(configurations)).tolist()]

    return noise if benchmarks else None


def with_table(
    runs: Sequence[Run], table: Benchmark, task_of: Callable[[Run], str | None] = lambda run: run.task
) -> list[Run]:
    """The runs, with this table named in those on its tasks that name no benchmark and searched its whole space.

    Their schedule is that of 12 epochs where this is their highest budget, else that of 200.

    Args:
        runs: The runs.
        table: The table.
        task_of: The task of a run, where its own log does not say it.

    Raises:
        EncaveError: there is no such run, and none that names this table.
    """
    told = {"name": table.name, "source": table.source, "sha256": table.sha256}
    named = [
        run.replace(provenance=run.provenance.replace(benchmark={**told, "schedule": _likely_schedule(run)}))
        if not run.provenance.benchmark and str(task_of(run)) in table.tasks and _has_all(run)
        else run
        for run in runs
    ]
    if not any(_digest(run.provenance.benchmark) == table.sha256 for run in named):
        raise EncaveError(
            f"no run is of this table: none searched all of {table.name} on {', '.join(table.tasks)} without naming "
            "another benchmark. Name the task of runs in report.toml, or leave --benchmark out."
        )
    return named


def _likely_schedule(run: Run) -> int:
    return 12 if max(run.budgets, default=200.0) == 12 else 200


def _at_hand(runs: Sequence[Run], table: Benchmark | None = None) -> dict[str, Benchmark]:
    """Hash → benchmark, of those that runs name and that are here."""
    from ..runners.benchmarks.nasbench201.opened import opened_tables
    from ..runners.benchmarks.nasbench201.store import SURROGATE, stored_tables
    from ..runners.benchmarks.nasbench201.table import Benchmark, open_benchmark, surrogate_sha256

    wanted = {_digest(run.provenance.benchmark) for run in runs}
    names = {surrogate_sha256(): SURROGATE, **{stored.sha256: stored.name for stored in stored_tables()}}
    found = {digest: open_benchmark(name) for digest, name in names.items() if digest in wanted}
    if table is not None:
        found[table.sha256] = table
    if wanted - set(found) - {""}:
        opened = opened_tables()
        found |= {one: Benchmark("table", one, opened[one].tasks) for one in wanted - set(found) if one in opened}
    return found


def _digest(benchmark: BenchmarkFacts | None) -> str:
    return (benchmark and benchmark.sha256) or ""


def _schedule(run: Run) -> int:
    """Epochs of its schedule; those of the benchmark where its log does not say."""
    return int(schedule_of(run) or 200)


def _architectures(encoded: Encoded) -> NDArray[np.int64]:
    """All architectures as `ops`, shape (15,625, 6), in the order of the grid of bins."""
    from ..run.nasbench201_space import HYPERPARAMETERS, OPERATIONS

    grid = np.indices(encoded.sizes).reshape(len(encoded.axes), -1)
    ops = np.empty(grid.T.shape, dtype=np.int64)
    for axis, codes in zip(encoded.axes, grid, strict=True):
        operations = np.array([OPERATIONS.index(value) for value in axis.values or ()])
        ops[:, HYPERPARAMETERS.index(axis.name)] = operations[codes]
    return ops
