"""What a report is to show, from `report.toml` and the command line."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pyarrow.compute as pc

from ...errors import EncaveError
from ...run import COST, Run
from ...run.trials import ordered
from ..comparison.families import FAMILIES, Family
from ..comparison.ranking import Centre
from ..performance.measures import Hits
from ..statistics.intervals import INTERVALS, Interval

NAME = "report.toml"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NOTHING: Mapping[str, str] = MappingProxyType({})


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
    interval: Interval = "t"
    """What intervals and bands are: Student's and its like, or percentile bootstrap."""
    hits: Hits = "held"
    """When a target is hit: once it is held to the end of the run, or at the first passage."""
    control: str | None = None
    """The optimizer that all others are compared with, besides all pairs; None for none."""
    family: Family = "task"
    """Which tests of pairs are corrected together: those of a task, or those of all tasks."""
    random_search: bool = True
    """Whether the expected curve of random search is drawn where it is known."""
    optimizers: tuple[str, ...] = ()
    """The optimizers to show, as the report calls them, in the order of their colours; none for all, by name."""
    tasks: tuple[str, ...] = ()
    """Tasks to show; none for all."""
    labels: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Label of an optimizer → how the report calls it."""
    colours: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """How the report calls an optimizer → its colour, `#rrggbb`."""
    runs: tuple[Rule, ...] = ()
    """What runs are; of several that match the first that says something of a key counts for it."""

    def applied(self, runs: Sequence[Run]) -> list[Run]:
        """The runs to show, with optimizer, task and seed as these settings say, in the order given.

        Raises:
            EncaveError: an optimizer or a task is named that no run has, or a seed's expression finds nothing.
        """
        known = [self.told(run) for run in runs]
        self._check("optimizer", self.optimizers, {run.label for run in known})
        self._check("task", self.tasks, {str(run.task) for run in known})
        return [
            run
            for run in known
            if (not self.optimizers or run.label in self.optimizers) and (not self.tasks or str(run.task) in self.tasks)
        ]

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
        if rule.seed is not None:
            told["seed"] = _seed(rule.seed, run.name, source)
        said = [key for key in ("optimizer", "task", "seed", "scale") if getattr(rule, key) is not None]
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
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise EncaveError(f"cannot read {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise EncaveError(f"{path} is not TOML: {error}") from error
    _check_keys(path, "", content, {one.name for one in fields(Settings)})
    kinds: dict[str, Any] = {"title": str, "venue": str, "table": str, "rope": (int, float), "optimizers": list}
    kinds |= {"interval": str, "hits": str, "control": str, "family": str}
    kinds |= {"random_search": bool, "tasks": list, "labels": dict, "colours": dict, "runs": list}
    for key, value in content.items():
        if not isinstance(value, kinds[key]) or isinstance(value, bool) != (kinds[key] is bool):
            raise EncaveError(f"{path}: {key} = {value!r} is not of the kind that a report takes; see docs/report.md")
    for key in ("optimizers", "tasks"):
        content[key] = tuple(map(str, content.get(key, ())))
    rules = [_rule(path, number, rule) for number, rule in enumerate(content.get("runs", ()), start=1)]
    settings = replace(Settings(), **{**content, "runs": tuple(rules)})
    if settings.table not in ("mean", "median"):
        raise EncaveError(f'{path}: table = {settings.table!r}; there are "mean" and "median"')
    if settings.interval not in INTERVALS:
        raise EncaveError(f"{path}: interval = {settings.interval!r}; there are {' and '.join(INTERVALS)}")
    if settings.hits not in ("held", "first"):
        raise EncaveError(f'{path}: hits = {settings.hits!r}; there are "held" and "first"')
    if settings.family not in FAMILIES:
        raise EncaveError(f"{path}: family = {settings.family!r}; there are {' and '.join(FAMILIES)}")
    for name, colour in settings.colours.items():
        if not _COLOUR.fullmatch(str(colour)):
            raise EncaveError(f"{path}: the colour of {name!r} is {colour!r}, not of the form #0072B2")
    return settings


def _rule(path: Path, number: int, content: Any) -> Rule:
    where = f"[[runs]] number {number}: "
    if not isinstance(content, dict):
        raise EncaveError(f"{path}: {where}not a table")
    _check_keys(path, where, content, {one.name for one in fields(Rule)})
    rule = Rule(**content)
    for key in ("match", "optimizer", "task", "use", "objective", "unit"):
        if not isinstance(content.get(key, ""), str):
            raise EncaveError(f"{path}: {where}{key} = {content[key]!r} is no text")
    if rule.direction not in (None, "minimize", "maximize"):
        raise EncaveError(f'{path}: {where}direction = {rule.direction!r}; there are "minimize" and "maximize"')
    if rule.scale not in (None, "percent", "fraction"):
        raise EncaveError(f'{path}: {where}scale = {rule.scale!r}; there are "percent" and "fraction"')
    if isinstance(rule.seed, str):
        try:
            groups = re.compile(rule.seed).groups
        except re.error as error:
            raise EncaveError(f"{path}: {where}seed is no regular expression: {error}") from error
        if not groups:
            raise EncaveError(f"{path}: {where}the expression {rule.seed!r} has no group ( ) that finds the seed")
    return rule


def _added_up(rules: Sequence[Rule]) -> Rule:
    """What several rules say together."""
    told: dict[str, Any] = {}
    for rule in reversed(rules):
        told |= {key: value for key, value in vars(rule).items() if value is not None}
    return Rule(**told)


def _with_objective(run: Run, rule: Rule) -> Run:
    """The run with the objective that the rule names first, called and directed as it says."""
    if (rule.use, rule.objective, rule.direction, rule.unit, rule.scale) == (None,) * 5:
        return run
    try:
        used = run.objective(rule.use)
    except EncaveError as error:
        raise EncaveError(f"{NAME} uses the objective {rule.use!r}: {error}") from error
    others = [one for one in run.objectives if one is not used]
    own = replace(
        used,
        name=rule.objective or used.name,
        direction=rule.direction or used.direction,
        unit=rule.unit or (None if rule.scale else used.unit),
    )
    if any(one.name == own.name for one in others):
        raise EncaveError(f"{NAME} calls an objective of run {run.name} {own.name!r}, as another of its is called")
    names = [COST + own.name if name == COST + used.name else name for name in run.trials.column_names]
    trials = run.trials.rename_columns(names)
    if rule.scale == "percent":
        place, column = names.index(COST + own.name), COST + own.name
        trials = trials.set_column(place, column, pc.divide(trials[column], 100.0))
        own = replace(own, lower=_hundredth(own.lower), upper=_hundredth(own.upper))
    objectives = (own, *others)
    return run.replace(objectives=objectives, trials=ordered(trials, objectives))


def _hundredth(bound: float | None) -> float | None:
    return None if bound is None else bound / 100.0


def _check_keys(path: Path, where: str, content: Mapping[str, Any], known: set[str]) -> None:
    for key in content:
        if key not in known:
            raise EncaveError(f"{path}: {where}a report knows no key {key!r}; there are {_list(known)}")


def _seed(seed: int | str, name: str, source: str) -> int:
    if isinstance(seed, int):
        return seed
    found = re.search(seed, name) or re.search(seed, source)
    if not found or not found[1].isdigit():
        raise EncaveError(f"{NAME}: the expression {seed!r} finds no seed in {name!r} nor in {source!r}")
    return int(found[1])


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))
