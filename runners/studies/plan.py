"""What a study would run: which of its runs are there, what the others cost in simulated and in real time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from ...errors import EncaveError
from ...run import sidecar
from . import folder as study_folder
from .execute import RunSpec
from .objective import Objectives
from .study import check_distinct


@dataclass(frozen=True)
class PlannedRuns:
    """The runs of one optimizer on one dataset, in one variant."""

    first: RunSpec
    """One of them; the others differ in the seed."""
    done: tuple[int, ...]
    """Seeds of the runs that are finished, ascending."""
    missing: tuple[int, ...]
    """Seeds of those that would be run, ascending."""
    simulated_seconds: float | None
    """Simulated time of all that are missing, in seconds; None if it is unknown until a run is done."""
    evaluations: int | None
    """Evaluations of all that are missing; None as above."""
    real_seconds: float | None
    """Real time of all that are missing, one after the other, in seconds; None as above."""


@dataclass(frozen=True)
class Plan:
    """All of a study."""

    folder: Path
    """The study."""
    runs: tuple[PlannedRuns, ...]
    """In the order in which they would be run."""
    jobs: int
    """Runs at a time."""

    @property
    def simulated_seconds(self) -> float | None:
        """Simulated time of all that is missing, in seconds; None if it is unknown of any."""
        times = [one.simulated_seconds for one in self.runs if one.missing]
        return None if None in times else sum(time for time in times if time is not None)

    @property
    def wall_seconds(self) -> float | None:
        """Real time until all is done, in seconds; None if it is unknown of any that is missing."""
        missing = [one for one in self.runs if one.missing]
        times = [one.real_seconds for one in missing if one.real_seconds is not None]
        if len(times) < len(missing):
            return None
        return sum(times) / max(1, min(self.jobs, sum(len(one.missing) for one in missing)))


def plan_study(folder: Path, specs: Sequence[RunSpec], jobs: int = 1) -> Plan:
    """Look what of `specs` is missing; nothing is run or written.

    What is unknown of a run (its real time, and simulated time or evaluations, of which its limit gives one) is the
    mean of the study's finished runs of the same optimizer, limit and number of workers, on whatever dataset.

    Args:
        folder: The study; it need not exist.
        specs: The runs.
        jobs: Runs at a time.

    Raises:
        EncaveError: as for `run_study`, before anything is run.
    """
    wanted = list(dict.fromkeys(specs))
    check_distinct(wanted)
    objectives = Objectives()
    groups: dict[tuple[str, str, str], list[RunSpec]] = {}
    for spec in wanted:
        groups.setdefault((spec.adapter, spec.dataset, spec.variant), []).append(spec)
    return Plan(folder, tuple(_planned(folder, members, objectives) for members in groups.values()), jobs)


def _planned(folder: Path, specs: Sequence[RunSpec], objectives: Objectives) -> PlannedRuns:
    finished = {spec.seed: study_folder.is_finished(folder, spec, objectives) for spec in specs}
    missing = tuple(sorted(seed for seed, done in finished.items() if not done))
    first, count = specs[0], len(missing)
    alike = list(_alike(folder, first))
    seconds, evaluations = first.limit.simulated_seconds, first.limit.evaluations
    if seconds is None and alike:
        seconds = fmean(header["seconds"] for header in alike)
    if evaluations is None and alike:
        evaluations = round(fmean(header["trials"] for header in alike))
    return PlannedRuns(
        first=first,
        done=tuple(sorted(seed for seed, done in finished.items() if done)),
        missing=missing,
        simulated_seconds=None if seconds is None else seconds * count,
        evaluations=None if evaluations is None else evaluations * count,
        real_seconds=fmean(header["overhead_seconds"] for header in alike) * count if alike else None,
    )


def _alike(folder: Path, spec: RunSpec) -> Iterator[dict[str, Any]]:
    """What is told of the finished runs that differ in the dataset and the seed only."""
    for path in sorted((folder / spec.adapter).glob(f"**/seed-*/{sidecar.NAME}")):
        try:
            header = sidecar.read(path)
        except EncaveError:
            continue  # `is_finished` tells it of a run that is wanted
        told = (header.get("limit"), header.get("workers"), header.get("benchmark", {}).get("schedule"))
        if told == (spec.limit.to_json(), spec.workers, spec.schedule) and not path.parent.name.startswith("."):
            yield header
