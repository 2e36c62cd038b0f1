"""What `encave analyze correlation`, `exploration`, `incumbents` and `landscape` print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from .analyze import number, percent, print_refused, refused_json
from .common import print_line, print_table

if TYPE_CHECKING:
    from ...analysis.importance.groups import Refused
    from ...analysis.landscape.budget_correlation import GroupCorrelation
    from ...analysis.landscape.exploration import GroupExploration
    from ...analysis.landscape.incumbent_values import IncumbentValues
    from ...analysis.landscape.optima import KnownTable, Standing


def print_correlation(groups: Sequence[GroupCorrelation], refused: Sequence[Refused]) -> None:
    """A table for each group: Spearman's correlation of each two budgets, and from how many configurations."""
    for group in groups:
        table = Table(
            "budget",
            *(f"{budget:g}" for budget in group.budgets[:-1]),
            title=escape(f"{group.optimizer} on {group.task}"),
        )
        for i, budget in enumerate(group.budgets[1:], start=1):
            table.add_row(f"{budget:g}", *(_correlation(group, i, j) for j in range(i)))
        print_table(table)
        runs = "1 run" if len(group.runs) == 1 else f"mean over {len(group.runs)} runs"
        print_line(f"Spearman's rank correlation, {runs}; in brackets the configurations at both budgets")
    print_refused(refused)


def correlation_json(groups: Sequence[GroupCorrelation], refused: Sequence[Refused]) -> dict[str, Any]:
    """All numbers of `print_correlation`; null where a number is not defined."""
    found = [
        {
            "task": group.task,
            "optimizer": group.optimizer,
            "runs": list(group.runs),
            "budgets": list(group.budgets),
            "spearman": [[number(value) for value in row] for row in group.mean],
            "std_over_runs": [[number(value) for value in row] for row in group.spread],
            "runs_defined": group.defined.tolist(),
            "configurations": group.configurations.tolist(),
        }
        for group in groups
    ]
    return {"groups": found, "refused": refused_json(refused)}


def _correlation(group: GroupCorrelation, i: int, j: int) -> str:
    value, spread = group.mean[i, j], group.spread[i, j]
    shown = "–" if np.isnan(value) else f"{value:.2f}" + ("" if np.isnan(spread) else f" ± {spread:.2f}")
    return f"{shown} ({group.configurations[i, j]:,})"


def print_exploration(groups: Sequence[GroupExploration], refused: Sequence[Refused]) -> None:
    """A row for each optimizer on each task."""
    heads = ("task", "optimizer", "runs", "trials", "configurations", "over all runs", "duplicates %")
    table = Table(*heads, "diversity %", "in the last half %", "of the space %")
    for group in groups:
        counts = [_spread(*group.mean(name), 1, ",.0f") for name in ("trials", "distinct")]
        shares = [
            _spread(*group.mean(name), 100, ".1f") for name in ("duplicates", "hamming", "late_hamming", "coverage")
        ]
        names = [escape(group.task), escape(group.optimizer), str(len(group.runs))]
        table.add_row(*names, *counts, f"{group.together:,}", *shares)
    if groups:
        print_table(table)
        print_line("mean ± standard deviation over runs; diversity: mean share of hyperparameters in which two differ")
    print_refused(refused)


def exploration_json(groups: Sequence[GroupExploration], refused: Sequence[Refused]) -> dict[str, Any]:
    """All numbers of `print_exploration`, of each run; null where a number is not defined."""
    found = [
        {
            "task": group.task,
            "optimizer": group.optimizer,
            "configurations_together": group.together,
            "runs": [
                {"run": run, **{name: number(value) for name, value in asdict(one).items()}}
                for run, one in zip(group.runs, group.each, strict=True)
            ],
        }
        for group in groups
    ]
    return {"groups": found, "refused": refused_json(refused)}


def print_incumbents(found: Sequence[tuple[str, str, IncumbentValues]], refused: Sequence[Refused]) -> None:
    """A table for each optimizer on each task: the frequency of each value at the start, on the way and at the end."""
    for task, optimizer, one in found:
        shown = np.unique(np.linspace(0, len(one.positions) - 1, 5).astype(int))
        heads = [f"{one.positions[m]:,.0f}" for m in shown]
        table = Table("hyperparameter", "value", *heads, title=escape(f"{optimizer} on {task}"))
        for name, values, frequency in zip(one.names, one.values, one.frequency, strict=True):
            for v, value in enumerate(values):
                cells = [percent(frequency[v, m]) for m in shown]
                table.add_row(escape(name) if v == 0 else "", escape(value), *cells, end_section=v == len(values) - 1)
        print_table(table)
        print_line(f"% of the incumbents of {one.runs} runs that have the value, over {one.axis.label}")
    print_refused(refused)


