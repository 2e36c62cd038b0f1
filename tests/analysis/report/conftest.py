"""Reports whose figures take no time: a test reads words and numbers unless it is marked `drawn`."""

from __future__ import annotations

from pathlib import Path

import pytest

from encave.analysis.charts.figure import Figure
from encave.analysis.charts.papers import Paper
from encave.analysis.report import gallery
from encave.analysis.report.figure_files import DrawnFigure

ENDINGS = ("pdf", "pgf", "svg")


def _named(figure: Figure, folder: Path, name: str, paper: Paper) -> DrawnFigure:
    """The files of a figure without a drawing in them."""
    for ending in ENDINGS:
        (folder / f"{name}.{ending}").touch()
    return DrawnFigure(name, figure, '<svg viewBox="0 0 1 1"></svg>', paper.width, figure.chart.interactive())


@pytest.fixture(autouse=True)
def _figures_only_named(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "drawn" not in request.keywords:
        monkeypatch.setattr(gallery, "draw_figure", _named)
