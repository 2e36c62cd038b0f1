"""What a person sees of conversions and inspections."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from ...files.unicode_text import plain
from .common import Console, print_table, progress_bars

if TYPE_CHECKING:
    from ...converters.account import Conversion
    from ...converters.exporting import Exported
    from ...converters.inspection import Inspection
    from ...converters.passed_over import PassedOver


_MOST_ROWS = 200
_SILENCE = 3.0  # seconds


@contextmanager
def counted(what: str) -> Generator[Callable[[Conversion, int], None], None, None]:
    """A bar that counts what was read, or a line now and then and one for each hundred where there is no terminal."""
    console = Console(stderr=True)
    if console.is_terminal:
        with progress_bars() as progress:
            bar = progress.add_task(what, total=None, detail="")
            yield lambda now, total: progress.update(bar, total=total, advance=1, detail=escape(plain(now.source.name)))
        return
    told, last = 0, time.monotonic()

    def tell(_: Conversion, total: int) -> None:
        nonlocal told, last
        told += 1
        if told == total or told % 100 == 0 or time.monotonic() > last + _SILENCE:
            last = time.monotonic()
            console.print(f"{told:,} of {total:,} {what}", highlight=False)

    yield tell


def print_conversions(conversions: Sequence[Conversion], out: Path) -> None:
    """A row per run: what it is, what was read, and what became of it; below, the notes and the reasons."""
    table = Table("run", "format", "read", "written", "merged", "dropped", "configs", "budgets", "incumbent")
    for found in conversions[:_MOST_ROWS]:
        name = found.output.name if found.output and found.output != out else str(found.source)
        if found.status == "refused":
            table.add_row(escape(name), found.format, *(["–"] * 6), "refused", style="red")
            continue
        counts = (found.read, found.written, found.merged, found.dropped, found.configurations)
        best = "–" if found.incumbent is None else f"{found.incumbent['cost']:.6g}"
        label = " ".join(part for part in (found.format, found.release) if part)
        table.add_row(escape(name), label, *(f"{n:,}" for n in counts), str(len(found.budgets)), best)
    print_table(table)
    console = Console()
    if len(conversions) > _MOST_ROWS:
        console.print(f"and {len(conversions) - _MOST_ROWS:,} more; --json has them all", highlight=False)
    for text, count in _told(conversions).items():
        many = f" [dim]({count} runs)[/]" if count > 1 else ""
        console.print(f"[dim]note[/] {escape(text)}{many}", highlight=False, soft_wrap=True)
    refused = [found for found in conversions if found.status == "refused"]
    for found in refused:
        told = f"[red]refused[/] {escape(str(found.source))}: {escape(found.reason or '')}"
        Console(stderr=True).print(told, highlight=False, soft_wrap=True)
    console.print(f"{len(conversions) - len(refused)} runs in {escape(str(out))}", highlight=False)


def print_passed_over(passed: Sequence[PassedOver], *, err: bool = False) -> None:
    """A row for each kind of what was not read, and below a line with the way in; nothing where there is nothing."""
    if not passed:
        return
    table = Table("not read", "count", "example")
    for each in passed:
        table.add_row(escape(each.kind), f"{each.count:,}", escape(each.example))
    print_table(table, err=err)
    for each in passed:
        if each.way_in:
            told = f"[dim]to read[/] {escape(each.kind)}: {escape(each.way_in)}"
            Console(stderr=err).print(told, highlight=False, soft_wrap=True)


def print_formats() -> None:
    """A row for each format that is read."""
    from ...converters.registry import formats

    table = Table("--from", "format")
    for name, reader in formats().items():
        table.add_row(name, reader.title)
    print_table(table)


def print_exported(exported: Exported, out: Path) -> None:
    """The table of `print_conversions`, and what the format cannot hold."""
    print_conversions(exported.conversions, out)
    for limit in exported.limits:
        Console().print(f"[dim]{exported.title} in general:[/] {escape(limit)}", highlight=False, soft_wrap=True)
    for line in exported.lost:
        Console().print(f"[yellow]not held[/] {escape(line)}", highlight=False, soft_wrap=True)


def print_inspections(inspections: Sequence[Inspection]) -> None:
    """A few lines per run: what it is, what it holds, and what is odd about it."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=10_000)
    for found in inspections:
        label = " ".join(part for part in (found.format, found.release) if part)
        console.print(f"[bold]{escape(found.name or str(found.source))}[/]  {escape(label)}", highlight=False)
        for line in found.lines():
            console.print(f"  {escape(line)}", highlight=False, soft_wrap=True)


def _told(conversions: Iterable[Conversion]) -> dict[str, int]:
    """Text of each note → number of runs that have it."""
    told: dict[str, int] = {}
    for found in conversions:
        for note in found.notes:
            told[note.text] = told.get(note.text, 0) + 1
    return told
