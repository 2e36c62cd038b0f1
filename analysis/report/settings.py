"""What a report is to show, from `report.toml` and the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from ...errors import EncaveError
from ...files.patterns import groups_of, search
from ...files.toml_text import Key, TomlFile, read_toml
from ...run import COST, Objective, Run, RunHeader
from ...run.checks import is_object
from ...run.incumbents import RULES, IncumbentRule
from ...run.trials import ordered
from ..charts.look import Look
from ..comparison.families import FAMILIES, Family
from ..comparison.ranking import Centre
from ..grouping.apart import instance_of
from ..performance.axis import AXES, AxisKind
from ..performance.measures import Hits
from ..performance.section_curves import Summary
from ..statistics.intervals import INTERVALS, Interval
from ..statistics.order_statistics import Statistic
from .figure_settings import FigureSettings, figure_settings

NAME = "report.toml"
R = TypeVar("R", bound=RunHeader)
_NUMBER = (int, float)
_MOST_DIGITS = 4000  # that Python converts
_KINDS: Mapping[str, Any] = {
    "title": str, "venue": str, "table": str, "rope": _NUMBER, "optimizers": list, "interval": str, "hits": str,
    "control": str, "random_search": bool, "tasks": list, "labels": dict, "colours": dict, "runs": list, "axis": str,
    "family": str, "instances": str, "statistic": str, "rule": str, "reference": _NUMBER, "normalise": bool,
}  # fmt: skip
_SWITCHES = ("random_search", "normalise")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "table": ("mean", "median"), "interval": INTERVALS, "hits": ("held", "first"), "axis": AXES, "rule": RULES,
    "family": FAMILIES, "instances": ("repetitions", "tasks"),
}  # fmt: skip
_SUMMARY = ("axis", "statistic", "interval", "rule", "reference", "normalise")
_SAID = ("optimizer", "task", "seed", "scale", "negate", "add")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Rule:
    """What runs of a kind are, where their own metadata does not say it or says something else."""

    match: str = "*"
    """Shell pattern (`*`, `?`, `[…]`) of the run's name or of the path of its source."""
    optimizer: str | None = None
    """Label of the optimizer."""
    task: str | None = None
    """Name of the task."""
    seed: int | str | None = None
    """The seed, or a regular expression whose first group finds it in the name or the path."""
    use: str | None = None
    """Of several objectives the one that runs are compared by."""
    objective: str | None = None
    """Name of the objective that runs are compared by, instead of the log's."""
    direction: Literal["minimize", "maximize"] | None = None
    """Whether less or more of it is better, where the log says otherwise."""
    unit: str | None = None
    """Its unit."""
    scale: Literal["percent", "fraction"] | None = None
    """What the log counts in: percent are divided by 100, so that all that are compared are fractions."""
    negate: bool | None = None
    """Whether values are then taken with the other sign, so that less is better where more was."""
    add: float | None = None
    """What is then added to the values: 1 makes an error of a negated accuracy."""


