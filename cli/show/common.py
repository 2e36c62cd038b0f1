"""What every verb shows alike: tables on standard output, bars and steps on standard error."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console as _RichConsole
from rich.table import Table
from rich.text import Text

from ...files.unicode_text import plain

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID


class Console(_RichConsole):
    """Prints what others wrote only as `plain` text, whatever it is part of: a line, a cell, a title."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Text from markup, without what a terminal would obey; what is no terminal has no colours to look for."""
        if not self.is_terminal:
            options["highlight"] = False
        return super().render_str(plain(text), **options)


def print_table(table: Table, *, err: bool = False) -> None:
    """Print a table without cutting anything: whole where it fits, else with names folded, else in blocks.

    Where the output is no terminal, a line of the table is a line of the output, however long.
    """
    console = Console(stderr=True) if err else Console()
    columns = [[cell for cell in column.cells if isinstance(cell, str)] for column in table.columns]
    heads = [str(column.header) for column in table.columns]
    needed = [_widths(console, head, cells) for head, cells in zip(heads, columns, strict=True)]
    around = 3 * len(columns) + 1
    if not console.is_terminal:
        console.width = max(240, sum(most for _, most in needed) + around)
    spare = console.width - around - sum(least for least, _ in needed)
    if spare < 0:
        _print_blocks(console, table, heads, columns)
        return
    for column, (least, most) in zip(table.columns, needed, strict=True):
        given = min(most - least, spare)
        spare -= given
        column.width, column.overflow = least + given, "fold"
    console.print(table)


_FOLDED = 16  # letters of a name that a row keeps together


def _widths(console: Console, head: str, cells: Sequence[str]) -> tuple[int, int]:
    """The fewest letters that a column needs, with numbers and verdicts whole and names folded; and all."""
    title, *texts = (console.render_str(text, highlight=False).plain for text in (head, *cells))
    words = [word for text in texts for word in _words(text)]
    heads = [min(cell_len(word), _FOLDED) for word in title.split()]
    most = [cell_len(text) for text in (title, *texts)]
    return max([*heads, *words], default=1), max([*most, *heads, *words], default=1)


def _words(cell: str) -> list[int]:
    """Letters that must stay together: a cell with a number is whole, of a name 16 letters."""
    if any(letter.isdigit() for letter in cell) and not any(len(part) > 1 for part in re.findall(r"[^\W\d]+", cell)):
        return [cell_len(cell)]
    return [min(cell_len(word), _FOLDED) for word in cell.split()]


def _print_blocks(console: Console, table: Table, heads: Sequence[str], columns: Sequence[Sequence[str]]) -> None:
    """A block for each row, a line for each of its cells."""
    if table.title:
        console.print(table.title, style="italic", highlight=False, overflow="fold")
    for row in zip(*columns, strict=True):
        for place, (head, cell) in enumerate(zip(heads, row, strict=True)):
            if cell:
                indent = "  " if place else ""
                told = f"{indent}{head}: {cell}" if head else f"{indent}{cell}"
                if cell_len(console.render_str(told).plain) > console.width and head:
                    console.print(f"{indent}{head}:", highlight=False, overflow="fold")
                    told = f"{indent}  {cell}"
                console.print(told, highlight=False, overflow="fold")


def print_line(text: str) -> None:
    """Print a line of plain text on standard output, whole where that is no terminal."""
    Console().print(plain(text), highlight=False, markup=False, soft_wrap=True)


def progress_bars(*more: ProgressColumn) -> Progress:
    """Bars on standard error, with more columns if wanted; nothing where it is no terminal."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
        *more,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


class Steps:
    """Says on standard error which step is being done: one bar in a terminal, else lines."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bar: TaskID | None = None
        self._said = ""

    def __call__(self, title: str, done: int = 0, total: int | None = None) -> None:
        """Take in that so many of the things of a step are done; total: None where they are not counted."""
        if self._bar is None:  # not before, since another bar may have been shown until now
            self._progress.start()
            self._bar = self._progress.add_task("", detail="")
        counted = "" if total is None else f"{done:,} of {total:,}"
        self._progress.update(self._bar, description=title, completed=done, total=total, detail=counted)
        if self._progress.disable and (title != self._said or done == total):
            self._said = title
            line = f"{title} {counted}".rstrip() if done or total is None else f"{title}, {total:,} in all"
            self._progress.console.print(line, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def steps() -> Generator[Steps, None, None]:
    """The steps of something that takes a while; the bar is gone afterwards."""
    progress = progress_bars()
    try:
        yield Steps(progress)
    finally:
        progress.stop()


@contextmanager
def step(title: str) -> Generator[None, None, None]:
    """Say on standard error what is being done, with a spinner while it is."""
    console = Console(stderr=True)
    with console.status(title):
        yield
    console.print(f"[green]✓[/] {title}", highlight=False)


def format_ranges(numbers: Sequence[int]) -> str:
    """Ascending whole numbers as `0-4,7`."""
    starts = [place for place, one in enumerate(numbers) if not place or one != numbers[place - 1] + 1]
    spans = [numbers[start:end] for start, end in pairwise([*starts, len(numbers)])]
    return ",".join(f"{span[0]}-{span[-1]}" if len(span) > 1 else str(span[0]) for span in spans)
