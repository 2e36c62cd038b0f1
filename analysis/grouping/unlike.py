"""Runs of one optimizer on one task that look as if they were no repetitions of each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...run import Run
from ...run.configurations import CONFIG_ID


def tell_unlike(title: str, optimizer: str, runs: Sequence[Run]) -> list[str]:
    """What tells that these runs may be more than seeds of one another, with the way to say so; empty if nothing does.

    Args:
        title: Of their task.
        optimizer: Their label.
        runs: The runs. Of those that come without trials or space, as headers do, less is known.
    """
    budgets = {_budgets(run) for run in runs if run.budgets}
    kinds: dict[str, set[Any]] = {
        "budgets": set(budgets),
        "spaces": {_space(run) for run in runs if run.space_json and not run.inferred_space},
        "hyperparameters": {tuple(sorted(set(run.configurations.column_names) - {CONFIG_ID})) for run in runs},
    }
    differ = [name for name, found in kinds.items() if len(found) > 1]
    if not differ:
        return []
    return [
        f"{title}: the runs of {optimizer} differ in their {' and '.join(differ)}{_examples(budgets)}, "
        "and are averaged as seeds all the same. If they are none, give them a task or an optimizer of their own in "
        "[[runs]] of report.toml."
    ]


def _budgets(run: Run) -> tuple[float, float]:
    """Where its budgets begin and end."""
    return run.budgets[0], run.budgets[-1]


def _examples(ranges: set[tuple[float, float]]) -> str:
    told = [f"{low:g} to {high:g}" for low, high in sorted(ranges)]
    return f" ({'; '.join(told)})" if len(told) > 1 else ""


def _space(run: Run) -> str:
    """Names and ranges of the hyperparameters, whatever their order."""
    own = run.space_json.get("hyperparameters") or []
    return json.dumps(sorted(json.dumps(one, sort_keys=True, default=str) for one in own))
