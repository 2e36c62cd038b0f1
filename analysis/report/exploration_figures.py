"""Figures of how the space was explored: footprints, and what the incumbents are made of over time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..charts.area_grid import COLOURS, REST, AreaGrid, Stack
from ..charts.curves import Styles
from ..charts.figure import Figure
from ..charts.footprint import FootprintChart
from ..charts.text import capital, fixed, listing, plural, quantity
from ..comparison.section import Comparison
from ..landscape.footprint import Footprint
from ..landscape.incumbent_values import IncumbentValues

_MOST_PRINTS = 8  # panels of a footprint
_MOST_ROWS, _MOST_COLUMNS = 4, 6  # panels of incumbents
_INACTIVE = "inactive"


def footprint_figure(one: Comparison, found: Footprint, styles: Styles) -> Figure:
    """Where each optimizer looked."""
    title, shown = one.section.title, found.tracks[:_MOST_PRINTS]
    few = "" if len(shown) == len(found.tracks) else f" Only the {len(shown)} best by rank are shown."
    taken = sum(len(track.points) for track in shown) < sum(track.configurations for track in shown)
    some = " Points are a sample, evenly taken over each run." if taken else ""
    first, second = (f"{100 * share:.0f} %" for share in found.shares)
    caption = (
        f"{title}: where each optimizer looked, in the first two principal coordinates of the configurations, the same "
        f"for all; they hold {first} and {second} of the variance, so points that lie together may still differ. Pale: "
        "first evaluated in the first half of a run's trials; full: in the last half; crosses: final incumbents. The "
        f"outline is the hull of all optimizers' configurations.{some}{few}"
    )
    alt = f"A panel of points for each of {listing(track.optimizer for track in shown)}."
    cut = Footprint(shown, found.shares, found.outline)
    looks = {track.optimizer: styles[track.optimizer] for track in shown}
    chart = FootprintChart(f"{title}: footprint", one.section.origin, cut, looks)
    return Figure(f"{title} footprint", caption, alt, chart)


def incumbents_figure(one: Comparison, values: Mapping[str, IncumbentValues]) -> Figure | None:
    """Frequencies of values in the incumbents over time; None where nothing changes or there are none."""
    shown = dict(list(values.items())[:_MOST_ROWS])
    names, labels = _columns(list(shown.values()))
    ends = [end for found in shown.values() for end in (found.positions[0], found.positions[-1]) if end > 0]
    if not names or not ends or min(ends) >= max(ends):
        return None
    title = one.section.title
    colours = dict(zip(labels, COLOURS)) | ({_INACTIVE: REST} if _inactive(shown.values(), names) else {})
    rows = [(label, [_stack(found, name) for name in names]) for label, found in shown.items()]
    span = f"{quantity(min(ends), None)} to {quantity(max(ends), one.axis.unit)}"
    others = {name for found in values.values() for name in found.names} - set(names)
    left = (
        f" Not shown: {listing(sorted(others)[:_MOST_COLUMNS])}{', …' if len(others) > _MOST_COLUMNS else ''}."
        if others
        else ""
    )
    few = "" if len(shown) == len(values) else f" Only the {len(shown)} best by rank are shown."
    runs = sorted({found.runs for found in shown.values()})
    counted = plural(runs[0], "run") if len(runs) == 1 else f"{runs[0]} to {plural(runs[-1], 'run')}"
    caption = (
        f"{title}: share of each optimizer's runs whose incumbent has each value, by hyperparameter, over "
        f"{one.axis.name} ({span}, logarithmic, the same in every panel), of {counted}. Areas begin where every run "
        f"has an incumbent.{few}{left} All frequencies are in the data (incumbent_values)."
    )
    chart = AreaGrid(
        title=f"{title}: values of incumbents, share of runs",
        xlabel=f"{capital(one.axis.name)}, {span}",
        footer=one.section.origin,
        heads=names,
        rows=rows,
        colours=colours,
        ends=(float(min(ends)), float(max(ends))),
    )
    return Figure(f"{title} values of incumbents", caption, f"Stacked areas. At the end: {_ends(shown, names)}.", chart)


def _columns(found: Sequence[IncumbentValues]) -> tuple[list[str], list[str]]:
    """Hyperparameters to show, which all optimizers have and whose values have a colour each, and those values."""
    names: list[str] = []
    labels: list[str] = []
    for name, own in zip(found[0].names, found[0].values, strict=True) if found else ():
        wider = list(dict.fromkeys([*labels, *(value for value in own if value != _INACTIVE)]))
        everywhere = all(name in one.names for one in found)
        if everywhere and len(wider) <= len(COLOURS) and len(names) < _MOST_COLUMNS:
            names.append(name)
            labels = wider
    return names, labels


def _inactive(found: Iterable[IncumbentValues], names: Sequence[str]) -> bool:
    return any(_INACTIVE in one.values[one.names.index(name)] for one in found for name in names)


def _stack(found: IncumbentValues, name: str) -> Stack:
    """The areas of one panel, with the positions at which something changes."""
    j = found.names.index(name)
    frequency = found.frequency[j]
    kept = np.append(True, (np.diff(frequency, axis=1) != 0).any(axis=0))
    shares = dict(zip(found.values[j], frequency[:, kept], strict=True))
    return Stack(np.append(found.positions[kept], found.positions[-1]), shares)


def _ends(shown: Mapping[str, IncumbentValues], names: Sequence[str]) -> str:
    told = [
        f"{label} {name} {found.values[j][int(last.argmax())]} in {fixed(100 * last.max(), 0)} %"
        for label, found in shown.items()
        for name in names
        for j in [found.names.index(name)]
        for last in [found.frequency[j][:, -1]]
    ]
    return "; ".join(told)
