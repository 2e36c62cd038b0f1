"""A figure's files: PDF, PGF and SVG, the same bytes every time, and the SVG as an element of the page."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..charts import style
from ..charts.figure import Figure, Interactive
from ..charts.papers import Paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


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


def draw_figure(figure: Figure, folder: Path, name: str, paper: Paper) -> DrawnFigure:
    """Draw a figure once and write `name.pdf`, `name.pgf` and `name.svg` into `folder`."""
    import matplotlib as mpl

    with mpl.rc_context(style.figure_settings(paper)):
        drawing = figure.chart.draw(paper)
        metadata = {"CreationDate": None, "Creator": "encave", "Producer": None}
        pdf = io.BytesIO()  # matplotlib hides that a disk is full behind errors of its own
        drawing.savefig(pdf, format="pdf", metadata=metadata)
        (folder / f"{name}.pdf").write_bytes(pdf.getvalue())
        svg = _svg(drawing)
        (folder / f"{name}.svg").write_text(f'<?xml version="1.0" encoding="utf-8"?>\n{svg}\n', encoding="utf-8")
        (folder / f"{name}.pgf").write_text(_pgf(drawing), encoding="utf-8")
    return DrawnFigure(name, figure, _in_page(svg, name), drawing.get_figwidth(), figure.chart.interactive())


def _svg(drawing: Drawing) -> str:
    buffer = io.StringIO()
    drawing.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(r"\n\s*", "\n", text)


def _in_page(svg: str, name: str) -> str:
    """The `<svg>` for the page: colours of text and grid follow it, ids carry the figure's name."""
    for colour, variable in ((style.INK, "--ink"), (style.MUTED, "--muted"), (style.GRID, "--grid")):
        svg = svg.replace(colour, f"var({variable})")
    svg = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{name}-", svg)
    svg = re.sub(
        r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true" focusable="false">', svg, count=1
    )
    return svg.replace("xlink:href", "href")


def _pgf(drawing: Drawing) -> str:
    """The figure as a `pgfpicture`, whose text takes the font of the paper.

    matplotlib's own writer asks a TeX process for the size of every text, which is slow and needs TeX; these figures
    have fixed margins, so matplotlib's own font is near enough for what little depends on it.
    """
    width, height = drawing.get_size_inches()
    buffer = io.StringIO()
    buffer.write(
        "% made by encave; needs \\usepackage{pgf}\n\\begingroup%\n\\makeatletter%\n\\begin{pgfpicture}%\n"
        f"\\pgfpathrectangle{{\\pgfpointorigin}}{{\\pgfqpoint{{{width:f}in}}{{{height:f}in}}}}%\n"
        "\\pgfusepath{use as bounding box, clip}%\n"
    )
    drawing.draw(_renderer()(drawing, buffer))
    buffer.write("\\end{pgfpicture}%\n\\makeatother%\n\\endgroup%\n")
    return buffer.getvalue()


def _renderer() -> Any:
    """Matplotlib's renderer of PGF, without TeX and with names set as they stand."""
    from matplotlib.backends.backend_pgf import RendererPgf
    from matplotlib.textpath import text_to_path

    from .latex import escape

    class Renderer(RendererPgf):
        def draw_text(
            self, gc: Any, x: Any, y: Any, s: str, prop: Any, angle: Any, ismath: Any = False, mtext: Any = None
        ) -> None:
            named = prop.copy()
            named.set_family("serif")
            super().draw_text(gc, x, y, s if ismath else escape(s), named, angle, ismath, mtext)

        def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
            width, height, descent = text_to_path.get_text_width_height_descent(s, prop, ismath)
            points = self.points_to_pixels(1.0)
            return width * points, height * points, descent * points

    return Renderer
