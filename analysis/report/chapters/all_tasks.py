"""The result over all tasks: ranks over time, critical-difference diagram, table of ranks, tests."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ...charts.curves import profiles_chart
from ...charts.figure import Figure
from ...charts.text import fixed, plural
from ...comparison.overall import Overall
from ...comparison.profiles import Profile, profiles
from ...comparison.robustness import RankRobustness, rank_robustness
from ...tables.curves import OVER_TASKS
from ...tables.profiles import NormalisedRegrets, Profiles
from ...tables.ranks import Ranks
from ...tables.robustness import Robustness
from ...tables.tests import Tests
from ...tables.within_tasks import StratifiedTests
from .. import captions, pairs, table, tests, within_tasks, words
from ..contents import Chapter, Figures, ReportInput, ReportTable, Row, TextCell
from ..figures import critical_difference_figure, ranks_figure
from ..references import cite

TITLE = "All tasks"
_PROFILES = (
    "Regrets are normalised on each task by the mean with which random search ends, if it was run, else by the median "
    "regret of all runs' first incumbents. Performance profiles and the optimality gap are those of "
    f"rliable{cite('agarwal2021deep')} for the score 1 − normalised regret."
)
_FEW_TASKS = 10  # below so many tasks a bootstrap over them is told to be rough
_RANKS = "Average rank of runs (1 is best)"  # the table's are of medians over runs


def write(study: ReportInput) -> list[Chapter]:
    """One chapter, where the tasks compare."""
    overall = study.overall
    if overall is None:
        return []
    made = profiles(overall.comparisons, overall.optimizers, study.settings.interval)
    robust = rank_robustness(overall.optimizers, overall.task_ranks)
    note = captions.modelled_note(overall.comparisons)
    figures = (*_figures(overall, study), *([_profile_figure(made, overall, study)] if made else []))
    blocks = [
        *([Figures(figures)] if figures else []),
        _table(overall),
        *([_robustness_table(robust, overall)] if robust else []),
        *([_gap_table(made, overall)] if made else []),
        *pairs.control_block(overall.significance, TITLE, note),
        pairs.pairs_block(overall.significance, TITLE, note),
        within_tasks.table(overall, TITLE),
    ]
    tested = Tests(((OVER_TASKS, overall.measure, overall.significance),))
    omnibus, control = tested.omnibus().table(), tested.controls().table()
    crossed = words.mixed_sentence([one.section for one in overall.comparisons])
    counted = within_tasks.family_sentence(overall.comparisons, study.settings.family)
    return [
        Chapter(
            title=TITLE,
            blocks=blocks,
            summary=[
                *tests.overall_sentences(overall.significance, overall.measure),
                *within_tasks.sentences(overall.within),
                *([counted] if counted else []),
                *([crossed] if crossed else []),
            ],
            methods=[within_tasks.methods(overall.within), *([_PROFILES] if made else [])],
            data={
                **(
                    {"profiles": Profiles(tuple(made)).table(), "normalised": NormalisedRegrets(tuple(made)).table()}
                    if made
                    else {}
                ),
                "tests": tested.table(),
                **({"omnibus": omnibus} if omnibus.num_rows else {}),
                **({"control": control} if control.num_rows else {}),
                **({"rank_robustness": Robustness(robust).table()} if robust else {}),
                "stratified_tests": StratifiedTests(overall.measure, overall.within).table(),
                **({"ranks": Ranks((), overall).table()} if overall.curves else {}),
            },
        )
    ]


def _profile_figure(made: Sequence[Profile], overall: Overall, study: ReportInput) -> Figure:
    tasks = plural(len(overall.comparisons), "task")
    caption = (
        f"Performance profiles over {tasks}: share of runs that end with at most so much normalised regret (0 is the "
        "reference, 1 the baseline), the mean over tasks, with 95 % bands; higher is better."
        f"{captions.origin_note(overall.comparisons)}"
    )
    ends = ", ".join(f"{one.optimizer} {fixed(float(one.share[0]), 2)}" for one in made)
    chart = profiles_chart(made, TITLE, overall.origin, study.styles)
    return Figure(f"{TITLE} profiles", caption, f"Shares of runs at the smallest regret: {ends}.", chart, "profiles")


def _robustness_table(robust: Sequence[RankRobustness], overall: Overall) -> ReportTable:
    tasks = len(overall.comparisons)
    rows = [
        Row(
            one.optimizer,
            [
                TextCell(f"{fixed(one.rank, 2)} [{fixed(one.lower, 2)}, {fixed(one.upper, 2)}]"),
                TextCell(f"{one.first:.0%}"),
                TextCell(f"{one.best_without} of {tasks}"),
            ],
            one.optimizer,
        )
        for one in robust
    ]
    caption = (
        f"How the average rank of medians depends on the {tasks} tasks: its 95 % percentile interval and the share of "
        f"resamples in which it is the best, tasks resampled, and how many single tasks can be left out with it still "
        f"the best.{' So few tasks say little of others.' if tasks < _FEW_TASKS else ''}"
        f"{captions.modelled_note(overall.comparisons)}"
    )
    heads = ("Optimizer", "Average rank", "Best in", "Best without one")
    return ReportTable(f"{TITLE} robustness", caption, heads, rows)


def _gap_table(made: Sequence[Profile], overall: Overall) -> ReportTable:
    known = [one.gap.value for one in made if not math.isnan(one.gap.value)]
    least = min(known, default=math.nan)
    rows = [
        Row(one.optimizer, [TextCell(_gap(one), round(one.gap.value, 3) == round(least, 3))], one.optimizer)
        for one in made
    ]
    tasks, measure = plural(len(overall.comparisons), "task"), overall.measure.removeprefix("normalised ")
    caption = (
        f"Normalised {measure} at the end, the mean over {tasks} of the mean over runs, with its 95 % "
        "interval; 0 is the reference and 1 the baseline. It is the optimality gap of the score 1 − normalised regret. "
        f"Best in bold; a dash where a run failed.{captions.origin_note(overall.comparisons)}"
    )
    return ReportTable(f"{TITLE} normalised regret", caption, ("Optimizer", "Normalised regret"), rows)


def _gap(one: Profile) -> str:
    gap = one.gap
    if math.isnan(gap.value):
        return "–"
    if math.isnan(gap.lower):
        return fixed(gap.value, 3)
    return f"{fixed(gap.value, 3)} [{fixed(gap.lower, 3)}, {fixed(gap.upper, 3)}]"


def _figures(overall: Overall, study: ReportInput) -> Iterator[Figure]:
    footer = overall.origin
    if overall.curves and len(overall.optimizers) > 2:
        caption = captions.overall_rank_caption(overall)
        yield ranks_figure(overall.curves, TITLE, "Share of the task's time", footer, caption, study.styles, _RANKS)
    if overall.significance.friedman:
        name = f"{TITLE} critical difference"
        yield critical_difference_figure(overall.significance, name, TITLE, footer, "task", study.styles)


def _table(overall: Overall) -> ReportTable:
    rows = zip(overall.optimizers, table.overall_cells(overall), strict=True)
    return ReportTable(
        name=TITLE,
        caption=captions.overall_caption(overall),
        heads=("Optimizer", *table.task_heads(overall), "Average rank of medians"),
        rows=[Row(label, cells, label) for label, cells in rows],
        origin=overall.origin,
    )
