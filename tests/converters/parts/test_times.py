"""Times as seconds from the run's start, and time stamps as texts."""

from __future__ import annotations

from datetime import datetime

import pytest

from encave.converters.parts.times import iso_text, since_start

YEAR = 365.25 * 24 * 3600


def test_the_earliest_stamp_is_the_start() -> None:
    told = since_start([None, 105.0, 100.0], [None, 107.5, None], others=[98.0, None])
    assert (told.origin, told.start, told.end) == (98.0, [None, 7.0, 2.0], [None, 9.5, None])
    assert told.since([None, 99.0]) == [None, 1.0] and told.notes == ()
    nothing = since_start([None], [None])
    assert (nothing.origin, nothing.start, nothing.end, nothing.notes) == (None, [None], [None], ())


def test_an_end_before_its_start_is_left_out_and_counted() -> None:
    told = since_start([5.0, 5.0, 0.0], [4.0, 5.0, 3.0])
    assert told.end == [None, 5.0, 3.0]
    assert [(note.kind, note.count) for note in told.notes] == [("flagged", 1)]
    assert "ended before they started" in told.notes[0].text


@pytest.mark.parametrize(("years", "told"), [(19, []), (21, ["21 years"]), (54, ["54 years"])])
def test_times_over_decades_are_of_another_clock(years: int, told: list[str]) -> None:
    notes = since_start([0.0], [years * YEAR]).notes
    assert [note.text.partition("over ")[2].partition(":")[0] for note in notes] == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2024-03-01T12:30:15.25", "2024-03-01 12:30:15.250000"),
        ("20240301T123015", "2024-03-01 12:30:15.000000"),
        (" 2024-03-01 12:30 ", "2024-03-01 12:30:00.000000"),
        ("2024-03-01t12:30:15,1234567Z", "2024-03-01 12:30:15.123456+00:00"),
        ("2024-03-01 12:30:15 UTC", "2024-03-01 12:30:15.000000+00:00"),
        ("2024-03-01 12:30:15-05", "2024-03-01 12:30:15.000000-05:00"),
        ("2024-03-01 12:30:15+0530", "2024-03-01 12:30:15.000000+05:30"),
    ],
)
def test_forms_of_time_stamps(text: str, told: str) -> None:
    assert iso_text(text) == told
    datetime.fromisoformat(told)


@pytest.mark.parametrize("text", ["2024-03-01", "12:30", "1709296215", ""])
def test_what_is_no_time_stamp(text: str) -> None:
    with pytest.raises(ValueError):
        iso_text(text)
