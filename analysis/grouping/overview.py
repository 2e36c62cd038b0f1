"""What is put together in a comparison, and why: a table to look at and a `report.toml` to correct."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from glob import escape
from typing import Any

from ...run import Run
from .objectives import names_of, shared_pattern
from .sections import Group, Section, View, view_runs
from .tasks import task_name


@dataclass(frozen=True)
class Cell:
    """The runs of one seed of one optimizer on one task."""

    task: str
    """Title of the section."""
    optimizer: str
    """Label."""
    seed: int | None
    """Seed; None where it is not known."""
    objective: str
    """What their logs call the objective."""
    runs: tuple[str, ...]
    """Their names."""
    why: str
    """What says so."""


@dataclass(frozen=True)
class Overview:
    """All that is compared."""

    view: View
    """The sections."""
    cells: tuple[Cell, ...]
    """By task, optimizer, seed."""

    def as_json(self) -> dict[str, Any]:
        """The table and the remarks as JSON."""
        return {
            "groups": [{**vars(one), "runs": list(one.runs)} for one in self.cells],
            "remarks": [*self.view.remarks],
        }

    def as_toml(self) -> str:
        """Rules of `report.toml` that say of every group what it is taken for now."""
        every = [run for section in self.view.sections for run in section.runs]
        rules = [
            _rule(section, group, match)
            for section in self.view.sections
            for group in section.groups
            for match in _patterns(group.runs, every)
        ]
        return "\n".join(rules)


def overview(runs: Sequence[Run]) -> Overview:
    """Group runs as a report would.

    Raises:
        EncaveError: there are no runs.
    """
    view = view_runs(runs)
    cells = [cell for section in view.sections for group in section.groups for cell in _cells(section, group)]
    return Overview(view, tuple(cells))


def _cells(section: Section, group: Group) -> list[Cell]:
    found: list[Cell] = []
    for seed in dict.fromkeys(group.seeds):
        runs = [run for run in group.runs if run.seed == seed]
        why = "; ".join(dict.fromkeys(_why(section, run) for run in runs))
        names = tuple(run.name for run in runs)
        found.append(Cell(section.title, group.optimizer, seed, names_of(runs), names, why))
    return found


def _why(section: Section, run: Run) -> str:
    word = run.provenance.label_from
    label = f"optimizer from the path or study ({word})" if word else "optimizer from the log"
    if run.task:
        task = "task from the log"
    else:
        task = "task from hyperparameters" if section.task == task_name(run) else "task from the path or study"
    return f"{label}, {task}, {'no seed' if run.seed is None else 'seed from the log'}"


def _patterns(runs: Sequence[Run], every: Sequence[Run]) -> list[str]:
    """A pattern for each rule that these runs need."""
    own = {id(run) for run in runs}
    pattern = shared_pattern(runs, [run for run in every if id(run) not in own])
    return [pattern] if pattern else [escape(run.provenance.source or run.name) for run in runs]


def _rule(section: Section, group: Group, match: str) -> str:
    told = {"match": match, "optimizer": group.optimizer, "task": section.task}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in told.items()]
    return "\n".join(["[[runs]]", *lines, f"# objective: {json.dumps(names_of(group.runs))}", ""])
