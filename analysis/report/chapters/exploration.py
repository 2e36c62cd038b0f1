"""How the space was explored: where each optimizer looked, what incumbents are made of, whether budgets agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ....errors import EncaveError
from ...charts.figure import Figure
from ...charts.text import plural, spread
from ...comparison.section import Comparison
from ...importance.groups import Refused
from ...landscape.budget_correlation import GroupCorrelation, group_correlation
from ...landscape.exploration import GroupExploration, group_exploration
from ...landscape.footprint import Footprint, footprint
from ...landscape.incumbent_values import IncumbentValues, incumbent_values
from ...tables.landscape import Correlations, Explorations, Footprints, Incumbents
from .. import captions, exploration_figures
from ..contents import Block, Chapter, Details, Figures, Notice, ReportInput, ReportTable, Row, TextCell
from ..references import cite

_OPEN = 2  # tasks of a study whose tables are shown at once
_REASONS = 3  # of what is left out
_NO_INCUMBENT = "of several objectives there is no one incumbent"
_METHODS = (
    "Footprints are the first two principal coordinates of the configurations by classical multidimensional scaling"
    f"{cite('torgerson1952multidimensional', 'gower1966distance')}, one plane for all optimizers of a task, each with "
    "the same weight. Squared distances are the number of nominal hyperparameters that differ plus the squared "
    "differences of the others, scaled to their range."
)


def write(study: ReportInput) -> list[Chapter]:
    """One chapter."""
    correlations, _ = group_correlation(study.view.sections)
    explorations, incomplete = group_exploration(study.view.sections)
    seen = {one.section.title: footprint_of(one) for one in study.comparisons}
    prints = {title: found for title, found in seen.items() if isinstance(found, Footprint)}
    made, unseen = _incumbents(study)
    titles = [section.title for section in study.view.sections]
    shown = {
        one.section.title: [
            *_figures(one, study, prints, made),
            *_seen(one, correlations, explorations),
            *_frequencies(one, made),
        ]
        for one in study.comparisons
    }
    blocks = [Details(f"{title}: exploration", own, open=len(titles) <= _OPEN) for title, own in shown.items() if own]
    reasons = [f"{title}: {why}" for title, why in seen.items() if isinstance(why, str)]
    return [
        Chapter(
            title="Exploration",
            blocks=[*_left_out(reasons, unseen, incomplete), *blocks],
            methods=[_METHODS] if prints else [],
            data={
                **({"budget_correlation": Correlations(correlations).table()} if correlations else {}),
                **({"exploration": Explorations(explorations).table()} if explorations else {}),
                **({"footprint": Footprints(prints).table()} if prints else {}),
                **({"incumbent_values": Incumbents(tuple(made)).table()} if made else {}),
            },
        )
    ]


def footprint_of(one: Comparison) -> Footprint | str:
    """The footprint of a task, without incumbents where there is no one; or why there is none."""
    last = slice(0, 0) if one.pareto else slice(None)
    found = {label: [replace(run, rows=run.rows[last]) for run in one.trajectories[label]] for label in one.ordered}
    try:
        return footprint(found)
    except EncaveError as error:
        return str(error)


def _figures(
    one: Comparison,
    study: ReportInput,
    prints: Mapping[str, Footprint],
    made: Sequence[tuple[str, str, IncumbentValues]],
) -> Iterator[Block]:
    title = one.section.title
    figures: list[Figure] = []
    if title in prints:
        figures.append(exploration_figures.footprint_figure(one, prints[title], study.styles))
    values = {label: found for task, label, found in made if task == title}
    areas = exploration_figures.incumbents_figure(
        one, {label: values[label] for label in one.ordered if label in values}
    )
    figures += [areas] if areas else []
    if figures:
        yield Figures(figures)


def _seen(
    comparison: Comparison, correlations: Sequence[GroupCorrelation], explorations: Sequence[GroupExploration]
) -> Iterator[Block]:
    title = comparison.section.title
    mine = [group for group in correlations if group.task == title]
    budgets = sorted({budget for group in mine for budget in group.budgets})
    if any(np.isfinite(group.mean[:-1, -1]).any() for group in mine):
        lower = budgets[:-1]
        rows = [Row(group.optimizer, [TextCell(_rank(group, low)) for low in lower], group.optimizer) for group in mine]
        caption = (
            f"Spearman's rank correlation on {title} between the costs at a budget and at the highest of the "
            "optimizer's, mean ± standard deviation over runs; in brackets the configurations with a result at both."
            f"{captions.modelled_note([comparison])}"
        )
        heads = ("Optimizer", *(f"{low:.4g}" for low in lower))
        yield ReportTable(f"{title} budget correlation", caption, heads, rows, for_paper=False)
    rows = [
        Row(one.optimizer, [TextCell(text) for text in _explored(one)], one.optimizer)
        for one in explorations
        if one.task == title
    ]
    caption = (
        f"Exploration on {title}, mean ± standard deviation over runs: different configurations; trials that repeat "
        "one at the same budget; diversity, the mean share of hyperparameters in which two configurations differ, in "
        "the whole run and in the last half of its trials; share of the space."
    )
    heads = ("Optimizer", "Configurations", "Duplicates [%]", "Diversity [%]", "Last half [%]", "Of the space [%]")
    if rows:
        yield ReportTable(f"{title} exploration", caption, heads, rows, for_paper=False)


def _rank(group: GroupCorrelation, low: float) -> str:
    if low not in group.budgets or low == group.budgets[-1]:
        return "–"
    i = group.budgets.index(low)
    if np.isnan(group.mean[i, -1]):
        return "–"
    told = spread(float(group.mean[i, -1]), float(group.spread[i, -1]), 1, ".2f")
    return f"{told} ({group.configurations[i, -1]:,})"


def _explored(one: GroupExploration) -> list[str]:
    cells = [spread(*one.mean("distinct"), 1, ",.0f")]
    return cells + [
        spread(*one.mean(name), 100, ".1f") for name in ("duplicates", "hamming", "late_hamming", "coverage")
    ]


def _incumbents(study: ReportInput) -> tuple[list[tuple[str, str, IncumbentValues]], list[str]]:
    """What incumbents are made of, by task and optimizer, and for those that cannot be told why."""
    found: list[tuple[str, str, IncumbentValues]] = []
    unseen: list[str] = []
    for one in study.comparisons:
        if one.pareto:
            unseen.append(f"{one.section.title}: {_NO_INCUMBENT}")
            continue
        for optimizer, trajectories in one.trajectories.items():
            try:
                found.append((one.section.title, optimizer, incumbent_values(trajectories, one.axis)))
            except EncaveError as error:
                unseen.append(f"{optimizer} on {one.section.title}: {error}")
    return found, unseen


def _frequencies(comparison: Comparison, incumbents: Sequence[tuple[str, str, IncumbentValues]]) -> Iterator[Block]:
    title = comparison.section.title
    mine = [(optimizer, one) for task, optimizer, one in incumbents if task == title]
    names = [name for name in mine[0][1].names if all(name in one.names for _, one in mine)] if mine else []
    if not names:
        return
    rows = [Row(optimizer, [TextCell(_usual(one, name)) for name in names], optimizer) for optimizer, one in mine]
    caption = (
        f"The most frequent value of each hyperparameter in the final incumbents on {title}, and the share of runs "
        "that end with it. Frequencies of all values over time are in the data (incumbent_values)."
        f"{captions.modelled_note([comparison])}"
    )
    text = frozenset(range(1, len(names) + 1))
    yield ReportTable(f"{title} incumbents", caption, ("Optimizer", *names), rows, text, for_paper=False)


def _usual(one: IncumbentValues, name: str) -> str:
    j = one.names.index(name)
    last = one.frequency[j][:, -1]
    return f"{one.values[j][int(last.argmax())]} ({100 * last.max():.0f} %)"


def _left_out(reasons: Sequence[str], unseen: Sequence[str], incomplete: Sequence[Refused]) -> list[Block]:
    """A notice of what is not shown, with the first reasons."""
    told = [f"There is no footprint of {reason}." for reason in reasons[:_REASONS]]
    if unseen:
        groups = plural(len(unseen), "group")
        told.append(f"Values of incumbents are not shown for {groups} of runs: {'; '.join(unseen[:_REASONS])}.")
    if incomplete:
        why = "; ".join(one.reason for one in incomplete[:_REASONS])
        told.append(f"Duplicates and diversity are not shown for {plural(len(incomplete), 'run')}: {why}.")
    return [Notice(told)] if told else []
