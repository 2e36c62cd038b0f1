"""How a person wants a figure: its words, sizes, font and colours, from keywords, flags or `report.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar, cast, runtime_checkable

from ...errors import EncaveError, check_type
from .drawing import font_file
from .figure import Chart
from .frame import LEGENDS, Legend
from .line_chart import LineChart
from .papers import Paper
from .style import PALETTE, LineStyle, figure_settings, line_styles
from .style_sheet import style_sheet

_C = TypeVar("_C", bound=Chart)
ColourOfOne: TypeAlias = str | tuple[float, float, float] | tuple[float, float, float, float]
"""A colour as matplotlib takes it: `#rrggbb`, a name, or shares of red, green and blue."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LENGTH = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(in|cm|mm|pt)?")
_INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}
_MOST = 100.0  # inches
_WORDS = ("title", "xlabel", "ylabel", "legend", "height")  # fields of a chart that a look can say


@runtime_checkable
class Ordered(Protocol):
    """A chart of several optimizers whose order can be chosen."""

    def in_order(self, order: Sequence[str]) -> Chart:
        """The same with these optimizers first."""
        ...


@dataclass(frozen=True)
class Look:
    """How a figure is to look. What is None is as the chart has it.

    Raises:
        EncaveError: a value is none that there is; it is told which there are.
    """

    title: str | None = None
    """Above the axes; empty for none."""
    xlabel: str | None = None
    """Name and unit of the horizontal axis."""
    ylabel: str | None = None
    """Of the vertical one."""
    log: bool | None = None
    """Whether the vertical axis is logarithmic."""
    legend: Legend | None = None
    """Where the legend stands: `inside` the axes, `outside`, which is below them, or `none`."""
    width: str | float | None = None
    """Of the figure: a `column` of the paper, its whole `text`, or a length such as `3.25in`; a number: inches."""
    height: str | float | None = None
    """A length."""
    font: str | None = None
    """Name of a font on this machine."""
    order: Sequence[str] = ()
    """Optimizers in the order of their colours and of the legend; others follow by name."""
    colours: Mapping[str, str] = field(default_factory=dict[str, str])
    """Optimizer → its colour, `#rrggbb`."""
    style: Path | str | None = None
    """A style sheet of matplotlib: a file, or the name of one that comes with it."""
    footer: bool | None = None
    """Whether where the values come from stands at the foot, as it does where nothing is said."""
    roster: Sequence[str] = ()
    """All optimizers of a study, so that each looks the same in all of its figures."""

    def __post_init__(self) -> None:
        if self.legend is not None and self.legend not in LEGENDS:
            raise EncaveError(f"legend {self.legend!r}; there are {', '.join(LEGENDS)}")
        for name, named in (("width", ("column", "text")), ("height", ())):
            value = getattr(self, name)
            if value is not None and value not in named:
                inches(value, name, named)
        for optimizer, colour in self.colours.items():
            if not _COLOUR.fullmatch(str(colour)):
                raise EncaveError(f"the colour of {optimizer!r} is {colour!r}, not of the form #0072B2")
        if isinstance(self.order, str):
            raise EncaveError(f"order is {self.order!r}; it is a list of optimizers")
        for name in self.order:
            check_type("a name in order", name, str, "that of an optimizer")
        for what in ("title", "xlabel", "ylabel", "font"):
            if getattr(self, what) is not None:
                check_type(what, getattr(self, what), str, "text")
        for what in ("log", "footer"):
            if getattr(self, what) is not None:
                check_type(what, getattr(self, what), bool, "True or False")
        if self.font is not None:
            font_file(self.font)
        if self.style is not None:
            style_sheet(self.style)

    @property
    def own_figure(self) -> tuple[str, ...]:
        """What it says that is only of a figure of its own."""
        return tuple(name for name in ("width", "height", "font", "style") if getattr(self, name) is not None)

    def over(self, below: Look) -> Look:
        """This look, and where it says nothing that of another."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        told = {name: value for name, value in told.items() if value is not None and value not in ((), {})}
        return replace(below, **{**told, "colours": {**below.colours, **self.colours}})

    def styles(self, optimizers: Sequence[str]) -> dict[str, LineStyle]:
        """The look of each optimizer: those of `order` first, those of the roster, the others as they are given."""
        names = list(dict.fromkeys([*self.order, *self.roster, *optimizers]))
        cycle = self._sheet.get("axes.prop_cycle")
        return line_styles(names, self.colours, PALETTE if cycle is None else _hexadecimal(cycle))

    def paper(self, paper: Paper) -> Paper:
        """The paper with the width and the font of this look."""
        sheet = self._sheet
        size, small = (sheet.get(name) for name in ("axes.labelsize", "xtick.labelsize"))
        size = size if isinstance(size, float) else sheet.get("font.size", paper.size)
        font = self.font or next(iter(sheet.get("font.family", ())), None)
        told = {"font": font or paper.font, "size": size, "small": small if isinstance(small, float) else paper.small}
        width = self.width
        if width is None and "figure.figsize" in sheet:
            width = float(sheet["figure.figsize"][0])
        if width in (None, "column"):
            return replace(paper, **told)
        wide = paper.text_width if width == "text" else inches(width, "width", ("column", "text"))
        return replace(paper, **told, width=wide, text_width=wide)

    def settings(self, paper: Paper) -> dict[str, Any]:
        """Settings of matplotlib for a figure of a paper that `paper` has made: the usual ones, then the sheet's."""
        usual = figure_settings(paper)
        font = {name: usual[name] for name in usual if name == "font.family" or name.startswith("mathtext")}
        return {**usual, **self._sheet, **font}

    def dress(self, chart: _C) -> _C:
        """The chart with these words, this legend, height, order and axis.

        Raises:
            EncaveError: it has no such thing.
        """
        known = _fields(chart)
        for name in _WORDS:
            if getattr(self, name) is not None and name not in known:
                able = ", ".join(one for one in _WORDS if one in known)
                raise EncaveError(f"{kind_of(chart)} has no {name} of its own; it has {able}")
        if self.legend == "inside" and "legend" in known and not getattr(chart, "legend_inside", True):
            raise EncaveError(f"{kind_of(chart)} has no room for a legend inside; there are outside and none")
        if self.log is not None and not isinstance(chart, LineChart):
            raise EncaveError(f"a logarithmic or linear axis is of charts of lines, which {kind_of(chart)} is not")
        return self.fit(chart, strict=True)

    def fit(self, chart: _C, *, strict: bool = False) -> _C:
        """As `dress`, but what the chart does not have is passed over."""
        known = _fields(chart)
        told: dict[str, Any] = {
            name: getattr(self, name) for name in _WORDS if name in known and getattr(self, name) is not None
        }
        if "height" in told:
            told["height"] = inches(told["height"], "height")
        elif isinstance(chart, LineChart) and "figure.figsize" in self._sheet:
            told["height"] = float(self._sheet["figure.figsize"][1])
        if told.get("legend") == "inside" and not getattr(chart, "legend_inside", True):
            del told["legend"]
        if self.footer is False:
            told["footer"] = ""
        dressed: Any = replace(chart, **told)  # type: ignore[type-var]
        if self.order and isinstance(dressed, Ordered):
            dressed = dressed.in_order(self.order)
        if self.log is not None and isinstance(dressed, LineChart) and (strict or dressed.can_be(log=self.log)):
            dressed = dressed.scaled(self.log)
        return cast("_C", dressed)

    @property
    def _sheet(self) -> Mapping[str, Any]:
        return {} if self.style is None else style_sheet(self.style)


