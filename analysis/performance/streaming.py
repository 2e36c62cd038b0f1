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
from ...run import Run, RunHeader
from ...run.incumbents import IncumbentRule
from ...store import RunFilter, read_runs
from ..grouping.design import RunDesign
from ..grouping.measure import run_measures
from ..grouping.sections import AnySection, ViewOf, view_headers
from .anytime import AnyTrajectory, trajectory
from .axis import Axis, AxisFacts, AxisKind, choose_axis
from .section_curves import AnyCurves, Summary, section_curves


@dataclass(frozen=True)
class Reduced:
    """What is kept of a run."""

    header: RunHeader
    """What is known of it without its trials."""
    facts: AxisFacts
    """What it can be drawn over."""
    design: RunDesign
    """How it was set up."""
    digest: bytes
    """Hash of what its trials were and cost; two runs of one seed with the same are one."""
    trajectories: Mapping[AxisKind, AnyTrajectory]
    """Its incumbent on each axis that was asked for and is there."""


def reduce_run(run: Run, axis: AxisKind | None, rule: IncumbentRule) -> Reduced:
    """Reduce a run to its incumbent on an axis; without one, over time and evaluations.

    Raises:
        EncaveError: the run lacks a column that its provenance reports.
    """
    facts = run.once(AxisFacts.of)
    columns = {measure.column for measure in run_measures([run])}
    header = RunHeader(run)
    kinds: tuple[AxisKind, ...] = ("time", "evaluations") if axis is None else (axis,)
    axes = [Axis(kind, kind, None, max(facts.budgets, default=1.0)) for kind in kinds]
    found: dict[AxisKind, AnyTrajectory] = {
        one.kind: _without_trials(trajectory(run, one, columns, rule), header) for one in axes
    }
    return Reduced(header, facts, RunDesign.of(run), _digest(run), found)


def reduce_source(
    source: Path,
    axis: AxisKind | None,
    rule: IncumbentRule,
    wanted: RunFilter | None = None,
    objective: str | None = None,
    told: Callable[[Run], Run] | None = None,
) -> tuple[list[Reduced], list[str]]:
    """Read and reduce the runs of one source, one at a time.

    Args:
        source: Folder of a run, a run store, or a folder within one.
        axis: As for `reduce_run`.
        rule: Which trials may be the incumbent.
        wanted: Which runs, by their own names or by those that `told` gives them; None: all.
        objective: By which runs that have it are compared; others by their first.
        told: A run with the names that a report's settings give it.

    Returns:
        The reduced runs, and of each that is damaged why it is left out.

    Raises:
        EncaveError: a run lacks a column that its provenance reports.
    """
    damaged: list[EncaveError] = []
    read = wanted if told is None else None
    runs: Iterable[Run] = read_runs(source, read, configurations=False, on_damaged=damaged.append)
    if told is not None:
        runs = (told(run) for run in runs if wanted is None or wanted.of_run(run) or wanted.of_run(told(run)))
    return [reduce_run(_led(run, objective), axis, rule) for run in runs], list(map(str, damaged))


def _led(run: Run, objective: str | None) -> Run:
    return run if objective is None or objective not in [one.name for one in run.objectives] else run.led_by(objective)


def gather(
    reduced: Sequence[Reduced],
    axis: AxisKind | None,
    summary: Summary,
    on_view: Callable[[ViewOf[RunHeader]], None] = lambda view: None,
) -> tuple[list[AnyCurves], list[str]]:
    """Curves of every section, and the remarks of the view on how runs were put together.

    Args:
        reduced: The runs.
        axis: What curves are drawn over; None: as `choose_axis` has it.
        summary: How runs are summarised.
        on_view: Told how runs are put together, before curves are made.

    Raises:
        EncaveError: there are no runs, or those of a section do not share the axis.
    """
    known = {id(one.header): one for one in reduced}
    view = view_headers(
        [one.header for one in reduced],
        lambda a, b: known[id(a)].digest == known[id(b)].digest,
        lambda run: known[id(run)].design,
    )
    on_view(view)
    return [_section(section, known, axis, summary) for section in view.sections], list(view.remarks)


def _section(section: AnySection, known: Mapping[int, Reduced], kind: AxisKind | None, summary: Summary) -> AnyCurves:
    axis = choose_axis([known[id(run)].facts for run in section.runs], kind)
    trajectories: dict[str, tuple[AnyTrajectory, ...]] = {}
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


def _adjusted(one: Reduced, axis: Axis) -> AnyTrajectory:
    """The run on the axis that all share, where one full evaluation is the highest budget of all."""
    found = one.trajectories[axis.kind]
    if axis.full is None or not one.facts.budgets:
        return found
    share = max(one.facts.budgets) / axis.full
    return replace(found, positions=found.positions * share, horizon=found.horizon * share, last=found.last * share)


def _without_trials(one: AnyTrajectory, header: RunHeader) -> AnyTrajectory:
    return replace(one, run=header)


def _without_incumbent(one: AnyTrajectory) -> AnyTrajectory:
    values = {name: column[:0] for name, column in one.values.items()}
    return replace(one, positions=one.positions[:0], rows=one.rows[:0], values=values)


def _digest(run: Run) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for name in ("config_id", "budget", "end", *(f"cost:{objective.name}" for objective in run.objectives)):
        digest.update(np.ascontiguousarray(run.column(name).astype(np.float64)).tobytes())
    digest.update(np.ascontiguousarray(run.evaluation).tobytes())
    digest.update(run.infeasible().tobytes())
    return digest.digest()
