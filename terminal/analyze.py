"""What the verbs of `encave analyze` print alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape

from .common import Console

if TYPE_CHECKING:
    from ..analysis.importance_groups import Refused


def print_refused(refused: Sequence[Refused]) -> None:
    """A line on standard error for each run that was left out."""
    for one in refused:
        told = f"[red]left out[/] {escape(one.run)}: {escape(one.reason)}"
        Console(stderr=True).print(told, highlight=False, soft_wrap=True)


def refused_json(refused: Sequence[Refused]) -> list[dict[str, str]]:
    """The runs that were left out, and why."""
    return [{"task": o.task, "optimizer": o.optimizer, "run": o.run, "reason": o.reason} for o in refused]


def percent(value: float) -> str:
    """A fraction in percent, or a dash where it is not defined."""
    return "–" if np.isnan(value) else f"{100 * value:.1f}"


def number(value: float) -> float | None:
    """For JSON: a plain number, None where it is not defined."""
    return float(value) if np.isfinite(value) else None
