"""Runs of one optimizer on one task that are no repetitions of each other: split, with labels that say by what."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from ...run import RunHeader
from .design import DesignOf, RunDesign
from .objectives import patterns
from .places import label_names, places_of
from .tasks import joint_hyperparameters

_STEP = 1.4  # least ratio of neighbouring budgets that were set, as of successive halving; others were reached
_EVEN = 1.3  # most that the ratios of a ladder differ by, which rounds its rungs
_EACH = 2  # trials at each budget on average, from which on budgets are no accident
_SLACK = 2  # times the trials after which others went on to a higher budget: then a run had its chance
_MOST = 3  # names or choices in a label
_Parts: TypeAlias = list[tuple[str, list[RunHeader]]]
"""Runs that belong together, each lot with what tells it from the others."""


@dataclass(frozen=True)
class Apart:
    """How the runs of one optimizer on one task are split."""

    labels: Mapping[int, str]
    """`id` of each run → the label of its lot."""
    remarks: tuple[str, ...]
    """What they differ in, and the line of `report.toml` that says otherwise."""


def apart(
    title: str, label: str, runs: Sequence[RunHeader], every: Sequence[RunHeader], design: DesignOf, *, named: bool
) -> Apart:
    """Split runs of one label on one task by what repetitions of one another do not differ in.

    Not split are runs of which a person says what optimizer they are, runs that ended before a higher budget, and
    spaces that were inferred from the values seen.

    Args:
        title: Of their task.
        label: Their label.
        runs: The runs.
        every: All runs that are compared, of which the line of `report.toml` must match no other.
        design: Gives the design of a run.
        named: Whether a log or a person named the task, so that places may say more than it.
    """
    kept = {id(run): label for run in runs}
    if len(runs) < 2:
        return Apart(kept, ())
    own = {id(run): design(run) for run in runs}
    lots, differ = _lots(runs, own, lambda some: _by_places(some, label, title) if named else [("", list(some))])
    if not differ:
        return Apart(kept, _steps(title, label, runs, own))
    in_words = f"{title}: the runs of {label} differ in their {' and '.join(differ)}"
    said = [run for run in runs if "optimizer" in run.provenance.said]
    if len(said) == len(runs):
        return Apart(kept, (f"{in_words}, and are averaged as seeds all the same, as report.toml says.",))
    names = _distinct([words for words, _ in lots])
    labels = {id(run): f"{label} ({name})" for name, (_, lot) in zip(names, lots, strict=True) for run in lot}
    told = ", ".join(f"{label} ({name}): {_count(lot)}" for name, (_, lot) in zip(names, lots, strict=True))
    rules = [f"{{match = {json.dumps(one)}, optimizer = {json.dumps(label)}}}" for one in patterns(runs, every)]
    line = f"runs = [{', '.join(rules)}]"
    remark = f"{in_words}, and are kept apart ({told}). If they are repetitions, say so in report.toml: {line}"
    return Apart(labels, (remark,))


def set_up_like(runs: Sequence[RunHeader], lots: Mapping[str, RunHeader], design: DesignOf) -> str | None:
    """Label of the lot on another task that these runs, which are one lot, are set up like; None if of none or several.

    Args:
        runs: The runs.
        lots: Label → one of its runs.
        design: Gives the design of a run.
    """
    every = [*runs, *lots.values()]
    parts, _ = _lots(every, {id(run): design(run) for run in every}, lambda some: [("", list(some))])
    own = next(part for _, part in parts if any(run is runs[0] for run in part))
    alike = [label for label, run in lots.items() if any(run is one for one in own)]
    return alike[0] if len(alike) == 1 and len(own) == len(runs) + 1 else None


def _lots(
    runs: Sequence[RunHeader], designs: Mapping[int, RunDesign], by_places: Callable[[Sequence[RunHeader]], _Parts]
) -> tuple[_Parts, list[str]]:
    """The runs split by all that tells them apart, and in what they differ."""
    ways: dict[str, Callable[[Sequence[RunHeader]], _Parts]] = {
        "searchers": _by_searchers,
        "objectives": lambda some: _by_objectives(some, designs),
        "hyperparameters": lambda some: _by_hyperparameters(some, designs),
        "spaces": lambda some: _by_spaces(some, designs),
        "budgets": lambda some: _by_budgets(some, designs),
        "instances": lambda some: _by_instances(some, designs),
        "folders or studies": by_places,
    }
    lots: _Parts = [("", list(runs))]
    differ: list[str] = []
    for name, way in ways.items():
        split = [(_also(words, more), part) for words, lot in lots for more, part in _split(way(lot))]
        differ += [name] if len(split) > len(lots) else []
        lots = split
    return lots, differ


def _by_searchers(runs: Sequence[RunHeader]) -> _Parts:
    """By SMAC's facade and Optuna's sampler, where logs tell them; what tells none goes with the one there is."""
    found = _keyed(runs, _searcher)
    none = found.pop("", [])
    if len(found) == 1:
        return [("", list(runs))]
    return [*sorted(found.items()), *([("searcher not logged", none)] if none else [])]


def _searcher(run: RunHeader) -> str:
    told = run.provenance.extra
    return str(told.get("facade") or told.get("sampler") or "")


def _split(parts: _Parts) -> _Parts:
    """The parts; of one alone there is nothing to tell."""
    return parts if len(parts) > 1 else [("", parts[0][1])]


def _count(runs: Sequence[RunHeader]) -> str:
    return f"{len(runs)} run{'' if len(runs) == 1 else 's'}"


def _also(words: str, more: str) -> str:
    return ", ".join(filter(None, (words, more)))


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, with a letter where two are alike or one has none."""
    alike = [name for name in names if not name or names.count(name) > 1]
    letters = iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "".join(chr(k) for k in range(0x3B1, 0x3B1 + 1000)))
    return [_also(name, f"set {next(letters)}") if name in alike else name for name in names]


