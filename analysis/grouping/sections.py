"""Which runs are compared: sections (one task each) of groups (one optimizer each) of runs (one seed each)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from ...errors import EncaveError, check_choice
from ...run import BenchmarkFacts, Objective, Run, RunHeader
from .apart import apart, set_up_like, tell_instances, tell_resumed, tell_seeds
from .design import DesignOf, RunDesign
from .keys import SectionKey, by_design, kept_apart, section_keys, section_titles
from .measure import Measure, run_measures
from .objectives import joint_objective, names_of, tell_joined
from .placed_labels import NO_PROGRAM, placed_labels
from .scales import tell_scales, tell_signs
from .schedules import known_schedules, mixed, modelled
from .tasks import tasks_of

R = TypeVar("R", bound=RunHeader)
R_co = TypeVar("R_co", bound=RunHeader, covariant=True)


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
        text = f"{name}, {kinds.get(str(self.benchmark.source), 'source not stated')}{self._mixed_part()}"
        part = self._modelled_part()
        return f"{text}, modelled {part}" if part else text

    @property
    def modelled_words(self) -> str:
        """What of the values is a model's or of another schedule, as a clause; empty where neither is known of any."""
        mixed_part, part = self._mixed_part(), self._modelled_part()
        if self.surrogate:
            return f"values are a surrogate's, not measured{mixed_part}"
        if part:
            return f"values are modelled{mixed_part} {part}"
        return f"values are{mixed_part}" if mixed_part else ""

    def _mixed_part(self) -> str:
        if not mixed(self):
            return ""
        return f" on mixed schedules of {' and '.join(f'{one:g}' for one in known_schedules(self))} epochs"

    def _modelled_part(self) -> str:
        part = modelled(self)
        if part is None:
            return ""
        return f"between {part.low:.3g} and {part.schedule:g} epochs ({part.share:.0%} of the trials)"

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
    return view_headers(runs, Run.same_trials, lambda run: run.once(RunDesign.of))


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

    runs, copies = _without_copies(runs, labels, same, known)
    placed, placed_remarks = placed_labels(runs, labels, known)
    labels |= placed
    tasks, spaces, told = tasks_of(runs, labels, known)
    remarks += [*copies, *placed_remarks, *told]
    keys = section_keys(runs, tasks, spaces)
    kept, twice = _without_duplicates(runs, labels, keys, same)
    remarks += [f"{name} was given more than once and counts once." for name in twice]
    by_key = by_design(kept, keys)
    titles = section_titles(by_key, tasks)
    named = {run.provenance.task for run in runs} - {None}
    lots: defaultdict[str, dict[str, R]] = defaultdict(dict)
    for key, members in by_key.items():
        by_label: defaultdict[str, list[R]] = defaultdict(list)
        for run in members:
            by_label[labels[id(run)]].append(run)
        for label, own in sorted(by_label.items()):
            split = apart(titles[key], label, own, kept, known, named=tasks[id(own[0])] in named)
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
    remarks += [*tell_instances(groups), *tell_seeds(groups), *tell_resumed(groups, known)]
    different = kept_apart(by_key, tasks, kept, known)
    for key, members in by_key.items():
        remarks += tell_joined(titles[key], members, labels)
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


def check_has_objective(sections: Iterable[AnySection], objective: str | None) -> None:
    """Check that a run has such an objective; None is fine.

    Raises:
        EncaveError: none has.
    """
    names = {one.name for section in sections for run in section.runs for one in run.objectives}
    if objective is not None:
        check_choice("run with the objective", objective, sorted(names))


def _labels(runs: Sequence[RunHeader]) -> tuple[dict[int, str], list[str]]:
    """Label of each run by `id`, and a remark for every label of several programs or releases."""
    programs: defaultdict[str, set[str]] = defaultdict(set)
    for run in runs:
        if run.optimizer.name != NO_PROGRAM:
            programs[run.label].add(run.optimizer.name)
    # two programs under one label are kept apart by their names
    several = {label for label, found in programs.items() if len(found) > 1}
    labels = {
        id(run): run.optimizer.name if run.label in several and run.optimizer.name != NO_PROGRAM else run.label
        for run in runs
    }
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


