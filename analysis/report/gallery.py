"""Which figures a report has: curves of every measure, and ranks and tests where there is something to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from ..comparison import Comparison
from ..overall import Overall
from ..significance import Significance
from . import captions, words
from .critical_difference import draw_critical_difference
from .drawing import DrawnFigure, Frame
from .figures import Styles, draw_curves, draw_ranks
from .text import capital, unique_slugs

_RANK_LABEL = "Average rank (1 is best)"
ALL_TASKS = "All tasks"

# a name in words, and what draws the figure into a file
_Job = tuple[str, Callable[[Path], DrawnFigure]]


def draw_all(
    folder: Path, comparisons: Sequence[Comparison], overall: Overall | None, styles: Styles
) -> list[list[DrawnFigure]]:
    """Draw every figure into `folder`: a list for each comparison, and one for all tasks if they compare."""
    folder.mkdir()
    jobs = [list(_of_task(one, styles)) for one in comparisons]
    if overall:
        jobs.append(list(_over_tasks(overall, styles)))
    names = iter(unique_slugs(name for own in jobs for name, _ in own))
    return [[draw(folder / f"{next(names)}.pdf") for _, draw in own] for own in jobs]


def _of_task(one: Comparison, styles: Styles) -> Iterator[_Job]:
    title = one.section.title
    for index, measure in enumerate(one.measures):
        yield f"{title} {measure.name}", partial(draw_curves, one, index, styles)
    if one.rank_curves:
        frame = Frame(title, capital(one.axis.label), _RANK_LABEL, words.origin(one.section))
        yield f"{title} ranks", partial(draw_ranks, one.rank_curves, frame, captions.rank_caption(one), styles)
    if one.significance and carries_diagram(one.significance[0]):
        footer = words.origin(one.section)
        yield (
            f"{title} critical difference",
            partial(draw_critical_difference, one.significance[0], f"{title}, seeds", footer, "seed", styles),
        )


def _over_tasks(overall: Overall, styles: Styles) -> Iterator[_Job]:
    origins = {words.origin(one.section) for one in overall.comparisons}
    footer = origins.pop() if len(origins) == 1 else ""
    if overall.curves and len(overall.optimizers) > 2:
        frame = Frame(ALL_TASKS, "Share of the task's time", _RANK_LABEL, footer)
        caption = captions.overall_rank_caption(overall)
        yield f"{ALL_TASKS} ranks", partial(draw_ranks, overall.curves, frame, caption, styles)
    if carries_diagram(overall.significance):
        yield (
            f"{ALL_TASKS} critical difference",
            partial(draw_critical_difference, overall.significance, ALL_TASKS, footer, "task", styles),
        )


def carries_diagram(significance: Significance) -> bool:
    """Whether a critical-difference diagram may be drawn: Friedman's test on three or more optimizers was made."""
    return significance.friedman is not None