def incumbents_json(found: Sequence[tuple[str, str, IncumbentValues]], refused: Sequence[Refused]) -> dict[str, Any]:
    """All points of `print_incumbents`, as fractions."""
    groups = [
        {
            "task": task,
            "optimizer": optimizer,
            "runs": one.runs,
            "axis": one.axis.label,
            "positions": one.positions.tolist(),
            "hyperparameters": {
                name: dict(zip(values, frequency.tolist(), strict=True))
                for name, values, frequency in zip(one.names, one.values, one.frequency, strict=True)
            },
        }
        for task, optimizer, one in found
    ]
    return {"groups": groups, "refused": refused_json(refused)}


def print_landscape(
    known: Sequence[KnownTable],
    order: int,
    standings: Sequence[tuple[str, str, Standing]],
    refused: Sequence[Refused],
) -> None:
    """Exact shares by dataset, then the optima, then where runs end."""
    from ...analysis.importance.fanova import decompose, subsets_of
    from ...analysis.landscape.optima import landscape

    parts = [decompose(one.table) for one in known]
    shares = Table("effect", *(escape(one.task) for one in known), title="exact share of the variance, %")
    for subset in subsets_of(len(known[0].names), order):
        label = " × ".join(known[0].names[axis] for axis in subset)
        shares.add_row(escape(label), *(f"{100 * part.share(subset):.3f}" for part in parts))
    shares.add_section()
    for axis, name in enumerate(known[0].names):
        shares.add_row(escape(f"all with {name}"), *(f"{100 * part.total_share(axis):.3f}" for part in parts))
    print_table(shares)
    heads = ("local optima", "on plateaus", "to the best %", "fitness-distance", "lowest error %", "mean error %")
    optima = Table("dataset", *heads, title="landscape under changes of one hyperparameter")
    for one in known:
        found = landscape(one.table)
        best = found.basins[found.values == found.values[0]].sum() / one.table.size
        ends = (found.values[0], one.table.mean())
        cells = (f"{len(found.optima)}", f"{found.plateaus}", percent(best), f"{found.fitness_distance:.3f}")
        optima.add_row(escape(one.task), *cells, *(f"{value:.2f}" for value in ends))
    print_table(optima)
    print_line("to the best: share of the configurations from which steepest descent ends in the optimum")
    if standings:
        ends = Table("task", "optimizer", "runs", "in the optimum", "in a local optimum", "distance", "gap")
        for task, optimizer, one in standings:
            cells = (str(one.runs), str(one.optimal), str(one.locally_optimal))
            ends.add_row(escape(task), escape(optimizer), *cells, f"{one.distance:.2f}", f"{one.gap:.3f}")
        print_table(ends)
        print_line(
            "distance: hyperparameters that differ from the nearest optimum; gap: cost above it; means over runs"
        )
    print_refused(refused)


def landscape_json(
    known: Sequence[KnownTable],
    order: int,
    standings: Sequence[tuple[str, str, Standing]],
    refused: Sequence[Refused],
) -> dict[str, Any]:
    """All numbers of `print_landscape`, with every local optimum."""
    ends = [{"task": task, "optimizer": optimizer, **asdict(one)} for task, optimizer, one in standings]
    return {
        "tables": [_table_json(one, order) for one in known],
        "incumbents": ends,
        "refused": refused_json(refused),
    }


def _table_json(one: KnownTable, order: int) -> dict[str, Any]:
    from ...analysis.importance.fanova import decompose, subsets_of
    from ...analysis.landscape.optima import landscape

    parts, found = decompose(one.table), landscape(one.table)
    effects = [
        {"hyperparameters": [one.names[axis] for axis in subset], "share": parts.share(subset)}
        for subset in subsets_of(len(one.names), order)
    ]
    places = np.stack(np.unravel_index(found.optima, one.table.shape), axis=1)
    optima = [
        {
            "configuration": dict(zip(one.names, (one.values[at] for at in place), strict=True)),
            "cost": value,
            "basin": basin,
        }
        for place, value, basin in zip(places, found.values.tolist(), found.basins.tolist(), strict=True)
    ]
    return {
        "task": one.task,
        "variance": parts.variance,
        "effects": effects,
        "total_shares": {name: parts.total_share(axis) for axis, name in enumerate(one.names)},
        "optima": optima,
        "on_plateaus": found.plateaus,
        "fitness_distance": number(found.fitness_distance),
    }


def _spread(mean: float, spread: float, factor: float, form: str) -> str:
    if np.isnan(mean):
        return "–"
    return f"{factor * mean:{form}}" + ("" if np.isnan(spread) else f" ± {factor * spread:{form}}")
