"""A figure's files: PDF, PGF and SVG, the same bytes every time, and the SVG as an element of the page."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ...errors import EncaveError
from ...files.cycles import no_search_for_cycles
from ...files.working_folder import load_matplotlib
from ..charts import style, writing
from ..charts.figure import Figure, Interactive
from ..charts.look import Look
from ..charts.papers import Paper

_NICE = 5  # figures wait for chapters, and never the other way round


@dataclass(frozen=True)
class DrawnFigure:
    """A figure whose files are written."""

    name: str
    """File name without ending; unique in the report."""
    figure: Figure
    """What it shows."""
    svg: str
    """An `<svg>` element whose colours follow the page."""
    width: float
    """Width in inches."""
    interactive: Interactive | None
    """The same for the page with hover."""


def get_ready() -> None:
    """Load what drawing takes, in a process that does nothing else and leaves the processor to those that compute."""
    os.nice(_NICE)
    load_matplotlib()
    for module in ("recording", "writing"):
        import_module(f"..charts.{module}", __package__)
    for backend in ("pdf", "svg", "pgf"):
        import_module(f"matplotlib.backends.backend_{backend}")


def draw_figure(figure: Figure, folder: Path, name: str, paper: Paper, look: Look) -> DrawnFigure:
    """Draw a figure once, in the width and font of its look, as `name.pdf`, `name.pgf` and `name.svg` into `folder`."""
    import matplotlib as mpl

    from ..charts.recording import recorded

    paper = look.paper(paper)
    with mpl.rc_context(look.settings(paper)), no_search_for_cycles():  # what is left of a drawing goes before the next
        try:
            drawing = figure.chart.draw(paper)
        except EncaveError as error:
            raise EncaveError(f"the figure {figure.name!r}: {error}") from error
        drawing = recorded(drawing)
        (folder / f"{name}.pdf").write_bytes(writing.pdf(drawing))
        svg = writing.svg(drawing)
        (folder / f"{name}.svg").write_bytes(writing.svg_file(svg))
        (folder / f"{name}.pgf").write_text(writing.pgf(drawing), encoding="utf-8")
    return DrawnFigure(name, figure, _in_page(svg, name), drawing.get_figwidth(), figure.chart.interactive())


def _in_page(svg: str, name: str) -> str:
    """The `<svg>` for the page: colours of text and grid follow it, ids carry the figure's name."""
    for colour, variable in ((style.INK, "--ink"), (style.MUTED, "--muted"), (style.GRID, "--grid")):
        svg = svg.replace(colour, f"var({variable})")
    for before in (' id="', 'xlink:href="#', "url(#"):
        svg = svg.replace(before, f"{before}{name}-")
    svg = re.sub(
        r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true" focusable="false">', svg, count=1
    )
    return svg.replace("xlink:href", "href")
