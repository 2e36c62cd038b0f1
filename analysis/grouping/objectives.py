"""Which objectives play the same role, whatever each log calls them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from glob import escape
from itertools import takewhile
from pathlib import PurePath

from ...run import Objective, RunHeader
from .design import DesignOf

TABLE = "table"
"""Format of tables that any program may have written."""
FIRST_OBJECTIVE = "objective"
"""Stands for the column of each run's own first objective."""


_OWN = {
    **{"smac": ("cost",), "dehb": ("fitness",), "optuna": ("value",), "bohb": ("loss",), "deephyper": ("objective",)},
    **{"neps": ("loss", "objective_to_minimize"), "ioh": ("raw_y",), "deepcave": ("Cost",)},
    **{"nevergrad": ("#loss",), "bayesianoptimization": ("target",), "ray-tune": ("_metric",), "carps": ("quality",)},
}
"""Format (of a known table its optimizer) → what it calls any objective, which says nothing of what was measured."""


def roles(runs: Sequence[RunHeader], alike: Mapping[int, str]) -> dict[int, str]:
    """What the first objective of each run is compared as, by `id` of the run; equal roles are one objective.

    Runs of one objective have the same role if their direction is the same; where no log names the task, only if not
    two names that say what was measured differ. One of several objectives has it if its first is named like the
    objective of such a run.

    Args:
        runs: The runs.
        alike: `id` of each run → its task and all else that must agree.
    """
    keys = {id(run): (alike[id(run)], run.objectives[0].direction) for run in runs}
    single: defaultdict[tuple[str, str], dict[str, bool]] = defaultdict(dict)  # name → whether it may be told apart
    for run in runs:
        if len(run.objectives) == 1:
            names = single[keys[id(run)]]
            names[run.objectives[0].name] = names.get(run.objectives[0].name, False) or _tells(run)
    told: dict[int, str] = {}
    for run in runs:
        first, names = run.objectives[0], single[keys[id(run)]]
        if first.name in names:
            named = names[first.name] and sum(names.values()) > 1
            told[id(run)] = f"{first.name if named else ''} {first.direction}"
        else:
            told[id(run)] = all_objectives(run)
    return told


def all_objectives(run: RunHeader) -> str:
    """The objectives of a run by which it is compared, in words: all, unless a person chose one."""
    chosen = run.objectives[:1] if run.provenance.compared_by else run.objectives
    return " and ".join(f"{one.name} {one.direction}d" for one in chosen)


def _tells(run: RunHeader) -> bool:
    """Whether the name of its objective may be of something else than those of other runs on its task."""
    known = run.provenance
    form = run.optimizer.name.lower() if known.source_format == TABLE else known.source_format
    return not run.task and run.objectives[0].name not in _OWN.get(str(form), ())


def tell_joined(title: str, runs: Sequence[RunHeader], labels: Mapping[int, str]) -> list[str]:
    """That objectives of several names are compared on a task that no log names.

    Args:
        title: Of their task.
        runs: The runs that are compared there.
        labels: Label of the optimizer of each run by `id`.
    """
    by_name: defaultdict[str, set[str]] = defaultdict(set)
    for run in runs:
        by_name[run.objectives[0].name].add(labels[id(run)])
    if len(by_name) < 2 or all(run.task for run in runs):
        return []
    told = "; ".join(f"{name} of {', '.join(sorted(own))}" for name, own in sorted(by_name.items()))
    return [
        f"{title}: objectives of several names are compared as one, as not two of them say what was measured ({told}). "
        'If they differ, give each a task of its own, task = "…" in [[runs]] of report.toml.'
    ]


def joint_objective(runs: Sequence[RunHeader]) -> Objective:
    """The first objective of runs in which it has one role; called `objective` where they name it differently."""
    first, *others = (run.objectives[0] for run in runs)
    if all(one.name == first.name for one in others):
        return first
    unit = first.unit if all(one.unit == first.unit for one in others) else None
    return Objective("objective", first.direction, unit=unit)


def names_of(runs: Sequence[RunHeader]) -> str:
    """The names of the first objectives, sorted."""
    return ", ".join(sorted({run.objectives[0].name for run in runs}))


def tell_apart(
    task: str, kinds: Sequence[Sequence[RunHeader]], every: Sequence[RunHeader], named: bool, design: DesignOf
) -> str:
    """Why the runs of a task are not compared with each other, and the line of `report.toml` that would join them.

    Args:
        task: Its title.
        kinds: The runs of each objective.
        every: All runs that are compared, of which the line must match no other.
        named: Whether a log or a person named the task.
        design: Gives the design of a run.
    """
    largest = max(kinds, key=len)
    told = "; ".join(f"{_in_words(kind)} by {', '.join(_optimizers(kind))}" for kind in kinds)
    own = {id(run) for kind in kinds for run in kind}
    rest = [run for run in every if id(run) not in own]
    told_rules = (rule for kind in kinds if kind is not largest for rule in _rules(kind, largest, rest, named, design))
    rules = list(dict.fromkeys(told_rules))
    if not named:
        members = [run for kind in kinds for run in kind]
        rules += [f"{{match = {json.dumps(one)}, task = {json.dumps(task)}}}" for one in patterns(members, every)]
    why = f"{task}: objectives differ and are kept apart ({told})"
    return f"{why}. If they are one, say so in report.toml: runs = [{', '.join(rules)}]"


