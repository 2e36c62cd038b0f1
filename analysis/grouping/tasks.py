"""What task each run is on: as its log says, else by hyperparameters and, where they differ, folders and studies."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from ...run import RunHeader
from .design import DesignOf
from .objectives import patterns
from .places import label_names, places_of

UNNAMED = "unnamed task over "
"""How the name of a task begins that has none but its hyperparameters."""
_MOST_NAMES = 4  # of hyperparameters in a title
_PLACES = 6  # names of a path that may name a task: the file and folders above it


def tasks_of(
    runs: Sequence[RunHeader], labels: Mapping[int, str], design: DesignOf
) -> tuple[dict[int, str], dict[int, frozenset[str]], list[str]]:
    """Name of each run's task by `id`, its hyperparameters, and remarks on what was taken from folders and studies.

    Runs that name no task are on one task if they have the same hyperparameters, and if the folders and studies of the
    runs of each optimizer differ in no more than numbers, seeds and the optimizer's name.

    Args:
        runs: The runs.
        labels: Label of the optimizer of each run by `id`.
        design: Gives the design of a run.
    """
    tasks = {id(run): task_name(run) for run in runs}
    joint = joint_hyperparameters(runs, design)
    tasks |= named_elsewhere(runs, joint)
    unnamed = [run for run in runs if not run.provenance.task]
    remarks = _remarks_on_named(unnamed, tasks, labels)
    rest = [run for run in unnamed if tasks[id(run)].startswith(UNNAMED)]
    spaces = joint_hyperparameters(rest, design)
    by_space: defaultdict[frozenset[str], list[RunHeader]] = defaultdict(list)
    for run in rest:
        by_space[spaces[id(run)]].append(run)
    for names, members in by_space.items():
        told, remark = _by_place(members, labels, _named_after(names))
        tasks |= told
        remarks += [*remark, *_of_named_space(members, tasks, joint, runs)]
    return tasks, spaces, remarks


def named_elsewhere(runs: Sequence[RunHeader], joint: Mapping[int, frozenset[str]]) -> dict[int, str]:
    """Task of each run, by `id`, that names none but whose file, folders or study name one that another log names.

    Their hyperparameters must be those of a run on that task, and the name must be of one task only.

    Args:
        runs: The runs.
        joint: Hyperparameters of each run's space by `id`.
    """
    spaces: defaultdict[str, set[frozenset[str]]] = defaultdict(set)
    for run in runs:
        if run.provenance.task:
            spaces[task_name(run)].add(joint[id(run)])
    words = {task: told for task in spaces if re.search("[^\\W\\d_]", task) and (told := words_of(task))}
    found: dict[int, str] = {}
    for run in runs:
        if run.provenance.task:
            continue
        places = [words_of(name) for name in _place_names(run)]
        seen = {word for place in places for word in place}
        told = [task for task, own in words.items() if own[0] in seen and any(_holds(one, own) for one in places)]
        whole = [one for one in told if not any(_holds(words[other], words[one]) for other in told if other != one)]
        if len(whole) == 1 and {joint[id(run)], frozenset()} & spaces[whole[0]]:  # some tables have no configurations
            found[id(run)] = whole[0]
    return found


def _place_names(run: RunHeader) -> list[str]:
    path = PurePath(str(run.provenance.source or ""))
    return [*path.parts[-_PLACES:-1], path.stem, str(run.provenance.study or "")]


def words_of(name: str) -> list[str]:
    """The words of a name or title, in small letters."""
    return re.findall(r"[^\W_]+", name.lower())


def _holds(words: Sequence[str], own: Sequence[str]) -> bool:
    """Whether the words of a name have those of another one after the other."""
    return any(list(words[k : k + len(own)]) == list(own) for k in range(len(words) - len(own) + 1))


def _remarks_on_named(unnamed: Sequence[RunHeader], tasks: Mapping[int, str], labels: Mapping[int, str]) -> list[str]:
    by_task: defaultdict[str, set[str]] = defaultdict(set)
    for run in unnamed:
        if not tasks[id(run)].startswith(UNNAMED):
            by_task[tasks[id(run)]].add(labels[id(run)])
    return [
        f"{task}: runs of {', '.join(sorted(names))} are taken for this task of other logs, as their folders, files or "
        f"studies name it. {_SAY}"
        for task, names in sorted(by_task.items())
    ]


def _of_named_space(
    members: Sequence[RunHeader],
    tasks: Mapping[int, str],
    joint: Mapping[int, frozenset[str]],
    every: Sequence[RunHeader],
) -> list[str]:
    """That these runs have the hyperparameters of a task that other logs name, with the line that makes them its."""
    own = joint[id(members[0])]
    named = sorted({tasks[id(run)] for run in every if run.provenance.task and own and joint[id(run)] == own})
    titles = ", ".join(sorted({tasks[id(run)] for run in members}))
    if not named:
        return []
    rules = [f"{{match = {json.dumps(one)}, task = {json.dumps(named[0])}}}" for one in patterns(members, every)]
    return [
        f"{titles}: other logs have the same hyperparameters and name their task ({', '.join(named[:_MOST_NAMES])}), "
        f"with which this is not compared. If it is one, say so in report.toml: runs = [{', '.join(rules)}]"
    ]


@dataclass
class _Joint:
    """The hyperparameters of runs that may be of one space."""

    names: frozenset[str]
    absent: frozenset[str]
    """Those that some configuration lacks."""
    tried: bool
    """Whether no run of it has a space, so that the names are those that were tried."""
    keys: list[int]
    """`id` of each run."""

    def fits(self, other: _Joint) -> bool:
        """Whether what one lacks may not have been tried there."""
        lacking, more = self.names - other.names, other.names - self.names
        may_lack = (other.tried and lacking <= self.absent) or not lacking
        return may_lack and ((self.tried and more <= other.absent) or not more) and bool(self.names & other.names)


def joint_hyperparameters(runs: Sequence[RunHeader], design: DesignOf) -> dict[int, frozenset[str]]:
    """Hyperparameters of the space of each run by `id`; of logs that have no space it is that of others that fits.

    A log without a space has only the hyperparameters that were tried, and a conditional one may not have been.
    """
    joint: list[_Joint] = []
    for run in sorted(runs, key=lambda run: len(design(run).hyperparameters), reverse=True):
        tried = run.inferred_space or "distributions" in run.provenance.extra
        own = _Joint(design(run).hyperparameters, design(run).absent, tried, [id(run)])
        same = [one for one in joint if one.names == own.names]
        found = same or [one for one in joint if one.fits(own)]
        if len(found) != 1:  # none, or several of which nothing says which
            joint.append(own)
            continue
        (one,) = found
        one.names, one.absent = one.names | own.names, one.absent | own.absent
        one.tried &= own.tried
        one.keys += own.keys
    return {key: one.names for one in joint for key in one.keys}


def task_name(run: RunHeader) -> str:
    """The task as the run's log has it, else by its hyperparameters."""
    return run.task or _named_after(frozenset(run.hyperparameters))


