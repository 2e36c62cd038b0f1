"""The objective `Time` of DeepCAVE's converters: left out beside another, and kept where it is the only one."""

from __future__ import annotations

import pytest

from encave.converters.formats.deepcave import native
from encave.converters.formats.deepcave.trials import LoggedColumns, clean
from encave.run import Objective


@pytest.mark.parametrize(
    ("names", "seconds", "kept"),
    [
        (["loss", "Time"], [2.0, 3.0], ["loss"]),
        (["loss", "Time"], [2.0, 2.5], ["loss", "Time"]),  # it says something else
        (["Time"], [2.0, 3.0], ["Time"]),
    ],
)
def test_time_is_an_objective_only_where_it_says_something(
    names: list[str], seconds: list[float], kept: list[str]
) -> None:
    logged = LoggedColumns(
        budget=[None, None], seed=[0, 0], status=["SUCCESS"] * 2, start=[0.0, 2.0], end=[2.0, 5.0],
        costs={"loss": [0.5, 0.25], "Time": seconds}, additional=[{}, {}],
    )  # fmt: skip
    found = clean(logged, [Objective(name) for name in names])
    assert [one.name for one in found.objectives] == kept
    assert any("Time is left out" in note.text for note in found.notes) == (kept == ["loss"])


@pytest.mark.parametrize(("budget", "told"), [(1.0, [1]), (3.0, [])])
def test_copies_at_another_budget_are_told(budget: float, told: list[int]) -> None:
    rows = [[0, budget, 0, [0.5], 0.0, 1.0, 1, {}], [0, 3.0, 0, [0.5], 1.0, 1.0, 1, {}]]
    notes = native._oddities(rows, {}, [Objective("loss")])
    assert [note.count for note in notes if "of no duration" in note.text] == told
