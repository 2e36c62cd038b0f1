"""What `encave analyze` prints: tables for people, and the same numbers as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from ..analysis.importance import Importance
    from ..analysis.importance_groups import GroupCorrelation, GroupImportance, Refused, Truth
    from ..run import Run
    from ..runners.nasbench201.table import Benchmark

SHOWN = 10
"""Joint effects in a table; all of them are in the JSON."""
_WIDTH = 240  # where the output is no terminal, so that nothing is cut in a file or a pipe
_WEAK = 0.5  # out-of-bag R² below which a table warns


def print_importance(groups: Sequence[GroupImportance], refused: Sequence[Refused]) -> None:
    """A table for each group: the single effects, then the largest joint ones, in percent of the variance."""
    console = _console()
    for group in groups:
        console.print(_importance_table(group))
        console.print(escape(_account(group)), highlight=False, soft_wrap=True)
    print_refused(refused)


def print_correlation(groups: Sequence[GroupCorrelation], refused: Sequence[Refused]) -> None:
    """A table for each group: Spearman's correlation of each two budgets, and from how many configurations."""
    console = _console()
    for group in groups:
        table = Table("budget", *(f"{budget:g}" for budget in group.budgets[:-1]), title=_title(group))
        for i, budget in enumerate(group.budgets[1:], start=1):
            table.add_row(f"{budget:g}", *(_correlation(group, i, j) for j in range(i)))
        console.print(table)
        runs = "1 run" if len(group.runs) == 1 else f"mean over {len(group.runs)} runs"
        console.print(f"Spearman's rank correlation, {runs}; in brackets the configurations at both budgets")
    print_refused(refused)


def print_refused(refused: Sequence[Refused]) -> None:
    """A line on standard error for each run that was left out."""
    for one in refused:
        told = f"[red]left out[/] {escape(one.run)}: {escape(one.reason)}"
        Console(stderr=True).print(told, highlight=False, soft_wrap=True)


def importance_json(groups: Sequence[GroupImportance], refused: Sequence[Refused]) -> dict[str, Any]:
    """All numbers of `print_importance` and more; null where a number is not defined."""
    return {"groups": [_importance_group(group) for group in groups], "refused": _refused(refused)}


def correlation_json(groups: Sequence[GroupCorrelation], refused: Sequence[Refused]) -> dict[str, Any]:
    """All numbers of `print_correlation`; null where a number is not defined."""
    found = [
        {
            "task": group.task,
            "optimizer": group.optimizer,
            "runs": list(group.runs),
            "budgets": list(group.budgets),
            "spearman": [[_number(value) for value in row] for row in group.mean],
            "std_over_runs": [[_number(value) for value in row] for row in group.spread],
            "runs_defined": group.defined.tolist(),
            "configurations": group.configurations.tolist(),
        }
        for group in groups
    ]
    return {"groups": found, "refused": _refused(refused)}


def nasbench201_truth(benchmark: Benchmark) -> Truth:
    """The table of validation errors that a run on NAS-Bench-201 searched, at the budget of its estimate.

    None for runs on other spaces, on tasks that the benchmark does not have, or of other objectives.
    """
    from ..runners.nasbench201.space import HYPERPARAMETERS, OPERATIONS, SIZE

    def truth(run: Run, estimate: Importance) -> Any:
        encoded, task = estimate.sample.encoded, str(run.metadata.get("task"))
        fits = sorted(encoded.names) == sorted(HYPERPARAMETERS) and task in benchmark.tasks
        if not fits or estimate.sample.objective != "valid_error":
            return None
        if any(set(axis.values or ()) != set(OPERATIONS) for axis in encoded.axes):
            return None
        grid = np.indices(encoded.sizes).reshape(len(encoded.axes), SIZE)
        ops = np.empty((SIZE, len(HYPERPARAMETERS)), dtype=np.int64)
        for axis, codes in zip(encoded.axes, grid, strict=True):
            operations = np.array([OPERATIONS.index(value) for value in axis.values or ()])
            ops[:, HYPERPARAMETERS.index(axis.name)] = operations[codes]
        schedule = int(run.metadata.get("benchmark", {}).get("schedule") or 200)
        epochs = None if estimate.sample.budget is None else int(estimate.sample.budget)
        return benchmark.query(ops, task, epochs=epochs, schedule=schedule).valid_error.reshape(encoded.sizes)

    return truth


