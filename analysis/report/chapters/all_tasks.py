"""The result over all tasks: ranks over time, critical-difference diagram, table of ranks, tests."""

from __future__ import annotations

from collections.abc import Iterator

from ...overall import Overall
from .. import captions, data, pairs, table, tests, words
from ..contents import Chapter, Figure, Figures, Row, Study, Table
from ..critical_difference import critical_difference_figure
from ..figures import ranks_figure

TITLE = "All tasks"
_RANKS = "Average rank of runs (1 is best)"  # the table's are of medians over runs


def write(study: Study) -> list[Chapter]:
    """One chapter, where the tasks compare."""
    overall = study.overall
    if overall is None:
        return []
    figures = tuple(_figures(overall, study))
    blocks = [
        *([Figures(figures)] if figures else []),
        _table(overall),
        *pairs.control_block(overall.significance, TITLE),
        pairs.pairs_block(overall.significance, TITLE),
    ]
    return [
        Chapter(
            title=TITLE,
            blocks=blocks,
            summary=tests.overall_sentences(overall.significance, overall.measure),
            data={
                "tests": data.test_rows(TITLE, overall.measure, overall.significance),
                **(
                    {"ranks": data.rank_rows(TITLE, "share of the task's time", overall.curves)}
                    if overall.curves
                    else {}
                ),
            },
        )
    ]


def _figures(overall: Overall, study: Study) -> Iterator[Figure]:
    origins = {words.origin(one.section) for one in overall.comparisons}
    footer = origins.pop() if len(origins) == 1 else ""
    if overall.curves and len(overall.optimizers) > 2:
        caption = captions.overall_rank_caption(overall)
        yield ranks_figure(overall.curves, TITLE, "Share of the task's time", footer, caption, study.styles, _RANKS)
    if overall.significance.friedman:
        name = f"{TITLE} critical difference"
        yield critical_difference_figure(overall.significance, name, TITLE, footer, "task", study.styles)


def _table(overall: Overall) -> Table:
    rows = zip(overall.optimizers, table.overall_cells(overall), strict=True)
    return Table(
        name=TITLE,
        caption=captions.overall_caption(overall),
        heads=("Optimizer", *table.task_heads(overall), "Average rank of medians"),
        rows=[Row(label, cells, label) for label, cells in rows],
        origin="; ".join(sorted({words.origin(one.section) for one in overall.comparisons} - {""})),
    )
