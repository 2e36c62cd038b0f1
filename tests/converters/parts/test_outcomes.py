"""Statuses and values agree, whatever a log says of them."""

from __future__ import annotations

import math

from encave.converters.parts.feasibility import feasibility
from encave.converters.parts.outcomes import outcomes
from encave.run import Status

OK, BAD = Status.SUCCESS, Status.CRASHED


def test_a_success_needs_a_finite_value_of_every_objective() -> None:
    told = outcomes([OK, OK, OK, Status.TIMEOUT], {"a": [1.0, math.inf, 3.0, 4.0], "b": [1.0, 2.0, None, None]})
    assert told.statuses == [OK, BAD, BAD, Status.TIMEOUT]
    assert told.columns == {
        "cost:a": [1.0, None, None, None],
        "extra:raw_a": [None, math.inf, 3.0, 4.0],
        "cost:b": [1.0, None, None, None],
        "extra:raw_b": [None, 2.0, None, None],
    }
    [note] = told.notes
    assert (note.kind, note.count) == ("derived", 2) and "of every objective" in note.text


def test_what_agrees_stays_without_a_word() -> None:
    told = outcomes([OK, BAD], {"a": [1.0, None]})
    assert (told.statuses, told.columns, told.notes) == ([OK, BAD], {"cost:a": [1.0, None]}, ())
    assert "of the objective" in outcomes([OK], {"a": [math.nan]}).notes[0].text


def test_a_trial_is_feasible_if_all_its_constraints_hold() -> None:
    told = feasibility([[True, True], [True, False], [], [False]], [OK, OK, OK, BAD])
    assert told.columns == {"feasible": [True, False, None, False]}
    assert [(note.kind, note.count) for note in told.notes] == [("flagged", 1), ("assumed", 1)]


def test_a_run_without_a_feasible_success_says_so() -> None:
    told = feasibility([[False], [True], [False]], [OK, BAD, OK])
    assert [note.count for note in told.notes] == [2, 0] and "no trial is feasible" in told.notes[1].text
    assert feasibility([[False]], [BAD]).notes == ()  # it did not succeed anyway


def test_without_constraints_nothing_is_known() -> None:
    told = feasibility([[], []], [OK, OK])
    assert (told.columns, told.notes) == ({}, ())
