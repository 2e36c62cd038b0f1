"""A study: runs of optimizers × datasets × seeds in one folder, of which those that are missing are run.

A run's folder is `STUDY/<optimizer>/<dataset>/seed-<n>`. A finished run is never run again, and never overwritten.
"""

from __future__ import annotations

import shutil
import tempfile
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import EncaveError
from . import sidecar
from .execute import RunSpec, execute, identity
from .limit import Limit, parse_limit, parse_seeds
from .objective import Objectives
from .pool import Event, work_through
from .simulate import Simulation

__all__ = ["Failure", "Limit", "RunProgress", "RunSpec", "StudyResult", "parse_limit", "parse_seeds", "run_study"]


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
class Failure:
    """A run that could not be finished; nothing of it is left in the study."""

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

    failed: tuple[Failure, ...]
    """Not finished."""


def run_study(
    folder: Path,
    specs: Sequence[RunSpec],
    *,
    jobs: int = 1,
    on_progress: Callable[[RunProgress], None] | None = None,
) -> StudyResult:
    """Run what is missing of `specs`, in this process or in `jobs` processes.

    A run that fails does not keep the others from running. Ctrl-C (KeyboardInterrupt, which passes) loses the runs in
    flight, ends the processes and leaves no half-written folder.

    Raises:
        EncaveError: before anything is run: the study cannot be written, a benchmark cannot be read, a finished run has
            other settings than the wanted one, or two of `specs` are for the same folder.
    """
    if jobs < 1:
        raise EncaveError(f"a study needs at least one process, not {jobs}")
    tell = on_progress or (lambda progress: None)
    wanted = list(dict.fromkeys(specs))
    _check_distinct(wanted)
    work = _Work(folder)
    finished = {spec: _is_finished(folder, spec, work.objectives) for spec in wanted}
    _check_writable(folder)
    skipped = [spec for spec in wanted if finished[spec]]
    missing = [spec for spec in wanted if not finished[spec]]
    for spec in skipped:
        tell(RunProgress(spec, "skipped", 0.0, 0))
    done: list[RunSpec] = []
    failed: list[Failure] = []
    for outcome in _outcomes(folder, missing, work, min(jobs, len(missing)), tell):
        if isinstance(outcome, Failure):
            failed.append(outcome)
        else:
            done.append(outcome)
    return StudyResult(tuple(done), tuple(skipped), tuple(failed))


@dataclass(frozen=True)
class _Work:
    """Does one run; the benchmarks stay open from one run to the next. Never raises but to be ended."""

    folder: Path
    objectives: Objectives = field(default_factory=Objectives)

    def __call__(self, spec: RunSpec, report: Callable[[tuple[float, int]], None]) -> Simulation | Failure:
        try:
            return execute(spec, self.folder, self.objectives, lambda *progress: report(progress))
        except EncaveError as error:
            return Failure(spec, str(error), traceback.format_exc())
        except Exception as error:  # noqa: BLE001  an optimizer's package may raise anything; the next run may not
            reason = (str(error).splitlines() or [""])[0]
            return Failure(spec, f"{type(error).__name__}: {reason}", traceback.format_exc())


def _outcomes(
    folder: Path, specs: Sequence[RunSpec], work: _Work, jobs: int, tell: Callable[[RunProgress], None]
) -> Iterator[RunSpec | Failure]:
    """What becomes of each run, as it does; progress is told on the way."""
    events = _in_process(specs, work, tell) if jobs <= 1 else work_through(specs, work, jobs=jobs)
    unfinished = set(specs)
    try:
        for event in events:
            spec = specs[event.task]
            if event.kind == "progress":
                tell(RunProgress(spec, "running", *event.payload))
                continue
            unfinished.discard(spec)
            outcome = _outcome(folder, spec, event)
            tell(_end(spec, event.payload))
            yield outcome
    finally:
        events.close()
        if jobs > 1:
            for spec in unfinished:
                _sweep(folder, spec)


def _in_process(
    specs: Sequence[RunSpec], work: _Work, tell: Callable[[RunProgress], None]
) -> Generator[Event, None, None]:
    for position, spec in enumerate(specs):
        yield Event(position, "done", work(spec, lambda at, spec=spec: tell(RunProgress(spec, "running", *at))))


def _end(spec: RunSpec, payload: Any) -> RunProgress:
    if isinstance(payload, Simulation):
        return RunProgress(spec, "done", payload.seconds, payload.evaluations)
    return RunProgress(spec, "failed", 0.0, 0)


def _outcome(folder: Path, spec: RunSpec, event: Event) -> RunSpec | Failure:
    if event.kind == "died":
        _sweep(folder, spec)
        how = f"signal {-event.payload}" if event.payload < 0 else f"status {event.payload}"
        return Failure(spec, f"its process ended ({how}); perhaps memory ran out. Run the study again.", "")
    return event.payload if isinstance(event.payload, Failure) else spec


def _sweep(folder: Path, spec: RunSpec) -> None:
    """Remove what a process that was killed could not: the temporary folder beside the run's."""
    home = folder / spec.home
    for rest in home.parent.glob(f".{home.name}.*"):
        shutil.rmtree(rest, ignore_errors=True)


def _is_finished(folder: Path, spec: RunSpec, objectives: Objectives) -> bool:
    home = folder / spec.home
    wanted = identity(spec, objectives.benchmark(spec.benchmark))
    if not home.exists():
        return False
    different = sidecar.differences(sidecar.read(home), wanted)
    if different:
        raise EncaveError(
            f"{home} is finished with other settings: {'; '.join(different)}. "
            "Choose another study folder, or delete that folder to run it again."
        )
    return True


def _check_distinct(specs: Iterable[RunSpec]) -> None:
    homes: dict[str, Any] = {}
    for spec in specs:
        if homes.setdefault(spec.home, spec) != spec:
            raise EncaveError(
                f"two runs with different settings are for one folder, {spec.home}; use two study folders"
            )


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise EncaveError(f"cannot write {folder}: {reason}. Choose a folder you may write to.") from error
