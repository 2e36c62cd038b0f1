"""The tests of a comparison: directions, groups, correction, gates; and the result over tasks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from encave.analysis.comparison.overall import compare_tasks
from encave.analysis.comparison.section import compare
from encave.analysis.comparison.significance import compare_over_tasks, compare_runs
from encave.analysis.grouping.sections import view_runs
from encave.analysis.report.tests import control_sentence, describe, p_value

NAN = float("nan")


@pytest.fixture
def samples() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    base = rng.normal(size=12)
    return {"C": base + 5, "A": base, "B": base + rng.normal(scale=0.5, size=12)}


def test_paired_runs(samples) -> None:
    result = compare_runs(samples, paired=True)
    assert result.choice.test == "friedman-wilcoxon"
    assert result.optimizers[2] == "C"
    assert {frozenset(group) for group in result.groups} == {frozenset("AB")}
    assert result.worse("C", "A")
    assert not result.worse("A", "C")
    assert not result.worse("B", "A")
    pair = result.pair("C", "A")
    assert (pair.second, pair.favours, pair.record) == ("C", 1, (12, 0, 0))
    raw = [stats.wilcoxon(samples[one.first], samples[one.second]).pvalue for one in result.pairs]
    np.testing.assert_allclose([one.p for one in result.pairs], raw, atol=1e-9)
    assert pair.adjusted == pytest.approx(min(raw) * 3)
    close = result.pair("A", "B")
    beaten = np.sign(samples[close.second][:, None] - samples[close.first])
    assert close.cliffs_delta == pytest.approx(beaten.mean())


def test_unpaired_runs(samples) -> None:
    result = compare_runs({name: values[: 12 - i] for i, (name, values) in enumerate(samples.items())}, paired=False)
    assert result.choice.test == "mann-whitney"
    assert result.friedman is None
    assert result.worse("C", "A")
    assert result.pair("A", "C").record is None


def test_without_a_test_nobody_differs(samples) -> None:
    result = compare_runs({name: values[:2] for name, values in samples.items()}, paired=True)
    assert not result.tested
    assert result.groups == ()
    assert not any(pair.different or pair.favours for pair in result.pairs)
    assert np.isnan(result.pairs[0].p)


def test_no_pair_differs_where_friedman_does_not_reject() -> None:
    rng = np.random.default_rng(0)
    values = {name: rng.normal(size=20) for name in "ABC"}
    result = compare_runs(values, paired=True)
    assert result.friedman is not None
    assert result.friedman.p > 0.05
    assert not any(pair.different for pair in result.pairs)
    assert [len(group) for group in result.groups] == [3]


def test_rank_order_and_test_may_favour_different_optimizers() -> None:
    # A is a little better in seven of twelve seeds, B far better in the others: ranks favour A, signed ranks B
    gap = np.array([-0.1] * 7 + [5.0, 6.0, 7.0, 8.0, 9.0])
    pair = compare_runs({"A": gap, "B": np.zeros(12)}, paired=True).pairs[0]
    assert (pair.first, pair.favours) == ("A", -1)


def test_tasks_are_blocks_of_medians_with_failures_worst() -> None:
    good = [np.array([1.0, 2.0, 30.0])] * 3
    lossy = [np.array([0.5, NAN, NAN])] * 3
    poor = [np.array([5.0, 5.0, 5.0])] * 3
    result = compare_over_tasks({"lossy": lossy, "good": good, "poor": poor})
    assert result.choice.test == "friedman-nemenyi"
    assert result.optimizers == ("good", "poor", "lossy")
    assert result.ranks == (1.0, 2.0, 3.0)
    assert result.friedman is not None
    assert result.friedman.exact_p == pytest.approx(1 / 36)
    assert result.worse("lossy", "good")  # a difference of 2 is above CD = 1.91
    assert not result.worse("poor", "good")


def study(make_run, tasks, labels="ABC", seeds=3):
    return [
        make_run(label, seed, [9.0, 2.0 + place], task=task)
        for task in tasks
        for place, label in enumerate(labels)
        for seed in range(seeds)
    ]


def overall_of(runs):
    return compare_tasks([compare(section) for section in view_runs(runs).sections])


def test_overall(make_run) -> None:
    result, why = overall_of(study(make_run, ["t1", "t2", "t3"]))
    assert why is None
    assert result is not None
    assert result.optimizers == ("A", "B", "C")
    assert result.task_ranks == ((1.0, 1.0, 1.0), (2.0, 2.0, 2.0), (3.0, 3.0, 3.0))
    assert [curve.optimizer for curve in result.curves] == ["A", "B", "C"]
    assert [curve.mean[-1] for curve in result.curves] == [1.0, 2.0, 3.0]
    assert [curve.mean[0] for curve in result.curves] == [2.0, 2.0, 2.0]
    assert result.curves[0].positions[-1] == 1.0


def test_two_tasks_are_refused_a_test_and_ranked_all_the_same(make_run) -> None:
    result, _ = overall_of(study(make_run, ["t1", "t2"]))
    assert result is not None
    assert not result.significance.tested
    assert "Two tasks" in result.significance.choice.reason
    assert result.significance.ranks == (1.0, 2.0, 3.0)


def test_tasks_that_do_not_compare_are_not_averaged(make_run) -> None:
    runs = study(make_run, ["t1", "t2"])
    result, why = overall_of([run for run in runs if run.name != "C-t2-0" and not run.name.startswith("C-t2")])
    assert result is None
    assert "not every optimizer" in str(why)
    assert overall_of(study(make_run, ["t1"])) == (None, None)
    assert overall_of(study(make_run, ["t1", "t2"], labels="A")) == (None, None)


P_VALUES = {0.0004: "< 0.001", 0.0123: "= 0.012", 0.0499: "= 0.0499", 0.049996: "= 0.049996", 0.05: "= 0.05"}


@pytest.mark.parametrize(("p", "text"), [*P_VALUES.items(), (0.123, "= 0.12"), (1.0, "= 1.00"), (NAN, "–")])
def test_p_values_show_on_which_side_of_the_level_they_are(p: float, text: str) -> None:
    assert p_value(p) == text


def shifted(n: int, *shifts: float) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(8)
    return {name: rng.normal(shift, 1, size=n) for name, shift in zip("ABCD", shifts, strict=False)}


def test_the_omnibus_is_told_where_no_pair_can_be_tested() -> None:
    """Four runs of four optimizers: no pair can be significant after Holm's correction, all together can."""
    values = shifted(4, 0, 10, 20, 30)
    apart = compare_runs(values, paired=False)
    assert apart.choice.test == "none" and not apart.groups
    assert apart.omnibus is not None and (apart.omnibus.name, apart.omnibus.how) == ("Kruskal–Wallis", "permutation")
    assert apart.omnibus.statistic == pytest.approx(stats.kruskal(*values.values()).statistic)
    assert apart.omnibus.p < 0.001 < stats.kruskal(*values.values()).pvalue
    assert "All 4 at once: Kruskal–Wallis, H(3) = 14.12, permutation p < 0.001; not all are alike" in describe(apart)
    within = compare_runs(values, paired=True)
    assert within.omnibus is not None and (within.omnibus.name, within.omnibus.how) == ("Friedman", "exact")
    assert within.omnibus.statistic == pytest.approx(stats.friedmanchisquare(*values.values()).statistic)
    two = compare_over_tasks({name: [own[:2], own[2:]] for name, own in values.items()})
    assert two.choice.test == "none" and two.omnibus is not None and two.omnibus.name == "Friedman"
    assert compare_runs({"A": values["A"], "B": values["B"]}, paired=False).omnibus is None


