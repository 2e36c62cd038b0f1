"""How the figures of a report look: `[figures]` of `report.toml`, and a table in it for each kind of figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ...errors import EncaveError
from ...files.toml_text import Key, TomlFile
from ...run.checks import is_object
from ..charts.area_grid import AreaGrid
from ..charts.bars import BarChart
from ..charts.critical_difference import CriticalDifference
from ..charts.figure import Figure
from ..charts.footprint import FootprintChart
from ..charts.line_chart import LineChart
from ..charts.look import Look
from .captions import zero_note

KINDS: Mapping[str, type[Any]] = {
    "curves": LineChart, "ranks": LineChart, "ecdf": LineChart, "cd": CriticalDifference, "importance": BarChart,
    "pareto": LineChart, "hypervolume": LineChart, "profiles": LineChart, "footprint": FootprintChart,
    "incumbents": AreaGrid,
}  # fmt: skip
"""Kind of a figure, as `encave plot` calls it → its chart."""

_KEYS = tuple(one.name for one in fields(Look) if one.name != "roster")
_OF_ALL = ("width", "font", "colours", "style")  # keys that are the same in every figure
_KEYS_OF_KINDS = tuple(key for key in _KEYS if key not in _OF_ALL)


@dataclass(frozen=True)
class FigureSettings:
    """The look of all figures, and of each kind where that is another."""

    every: Look = field(default_factory=Look)
    """Of every figure, as far as it has such a thing."""
    kinds: Mapping[str, Look] = field(default_factory=dict[str, Look])
    """Kind → what is else of its figures."""

    def of(self, kind: str) -> Look:
        """The look of the figures of a kind."""
        return self.kinds.get(kind, Look()).over(self.every)

    def dressed(self, figure: Figure) -> Figure:
        """The figure as it is wanted, as far as its chart has such a thing; its caption says no more than is drawn."""
        chart = self.of(figure.kind).fit(figure.chart)
        caption = figure.caption
        if isinstance(figure.chart, LineChart) and isinstance(chart, LineChart):
            was, now = zero_note(figure.chart.scale), zero_note(chart.scale)
            caption = caption.replace(f" {was}", now) if was and was != now else caption
        return replace(figure, chart=chart, caption=caption)


def figure_settings(file: TomlFile) -> FigureSettings:
    """What `[figures]` of a file says.

    Raises:
        EncaveError: a key or a value is none that there is.
    """
    content: object = file.content.get("figures", {})
    if not is_object(content):
        raise file.wrong(("figures",), "figures is no table; see docs/report.md")
    every = {key: value for key, value in content.items() if key not in KINDS}
    kinds = {kind: _kind(file, kind, own) for kind, own in content.items() if kind in KINDS}
    return FigureSettings(_look(file, ("figures",), every, (*_KEYS, *KINDS)), kinds)


def _kind(file: TomlFile, kind: str, content: object) -> Look:
    if not is_object(content):
        raise file.wrong(("figures", kind), f"figures.{kind} is no table; see docs/report.md")
    has = {one.name for one in fields(KINDS[kind])} | {"footer"} | ({"log"} if KINDS[kind] is LineChart else set[str]())
    if hasattr(KINDS[kind], "in_order"):
        has.add("order")
    return _look(file, ("figures", kind), content, [key for key in _KEYS_OF_KINDS if key in has])


def _look(file: TomlFile, where: Key, content: Mapping[str, Any], known: Any) -> Look:
    told: dict[str, Any] = {}
    for key, value in content.items():
        if key not in known:
            told_of = ".".join(map(str, where))
            raise file.wrong((*where, key), f"[{told_of}] knows no key {key!r}; there are {', '.join(known)}")
        at = (*where, key)
        try:
            for name, colour in value.items() if is_object(value) else ():
                at = (*where, key, name)
                Look(colours={name: colour})
            told[key] = checked(key, value)
        except EncaveError as error:
            raise file.wrong(at, str(error)) from error
    return Look(**told)


def checked(key: str, value: Any) -> Any:
    """A value of a look as TOML has it, checked by itself.

    Raises:
        EncaveError: it is none that there is.
    """
    kinds: dict[str, tuple[type[Any], ...]] = {
        "log": (bool,), "footer": (bool,), "width": (str, int, float), "height": (str, int, float), "order": (list,),
        "colours": (dict,),
    }  # fmt: skip
    if not isinstance(value, kinds.get(key, (str,))) or isinstance(value, bool) != (key in ("log", "footer")):
        raise EncaveError(f"{key} = {value!r} is not of the kind that figures take; see docs/report.md")
    if key == "order":
        value = tuple(map(str, value))
    Look(**{key: value})
    return value
