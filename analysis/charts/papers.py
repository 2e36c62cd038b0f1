"""Papers that figures are made for: width of a column and of the text, sizes of fonts, and the font itself.

Widths and sizes are tueplots' (NeurIPS, ICML, ICLR, JMLR, TMLR) and of the AutoML conference's own style file
(`automl.sty`, 6 in of text in 11 pt). Times is drawn as STIX, its free twin that comes with matplotlib, so that a
figure looks the same on every machine. Neither Computer Modern (JMLR, TMLR) nor Libertine (AutoML) comes with it in a
form that has every letter, so there the PDF and SVG figures are STIX too, and the PGF figures take the paper's font.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ...errors import EncaveError

_SANS, _TIMES = "DejaVu Sans", "STIXGeneral"


@dataclass(frozen=True)
class Paper:
    """What a figure or a page of a paper is made for.

    Example:
        >>> paper = encave.paper("icml")
        >>> paper.name, paper.columns
        ('ICML', 2)
    """

    name: str
    """Name of the venue as people write it; `a paper` without one."""
    width: float
    """Width of a column in inches."""
    text_width: float
    """Width of the whole text in inches; equal to `width` with one column."""
    text_height: float
    """Height of the text in inches."""
    font: str
    """Font of the figures, one that comes with matplotlib."""
    size: float
    """Size of titles and axis labels in points."""
    small: float
    """Size of tick labels and legends in points."""
    body: int
    """Size of the paper's text in points: 10, 11 or 12."""
    tex_font: str
    """LaTeX that chooses the font of the paper."""

    @property
    def columns(self) -> int:
        """Columns of a page.

        Example:
            >>> encave.paper("jmlr").columns
            1
        """
        return 1 if self.width == self.text_width else 2

    @property
    def scale(self) -> float:
        """Size of the text relative to 7.5 points, by which margins grow.

        Example:
            >>> encave.paper(None).scale
            1.0
        """
        return self.size / 7.5


_TIMES_TEX = r"\usepackage{mathptmx}"
_MODERN_TEX = r"\usepackage{lmodern}"
_LIBERTINE_TEX = r"\IfFileExists{libertine.sty}{\usepackage{libertine}}{\usepackage{lmodern}}"
_GENERIC = Paper("a paper", 3.4, 7.0, 9.0, _SANS, 7.5, 7.0, 10, _MODERN_TEX)
# name, style of tueplots, width and height of the text in inches, size of the text, its font
_VENUES: dict[str, tuple[str, str, float, float, int, str]] = {
    "neurips": ("NeurIPS", "neurips2024", 5.5, 9.0, 10, _TIMES_TEX),
    "icml": ("ICML", "icml2024", 6.75, 9.0, 10, _TIMES_TEX),
    "iclr": ("ICLR", "iclr2024", 5.5, 9.0, 10, _TIMES_TEX),
    "jmlr": ("JMLR", "jmlr2001", 6.0, 8.5, 11, _MODERN_TEX),
    "tmlr": ("TMLR", "tmlr2023", 6.5, 9.0, 10, _MODERN_TEX),
}
VENUES = (*_VENUES, "automl")
"""Venues that `--venue` knows."""


@lru_cache(maxsize=16)
def paper(venue: str | None) -> Paper:
    """The paper of a venue, in any case and with or without hyphens; a page of two columns without one.

    Raises:
        EncaveError: the venue is not known.

    Example:
        >>> encave.paper("neurips").width, encave.paper(None).columns
        (5.5, 2)
    """
    if venue is None:
        return _GENERIC
    key = venue.lower().replace("-", "").replace("_", "").removesuffix("conf")
    if key == "automl":
        return Paper("AutoML-Conf", 6.0, 6.0, 9.0, _TIMES, 9.0, 7.0, 11, _LIBERTINE_TEX)
    if key not in _VENUES:
        raise EncaveError(f"no venue {venue!r}; there are {', '.join(VENUES)}.")
    from tueplots import figsizes, fontsizes

    name, style, text_width, text_height, body, tex_font = _VENUES[key]
    size: Any = getattr(figsizes, f"{style}_half" if key == "icml" else style)()["figure.figsize"]
    fonts: Any = getattr(fontsizes, style)()
    return Paper(
        name, float(size[0]), text_width, text_height, _TIMES, fonts["axes.labelsize"], fonts["legend.fontsize"], body,
        tex_font,
    )  # fmt: skip
