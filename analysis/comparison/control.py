"""Comparison of every optimizer with one that was named beforehand: Holm over k - 1 instead of all pairs.

Demšar, JMLR 7, 2006, section 3.2.2: where the question is whether others differ from a control, asking no more of the
data leaves more power.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ...run.types import Floats
from ..statistics import tests
from ..statistics.design import ALPHA, Choice, StudyDesign, choose_test
from .ranking import mean_ranks


@dataclass(frozen=True)
class Against:
    """One optimizer against the control."""

    optimizer: str
    """The other one."""
    p: float
    """Two-sided p-value, not corrected; NaN without a test."""
    adjusted: float
    """Corrected for k - 1 comparisons by Holm's procedure."""
    favours: int
    """1 where the statistic favours the optimizer, -1 where the control, 0 neither."""

    @property
    def verdict(self) -> str:
        """`better`, `worse`, `not different`, or `not tested`."""
        if math.isnan(self.adjusted):
            return "not tested"
        if self.adjusted >= ALPHA or not self.favours:
            return "not different"
        return "better" if self.favours > 0 else "worse"


@dataclass(frozen=True)
class ControlTests:
    """All others against the control."""

    control: str
    """The optimizer that was named."""
    choice: Choice
    """Which test, and why."""
    against: tuple[Against, ...]
    """One for each of the others, in the order in which they were given."""
    counted: int
    """Comparisons that are corrected together: these, or those of all tasks."""


def against_control(blocks: Mapping[str, Floats], control: str, design: StudyDesign) -> ControlTests:
    """Test every optimizer against the control.

    Args:
        blocks: Optimizer → value of each block or run, less is better, NaN for a failed run, the control among them.
        control: The one that was named.
        design: What was run.
    """
    choice = choose_test(replace(design, comparisons=design.optimizers - 1))
    names = [name for name in blocks if name != control]
    found = [_test(blocks, name, control, choice) for name in names]
    p = np.array([raw for raw, _ in found])
    adjusted = tests.holm(p) if choice.test != "none" else p
    against = (
        Against(name, raw, float(corrected), favours)
        for name, (raw, favours), corrected in zip(names, found, adjusted, strict=True)
    )
    return ControlTests(control, choice, tuple(against), len(names))


def _test(blocks: Mapping[str, Floats], name: str, control: str, choice: Choice) -> tuple[float, int]:
    """p-value, and whom the statistic favours."""
    if choice.test == "friedman-nemenyi":
        return _by_average_ranks(blocks, name, control)
    favours = tests.favoured(blocks[name], blocks[control], choice.test)
    if choice.test == "none":
        return math.nan, favours
    test = tests.mann_whitney if choice.test == "mann-whitney" else tests.wilcoxon
    return test(blocks[name], blocks[control]), favours


def _by_average_ranks(blocks: Mapping[str, Floats], name: str, control: str) -> tuple[float, int]:
    """For too few blocks for signed ranks: the difference of average ranks as a normal deviate (Demšar 2006)."""
    ranks = dict(zip(blocks, mean_ranks(np.stack(list(blocks.values()), axis=1)), strict=True))
    k, n = len(blocks), len(blocks[control])
    z = (ranks[control] - ranks[name]) / math.sqrt(k * (k + 1) / (6 * n))
    return math.erfc(abs(z) / math.sqrt(2)), int(np.sign(z))