def _named_after(names: frozenset[str]) -> str:
    some = sorted(map(str, names)) or ["no hyperparameters"]
    return f"{UNNAMED}{', '.join(some[:_MOST_NAMES])}{', …' if len(some) > _MOST_NAMES else ''}"


def _by_place(runs: Sequence[RunHeader], labels: Mapping[int, str], base: str) -> tuple[dict[int, str], list[str]]:
    """Tasks of these runs of one space that name none, by `id`, and what to say of what places tell."""
    places = places_of(runs, labels, lambda run: label_names(run, labels[id(run)]))
    doubts = [
        f"{base}: the numbers {numbers} in names of folders or studies count as those of repetitions. {_SAY}"
        for numbers in places.doubts
    ]
    of_label: defaultdict[str, set[str]] = defaultdict(set)
    for run in runs:
        of_label[labels[id(run)]].add(places.words[id(run)])
    same = {id(run): base for run in runs}
    if len(set(places.words.values())) == 1:
        return same, doubts
    if all(len(own) == 1 for own in of_label.values()):
        told = "; ".join(f"{label}: {next(iter(own)) or 'nothing'}" for label, own in sorted(of_label.items()))
        return same, [*doubts, f"{base}: taken for one task though folders differ ({told}). {_SAY}"]
    shown = _shown(of_label)
    tasks = {id(run): shown[labels[id(run)], places.words[id(run)]] or base for run in runs}
    found = ", ".join(sorted({shown[key] or "nothing" for key in shown}))
    apart = f"{base}: folders or studies differ, so each counts as a task of its own: {found}. {_SAY}"
    return tasks, [*doubts, apart]


def _shown(of_label: Mapping[str, set[str]]) -> dict[tuple[str, str], str]:
    """Label and what its place says → the task's name: without words that all places of a label have.

    Of a label with one place only it is the one task of the others that it names, if it names one.
    """
    shown: dict[tuple[str, str], str] = {}
    for label, own in of_label.items():
        words = [set(place.split()) for place in own]
        common = words[0].intersection(*words[1:]) if len(own) > 1 else set[str]()
        rest = {place: " ".join(word for word in place.split() if word not in common) for place in own}
        usable = all(re.search("[a-z]", told) for told in rest.values())
        shown |= {(label, place): rest[place] if usable else place for place in own}
    several = {shown[label, place] for label, own in of_label.items() if len(own) > 1 for place in own}
    for label, own in of_label.items():
        if len(own) == 1:
            (place,) = own
            named = [one for one in several if one and set(one.split()) <= set(place.split())]
            if len(named) == 1:
                shown[label, place] = named[0]
    return shown


_SAY = 'The logs name no task: say which it is with task = "…" in [[runs]] of report.toml.'
