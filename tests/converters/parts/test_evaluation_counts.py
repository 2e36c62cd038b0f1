"""How many evaluations a run made, from what its log counts."""

from __future__ import annotations

from encave.converters.parts.evaluation_counts import count_evaluations


def test_counts_from_0_are_moved() -> None:
    told = count_evaluations([0, None, 2], 3)
    assert (told.column, told.metadata) == ([1, None, 3], {})
    assert [(note.kind, note.count) for note in told.notes] == [("derived", 2)]
    assert count_evaluations([1, 2], 2).notes == ()
    assert count_evaluations([None, None], 2).column == [None, None]


def test_more_evaluations_than_rows_are_improvements_only() -> None:
    told = count_evaluations([1, 5], 2)
    assert told.metadata == {"improvements_only": True} and "at least 5 evaluations" in told.notes[0].text
    sure = count_evaluations([1, 5], 2, 9)
    assert sure.metadata == {"evaluations": 9, "improvements_only": True}
    assert "made 9 evaluations, of which its logger kept 2" in sure.notes[0].text
    assert count_evaluations([1, 2], 2, 2).metadata == {"evaluations": 2}


def test_a_total_below_a_count_is_not_believed() -> None:
    told = count_evaluations([1, 2, 3], 3, 2)
    assert told.metadata == {} and "made 2 evaluations, but counts up to 3" in told.notes[0].text
