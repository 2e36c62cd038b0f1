"""What each run was: trials, failures, overhead, and the notes of its conversion."""

from __future__ import annotations

from ...charts.text import capital, plural
from ...comparison.section import Comparison
from ...tables import diagnostics
from ..contents import Block, Chapter, Details, Points, ReportInput, ReportTable, Row, TextCell

_MOST_OPEN = 24  # runs of a study of one task that are shown at once


def write(study: ReportInput) -> list[Chapter]:
    """One chapter."""
    return [Chapter("Runs", [_task(one, len(study.comparisons) == 1) for one in study.comparisons])]


def _task(one: Comparison, alone: bool) -> Details:
    lines = diagnostics.diagnose(one)
    title = one.section.title
    blocks: list[Block] = [_table(one, lines)]
    notes = diagnostics.notes(one)
    if notes:
        items = [(f"{capital(note.kind)}.", note.text, note.where) for note in notes]
        blocks.append(Points("Notes of the conversion", items))
    return Details(f"{title}: {plural(len(lines), 'run')}", blocks, open=alone and len(lines) <= _MOST_OPEN)


def _table(one: Comparison, lines: list[diagnostics.RunDiagnosis]) -> ReportTable:
    heads = (
        "Run", "Seed", "Trials", "Initial design", "Without success", "First incumbent", "Held to",
        f"Final {one.measures[0].label}", "Workers", "Overhead [s]", "Log",
    )  # fmt: skip
    rows = [
        Row(
            run.name,
            [
                TextCell(text)
                for text in (
                    run.seed, f"{run.trials:,}", "–" if run.initial is None else f"{run.initial:.0%}",
                    run.statuses or "0", run.first, run.end, run.final, run.workers, run.overhead, run.source,
                )
            ],
            run.optimizer,
        )
        for run in lines
    ]  # fmt: skip
    caption = (
        f"Each run of {one.section.title}. Initial design: the share of its trials that the log says "
        f"are from there. First and last incumbent in {one.axis.label}. Overhead is the optimizer's "
        "own time: as the run declares it, which is not in simulated time, else the time in which no trial was running."
    )
    return ReportTable(
        f"Runs of {one.section.title}", caption, heads, rows, frozenset({len(heads) - 1}), for_paper=False
    )
