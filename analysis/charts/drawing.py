"""What drawings with matplotlib share: text that every font has, ticks, the legend's lines, the footer."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import EncaveError
from ...files.unicode_text import UNSAFE
from . import style
from .papers import Paper
from .scales import Scale
from .style import LineStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


_UNSAFE = re.compile(UNSAFE)
_LABELLED = ((12, (1, 2, 3, 5, 7)), (50, (1, 2, 5)), (200, (1, 3)))  # ends of an axis up to so far apart


@lru_cache(maxsize=2)
def _letters(font: str) -> frozenset[int]:
    """Code points that a font has."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(font_file(font)).get_charmap())


def font_file(font: str) -> str:
    """Where a font is: one that comes with matplotlib, or one that it finds on this machine.

    Raises:
        EncaveError: there is none of this name.
    """
    from pathlib import Path

    import matplotlib

    fonts = Path(matplotlib.get_data_path(), "fonts", "ttf")
    bundled = fonts / f"{font.replace(' ', '')}.ttf"
    if bundled.parent == fonts and bundled.is_file():  # a name with a slash would lead to any file
        return str(bundled)
    from matplotlib.font_manager import FontProperties, findfont, get_font_names

    try:
        return str(findfont(FontProperties(family=[font]), fallback_to_default=False))
    except ValueError:
        there = ", ".join(sorted(get_font_names()))
        raise EncaveError(f"no font {font!r} on this machine; there are {there}") from None


def plain(text: str, paper: Paper, most: int | None = None) -> str:
    """Text that matplotlib draws as it stands, with `[U+4F18]` for a letter that the font lacks.

    Args:
        text: Any text; a dollar starts no formula.
        paper: Whose font is used.
        most: Most letters; what is longer loses its middle.
    """
    text = _known(text, paper)
    return _no_formula(text if most is None else _without_middle(text, most))


def own_labels(texts: Sequence[str], paper: Paper, most: int) -> list[str]:
    """Texts of at most so many letters as `plain` has them; of those that would look alike, what tells them apart.

    Args:
        texts: Names, shape (n,).
        paper: Whose font is used.
        most: Most letters, at least 9.
    """
    whole = [_known(text, paper) for text in texts]
    short = {text: _without_middle(text, most) for text in whole}
    for alike in _alike(short):
        columns = enumerate(zip(*alike, strict=False))
        same = next((place for place, letters in columns if len(set(letters)) > 1), min(map(len, alike)))
        for text in alike:
            short[text] = _without_end(f"{text[: most // 3]}…{text[same:]}", most)
    for alike in _alike(short):  # even the first so many letters that differ are too many
        for number, text in enumerate(alike, start=1):
            mark = f" #{number}"
            short[text] = _without_end(short[text], most - len(mark)) + mark
    return [_no_formula(short[text]) for text in whole]


def _alike(short: Mapping[str, str]) -> list[list[str]]:
    """Texts that were shortened to the same, together."""
    groups: dict[str, list[str]] = {}
    for text, label in short.items():
        groups.setdefault(label, []).append(text)
    return [group for group in groups.values() if len(group) > 1]


def _known(text: str, paper: Paper) -> str:
    known = _letters(paper.font)
    return "".join(
        letter if ord(letter) in known and not _UNSAFE.match(letter) else f"[U+{ord(letter):04X}]" for letter in text
    )


def _without_middle(text: str, most: int) -> str:
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[: most - 1 - half]}…{text[len(text) - half :]}"


