"""Whether reports draw their figures: a test reads words and numbers of them unless it is marked `drawn`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import pytest

from encave.analysis.charts import writing
from encave.analysis.charts.figure import Figure
from encave.analysis.charts.look import Look
from encave.analysis.charts.papers import Paper
from encave.analysis.report import gallery
from encave.analysis.report.figure_files import DrawnFigure, draw_figure

WORTH_A_PROCESS = gallery._WORTH_A_PROCESS


def named(figure: Figure, folder: Path, name: str, paper: Paper, look: Look) -> DrawnFigure:
    """The files of a figure without a drawing in them."""
    for ending in ("pdf", "pgf", "svg"):
        (folder / f"{name}.{ending}").touch()
    width = look.paper(paper).width
    return DrawnFigure(name, figure, '<svg viewBox="0 0 1 1"></svg>', width, figure.chart.interactive())


def first(figure: Figure, folder: Path, name: str, paper: Paper, look: Look) -> DrawnFigure:
    """The first figure of a report, drawn; the others only named."""
    return (named if any(folder.iterdir()) else draw_figure)(figure, folder, name, paper, look)


def as_pdf(figure: Figure, folder: Path, name: str, paper: Paper, look: Look) -> DrawnFigure:
    """A figure whose PDF alone is drawn."""
    shown = named(figure, folder, name, paper, look)
    with mpl.rc_context(look.settings(look.paper(paper))):
        (folder / f"{name}.pdf").write_bytes(writing.pdf(figure.chart.draw(look.paper(paper))))
    return shown


@contextmanager
def figures(draw: Callable[..., DrawnFigure]) -> Iterator[None]:
    """Reports that are written meanwhile have their figures from one of the functions here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery, "draw_figure", draw)
        patch.setattr(gallery, "_WORTH_A_PROCESS", WORTH_A_PROCESS if draw is draw_figure else 10**9)
        yield
