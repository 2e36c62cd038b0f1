"""A study: runs of optimizers × datasets × seeds in one folder, of which those that are missing are run.

A run's folder is `STUDY/<optimizer>/<dataset>/seed-<n>`. A finished run is never run again, and never overwritten.
"""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ...errors import EncaveError
from ...files.optional import check_extras
from ..cluster.batch import TaskEndedError
from ..cluster.dispatch import Event, Ready, work_through
from ..cluster.places import Cluster
from ..optimizers.adapter import load
from . import folder as study_folder
from .execute import RunSpec, execute
from .file import Declaration
from .folder import Hold
from .limit import Limit, parse_limit, parse_seeds
from .objective import Objectives
from .simulate import Simulation

__all__ = [
    "Cluster",
    "FailedRun",
    "Limit",
    "Ready",
    "RunProgress",
    "RunSpec",
    "StudyResult",
    "parse_limit",
    "parse_seeds",
    "run_study",
]


@dataclass(frozen=True)
class RunProgress:
    """How far a run is."""

    spec: RunSpec
    """The run."""

    state: Literal["skipped", "running", "done", "failed"]
    """skipped: it was finished before."""

    seconds: float
    """Simulated seconds so far."""

    evaluations: int
    """Completed evaluations so far."""

    real_seconds: float = 0.0
    """Real time that the run took in its worker; 0 until it has ended."""

    @property
    def fraction(self) -> float:
        """How much of the limit is used, 0 … 1."""
        if self.state in ("skipped", "done"):
            return 1.0
        limit = self.spec.limit
        if limit.evaluations:
            return self.evaluations / limit.evaluations
        return self.seconds / (limit.simulated_seconds or 1.0)


@dataclass(frozen=True)
class FailedRun:
    """A run that could not be finished; of it only a log is left in the study, `seed-<n>.failed.log`."""

    spec: RunSpec
    """The run."""

    reason: str
    """One line."""

    details: str
    """Traceback; empty where there is none."""


@dataclass(frozen=True)
class StudyResult:
    """What became of the runs that were wanted."""

    done: tuple[RunSpec, ...]
    """Run now."""

    skipped: tuple[RunSpec, ...]
    """Finished before."""

    failed: tuple[FailedRun, ...]
    """Not finished."""


def run_study(
    folder: Path,
    specs: Sequence[RunSpec],
    *,
    cluster: Cluster | None = None,
    keep: Declaration | None = None,
    on_progress: Callable[[RunProgress], None] | None = None,
    on_ready: Callable[[Ready], None] | None = None,
) -> StudyResult:
    """Run what is missing of `specs`.

    A run that fails does not keep the others from running, and a worker that dies does not keep its run from being
    done. Ctrl-C (KeyboardInterrupt, which passes) and SIGTERM lose the runs in flight, end the processes that were
    started and leave no half-written folder; what a killed process leaves, the next call removes.

    Args:
        folder: The study.
        specs: The runs.
        cluster: What executes them; by default this process.
        keep: What declares the runs, to be kept as the folder's `study.toml`.
        on_progress: Told how far each run is.
        on_ready: Told of a cluster of Dask once it is there.

    Raises:
        EncaveError: before anything is run: the study cannot be written or is being run by another process, a benchmark
            cannot be read, a finished run has other settings than the wanted one, two of `specs` are for the same
            folder, a package is missing that a wanted run needs here, or the cluster cannot be used.
        UnfinishedError: the scheduler of the cluster went and did not come back.
    """
    tell = on_progress or (lambda progress: None)
    wanted = list(dict.fromkeys(specs))
    check_distinct(wanted)
    objectives = Objectives()
    for spec in wanted:
        spec.check_curves(objectives.benchmark(spec.benchmark))
    finished = {spec: study_folder.is_finished(folder, spec, objectives) for spec in wanted}
    skipped = [spec for spec in wanted if finished[spec]]
    missing = [spec for spec in wanted if not finished[spec]]
    study_folder.check_writable(folder, missing)
    cluster = cluster or Cluster()
    _check_installed(missing, cluster)
    for spec in skipped:
        tell(RunProgress(spec, "skipped", 0.0, 0))
    done: list[RunSpec] = []
    failed: list[FailedRun] = []
    with _ended_by_signal(), study_folder.held(folder) as hold:
        if keep is not None:
            keep.write(folder)
        work = _Work(folder.absolute(), hold, objectives)
        for outcome in _outcomes(work, missing, cluster, tell, on_ready or (lambda ready: None)):
            if isinstance(outcome, FailedRun):
                failed.append(outcome)
            else:
                done.append(outcome)
    return StudyResult(tuple(done), tuple(skipped), tuple(failed))