def _importance_table(group: GroupImportance) -> Table:
    heads = ["effect", "share %", "± runs", "± trees", *(["exact %"] if group.exact is not None else [])]
    table = Table(*heads, title=_title(group))
    subsets = group.estimates[0].subsets
    singles = [k for k, subset in enumerate(subsets) if len(subset) == 1]
    joint = sorted((k for k, subset in enumerate(subsets) if len(subset) > 1), key=lambda k: -group.mean[k])
    for k in [*sorted(singles, key=lambda k: -group.mean[k]), *joint[:SHOWN]]:
        columns = [group.mean, group.spread, group.tree_spread, *([] if group.exact is None else [group.exact])]
        table.add_row(escape(group.estimates[0].label(subsets[k])), *(_percent(column[k]) for column in columns))
    rest = [column[joint[SHOWN:]].sum() for column in (group.mean, group.exact) if column is not None]
    if len(joint) > SHOWN:
        cells = [_percent(rest[0]), "", "", *map(_percent, rest[1:])]
        table.add_row(f"{len(joint) - SHOWN} more joint effects", *cells)
    return table


def _account(group: GroupImportance) -> str:
    samples = [estimate.sample for estimate in group.estimates]
    used, failed = sum(s.trials for s in samples), sum(s.excluded for s in samples)
    imputed, r2 = sum(s.encoded.imputed for s in samples), float(np.mean([e.r2 for e in group.estimates]))
    parts = [f"{len(samples)} run{'s' if len(samples) > 1 else ''}", f"{used:,} trials", f"R² out of bag {r2:.2f}"]
    parts += [f"{failed:,} failed trials left out"] * (failed > 0)
    parts += [f"{imputed:,} inactive values set to their default"] * (imputed > 0)
    told = ", ".join(parts)
    return told if r2 >= _WEAK else f"{told}: the forest explains little, so do the shares"


def _title(group: GroupImportance | GroupCorrelation) -> str:
    budget = getattr(group, "estimates", None)
    at = f", budget {budget[0].sample.budget:g}" if budget and budget[0].sample.budget is not None else ""
    return escape(f"{group.optimizer} on {group.task}{at}")


def _importance_group(group: GroupImportance) -> dict[str, Any]:
    first = group.estimates[0]
    effects = [
        {
            "hyperparameters": [first.names[axis] for axis in subset],
            "share": _number(group.mean[k]),
            "std_over_runs": _number(group.spread[k]),
            "std_over_trees": _number(group.tree_spread[k]),
            "exact": None if group.exact is None else _number(group.exact[k]),
        }
        for k, subset in enumerate(first.subsets)
    ]
    runs = [
        {
            "run": name,
            "trials": estimate.sample.trials,
            "failed": estimate.sample.excluded,
            "configurations": len(estimate.sample.cost),
            "imputed": estimate.sample.encoded.imputed,
            "r2": _number(estimate.r2),
            "shares": [_number(value) for value in estimate.shares],
        }
        for name, estimate in zip(group.runs, group.estimates, strict=True)
    ]
    where = {"task": group.task, "optimizer": group.optimizer, "objective": first.sample.objective}
    return {**where, "budget": first.sample.budget, "effects": effects, "runs": runs}


def _refused(refused: Sequence[Refused]) -> list[dict[str, str]]:
    return [{"task": o.task, "optimizer": o.optimizer, "run": o.run, "reason": o.reason} for o in refused]


def _correlation(group: GroupCorrelation, i: int, j: int) -> str:
    value, spread = group.mean[i, j], group.spread[i, j]
    shown = "–" if np.isnan(value) else f"{value:.2f}" + ("" if np.isnan(spread) else f" ± {spread:.2f}")
    return f"{shown} ({group.configurations[i, j]:,})"


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.1f}"


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_WIDTH)
