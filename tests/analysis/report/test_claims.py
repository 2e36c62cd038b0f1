"""What the report's sentences claim, against the test that each rests on."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from encave.analysis.charts.style import line_styles
from encave.analysis.comparison.anytime_summary import summarise
from encave.analysis.comparison.section import compare
from encave.analysis.comparison.significance import compare_runs
from encave.analysis.grouping.measure import Measure
from encave.analysis.grouping.sections import origins, view_runs
from encave.analysis.report import anytime_claims, anytime_figures, captions, words, write_report
from encave.analysis.report.chapters import anytime
from encave.analysis.report.contents import ReportTable
from encave.analysis.report.pairs import pairs_block
from encave.analysis.report.settings import Settings
from encave.analysis.report.tests import pair_rows, size_in_words
from encave.analysis.statistics import intervals


def comparison_of(runs, **options):
    (section,) = view_runs(runs).sections
    return compare(section, **options)


@pytest.fixture
def study(make_run):
    """A is far better than C from the beginning, and B a little worse than A."""
    rng = np.random.default_rng(0)
    return [
        make_run(
            label, seed, np.sort(level + rng.exponential(0.3, 10))[::-1], list(range(1, 11)), common_start=False,
            limit={"simulated_seconds": 10.0},
        )
        for label, level in (("A", 1.0), ("B", 1.05), ("C", 4.0))
        for seed in range(10)
    ]  # fmt: skip


def test_a_size_is_told_only_where_the_test_finds_a_difference() -> None:
    """Four of each: A12 is 1, and of six pairs none can differ; with 20 of each all sizes are as the interval says."""
    few = compare_runs({name: np.arange(4.0) + 10 * n for n, name in enumerate("ABCD")}, paired=False)
    assert not few.tested and {row.size for row in pair_rows(few)} == {"not tested"}
    rng = np.random.default_rng(1)
    many = compare_runs({name: rng.normal(shift, size=20) for name, shift in zip("ABC", (0, 0.5, 4))}, paired=False)
    for pair in many.pairs:
        told = size_in_words(pair, many)
        if not pair.different:
            assert told == "unclear"
        else:
            assert told.split(" to ")[-1] in ("small", "medium", "large") and "unclear" not in told
    assert size_in_words(many.pair("A", "B"), many) == "unclear"
    assert size_in_words(many.pair("A", "C"), many) == "large"


def test_the_lead_holds_for_all_pairs_at_once(study) -> None:
    found = comparison_of(study)
    ours, theirs = (found.finals(name, 0) for name in (found.lead.best.optimizer, found.lead.second.optimizer))
    known = stats.ttest_ind(theirs, ours, equal_var=False).confidence_interval(1 - 0.05 / 3)
    assert (found.lead.lower, found.lead.upper) == pytest.approx((known.low, known.high), abs=1e-9)
    told = " ".join(words.lead_sentences(found))
    assert "at once for all 3 pairs" in told
    assert "lies above zero" not in told
    differ = found.significance[0].pair("A", "B").different
    assert ("the difference is significant" in told) == differ


@pytest.mark.parametrize(("seeds", "paired"), [(4, True), (5, False), (7, True)])
def test_interval_and_test_of_a_lead_are_of_one_design(make_run, seeds: int, paired: bool) -> None:
    """Of three pairs four seeds carry no test, five one of independent runs alone, and seven signed ranks."""
    rng = np.random.default_rng(5)
    costs = rng.normal(size=seeds) + np.array([[0.0], [0.3], [4.0]])
    runs = [
        make_run(name, seed, [99.0, 10 + cost + rng.normal(scale=0.1)])
        for name, own in zip("ABC", costs, strict=True)
        for seed, cost in enumerate(own)
    ]
    found = comparison_of(runs)
    ours, theirs = (found.finals(one.optimizer, 0) for one in (found.lead.best, found.lead.second))
    made = stats.ttest_rel(theirs, ours) if paired else stats.ttest_ind(theirs, ours, equal_var=False)
    known = made.confidence_interval(1 - 0.05 / 3)
    assert (found.lead.lower, found.lead.upper) == pytest.approx((known.low, known.high), abs=1e-9)
    told = " ".join(words.lead_sentences(found))
    assert ("paired by seed" in told) == paired and ("seeds not paired" in told) != paired
    assert ("Mann–Whitney, Holm-corrected" in told) == (seeds == 5)


def test_pairs_of_paired_runs_too() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=8), rng.normal(size=8)
    known = stats.ttest_rel(a, b).confidence_interval(1 - 0.05 / 15)
    assert intervals.of_difference(a, b, paired=True, pairs=15) == pytest.approx((known.low, known.high), abs=1e-9)


def test_where_interval_and_test_disagree_the_sentence_says_what_counts(make_run) -> None:
    """One outlier: ranks differ in all, and the interval of means is wide."""
    costs = {"A": [1.0] * 9 + [1.1], "B": [2.0] * 9 + [90.0]}
    runs = [
        make_run(name, seed, [99.0, cost + 0.001 * seed], common_start=False)
        for name, own in costs.items()
        for seed, cost in enumerate(own)
    ]
    found = comparison_of(runs)
    assert found.significance[0].pairs[0].different and found.lead.lower < 0 < found.lead.upper
    told = " ".join(words.lead_sentences(found))
    assert "That is of means, and the test is of ranks; whether the two differ is what the test says." in told


def test_a_best_rank_that_others_share_is_told_so(make_run) -> None:
    """A is far better in one of two seeds and worse in the other."""
    costs = {"A": [1.0, 3.0], "B": [2.5, 2.0], "C": [9.0, 9.0]}
    runs = [make_run(name, seed, [9.9, cost]) for name, own in costs.items() for seed, cost in enumerate(own)]
    assert "Its average rank, 1.50 of 3, is the best too, as is that of B." in words.lead_sentences(comparison_of(runs))


def test_shares_that_were_modelled_are_told_once_for_all_tasks() -> None:
    text = "table of measured values, modelled between 22 and 200 epochs"
    told = [SimpleNamespace(origin=f"{text} ({share} of the trials)") for share in ("9%", "44%", "43%")]
    assert origins(told) == [f"{text} (9% to 44% of the trials)"]
    assert origins([told[0], told[0]]) == [f"{text} (9% of the trials)"]
    assert origins([SimpleNamespace(origin="A"), SimpleNamespace(origin="B"), SimpleNamespace(origin="")]) == [
        "A",
        "B",
    ]


def test_bands_of_percentages_end_at_0_and_100(make_run) -> None:
    error = Measure("test error", "cost:loss", unit="%")
    assert error.bounds == (0, 100) and Measure("loss", "cost:loss").bounds == (-math.inf, math.inf)
    assert Measure("regret", "cost:loss", unit="%", regret="optimum", reference=1.0).bounds == (0, 100)
    lower, upper = error.cut(np.array([-3.0, 2.0]), np.array([5.0, 130.0]), np.array([1.0, 99.0]))
    assert (lower.tolist(), upper.tolist()) == ([0.0, 2.0], [5.0, 100.0])
    # a value beyond says that it is no such percentage
    assert error.cut(np.array([-3.0]), np.array([5.0]), np.array([-1.0]))[0].tolist() == [-3.0]
    runs = [make_run("A", seed, [99.9, cost], reported=[95.9, cost]) for seed, cost in enumerate((-3.99, -3.5, 90.0))]
    found = comparison_of(runs)  # the test error is 4 above what is reported
    (curve,) = found.curves[1]
    assert curve.lower.min() == 0.0 and curve.upper.max() == 100.0
    assert found.table.rows[0].spreads[1].lower == 0.0 and found.table.rows[0].spreads[1].upper == 100.0
    assert "Bands are cut at 0 % and 100 %" in captions.curve_caption(found.made, 1, 6)


@pytest.mark.parametrize(("counts", "told"), [((10, 1, 7), "over 7 to 10 runs"), ((1, 1, 1), "")])
def test_bands_are_told_of_where_there_are_some(make_run, counts: tuple[int, ...], told: str) -> None:
    """One run of B has none; with one run of each there is none at all."""
    rng = np.random.default_rng(0)
    runs = [
        make_run(name, seed, [9.0, 1.0 + rng.random()])
        for name, count in zip("ABC", counts, strict=True)
        for seed in range(count)
    ]
    summary = summarise(comparison_of(runs))
    figure = anytime_figures.ecdf_figure(summary, line_styles(list("ABC")))
    texts = [captions.curve_caption(summary.comparison.made, 0, 8), captions.rank_caption(summary.comparison),
             figure.caption, anytime._table(summary).caption]  # fmt: skip
    assert ["95 %" in text for text in texts] == [bool(told)] * 4
    assert told in texts[0] and ("over 1" not in texts[0])


@pytest.mark.parametrize(
    ("statistic", "runs", "banded"), [("median", 4, False), ("median", 6, True), ("q0.9", 8, False)]
)
def test_a_quantile_of_few_runs_has_no_band(make_run, statistic: str, runs: int, banded: bool) -> None:
    rng = np.random.default_rng(0)
    told = [make_run(name, seed, [9.0, 1.0 + rng.random()]) for name in "AB" for seed in range(runs)]
    found = comparison_of(told, summary=Settings(statistic=statistic).summary)
    assert ("95 % band" in captions.curve_caption(found.made, 0, 8)) is banded


def test_what_is_normalised_is_called_so_once(make_run, tmp_path) -> None:
    runs = [make_run(n, seed, [9.0, 2.0 + k + seed / 9], task=task)
            for task in ("s", "t", "u") for k, n in enumerate("AB") for seed in range(4)]  # fmt: skip
    report = write_report(runs, tmp_path / "report", settings=Settings(normalise=True))
    text = (report.folder / "tables" / "all-tasks-normalised-regret.tex").read_text(encoding="utf-8")
    assert "Normalised loss regret at the end" in text and "normalised normalised" not in text.lower()


def test_without_an_incumbent_nothing_is_said_of_the_best(make_run) -> None:
    found = comparison_of([make_run(name, seed, [math.nan] * 3) for name in "AB" for seed in range(2)])
    assert words.lead_sentences(found) == ["No run had a successful trial, so there is nothing to compare."]
    for text in (captions.curve_caption(found.made, 0, 8), captions.table_caption(found, "mean")):
        assert "best incumbent" not in text


def test_one_of_a_thing_is_one(make_run, tmp_path) -> None:
    page = write_report([make_run("A", 0, [1.0])], tmp_path / "report").page.read_text(encoding="utf-8")
    for wrong in ("1 hyperparameters", "1 targets", "1 configurations"):
        assert wrong not in page
    assert "1 hyperparameter " in page and "of 1 target in" in page and "only 1 configuration has a result" in page


def test_the_anytime_sentence_says_what_its_tests_say(study) -> None:
    found = comparison_of(study)
    summary = summarise(found)
    made = summary.tests
    assert len(made.made) == 3 * 4 and made.control is None
    raw = [test.p for test in made.made]
    order = np.argsort(raw, kind="stable")
    known = np.minimum(np.maximum.accumulate(np.array(raw)[order] * np.arange(12, 0, -1)), 1)
    np.testing.assert_allclose(np.array([test.adjusted for test in made.made])[order], known)
    for test in made.made:
        ours, theirs = (test.endpoint.values[name] for name in (test.first, test.second))
        assert test.p == pytest.approx(stats.mannwhitneyu(ours, theirs, method="exact").pvalue, abs=1e-9)
    told = anytime_claims.sentence(summary)
    best = re.search(r"over the whole time (\w) has the largest area", told)
    assert best is not None and best[1] in "AB"
    areas = {own.optimizer: own.areas for own in summary.runtimes}
    assert best[1] == max(areas, key=lambda name: areas[name].mean())
    assert f"significantly worse than {best[1]}: C" in told
    other = ({"A", "B"} - {best[1]}).pop()
    different = made.of(made.endpoints[0], "A", "B").different
    assert (f"not significantly different from {best[1]}: {other}" in told) == (not different)
    counts = [sum(test.different for test in made.made if test.endpoint.share == share) for share in (0.1, 0.25, 0.5)]
    assert f"{counts[0]} at 10%, {counts[1]} at 25% and {counts[2]} at 50% of the time are significant" in told


def test_with_a_control_only_those_comparisons_count(study) -> None:
    made = summarise(comparison_of(study, control="C"), control="C").tests
    assert made.control == "C" and {test.second for test in made.made} == {"C"} and len(made.made) == 2 * 4
    told = anytime_claims.sentence(summarise(comparison_of(study), control="C"))
    assert "significantly better than C: A and B" in told


def test_all_pairs_and_a_control_alone_do_not_contradict_one_another(make_run) -> None:
    """Eight paired seeds: of six pairs none differs, of the three with the control one does."""
    costs = {"A": [1, 1, 1, 1, 1, 1, 1, 9], "B": [2, 0, 2, 0, 2, 0, 2, 2], "C": [0, 2, 0, 2, 2, 2, 0, 2], "D": [3] * 8}
    costs["D"][0] = 1.5
    runs = [
        make_run(name, seed, [99.0, cost + seed / 50 + 0.001 * n])
        for n, (name, own) in enumerate(costs.items())
        for seed, cost in enumerate(own)
    ]
    found = comparison_of(runs, control="B")
    significance = found.significance[0]
    assert significance.control is not None and not significance.pair("B", "D").different
    assert [one.optimizer for one in significance.control.against if one.verdict == "worse"] == ["D"]
    told = " ".join(words.lead_sentences(found))
    assert "No optimizer is significantly worse than B, with all pairs corrected for." in told
    assert "Against B (Wilcoxon signed-rank, Holm over 3 comparisons), significantly worse: D" in told
    assert "corrected for." not in " ".join(words.lead_sentences(comparison_of(runs)))


def test_too_few_runs_make_no_claim(study) -> None:
    few = [run for run in study if run.seed < 2]
    told = anytime_claims.sentence(summarise(comparison_of(few)))
    assert "no claim over time was tested" in told and "significantly" not in told.split("tested")[0]


def test_a_larger_area_is_told_with_digits_that_show_it(make_run) -> None:
    """B's last improvement ends just before the runs do, and A's a little earlier: both areas round to 0.000."""
    runs = [
        make_run(name, seed, [9.0, 2.0, 1.0], [1.0, at, 1e5])
        for name, at in (("A", 1e5 - 9.0), ("B", 1e5 - 3.0))
        for seed in range(4)
    ]
    told = anytime_claims.sentence(summarise(comparison_of(runs)))
    assert "A has the largest area over the curve (0.0001 of 1)" in told


def test_without_any_area_nobody_is_said_to_have_the_largest(make_run) -> None:
    """Each run improves with its very last trial, A far more: a value that holds for no time has no area."""
    runs = [make_run(name, seed, [9.0, last]) for name, last in (("A", 1.0), ("B", 5.0)) for seed in range(4)]
    told = anytime_claims.sentence(summarise(comparison_of(runs)))
    assert "no area over the curve says who is ahead: no run is below the easiest target" in told
    assert "largest" not in told and "by this area" not in told


def test_where_there_is_no_area_values_on_the_way_still_tell(make_run) -> None:
    """One value above zero alone bounds no area; A is at zero long before B."""
    runs = [make_run(n, seed, [9.0, 1.0], [1.0, at], limit={"simulated_seconds": 10.0}, common_start=False)
            for n, at in (("A", 2.0), ("B", 8.0)) for seed in range(8)]  # fmt: skip
    told = anytime_claims.sentence(summarise(comparison_of(runs)))
    assert "no area over the curve" in told and "1 at 25% and 1 at 50% of the time are significant" in told


def test_a_band_holds_everywhere_at_once(study) -> None:
    """On means that differ by nothing: the share of studies in which a band leaves zero anywhere."""
    from encave.analysis.statistics import simultaneous

    rng = np.random.default_rng(3)
    left = alone = 0
    for number in range(200):
        walks = [np.cumsum(rng.normal(size=(8, 30)), axis=1) for _ in range(3)]
        bands = simultaneous.differences(walks[1:], walks[0], paired=False, seed=number)
        left += any((band.lower > 0).any() or (band.upper < 0).any() for band in bands)
        gap = walks[1].mean(axis=0) - walks[0].mean(axis=0)
        error = np.sqrt((walks[1].var(axis=0, ddof=1) + walks[0].var(axis=0, ddof=1)) / 8)
        alone += bool((np.abs(gap) > 2.145 * error).any())
    assert left <= 200 * 0.05 + 2 * (200 * 0.05 * 0.95) ** 0.5
    assert alone > 2 * left  # one by one they would err far more often


def test_wins_have_a_column_where_there_are_blocks_only(study, make_run) -> None:
    paired = [make_run(name, seed, [9.0, 1.0 + seed / 9 + at]) for at, name in enumerate("AB") for seed in range(8)]
    for runs, blocks in ((study, False), (paired, True)):
        (table,) = (
            one for one in pairs_block(comparison_of(runs).significance[0], "x", "").blocks
            if isinstance(one, ReportTable)
        )  # fmt: skip
        assert ("Wins–ties–losses" in table.heads) is blocks
        assert all(len(row.cells) + 1 == len(table.heads) for row in table.rows)
        assert (table.heads[max(table.text)], table.heads[-2]) == ("Differ", "p, corrected")


@pytest.mark.parametrize(("percent", "unit"), [(True, " [% points]"), (False, "")])
def test_differences_of_percentages_are_in_points(make_run, percent: bool, unit: str) -> None:
    runs = []
    for at, name in enumerate("AB"):
        for seed in range(8):
            costs = [9.0, 1.0 + seed / 9 + at]
            runs.append(make_run(name, seed, costs, reported=costs if percent else None))
    figure = anytime_claims.differences_figure(summarise(comparison_of(runs), control="A"), line_styles(["A", "B"]))
    assert figure is not None and figure.chart.ylabel == f"Difference from A{unit}"


def test_values_that_differ_by_rounding_tie(make_run) -> None:
    """Entries of a table that are equal but for the last bit of a mean: no rank or effect tells them apart."""
    optimum, same = 53.26666661580404, 53.98333329580404
    again = float(np.nextafter(same, 100))
    measure = Measure("regret", "cost:loss", regret="optimum", reference=optimum)
    told = measure.report(np.array([same, again, optimum, np.nextafter(optimum, 0), np.nan, np.inf]))
    assert same != again and told[0] == told[1] > 0.7
    assert told[2] == told[3] == 0 and np.signbit(told[2:4]).sum() == 0
    assert np.isnan(told[4]) and told[5] == np.inf
    for tiny in (1e-30, 1e-290, 1e-320):  # as of a sphere: the digits that count are beyond what rounding can reach
        near_zero = Measure("regret", "cost:loss", regret="optimum", reference=tiny)
        np.testing.assert_allclose(near_zero.report(np.array([tiny, 2.0, 1e200])), [0.0, 2.0, 1e200])
    reporting = [{"name": "validation regret", "column": "valid", "optimum": optimum, "unit": "%"}]
    runs = []
    for name, value in (("A", same), ("B", again)):
        for seed in range(8):
            costs = [90.0, value]
            run = make_run(name, seed, costs, reported=costs, common_start=False)
            told_by = run.provenance.from_json({**run.provenance.json(), "reporting": reporting})
            runs.append(run.replace(provenance=told_by))
    found = comparison_of(runs)
    assert [row.rank for row in found.table.rows] == [1.5, 1.5]
    assert found.significance[0].pairs[0].improvement.value == 0.5
