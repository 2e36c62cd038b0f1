"""Which trial continues which, and how many calls of the objective had reported."""

from __future__ import annotations

from encave.converters.parts.continued import Reports, reports


def test_the_same_budget_continues_within_one_call_only() -> None:
    told = reports([0, 0, 0], [1.0, 1.0, 1.0], [None] * 3, [True, False, True])
    assert told.columns == {"continues": [None, 0, None], "evaluation": [1, 1, 2]}
    assert [note.count for note in told.notes] == [1, 1]


def test_a_higher_budget_continues_a_lower_or_unknown_one_does_not() -> None:
    told = reports([0, 0, 0, 0, 0], [1.0, 3.0, 2.0, None, 9.0], [None] * 5, [True, True, False, False, False])
    assert told.columns == {"continues": [None, 0, None, None, None], "evaluation": [1, 2, 2, 2, 2]}
    assert [note.count for note in told.notes] == [1, 3]  # one continues; three are no further evaluations


def test_the_report_before_is_of_the_same_training() -> None:
    told = reports([7, 8, 7, 8], [1.0, 5.0, 2.0, 6.0], [None] * 4, [False] * 4)
    assert told.columns == {"continues": [None, None, 0, 1], "evaluation": [1, 2, 2, 2]}


def test_evaluations_are_counted_as_reports_came_in() -> None:
    # the second training's reports came in first, at seconds 1 and 2
    training, budget, begins = [0, 0, 1, 1], [1.0, 2.0, 1.0, 2.0], [False] * 4
    assert reports(training, budget, [5.0, 6.0, 1.0, 2.0], begins).columns["evaluation"] == [2, 2, 1, 1]
    assert reports(training, budget, [5.0, 6.0, None, 2.0], begins).columns["evaluation"] == [1, 1, 2, 2]


def test_a_training_that_is_resumed_for_each_report_goes_on() -> None:
    told = reports([0, 1, 0, 1], [1.0, 1.0, 3.0, 1.0], [None] * 4, [True] * 4)
    assert told.columns == {"continues": [None, None, 0, None], "evaluation": [1, 2, 3, 4]}
    assert [note.count for note in told.notes] == [1]


def test_calls_that_continue_nothing_are_trials_as_they_are() -> None:
    assert reports([0, 1, 1], [1.0, 1.0, 1.0], [None] * 3, [False, True, True]) == Reports({}, ())
