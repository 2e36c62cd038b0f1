"""Which runs are compared: sections (one task each) of groups (one optimizer each) of runs (one seed each)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...errors import EncaveError
from ...run import EXTRA, BenchmarkFacts, Objective, Reported, Run, RunHeader
from .apart import apart, set_up_like, tell_instances
from .design import DesignOf, RunDesign
from .objectives import FIRST_OBJECTIVE, joint_objective, names_of, roles, tell_apart
from .scales import tell_scales, tell_signs
from .schedules import modelled
from .tasks import tasks_of

# Differences from the optimum below this share of it are rounding of the same table entry, not regret.
_ROUNDING = 1e-12

# what must agree between runs that are compared: the objective's role, and before it all else
_Key: TypeAlias = tuple[str, str]
R = TypeVar("R", bound=RunHeader)
R_co = TypeVar("R_co", bound=RunHeader, covariant=True)


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
    def bounds(self) -> tuple[float, float]:
        """What no reported value can be below and above: zero for a regret, 0 and 100 for a percentage."""
        if self.bounded:
            return 0.0, (100.0 if self.unit == "%" else np.inf)
        return (0.0, 100.0) if self.unit == "%" and self.regret is None else (-np.inf, np.inf)

    def cut(
        self, lower: NDArray[np.float64], upper: NDArray[np.float64], values: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ends of intervals within the bounds; as they are where one of the values they are of is beyond, too."""
        least, most = self.bounds
        known = values[np.isfinite(values)]
        if len(known) and (known.min() < least or known.max() > most):
            return lower, upper
        return np.clip(lower, least, most), np.clip(upper, least, most)

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
class GroupOf(Generic[R_co]):
    """The runs of one optimizer on one task."""

    optimizer: str
    """Label of the optimizer, the same in every section."""
    runs: tuple[R_co, ...]
    """Its runs, by seed, then name."""

    @property
    def seeds(self) -> tuple[int | None, ...]:
        """Seed of each run; None where it is not known."""
        return tuple(run.seed for run in self.runs)


@dataclass(frozen=True)
class SectionOf(Generic[R_co]):
    """Runs that may be compared: one task, one objective, one benchmark, one way of reporting."""

    task: str
    """Name of the task as in the log, or what stands for it, see `tasks_of`."""
    title: str
    """`task`, with what tells it from another section of the same task."""
    objective: Objective
    """The first objective, by which incumbents are chosen; named `objective` where logs name it differently."""
    measures: tuple[Measure, ...]
    """What is reported, the first for the ranking."""
    groups: tuple[GroupOf[R_co], ...]
    """One per optimizer, by label."""
    benchmark: BenchmarkFacts | None
    """The benchmark; None for runs of other origin."""

    @property
    def surrogate(self) -> bool:
        """Whether the values are a model's and not measured."""
        return self.benchmark is not None and self.benchmark.source == "surrogate"

    @property
    def origin(self) -> str:
        """The benchmark and whether its values are modelled or measured, in words; empty without a benchmark."""
        if not self.benchmark:
            return ""
        name = self.benchmark.name or "benchmark"
        kinds = {"surrogate": "surrogate: modelled, not measured values", "table": "table of measured values"}
        text = f"{name}, {kinds.get(str(self.benchmark.source), 'source not stated')}"
        part = modelled(self)
        if part is None:
            return text
        return f"{text}, modelled between {part.low:.3g} and {part.schedule:g} epochs ({part.share:.0%} of the trials)"

    @property
    def runs(self) -> tuple[R_co, ...]:
        """All runs, group by group."""
        return tuple(run for group in self.groups for run in group.runs)

    @property
    def objective_names(self) -> dict[str, str]:
        """Optimizer → what its logs call the objective."""
        return {group.optimizer: names_of(group.runs) for group in self.groups}


@dataclass(frozen=True)
class ViewOf(Generic[R_co]):
    """All sections of a report, and what was left out."""

    sections: tuple[SectionOf[R_co], ...]
    """By task."""
    optimizers: tuple[str, ...]
    """Labels of all optimizers, sorted."""
    remarks: tuple[str, ...]
    """Sentences on runs given twice, tasks told by folders, unlike runs that are split, and scales that differ."""
    kept_apart: tuple[str, ...] = ()
    """Sentences on runs of one task whose objectives differ, which a report says first; part of the remarks."""


Group: TypeAlias = GroupOf[Run]
"""With the trials."""
Section: TypeAlias = SectionOf[Run]
"""With the trials."""
View: TypeAlias = ViewOf[Run]
"""With the trials."""
AnySection: TypeAlias = SectionOf[RunHeader]
"""With or without the trials."""


