"""Anytime performance beside the main curves: other axes, targets hit over time, running times, hypervolume."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pyarrow as pa

from ...charts.figure import Figure
from ...charts.text import fixed, plural, quantity, short
from ...comparison.anytime_summary import AnytimeSummary, summarise
from ...performance.pareto import HYPERVOLUME
from ...performance.random_search import ExpectedCurve
from ...performance.runtimes import Runtime
from ...statistics.effects import Estimate
from ...tables.anytime_tests import AnytimePairs, BudgetValues, DifferencesOverTime
from ...tables.curves import Curves
from ...tables.runtimes import RunningTimes
from .. import anytime_claims, captions, random_search_line, words
from ..anytime_figures import attainment_figure, axis_figure, ecdf_figure, hypervolume_figure
from ..contents import Block, Chapter, Details, Figures, ReportInput, ReportTable, Row, TextCell
from ..references import cite

TITLE = "Anytime performance"
_NAMES = {
    "section": "string",
    "optimizer": "string",
    "axis": "string",
    "measure": "string",
}  # columns of every table of data
_SHOWN = (0.5, 0.75, 1.0)  # of the way from the easiest target to the hardest: those of the table
_RUNTIMES = (
    "Targets are spaced from the worst first incumbent to the best value {best}. {hit} The expected running time to a "
    "target is the sum of what all runs had spent when they hit it or ended, over the number of runs that hit it"
    f"{cite('hansen2021coco')}; the ECDF is the share of pairs of run and target that were hit"
    f"{cite('wang2022iohanalyzer')}; the area over the curve is the share of targets between the hardest and the "
    "easiest that the incumbent is at or below, on average from the start to where the first run ends. Intervals of "
    "expected running times are percentile bootstrap intervals over runs."
)
_HITS = {
    "held": {
        "best": "that a run ends with",
        "hit": "A run hits a target when it is at or below it and stays so to its end, since what is reported of an "
        "incumbent may rise when the incumbent changes.",
    },
    "first": {"best": "of any run", "hit": "A run hits a target when it is first at or below it."},
}
_BUDGETS = (
    "Curves over budgets spent add up the budgets of all finished trials, failed ones included; of a trial that "
    "continues another only what it added."
)
_FRONTS = (
    "Hypervolumes"
    f"{cite('zitzler1998multiobjective')} are of objectives scaled to the ideal and nadir of the joint nondominated "
    "set of all runs, with 1.1 in each objective as the reference point; only trials at an optimizer's highest "
    "budget count."
)


Expected = Sequence["ExpectedCurve | None"]  # that of random search on each of the other axes


def write(study: ReportInput) -> list[Chapter]:
    """One chapter, where any run has an incumbent."""
    made = [summarise(one, study.settings.hits, study.settings.control) for one in study.comparisons]
    summaries = [one for one in made if one.targets]
    if not summaries:
        return []
    methods = [_RUNTIMES.format(**_HITS[study.settings.hits])]
    if any(curves.axis.kind in ("epochs", "full-evaluations") for one in summaries for curves in one.other_axes):
        methods.append(_BUDGETS)
    if any(one.pareto for one in summaries):
        methods.append(_FRONTS)
    alone = len(study.comparisons) == 1
    blocks: list[Block] = []
    expected = [_expected(one, study) for one in summaries]
    for one, known in zip(summaries, expected, strict=True):
        # the hypervolume that runs are compared by is the first figure of their task
        shown = f"{one.comparison.section.title} {HYPERVOLUME.name}" if one.comparison.pareto else None
        figures = tuple(figure for figure in _figures(one, known, study) if figure.name != shown)
        own: list[Block] = [Figures(figures), anytime_claims.values_table(one), _table(one)]
        blocks += own if alone else [Details(one.comparison.section.title, own, open=True)]
    several = [one for one in summaries if len(one.runtimes) > 1]
    if several:
        methods.append(anytime_claims.METHODS)
    crossed = words.mixed_sentence([one.comparison.section for one in several])
    claims = [*(anytime_claims.sentence(one) for one in several), *([crossed] if crossed else [])]
    return [Chapter(TITLE, blocks, summary=claims, methods=methods, data=_data(summaries, expected))]


def _figures(one: AnytimeSummary, expected: Expected, study: ReportInput) -> Iterator[Figure]:
    for curves, curve in zip(one.other_axes, expected, strict=True):
        yield axis_figure(curves, study.styles, curve)
    yield ecdf_figure(one, study.styles)
    differences = anytime_claims.differences_figure(one, study.styles)
    if differences is not None:
        yield differences
    if one.pareto:
        yield hypervolume_figure(one.pareto, study.styles)
        if any(len(surface) for surface in one.pareto.surfaces.values()):
            yield attainment_figure(one.pareto, study.styles)


def _expected(one: AnytimeSummary, study: ReportInput) -> Expected:
    return [
        random_search_line.expected_curve(study, curves.section, curves.axis, curves.measures[0], curves.curves[0])
        for curves in one.other_axes
    ]


def _table(one: AnytimeSummary) -> ReportTable:
    comparison, targets = one.comparison, one.targets
    assert targets is not None, "a table needs targets"
    measure, axis = comparison.measures[0], comparison.axis
    shown = list(dict.fromkeys(round(share * (len(targets.values) - 1)) for share in _SHOWN))
    expected = [[runtime.expected(target) for target in shown] for runtime in one.runtimes]
    best = [min((own[column].value for own in expected), default=math.inf) for column in range(len(shown))]
    area = max((runtime.area.value for runtime in one.runtimes if not math.isnan(runtime.area.value)), default=math.nan)
    several = len(one.runtimes) > 1
    rows = [
        Row(
            runtime.optimizer,
            [
                TextCell(_interval(runtime.area), several and round(runtime.area.value, 3) == round(area, 3)),
                *(
                    TextCell(_time(own, runtime, target), several and math.isfinite(own.value) and own.value == least)
                    for own, target, least in zip(mine, shown, best, strict=True)
                ),
            ],
            runtime.optimizer,
        )
        for runtime, mine in zip(one.runtimes, expected, strict=True)
    ]
    unit = f" in {axis.unit}" if axis.unit else f" in {axis.name}"
    interval = " with its 95 % interval over runs" if any(runtime.runs > 1 for runtime in one.runtimes) else ""
    return ReportTable(
        name=f"{comparison.section.title} running times",
        caption=(
            f"{comparison.section.title}: area over the curve of {measure.name} (1 is best; 0 is never below the "
            f"easiest target){interval}, and expected running time (ERT){unit} to "
            "targets, with the runs that hit them; ∞ where none did. Best in bold. The data has "
            f"{_all(len(targets.values))}, with intervals.{captions.modelled_note([comparison])}"
        ),
        heads=(
            "Optimizer", "Area",
            *(f"ERT to {quantity(float(targets.values[target]), measure.unit)}" for target in shown),
        ),
        rows=rows,
        origin=comparison.section.origin,
    )  # fmt: skip


def _all(targets: int) -> str:
    return "the one target" if targets == 1 else f"all {plural(targets, 'target')}"


def _interval(estimate: Estimate) -> str:
    if math.isnan(estimate.lower):
        return fixed(estimate.value, 3)
    return f"{fixed(estimate.value, 3)} [{fixed(estimate.lower, 3)}, {fixed(estimate.upper, 3)}]"


def _time(estimate: Estimate, runtime: Runtime, target: int) -> str:
    value = short(estimate.value) if math.isfinite(estimate.value) else "∞"
    return f"{value} ({runtime.hits(target)}/{runtime.runs})"


def _data(summaries: Sequence[AnytimeSummary], expected: Sequence[Expected]) -> dict[str, pa.Table]:
    times = RunningTimes(tuple(one.section_runtimes for one in summaries if one.targets))
    tables = {"areas": times.areas().table(), "runtimes": times.table(), "ecdf": times.ecdf().table()}
    claims = {
        "budget_values": BudgetValues(summaries).table(),
        "anytime_tests": AnytimePairs(summaries).table(),
        "differences": DifferencesOverTime(summaries).table(),
    }
    tables |= {name: table for name, table in claims.items() if table.num_rows}
    others = [curves for one in summaries for curves in one.other_axes]
    if others:
        tables["curves_on_other_axes"] = Curves(tuple(others)).table()
        tables |= random_search_line.tables(
            (curves.section, curves.axis, curves.measures[0], curve)
            for one, own in zip(summaries, expected, strict=True)
            for curves, curve in zip(one.other_axes, own, strict=True)
        )
    fronts = [one.pareto for one in summaries if one.pareto]
    if fronts:
        tables["hypervolume"] = Curves(tuple(one.as_curves() for one in fronts)).table()
    return tables
