"""What is put together in a comparison, and why: a table to look at and a `report.toml` to correct."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...run import Run, RunHeader
from .objectives import names_of, patterns
from .placed_labels import NO_PROGRAM
from .sections import AnySection, Group, GroupOf, Section, View, view_runs
from .tasks import UNNAMED

_HEAD = """\
# Runs on one task are compared, whatever their logs call the objective; to keep them apart give them other tasks.
# Runs of one optimizer on one task are averaged as seeds.
"""
_LONGEST = 400  # characters of a line that names every group
_MOST = 4  # groups or seeds in a line that does not


@dataclass(frozen=True)
class SeedRuns:
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
    cells: tuple[SeedRuns, ...]
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
            for match in patterns(group.runs, every)
        ]
        return "\n".join([_HEAD, *rules])


def overview(runs: Sequence[Run]) -> Overview:
    """Group runs as a report would.

    Raises:
        EncaveError: there are no runs.
    """
    view = view_runs(runs)
    cells = [cell for section in view.sections for group in section.groups for cell in _cells(section, group)]
    return Overview(view, tuple(cells))


def in_one_line(sections: Sequence[AnySection]) -> str:
    """Who is taken for a repetition of whom, in one line; of many tasks or groups their number and the first."""
    told = "; ".join(f"{one.title}: {', '.join(map(_in_words, one.groups))}" for one in sections)
    if len(told) <= _LONGEST:
        return told
    optimizers = list(dict.fromkeys(group.optimizer for one in sections for group in one.groups))
    runs = sum(len(one.runs) for one in sections)
    counts = f"{_counted(runs, 'run')} of {_counted(len(optimizers), 'optimizer')} on {_counted(len(sections), 'task')}"
    first = sections[0]
    start = f"{first.title}: {', '.join(map(_in_words, first.groups[:_MOST]))}"
    return f"{counts} ({start}, …). encave groups shows all."


def in_a_row(seeds: Sequence[int]) -> bool:
    """Whether there are three or more seeds, ascending, and each is one more than the one before."""
    return len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1  # a range may be of billions: seeds can be hashes


def _in_words(group: GroupOf[RunHeader]) -> str:
    known = sorted({seed for seed in group.seeds if seed is not None})
    if in_a_row(known):
        seeds = f", seeds {known[0]}–{known[-1]}"
    else:
        some = f"{', '.join(map(str, known[:_MOST]))}{', …' if len(known) > _MOST else ''}"
        seeds = f", seed{'s' * (len(known) > 1)} {some}" if known else ""
    named = "" if all(run.provenance.seed_from is None for run in group.runs) else " by name"
    return f"{group.optimizer} ({_counted(len(group.runs), 'run')}{seeds}{named})"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _cells(section: Section, group: Group) -> list[SeedRuns]:
    found: list[SeedRuns] = []
    for seed in dict.fromkeys(group.seeds):
        runs = [run for run in group.runs if run.seed == seed]
        why = "; ".join(dict.fromkeys(_why(section, group, run) for run in runs))
        names = tuple(run.name for run in runs)
        found.append(SeedRuns(section.title, group.optimizer, seed, names_of(runs), names, why))
    return found


def _why(section: Section, group: Group, run: Run) -> str:
    said = run.provenance.said
    word, seed = run.provenance.label_from, run.provenance.seed_from
    where = run.provenance.label_where or "folder"
    label = f"label from the {where} ({word})" if word else "optimizer from the log"
    if run.label == NO_PROGRAM:
        placed = group.optimizer != NO_PROGRAM
        label = f"label from the folder or file ({group.optimizer})" if placed else "optimizer not known"
    if run.provenance.task:
        task = "the log"
    else:
        task = "hyperparameters" if section.task.startswith(UNNAMED) else "the path or study"
    told = {"task": task, "seed": f"the {seed}" if seed else "the log"}
    told |= dict.fromkeys(said, "report.toml")
    if "optimizer" in said:
        label = "optimizer from report.toml"
    return ", ".join(
        [label, f"task from {told['task']}", "no seed" if run.seed is None else f"seed from {told['seed']}"]
    )


def _rule(section: Section, group: Group, match: str) -> str:
    told = {"match": match, "optimizer": group.optimizer, "task": section.task}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in told.items()]
    return "\n".join(["[[runs]]", *lines, f"# objective: {json.dumps(names_of(group.runs))}", ""])
