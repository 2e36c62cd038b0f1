"""The summary in words; every number in it comes from the computed result."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..charts.text import decimals, fixed, listing, plural
from ..comparison.ranking import FinalRow, Lead
from ..comparison.section import Comparison
from ..comparison.significance import Significance
from ..comparison.training_noise import NoiseOfLead
from ..grouping.measure import Measure
from ..grouping.schedules import known_schedules, mixed, schedules
from ..grouping.sections import Section
from ..statistics import power
from . import tests

NOISE = (
    "The training-seed component of a lead is the standard deviation of the difference of two means over runs when "
    "only "
    "the entries of the table vary with which runs end: the variance of one training is pooled over architectures of "
    "about "
    "the same accuracy, that of an entry is this over its number of seeds, and runs that end with the same entry share "
    "it."
)


def surrogate_notice(sections: Sequence[Section]) -> str | None:
    """The sentence that a report on a surrogate must carry; None if none was used."""
    used = [section.title for section in sections if section.surrogate]
    if not used:
        return None
    return (
        f"The values for {listing(used)} come from encave's surrogate, a model fitted to the benchmark's table. "
        "They are good for trying things out; results for a paper need the table itself (encave benchmark import)."
    )


def lead_sentences(comparison: Comparison) -> list[str]:
    """Who is ahead at the end, by how much, and how sure that is."""
    return [*_sentences(comparison), *([_several(comparison.section)] if comparison.pareto else [])]


def _several(section: Section) -> str:
    names = listing([one.name for one in section.runs[0].objectives])
    return f"Runs of several objectives ({names}) are compared by hypervolume; --objective compares by one of them."


def _sentences(comparison: Comparison) -> list[str]:
    lead = comparison.lead
    if lead is None:
        return [_alone(comparison)]
    measure = comparison.measures[0]
    lowest = "lowest" if measure.lower_is_better else "highest"
    best, second = lead.best, lead.second
    mean = best.spreads[0].mean
    tied = [row.optimizer for row in comparison.table.rows if row.spreads[0].mean == mean and not row.failed]
    if len(tied) > 1:
        sentences = [f"{listing(tied)} end with the same and {lowest} mean {measure.name}: {_mean_std(best, measure)}."]
    else:
        sentences = [
            f"{best.optimizer} ends with the {lowest} mean {measure.name}: {_mean_std(best, measure)}. "
            f"{second.optimizer} {'has' if second.failed else 'follows with'} {_mean_std(second, measure)}.",
            _difference(lead, measure, len(comparison.table.rows), comparison.significance[0]),
        ]
    first = comparison.table.rows[0]
    if first.rank < best.rank:
        sentences.append(f"By average rank {first.optimizer} is ahead ({first.rank:.2f} against {best.rank:.2f}).")
    elif len(tied) < 2:
        also = [row.optimizer for row in comparison.table.rows if row.rank == best.rank and row is not best]
        shared = f"the best too, as is that of {listing(also)}" if also else "the best too"
        sentences.append(f"Its average rank, {best.rank:.2f} of {len(comparison.table.rows)}, is {shared}.")
    significance = comparison.significance[0]
    sentences.append(tests.pair_sentence(significance, best.optimizer, second.optimizer))
    on = schedules(comparison.section)
    if on.get(best.optimizer) != on.get(second.optimizer):
        sentences.append("These two were trained on different schedules, which is part of the difference.")
    close = tests.others_sentence(significance, best.optimizer, second.optimizer)
    more = _more_seeds(comparison, best.optimizer, second.optimizer)
    crossed = mixed_sentence([comparison.section]) if close or significance.control else None
    return [*sentences, *filter(None, (close, more, tests.control_sentence(significance), crossed))]


def mixed_sentence(sections: Sequence[Section]) -> str | None:
    """That conclusions are of schedules, too; None where each task has one."""
    found = sorted({one for section in filter(mixed, sections) for one in known_schedules(section)})
    if not found:
        return None
    return f"Schedules of {listing(f'{one:g}' for one in found)} epochs are compared here as much as optimizers."


def noise_sentence(noise: NoiseOfLead, measure: Measure) -> str:
    """How the lead compares with what the table's own training seeds make of it."""
    unit = (" percentage points" if measure.unit == "%" else f" {measure.unit}") if measure.unit else ""
    places = decimals([noise.deviation], [noise.difference], measure.unit)
    ratio = f", {noise.difference / noise.deviation:.1f} times that" if noise.deviation > 0 else ""
    cancels = f"; runs of both end with {noise.shared} of the same entries" if noise.shared else ""
    return (
        f"The table's entries are means of few trainings: from their seeds alone the difference of {noise.best} and "
        f"{noise.second} has a standard deviation of {fixed(noise.deviation, places)}{unit}, which more runs do not "
        "make "
        f"smaller; it is {fixed(noise.difference, places)}{unit}{ratio}{cancels}."
    )