@dataclass(frozen=True)
class Settings:
    """All of it has a default."""

    title: str | None = None
    """Heading of the page; None for the optimizers and tasks."""
    venue: str | None = None
    """Venue whose column width and fonts figures and `main.tex` take; None for a page of two columns."""
    table: Centre = "mean"
    """What tables of final values print: mean ± standard deviation, or median [quartiles]."""
    rope: float | None = None
    """Half-width of the region of practical equivalence, in the unit of the measure: adds the Bayesian test."""
    axis: AxisKind | None = None
    """What the main curves, ranks and running times are over; None for time where it is known, else evaluations."""
    statistic: str = "mean"
    """What curves are over runs: `mean`, `median`, `iqm` or a quantile such as `q0.9`."""
    interval: Interval = "t"
    """What intervals and bands are: Student's and its like, or percentile bootstrap."""
    rule: IncumbentRule = "as-logged"
    """Which trials may be the incumbent where there are budgets."""
    reference: float | None = None
    """The value that regret is against, instead of the known optimum or the best seen."""
    normalise: bool = False
    """Whether the first measure is divided by random search's final regret."""
    hits: Hits = "held"
    """When a target is hit: once it is held to the end of the run, or at the first passage."""
    control: str | None = None
    """The optimizer that all others are compared with, besides all pairs; None for none."""
    family: Family = "task"
    """Which tests of pairs are corrected together: those of a task, or those of all tasks."""
    instances: Literal["repetitions", "tasks"] = "repetitions"
    """What runs on several instances of a function are: repetitions on one task, or each instance is a task."""
    random_search: bool = True
    """Whether the expected curve of random search is drawn where it is known."""
    optimizers: tuple[str, ...] = ()
    """The optimizers to show, as the report calls them, in the order of their colours; none for all, by name."""
    tasks: tuple[str, ...] = ()
    """Tasks to show; none for all."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Label of an optimizer → how the report calls it."""
    colours: Mapping[str, str] = field(default_factory=dict[str, str])
    """How the report calls an optimizer → its colour, `#rrggbb`."""
    figures: FigureSettings = field(default_factory=FigureSettings)
    """How figures look."""
    runs: tuple[Rule, ...] = ()
    """What runs are; of several that match the first that says something of a key counts for it."""

    def __post_init__(self) -> None:
        Statistic(self.statistic)  # which says what there is

    @property
    def summary(self) -> Summary:
        """How curves are made, and which intervals numbers have."""
        return Summary(Statistic(self.statistic), self.interval, self.rule, self.reference, self.normalise)

    @property
    def renames(self) -> bool:
        """Whether they say anything of what runs are."""
        return bool(self.labels or self.runs or self.instances == "tasks")

    def applied(self, runs: Sequence[Run]) -> list[Run]:
        """The runs to show, with optimizer, task and seed as these settings say, in the order given.

        Raises:
            EncaveError: an optimizer or a task is named that no run has, or a seed's expression finds nothing.
        """
        return self.shown([self.told(run) for run in runs])

    def shown(self, known: Sequence[R]) -> list[R]:
        """Those of the runs that are to be shown, with optimizer and task as these settings say.

        Raises:
            EncaveError: an optimizer or a task is named that no run has.
        """
        self._check("optimizer", self.optimizers, {run.label for run in known})
        self._check("task", self.tasks, {str(run.task) for run in known})
        return [
            run
            for run in known
            if (not self.optimizers or run.label in self.optimizers) and (not self.tasks or str(run.task) in self.tasks)
        ]

    def look(self, kind: str, optimizers: Sequence[str]) -> Look:
        """The look of a kind of figure of a study with these optimizers."""
        own = self.figures.of(kind)
        return replace(own, colours={**self.colours, **own.colours}, roster=self.ordered(optimizers))

    def ordered(self, labels: Sequence[str]) -> list[str]:
        """Labels of the view in the order of these settings; others follow by name."""
        place = {name: number for number, name in enumerate(self.optimizers)}
        return sorted(labels, key=lambda label: (place.get(label, len(place)), label))

    def told(self, run: Run) -> Run:
        """The run with optimizer, task and seed as these settings say."""
        source = run.provenance.source or ""
        rule = _added_up([r for r in self.runs if fnmatchcase(run.name, r.match) or fnmatchcase(source, r.match)])
        told: dict[str, Any] = {}
        label = rule.optimizer or run.label
        if rule.optimizer or label in self.labels:
            told["group"] = self.labels.get(label, label)
        if rule.task is not None:
            told["task"] = rule.task
        elif self.instances == "tasks" and (instance := instance_of(run)) is not None:
            told["task"] = f"{run.task}, instance {instance}"
        if rule.seed is not None:
            told["seed"] = _seed(rule.seed, run.name, source)
        said = [key for key in _SAID if getattr(rule, key) is not None]
        told |= {"said": said} if said else {}
        run = _with_objective(run, rule)
        if rule.use is not None or rule.objective is not None:
            told["compared_by"] = run.objectives[0].name
        return run.replace(provenance=run.provenance.replace(**told)) if told else run

    @staticmethod
    def _check(what: str, wanted: Sequence[str], there: set[str]) -> None:
        for name in wanted:
            if name not in there:
                raise EncaveError(
                    f"{NAME} names the {what} {name!r}, of which there is no run; there are {_list(there)}"
                )


