"""All figures of a report, drawn into one folder."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from ..charts.papers import Paper
from ..charts.text import unique_slugs
from .contents import Chapter
from .figure_files import DrawnFigure, draw_figure
from .figure_settings import FigureSettings

_WORTH_A_PROCESS = 8  # figures; fewer are drawn sooner than another process has started


def draw_all(
    folder: Path,
    chapters: Sequence[Chapter],
    paper: Paper,
    looks: FigureSettings,
    jobs: int = 1,
    on_figure: Callable[[int, int], None] = lambda done, of: None,
) -> Mapping[int, DrawnFigure]:
    """Draw every figure of the chapters into `folder`: `id` of the figure → what was drawn.

    Args:
        folder: Is made.
        chapters: Whose figures are drawn.
        paper: For which.
        looks: How figures are to look.
        jobs: Most processes; the files are the same for any number.
        on_figure: Called at first and after each figure with how many are drawn and how many there are.
    """
    folder.mkdir()
    figures = [figure for chapter in chapters for figure in chapter.figures()]
    names = unique_slugs(figure.name for figure in figures)
    shown = [looks.dressed(figure) for figure in figures]
    own = [looks.of(figure.kind) for figure in figures]
    jobs = min(jobs, len(figures) // _WORTH_A_PROCESS)
    if jobs < 2:
        drawn = _counted(
            map(draw_figure, shown, repeat(folder), names, repeat(paper), own),
            len(figures),
            on_figure,
        )
    else:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            drawn = _counted(
                pool.map(draw_figure, shown, repeat(folder), names, repeat(paper), own), len(figures), on_figure
            )
    return {id(figure): one for figure, one in zip(figures, drawn, strict=True)}


def _counted(drawn: Iterable[DrawnFigure], total: int, on_figure: Callable[[int, int], None]) -> list[DrawnFigure]:
    """All that are drawn, each told as it is."""
    found: list[DrawnFigure] = []
    on_figure(0, total)
    for one in drawn:
        found.append(one)
        on_figure(len(found), total)
    return found