def check_optimizers(look: Look, optimizers: Sequence[str]) -> None:
    """Make sure that a look names no optimizer but these.

    Raises:
        EncaveError: it does.
    """
    for what, names in (("order", look.order), ("colours", look.colours)):
        for name in names:
            if name not in optimizers:
                raise EncaveError(f"{what}: there are no runs of {name!r}; there are {', '.join(optimizers)}")


def inches(length: str | float, name: str, named: Sequence[str] = ()) -> float:
    """A length in inches: a number, or text with a unit.

    Raises:
        EncaveError: it is no length, or not above zero and at most 100 inches.
    """
    found = _LENGTH.fullmatch(str(length).strip())
    value = float(found[1]) * _INCHES[found[2] or "in"] if found and not isinstance(length, bool) else 0.0
    if not 0 < value <= _MOST:
        others = f"{', '.join(named)} and " if named else ""
        raise EncaveError(f"{name} {length!r}; there are {others}lengths in in, cm, mm or pt, such as 3.25in")
    return value


def hexadecimal(colour: ColourOfOne, optimizer: str) -> str:
    """The colour of an optimizer as `#rrggbb`.

    Raises:
        EncaveError: it is no colour.
    """
    from matplotlib.colors import is_color_like, to_hex

    if isinstance(colour, str) and _COLOUR.fullmatch(colour):
        return colour
    if not is_color_like(colour) or colour in ("none", "None"):
        raise EncaveError(
            f"the colour of {optimizer!r} is {colour!r}, not of the form #0072B2 or another of matplotlib's"
        )
    return to_hex(colour)


def _hexadecimal(cycle: Any) -> list[str]:
    from matplotlib.colors import to_hex

    return [to_hex(colour) for colour in cycle.by_key().get("color", ())] or list(PALETTE)


def _fields(chart: Any) -> set[str]:
    return {one.name for one in fields(chart)}


def kind_of(chart: Any) -> str:
    """What a chart is, in words."""
    return {
        "LineChart": "a chart of lines", "BarChart": "a chart of bars", "AreaGrid": "a chart of areas",
        "CriticalDifference": "a critical-difference diagram", "FootprintChart": "a footprint",
    }.get(type(chart).__name__, type(chart).__name__)  # fmt: skip
