"""The files of a drawing: PDF, SVG and PGF with the same bytes every time, and PNG."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import embedded_fonts
from .latex_text import escape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 300
"""Dots per inch of a PNG."""


def pdf(drawing: Figure, **save: Any) -> bytes:
    """The figure as PDF."""
    buffer = io.BytesIO()  # matplotlib hides that a disk is full behind errors of its own
    metadata = {"CreationDate": None, "Creator": "encave", "Producer": None}
    with embedded_fonts.cut_once():
        drawing.savefig(buffer, format="pdf", metadata=metadata, **save)
    return buffer.getvalue()


def png(drawing: Figure, *, dpi: float = DPI, **save: Any) -> bytes:
    """The figure as PNG, on white."""
    buffer = io.BytesIO()
    drawing.savefig(buffer, format="png", dpi=dpi, facecolor="white", metadata={"Software": "encave"}, **save)
    return buffer.getvalue()


def svg(drawing: Figure, **save: Any) -> str:
    """The figure as an `<svg>` element."""
    buffer = io.StringIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    drawing.savefig(buffer, format="svg", metadata=metadata, **save)
    text = buffer.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(r"\n\s*", "\n", text)


def pgf(drawing: Figure) -> str:
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


def _svg_file(drawing: Figure, **save: Any) -> bytes:
    return svg_file(svg(drawing, **save))


def _pgf_file(drawing: Figure, **_: Any) -> bytes:
    return pgf(drawing).encode()


def svg_file(element: str) -> bytes:
    """The bytes of a file with this `<svg>`."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{element}\n'.encode()


WRITERS: Mapping[str, Callable[..., bytes]] = {
    "pdf": pdf,
    "png": png,
    "svg": _svg_file,
    "pgf": _pgf_file,
}
"""Ending of a file → what makes its bytes from a figure, within `style.figure_settings`."""