def _keyed(runs: Iterable[RunHeader], key: Callable[[RunHeader], Any]) -> dict[Any, list[RunHeader]]:
    found: defaultdict[Any, list[RunHeader]] = defaultdict(list)
    for run in runs:
        found[key(run)].append(run)
    return found


def _by_objectives(runs: Sequence[RunHeader], designs: Mapping[int, RunDesign]) -> _Parts:
    found = _keyed(runs, lambda run: designs[id(run)].objectives)
    directed = len({tuple(name for name, _ in key) for key in found}) < len(found)
    return [
        (" and ".join(f"{name} {direction}d" if directed else name for name, direction in key), lot)
        for key, lot in sorted(found.items())
    ]


def _by_hyperparameters(runs: Sequence[RunHeader], designs: Mapping[int, RunDesign]) -> _Parts:
    joint = joint_hyperparameters(runs, lambda run: designs[id(run)])
    found = _keyed(runs, lambda run: joint[id(run)])
    every, common = frozenset[str]().union(*found), next(iter(found)).intersection(*found)
    return [
        (f"with {_listed(names - common)}" if names - common else f"without {_listed(every - names)}", lot)
        for names, lot in sorted(found.items(), key=lambda item: sorted(item[0]))
    ]


def _listed(names: Iterable[str]) -> str:
    return _first(sorted(names))


def _by_spaces(runs: Sequence[RunHeader], designs: Mapping[int, RunDesign]) -> _Parts:
    """By the spaces that logs have; what has none goes with the one there is."""
    by_text = _keyed(runs, lambda run: designs[id(run)].space)
    none = by_text.pop("", [])
    domains = {text: designs[id(lot[0])].domains() for text, lot in by_text.items()}
    lots: list[tuple[dict[str, Any], list[RunHeader]]] = []
    for text, lot in sorted(by_text.items(), key=lambda item: (-len(domains[item[0]]), item[0])):
        # spaces of trials that were seen may lack what was not tried; what both have must be the same
        fit = next((k for k, (other, _) in enumerate(lots) if _same_space(domains[text], other, lot)), None)
        if fit is None:
            lots.append((domains[text], list(lot)))
        else:
            lots[fit][1].extend(lot)
    if none and len(lots) != 1:
        lots.append(({}, none))
    elif none:
        lots[0][1].extend(none)
    names = {name for own, _ in lots for name in own}
    told = sorted(name for name in names if len({_domain(own.get(name)) for own, _ in lots if own}) > 1)
    return [(_space_words(own, told), lot) for own, lot in lots]


def _same_space(own: Mapping[str, Any], other: Mapping[str, Any], runs: Sequence[RunHeader]) -> bool:
    seen = all("distributions" in run.provenance.extra for run in runs)
    return seen and own.keys() != other.keys() and all(own[name] == other.get(name, own[name]) for name in own)