def _more_seeds(comparison: Comparison, best: str, second: str) -> str | None:
    """With how many seeds what is open could be answered; None where the best differs from the second."""
    significance = comparison.significance[0]
    if significance.pair(best, second).different:
        return None
    open_pairs = [(best, second)]
    last = significance.optimizers[-1]
    if last not in (best, second) and not significance.pair(best, last).different:
        open_pairs.append((best, last))
    told: list[str] = []
    for one, other in open_pairs:
        samples = comparison.finals(one, 0), comparison.finals(other, 0)
        if min(map(len, samples)) < power.FEWEST:
            return None
        needed = power.seeds_needed(*samples, len(significance.pairs), paired=comparison.table.paired)
        told.append(f"{one} from {other} {f'with {needed}' if needed else f'not even with {power.SEEDS[-1]}'}")
    seeds, test = ("shared", "Wilcoxon signed-rank") if comparison.table.paired else ("independent", "Mann–Whitney")
    return (
        f"If these runs are typical, {seeds} seeds of each would tell {listing(told)}, in {power.POWER:.0%} of "
        f"studies ({test}, all pairs corrected for; by resampling, so rough for few runs)."
    )


def _alone(comparison: Comparison) -> str:
    measure = comparison.measures[0]
    able = [row for row in comparison.table.rows if not math.isnan(row.spreads[0].mean)]
    if not able:
        return "No run had a successful trial, so there is nothing to compare."
    row = able[0]
    others = len(comparison.table.rows) - 1
    rest = (
        f"; the other {plural(others, 'optimizer')} had no successful trial"
        if others
        else ", with nothing to compare it to"
    )
    return f"{row.optimizer} ends with a mean {measure.name} of {_mean_std(row, measure)}{rest}."


def _mean_std(row: FinalRow, measure: Measure) -> str:
    spread = row.spreads[0]
    places = decimals([spread.std], [spread.mean], measure.unit)
    unit = f" {measure.unit}" if measure.unit else ""
    if math.isnan(spread.std):
        return f"{fixed(spread.mean, places)}{unit} ({'1 run' if row.runs == 1 else f'1 of {row.runs} runs'})"
    count = len(spread.values)
    runs = plural(count, "run") if count == row.runs else f"{count} of {row.runs} runs"
    return f"{fixed(spread.mean, places)} ± {fixed(spread.std, places)}{unit} (mean ± std, {runs})"


def _difference(lead: Lead, measure: Measure, optimizers: int, significance: Significance) -> str:
    """By how much; how sure that is, is what the test says, and nothing else."""
    if lead.second.failed and lead.difference < 0:
        return f"The mean of {lead.second.optimizer} leaves out its failed runs, so the two means do not compare."
    unit = (" percentage points" if measure.unit == "%" else f" {measure.unit}") if measure.unit else ""
    if math.isnan(lead.lower):
        places = decimals([], [lead.difference], measure.unit)
        return f"The difference is {fixed(lead.difference, places)}{unit}; a single run shows no uncertainty."
    places = decimals([(lead.upper - lead.lower) / 4], [lead.difference], measure.unit)
    how = "paired by seed" if lead.paired else "seeds not paired"
    pairs = optimizers * (optimizers - 1) // 2
    picked = "" if pairs == 1 else f", at once for all {pairs} pairs"
    text = (
        f"The difference is {fixed(lead.difference, places)}{unit}, 95 % interval "
        f"{fixed(lead.lower, places)} to {fixed(lead.upper, places)} ({how}{picked})."
    )
    away = lead.lower > 0 or lead.upper < 0
    differ = significance.pair(lead.best.optimizer, lead.second.optimizer).different
    if significance.tested and away != differ:
        return f"{text} That is of means, and the test is of ranks; whether the two differ is what the test says."
    return text


def objective_note(section: Section) -> str:
    """What each log calls the objective, as a sentence; empty where all call it the same."""
    names = section.objective_names
    if len(set(names.values())) == 1 and section.objective.name in names.values():
        return ""
    return f"The objective is {listing(f'{name} in the log of {label}' for label, name in names.items())}."
