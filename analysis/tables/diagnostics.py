"""What each run was: trials, failures, overhead, and the notes of its conversion."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from ...run import Status
from ..charts.text import fixed, plural, short
from ..comparison.section import Comparison
from ..grouping.origins import initial_share
from ..performance.anytime import Trajectory
from ..performance.axis import overhead_seconds


@dataclass(frozen=True)
class RunDiagnosis:
    """One line of the table of runs."""

    name: str
    """Name of the run."""
    optimizer: str
    """Label of its optimizer."""
    seed: str
    """Seed, or a dash."""
    trials: int
    """All trials."""
    failed: int
    """Trials that ended without success."""
    initial: float | None
    """Share of the trials that are from the initial design; None where the log does not tell."""
    statuses: str
    """Other statuses than success, e.g. `2 crashed`, and how many of the successes are infeasible."""
    first: str
    """Where the first incumbent was found."""
    end: str
    """How far its last incumbent holds."""
    final: str
    """Final value of the first measure."""
    workers: str
    """Workers, or a dash."""
    overhead: str
    """Seconds that the optimizer itself took (`axis.overhead_seconds`), or a dash."""
    source: str
    """Path of the log as it was given to the conversion."""


@dataclass(frozen=True)
class CountedNote:
    """A note that one or more runs carry."""

    kind: str
    """merged, dropped, assumed, derived or flagged."""
    text: str
    """The sentence."""
    where: str
    """How many trials, in which runs."""


def diagnose(comparison: Comparison) -> list[RunDiagnosis]:
    """One line per run, in the order of the final table."""
    return [
        _diagnosis(comparison, label, one) for label in comparison.ordered for one in comparison.trajectories[label]
    ]


def _diagnosis(comparison: Comparison, label: str, one: Trajectory) -> RunDiagnosis:
    run = one.run
    statuses = {status: count for status, count in run.status_counts().items() if status != Status.SUCCESS.value}
    infeasible = int(run.infeasible().sum())
    told = statuses | ({"infeasible": infeasible} if infeasible else {})
    overhead = overhead_seconds(run)
    workers = run.provenance.workers
    return RunDiagnosis(
        name=run.name,
        optimizer=label,
        seed="–" if one.seed is None else str(one.seed),
        trials=len(run),
        failed=sum(statuses.values()),
        initial=initial_share(run),
        statuses=", ".join(f"{count} {status}" for status, count in told.items()),
        first=short(float(one.positions[0])) if len(one.positions) else "–",
        end=short(one.horizon),
        final=short(one.final(comparison.measures[0])),
        workers="–" if workers is None else str(workers),
        overhead="–" if overhead is None else fixed(overhead, 1),
        source=run.provenance.source or "–",
    )


def notes(comparison: Comparison) -> list[CountedNote]:
    """The notes of all runs, equal ones together."""
    found: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    for members in comparison.trajectories.values():
        for one in members:
            for note in one.run.notes:
                found[note.kind, note.text].append((one.run.name, note.count))
    return [CountedNote(kind, text, _where(holders)) for (kind, text), holders in sorted(found.items())]


def _where(holders: list[tuple[str, int]]) -> str:
    trials = sum(count for _, count in holders)
    names = [name for name, _ in holders]
    runs = names[0] if len(names) == 1 else plural(len(names), "run")
    return f"{plural(trials, 'trial')}, {runs}" if trials else runs
