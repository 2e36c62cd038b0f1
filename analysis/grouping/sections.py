"""Which runs are compared: sections (one task each) of groups (one optimizer each) of runs (one seed each)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ...run import EXTRA, Objective, Run
from .objectives import FIRST_OBJECTIVE, joint_objective, names_of, roles, tell_apart
from .schedules import modelled
from .tasks import tasks_of
from .unlike import tell_unlike

# Differences from the optimum below this share of it are rounding of the same table entry, not regret.
_ROUNDING = 1e-12

# what must agree between runs that are compared: the objective's role, and before it all else
_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Measure:
    """What is reported of an incumbent. The incumbent itself is always chosen by the objective."""

    name: str
    """Name shown to people, e.g. `validation regret`."""
    column: str
    """Trial column of the value, e.g. `extra:valid_error_200` or `cost:loss`; `objective` is each run's own first."""
    unit: str | None = None
    """Unit, e.g. `%`."""
    maximize: bool = False
    """Whether more is better in `column`."""
    regret: Literal["optimum", "best seen", "given"] | None = None
    """What is subtracted: the known optimum, the best incumbent of all runs, a value that was given, or nothing."""
    reference: float | None = None
    """The value subtracted; None for `best seen` until the section is computed."""
    scale: float = 1.0
    """What a regret is divided by, for one that is normalised."""

    @property
    def lower_is_better(self) -> bool:
        """Whether a smaller reported value is better; always so for a regret."""
        return self.regret is not None or not self.maximize

    @property
    def bounded(self) -> bool:
        """Whether no value can be below zero: a regret against an optimum, or against the best of all."""
        return self.regret in ("optimum", "best seen")

    @property
    def label(self) -> str:
        """Name with its unit, for axes and table heads."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name

    def report(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of `column`, any shape, as reported: for a regret, by how much they are worse than the reference."""
        if self.regret is None:
            return values
        assert self.reference is not None, "a regret needs its reference"
        distance = (self.reference - values) if self.maximize else (values - self.reference)
        return np.where(np.abs(distance) < _ROUNDING * abs(self.reference), 0.0, distance) / self.scale


@dataclass(frozen=True)
class Group:
    """The runs of one optimizer on one task."""

    optimizer: str
    """Label of the optimizer, the same in every section."""
    runs: tuple[Run, ...]
    """Its runs, by seed, then name."""

    @property
    def seeds(self) -> tuple[int | None, ...]:
        """Seed of each run; None where the metadata has none."""
        return tuple(run.seed for run in self.runs)


