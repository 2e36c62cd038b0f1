"""What a person sees of studies: progress, status, published figures beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import TaskID
from rich.table import Table

from .common import format_ranges, print_table, progress_bars

if TYPE_CHECKING:
    from ..runners.reproduce import Reproduction
    from ..runners.status import StudyStatus
    from ..runners.study import RunProgress, RunSpec, StudyResult


def run_with_progress(study: Path, specs: Sequence[RunSpec], *, jobs: int) -> StudyResult:
    """`run_study` with a bar for the study and one for each run in flight."""
    from ..runners.study import run_study

    with progress_bars() as progress:
        whole = progress.add_task("runs", total=len(specs), detail="")
        bars: dict[RunSpec, TaskID] = {}

        def show(now: RunProgress) -> None:
            if now.state == "running":
                if now.spec not in bars:
                    bars[now.spec] = progress.add_task(str(now.spec), total=1.0, detail="")
                done = f"{now.evaluations} evaluations, {now.seconds:,.0f} s"
                progress.update(bars[now.spec], completed=now.fraction, detail=done)
                return
            if now.spec in bars:
                progress.remove_task(bars.pop(now.spec))
            progress.advance(whole)
            if progress.disable and now.state != "skipped":  # a log file gets a line for each run
                progress.console.print(f"{now.spec}: {now.state}", highlight=False)

        return run_study(study, specs, jobs=jobs, on_progress=show)


def print_status(status: StudyStatus) -> None:
    """A row per optimizer and dataset; below, the runs in flight and the seeds that are damaged or missing."""
    console = Console()
    table = Table("optimizer", "dataset", "done", "running", "unfinished")
    for cell in status.cells:
        counts = (len(cell.done), len(cell.running), cell.unfinished)
        table.add_row(escape(cell.optimizer), escape(cell.dataset), *(f"{count:,}" for count in counts))
    print_table(table)
    for cell in status.cells:
        where = escape(f"{cell.optimizer} on {cell.dataset}")
        for run in cell.running:
            since = f"{run.idle_seconds:,.0f} s ago"
            console.print(f"running: {where}, seed {run.seed}, last change {since}", highlight=False, soft_wrap=True)
        for what, seeds in (("damaged", cell.damaged), ("missing", cell.missing)):
            if seeds:
                console.print(f"{what}: {where}, seeds {format_ranges(seeds)}", highlight=False, soft_wrap=True)


def reproduce_with_progress(name: str, benchmark: str | None, *, runs: int | None, jobs: int) -> Reproduction:
    """`reproduce` with a bar that counts the runs."""
    from ..runners.reproduce import reproduce

    with progress_bars() as progress:
        bar = progress.add_task("runs", total=None, detail="")

        def show(done: int, wanted: int) -> None:
            progress.update(bar, completed=done, total=wanted)

        return reproduce(name, benchmark, runs=runs, jobs=jobs, on_progress=show)


def print_reproduction(result: Reproduction) -> None:
    """Published and measured side by side, a row per figure; below, how it was done and what to know."""
    console = Console()
    published = result.publication
    console.print(f"[bold]{escape(published.source)}[/]", highlight=False, soft_wrap=True)
    console.print(f"{escape(published.protocol)}", highlight=False, soft_wrap=True)
    table = Table("optimizer", "dataset", "%", "published", "runs", "measured", "runs", "difference", "bar", "")
    for figure in result.figures:
        was = figure.published
        verdict = {True: "[green]within[/]", False: "[red]off[/]", None: ""}[figure.within]
        table.add_row(
            *(was.optimizer, was.dataset, was.quantity, f"{was.mean:.2f} ± {was.std:.2f}", str(published.runs)),
            *(f"{figure.mean:.2f} ± {figure.std:.2f}", str(figure.runs), f"{figure.difference:+.3f}"),
            *("–" if was.bar is None else f"{was.bar:.2f}", verdict),
        )
    print_table(table)
    for note in result.notes:
        console.print(f"[dim]note[/] {escape(note)}", highlight=False, soft_wrap=True)
    console.print(f"table sha256 {result.sha256}", highlight=False, soft_wrap=True)
    judged = sum(figure.within is not None for figure in result.figures)
    console.print(f"{judged - len(result.off)} of {judged} means are within their bar", highlight=False)
