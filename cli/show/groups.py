"""What `encave groups` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click
from rich.markup import escape
from rich.table import Table

from ...files.unicode_text import plain
from .common import print_table

if TYPE_CHECKING:
    from ...analysis.grouping.overview import Overview
    from ...analysis.grouping.sections import ViewOf
    from ...run import RunHeader

_MOST_NAMES = 3
"""Runs named in a row; the JSON has all."""


def print_groups(found: Overview) -> None:
    """A row for each seed of an optimizer on a task."""
    table = Table("task", "optimizer", "seed", "objective", "runs", "names", "why", title="groups")
    for one in found.cells:
        names = ", ".join(one.runs[:_MOST_NAMES]) + (", …" if len(one.runs) > _MOST_NAMES else "")
        seed = "–" if one.seed is None else str(one.seed)
        row = (one.task, one.optimizer, seed, one.objective, str(len(one.runs)), names, one.why)
        table.add_row(*map(escape, row))
    print_table(table)


def tell_groups(view: ViewOf[RunHeader]) -> None:
    """Say on standard error who is taken for a seed of whom, and what is doubtful about it."""
    from ...analysis.grouping.overview import in_one_line

    for text in (f"Groups: {in_one_line(view.sections)}", *view.remarks):
        click.echo(plain(text), err=True)
