"""The chapters of a report, in their order on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..contents import Chapter, ReportInput
from . import all_tasks, anytime, exploration, hyperparameters, reproducibility, runs, tasks

CHAPTERS: tuple[Callable[[ReportInput], Sequence[Chapter]], ...] = (
    all_tasks.write,
    tasks.write,
    anytime.write,
    hyperparameters.write,
    exploration.write,
    runs.write,
    reproducibility.write,
)
"""What writes them: each gives no, one or several chapters. A new one comes before `runs`."""


def write_chapters(study: ReportInput) -> list[Chapter]:
    """All chapters of a report."""
    return [chapter for write in CHAPTERS for chapter in write(study)]
