"""What must agree between runs that are compared, and the titles that tell sections of one task apart."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeVar

from ...run import BenchmarkFacts, RunHeader
from .design import DesignOf
from .objectives import all_objectives, names_of, roles, tell_apart

SectionKey: TypeAlias = tuple[str, str]
"""What must agree between runs that are compared: the objective's role, and before it all else."""
R = TypeVar("R", bound=RunHeader)


def section_keys(
    runs: Sequence[RunHeader], tasks: Mapping[int, str], spaces: Mapping[int, frozenset[str]]
) -> dict[int, SectionKey]:
    """What must agree between runs that are compared, by `id`."""
    alike = {id(run): _without_objective(run, tasks[id(run)], spaces.get(id(run), frozenset())) for run in runs}
    found = roles(runs, alike)
    return {id(run): (alike[id(run)], found[id(run)]) for run in runs}


def _without_objective(run: RunHeader, task: str, space: frozenset[str]) -> str:
    reporting = [entry.json() for entry in run.provenance.reporting]
    benchmark = run.provenance.benchmark or BenchmarkFacts()
    told = [task, sorted(space), benchmark.source, benchmark.sha256, reporting]
    return json.dumps(told, sort_keys=True, default=str)


def by_design(runs: Sequence[R], keys: Mapping[int, SectionKey]) -> dict[SectionKey, list[R]]:
    """Runs by section; where an optimizer was run to several limits with the same seed, each limit is one.

    Two budgets of one optimizer are two designs: the shorter run is often the beginning of the longer one, and neither
    is an optimizer of its own.
    """
    by_key: defaultdict[SectionKey, list[R]] = defaultdict(list)
    for run in runs:
        by_key[keys[id(run)]].append(run)
    found: dict[SectionKey, list[R]] = {}
    for (alike, role), members in by_key.items():
        limits: defaultdict[tuple[str, int | None], set[str]] = defaultdict(set)
        for run in members:
            limits[run.optimizer.name, run.seed].add(_limit(run))
        several = any(len(own) > 1 for (_, seed), own in limits.items() if seed is not None)
        for run in members:
            found.setdefault((json.dumps([alike, _limit(run)]) if several else alike, role), []).append(run)
    return found


def section_titles(by_key: Mapping[SectionKey, Sequence[RunHeader]], tasks: Mapping[int, str]) -> dict[SectionKey, str]:
    """Title of each section: the task, and in brackets what tells it from others of the same task."""
    titles: dict[SectionKey, str] = {}
    by_task: defaultdict[str, list[SectionKey]] = defaultdict(list)
    for key, members in by_key.items():
        by_task[tasks[id(members[0])]].append(key)
    for task, keys in by_task.items():
        facts = {key: _facts(by_key[key]) for key in keys}
        told = _telling(list(facts.values()))
        for number, key in enumerate(sorted(keys), start=1):
            words = [facts[key][name] for name in told] or [f"set {number}"]
            titles[key] = task if len(keys) == 1 else f"{task} ({'; '.join(words)})"
    return titles


def _telling(facts: list[dict[str, str]]) -> list[str]:
    """The first facts that tell all sections of a task apart; none if even all of them do not."""
    told: list[str] = []
    for name in facts[0]:
        if len({entry[name] for entry in facts}) > 1:
            told.append(name)
        if len({tuple(entry[name] for name in told) for entry in facts}) == len(facts):
            return told
    return []


def _facts(runs: Sequence[RunHeader]) -> dict[str, str]:
    """What must agree between runs that are compared, in words, in the order in which a title names it."""
    run = runs[0]
    benchmark = run.provenance.benchmark or BenchmarkFacts()
    names = [entry.name for entry in run.provenance.reporting]
    digest = (benchmark.sha256 or "")[:8]
    return {
        "objective": f"{names_of(runs)}, {run.objectives[0].direction}d",
        "objectives": all_objectives(run),
        "benchmark": benchmark.source or "other runs",
        "reporting": f"reporting {', '.join(names)}" if names else "objective only",
        "sha256": f"benchmark {digest}" if digest else "no benchmark hash",
        "limit": _limit(run),
    }


def kept_apart(
    by_key: Mapping[SectionKey, Sequence[RunHeader]],
    tasks: Mapping[int, str],
    every: Sequence[RunHeader],
    design: DesignOf,
) -> list[str]:
    """A remark for every task whose runs differ in nothing but their objective."""
    kinds: defaultdict[str, list[Sequence[RunHeader]]] = defaultdict(list)
    for (alike, _), members in by_key.items():
        kinds[alike].append(members)
    several = [members for members in kinds.values() if len(members) > 1]
    return [tell_apart(tasks[id(one[0][0])], one, every, bool(one[0][0].task), design) for one in several]


def _limit(run: RunHeader) -> str:
    """Where the run was to end, in words."""
    told = (f"{value:,.10g} {name.replace('_', ' ')}" for name, value in sorted(run.provenance.limit.items()))
    return " and ".join(told) or "no limit"
