"""What a reader must know before believing a section: few runs, failures, unequal settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ...run.provenance import JSON
from ..charts.text import capital, listing, plural
from ..comparison.ranking import has_own_start
from ..comparison.section import Comparison
from ..grouping.origins import never_left, random_share, twins
from ..grouping.schedules import full_evaluations, mixed, resumed, schedule_of, schedules
from ..grouping.sections import Section
from .words import surrogate_notice

_MOST_NAMES = 8  # of optimizers in a sentence
_MOSTLY = 0.5  # of the trials after the initial design, beyond which it is told that they were drawn at random
FEW_SEEDS = 5
"""Below so many runs hardly a test can reject, and the report says so."""
FEW_TRAININGS = 50
"""Below so many full trainings a run of a benchmark is told to be short."""
NARROW = 30
"""Below so many runs a percentile bootstrap interval of a mean holds in less than about 93 % of cases."""


def notices(sections: Sequence[Section]) -> dict[str, str]:
    """What a report begins with, heading → text."""
    told = {"Surrogate": surrogate_notice(sections), "Mixed schedules": mixed_notice(sections)}
    return {heading: text for heading, text in told.items() if text}


def list_cautions(comparison: Comparison) -> list[str]:
    """What a reader must know before believing the section."""
    return [
        *_mixed_schedules(comparison),
        *_short(comparison),
        *_few_runs(comparison),
        *_not_counted(comparison),
        *_unequal(comparison),
        *_not_what_it_says(comparison),
        *_below_optimum(comparison),
    ]


def _mixed_schedules(comparison: Comparison) -> list[str]:
    if not mixed(comparison.section):
        return []
    return [
        f"Mixed schedules: trained {trained_on(comparison.section)}. What differs between them may be the schedule and "
        "not the optimizer; run all on one (encave run --schedule)."
    ]


def trained_on(section: Section) -> str:
    """Who was trained on which schedule: `RE and Random with 12; DEHB with 200 epochs`."""
    on = schedules(section)
    told = (
        f"{_who([name for name, own in on.items() if own == each])} with {listing(f'{one:g}' for one in sorted(each))}"
        for each in sorted(set(on.values()), key=sorted)
        if each
    )
    return f"{'; '.join(told)} epochs"


def mixed_notice(sections: Sequence[Section]) -> str | None:
    """What stands first in a report of mixed schedules; None where each task has one."""
    on: dict[str, list[str]] = {}
    for section in filter(mixed, sections):
        on.setdefault(trained_on(section), []).append(section.title)
    if not on:
        return None
    told = ". ".join(f"On {listing(titles)}: {who}" for who, titles in on.items())
    return (
        f"Optimizers were not all trained on one schedule. {told}. Whatever is said of who is better than who compares "
        "these schedules, too; run all on one (encave run --schedule)."
    )


def _short(comparison: Comparison) -> list[str]:
    few = [
        group.optimizer
        for group in comparison.section.groups
        for spent in [[full_evaluations(run) for run in group.runs]]
        if any(one is not None and one < FEW_TRAININGS for one in spent)
    ]
    if not few:
        return []
    return [
        f"{_who(few)}: runs that cost fewer than {FEW_TRAININGS} trainings of the whole schedule. That is short for a "
        "comparison of optimizers, which differ little so early."
    ]


def _few_runs(comparison: Comparison) -> list[str]:
    rows = comparison.table.rows
    found: list[str] = []
    single = [row.optimizer for row in rows if row.runs == 1]
    few = [row.optimizer for row in rows if 1 < row.runs < FEW_SEEDS]
    if single:
        found.append(f"{_who(single)}: one run only, so no band, no standard deviation and no interval.")
    if few:
        who = "All optimizers" if 3 < len(few) == len(rows) else _who(few)
        found.append(f"{who}: fewer than {FEW_SEEDS} runs. Little can be told apart with so few; add seeds.")
    narrow = [row.optimizer for row in rows if 1 < row.runs < NARROW]
    if narrow and comparison.interval == "bootstrap":
        who = "All optimizers" if 3 < len(narrow) == len(rows) else _who(narrow)
        found.append(f"{who}: fewer than {NARROW} runs, for which percentile bootstrap intervals are too narrow.")
    if len(rows) > 1 and not comparison.table.paired and not any(map(has_own_start, comparison.section.runs)):
        found.append(
            "The optimizers do not share the same known seeds, so ranks and differences are not paired by seed."
        )
    return found


def _who(names: Sequence[str]) -> str:
    return listing(names) if len(names) <= _MOST_NAMES else f"{len(names)} optimizers"


def _not_counted(comparison: Comparison) -> list[str]:
    found: list[str] = []
    for label, members in comparison.trajectories.items():
        failed = sum(not len(one.rows) for one in members)
        late, unplaced = sum(one.late for one in members), sum(one.unplaced for one in members)
        if failed:
            found.append(f"{label}: {failed} of {plural(len(members), 'run')} without a successful trial; ranked last.")
        if late:
            found.append(
                f"{label}: {plural(late, 'trial')} ended after the run's own limit and {_does(late)} not count."
            )
        if unplaced:
            found.append(
                f"{label}: {plural(unplaced, 'successful trial')} without an end time {_does(unplaced)} not count."
            )
    hidden = [curve.optimizer for curve in comparison.curves[0] if curve.runs and not len(curve.positions)]
    if hidden:
        found.append(f"{_who(hidden)}: no curve, since one run ended before another had its first incumbent.")
    return found


def _does(count: int) -> str:
    return "does" if count == 1 else "do"


def _unequal(comparison: Comparison) -> list[str]:
    """Settings in which runs differ, within an optimizer and between them."""
    found: list[str] = []
    limits = {_text(run.provenance.limit) for run in comparison.section.runs}
    if len(limits) > 1:
        found.append("The runs had different limits, so their final values were not reached with equal effort.")
    on = {group.optimizer: resumed(group.runs) for group in comparison.section.groups}
    if len({one for own in on.values() for one in own}) > 1:
        cheaper = [name for name, own in on.items() if True in own]
        found.append(
            f"{_who(cheaper)}: what went on to a higher budget cost the difference only, with others "
            "all of it, which may be what differs between them; run all alike (encave run --resume-from-checkpoint)."
        )
    for group in comparison.section.groups:
        told = {
            "settings": {_text(run.provenance.settings) for run in group.runs},
            "workers": {run.provenance.workers for run in group.runs},
            "training schedule": {schedule_of(run) for run in group.runs},
            "whether they go on from checkpoints": resumed(group.runs),
        }
        mixed = [what for what, values in told.items() if len(values) > 1]
        if mixed:
            found.append(f"{group.optimizer}: its runs differ in {listing(mixed)} and are averaged all the same.")
        known = [seed for seed in group.seeds if seed is not None]
        if len(known) != len(set(known)):
            found.append(f"{group.optimizer}: several runs of one seed; each counts as a run.")
    return found


def _not_what_it_says(comparison: Comparison) -> list[str]:
    """Optimizers that never got to do what they are called after, and two that are one."""
    found: list[str] = []
    for group in comparison.section.groups:
        stayed = never_left(group.runs)
        if stayed:
            found.append(
                f"{group.optimizer}: {stayed} of {plural(len(group.runs), 'run')} never left the initial design, so "
                "they show that design and not the optimizer. Allow more trials."
            )
        share = random_share(group.runs)
        if share is not None and share > _MOSTLY:
            found.append(
                f"{group.optimizer}: of the trials after the initial design {share:.0%} were drawn at random and not "
                "chosen by the model, as the logs say, so they show random search as much as the optimizer."
            )
    for first, second, same in twins(comparison.section.groups):
        found.append(
            f"{first.optimizer} and {second.optimizer}: {same} of {plural(len(first.runs), 'run')} of the first "
            "have exactly the trials of a run of the second, so these are not two optimizers."
        )
    return found


def _text(told: Mapping[str, JSON]) -> str:
    return json.dumps(dict(told), sort_keys=True)


def _below_optimum(comparison: Comparison) -> list[str]:
    return [
        f"{capital(measure.name)} falls below zero: some runs are better than the optimum that came with them "
        f"({measure.reference:g})."
        for measure, curves in zip(comparison.measures, comparison.curves, strict=True)
        if measure.regret == "optimum" and any((curve.centre < 0).any() for curve in curves)
    ]
