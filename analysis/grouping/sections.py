"""Which runs are compared: sections (one task each) of groups (one optimizer each) of runs (one seed each)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ...run import COST, EXTRA, UNKNOWN_RELEASE, Objective, Run
from .schedules import modelled

# Differences from the optimum below this share of it are rounding of the same table entry, not regret.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Measure:
    """What is reported of an incumbent. The incumbent itself is always chosen by the objective."""

    name: str
    """Name shown to people, e.g. `validation regret`."""
    column: str
    """Trial column of the value, e.g. `extra:valid_error_200` or `cost:loss`."""
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
    """Name of the task as in the metadata, or what stands for it."""
    title: str
    """`task`, with what tells it from another section of the same task."""
    objective: Objective
    """The first objective, by which incumbents are chosen."""
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


@dataclass(frozen=True)
class View:
    """All sections of a report, and what was left out."""

    sections: tuple[Section, ...]
    """By task."""
    optimizers: tuple[str, ...]
    """Labels of all optimizers, sorted."""
    remarks: tuple[str, ...]
    """Sentences on runs given twice and labels split by version."""


def view_runs(runs: Sequence[Run], same: Callable[[Run, Run], bool] = Run.same_trials) -> View:
    """Group runs by task (and objective, benchmark, reporting), then by optimizer.

    A run given twice (same label, task, seed and trials) counts once. The label is `metadata["group"]`, else the
    optimizer's name; where several releases come under one label it gets the release appended, since different programs
    are not averaged.

    Args:
        runs: The runs.
        same: Whether two runs of the same label, task and seed are one; by default if their trials are equal.

    Raises:
        EncaveError: there are no runs.
    """
    if not runs:
        raise EncaveError("there is no run to compare. Give folders of converted runs (encave convert SRC… --out DIR).")
    labels, remarks = _labels(runs)
    kept, twice = _without_duplicates(runs, labels, same)
    remarks += [f"{name} was given more than once and counts once." for name in twice]
    by_key = _by_design(kept)
    titles = _titles({key: members[0] for key, members in by_key.items()})
    sections = [_section(titles[key], members, labels) for key, members in by_key.items()]
    sections.sort(key=lambda section: section.title)
    return View(tuple(sections), tuple(sorted(set(labels.values()))), tuple(remarks))


def check_control(view: View, control: str | None) -> None:
    """Check that there is such an optimizer; None is fine.

    Raises:
        EncaveError: there is none.
    """
    if control is not None and control not in view.optimizers:
        raise EncaveError(f"no optimizer is called {control!r}, the control; there are {', '.join(view.optimizers)}")


def _by_design(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs by section; where an optimizer was run to several limits with the same seed, each limit is one.

    Two budgets of one optimizer are two designs: the shorter run is often the beginning of the longer one, and neither
    is an optimizer of its own.
    """
    by_key: defaultdict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_key[_section_key(run)].append(run)
    found: dict[str, list[Run]] = {}
    for key, members in by_key.items():
        limits: defaultdict[tuple[str, int | None], set[str]] = defaultdict(set)
        for run in members:
            limits[run.optimizer.name, run.seed].add(_limit(run))
        several = any(len(own) > 1 for (_, seed), own in limits.items() if seed is not None)
        for run in members:
            found.setdefault(json.dumps([key, _limit(run)]) if several else key, []).append(run)
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
    """Label of each run by `id`, and a remark for every label split by release."""
    releases: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for run in runs:
        releases[run.label].add((run.optimizer.name, run.optimizer.version or UNKNOWN_RELEASE))
    labels: dict[int, str] = {}
    for run in runs:
        label, version = run.label, run.optimizer.version or UNKNOWN_RELEASE
        if len(releases[label]) > 1:
            # two programs under one label: name both where the names differ, the release where only that does
            own = run.optimizer.name if len({name for name, _ in releases[label]}) > 1 else label
            label = f"{own} {version}"
        labels[id(run)] = label
    split = sorted(label for label, kinds in releases.items() if len(kinds) > 1)
    return labels, [f"{label} came in {len(releases[label])} releases, which are kept apart." for label in split]


