"""What may be said of anytime performance: its sentence, the values at several budgets, differences over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from ..charts.curves import MOST_BANDS, Styles
from ..charts.figure import Figure
from ..charts.line_chart import Line, LineChart
from ..charts.scales import Scale
from ..charts.style import MUTED, LineStyle
from ..charts.text import capital, decimals, fixed, listing, plural, quantity, short
from ..comparison.anytime_summary import AnytimeSummary
from ..comparison.anytime_tests import BEGIN, SHARES, AnytimeTests, Endpoint
from ..comparison.ranking import FinalSpread
from ..grouping.measure import Measure
from ..statistics.simultaneous import INSIDE
from ..tables.anytime_tests import budget_spreads
from . import captions
from .contents import ReportTable, Row, TextCell
from .references import cite

Spreads: TypeAlias = "list[tuple[float, float, FinalSpread]]"
_MOST_NAMES = 5
_TESTS = {
    "wilcoxon": "Wilcoxon signed-rank tests",
    "friedman-wilcoxon": "Wilcoxon signed-rank tests",
    "mann-whitney": "Mann–Whitney tests",
}
METHODS = (
    "Anytime performance is tested by the area over the curve and by the values at "
    f"{listing(f'{share:.0%}' for share in SHARES)} of the time to where the first run ends, with the tests of final "
    "values; of each task all these comparisons (with a control those with it, else all pairs) are corrected together "
    f"by Holm's procedure. Bands of differences over time begin at {BEGIN:.0%} of it, since means over the first few "
    "evaluations have tails too long for them; they are made to hold at all points and for all optimizers of a task at "
    f"once: the level of a point is that at which {INSIDE:.1%} of the draws of a multiplier bootstrap over runs stay "
    f"inside everywhere{cite('montielolea2019simultaneous')}, and its quantile Student's; by simulation on measured "
    "searches such bands hold in 93 to 96 % of studies of 3 runs and more."
)


def sentence(one: AnytimeSummary) -> str:
    """Who is ahead over the whole time, by the test of areas, and how many values on the way differ."""
    made, title = one.tests, one.comparison.section.title
    areas = {own.optimizer: own.area.value for own in one.runtimes if not math.isnan(own.area.value)}
    best = max(areas, key=lambda name: areas[name], default="")
    lead = f"{title}: over the whole time {_ahead(areas, best)}"
    if not made.made:
        suggestion = f" {made.choice.suggestion}" if made.choice.suggestion else ""
        return f"{lead}; no claim over time was tested. {made.choice.reason}{suggestion}"
    counted = f"{_TESTS[made.choice.test]}, Holm-corrected for all {len(made.made)} of area and values on the way"
    by_area = f"; {_by_area(made, best)}" if areas.get(best) else ""
    return f"{lead}{by_area}; {_on_the_way(made)} ({counted})."


def _ahead(areas: Mapping[str, float], best: str) -> str:
    """Who has the largest area, with as many digits as tell it from the next; or that areas tell nothing."""
    if not areas:
        return "there is no area over the curve, which takes two values above zero to lie between"
    largest = areas[best]
    ahead = [name for name, area in areas.items() if math.isclose(area, largest, abs_tol=1e-12)]
    if len(ahead) == len(areas) and largest == 0:
        return "no area over the curve says who is ahead: no run is below the easiest target before the first run ends"
    if len(ahead) == len(areas):
        return f"all have the same area over the curve ({fixed(largest, 3)} of 1)"
    following = max(area for name, area in areas.items() if name not in ahead)
    places = next((n for n in range(3, 12) if fixed(largest, n) != fixed(following, n)), 12)
    has = "has the" if len(ahead) == 1 else "have the same and"
    return f"{_who(ahead)} {has} largest area over the curve ({fixed(largest, places)} of 1)"


def _by_area(made: AnytimeTests, best: str) -> str:
    """Who differs by area: from the control, or from the best."""
    endpoint = made.endpoints[0]
    reference = made.control or best
    told: dict[str, list[str]] = {"better": [], "worse": [], "close": []}
    for name in endpoint.values:
        test = made.of(endpoint, name, reference) if name != reference else None
        if test is not None:
            ahead = test.favours * (1 if test.first == name else -1)
            told["close" if not test.different or not ahead else "better" if ahead > 0 else "worse"].append(name)
    parts = [f"significantly {how} than {reference}: {_who(told[how])}" for how in ("better", "worse") if told[how]]
    if told["close"]:
        parts.append(f"not significantly different from {reference}: {_who(told['close'])}")
    return "by this area " + ", ".join(parts)


def _on_the_way(made: AnytimeTests) -> str:
    values = [one for one in made.endpoints if one.share is not None]
    each = [(one, [test for test in made.made if test.endpoint is one]) for one in values]
    counts = listing(f"{sum(t.different for t in tests)} at {one.share:.0%}" for one, tests in each)
    of = len(each[0][1]) if each else 0
    return f"of {plural(of, 'comparison')} of values {counts} of the time are significant"


def _who(names: Sequence[str]) -> str:
    return listing(names) if len(names) <= _MOST_NAMES else f"{len(names)} optimizers"


def values_table(one: AnytimeSummary) -> ReportTable:
    """The first measure at several shares of the time."""
    comparison, measure = one.comparison, one.comparison.measures[0]
    spreads = {label: budget_spreads(comparison, label) for label in comparison.ordered}
    columns = [_column(one, spreads, place) for place in range(len(SHARES) + 1)]
    rows = [
        Row(label, [column[number] for column in columns], label) for number, label in enumerate(comparison.ordered)
    ]
    at = next(iter(spreads.values()))
    axis = comparison.axis
    heads = ("Optimizer", *(f"{share:.0%}: {quantity(position, axis.unit)}" for share, position, _ in at))
    tested = "Underlined before the end: not significantly worse than the best there, by the tests over time. "
    caption = (
        f"{comparison.section.title}: {measure.label} of the incumbent at shares of the time to where the first run "
        f"ends, mean ± standard deviation over runs; best in bold. {tested if _all_pairs(one) else ''}A dash: not "
        f"every run has an incumbent.{captions.modelled_note([comparison])}"
    )
    return ReportTable(f"{comparison.section.title} over time", caption, heads, rows, origin=comparison.section.origin)


def _all_pairs(one: AnytimeSummary) -> bool:
    return bool(one.tests.made) and one.tests.control is None


def _column(one: AnytimeSummary, spreads: Mapping[str, Spreads], place: int) -> list[TextCell]:
    comparison, measure = one.comparison, one.comparison.measures[0]
    own = {label: each[place][2] for label, each in spreads.items()}
    complete = {label: len(it.values) == len(comparison.trajectories[label]) for label, it in own.items()}
    able = {label: it.mean for label, it in own.items() if complete[label]}
    digits = decimals([it.std for it in own.values()], [it.mean for it in own.values()], measure.unit)
    choose = min if measure.lower_is_better else max
    best = choose(able, key=lambda label: able[label]) if len(able) > 1 else None
    share = spreads[next(iter(spreads))][place][0]
    endpoint = next((each for each in one.tests.endpoints if each.share == share), None)
    cells: list[TextCell] = []
    for label, it in own.items():
        if not complete[label]:
            cells.append(TextCell("–"))
            continue
        text = fixed(it.mean, digits) + ("" if math.isnan(it.std) else f" ± {fixed(it.std, digits)}")
        top = best is not None and round(it.mean, digits) == round(able[best], digits)
        cells.append(TextCell(text, top, not top and _all_pairs(one) and _close(one.tests, endpoint, label, best)))
    return cells


def _close(made: AnytimeTests, endpoint: Endpoint | None, label: str, best: str | None) -> bool:
    if endpoint is None or best is None:
        return False
    test = made.of(endpoint, label, best)
    return test is not None and not (test.different and test.favours == (1 if test.first == best else -1))


def differences_figure(one: AnytimeSummary, styles: Styles) -> Figure | None:
    """Differences from the control over time, with simultaneous bands; None where there are none."""
    found, comparison = one.differences, one.comparison
    if found is None:
        return None
    measure, axis, title = comparison.measures[0], comparison.axis, comparison.section.title
    shown = list(found.bands.items())
    lines = [
        Line(
            label,
            styles[label],
            found.positions,
            band.value,
            (found.positions, band.lower, band.upper) if number < MOST_BANDS else None,
            steps=False,
        )
        for number, (label, band) in enumerate(shown)
    ]
    zero = np.zeros(len(found.positions))
    lines.append(Line(found.control, LineStyle(MUTED, (), ""), found.positions, zero, steps=False))
    low = min(float(band.lower.min()) for _, band in shown[:MOST_BANDS])
    high = max(float(band.upper.max()) for _, band in shown[:MOST_BANDS])
    better = "below" if measure.lower_is_better else "above"
    picked = ", the best at the end, which these same data picked" if found.picked else ", the control"
    without = f" {plural(found.without, 'run')} without an incumbent left out." if found.without else ""
    caption = (
        f"{title}: difference of the mean {measure.name} from that of {found.control}{picked}, over {axis.name}; "
        f"{better} zero is better. The 95 % bands are simultaneous: they hold at all times and for all optimizers at "
        f"once.{without}{captions.modelled_note([comparison])}"
    )
    return Figure(
        name=f"{title} differences",
        caption=caption,
        alt=f"Differences from {found.control} over {axis.name}: {_stretches(one)}",
        chart=LineChart(
            title=title,
            xlabel=capital(axis.label),
            ylabel=f"Difference from {found.control}{_points(measure)}",
            footer=comparison.section.origin,
            lines=lines,
            scale=Scale("linear", low, high),
        ),
    )


def _points(measure: Measure) -> str:
    """The unit of a difference: of percentages it is points, which are no percentage of the control's."""
    unit = {"%": "% points", None: ""}.get(measure.unit, measure.unit)
    return f" [{unit}]" if unit else ""


def _stretches(one: AnytimeSummary) -> str:
    """Of how much of the drawn time each band is away from zero."""
    found = one.differences
    assert found is not None, "there are bands"
    told: list[str] = []
    for label, band in found.bands.items():
        away = float(((band.lower > 0) | (band.upper < 0)).mean())
        ends = f"{label} from {short(float(band.value[0]))} to {short(float(band.value[-1]))}"
        told.append(f"{ends}, its band away from zero at {away:.0%} of the points")
    return "; ".join(told) + "."
