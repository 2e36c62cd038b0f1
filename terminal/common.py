"""What every verb shows alike: tables on standard output, bars and steps on standard error."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


def print_table(table: Table) -> None:
    """Print a table at its full width where the output is no terminal, so that nothing is cut in a file or a pipe."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(table)


def print_line(text: str) -> None:
    """Print a line of plain text on standard output, whole where that is no terminal."""
    Console().print(text, highlight=False, markup=False, soft_wrap=True)


def progress_bars(*more: ProgressColumn) -> Progress:
    """Bars on standard error, with more columns if wanted; nothing where it is no terminal."""
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
