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


@pytest.mark.parametrize(
    ("design", "test"),
    [
        (StudyDesign(1, 1, 9, True), "none"),
        (StudyDesign(2, 1, 6, True), "wilcoxon"),  # 2 / 2^6 = 0.031
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