def _in_words(kind: Sequence[RunHeader]) -> str:
    """What is minimized or maximized."""
    if any(all_objectives(run) != all_objectives(kind[0]) for run in kind) or " and " not in all_objectives(kind[0]):
        return f"{names_of(kind)} is {kind[0].objectives[0].direction}d"
    return all_objectives(kind[0])


def _rules(
    kind: Sequence[RunHeader], target: Sequence[RunHeader], rest: Sequence[RunHeader], named: bool, design: DesignOf
) -> list[str]:
    """The rules that make the objective of `kind` that of `target`; none if that its task is named does."""
    wanted, own = target[0].objectives[0], kind[0].objectives
    names = {run.objectives[0].name for run in target}
    used = next((one for one in own if one.name in names), own[0])
    keys: list[str] = []
    if used is not own[0]:
        keys.append(f"use = {json.dumps(used.name)}")
    elif used.name not in names and (len(own) > 1 or any(len(run.objectives) > 1 for run in target)):
        keys.append(f"objective = {json.dumps(wanted.name)}")
    fractions = False
    if used.direction != wanted.direction:
        keys.append(f"direction = {json.dumps(wanted.direction)}")
        if used.name.casefold() != wanted.name.casefold():  # else one of the logs has the direction wrong
            ranges = range_of(kind, design), range_of(target, design)
            keys += _turned(*ranges)
            fractions = _counts_fractions_of(*ranges)
    if not keys and used.name == wanted.name:  # they differ in further objectives
        use = f"use = {json.dumps(used.name)}"
        return [f"{{match = {json.dumps(one)}, {use}}}" for one in patterns([*kind, *target], [*kind, *target, *rest])]
    if not keys and not named:
        return []
    every = [*kind, *target, *rest]
    percent = [f'{{match = {json.dumps(one)}, scale = "percent"}}' for one in patterns(target, every) if fractions]
    own_rules = [f"{{{', '.join([f'match = {json.dumps(one)}', *keys])}}}" for one in patterns(kind, every)]
    return [*own_rules, *percent]


def _counts_fractions_of(own: tuple[float, float] | None, target: tuple[float, float] | None) -> bool:
    """Whether these are fractions of what the others seem to count in percent."""
    return own is not None and target is not None and own[0] >= 0 and own[1] <= 1 < target[1] <= 100 and target[0] >= 0


def _turned(own: tuple[float, float] | None, target: tuple[float, float] | None) -> list[str]:
    """The keys that make of values that are better the higher such that are better the lower, or the other way round.

    Of fractions and percent it is the rest to the whole (an error of an accuracy), of others the negative.

    Args:
        own: Least and largest of the values.
        target: Of those that they are to be compared with.
    """
    if own is None or target is None or min(own[0], target[0]) < 0 or max(own[1], target[1]) > 100:
        return ["negate = true"]
    if target[1] <= 1 < own[1]:
        return ['scale = "percent"', "negate = true", "add = 1"]
    return ["negate = true", f"add = {1 if own[1] <= 1 else 100}"]


def range_of(runs: Sequence[RunHeader], design: DesignOf) -> tuple[float, float] | None:
    """Least and largest value of the first objective, as logged; None without any."""
    known = [values for run in runs if (values := design(run).values)]
    return (min(one[0] for one in known), max(one[2] for one in known)) if known else None


def patterns(runs: Sequence[RunHeader], every: Sequence[RunHeader]) -> list[str]:
    """Shell patterns of the names or the sources of these runs that match no other: one if there is one, else several.

    Where one does not do, runs are parted by the first folder in which their sources differ.
    """
    own = {id(run) for run in runs}
    others = [run for run in every if id(run) not in own]
    if not others:
        return ["*"]
    if shared := shared_pattern(runs, others):
        return [shared]
    parts = {id(run): PurePath(_source(run)).parts for run in runs}
    at = next((k for k, some in enumerate(zip(*parts.values(), strict=False)) if len(set(some)) > 1), None)
    if at is None:
        return [escape(_source(run) or run.name) for run in runs]
    branches: defaultdict[str, list[RunHeader]] = defaultdict(list)
    for run in runs:
        branches[parts[id(run)][at]].append(run)
    return [one for branch in branches.values() for one in patterns(branch, [*branch, *others])]


def _source(run: RunHeader) -> str:
    return str(run.provenance.source or "")


def shared_pattern(runs: Sequence[RunHeader], others: Sequence[RunHeader]) -> str | None:
    """A shell pattern that the names or the sources of all runs match and that matches no other; None without one."""
    names = [run.name for run in runs]
    sources = [_source(run) for run in runs]
    found = [escape(one[0]) for one in (names, sources) if len(set(one)) == 1 and one[0]]
    found += [f"{escape(_shared_start(one))}*" for one in (names, sources)]
    taken = [(run.name, _source(run)) for run in others]
    for pattern in found:
        if not any(fnmatchcase(name, pattern) or fnmatchcase(source, pattern) for name, source in taken):
            return pattern
    return None


def _shared_start(texts: Sequence[str]) -> str:
    return "".join(letters[0] for letters in takewhile(lambda some: len(set(some)) == 1, zip(*texts, strict=False)))


def _optimizers(runs: Sequence[RunHeader]) -> list[str]:
    return sorted({run.optimizer.name for run in runs})
