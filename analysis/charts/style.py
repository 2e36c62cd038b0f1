"""How an optimizer looks in every figure and table (colour, line style, marker), and the settings of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .papers import Paper

INK = "#1b1f24"
MUTED = "#5b6470"
GRID = "#d9dde2"

# Okabe & Ito, "Color Universal Design" (2008); their yellow is left out, since a line of it is not seen on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", INK)
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 1.6), (1.2, 1.4), (5, 1.4, 1.2, 1.4), (8, 2, 3, 2), (3, 1.2))
MARKERS = "osD^vP*X"


@dataclass(frozen=True)
class LineStyle:
    """The look of one optimizer."""

    colour: str
    """Hexadecimal RGB."""
    dashes: tuple[float, ...]
    """Lengths of dashes and gaps in units of the line width; empty for a solid line."""
    marker: str
    """Marker in matplotlib's letters."""

    @property
    def page_colour(self) -> str:
        """The colour in the page, where ink and grey follow light and dark."""
        return {INK: "var(--ink)", MUTED: "var(--muted)"}.get(self.colour, self.colour)


def line_styles(
    optimizers: Sequence[str], colours: Mapping[str, str] | None = None, palette: Sequence[str] = PALETTE
) -> dict[str, LineStyle]:
    """A look for each optimizer, in the order given; 168 are different, after that they repeat.

    Args:
        optimizers: Their labels.
        colours: Label → colour as hexadecimal RGB, for those that are to have their own.
        palette: Colours of the others.
    """
    chosen = colours or {}
    styles: dict[str, LineStyle] = {}
    for number, optimizer in enumerate(optimizers):
        turn, colour = divmod(number, len(palette))
        look = colour + turn  # each round of the palette is shifted against the dashes and markers
        colour_of = chosen.get(optimizer, palette[colour])
        styles[optimizer] = LineStyle(colour_of, DASHES[look % len(DASHES)], MARKERS[look % len(MARKERS)])
    return styles


def _mathematics(font: str) -> dict[str, Any]:
    """Settings by which numbers in formulas, such as powers of ten on an axis, take the font too."""
    known = {"STIXGeneral": "stix", "DejaVu Sans": "dejavusans"}.get(font)
    if known:
        return {"mathtext.fontset": known}
    return {"mathtext.fontset": "custom", "mathtext.rm": font, "mathtext.it": f"{font}:italic", "mathtext.bf": font}


def figure_settings(paper: Paper) -> dict[str, Any]:
    """Settings of matplotlib for a figure of this paper: vector fonts embedded whole (type 42), fixed ids in SVG."""
    return {
        "pdf.fonttype": 42,
        "svg.fonttype": "path",
        "svg.hashsalt": "encave",
        "figure.facecolor": "none",
        "axes.facecolor": "none",
        "font.family": paper.font,
        **_mathematics(paper.font),
        "font.size": paper.size,
        "axes.labelsize": paper.size,
        "axes.titlesize": paper.size + 0.5,
        "axes.titley": 1.0,  # else matplotlib looks for ticks above the axes, which there are none of
        "axes.linewidth": 0.6,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.5,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": paper.small,
        "ytick.labelsize": paper.small,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.minor.width": 0.4,
        "ytick.minor.width": 0.4,
        "xtick.major.size": 3,
        "ytick.major.size": 3,
        "xtick.minor.size": 1.6,
        "ytick.minor.size": 1.6,
        "legend.fontsize": paper.small,
        "legend.frameon": False,
        "lines.linewidth": 1.3,
        "path.simplify": False,
    }
