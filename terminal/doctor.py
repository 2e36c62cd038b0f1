"""What `encave doctor` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from .common import Console, print_table

if TYPE_CHECKING:
    from ..doctor import Check

_MARKS = {"ok": "[green]✓[/]", "missing": "[red]✗ missing[/]", "optional": "[yellow]– not there[/]"}


def print_checks(checks: Sequence[Check]) -> None:
    """A row per check; below, what to do about what is missing."""
    table = Table("", "what", "found", "needed for")
    for check in checks:
        table.add_row(_MARKS[check.state], escape(check.name), escape(check.found), escape(check.needed_for))
    print_table(table)
    for check in checks:
        if check.remedy:
            Console().print(f"{escape(check.name)}: {escape(check.remedy)}", highlight=False, soft_wrap=True)
