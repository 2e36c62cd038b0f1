"""Which hyperparameters matter, beside the truth where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ....run import Run
from ...charts.figure import Figure
from ...charts.line_chart import Line, LineChart
from ...charts.scales import Scale
from ...charts.style import INK, LineStyle
from ...charts.text import capital, fixed, listing, plural, spread
from ...importance.bias import UNIFORM, Bias, estimate_bias, uniform_groups
from ...importance.groups import GroupImportance, Refused, group_importance
from ...tables.importance import ImportanceBias, Importances
from ..contents import Block, Chapter, Details, Figures, Notice, ReportInput, ReportTable, Row, TextCell
from ..references import cite

_FORESTS = 40  # runs that forests are fitted to, over all groups, where each has more than one
_COUNTS = (16, 64, 256)  # first trials from which the error of the estimate is told
_DRAWS = 3  # uniform samples of each size
_SINGLES, _PAIRS = 8, 2  # most effects in a table; all are in the data
_REASONS = 3  # of what is left out
WEAK = 0.5
"""Below so much R² out of bag importances are told to be rough, as in the terminal; below 0 they are not shown."""
_OPEN = 2  # tasks of a study whose tables are shown at once
_REFERENCE = LineStyle(INK, (1.2, 1.4), "x")


def write(study: ReportInput) -> list[Chapter]:
    """One chapter, unless no run can be explained and none is refused."""
    groups, refused = _importances(study)
    known = estimate_bias(groups)
    bias = estimate_bias((*groups, *uniform_groups(groups, draws=_DRAWS))) if known else ()
    titles = [section.title for section in study.view.sections]
    told = [(title, _task(title, study, groups, bias)) for title in titles]
    blocks = [Details(f"{title}: importance", own, open=len(titles) <= _OPEN) for title, own in told if own]
    if not groups and not refused:
        return []
    data = {
        **({"importance": Importances(groups).table()} if groups else {}),
        **({"importance_bias": ImportanceBias(tuple(bias)).table()} if bias else {}),
    }
    weak = [caution for title in titles for caution in weak_forests(title, _last(groups, title))]
    notices = [*_refused(refused), *([Notice(weak)] if weak else [])]
    return [Chapter("Hyperparameters", [*notices, *blocks], warnings=weak, methods=_methods(groups, bias), data=data)]


def weak_forests(title: str, groups: Sequence[GroupImportance]) -> list[str]:
    """Whose forests explain so little that their importances say little, or nothing."""
    r2 = {group.optimizer: mean_r2(group) for group in groups}
    nothing = [f"{name} ({fixed(value, 2)})" for name, value in r2.items() if value < 0]
    little = [f"{name} ({fixed(value, 2)})" for name, value in r2.items() if 0 <= value < WEAK]
    found: list[str] = []
    if nothing:
        found.append(
            f"{title}: the forests of {listing(nothing)} predict trials that they were not grown on worse than the "
            "mean does (R² out of bag below 0), so no importances are shown. Add trials."
        )
    if little:
        found.append(
            f"{title}: the forests of {listing(little)} explain less than half of the variance out of bag, so their "
            "importances are rough."
        )
    return found


def mean_r2(group: GroupImportance) -> float:
    """How well the forests of a group predict trials that they were not grown on, mean over runs."""
    return float(np.mean([one.r2 for one in group.estimates]))


def _importances(study: ReportInput) -> tuple[tuple[GroupImportance, ...], tuple[Refused, ...]]:
    """From some runs of each group, evenly spread over its seeds, so that a large study takes seconds."""
    groups = sum(len(section.groups) for section in study.view.sections)
    each = max(1, _FORESTS // groups)
    chosen = [
        replace(section, groups=tuple(replace(group, runs=_spread(group.runs, each)) for group in section.groups))
        for section in study.view.sections
    ]
    return group_importance(chosen, first=_COUNTS if groups <= _FORESTS and study.truth else (), truth=study.truth)


def _spread(runs: Sequence[Run], most: int) -> tuple[Run, ...]:
    places: list[int] = np.unique(np.linspace(0, len(runs) - 1, most).astype(int)).tolist()
    return tuple(runs[place] for place in places)


def _last(groups: Sequence[GroupImportance], title: str) -> list[GroupImportance]:
    """The groups of a task, each from all its trials."""
    last = {group.optimizer: group for group in groups if group.task == title}
    return list(last.values())


def _task(title: str, study: ReportInput, groups: Sequence[GroupImportance], bias: Sequence[Bias]) -> list[Block]:
    last = _last(groups, title)
    if not last:
        return []
    able = [group for group in last if not mean_r2(group) < 0]
    if not able:
        return []
    section = next(one for one in study.view.sections if one.title == title)
    # a table's own trials are of the highest budget, which is measured
    note = f" {capital(section.modelled_words)}." if section.surrogate else ""
    blocks: list[Block] = [_importance_table(title, last, able, note)]
    known = {group.optimizer for group in last} - {group.optimizer for group in able}
    mine = [one for one in bias if one.task == title and one.optimizer not in known]
    if mine:
        blocks.append(Figures([_bias_figure(title, mine, study)]))
    return blocks


def _importance_table(
    title: str, groups: Sequence[GroupImportance], able: Sequence[GroupImportance], note: str
) -> ReportTable:
    first = max(able, key=lambda group: len(group.runs))
    labels = [first.label(k) for k in np.argsort(-first.mean)]
    single = {first.label(k) for k, subset in enumerate(first.estimates[0].subsets) if len(subset) == 1}
    shown = [label for label in labels if label in single][:_SINGLES]
    shown += [label for label in labels if label not in single][:_PAIRS]
    rows = [Row(group.optimizer, _shares(group, shown), group.optimizer) for group in groups]
    exact = {first.label(k): value for k, value in enumerate(first.exact)} if first.exact is not None else {}
    if exact:
        known = [f"{100 * exact[label]:.1f}" for label in shown]
        rows.append(Row("Complete table", [*(TextCell(percent) for percent in known), TextCell("–"), TextCell("–")]))
    at = "" if first.budget is None else f" at budget {first.budget:g}"
    caption = (
        f"Importance of hyperparameters on {title}: share of the variance of {first.objective}{at} over the space, in "
        "percent, by functional ANOVA of a forest on each run's trials (mean ± standard deviation over runs), and how "
        f"well the forests predict trials they were not grown on. At most {_SINGLES} single and {_PAIRS} joint "
        "effects; all are in the data (importance)."
        f"{_caution(groups)}{note}"
    )
    heads = ("Optimizer", *shown, "R² out of bag", "Runs")
    return ReportTable(f"{title} importance", caption, heads, rows)


def _caution(groups: Sequence[GroupImportance]) -> str:
    """Whose line to take with care, as sentences of the caption; empty where forests explain at least half."""
    r2 = {group.optimizer: mean_r2(group) for group in groups}
    rough = [name for name, value in r2.items() if 0 <= value < WEAK]
    nothing = [name for name, value in r2.items() if value < 0]
    told = f" Rough, with R² below {WEAK:g}: {listing(rough)}." if rough else ""
    return told + (f" Not shown, with R² below 0: {listing(nothing)}." if nothing else "")


def _shares(group: GroupImportance, shown: Sequence[str]) -> list[TextCell]:
    r2 = mean_r2(group)
    at = {group.label(k): k for k in range(len(group.mean))} if not r2 < 0 else {}
    values = [
        spread(float(group.mean[at[label]]), float(group.spread[at[label]]), 100, ".1f") if label in at else "–"
        for label in shown
    ]
    return [TextCell(text) for text in (*values, fixed(r2, 2), str(len(group.runs)))]


def _bias_figure(title: str, bias: Sequence[Bias], study: ReportInput) -> Figure:
    ordered = sorted(bias, key=lambda one: one.single_error[-1])
    lines = [
        Line(
            label=one.optimizer,
            look=study.styles.get(one.optimizer, _REFERENCE),
            x=one.trials.astype(np.float64),
            y=100 * one.single_error,
            steps=False,
        )
        for one in ordered
    ]
    above = np.concatenate([line.y[line.y > 0] for line in lines])
    scale = Scale("log", float(above.min()), float(above.max())) if len(above) else Scale("linear", 1.0, 1.0)
    caption = (
        f"Error of the estimated importances on {title} against those of all values of the benchmark, by number of "
        "trials: mean over hyperparameters of the absolute difference of the share, in percentage points, mean over "
        f"runs. The {UNIFORM} (mean of {_DRAWS}) is drawn from them, so that what is above it is due to where the "
        "optimizer sampled and not to the number of trials."
    )
    alt = "Last errors in percentage points: " + ", ".join(f"{line.label} {line.y[-1]:.2f}" for line in lines) + "."
    chart = LineChart(title, "Trials at the budget", "Importance error [% points]", "", lines, scale, log_x=True)
    return Figure(f"{title} importance error", caption, alt, chart)


def _refused(refused: Sequence[Refused]) -> list[Block]:
    """A notice of what is not shown, with the first reasons."""
    if not refused:
        return []
    reasons = sorted({one.reason for one in refused})[:_REASONS]
    told = f"Importance could not be estimated for {plural(len(refused), 'run')}: {'; '.join(reasons)}."
    return [Notice([told])]


def _methods(groups: Sequence[GroupImportance], bias: Sequence[Bias]) -> list[str]:
    if not groups:
        return []
    counts = sorted({one.trees for group in groups for one in group.estimates})
    trees = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    told = (
        f"Importances are shares of variance by functional ANOVA{cite('hutter2014fanova')} of a random forest of "
        f"{trees} trees on the successful trials of a run at its highest budget, repeated evaluations averaged, "
        f"inactive hyperparameters at their default. At most {_FORESTS} runs, evenly spread over the seeds of each "
        "optimizer, are taken, and at least one of each."
    )
    truth = " Exact shares are those of all values of the benchmark." if bias else ""
    return [told + truth]
