"""A chart as an interactive figure of plotly that stands by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import EncaveError
from ...files.unicode_text import plain
from ...run.checks import is_list, is_object
from .figure import Chart, Interactive
from .style import GRID, INK, MUTED

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_PAGE = {"var(--ink)": INK, "var(--muted)": MUTED, "var(--grid)": GRID}
_BAND = 0.16  # opacity


def plotly_figure(chart: Chart) -> Figure:
    """The chart as plotly's figure, with its title, and its footer below that.

    Raises:
        EncaveError: there is nothing to hover over.
    """
    from plotly.graph_objects import Figure

    shown = chart.interactive()
    if shown is None:
        raise EncaveError("this chart has no interactive twin; draw it with plot()")
    title, footer = getattr(chart, "title", ""), getattr(chart, "footer", "")
    axis = {"gridcolor": GRID, "linecolor": INK, "zeroline": False, "automargin": True, "exponentformat": "power"}
    layout = {
        "title": {"text": _escaped(title), "subtitle": {"text": _escaped(footer)}},
        "plot_bgcolor": "white", "font": {"color": INK}, "hovermode": "x unified",
        **shown.layout,
        **{name: {**axis, **_titled(shown.layout.get(name, {}))} for name in ("xaxis", "yaxis")},
    }  # fmt: skip
    if getattr(chart, "legend", None) == "none":
        layout["showlegend"] = False
    elif getattr(chart, "legend", None) == "inside":
        layout["legend"] = {"x": 0.99, "xanchor": "right", "y": 0.99, "bgcolor": "rgba(255,255,255,0.6)"}
    return Figure(data=_plain(_traces(shown)), layout=_plain(layout))


def _titled(axis: dict[str, Any]) -> dict[str, Any]:
    """An axis whose name is no markup."""
    return {**axis, "title": {"text": _escaped(axis["title"]["text"])}} if "title" in axis else axis


def _traces(shown: Interactive) -> list[dict[str, Any]]:
    """The traces, a band hidden and shown with its line, which alone is in the legend; zeros where they are drawn."""
    traces: list[dict[str, Any]] = [{**trace, "name": _escaped(str(trace.get("name", "")))} for trace in shown.traces]
    for label, _, own in shown.lines:
        for place in own:
            traces[place] |= {"legendgroup": _escaped(label), "showlegend": place == own[-1]}
    for trace in traces:
        if trace.pop("opacity", None) is not None and trace.get("fill") == "tonexty":
            colour: str = trace["line"]["color"]
            trace["fillcolor"] = _faded(_PAGE.get(colour, colour))
        if shown.zero is not None:
            trace["customdata"] = trace["y"]
            trace["hovertemplate"] = "%{customdata:.4~g}"
            trace["y"] = [shown.zero if value is not None and value <= 0 else value for value in trace["y"]]
    return traces


def _faded(colour: str) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{_BAND})"


def _escaped(text: str) -> str:
    """A name of somebody's that plotly does not take for markup."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(part: Any) -> Any:
    """The page's colours, which follow light and dark, as fixed ones."""
    if is_object(part):
        return {key: _plain(value) for key, value in part.items()}
    if is_list(part):
        return [_plain(value) for value in part]
    return _PAGE.get(part, part) if isinstance(part, str) else part
