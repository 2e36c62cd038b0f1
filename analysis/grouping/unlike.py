"""Runs of one optimizer on one task that look as if they were no repetitions of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...run import RunHeader


def tell_unlike(title: str, optimizer: str, runs: Sequence[RunHeader]) -> list[str]:
    """What tells that these runs may be more than seeds of one another, with the way to say so; empty if nothing does.

    Args:
        title: Of their task.
        optimizer: Their label.
        runs: The runs.
    """
    budgets = {_budgets(run) for run in runs if run.budgets}
    kinds: dict[str, set[Any]] = {
        "budgets": set(budgets),
        "spaces": {run.space_digest for run in runs if not run.inferred_space},
        "hyperparameters": {tuple(sorted(run.hyperparameters)) for run in runs},
    }
    differ = [name for name, found in kinds.items() if len(found) > 1]
    if not differ:
        return []
    return [
        f"{title}: the runs of {optimizer} differ in their {' and '.join(differ)}{_examples(budgets)}, "
        "and are averaged as seeds all the same. If they are none, give them a task or an optimizer of their own in "
        "[[runs]] of report.toml."
    ]


def _budgets(run: RunHeader) -> tuple[float, float]:
    """Where its budgets begin and end."""
    return run.budgets[0], run.budgets[-1]


def _examples(ranges: set[tuple[float, float]]) -> str:
    told = [f"{low:g} to {high:g}" for low, high in sorted(ranges)]
    return f" ({'; '.join(told)})" if len(told) > 1 else ""