def view_runs(runs: Sequence[Run]) -> View:
    """Group runs by task (and role of the objective, benchmark, reporting), then by optimizer.

    A run given twice (same label, task, seed and trials) counts once. The label is `Run.label`, the log's or else the
    optimizer's name, whatever the release; where programs of several names come under one label each goes by its own,
    and where runs of one label on one task are no repetitions of each other (see `apart`) each lot has a label.

    Args:
        runs: The runs.

    Raises:
        EncaveError: there are no runs.
    """
    return view_headers(runs, Run.same_trials, RunDesign.of)


def view_headers(runs: Sequence[R], same: Callable[[R, R], bool], design: Callable[[R], RunDesign]) -> ViewOf[R]:
    """As `view_runs`, for runs of which no more than the header is at hand.

    Args:
        runs: The runs.
        same: Whether two runs of the same label, task, seed and length are one.
        design: Gives the design of a run.

    Raises:
        EncaveError: there are no runs.
    """
    if not runs:
        raise EncaveError("there is no run to compare. Give folders of converted runs (encave convert SRC… --out DIR).")
    labels, remarks = _labels(runs)
    designs = {id(run): design(run) for run in runs}

    def known(run: RunHeader) -> RunDesign:
        return designs[id(run)]

    tasks, spaces, told = tasks_of(runs, labels, known)
    remarks += told
    keys = _section_keys(runs, tasks, spaces)
    kept, twice = _without_duplicates(runs, labels, keys, same)
    remarks += [f"{name} was given more than once and counts once." for name in twice]
    by_key = _by_design(kept, keys)
    titles = _titles(by_key, tasks)
    lots: defaultdict[str, dict[str, R]] = defaultdict(dict)
    for key, members in by_key.items():
        by_label: defaultdict[str, list[R]] = defaultdict(list)
        for run in members:
            by_label[labels[id(run)]].append(run)
        for label, own in sorted(by_label.items()):
            split = apart(titles[key], label, own, kept, known)
            labels |= split.labels
            remarks += split.remarks
            lots[label] |= {split.labels[id(run)]: run for run in own if split.labels[id(run)] != label}
    for members in by_key.values():  # one label for one setting on every task
        for label in {labels[id(run)] for run in members} & lots.keys():
            own = [run for run in members if labels[id(run)] == label]
            found = set_up_like(own, lots[label], known)
            labels |= {id(run): found or label for run in own}
    sections = [_section(titles[key], tasks[id(runs[0])], runs, labels) for key, runs in by_key.items()]
    sections.sort(key=lambda section: section.title)
    groups = {(one.title, group.optimizer): group.runs for one in sections for group in one.groups}
    remarks += tell_instances(groups)
    different = _kept_apart(by_key, tasks, kept, known)
    for key, members in by_key.items():
        remarks += tell_scales(titles[key], members, kept, known)
        remarks += tell_signs(titles[key], members, kept, known)
    return ViewOf(
        tuple(sections),
        tuple(sorted({labels[id(run)] for run in kept})),
        (*different, *remarks),
        tuple(different),
    )


def check_control(view: ViewOf[RunHeader], control: str | None) -> None:
    """Check that there is such an optimizer; None is fine.

    Raises:
        EncaveError: there is none.
    """
    if control is not None and control not in view.optimizers:
        raise EncaveError(f"no optimizer is called {control!r}, the control; there are {', '.join(view.optimizers)}")


def _by_design(runs: Sequence[R], keys: Mapping[int, _Key]) -> dict[_Key, list[R]]:
    """Runs by section; where an optimizer was run to several limits with the same seed, each limit is one.

    Two budgets of one optimizer are two designs: the shorter run is often the beginning of the longer one, and neither
    is an optimizer of its own.
    """
    by_key: defaultdict[_Key, list[R]] = defaultdict(list)
    for run in runs:
        by_key[keys[id(run)]].append(run)
    found: dict[_Key, list[R]] = {}
    for (alike, role), members in by_key.items():
        limits: defaultdict[tuple[str, int | None], set[str]] = defaultdict(set)
        for run in members:
            limits[run.optimizer.name, run.seed].add(_limit(run))
        several = any(len(own) > 1 for (_, seed), own in limits.items() if seed is not None)
        for run in members:
            found.setdefault((json.dumps([alike, _limit(run)]) if several else alike, role), []).append(run)
    return found


def _limit(run: RunHeader) -> str:
    """Where the run was to end, in words."""
    told = (f"{value:,.10g} {name.replace('_', ' ')}" for name, value in sorted(run.provenance.limit.items()))
    return " and ".join(told) or "no limit"