def _space_words(own: Mapping[str, Any], told: Sequence[str]) -> str:
    if not own:
        return "space not logged"
    words = [f"{name} {_domain(own[name])}" for name in told[:2] if name in own]
    return _also(", ".join(words), "…" if len(told) > 2 else "")


def _domain(one: Mapping[str, Any] | None) -> str:
    """A domain in words: from and to, or its choices."""
    if one is None:
        return "none"
    if isinstance(one.get("lower"), int | float) and isinstance(one.get("upper"), int | float):
        return f"{one['lower']:g}–{one['upper']:g}{' log' if one.get('log') else ''}"
    choices = one.get("choices") or one.get("sequence") or [one.get("value")]
    some = "/".join(map(str, choices[:_MOST]))
    return some if len(choices) <= _MOST else f"{some}/… ({len(choices)})"


def _by_budgets(runs: Sequence[RunHeader], designs: Mapping[int, RunDesign]) -> _Parts:
    """By the budgets that were set: as the log says, else as tried; a run that ended early is with those like it."""
    found: list[tuple[RunDesign, list[RunHeader]]] = []
    order = sorted(runs, key=lambda run: (designs[id(run)].range is None, -len(designs[id(run)].budgets), run.name))
    for run in order:
        own = designs[id(run)]
        fit = next((lot for other, lot in found if _same_budgets(own, other)), None)
        if fit is None:
            found.append((own, [run]))
        else:
            fit.append(run)
    ranges = [_budget_words(own) for own, _ in found]
    if len(set(ranges)) < len(ranges):
        ranges = [f"budgets {', '.join(f'{one:g}' for one in sorted(own.budgets))}" for own, _ in found]
    return sorted(zip(ranges, (lot for _, lot in found), strict=True), key=lambda part: part[0])


def _budget_words(own: RunDesign) -> str:
    if not own.budgets and own.range is None:
        return "no budgets"
    low, high = own.range or (min(own.budgets), max(own.budgets))
    return f"budget {low:g}" if low == high else f"budgets {low:g}–{high:g}"


def _same_budgets(own: RunDesign, other: RunDesign) -> bool:
    """Whether a run may have been set up like one with more budgets; without a trial nothing speaks against it."""
    if own.range is not None and other.range is not None:
        return own.range == other.range
    if not own.budgets or not other.budgets:
        return bool(own.budgets) == bool(other.budgets) or not own.trials or not other.trials
    if own.range is not None or other.range is not None:
        low, high = own.range or other.range or (0.0, 0.0)
        tried = own.budgets if own.range is None else other.budgets
        return low <= min(tried) and max(tried) <= high
    if not _were_set(own) or not _were_set(other):
        return True  # where training ended, say; told by nothing
    if own.budgets == other.budgets:
        return True
    if not own.budgets < other.budgets or min(own.budgets) != min(other.budgets):
        return False
    went_on = min(first for budget, first in other.first if budget not in own.budgets)
    return own.trials <= _SLACK * went_on


def _were_set(own: RunDesign) -> bool:
    """Whether the budgets are the rungs of a ladder that was set, and not steps at which training happened to end."""
    steps = [high / low if low > 0 else _STEP for low, high in pairwise(sorted(own.budgets))]
    geometric = len(steps) > 1 and max(steps) <= _EVEN * min(steps)
    return min(steps, default=_STEP) >= _STEP and (geometric or own.trials >= _EACH * len(own.budgets))


def _by_instances(runs: Sequence[RunHeader], designs: Mapping[int, RunDesign]) -> _Parts:
    """By the instances of trials, where runs share none."""
    lots: list[tuple[set[str], list[RunHeader]]] = []
    for run in runs:
        own = designs[id(run)].instances
        shares = [lot for lot in lots if own & lot[0] or not own or not lot[0]]
        merged = (set(own).union(*(names for names, _ in shares)), [*(r for _, lot in shares for r in lot), run])
        lots = [lot for lot in lots if all(lot is not one for one in shares)] + [merged]
    return [(f"instance{'s' * (len(names) > 1)} {_listed(names)}", lot) for names, lot in lots]


def _by_places(runs: Sequence[RunHeader], label: str, title: str) -> _Parts:
    """By folders and studies, of runs on a named task; without a name, places are tasks already."""
    if all("versions" in run.provenance.extra for run in runs):  # encave's own runs say what they are
        return [("", list(runs))]
    labels = {id(run): label for run in runs}
    places = places_of(runs, labels, lambda run: {*label_names(run, label), title, str(run.task)})
    found = _keyed(runs, lambda run: places.words[id(run)])
    return [(words or "no further name", lot) for words, lot in sorted(found.items())]


