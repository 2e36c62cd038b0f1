"""The methods paragraphs of a report; every number in them comes from the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...run import EXTRA, Run
from ..charts.text import listing, plural
from ..comparison.section import Comparison
from ..grouping.schedules import modelled_validation, resumed, rewards, schedule_of
from ..grouping.sections import Group
from ..performance.section_curves import Summary
from ..statistics.bootstrap import RESAMPLES
from ..statistics.design import ALPHA
from ..statistics.order_statistics import MEAN
from .contents import Chapter, ReportInput
from .references import BENCHMARKS, OPTIMIZERS, cite, of_name
from .within_tasks import family_methods
from .words import objective_note

_MOST_BUDGETS = 8
_HIGHEST_SO_FAR = (
    "at the highest budget seen so far: a trial at a higher budget replaces an incumbent chosen at a lower one, at "
    "equal budgets only a strictly lower cost does, and the earliest of equals stays"
)
_RULES = {
    "as-logged": _HIGHEST_SO_FAR,
    "highest-so-far": _HIGHEST_SO_FAR,
    "any-budget": "at any budget: only a strictly lower cost replaces an incumbent",
    "highest-only": (
        "at the highest budget of any run of the optimizer: trials at other budgets never become the incumbent, and "
        "only a strictly lower cost replaces one"
    ),
}
_NAMED = (
    "; where configurations were evaluated on several instances or with several seeds and the log tells the "
    "optimizer's own incumbents, it is the one that was told"
)
_INCUMBENT = (
    "The incumbent of a run is its successful and not infeasible trial with the lowest cost (validation, as the "
    "optimizer was told it) {rule}. Where configurations were evaluated on several instances or with several seeds, "
    "costs are means over them; otherwise every evaluation counts for itself. The incumbent changes when a trial ends. "
    "Reported values, such as test errors, are those of the incumbent and never take part in the choice."
)
_CURVES = (
    "Curves are {statistic}s over runs of right-continuous step functions over {axes}, exact at every event and never "
    "interpolated. {begin} A run that stops early holds its last incumbent up to its own declared limit (without one, "
    "to the end of its last trial), and the {statistic} ends with the first run to end."
)
_BEGINS = {
    True: "A mean begins where every run with a success has an incumbent; nothing is filled in before.",
    False: "A run without an incumbent counts as infinitely bad, and a curve begins where it is finite.",
}
_QUANTILES = (
    " Bands of {statistic}s are {how} and are left out where there are too few runs; means, differences and ranks have "
    "those above."
)
_OF_STATISTIC = {"iqm": "Student's with the winsorized variance"}
_INTERVALS = {
    "t": (
        "Intervals and bands are at 95 %: Student's of means over runs, and of differences within equal seeds where "
        "the test is of pairs; Welch's of differences of means of independent runs; Newcombe's score interval of the "
        "probability of improvement"
        f"{cite('newcombe2006confidence')}; of average ranks Student's with the standard deviation of {{resamples:,}} "
        f"bootstrap resamples{cite('efron1979bootstrap')}. They are not corrected for their number, except that of a "
        "lead, which holds for all pairs at once."
    ),
    "bootstrap": (
        "Intervals and bands are percentile bootstrap intervals"
        f"{cite('efron1979bootstrap')} over runs (95 %, {{resamples:,}} multinomial resamples, fixed seed), which are "
        "too narrow for few runs: of a mean they hold in about 84 % of cases with 5 runs and in 90 % with 10."
    ),
}
_FINAL = (
    "Final values are those of the last incumbent of each run; standard deviations have divisor n − 1. Where all "
    "optimizers share their seeds, ranks are taken within each seed and averaged; otherwise the rank is the "
    "expected one when a run of each optimizer is drawn at random. Ties share the mean rank; a run without a "
    "successful trial ranks last."
)
_TESTS = (
    "Tests are two-sided rank tests of final values at level {alpha}, chosen by the design alone (optimizers, tasks, "
    "seeds, whether seeds are shared) and only where the smallest p-value that the design can give, corrected for the "
    "number of pairs, is below the level. {used}All pairs are corrected for; a failed run counts as the worst value. "
    "Where Friedman's test does not reject, no pair counts as different. The probability of improvement is the "
    f"Vargha–Delaney statistic{cite('vargha2000critique')}, ties counted half; 0.56, 0.64 and 0.71 are small, medium "
    "and "
    "large, told of both ends of its interval, and only where the test finds a difference."
)
_USED = {
    "wilcoxon": ("Wilcoxon's signed-rank test", ("wilcoxon1945individual",)),
    "friedman-wilcoxon": (
        "Friedman's test followed by Wilcoxon's signed-rank tests with Holm's correction",
        ("friedman1937use", "wilcoxon1945individual", "holm1979simple", "benavoli2016mean"),
    ),
    "friedman-nemenyi": (
        "Friedman's test followed by Nemenyi's",
        ("friedman1937use", "nemenyi1963distribution", "demsar2006statistical"),
    ),
    "mann-whitney": ("Mann–Whitney tests with Holm's correction", ("mann1947test", "holm1979simple")),
}
_CONTROL = (
    "Besides all pairs, every optimizer is compared with {control}, the control, by the test that the design of these "
    f"comparisons alone carries, corrected for their number by Holm's procedure{cite('holm1979simple')}."
)
_BAYES = (
    "The Bayesian signed-rank test gives the probabilities that the difference on a new block most probably is better, "
    f"worse, or practically equal, that is at most {{rope:g}} in the unit of the measure{cite('benavoli2017time')}."
)
_FIDELITIES = (
    "Optimizers that evaluate at several budgets and such that evaluate at one are compared at equal {axes}, not at an "
    "equal number of trials; the budgets of each are given below."
)
_CREDITED = (
    "What is reported of a configuration ({names}) does not depend on the budget that it was evaluated at, though its "
    "cost does: an incumbent that was chosen at a lower budget is shown with the value that it has at the highest."
)
_REWARDS = {"mean": "the mean over training seeds", "seed": "one training seed, drawn at random at each evaluation"}
VALIDATION = "of the simulated times the seconds of validations are modelled, those of training measured"
_TOOLS = (
    "Numbers were computed with NumPy"
    f"{cite('harris2020array')} and SciPy{cite('virtanen2020scipy')}, figures drawn with Matplotlib"
    f"{cite('hunter2007matplotlib')}."
)


def describe_methods(study: ReportInput, chapters: Sequence[Chapter]) -> list[str]:
    """The rules that were used, those of each chapter, then what was compared on each task."""
    comparisons = study.comparisons
    axes = listing(sorted({comparison.axis.name for comparison in comparisons}))
    summary = study.settings.summary
    statistic, mean = summary.statistic.title, summary.statistic == MEAN
    rules = [
        _INCUMBENT.format(rule=_RULES[summary.rule] + (_NAMED if _some_named(comparisons) else "")),
        _CURVES.format(axes=axes, statistic=statistic, begin=_BEGINS[mean]),
        _FINAL,
    ]
    rules.append(_INTERVALS[summary.interval].format(resamples=RESAMPLES) + _of_statistic(summary))
    if any(comparison.significance for comparison in comparisons):
        rules.append(_TESTS.format(alpha=ALPHA, used=_tests_used(study)))
        rules.append(family_methods(study.settings.family, comparisons))
    if study.settings.control is not None:
        rules.append(_CONTROL.format(control=study.settings.control))
    if study.settings.rope is not None:
        rules.append(_BAYES.format(rope=study.settings.rope))
    if any(_multi_fidelity(comparison) for comparison in comparisons):
        rules.append(_FIDELITIES.format(axes=axes))
    credited = _credited(comparisons)
    if credited:
        rules.append(_CREDITED.format(names=listing(credited)))
    own = dict.fromkeys(paragraph for chapter in chapters for paragraph in chapter.methods)
    return [*rules, *own, *(_setting(comparison) for comparison in comparisons), _TOOLS]


def _some_named(comparisons: Sequence[Comparison]) -> bool:
    """Whether the incumbents of some run are those that its log names."""
    return any(run.named for one in comparisons for runs in one.trajectories.values() for run in runs)


def _of_statistic(summary: Summary) -> str:
    """What bands are where curves are no means."""
    if summary.statistic == MEAN or summary.interval == "bootstrap":
        return ""
    how = _OF_STATISTIC.get(summary.statistic.name, "between order statistics")
    return _QUANTILES.format(statistic=summary.statistic.title, how=how)


def _tests_used(study: ReportInput) -> str:
    made = [one for comparison in study.comparisons for one in comparison.significance]
    if study.overall:
        made.append(study.overall.significance)
    kinds = sorted({one.choice.test for one in made} & set(_USED))
    if not kinds:
        return ""
    return f"Here: {listing(name + cite(*keys) for name, keys in map(_USED.__getitem__, kinds))}. "


def _multi_fidelity(comparison: Comparison) -> bool:
    """Whether some optimizer has several budgets and another one or none."""
    several = {len(budgets(group)) > 1 for group in comparison.section.groups}
    return len(several) > 1


def _credited(comparisons: Sequence[Comparison]) -> list[str]:
    """Names of measures of which every run has one value per configuration, although costs differ by budget."""
    names: dict[str, None] = {}
    for comparison in comparisons:
        several = [run for run in comparison.section.runs if len(run.budgets) > 1]
        for measure in comparison.section.measures:
            seen = [_one_value(run, measure.column) for run in several if measure.column.startswith(EXTRA)]
            if True in seen and False not in seen:
                names[measure.name] = None
    return list(names)


def _one_value(run: Run, column: str) -> bool | None:
    """Whether configurations have one value at all budgets; None where none has a result at two."""
    ids, budget, value = (run.column(name) for name in ("config_id", "budget", column))
    order = np.lexsort((budget, ids))
    order = order[np.isfinite(budget[order]) & np.isfinite(value[order])]
    ids, budget, value = ids[order], budget[order], value[order]
    again = (ids[1:] == ids[:-1]) & (budget[1:] != budget[:-1])
    return bool(np.isclose(value[1:], value[:-1], rtol=1e-12, atol=0)[again].all()) if again.any() else None


def _setting(comparison: Comparison) -> str:
    section = comparison.section
    runs = "; ".join(f"{group.optimizer}{_paper(group)} ({_effort(group)})" for group in section.groups)
    trials = sum(len(run) for run in section.runs)
    parts = [f"{section.title}: {runs}. {plural(trials, 'trial')} in all; {_chosen(comparison)}"]
    limits = sorted({_limit(run) for run in section.runs if run.provenance.limit})
    if limits:
        parts.append(f"limit {listing(limits)}")
    if section.benchmark:
        digest = section.benchmark.sha256 or ""
        paper = of_name(str(section.benchmark.name), BENCHMARKS)
        told = rewards(section.runs)
        if told:
            parts.append(f"optimizers were told {listing(_REWARDS.get(one, one) for one in sorted(told))}")
        if modelled_validation(section):
            parts.append(VALIDATION)
        parts.append(section.origin + paper + (f" (SHA-256 {digest[:12]}…)" if digest else ""))
    return " ".join(filter(None, ("; ".join(parts) + ".", objective_note(section))))


def _chosen(comparison: Comparison) -> str:
    if comparison.pareto is None:
        return f"incumbents chosen by {comparison.section.objective.name}"
    return f"compared by the hypervolume of {listing(one.name for one in comparison.section.runs[0].objectives)}"


def _paper(group: Group) -> str:
    return of_name(group.runs[0].optimizer.name, OPTIMIZERS)


def budgets(group: Group) -> list[float]:
    """Budgets on which the runs of an optimizer evaluated, ascending; empty where it knows none."""
    return sorted({budget for run in group.runs for budget in run.budgets})


def _effort(group: Group) -> str:
    """Runs, budgets and schedule of an optimizer."""
    parts = [plural(len(group.runs), "run")]
    unit = next((run.budget_name for run in group.runs if run.budget_name), None) or "budget units"
    known = budgets(group)
    if len(known) > _MOST_BUDGETS:
        parts.append(f"{len(known)} budgets from {known[0]:.4g} to {known[-1]:.4g} {unit}")
    elif known:
        parts.append(f"evaluated at {listing(f'{budget:.4g}' for budget in known)} {unit}")
    else:
        parts.append("no budgets in its log")
    schedules = {schedule for run in group.runs if (schedule := schedule_of(run)) is not None}
    if schedules:
        parts.append(f"schedule of {listing(f'{schedule:g}' for schedule in sorted(schedules))} {unit}")
    paid = {True: "went on from checkpoints and cost the new ones only", False: "were trained anew"}
    if told := resumed(group.runs):
        parts.append(f"configurations that went on to more {unit} {listing(paid[one] for one in sorted(told))}")
    return ", ".join(parts)


def _limit(run: Run) -> str:
    return " and ".join(f"{value:,.10g} {name.replace('_', ' ')}" for name, value in run.provenance.limit.items())
