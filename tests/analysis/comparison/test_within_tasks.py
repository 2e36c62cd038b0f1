"""Tests over few tasks from their runs, and the corrections that count all tasks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from encave.analysis.comparison.families import counted_together
from encave.analysis.comparison.overall import compare_tasks
from encave.analysis.comparison.section import compare
from encave.analysis.comparison.within_tasks import compare_within_tasks
from encave.analysis.grouping.sections import view_runs
from encave.analysis.report import write_report
from encave.analysis.report.settings import Settings
from encave.analysis.report.tests import control_sentence
from encave.analysis.report.within_tasks import family_sentence, sentences


@pytest.fixture
def samples() -> dict[str, list[np.ndarray]]:
    rng = np.random.default_rng(1)
    return {
        name: [scale * rng.normal(shift, size=8) for scale in (1, 100)] for name, shift in zip("CAB", (3, 0.0, 0.1))
    }


def test_two_tasks_carry_it_and_the_verdict_is_that_of_holm(samples) -> None:
    found = compare_within_tasks(samples, paired=False, shared=False, control="B")
    assert found.tested and {*found.optimizers[:2]} == {"A", "B"} and found.optimizers[2] == "C"
    assert found.worse("C", "A") and not found.worse("A", "B") and not found.worse("B", "A")
    raw = sorted(pair.p for pair in found.pairs)
    assert sorted(pair.adjusted for pair in found.pairs) == pytest.approx([3 * raw[0], 2 * raw[1], raw[2]])
    assert {one.optimizer: one.verdict for one in found.against} == {"A": "not different", "C": "worse"}
    both = sorted(one.p for one in found.against)
    assert sorted(one.adjusted for one in found.against) == pytest.approx([2 * both[0], both[1]])
    assert found.p < 0.01
    pooled = [stats.rankdata(np.concatenate([samples[name][task] for name in "ABC"])) for task in (0, 1)]
    for place, name in enumerate("ABC"):  # the mean rank among all runs is 1 + what the others' runs add to it
        wins = [(own[8 * place : 8 * place + 8].sum() - 36) / 64 for own in pooled]
        assert found.ranks[found.optimizers.index(name)] == pytest.approx(1 + np.mean(wins))


def test_a_best_rank_that_others_share_is_told_so(samples) -> None:
    found = compare_within_tasks({"A": samples["A"], "B": samples["A"]}, paired=False, shared=False, control=None)
    assert "A and B share the best average rank of runs; B does not differ significantly from A." in sentences(found)[0]


def test_one_run_of_each_is_told_what_it_takes(samples) -> None:
    found = compare_within_tasks(
        {name: [one[:1] for one in own] for name, own in samples.items()}, paired=False, shared=False, control="A"
    )
    assert not found.tested and np.isnan(found.p) and all(np.isnan(one.p) for one in found.against)
    assert sentences(found) == [
        "On these 2 tasks, runs stratified by task, no pair was tested: that needs 3 runs of each on every task."
    ]


def test_seeds_that_tasks_share_are_clusters(make_run) -> None:
    def overall(own: bool):
        runs = [
            make_run(label, seed, [99.0, cost + seed], task=task, **({"common_start": False} if own else {}))
            for task in ("t1", "t2")
            for label, cost in (("A", 2.0), ("B", 2.5))
            for seed in range(8)
        ]
        found, _ = compare_tasks([compare(section) for section in view_runs(runs).sections])
        assert found is not None
        return found.within

    assert overall(own=False).blocks == "paired clusters"
    assert overall(own=False).pairs[0].p == 2 * 0.5**8  # eight seeds, not sixteen runs
    assert overall(own=True).blocks == "runs"


@pytest.fixture
def tasks(make_run):
    """On both tasks A and B differ with p = 0.038, which stands alone and not beside the other."""
    costs = {"A": range(7), "B": [1.5, *(place + 3.5 for place in range(1, 7))], "C": range(50, 57)}
    return [
        make_run(label, seed, [99.0, float(own[seed])], task=task, common_start=False)
        for task in ("one", "other")
        for label, own in costs.items()
        for seed in range(7)
    ]


def test_corrected_for_the_pairs_of_all_tasks(tasks) -> None:
    alone = [compare(section, control="A") for section in view_runs(tasks).sections]
    both = counted_together(alone)
    raw = np.array([pair.p for one in alone for pair in one.significance[0].pairs])
    order = np.argsort(raw)
    holm = np.minimum(np.maximum.accumulate(raw[order] * np.arange(6, 0, -1)), 1)
    ours = np.array([pair.adjusted for one in both for pair in one.significance[0].pairs])
    assert ours[order] == pytest.approx(holm)
    assert all(pair.different == (pair.adjusted < 0.05) for one in both for pair in one.significance[0].pairs)
    against = [each.adjusted for one in both for each in one.significance[0].control.against]
    assert max(against) >= max(each.adjusted for one in alone for each in one.significance[0].control.against)
    told = control_sentence(both[0].significance[0])
    assert told is not None and "Holm over 4 comparisons" in told
    assert [one.significance[0].groups for one in alone] == [(), ()]
    assert [one.significance[0].groups for one in both] == [(("A", "B"),)] * 2


def test_the_summary_says_which_pairs_are_lost(tasks, tmp_path) -> None:
    alone = [compare(section) for section in view_runs(tasks).sections]
    told = family_sentence(alone, "task")
    assert told is not None and told.startswith("Of the 6 pairs that differ on a task 4 also differ when Holm's")
    assert "counts all 6 pairs of all tasks (not A and B on one and A and B on other)" in told
    assert family_sentence(alone, "report") is None
    report = write_report(tasks, tmp_path / "report", settings=Settings(family="report"))
    tests = pd.read_parquet(report.folder / "data" / "tests.parquet").query("task == 'one'")
    assert tests.groupby("measure")["different"].sum().tolist() == [2, 2]
    text = (report.folder / "report.html").read_text(encoding="utf-8")
    assert "counts the pairs of all tasks together" in text
    assert any("On these 2 tasks" in one for one in report.summary)