def _without_copies(
    runs: Sequence[R], labels: Mapping[int, str], same: Callable[[R, R], bool], design: DesignOf
) -> tuple[list[R], list[str]]:
    """The runs without copies that lie elsewhere (`old/`, `run (1)`), whose folders would else count as tasks.

    Only runs that name no task, and whose trials tell a run from others.
    """
    candidates: defaultdict[tuple[Any, ...], list[R]] = defaultdict(list)
    told: dict[int, str] = {}
    for run in sorted(runs, key=lambda run: len(str(run.provenance.source))):  # of a copy the name is longer
        if run.provenance.task or not design(run).beginnings:
            continue
        alike = candidates[labels[id(run)], run.seed, len(run), design(run).beginnings]
        first = next((one for one in alike if not _of_one_log(run, one) and same(run, one)), None)
        if first is None:
            alike.append(run)
        elif first.provenance.source != run.provenance.source:
            told[id(run)] = f"{run.provenance.source} is a copy of {first.provenance.source}, and counts once."
    return [run for run in runs if id(run) not in told], list(told.values())


def _without_duplicates(
    runs: Sequence[R], labels: dict[int, str], keys: Mapping[int, SectionKey], same: Callable[[R, R], bool]
) -> tuple[list[R], list[str]]:
    kept: list[R] = []
    twice: list[str] = []
    candidates: defaultdict[tuple[Any, ...], list[R]] = defaultdict(list)
    for run in runs:
        alike = candidates[labels[id(run)], keys[id(run)], run.seed, len(run)]
        if any(not _of_one_log(run, other) and same(run, other) for other in alike):
            twice.append(run.name)
        else:
            alike.append(run)
            kept.append(run)
    return kept, sorted(set(twice))


def _of_one_log(run: RunHeader, other: RunHeader) -> bool:
    """Whether two runs stand in one log, which does not hold a run twice."""
    (log, part), (other_log, other_part) = map(_log_and_part, (run, other))
    return part is not None and other_part not in (None, part) and log == other_log


def _log_and_part(run: RunHeader) -> tuple[str, Any]:
    """The log that a run was read from, and which of its runs it is; None if it has one only."""
    part = run.provenance.extra.get("part")
    return str(run.provenance.source).removesuffix(f"/{part}"), part


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


def origins(sections: Iterable[SectionOf[R_co]]) -> list[str]:
    """Where the values of the sections come from, in words; shares that were modelled are told as a range."""
    return _ranged(section.origin for section in sections)


def modelled_parts(sections: Iterable[SectionOf[R_co]]) -> list[str]:
    """What of the values of the sections is a model's, each as a clause; shares are told as a range."""
    words = [section.modelled_words for section in sections]
    return [text if all(words) else f"{text} on some tasks" for text in _ranged(words)]


def _ranged(texts: Iterable[str]) -> list[str]:
    told = sorted(set(texts) - {""})
    begun = {text.partition(" (")[0] for text in told}
    if len(begun) > 1 or len(told) < 2:
        return told
    ends = [text.partition(" (")[2].removesuffix(" of the trials)") for text in told]
    least, most = (choose(filter(None, ends), key=lambda end: float(end.rstrip("%"))) for choose in (min, max))
    return [f"{begun.pop()} ({least} to {most} of the trials{'' if all(ends) else '; on some tasks none'})"]


def origins_of(sections: Iterable[SectionOf[R_co]]) -> dict[str, str]:
    """Title of each section → where its values come from, in words."""
    return {section.title: section.origin for section in sections}


def by_group(sections: Iterable[SectionOf[R_co]]) -> Iterator[tuple[str, str, R_co]]:
    """Title of the task, label of the optimizer, run; in the order of a report."""
    for section in sections:
        for group in section.groups:
            for run in group.runs:
                yield section.title, group.optimizer, run