def _labels(runs: Sequence[RunHeader]) -> tuple[dict[int, str], list[str]]:
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
    runs: Sequence[R], labels: dict[int, str], keys: Mapping[int, _Key], same: Callable[[R, R], bool]
) -> tuple[list[R], list[str]]:
    kept: list[R] = []
    twice: list[str] = []
    candidates: defaultdict[tuple[Any, ...], list[R]] = defaultdict(list)
    for run in runs:
        alike = candidates[labels[id(run)], keys[id(run)], run.seed, len(run)]
        if any(same(run, other) for other in alike):
            twice.append(run.name)
        else:
            alike.append(run)
            kept.append(run)
    return kept, sorted(set(twice))


def _facts(runs: Sequence[RunHeader]) -> dict[str, str]:
    """What must agree between runs that are compared, in words, in the order in which a title names it."""
    run = runs[0]
    benchmark = run.provenance.benchmark or BenchmarkFacts()
    names = [entry.name for entry in run.provenance.reporting]
    digest = (benchmark.sha256 or "")[:8]
    return {
        "objective": f"{names_of(runs)}, {run.objectives[0].direction}d",
        "benchmark": benchmark.source or "other runs",
        "reporting": f"reporting {', '.join(names)}" if names else "objective only",
        "sha256": f"benchmark {digest}" if digest else "no benchmark hash",
        "limit": _limit(run),
    }


def _section_keys(
    runs: Sequence[RunHeader], tasks: Mapping[int, str], spaces: Mapping[int, frozenset[str]]
) -> dict[int, _Key]:
    """What must agree between runs that are compared, by `id`."""
    alike = {id(run): _without_objective(run, tasks[id(run)], spaces.get(id(run), frozenset())) for run in runs}
    found = roles(runs, {id(run): alike[id(run)] if run.task else "" for run in runs})
    return {id(run): (alike[id(run)], found[id(run)]) for run in runs}


def _without_objective(run: RunHeader, task: str, space: frozenset[str]) -> str:
    reporting = [entry.json() for entry in run.provenance.reporting]
    benchmark = run.provenance.benchmark or BenchmarkFacts()
    told = [task, sorted(space), benchmark.source, benchmark.sha256, reporting]
    return json.dumps(told, sort_keys=True, default=str)


def _kept_apart(
    by_key: Mapping[_Key, Sequence[RunHeader]], tasks: Mapping[int, str], every: Sequence[RunHeader], design: DesignOf
) -> list[str]:
    """A remark for every task whose runs differ in nothing but their objective."""
    kinds: defaultdict[str, list[Sequence[RunHeader]]] = defaultdict(list)
    for (alike, _), members in by_key.items():
        kinds[alike].append(members)
    several = [members for members in kinds.values() if len(members) > 1]
    return [tell_apart(tasks[id(one[0][0])], one, every, bool(one[0][0].task), design) for one in several]


def _titles(by_key: Mapping[_Key, Sequence[RunHeader]], tasks: Mapping[int, str]) -> dict[_Key, str]:
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


def _section(title: str, task: str, runs: list[R], labels: dict[int, str]) -> SectionOf[R]:
    by_label: defaultdict[str, list[R]] = defaultdict(list)
    for run in runs:
        by_label[labels[id(run)]].append(run)
    groups = [GroupOf(label, tuple(sorted(members, key=_by_seed))) for label, members in sorted(by_label.items())]
    return SectionOf(
        task=task,
        title=title,
        objective=joint_objective(runs),
        measures=run_measures(runs),
        groups=tuple(groups),
        benchmark=runs[0].provenance.benchmark,
    )


def _by_seed(run: RunHeader) -> tuple[bool, int, str]:
    seed = run.seed
    return seed is None, seed or 0, run.name


def run_measures(runs: Sequence[RunHeader]) -> tuple[Measure, ...]:
    """What is reported of runs that are compared."""
    if runs[0].provenance.reporting:
        return tuple(map(_reported, runs[0].provenance.reporting))
    objective = joint_objective(runs)
    plain = Measure(objective.name, FIRST_OBJECTIVE, objective.unit, objective.direction == "maximize")
    if len(runs) == 1:  # regret against its own best says nothing
        return (plain,)
    return replace(plain, name=f"{objective.name} regret", regret="best seen"), plain


def _reported(entry: Reported) -> Measure:
    known = None if entry.optimum is None else float(entry.optimum)
    kind = None if entry.optimum is None else "optimum"
    return Measure(entry.name, EXTRA + entry.column, entry.unit, regret=kind, reference=known)


def origins_of(runs: Sequence[Run]) -> dict[str, str]:
    """Title of each section of the runs → where its values come from, in words."""
    return {section.title: section.origin for section in view_runs(runs).sections}
