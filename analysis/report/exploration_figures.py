"""Figures of how the space was explored: footprints, and what the incumbents are made of over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..charts.curves import Styles
from ..charts.figure import Figure
from ..charts.footprint import MOST_PANELS, FootprintChart
from ..charts.incumbent_areas import MOST_COLUMNS, incumbent_areas
from ..charts.text import fixed, listing, plural
from ..comparison.section import Comparison
from ..landscape.footprint import Footprint
from ..landscape.incumbent_values import IncumbentValues
from . import captions

_WHOLE = 1 - 1e-9  # of the variance in the plane, so that what lies together is together


def footprint_figure(one: Comparison, found: Footprint, styles: Styles) -> Figure:
    """Where each optimizer looked."""
    title, shown = one.section.title, found.tracks[:MOST_PANELS]
    few = "" if len(shown) == len(found.tracks) else f" Only the {len(shown)} best by rank are shown."
    taken = sum(len(track.points) for track in shown) < sum(track.configurations for track in shown)
    some = " Points are a sample, evenly taken over each run." if taken else ""
    first, second = (f"{100 * share:.0f} %" for share in found.shares)
    hidden = "" if sum(found.shares) > _WHOLE else ", so points that lie together may still differ"
    caption = (
        f"{title}: where each optimizer looked, in the first two principal coordinates of the configurations, the same "
        f"for all; they hold {first} and {second} of the variance{hidden}. Pale: first "
        "evaluated in the first half of a run's trials; full: in the last half; crosses: final incumbents. The "
        f"outline is the hull of all optimizers' configurations.{some}{few}"
    )
    alt = f"A panel of points for each of {listing(track.optimizer for track in shown)}."
    chart = FootprintChart.of(found, title, one.section.origin, styles)
    return Figure(f"{title} footprint", caption, alt, chart, "footprint")


def incumbents_figure(one: Comparison, values: Mapping[str, IncumbentValues]) -> Figure | None:
    """Frequencies of values in the incumbents over time; None where nothing changes or there are none."""
    areas = incumbent_areas(values)
    if areas is None:
        return None
    title, shown, names = one.section.title, areas.shown, areas.names
    others = {name for found in values.values() for name in found.names} - set(names)
    left = (
        f" Not shown: {listing(sorted(others)[:MOST_COLUMNS])}{', …' if len(others) > MOST_COLUMNS else ''}."
        if others
        else ""
    )
    few = "" if len(shown) == len(values) else f" Only the {len(shown)} best by rank are shown."
    runs = sorted({found.runs for found in shown.values()})
    counted = plural(runs[0], "run") if len(runs) == 1 else f"{runs[0]} to {plural(runs[-1], 'run')}"
    caption = (
        f"{title}: share of each optimizer's runs whose incumbent has each value, by hyperparameter, over "
        f"{one.axis.name} ({areas.span(one.axis)}, logarithmic, the same in every panel), of {counted}. Areas begin "
        f"where every run has an incumbent.{few}{left} All frequencies are in the data (incumbent_values)."
        f"{captions.modelled_note([one])}"
    )
    chart = areas.chart(title, one.axis, one.section.origin)
    alt = f"Stacked areas. At the end: {_ends(shown, names)}."
    return Figure(f"{title} values of incumbents", caption, alt, chart, "incumbents")


def _ends(shown: Mapping[str, IncumbentValues], names: Sequence[str]) -> str:
    told = [
        f"{label} {name} {found.values[j][int(last.argmax())]} in {fixed(100 * last.max(), 0)} %"
        for label, found in shown.items()
        for name in names
        for j in [found.names.index(name)]
        for last in [found.frequency[j][:, -1]]
    ]
    return "; ".join(told)
