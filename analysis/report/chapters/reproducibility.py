"""Answers to what conferences ask of experiments, as far as the runs tell, and a card of the data they are on.

The questions follow the checklists of AutoML-Conf and NeurIPS, in fewer words. What no log can tell is left to the
authors, and said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ....run import Run
from ...charts.text import capital, listing, plural
from ...grouping.overview import in_a_row
from ...grouping.schedules import modelled, modelled_validation, rewards, schedules
from ...grouping.sections import Section, origins
from ...performance.axis import overhead_seconds
from .. import manifest, tests, within_tasks
from ..contents import Chapter, Points, ReportInput
from ..methods import VALIDATION
from ..words import surrogate_notice

TITLE = "Reproducibility"
AUTHORS = "[for the authors to say: no log tells it]"
_MOST_SEEDS = 12
Item = tuple[str, str, str]


def write(study: ReportInput) -> list[Chapter]:
    """One chapter, an appendix of the document."""
    asked = Points("Checklist (after those of AutoML-Conf and NeurIPS)", list(_answers(study)))
    cards = [Points(f"Data card: {section.title}", list(_card(section))) for section in study.view.sections]
    return [Chapter(TITLE, [asked, *cards], appendix=True)]


def _answers(study: ReportInput) -> Iterator[Item]:
    runs = [run for section in study.view.sections for run in section.runs]
    yield "Same protocol for all methods?", _protocol(study.view.sections), ""
    yield "All details of the evaluation?", _details(study), ""
    yield "Repeated, and over which seeds?", _repeated(study.view.sections), ""
    yield "Uncertainty of the results?", _uncertainty(study), ""
    yield "Statistical significance?", _significance(study), ""
    yield (
        "Performance over time, and how was the maximum duration chosen?",
        (
            f"Curves over {listing(sorted({one.axis.name for one in study.comparisons}))}, tests and bands over time. "
            f"Durations: {_limits(runs)}. Why these: {AUTHORS}"
        ),
        "",
    )
    yield "Tabular or surrogate benchmarks?", _benchmarks(study.view.sections), ""
    yield (
        "Hyperparameters of the methods: which, and were they tuned?",
        (f"Settings as logged are in {_settings(runs)}. Whether they were tuned: {AUTHORS}"),
        "",
    )
    yield "Total compute and kind of resources?", _compute(runs), ""
    yield (
        "Assets: versions, and under which licences?",
        (f"{_versions(runs)}. Licences of optimizers and data: {AUTHORS}"),
        "",
    )
    yield (
        "Code, data and instructions?",
        (
            "manifest.json beside this report has the hash of the trials of every run, of every file, the command and "
            "the "
            f"versions that made it ({listing(f'{name} {own}' for name, own in manifest.versions().items())}). Where "
            "runs "
            f"and code are published: {AUTHORS}"
        ),
        "",
    )
    yield "Limitations?", f"{_limitations(study)} Others: {AUTHORS}", ""


def _protocol(sections: Sequence[Section]) -> str:
    """What is the same for all runs of a task, looked up and not assumed."""
    told: list[str] = []
    checks: tuple[tuple[str, Callable[[Run], str]], ...] = (
        ("limits", lambda run: str(sorted(run.provenance.limit.items()))),
        ("search spaces", lambda run: str(sorted((name, str(one)) for name, one in run.space.items()))),
        ("workers", lambda run: str(run.provenance.workers)),
    )
    for what, value in checks:
        unlike = [section.title for section in sections if len({value(run) for run in section.runs}) > 1]
        told.append(f"the same {what}" + (f" but on {listing(unlike)}" if unlike else ""))
    unlike = [section.title for section in sections if len({own for own in schedules(section).values() if own}) > 1]
    told.append("the same training schedule" + (f" but on {listing(unlike)}" if unlike else ""))
    return f"Runs of a task have the same objective and benchmark (by hash), {listing(told)}."


def _details(study: ReportInput) -> str:
    spaces = {section.title: len(section.runs[0].space) for section in study.view.sections}
    *rest, most = sorted(set(spaces.values()))
    sizes = listing((*map(str, rest), plural(most, "hyperparameter")))
    return (
        f"Search spaces of {sizes} are in the header of every run, rules for "
        f"incumbents, curves and tests in Methods. Data splits and preprocessing: {AUTHORS}"
    )


def _repeated(sections: Sequence[Section]) -> str:
    """Runs and seeds of each optimizer, those alike told once."""
    groups: dict[tuple[int, str], list[str]] = {}
    for section in sections:
        for group in section.groups:
            groups.setdefault((len(group.runs), _seeds(group.seeds)), []).append(
                f"{group.optimizer} on {section.title}"
            )
    if len(groups) == 1:
        ((count, seeds),) = groups
        return f"Every optimizer has {plural(count, 'run')} on every task, {seeds}."
    return "; ".join(f"{listing(who)}: {plural(n, 'run')}, {seeds}" for (n, seeds), who in groups.items()) + "."


def _seeds(seeds: Iterable[int | None]) -> str:
    known = sorted({seed for seed in seeds if seed is not None})
    if not known:
        return "seeds not logged"
    if in_a_row(known):
        return f"seeds {known[0]} to {known[-1]}"
    more = ", …" if len(known) > _MOST_SEEDS else ""
    return f"seeds {', '.join(map(str, known[:_MOST_SEEDS]))}{more}"


def _uncertainty(study: ReportInput) -> str:
    kinds = {"t": "Student's and its like, see Methods", "bootstrap": "percentile bootstrap"}
    single = sum(len(group.runs) < 2 for section in study.view.sections for group in section.groups)
    rest = f"; {plural(single, 'group')} of a single run have none" if single else ""
    return f"95 % intervals over runs ({kinds[study.settings.interval]}) and standard deviations{rest}."


def _significance(study: ReportInput) -> str:
    """Which tests of pairs were made: task by task, with tasks as blocks, and of the runs on these tasks."""
    made = {one.section.title: one.significance[0] if one.significance else None for one in study.comparisons}
    tested = [one for one in made.values() if one and one.tested]
    without = [title for title, one in made.items() if not (one and one.tested)]
    told: list[str] = []
    if tested:
        but = f", not on {listing(without)}" if without else ""
        told.append(f"of final values on each task {listing(sorted({tests.name_test(one) for one in tested}))}{but}")
    if study.overall and study.overall.significance.tested:
        told.append(f"over tasks {tests.name_test(study.overall.significance)}")
    if study.overall and study.overall.within.tested:
        told.append(f"of the runs on these tasks {within_tasks.NAMES[study.overall.within.blocks]}")
    return f"{capital('; '.join(told))}; two-sided, corrected." if told else "No pair was tested."


def _limits(runs: Sequence[Run]) -> str:
    limits = {
        " and ".join(f"{value:,.10g} {name.replace('_', ' ')}" for name, value in run.provenance.limit.items())
        for run in runs
        if run.provenance.limit
    }
    return listing(sorted(limits)) if limits else "not logged"


def _benchmarks(sections: Sequence[Section]) -> str:
    told = origins(sections)
    if not told:
        return "The runs name none."
    return f"{'; '.join(told)}. {surrogate_notice(sections) or ''}".strip()


def _settings(runs: Sequence[Run]) -> str:
    having = sum(bool(run.provenance.settings) for run in runs)
    return f"the headers of {having} of {plural(len(runs), 'run')}"


def _compute(runs: Sequence[Run]) -> str:
    """What the runs spent, simulated or by the clock, and what optimizers took."""
    ends = [max((end for end in run.trials["end"].to_pylist() if end is not None), default=None) for run in runs]
    known = [end for end in ends if end is not None]
    simulated = all(run.provenance.benchmark for run in runs)
    parts = [
        f"{sum(known) / 3600:,.1f} hours of {'simulated training' if simulated else 'run time by their logs'} in "
        f"{len(known)} of {plural(len(runs), 'run')}"
    ]
    own = [seconds for seconds in map(overhead_seconds, runs) if seconds is not None]
    if own:
        parts.append(f"{sum(own) / 3600:,.2f} hours of the optimizers themselves in {plural(len(own), 'run')}")
    return f"{listing(parts)}. Kind of machine: {AUTHORS}"


def _versions(runs: Sequence[Run]) -> str:
    told = sorted({f"{run.optimizer.name} {run.optimizer.version or '(release not logged)'}" for run in runs})
    return listing(told)


def _limitations(study: ReportInput) -> str:
    tasks = len({section.task for section in study.view.sections})
    parts = [f"Results are of {plural(tasks, 'task')}"]
    if any(section.benchmark for section in study.view.sections):
        parts.append("on a benchmark whose times and values are looked up and not run")
    told = [section for section in study.view.sections if section.surrogate or modelled(section)]
    if told:
        parts.append(f"and in part modelled ({listing(section.title for section in told)})")
    return " ".join(parts) + "."


def _card(section: Section) -> Iterator[Item]:
    told, run = section.benchmark, section.runs[0]
    yield "Benchmark.", (told and told.name) or "not named", ""
    yield "Source.", section.origin or "runs name no benchmark; values are those of their logs", ""
    yield (
        "Content.",
        f"SHA-256 {told.sha256[:12]}… (whole in manifest.json)" if told and told.sha256 else "no hash given",
        "",
    )
    yield "Task.", section.task, ""
    sizes = [f"{key} ({_size(one)})" for key, one in run.space.items()]
    yield "Search space.", f"{plural(len(sizes), 'hyperparameter')}: {', '.join(sizes)}", ""
    better = "less" if section.objective.direction == "minimize" else "more"
    yield "Objective.", f"{section.objective.name}, {better} is better", ""
    yield "Reported.", listing(measure.label for measure in section.measures), ""
    optima = {measure.name: measure.reference for measure in section.measures if measure.regret == "optimum"}
    if optima:
        yield "Known optimum.", listing(f"{value:.10g} for {name}" for name, value in optima.items()), ""
    lengths = sorted({one for own in schedules(section).values() for one in own})
    if lengths:
        yield "Training schedule.", f"{listing(f'{one:g}' for one in lengths)} epochs", ""
    rewarded = rewards(section.runs)
    if rewarded:
        seeds = {"mean": "the mean over training seeds", "seed": "one training seed at random"}
        yield "Reward.", listing(seeds.get(one, one) for one in sorted(rewarded)), ""
    if modelled_validation(section):
        yield "Times.", VALIDATION, ""
    runs = plural(len(section.runs), "run")
    yield "Trials.", f"{sum(map(len, section.runs)):,} in {runs} of {plural(len(section.groups), 'optimizer')}", ""


def _size(hyperparameter: object) -> str:
    choices = getattr(hyperparameter, "choices", None) or getattr(hyperparameter, "sequence", None)
    if choices is not None:
        return plural(len(choices), "choice")
    lower, upper = getattr(hyperparameter, "lower", None), getattr(hyperparameter, "upper", None)
    return f"{lower:g} to {upper:g}" if lower is not None and upper is not None else "constant"
