"""What a log holds and what is odd about it, without writing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import EncaveError
from .account import best_of
from .engine import Engine, ReadingTask
from .limits import Limits
from .one_log import Ask, Job, describe_error, described, read
from .reader import Options, Steps
from .reading_server import Ended
from .survey import load_each, survey

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from ..run import Note, Objective, Optimizer, Run
    from .passed_over import PassedOver

_SHOWN = 12


@dataclass(frozen=True)
class Inspection:
    """What a log or a converted run holds."""

    source: Path
    """The log, or the folder of the run."""
    format: str
    """Format as in `--from`; of a converted run that of the log it came from."""
    status: Literal["readable", "refused"] = "readable"
    """Whether it can be converted."""
    reason: str | None = None
    """Why not."""
    name: str | None = None
    """Name of the run."""
    release: str | None = None
    """Release of the optimizer that wrote it, as far as the log tells."""
    optimizer: Optimizer | None = None
    """What proposed the configurations."""
    trials: int = 0
    """Trials in the log, including those that cannot be kept."""
    merged: int = 0
    """Trials that another one stands for."""
    dropped: int = 0
    """Trials that cannot be kept."""
    configurations: int = 0
    """Configurations."""
    hyperparameters: int = 0
    """Hyperparameters of the space."""
    budgets: tuple[float, ...] = ()
    """Budgets, ascending."""
    seeds: tuple[int, ...] = ()
    """Seeds of the trials, ascending; the run's where they have none."""
    objectives: tuple[Objective, ...] = ()
    """What a trial measured."""
    statuses: Mapping[str, int] | None = None
    """Status → number of trials."""
    incumbent: Mapping[str, Any] | None = None
    """`cost` and `configuration` of the best trial at the highest budget; None without one."""
    seconds: tuple[float, float] | None = None
    """First start and last end; None without times."""
    notes: tuple[Note, ...] = ()
    """Every oddity found."""

    def to_json(self) -> dict[str, Any]:
        """The object that `encave inspect --json` prints."""
        return asdict(self) | {"source": str(self.source), "statuses": dict(self.statuses or {})}

    def lines(self) -> Iterator[str]:
        """What `encave inspect` prints, without the heading."""
        yield str(self.source)
        if self.status == "refused":
            yield f"refused: {self.reason}"
            return
        left = "".join(f", {n:,} {what}" for n, what in ((self.merged, "merged"), (self.dropped, "dropped")) if n)
        statuses = ", ".join(f"{count:,} {status}" for status, count in (self.statuses or {}).items())
        yield f"{self.trials:,} trials{left}: {statuses}"
        yield f"{self.configurations:,} configurations of {self.hyperparameters} hyperparameters"
        yield f"budgets: {_listed(self.budgets)}; seeds: {_listed(self.seeds)}"
        yield "objectives: " + ", ".join(f"{o.name} ({o.direction})" for o in self.objectives)
        yield "times: " + ("none" if self.seconds is None else "{:,.6g} … {:,.6g} s".format(*self.seconds))
        if self.incumbent:
            values = ", ".join(f"{key}={value}" for key, value in self.incumbent["configuration"].items())
            yield f"incumbent: {self.incumbent['cost']:.6g} with {values:.400}"
        for note in self.notes:
            yield f"{note.kind}: {note.text}" + (f" ({note.count:,} trials)" if note.count else "")


def inspect_logs(
    paths: Sequence[Path],
    *,
    forced_format: str | None = None,
    space: ConfigurationSpace | None = None,
    mapping: Mapping[str, str] | None = None,
    steps: Steps = "last",
    jobs: int = 1,
    limits: Limits | None = None,
    on_passed_over: Callable[[list[PassedOver]], None] | None = None,
) -> list[Inspection]:
    """Read all logs and converted runs at or below `paths`.

    Args:
        paths: Files and folders.
        forced_format: Name of the one format to look for; None: all.
        space: Configuration space for logs without one.
        mapping: What the columns of a table are.
        steps: What values that trials report on their way are, see `Options`.
        jobs: Processes that read logs; the result is the same.
        limits: Of each process.
        on_passed_over: Told what was passed over, by kind.

    Raises:
        EncaveError: a path does not exist, or there is neither a log nor a run in any of them.
    """
    options = Options(space, mapping, steps)
    with Engine(jobs, limits) as engine:
        seen = survey(paths, engine, forced_format, mapping=mapping)
        if on_passed_over is not None:
            on_passed_over(seen.passed_over)
        tasks = (ReadingTask(_of_log, (Job(log, options),)) for log in seen.logs)
        found = [_of_folder(folder, run) for folder, run in load_each(seen.folders)]
        for log, answer in zip(seen.logs, engine.ordered(tasks), strict=True):
            ended = isinstance(answer, Ended)
            found.append(Inspection(log.found.path, log.format, "refused", answer.reason) if ended else answer)
    return found


def _of_log(job: Job, _: Ask) -> Inspection:
    """What one log holds; runs in a process that reads."""
    path, name = job.log.found.path, job.log.format
    try:
        return _of_run(path, name, described(read(job.candidate(), job.options), job.log.found))
    except Exception as error:  # noqa: BLE001 - one log must not hide the others, whatever its format's code does
        return Inspection(path, name, "refused", describe_error(job.log, error))


def _of_folder(folder: Path, run: Run | EncaveError) -> Inspection:
    if isinstance(run, EncaveError):
        return Inspection(folder, "run", "refused", str(run))
    return _of_run(folder, run.provenance.source_format or "run", run)


def _of_run(source: Path, format_name: str, run: Run) -> Inspection:
    accounting = run.provenance.accounting
    seen = Inspection(
        source=source,
        format=format_name,
        name=run.name,
        release=run.provenance.source_release,
        optimizer=run.optimizer,
        trials=accounting.get("read", len(run)),
        merged=accounting.get("merged", 0),
        dropped=accounting.get("dropped", 0),
    )
    return replace(
        seen,
        configurations=run.configurations.num_rows,
        hyperparameters=run.configurations.num_columns - 1,
        budgets=run.budgets,
        seeds=_seeds(run),
        objectives=run.objectives,
        statuses=run.status_counts(),
        incumbent=best_of(run),
        seconds=_seconds(run),
        notes=run.notes,
    )


def _seeds(run: Run) -> tuple[int, ...]:
    import pyarrow.compute as pc

    seeds = tuple(sorted(pc.unique(run.trials["seed"].drop_null()).to_pylist()))
    return seeds or (() if run.seed is None else (run.seed,))


def _seconds(run: Run) -> tuple[float, float] | None:
    import pyarrow.compute as pc

    first, last = pc.min(run.trials["start"]).as_py(), pc.max(run.trials["end"]).as_py()
    if first is None and last is None:
        return None
    first = 0.0 if first is None else first  # times count from the run's start
    return first, first if last is None else last


def _listed(values: Sequence[float]) -> str:
    shown = ", ".join(str(value) if isinstance(value, int) else f"{value:g}" for value in values[:_SHOWN])
    more = f", … ({len(values):,} in all)" if len(values) > _SHOWN else ""
    return (shown or "none") + more
