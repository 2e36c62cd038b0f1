"""The expected curve of random search as a person sees it, and as files."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from ..files import atomic_file
from .common import print_table

if TYPE_CHECKING:
    from ..runners.nasbench201.random_reference import CurveByEvaluations

_SHOWN = (1, 2, 5)


def curve_rows(curve: CurveByEvaluations) -> list[dict[str, float]]:
    """A row per number of evaluations: mean seconds, and mean, standard deviation and quantiles of the value."""
    quantiles = (f"quantile_{level:g}" for level in curve.levels)
    columns = {
        "evaluations": curve.evaluations.tolist(),
        "seconds": curve.seconds.tolist(),
        "mean": curve.mean.tolist(),
        "std": curve.std.tolist(),
        **dict(zip(quantiles, curve.quantiles.T.tolist(), strict=True)),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def write_csv(path: Path, curve: CurveByEvaluations) -> None:
    """Write `curve_rows`.

    Raises:
        EncaveError: the file cannot be written.
    """
    rows = curve_rows(curve)
    with atomic_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def print_curve(curve: CurveByEvaluations, title: str) -> None:
    """A table of the curve at 1, 2, 5, 10, … evaluations and at the last."""
    console = Console()
    console.print(f"[bold]{title}[/]", highlight=False)
    table = Table("evaluations", "mean seconds", "mean", "std", *(f"{100 * level:g} %" for level in curve.levels))
    rows = curve_rows(curve)
    wanted = {step * 10**power for power in range(9) for step in _SHOWN} | {len(rows)}
    for row in rows:
        evaluations, seconds, *values = row.values()
        if evaluations in wanted:
            table.add_row(f"{evaluations:,.0f}", f"{seconds:,.0f}", *(f"{value:.3f}" for value in values))
    print_table(table)