def tell_instances(groups: Mapping[tuple[str, str], Sequence[RunHeader]]) -> list[str]:
    """That runs on several instances of a function count as repetitions, as suites of functions mean them.

    Args:
        groups: Title of the task and label → the runs.
    """
    known = {key: {one for one in map(instance_of, runs) if one is not None} for key, runs in groups.items()}
    several = {key: own for key, own in known.items() if len(own) > 1}
    if not several:
        return []
    names = sorted(set[str]().union(*several.values()), key=lambda one: (len(one), one))
    titles = list(dict.fromkeys(title for title, _ in several))
    labels = sorted({label for _, label in several})
    where = f"{len(titles)} tasks ({_first(titles)})" if len(titles) > 1 else titles[0]
    return [
        f"{where}: the runs of {_first(labels)} are on the instances {_first(names)} of the function, and count as "
        "repetitions of one another, as in COCO. If each instance is a task, say so in report.toml: "
        'instances = "tasks"'
    ]


def tell_seeds(groups: Mapping[tuple[str, str], Sequence[RunHeader]]) -> list[str]:
    """That runs of one group have the same seed, which repetitions of one another seldom have.

    Args:
        groups: Title of the task and label → the runs.
    """
    told: list[str] = []
    for (title, label), runs in groups.items():
        by_seed = _keyed((run for run in runs if run.seed is not None), lambda run: (run.seed, instance_of(run)))
        alike = next((own for own in by_seed.values() if len(own) > 1), None)
        if alike is not None:
            told.append(
                f"{title}: {_count(alike)} of {label} have the seed {alike[0].seed} "
                f"({_first([str(run.provenance.source or run.name) for run in alike])}), and count as repetitions. If "
                "they are other settings or tasks, give them an optimizer or a task of their own in [[runs]] of "
                "report.toml."
            )
    return told


def tell_resumed(groups: Mapping[tuple[str, str], Sequence[RunHeader]], design: DesignOf) -> list[str]:
    """That a run of a group begins as a shorter one of it does, as where it was resumed in a copy.

    Args:
        groups: Title of the task and label → the runs.
        design: Gives the design of a run.
    """
    told: list[str] = []
    for (title, label), runs in groups.items():
        begun: dict[tuple[int, bytes], RunHeader] = {}
        for run in sorted(runs, key=lambda run: -design(run).trials):
            own = design(run).beginnings
            longer = begun.get((len(own), own[-1])) if own else None
            if longer is not None and design(longer).trials > design(run).trials:
                names = [str(one.provenance.source or one.name) for one in (longer, run)]
                told.append(
                    f"{title}: {names[0]} begins with the trials of {names[1]}, and both count as runs of {label}. If "
                    "the shorter one is an earlier copy, leave it out."
                )
            begun.update({(k, digest): run for k, digest in enumerate(own, start=1) if (k, digest) not in begun})
    return told


def _first(names: Sequence[str]) -> str:
    return f"{', '.join(names[:_MOST])}{', …' if len(names) > _MOST else ''}"


def instance_of(run: RunHeader) -> str | None:
    """The instance of a function of IOHprofiler's; None of other runs."""
    told = run.provenance.extra.get("ioh")
    own = told.get("run") if isinstance(told, Mapping) else None
    instance = own.get("instance") if isinstance(own, Mapping) else None
    return None if instance is None else str(instance)


def _steps(title: str, label: str, runs: Sequence[RunHeader], designs: Mapping[int, RunDesign]) -> tuple[str, ...]:
    """That runs trained up to different steps, of which nothing tells whether they were set or reached."""
    ends = {max(own.budgets) for own in map(designs.__getitem__, map(id, runs)) if own.budgets and own.range is None}
    steps = any(not _were_set(designs[id(run)]) for run in runs)
    if not steps or not ends or max(ends) < _STEP * min(ends):
        return ()
    return (
        f"{title}: the runs of {label} have budgets up to {min(ends):g} and up to {max(ends):g}, and count as "
        "repetitions, since budgets of any size are where training ended. If these are two settings, give each an "
        "optimizer of its own in [[runs]] of report.toml.",
    )