def _without_end(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _no_formula(text: str) -> str:
    return text.replace("$", r"\$")


def inches(letters: int, points: float) -> float:
    """Width of so many typical letters in inches."""
    return 0.0083 * points * letters


def legend_columns(labels: Iterable[str], paper: Paper, width: float) -> tuple[int, int]:
    """Columns of a legend of this width in inches, and the most letters of a label in it."""
    handle = 0.36 * paper.small / 7
    longest = max(map(len, labels), default=1)
    columns = max(1, min(4, int(width / (handle + inches(longest, paper.small)))))
    return columns, int((width / columns - handle) / inches(1, paper.small))


def row_height(paper: Paper) -> float:
    """Inches that a row of small text takes."""
    return 0.0207 * paper.small


def legend_height(labels: Sequence[str], paper: Paper) -> float:
    """Inches that `write_legend` takes."""
    columns, _ = legend_columns(labels, paper, paper.width - 0.2)
    return row_height(paper) * -(-len(labels) // columns)


def write_legend(
    figure: Figure, handles: Sequence[Any], labels: Sequence[str], paper: Paper, top: float, handle: float = 1.4
) -> None:
    """A legend across the figure whose upper end is `top` inches above its foot; handles are `handle` letters long."""
    columns, most = legend_columns(labels, paper, paper.width - 0.2)
    figure.legend(
        list(handles), own_labels(labels, paper, most), loc="upper center",
        bbox_to_anchor=(0.5, top / figure.get_figheight()), ncols=columns, handlelength=handle, columnspacing=1.4,
        labelspacing=0.25, borderpad=0, borderaxespad=0,
    )  # fmt: skip


def write_footer(figure: Figure, text: str, paper: Paper) -> None:
    """A small line at the foot of a figure, smaller where it would not fit; nothing without a text."""
    if not text:
        return
    y = 0.035 / figure.get_figheight()
    size = min(5.0, paper.small - 1)
    size *= min(1.0, 0.97 * float(figure.get_figwidth()) / max(inches(len(text), size), 1e-9))
    figure.text(0.99, y, plain(text, paper), ha="right", va="bottom", fontsize=size, color=style.MUTED)


def legend_line(look: LineStyle) -> Line2D:
    """An optimizer's line and marker, for a legend."""
    from matplotlib.lines import Line2D

    line = Line2D([], [], color=look.colour, marker=look.marker, markersize=3.2, markeredgewidth=0)
    if look.dashes:
        line.set_dashes(look.dashes)
    return line


def scale_values(axes: Axes, scale: Scale) -> None:
    """Give the vertical axis this scale."""
    if scale.kind == "log":
        axes.set_yscale("log")
        low, high = scale.limits or (scale.low, scale.high)
        if scale.limits:
            axes.set_ylim(low, high)
        log_ticks(axes.yaxis, high / low)
    elif scale.kind == "log with zero":
        axes.set_yscale("symlog", linthresh=scale.threshold, linscale=0.4)
        axes.set_ylim(0, scale.high * 1.3)
        _symlog_ticks(axes, scale)
    elif scale.limits:
        axes.set_ylim(*scale.limits)


def log_ticks(axis: Any, ratio: float) -> None:
    """Ticks of a logarithmic axis whose ends have this ratio."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    from .minor_ticks import MinorTicks

    # the fewer decades, the more labels between the powers of ten
    labelled = next((subs for most, subs in _LABELLED if ratio < most), (1,))
    axis.set_major_locator(LogLocator(subs=labelled, numticks=12))
    axis.set_major_formatter(FuncFormatter(_tick))
    MinorTicks(axis, LogLocator(subs=tuple(range(2, 10)), numticks=12).tick_values)


def _symlog_ticks(axes: Axes, scale: Scale) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter

    from .minor_ticks import MinorTicks

    low, high = round(float(np.log10(scale.threshold))), math.ceil(float(np.log10(scale.high * 1.3)))
    powers = 10.0 ** np.arange(low, high, dtype=np.float64)
    axes.yaxis.set_major_locator(FixedLocator([0.0, *powers]))
    axes.yaxis.set_major_formatter(FuncFormatter(_tick))
    MinorTicks(axes.yaxis, FixedLocator([k * power for power in powers for k in range(2, 10)]).tick_values)


def _tick(value: float, _position: int | None = None) -> str:
    if not math.isfinite(value):  # beyond 1e308
        return ""
    if value and not 1e-4 <= abs(value) < 1e6:
        exponent = int(np.floor(np.log10(abs(value)) + 1e-9))
        factor = value / 10.0**exponent
        return f"$10^{{{exponent}}}$" if abs(factor - 1) < 1e-6 else f"${factor:g}\\cdot10^{{{exponent}}}$"
    return f"{value:,.10g}"