def test_kruskals_permutations_hold_their_level() -> None:
    """Of 400 samples of one distribution, with ties, about one in twenty is below 0.05."""
    rng = np.random.default_rng(2)
    from encave.analysis.statistics.tests import kruskal

    p = [kruskal(list(rng.integers(0, 4, size=(3, 5)).astype(float)), 499)[1] for _ in range(400)]
    assert 0.02 < np.mean(np.array(p) <= 0.05) < 0.08
    large = [rng.normal(size=80) for _ in range(3)]
    assert kruskal(large) == pytest.approx(tuple(stats.kruskal(*large)))
    assert kruskal([np.ones(3)] * 3) == (0.0, 1.0)


def test_a_control_is_corrected_for_k_minus_one() -> None:
    values = shifted(6, 0, 0, 6, -6)
    values["B"] = values["A"][::-1] + 0.01
    result = compare_runs(values, paired=False, control="A")
    control = result.control
    assert control is not None and [one.optimizer for one in control.against] == ["D", "B", "C"]
    raw = [stats.mannwhitneyu(values[one.optimizer], values["A"], method="exact").pvalue for one in control.against]
    assert [one.p for one in control.against] == pytest.approx(raw)
    order = np.sort(raw)
    steps = np.minimum(1, np.maximum.accumulate(order * [3, 2, 1]))
    assert sorted(one.adjusted for one in control.against) == pytest.approx(steps.tolist())
    assert {one.optimizer: one.verdict for one in control.against} == {
        "D": "better", "B": "not different", "C": "worse"
    }  # fmt: skip
    told = control_sentence(result)
    assert told == (
        "Against A (Mann–Whitney, Holm over 3 comparisons), significantly better: D; significantly worse: C; "
        "not different: B."
    )
    assert compare_runs(values, paired=False).control is None


def test_a_control_needs_fewer_runs_than_all_pairs() -> None:
    """Five of each carry three comparisons, not ten."""
    values = {**shifted(5, 0, 9, 18, 27), "E": np.arange(5.0)}
    result = compare_runs(values, paired=True, control="A")
    assert result.choice.test == "none"
    assert result.control is not None and result.control.choice.test == "mann-whitney"
    few = compare_runs({name: own[:3] for name, own in values.items()}, paired=False, control="A")
    assert "nothing was tested" in (control_sentence(few) or "")
    assert few.control is not None and {one.verdict for one in few.control.against} == {"not tested"}


def test_a_control_over_few_tasks_is_compared_by_average_ranks() -> None:
    tasks = {name: [np.full(2, rank + 0.1 * task) for task in range(6)] for rank, name in enumerate("ABCD")}
    result = compare_over_tasks(tasks, control="A")
    assert result.control is not None
    assert result.control.choice.test == "friedman-nemenyi"
    assert result.control.against[-1].p == pytest.approx(2 * stats.norm.sf(3 / np.sqrt(4 * 5 / (6 * 6))))
    assert {one.favours for one in result.control.against} == {-1}
