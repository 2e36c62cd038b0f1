"""Text in drawings: names that are shortened stay names of different things."""

from __future__ import annotations

import pytest

from encave.analysis.charts.drawing import own_labels
from encave.analysis.charts.papers import paper

PAPER = paper(None)


def test_a_long_name_loses_its_middle() -> None:
    assert own_labels(["short", "a" * 20 + "b" * 20], PAPER, 11) == ["short", "aaaaa…bbbbb"]


@pytest.mark.parametrize("most", [9, 20, 28])
@pytest.mark.parametrize(
    "names",
    [
        [f"multi-fidelity-optimizer-variant-{letter}-with-population-twenty" for letter in "abcdefghijkl"],
        [f"{'x' * 30}{'y' * 40}{n}{'y' * 40}{'z' * 30}" for n in range(3)],
        ["p" * 40, "p" * 41, "p" * 80],
        [f"优化器{'甲' * n}的一个很长的名字" for n in range(9, 12)],
        [f"{'a' * 20}{n // 2}{'b' * 30}{n % 2}{'c' * 20}" for n in range(4)],
    ],
)
def test_different_names_have_different_labels(names: list[str], most: int) -> None:
    found = own_labels([*names, names[0]], PAPER, most)
    assert len(set(found)) == len(names) and found[0] == found[-1]
    assert all(len(label) <= most for label in found)
    assert all(len(label) <= most for label in own_labels(names[::-1], PAPER, most))


def test_what_differs_is_shown() -> None:
    names = [f"multi-fidelity-optimizer-variant-{letter}-with-population-twenty" for letter in "ab"]
    assert own_labels(names, PAPER, 28) == ["multi-fid…a-with-population…", "multi-fid…b-with-population…"]