def read_settings(path: Path) -> Settings:
    """Settings from a TOML file.

    Raises:
        EncaveError: it cannot be read, is not TOML, or has a key or a value that a report does not know.
    """
    file = _hoisted(read_toml(path))
    content = dict(file.content)
    _check_keys(file, (), "", content, {one.name for one in fields(Settings)})
    content["figures"] = figure_settings(file)
    for key, value in content.items():
        if key != "figures" and (not isinstance(value, _KINDS[key]) or isinstance(value, bool) != (key in _SWITCHES)):
            told = f"{key} = {value!r} is not of the kind that a report takes; see docs/report.md"
            raise file.wrong((key,), told)
    for key in ("optimizers", "tasks"):
        content[key] = tuple(map(str, content.get(key, ())))
    try:
        Statistic(content.get("statistic", "mean"))
    except EncaveError as error:
        raise file.wrong(("statistic",), str(error)) from error
    rules = [_rule(file, number, rule) for number, rule in enumerate(content.get("runs", ()), start=1)]
    settings = replace(Settings(), **{**content, "runs": tuple(rules)})
    for key, known in _CHOICES.items():
        value = getattr(settings, key)
        if value is not None and value not in known:
            raise file.wrong((key,), f"{key} = {value!r}; there are {_quoted(known)}")
    for name, colour in settings.colours.items():
        if not _COLOUR.fullmatch(str(colour)):
            raise file.wrong(("colours", name), f"the colour of {name!r} is {colour!r}, not of the form #0072B2")
    return settings


def _hoisted(file: TomlFile) -> TomlFile:
    """The file with the keys of `[figures]` that say how numbers are summarised at its top: they are of all of it."""
    figures: object = file.content.get("figures")
    if not is_object(figures):
        return file
    told = {key: figures[key] for key in _SUMMARY if key in figures}
    for key in told:
        if key in file.content:
            raise file.wrong(("figures", key), f"{key} is given twice, at the top and in [figures]")
    rest = {key: value for key, value in figures.items() if key not in told}
    moved: dict[Key, Key] = {("figures", key): (key,) for key in told}
    lines = {moved.get(key, key): line for key, line in file.lines.items()}
    return replace(file, content={**file.content, **told, "figures": rest}, lines=lines)


def _rule(file: TomlFile, number: int, content: object) -> Rule:
    where = f"[[runs]] number {number}: "
    at: Key = ("runs", number - 1)
    if not is_object(content):
        raise file.wrong(at, f"{where}not a table")
    _check_keys(file, at, where, content, {one.name for one in fields(Rule)})
    rule = Rule(**content)
    for key in ("match", "optimizer", "task", "use", "objective", "unit"):
        if not isinstance(content.get(key, ""), str):
            raise file.wrong((*at, key), f"{where}{key} = {content[key]!r} is no text")
    if rule.direction not in (None, "minimize", "maximize"):
        told = f'{where}direction = {rule.direction!r}; there are "minimize" and "maximize"'
        raise file.wrong((*at, "direction"), told)
    for key, kind, told in (("negate", bool, "neither true nor false"), ("add", _NUMBER, "no number")):
        value = content.get(key)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool) != (kind is bool)):
            raise file.wrong((*at, key), f"{where}{key} = {value!r} is {told}")
    if rule.scale not in (None, "percent", "fraction"):
        raise file.wrong((*at, "scale"), f'{where}scale = {rule.scale!r}; there are "percent" and "fraction"')
    if isinstance(rule.seed, str):
        try:
            groups = groups_of(rule.seed)
        except EncaveError as error:
            raise file.wrong((*at, "seed"), f"{where}seed {error}") from error
        if not groups:
            told = f"{where}the expression {rule.seed!r} has no group ( ) that finds the seed"
            raise file.wrong((*at, "seed"), told)
    return rule


