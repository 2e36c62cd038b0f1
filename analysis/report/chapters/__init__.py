"""The chapters of a report, in their order on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

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


def write_chapters(
    study: ReportInput, on_part: Callable[[int, int], None] = lambda done, of: None
) -> Iterator[Chapter]:
    """All chapters of a report, each when it is written.

    Args:
        study: What they are of.
        on_part: Called before each of `CHAPTERS` with how many are done and how many there are.
    """
    for done, write in enumerate(CHAPTERS):
        on_part(done, len(CHAPTERS))
        yield from write(study)
