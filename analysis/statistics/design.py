"""Which hypothesis test a comparison can carry, decided from its design alone and never from its values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .tests import critical_difference

ALPHA = 0.05
"""Level of every test."""
FEWEST_TASKS = 3
"""Blocks below which Friedman's test over tasks is refused."""
_FAR = 1000

Test = Literal["none", "wilcoxon", "friedman-wilcoxon", "friedman-nemenyi", "mann-whitney"]


@dataclass(frozen=True)
class StudyDesign:
    """What was run."""

    optimizers: int
    """How many are compared."""
    tasks: int
    """On how many tasks; with more than one, a task is a block and its runs are summarised."""
    fewest_runs: int
    """Runs of the optimizer that has the fewest (on a task)."""
    paired: bool
    """Whether all optimizers ran with the same known seeds, each once."""
    comparisons: int | None = None
    """How many pairs are tested; None for all."""

    @property
    def pairs(self) -> int:
        """Pairs that are tested, which Holm's correction counts."""
        return self.comparisons or self.optimizers * (self.optimizers - 1) // 2


@dataclass(frozen=True)
class Choice:
    """A test, or why there is none."""

    test: Test
    """Its kind; `none` if the design carries no test."""
    reason: str
    """A sentence: why this test, or why none."""
    suggestion: str | None = None
    """What would carry a test, where there is none."""


def smallest_wilcoxon(n: int) -> float:
    """Smallest two-sided p-value that n pairs can give: all signs alike."""
    return min(1.0, 2.0 ** (1 - n))


def smallest_mann_whitney(n: int) -> float:
    """Smallest two-sided p-value that two samples of n can give: one wholly below the other."""
    return min(1.0, 2 / math.comb(2 * n, n))


def needed(smallest: Callable[[int], float], pairs: int) -> int:
    """Least n at which the smallest p-value, times the number of pairs as Holm's first step has it, is below ALPHA."""
    return next(n for n in range(1, _FAR) if smallest(n) * pairs < ALPHA)


def choose_test(design: StudyDesign) -> Choice:
    """The test for a design.

    A rank test on few values cannot reach significance whatever they are (five pairs: p >= 0.0625), so a test is chosen
    only if its smallest possible p-value, corrected for the number of pairs, is below `ALPHA`.

    * Several tasks: tasks are the blocks. Two optimizers: Wilcoxon. More: Friedman, then Wilcoxon-Holm, which unlike
      Nemenyi's does not depend on who else is compared (Benavoli et al., JMLR 17, 2016); Nemenyi with fewer tasks than
      that needs.
    * One task, seeds shared: the same with seeds as blocks; with too few, Mann-Whitney.
    * One task otherwise: Mann-Whitney with Holm.
    """
    if design.optimizers < 2:
        return Choice("none", "There is only one optimizer, so nothing is tested.")
    return _over_tasks(design) if design.tasks > 1 else _on_one_task(design)


def _over_tasks(design: StudyDesign) -> Choice:
    enough = needed(smallest_wilcoxon, design.pairs)
    if design.tasks >= enough:
        return _over_blocks(design, f"{design.tasks} tasks are the blocks")
    suggestion = f"Add tasks ({enough} carry Wilcoxon's signed-rank test); until then read the tests of each task."
    if design.tasks < FEWEST_TASKS:
        return Choice(
            "none", "Two tasks are too few for a test over tasks: Friedman's needs at least three blocks.", suggestion
        )
    if design.optimizers == 2:
        p = smallest_wilcoxon(design.tasks)
        return Choice(
            "none", f"With {design.tasks} tasks no two-sided signed-rank test is below p = {p:.3g}.", suggestion
        )
    if critical_difference(design.optimizers, design.tasks, ALPHA) > design.optimizers - 1:
        return Choice(
            "none",
            f"With {design.tasks} tasks even the largest possible difference in rank is below Nemenyi's critical one.",
            suggestion,
        )
    return Choice(
        "friedman-nemenyi",
        f"{design.tasks} tasks are the blocks; they are fewer than the {enough} that signed-rank tests of "
        f"{design.pairs} pairs with Holm's correction need, so Nemenyi's test follows.",
    )


def _over_blocks(design: StudyDesign, why: str) -> Choice:
    if design.optimizers == 2:
        return Choice("wilcoxon", f"{why}, and two optimizers are compared.")
    return Choice("friedman-wilcoxon", f"{why}, and {design.optimizers} optimizers are compared.")


def _on_one_task(design: StudyDesign) -> Choice:
    pairs_needed = needed(smallest_wilcoxon, design.pairs)
    runs_needed = needed(smallest_mann_whitney, design.pairs)
    runs = design.fewest_runs
    if design.paired and runs >= pairs_needed:
        return _over_blocks(design, f"all optimizers ran with the same {runs} seeds, which are the blocks")
    if runs >= runs_needed:
        few = f"{runs} shared seeds are fewer than the {pairs_needed} that signed-rank tests need"
        return Choice(
            "mann-whitney", f"{few if design.paired else 'runs are not paired by seed'}, so samples are independent."
        )
    kind = "one run" if runs == 1 else f"{runs} runs"
    return Choice(
        "none",
        f"With {kind} of an optimizer no difference between {design.optimizers} optimizers can be significant"
        + (f" after Holm's correction for {design.pairs} comparisons." if design.pairs > 1 else "."),
        f"Run each optimizer with at least {runs_needed} seeds.",
    )