def _without_duplicates(
    runs: Sequence[Run], labels: dict[int, str], same: Callable[[Run, Run], bool]
) -> tuple[list[Run], list[str]]:
    kept: list[Run] = []
    twice: list[str] = []
    candidates: defaultdict[tuple[Any, ...], list[Run]] = defaultdict(list)
    for run in runs:
        alike = candidates[labels[id(run)], _section_key(run), run.seed, len(run)]
        if any(same(run, other) for other in alike):
            twice.append(run.name)
        else:
            alike.append(run)
            kept.append(run)
    return kept, sorted(set(twice))


def _facts(run: Run) -> dict[str, str]:
    """What must agree between runs that are compared, in words, in the order in which a title names it."""
    benchmark: dict[str, Any] = run.metadata.get("benchmark") or {}
    objective = run.objectives[0]
    names = [str(entry["name"]) for entry in run.metadata.get("reporting") or []]
    digest = str(benchmark.get("sha256") or "")[:8]
    return {
        "objective": f"{objective.name}, {objective.direction}d",
        "benchmark": f"{benchmark.get('source') or 'other runs'}",
        "reporting": f"reporting {', '.join(names)}" if names else "objective only",
        "sha256": f"benchmark {digest}" if digest else "no benchmark hash",
        "limit": _limit(run),
    }


def _task(run: Run) -> str:
    if run.task:
        return run.task
    names = sorted(str(name) for name in run.configurations.column_names[1:])
    return f"unnamed task over {', '.join(names[:4])}{', …' if len(names) > 4 else ''}"


def _section_key(run: Run) -> str:
    space = [] if run.task else sorted(run.configurations.column_names)
    reporting = run.metadata.get("reporting") or []
    facts = [fact for name, fact in _facts(run).items() if name != "limit"]
    return json.dumps([_task(run), space, *facts, reporting], sort_keys=True, default=str)


def _titles(first: dict[str, Run]) -> dict[str, str]:
    """Title of each section: the task, and in brackets what tells it from others of the same task."""
    titles: dict[str, str] = {}
    by_task: defaultdict[str, list[str]] = defaultdict(list)
    for key, run in first.items():
        by_task[_task(run)].append(key)
    for task, keys in by_task.items():
        facts = {key: _facts(first[key]) for key in keys}
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


def _section(title: str, runs: list[Run], labels: dict[int, str]) -> Section:
    by_label: defaultdict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_label[labels[id(run)]].append(run)
    groups = [Group(label, tuple(sorted(members, key=_by_seed))) for label, members in sorted(by_label.items())]
    first = runs[0]
    return Section(
        task=_task(first),
        title=title,
        objective=first.objectives[0],
        measures=run_measures(first, len(runs)),
        groups=tuple(groups),
        benchmark=dict(first.metadata.get("benchmark") or {}),
    )


def _by_seed(run: Run) -> tuple[bool, int, str]:
    seed = run.seed
    return seed is None, seed or 0, run.name


def run_measures(run: Run, runs: int) -> tuple[Measure, ...]:
    """What is reported of a run that is compared with others, `runs` in all."""
    reporting: list[dict[str, Any]] = run.metadata.get("reporting") or []
    if reporting:
        return tuple(_reported(entry) for entry in reporting)
    objective = run.objectives[0]
    column, maximize = COST + objective.name, objective.direction == "maximize"
    plain = Measure(objective.name, column, objective.unit, maximize)
    if runs == 1:  # regret against its own best says nothing
        return (plain,)
    return Measure(f"{objective.name} regret", column, objective.unit, maximize, "best seen"), plain


def _reported(entry: dict[str, Any]) -> Measure:
    optimum = entry.get("optimum")
    known = None if optimum is None else float(optimum)
    kind = None if optimum is None else "optimum"
    return Measure(str(entry["name"]), EXTRA + str(entry["column"]), entry.get("unit"), regret=kind, reference=known)