@dataclass(frozen=True)
class _Work:
    """Does one run; the benchmarks stay open from one run to the next. Never raises but to be ended."""

    folder: Path
    hold: Hold
    objectives: Objectives = field(default_factory=Objectives)

    def __call__(self, spec: RunSpec, report: Callable[[tuple[float, int]], None]) -> Simulation | FailedRun | None:
        """How the run went; None if it had been finished before, by a worker that died afterwards."""
        if study_folder.has_appeared(self.folder, spec):
            return None
        if not study_folder.holds(self.folder, self.hold):
            return FailedRun(spec, f"its worker does not see {self.folder}, which every worker must", "")

        def go_on(seconds: float, evaluations: int) -> None:
            if not study_folder.holds(self.folder, self.hold):
                raise TaskEndedError  # the command that wanted this run has ended, but not its worker
            report((seconds, evaluations))

        try:
            return execute(spec, self.folder, self.objectives, go_on)
        except EncaveError as error:
            return FailedRun(spec, str(error), traceback.format_exc())
        except Exception as error:  # noqa: BLE001  an optimizer's package may raise anything; the next run may not
            reason = (str(error).splitlines() or [""])[0]
            return FailedRun(spec, f"{type(error).__name__}: {reason}", traceback.format_exc())


def _outcomes(
    work: _Work,
    specs: Sequence[RunSpec],
    cluster: Cluster,
    tell: Callable[[RunProgress], None],
    on_ready: Callable[[Ready], None],
) -> Iterator[RunSpec | FailedRun]:
    """What becomes of each run, as it does; progress is told on the way."""
    events = work_through(
        specs,
        work,
        cluster,
        shared=work.folder,
        kind=lambda spec: (spec.adapter, spec.dataset, spec.limit, spec.workers),
        on_progress=lambda place, at: tell(RunProgress(specs[place], "running", *at)),
        on_ready=on_ready,
    )
    study_folder.sweep(work.folder, specs, work.hold)
    try:
        with closing(events):
            for event in events:
                spec = specs[event.task]
                outcome = _outcome(work.folder, spec, event)
                tell(_end(spec, event, failed=outcome is not spec))
                yield outcome
    finally:
        study_folder.sweep(work.folder, specs, work.hold)


def _outcome(folder: Path, spec: RunSpec, event: Event) -> RunSpec | FailedRun:
    failure = event.payload if isinstance(event.payload, FailedRun) else None
    if event.kind == "died":
        reason = f"{event.payload} workers ended while they had it; perhaps memory ran out. Run the study again."
        failure = FailedRun(spec, reason, "")
    if failure is None:
        study_folder.forget_failure(folder, spec)
        return spec
    study_folder.log_failure(folder, spec, failure.reason, failure.details)
    return failure


def _end(spec: RunSpec, event: Event, *, failed: bool) -> RunProgress:
    if isinstance(event.payload, Simulation):
        return RunProgress(spec, "done", event.payload.seconds, event.payload.evaluations, event.seconds)
    return RunProgress(spec, "failed" if failed else "done", 0.0, 0, event.seconds)


@contextmanager
def _ended_by_signal() -> Generator[None]:
    """SIGTERM and a terminal that goes unwind like Ctrl-C, so that nothing is left; only the main thread can do so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(each, lambda number, _: sys.exit(128 + number)) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def _check_installed(specs: Sequence[RunSpec], cluster: Cluster) -> None:
    """What the runs need that is an extra; a scheduler's workers have Pythons of their own."""
    optimizers = [] if cluster.scheduler else [load(name).extra for name in dict.fromkeys(s.adapter for s in specs)]
    check_extras([*cluster.extras(len(specs)), *filter(None, optimizers)])


def check_distinct(specs: Iterable[RunSpec]) -> None:
    """Check that each run has a folder of its own.

    Raises:
        EncaveError: two do not.
    """
    homes: dict[str, Any] = {}
    for spec in specs:
        if homes.setdefault(spec.home, spec) != spec:
            raise EncaveError(
                f"two runs with different settings are for one folder, {spec.home}; use two study folders"
            )
