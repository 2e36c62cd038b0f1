"""One chapter for each task: curves of every measure, ranks, critical-difference diagram, final table, tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...charts.figure import Figure
from ...charts.text import capital
from ...comparison.ranking import Centre
from ...comparison.section import Comparison
from ...comparison.training_noise import noise_of_lead
from ...performance.random_search import ExpectedCurve
from ...tables.curves import Curves
from ...tables.final import Final, FinalRuns
from ...tables.ranks import Ranks
from ...tables.tests import Tests
from ...tables.training_noise import LeadNoise
from .. import captions, pairs, random_search_line, table, words
from ..anytime_figures import hypervolume_figure
from ..cautions import list_cautions
from ..contents import Block, Chapter, Figures, Notice, ReportInput, ReportTable, Row
from ..figures import critical_difference_figure, curves_figure, ranks_figure

if TYPE_CHECKING:
    import pyarrow as pa


def write(study: ReportInput) -> list[Chapter]:
    """The chapters, by task."""
    return [_chapter(one, study) for one in study.comparisons]


def _chapter(one: Comparison, study: ReportInput) -> Chapter:
    title, cautions = one.section.title, list_cautions(one)
    expected = [
        random_search_line.expected_curve(study, one.section, one.axis, measure, curves)
        for measure, curves in zip(one.measures, one.curves, strict=True)
    ]
    known = [(one.section, one.axis, *pair) for pair in zip(one.measures, expected, strict=True)]
    noise = noise_of_lead(one, study.noise)
    blocks: list[Block] = [
        *([Notice(cautions)] if cautions else []),
        Figures(tuple(_figures(one, study, expected))),
        _table(one, study.settings.table),
    ]
    if one.significance:
        first, note = one.significance[0], captions.modelled_note([one])
        blocks += [*pairs.control_block(first, title, note), pairs.pairs_block(first, title, note)]
    return Chapter(
        title=title,
        blocks=blocks,
        summary=[*words.lead_sentences(one), *([words.noise_sentence(noise, one.measures[0])] if noise else [])],
        warnings=[f"{title}: {text}" for text in cautions],
        methods=[*([random_search_line.METHODS] if any(expected) else []), *([words.NOISE] if noise else [])],
        data={
            **_data(one),
            **random_search_line.tables(known),
            **({"training_noise": LeadNoise(title, one.measures[0].name, noise).table()} if noise else {}),
        },
    )


def _figures(one: Comparison, study: ReportInput, expected: Sequence[ExpectedCurve | None]) -> Iterator[Figure]:
    title, footer = one.section.title, one.section.origin
    if one.pareto:
        curves = one.made.curves[0]
        yield hypervolume_figure(replace(one.pareto, curves=curves), study.styles)
    for index, curve in enumerate(() if one.pareto else expected):
        yield curves_figure(one.made, index, study.styles, curve)
    if one.rank_curves:
        label, caption = capital(one.axis.label), captions.rank_caption(one)
        yield ranks_figure(one.rank_curves, title, label, footer, caption, study.styles)
    if one.significance and one.significance[0].friedman:
        name = f"{title} critical difference"
        yield critical_difference_figure(one.significance[0], name, f"{title}, seeds", footer, "seed", study.styles)


def _table(one: Comparison, centre: Centre) -> ReportTable:
    marked = table.cells(one.table, one.significance, centre)
    return ReportTable(
        name=one.section.title,
        caption=captions.table_caption(one, centre),
        heads=(
            "Optimizer",
            "Runs",
            "Trials",
            *(capital(measure.label) for measure in one.table.measures),
            "Average rank",
        ),
        rows=[Row(row.optimizer, cells, row.optimizer) for row, cells in zip(one.table.rows, marked, strict=True)],
        origin=one.section.origin,
    )


def _data(one: Comparison) -> dict[str, pa.Table]:
    """The numbers of one task."""
    title = one.section.title
    made = zip(one.measures, one.significance, strict=False)
    tests = Tests(tuple((title, measure.name, significance) for measure, significance in made))
    return {
        "curves": Curves((one.made,)).table(),
        "final": Final((one,)).table(),
        "runs": FinalRuns((one,)).table(),
        **({"tests": tests.table(), "omnibus": tests.omnibus().table()} if tests.made else {}),
        **({"control": tests.controls().table()} if tests.controls().table().num_rows else {}),
        **({"ranks": Ranks((one,)).table()} if one.rank_curves else {}),
    }
