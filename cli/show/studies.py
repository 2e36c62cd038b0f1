"""What a person sees of studies: progress, status, published figures beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from .common import Console, format_ranges, print_table, progress_bars

if TYPE_CHECKING:
    from ...runners.reproduce.figures import Reproduction
    from ...runners.studies.file import Declaration
    from ...runners.studies.plan import Plan
    from ...runners.studies.status import CellStatus, StudyStatus
    from ...runners.studies.study import Cluster, Ready, RunProgress, RunSpec, StudyResult


_MOST_BARS = 16
_MOST_FAILURES = 20  # of an optimizer on a dataset, in the table
_MOST_LINES = 200  # of a study's runs in a log file
_LOG_EVERY = 10.0  # seconds between two lines of a study with more runs


def run_with_progress(
    study: Path, specs: Sequence[RunSpec], cluster: Cluster, *, keep: Declaration | None = None
) -> StudyResult:
    """`run_study` with a bar for the study, one for each run that takes a while, and where Dask shows its work."""
    from ...runners.studies.study import run_study

    with progress_bars(TextColumn("left"), TimeRemainingColumn()) as progress:
        view = _StudyView(progress, len(specs))
        return run_study(study, specs, cluster=cluster, keep=keep, on_progress=view.show, on_ready=view.ready)


class _StudyView:
    """Bars that follow a study."""

    def __init__(self, progress: Progress, runs: int) -> None:
        self._progress = progress
        self._runs = self._missing = runs
        self._logged = monotonic()
        self._workers = 1
        self._dashboard = ""
        self._whole = progress.add_task("runs", total=runs, detail="")
        self._bars: dict[RunSpec, TaskID] = {}
        self._counts = {"done": 0, "failed": 0, "skipped": 0}

    def ready(self, ready: Ready) -> None:
        """Take in how many workers there are; say where Dask shows what they do."""
        self._workers = ready.workers
        if ready.dashboard and ready.dashboard != self._dashboard:
            self._dashboard = ready.dashboard
            self._progress.console.print(f"what the workers do: {ready.dashboard}", highlight=False, soft_wrap=True)
        if not ready.workers:
            self._progress.console.print("no worker is there: the runs wait for one", highlight=False)

    def show(self, now: RunProgress) -> None:
        """Take in how far a run is."""
        if now.state == "running":
            self._running(now)
            return
        if now.spec in self._bars:
            self._progress.remove_task(self._bars.pop(now.spec))
        self._counts[now.state] += 1
        self._missing -= 1
        if now.state == "skipped":  # it took no time, so it says nothing of the time left
            self._progress.update(self._whole, total=self._missing)
        else:
            self._progress.advance(self._whole)
        self._progress.update(self._whole, detail=self._detail())
        if self._progress.disable and now.state != "skipped":
            self._log(now)

    def _log(self, now: RunProgress) -> None:
        """A line where there is no terminal: of each run, or of all from time to time if they are many."""
        if self._runs <= _MOST_LINES:
            self._progress.console.print(f"{now.spec}: {now.state}", highlight=False)
        elif monotonic() - self._logged >= _LOG_EVERY or not self._missing:
            self._logged = monotonic()
            left = timedelta(seconds=round(self._progress.tasks[0].time_remaining or 0))
            self._progress.console.print(f"{self._detail()}, {left} left", highlight=False)

    def _running(self, now: RunProgress) -> None:
        if now.spec not in self._bars and len(self._bars) < _MOST_BARS:
            self._bars[now.spec] = self._progress.add_task(str(now.spec), total=1.0, detail="")
        if now.spec in self._bars:
            done = f"{now.evaluations} evaluations, {now.seconds:,.0f} s"
            self._progress.update(self._bars[now.spec], completed=now.fraction, detail=done)

    def _detail(self) -> str:
        counts = f"{self._counts['done']:,} done, {min(self._workers, self._missing):,} in flight"
        failed = f", [red]{self._counts['failed']:,} failed[/]" if self._counts["failed"] else ""
        before = f", {self._counts['skipped']:,} finished before" if self._counts["skipped"] else ""
        return counts + failed + before


def print_plan(plan: Plan) -> None:
    """A row per optimizer, dataset and variant: which runs are there, and what the others cost."""
    table = Table("optimizer", "dataset", "done", "missing", "simulated time", "evaluations", "real time")
    for one in plan.runs:
        spec = one.first
        where = f"{spec.dataset}, {spec.variant}" if spec.variant else spec.dataset
        evaluations = "unknown" if one.evaluations is None else f"{one.evaluations:,}"
        cost = (_duration(one.simulated_seconds), evaluations, _duration(one.real_seconds))
        table.add_row(escape(spec.adapter), escape(where), *map(format_ranges, (one.done, one.missing)), *cost)
    print_table(table)
    done, missing = sum(len(one.done) for one in plan.runs), sum(len(one.missing) for one in plan.runs)
    wall = "unknown until a run of each optimizer is done"
    if plan.wall_seconds is not None:
        wall = f"{_duration(plan.wall_seconds)} with {plan.jobs:,} at a time, beside the start of the processes"
    told = f"{done:,} done, {missing:,} to run: {_duration(plan.simulated_seconds)} simulated; real time {wall}"
    Console().print(told, highlight=False, soft_wrap=True)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "unknown"
    return f"{seconds:,.0f} s" if seconds >= 1 or not seconds else "under 1 s"


def print_status(status: StudyStatus) -> None:
    """A row per optimizer, dataset and variant; below, the runs that are in flight, failed, damaged or missing."""
    console = Console()
    table = Table("optimizer", "dataset", "done", "running", "unfinished")
    for cell in status.cells:
        counts = (len(cell.done), len(cell.running), cell.unfinished)
        table.add_row(escape(cell.optimizer), escape(_dataset(cell)), *(f"{count:,}" for count in counts))
    print_table(table)
    for cell in status.cells:
        where = escape(f"{cell.optimizer} on {_dataset(cell)}")
        for run in cell.running:
            since = f"{run.idle_seconds:,.0f} s ago"
            console.print(f"running: {where}, seed {run.seed}, last change {since}", highlight=False, soft_wrap=True)
        for run in cell.failed[:_MOST_FAILURES]:
            reason = escape(f"{run.reason} ({run.log})")
            console.print(f"failed: {where}, seed {run.seed}: {reason}", highlight=False, soft_wrap=True)
        if len(cell.failed) > _MOST_FAILURES:
            console.print(f"failed: {where}, {len(cell.failed) - _MOST_FAILURES:,} more", highlight=False)
        for what, seeds in (("damaged", cell.damaged), ("missing", cell.missing)):
            if seeds:
                console.print(f"{what}: {where}, seeds {format_ranges(seeds)}", highlight=False, soft_wrap=True)


def _dataset(cell: CellStatus) -> str:
    return f"{cell.dataset}, {cell.variant}" if cell.variant else cell.dataset


def reproduce_with_progress(
    name: str, benchmark: str | None, *, runs: int | None, jobs: int, one_seed: bool
) -> Reproduction:
    """`reproduce` with a bar that counts the runs."""
    from ...runners.reproduce.figures import reproduce

    with progress_bars() as progress:
        bar = progress.add_task("runs", total=None, detail="")

        def show(done: int, wanted: int) -> None:
            progress.update(bar, completed=done, total=wanted)

        return reproduce(name, benchmark, runs=runs, jobs=jobs, one_seed=one_seed, on_progress=show)


def _with_scatter(mean: float | None, std: float | None) -> str:
    if mean is None:
        return "–"
    return f"{mean:.2f}" if std is None else f"{mean:.2f} ± {std:.2f}"


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
        if verdict and not was.counted:
            verdict = f"[dim]{'within' if figure.within else 'off'}, not counted[/]"
        table.add_row(
            *(was.optimizer, was.dataset, was.quantity, _with_scatter(was.mean, was.std)),
            "–" if was.std is None else str(was.runs or published.runs),
            *(_with_scatter(figure.mean, figure.std if figure.runs else None), str(figure.runs or "–")),
            "–" if figure.difference is None else f"{round(figure.difference, 3) + 0.0:+.3f}",  # no -0.000
            *("–" if was.bar is None else f"{was.bar:.{2 if was.bar >= 0.01 else 3}f}", verdict),
        )
    print_table(table)
    for note in result.notes:
        console.print(f"[dim]note[/] {escape(note)}", highlight=False, soft_wrap=True)
    console.print(f"table sha256 {result.sha256}", highlight=False, soft_wrap=True)
    judged = len(result.judged)
    console.print(f"{judged - len(result.off)} of {judged} means are within their bar", highlight=False)