def _added_up(rules: Sequence[Rule]) -> Rule:
    """What several rules say together."""
    told: dict[str, Any] = {}
    for rule in reversed(rules):
        told |= {key: value for key, value in vars(rule).items() if value is not None}
    return Rule(**told)


def _with_objective(run: Run, rule: Rule) -> Run:
    """The run with the objective that the rule names first, called and directed as it says."""
    recounted = _Recounted(rule.scale == "percent", bool(rule.negate), float(rule.add or 0.0))
    if (rule.use, rule.objective, rule.direction, rule.unit, rule.scale) == (None,) * 5 and not recounted.changes:
        return run
    try:
        used = run.objective(rule.use)
    except EncaveError as error:
        raise EncaveError(f"{NAME} uses the objective {rule.use!r}: {error}") from error
    others = [one for one in run.objectives if one is not used]
    own = replace(
        recounted.objective(used),
        name=rule.objective or used.name,
        unit=rule.unit or (None if rule.scale else used.unit),
    )
    own = replace(own, direction=rule.direction or own.direction)
    if any(one.name == own.name for one in others):
        raise EncaveError(f"{NAME} calls an objective of run {run.name} {own.name!r}, as another of its is called")
    names = [COST + own.name if name == COST + used.name else name for name in run.trials.column_names]
    trials = run.trials.rename_columns(names)
    columns = [COST + own.name, *(["penalty"] if used is run.objectives[0] and "penalty" in names else [])]
    for name in columns if recounted.changes else ():
        trials = trials.set_column(names.index(name), name, recounted.column(trials[name]))
    objectives = (own, *others)
    return run.replace(objectives=objectives, trials=ordered(trials, objectives))


@dataclass(frozen=True)
class _Recounted:
    """Values counted in another way: divided by 100, then negated, then with something added."""

    percent: bool
    negate: bool
    add: float

    @property
    def changes(self) -> bool:
        return self != _Recounted(False, False, 0.0)

    def column(self, values: pa.ChunkedArray) -> pa.ChunkedArray:
        values = pc.divide(values, 100.0) if self.percent else values
        values = pc.negate(values) if self.negate else values
        return pc.add(values, self.add) if self.add else values

    def objective(self, one: Objective) -> Objective:
        """The objective with bounds and direction to match."""
        bounds = [None if end is None else self._of(end) for end in (one.lower, one.upper)]
        lower, upper = reversed(bounds) if self.negate else bounds
        turned: Literal["minimize", "maximize"] = "maximize" if one.direction == "minimize" else "minimize"
        return replace(one, lower=lower, upper=upper, direction=turned if self.negate else one.direction)

    def _of(self, value: float) -> float:
        value = value / 100.0 if self.percent else value
        return (-value if self.negate else value) + self.add


def _check_keys(file: TomlFile, at: Key, where: str, content: Mapping[str, Any], known: set[str]) -> None:
    for key in content:
        if key not in known:
            raise file.wrong((*at, key), f"{where}a report knows no key {key!r}; there are {_list(known)}")


def _seed(seed: int | str, name: str, source: str) -> int:
    if isinstance(seed, int):
        return seed
    try:
        found = search(seed, name) or search(seed, source)
    except EncaveError as error:
        raise EncaveError(f"{NAME}: {error}") from error
    if not found or not (found[1] or "").isdecimal() or len(found[1]) > _MOST_DIGITS:
        raise EncaveError(f"{NAME}: the expression {seed!r} finds no seed in {name!r} nor in {source!r}")
    return int(found[1])


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _quoted(names: Sequence[str]) -> str:
    return " and ".join(f'"{name}"' for name in names)
