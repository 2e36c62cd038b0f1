"""All figures of a report, drawn into one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from .contents import Chapter
from .figure_files import DrawnFigure, draw_figure
from .papers import Paper
from .text import unique_slugs


def draw_all(folder: Path, chapters: Sequence[Chapter], paper: Paper) -> Mapping[int, DrawnFigure]:
    """Draw every figure of the chapters into `folder`: `id` of the figure → what was drawn."""
    folder.mkdir()
    figures = [figure for chapter in chapters for figure in chapter.figures()]
    names = unique_slugs(figure.name for figure in figures)
    return {id(figure): draw_figure(figure, folder, name, paper) for figure, name in zip(figures, names, strict=True)}