@dataclass(frozen=True)
class Section:
    """Runs that may be compared: one task, one objective, one benchmark, one way of reporting."""

    task: str
    """Name of the task as in the metadata, or what stands for it, see `tasks_of`."""
    title: str
    """`task`, with what tells it from another section of the same task."""
    objective: Objective
    """The first objective, by which incumbents are chosen; named `objective` where logs name it differently."""
    measures: tuple[Measure, ...]
    """What is reported, the first for the ranking."""
    groups: tuple[Group, ...]
    """One per optimizer, by label."""
    benchmark: dict[str, Any]
    """The benchmark's name, source and hash from the metadata; empty for runs of other origin."""

    @property
    def surrogate(self) -> bool:
        """Whether the values are a model's and not measured."""
        return self.benchmark.get("source") == "surrogate"

    @property
    def origin(self) -> str:
        """The benchmark and whether its values are modelled or measured, in words; empty without a benchmark."""
        if not self.benchmark:
            return ""
        name = self.benchmark.get("name") or "benchmark"
        kinds = {"surrogate": "surrogate: modelled, not measured values", "table": "table of measured values"}
        text = f"{name}, {kinds.get(str(self.benchmark.get('source')), 'source not stated')}"
        part = modelled(self)
        if part is None:
            return text
        return f"{text}, modelled between {part.low:.3g} and {part.schedule:g} epochs ({part.share:.0%} of the trials)"

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs, group by group."""
        return tuple(run for group in self.groups for run in group.runs)

    @property
    def objective_names(self) -> dict[str, str]:
        """Optimizer → what its logs call the objective."""
        return {group.optimizer: names_of(group.runs) for group in self.groups}


@dataclass(frozen=True)
class View:
    """All sections of a report, and what was left out."""

    sections: tuple[Section, ...]
    """By task."""
    optimizers: tuple[str, ...]
    """Labels of all optimizers, sorted."""
    remarks: tuple[str, ...]
    """Sentences on runs given twice, tasks told by folders, objectives kept apart and unlike runs."""


def view_runs(runs: Sequence[Run], same: Callable[[Run, Run], bool] = Run.same_trials) -> View:
    """Group runs by task (and role of the objective, benchmark, reporting), then by optimizer.

    A run given twice (same label, task, seed and trials) counts once. The label is `metadata["group"]`, else the
    optimizer's name, whatever the release; where programs of several names come under one label each goes by its own.

    Args:
        runs: The runs.
        same: Whether two runs of the same label, task and seed are one; by default if their trials are equal.

    Raises:
        EncaveError: there are no runs.
    """
    if not runs:
        raise EncaveError("there is no run to compare. Give folders of converted runs (encave convert SRC… --out DIR).")
    labels, remarks = _labels(runs)
    tasks, told = tasks_of(runs, labels)
    remarks += told
    keys = _section_keys(runs, tasks)
    kept, twice = _without_duplicates(runs, labels, keys, same)
    remarks += [f"{name} was given more than once and counts once." for name in twice]
    by_key = _by_design(kept, keys)
    titles = _titles(by_key, tasks)
    sections = [_section(titles[key], tasks[id(runs[0])], runs, labels) for key, runs in by_key.items()]
    sections.sort(key=lambda section: section.title)
    remarks += _kept_apart(by_key, tasks)
    remarks += [
        text for one in sections for group in one.groups for text in tell_unlike(one.title, group.optimizer, group.runs)
    ]
    return View(tuple(sections), tuple(sorted(set(labels.values()))), tuple(remarks))


def check_control(view: View, control: str | None) -> None:
    """Check that there is such an optimizer; None is fine.

    Raises:
        EncaveError: there is none.
    """
    if control is not None and control not in view.optimizers:
        raise EncaveError(f"no optimizer is called {control!r}, the control; there are {', '.join(view.optimizers)}")


def _by_design(runs: Sequence[Run], keys: Mapping[int, _Key]) -> dict[_Key, list[Run]]:
    """Runs by section; where an optimizer was run to several limits with the same seed, each limit is one.

    Two budgets of one optimizer are two designs: the shorter run is often the beginning of the longer one, and neither
    is an optimizer of its own.
    """
    by_key: defaultdict[_Key, list[Run]] = defaultdict(list)
    for run in runs:
        by_key[keys[id(run)]].append(run)
    found: dict[_Key, list[Run]] = {}
    for (alike, role), members in by_key.items():
        limits: defaultdict[tuple[str, int | None], set[str]] = defaultdict(set)
        for run in members:
            limits[run.optimizer.name, run.seed].add(_limit(run))
        several = any(len(own) > 1 for (_, seed), own in limits.items() if seed is not None)
        for run in members:
            found.setdefault((json.dumps([alike, _limit(run)]) if several else alike, role), []).append(run)
    return found


def _limit(run: Run) -> str:
    """Where the run was to end, in words."""
    limit: dict[str, Any] = run.metadata.get("limit") or {}
    told = (
        f"{f'{value:,.10g}' if isinstance(value, int | float) else value} {name.replace('_', ' ')}"
        for name, value in sorted(limit.items())
    )
    return " and ".join(told) or "no limit"


def _labels(runs: Sequence[Run]) -> tuple[dict[int, str], list[str]]:
    """Label of each run by `id`, and a remark for every label of several programs or releases."""
    programs: defaultdict[str, set[str]] = defaultdict(set)
    for run in runs:
        programs[run.label].add(run.optimizer.name)
    # two programs under one label are kept apart by their names
    labels = {id(run): run.optimizer.name if len(programs[run.label]) > 1 else run.label for run in runs}
    remarks = [
        f"{label} came from {_listed(found)}, which are kept apart."
        for label, found in sorted(programs.items())
        if len(found) > 1
    ]
    releases: defaultdict[str, set[str]] = defaultdict(set)
    for run in runs:
        releases[labels[id(run)]].add(run.optimizer.version or "unknown")
    remarks += [
        f"{label} came in the releases {_listed(found)}, which count as one optimizer."
        for label, found in sorted(releases.items())
        if len(found) > 1
    ]
    return labels, remarks


def _listed(names: set[str]) -> str:
    *others, last = sorted(names)
    return f"{', '.join(others)} and {last}"


def _without_duplicates(
    runs: Sequence[Run], labels: dict[int, str], keys: Mapping[int, _Key], same: Callable[[Run, Run], bool]
) -> tuple[list[Run], list[str]]:
    kept: list[Run] = []
    twice: list[str] = []
    candidates: defaultdict[tuple[Any, ...], list[Run]] = defaultdict(list)
    for run in runs:
        alike = candidates[labels[id(run)], keys[id(run)], run.seed, len(run)]
        if any(same(run, other) for other in alike):
            twice.append(run.name)
        else:
            alike.append(run)
            kept.append(run)
    return kept, sorted(set(twice))


def _facts(runs: Sequence[Run]) -> dict[str, str]:
    """What must agree between runs that are compared, in words, in the order in which a title names it."""
    run = runs[0]
    benchmark: dict[str, Any] = run.metadata.get("benchmark") or {}
    names = [str(entry["name"]) for entry in run.metadata.get("reporting") or []]
    digest = str(benchmark.get("sha256") or "")[:8]
    return {
        "objective": f"{names_of(runs)}, {run.objectives[0].direction}d",
        "benchmark": f"{benchmark.get('source') or 'other runs'}",
        "reporting": f"reporting {', '.join(names)}" if names else "objective only",
        "sha256": f"benchmark {digest}" if digest else "no benchmark hash",
        "limit": _limit(run),
    }


def _section_keys(runs: Sequence[Run], tasks: Mapping[int, str]) -> dict[int, _Key]:
    """What must agree between runs that are compared, by `id`."""
    alike = {id(run): _without_objective(run, tasks[id(run)]) for run in runs}
    found = roles(runs, {id(run): alike[id(run)] if run.metadata.get("task") else "" for run in runs})
    return {id(run): (alike[id(run)], found[id(run)]) for run in runs}


def _without_objective(run: Run, task: str) -> str:
    space = [] if run.metadata.get("task") else sorted(run.configurations.column_names)
    reporting = run.metadata.get("reporting") or []
    benchmark: dict[str, Any] = run.metadata.get("benchmark") or {}
    told = [task, space, benchmark.get("source"), benchmark.get("sha256"), reporting]
    return json.dumps(told, sort_keys=True, default=str)


def _kept_apart(by_key: Mapping[_Key, Sequence[Run]], tasks: Mapping[int, str]) -> list[str]:
    """A remark for every task whose runs differ in nothing but their objective."""
    kinds: defaultdict[str, list[Sequence[Run]]] = defaultdict(list)
    for (alike, _), members in by_key.items():
        kinds[alike].append(members)
    several = [members for members in kinds.values() if len(members) > 1]
    return [tell_apart(tasks[id(one[0][0])], one, bool(one[0][0].metadata.get("task"))) for one in several]


def _titles(by_key: Mapping[_Key, Sequence[Run]], tasks: Mapping[int, str]) -> dict[_Key, str]:
    """Title of each section: the task, and in brackets what tells it from others of the same task."""
    titles: dict[_Key, str] = {}
    by_task: defaultdict[str, list[_Key]] = defaultdict(list)
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


def _section(title: str, task: str, runs: list[Run], labels: dict[int, str]) -> Section:
    by_label: defaultdict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_label[labels[id(run)]].append(run)
    groups = [Group(label, tuple(sorted(members, key=_by_seed))) for label, members in sorted(by_label.items())]
    return Section(
        task=task,
        title=title,
        objective=joint_objective(runs),
        measures=run_measures(runs),
        groups=tuple(groups),
        benchmark=dict(runs[0].metadata.get("benchmark") or {}),
    )


def _by_seed(run: Run) -> tuple[bool, int, str]:
    seed = run.seed
    return seed is None, seed or 0, run.name


def run_measures(runs: Sequence[Run]) -> tuple[Measure, ...]:
    """What is reported of runs that are compared."""
    reporting: list[dict[str, Any]] = runs[0].metadata.get("reporting") or []
    if reporting:
        return tuple(_reported(entry) for entry in reporting)
    objective = joint_objective(runs)
    plain = Measure(objective.name, FIRST_OBJECTIVE, objective.unit, objective.direction == "maximize")
    if len(runs) == 1:  # regret against its own best says nothing
        return (plain,)
    return replace(plain, name=f"{objective.name} regret", regret="best seen"), plain


def _reported(entry: dict[str, Any]) -> Measure:
    optimum = entry.get("optimum")
    known = None if optimum is None else float(optimum)
    kind = None if optimum is None else "optimum"
    return Measure(str(entry["name"]), EXTRA + str(entry["column"]), entry.get("unit"), regret=kind, reference=known)


def origins_of(runs: Sequence[Run]) -> dict[str, str]:
    """Title of each section of the runs → where its values come from, in words."""
    return {section.title: section.origin for section in view_runs(runs).sections}
