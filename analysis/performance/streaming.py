"""Curves of more runs than fit into memory: each run is read, reduced to its incumbent, and let go.

A run is read in the columns that are needed. What is kept of it is its header and one small step function per axis, so
memory grows with the runs and not with the trials. The reduction of a run knows nothing of the others, which is why it
can be done anywhere, also on the workers of a Dask cluster; what depends on all runs (the highest budget, the best
value seen) is put right when they are gathered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...errors import EncaveError
from ...run import Run
from ...store import RunFilter, read_runs
from ..grouping.sections import Section, run_measures, view_runs
from .anytime import Trajectory, trajectory
from .axis import Axis, AxisFacts, AxisKind, choose_axis
from .incumbents import IncumbentRule
from .section_curves import SectionCurves, Summary, section_curves


@dataclass(frozen=True)
class Reduced:
    """What is kept of a run."""

    run: Run
    """Its header: no trials, no configurations, no space."""
    facts: AxisFacts
    """What it can be drawn over."""
    digest: bytes
    """Hash of what its trials were and cost; two runs of one seed with the same are one."""
    trajectories: Mapping[AxisKind, Trajectory]
    """Its incumbent on each axis that was asked for and is there."""


def reduce_run(run: Run, axis: AxisKind | None, rule: IncumbentRule) -> Reduced:
    """Reduce a run to its incumbent on an axis; without one, over time and evaluations.

    Raises:
        EncaveError: the run lacks a column that its metadata reports.
    """
    facts = AxisFacts.of(run)
    columns = {measure.column for measure in run_measures([run])}
    # not slices of length 0, which hold on to the whole buffers
    trials, configurations = run.trials.schema.empty_table(), run.configurations.schema.empty_table()
    header = run.replace(trials=trials, configurations=configurations, space_json={}, notes=())
    header.__dict__.pop("space", None)
    kinds: tuple[AxisKind, ...] = ("time", "evaluations") if axis is None else (axis,)
    axes = [Axis(kind, kind, None, max(facts.budgets, default=1.0)) for kind in kinds]
    found: dict[AxisKind, Trajectory] = {
        one.kind: replace(trajectory(run, one, columns, rule), run=header) for one in axes
    }
    return Reduced(header, facts, _digest(run), found)


def reduce_source(
    source: Path,
    axis: AxisKind | None,
    rule: IncumbentRule,
    wanted: RunFilter | None = None,
    told: Callable[[Run], Run] | None = None,
) -> tuple[list[Reduced], list[str]]:
    """Read and reduce the runs of one source, one at a time.

    Args:
        source: Folder of a run, a run store, or a folder within one.
        axis: As for `reduce_run`.
        rule: Which trials may be the incumbent.
        wanted: Which runs, by their own names or by those that `told` gives them; None: all.
        told: A run with the names that a report's settings give it.

    Returns:
        The reduced runs, and of each that is damaged why it is left out.

    Raises:
        EncaveError: a run lacks a column that its metadata reports.
    """
    damaged: list[EncaveError] = []
    read = wanted if told is None else None
    runs: Iterable[Run] = read_runs(source, read, configurations=False, on_damaged=damaged.append)
    if told is not None:
        runs = (told(run) for run in runs if wanted is None or wanted.of_run(run) or wanted.of_run(told(run)))
    return [reduce_run(run, axis, rule) for run in runs], list(map(str, damaged))


def gather(
    reduced: Sequence[Reduced], axis: AxisKind | None, summary: Summary
) -> tuple[list[SectionCurves], list[str]]:
    """Curves of every section, and the remarks of the view on how runs were put together.

    Raises:
        EncaveError: there are no runs, or those of a section do not share the axis.
    """
    known = {id(one.run): one for one in reduced}
    view = view_runs([one.run for one in reduced], lambda a, b: known[id(a)].digest == known[id(b)].digest)
    return [_section(section, known, axis, summary) for section in view.sections], list(view.remarks)


def _section(section: Section, known: Mapping[int, Reduced], kind: AxisKind | None, summary: Summary) -> SectionCurves:
    axis = choose_axis([known[id(run)].facts for run in section.runs], kind)
    trajectories: dict[str, tuple[Trajectory, ...]] = {}
    for group in section.groups:
        members = [known[id(run)] for run in group.runs]
        full = max((budget for one in members for budget in one.facts.budgets), default=None)
        own = [_adjusted(one, axis) for one in members]
        if summary.rule == "highest-only":
            own = [
                one if max(member.facts.budgets, default=None) == full else _without_incumbent(one)
                for one, member in zip(own, members, strict=True)
            ]
        trajectories[group.optimizer] = tuple(own)
    return section_curves(section, axis, trajectories, summary)


def _adjusted(one: Reduced, axis: Axis) -> Trajectory:
    """The run on the axis that all share, where one full evaluation is the highest budget of all."""
    found = one.trajectories[axis.kind]
    if axis.full is None or not one.facts.budgets:
        return found
    share = max(one.facts.budgets) / axis.full
    return replace(found, positions=found.positions * share, horizon=found.horizon * share, last=found.last * share)


def _without_incumbent(one: Trajectory) -> Trajectory:
    values = {name: column[:0] for name, column in one.values.items()}
    return replace(one, positions=one.positions[:0], rows=one.rows[:0], values=values)


def _digest(run: Run) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for name in ("config_id", "budget", "end", *(f"cost:{objective.name}" for objective in run.objectives)):
        digest.update(np.ascontiguousarray(run.column(name).astype(np.float64)).tobytes())
    digest.update(np.ascontiguousarray(run.evaluation).tobytes())
    digest.update(run.infeasible().tobytes())
    return digest.digest()
