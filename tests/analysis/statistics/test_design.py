"""Which test a design gets: what it can carry, and a refusal with what would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encave.analysis.statistics.design import (
    ALPHA,
    StudyDesign,
    choose_test,
    needed,
    smallest_mann_whitney,
    smallest_wilcoxon,
)
from encave.analysis.statistics.tests import critical_difference


@pytest.mark.parametrize(
    ("design", "test"),
    [
        (StudyDesign(1, 1, 9, True), "none"),
        (StudyDesign(2, 1, 6, True), "wilcoxon"),  # 2 / 2^6 = 0.031
        (StudyDesign(2, 1, 9, True), "wilcoxon"),
        (StudyDesign(3, 9, 1, False), "friedman-wilcoxon"),
        (StudyDesign(2, 1, 5, True), "mann-whitney"),  # 2 / 2^5 = 0.0625, but 2 / C(10, 5) = 0.008
        (StudyDesign(2, 1, 4, False), "mann-whitney"),  # 2 / C(8, 4) = 0.029
        (StudyDesign(2, 1, 3, False), "none"),  # 2 / C(6, 3) = 0.1
        (StudyDesign(4, 1, 8, True), "friedman-wilcoxon"),  # 6 * 2 / 2^8 = 0.047
        (StudyDesign(4, 1, 7, True), "mann-whitney"),
        (StudyDesign(4, 1, 1, True), "none"),
        (StudyDesign(3, 2, 30, True), "none"),  # two tasks are no Friedman test
        (StudyDesign(2, 3, 30, True), "none"),
        (StudyDesign(2, 6, 1, False), "wilcoxon"),
        (StudyDesign(3, 3, 1, False), "friedman-nemenyi"),
        (StudyDesign(3, 7, 1, False), "friedman-wilcoxon"),
        (StudyDesign(12, 3, 1, False), "friedman-nemenyi"),
    ],
)
def test_choice(design: StudyDesign, test: str) -> None:
    assert choose_test(design).test == test


def test_refusals_say_what_would_do() -> None:
    two_tasks = choose_test(StudyDesign(3, 2, 30, True))
    assert "at least three" in two_tasks.reason
    assert "7 carry" in str(two_tasks.suggestion)
    few = choose_test(StudyDesign(4, 1, 2, True))
    assert "With 2 runs" in few.reason
    assert "at least 5 seeds" in str(few.suggestion)


@given(st.integers(2, 20), st.integers(1, 12), st.integers(1, 20), st.booleans())
def test_every_chosen_test_can_reject(optimizers: int, tasks: int, runs: int, paired: bool) -> None:
    design = StudyDesign(optimizers, tasks, runs, paired)
    choice = choose_test(design)
    assert (choice.suggestion is None) == (choice.test != "none")
    if choice.test.endswith("wilcoxon"):
        assert smallest_wilcoxon(runs if tasks == 1 else tasks) * design.pairs < ALPHA
    if choice.test == "mann-whitney":
        assert smallest_mann_whitney(runs) * design.pairs < ALPHA


def test_needed_is_the_least() -> None:
    n = needed(smallest_wilcoxon, 10)
    assert smallest_wilcoxon(n) * 10 < ALPHA <= smallest_wilcoxon(n - 1) * 10


@pytest.mark.parametrize(
    ("design", "reason", "suggestion"),
    [
        (StudyDesign(1, 3, 9, True), "There is only one optimizer, so nothing is tested.", None),
        (StudyDesign(2, 6, 1, False), "6 tasks are the blocks, and two optimizers are compared.", None),
        (StudyDesign(3, 7, 1, False), "7 tasks are the blocks, and 3 optimizers are compared.", None),
        (
            StudyDesign(3, 6, 1, False),
            "6 tasks are the blocks; they are fewer than the 7 that signed-rank tests of 3 pairs with Holm's "
            "correction need, so Nemenyi's test follows.",
            None,
        ),
        (
            StudyDesign(2, 2, 1, False),
            "Two tasks are too few for a test over tasks: Friedman's needs at least three blocks.",
            "Add tasks (6 carry Wilcoxon's signed-rank test); until then read the tests of each task.",
        ),
        (
            StudyDesign(2, 3, 1, False),
            "With 3 tasks no two-sided signed-rank test is below p = 0.25.",
            "Add tasks (6 carry Wilcoxon's signed-rank test); until then read the tests of each task.",
        ),
        (
            StudyDesign(2, 1, 6, True),
            "all optimizers ran with the same 6 seeds, which are the blocks, and two optimizers are compared.",
            None,
        ),
        (
            StudyDesign(2, 1, 5, True),
            "5 shared seeds are fewer than the 6 that signed-rank tests need, so samples are independent.",
            None,
        ),
        (StudyDesign(2, 1, 4, False), "runs are not paired by seed, so samples are independent.", None),
        (
            StudyDesign(2, 1, 1, False),
            "With one run of an optimizer no difference between 2 optimizers can be significant.",
            "Run each optimizer with at least 4 seeds.",
        ),
        (
            StudyDesign(3, 1, 2, False, comparisons=2),
            "With 2 runs of an optimizer no difference between 3 optimizers can be significant after Holm's correction "
            "for 2 comparisons.",
            "Run each optimizer with at least 5 seeds.",
        ),
    ],
)
def test_words_of_a_choice(design: StudyDesign, reason: str, suggestion: str | None) -> None:
    choice = choose_test(design)
    assert (choice.reason, choice.suggestion) == (reason, suggestion)


def test_of_very_many_optimizers_no_difference_of_ranks_is_large_enough() -> None:
    told = "With 3 tasks even the largest possible difference in rank is below Nemenyi's critical one."
    reached = [k for k in (40, 70, 75, 100) if critical_difference(k, 3) > k - 1]
    assert reached == [75, 100]
    assert [k for k in (40, 70, 75, 100) if choose_test(StudyDesign(k, 3, 1, False)).reason == told] == reached


def test_pairs_are_all_or_those_that_are_compared() -> None:
    assert [StudyDesign(k, 1, 1, True).pairs for k in (1, 2, 3, 5)] == [0, 1, 3, 10]
    assert StudyDesign(5, 1, 1, True, comparisons=4).pairs == 4


def test_smallest_p_values_of_few() -> None:
    assert [smallest_wilcoxon(n) for n in (0, 1, 2, 6)] == [1.0, 1.0, 0.5, 0.03125]
    assert [smallest_mann_whitney(n) for n in (0, 1, 2, 4)] == [1.0, 1.0, 1 / 3, 1 / 35]
    assert needed(lambda n: 0.05 if n < 3 else 0.049, 1) == 3
    assert needed(lambda n: 0.0, 1) == 1
